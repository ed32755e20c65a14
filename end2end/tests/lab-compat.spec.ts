import { expect, test } from "@playwright/test";
import {
  FEATURES,
  compare,
  disagreements,
  unexplained,
  type Comparison,
  type Features,
} from "../lab-browsers/compat.ts";
import {
  changes,
  compareVersions,
  fileName,
  newest,
  readVerdicts,
  type VerdictFile,
} from "../lab-browsers/verdicts.ts";

// How the verdicts of docs/lab/*.json are compared with browser-compat-data, which `make lab-browsers` does.

const file = (over: Partial<VerdictFile> = {}): VerdictFile => ({
  engine: "firefox",
  browser: "Firefox",
  version: "153.7.0",
  date: "2026-11-28",
  over: "http on localhost",
  seconds: "1.0",
  experiments: { known: { seen: "yes" }, control: { stored: "yes" } },
  ...over,
});

const known = { key: "api.known", experiment: "known", question: "seen", has: ["yes"], lacks: ["no"] } as const;

const data = (firefox: unknown, safari: unknown = { version_added: false }) =>
  ({ api: { known: { __compat: { support: { firefox, safari } } } } }) as unknown as Features;

const one = (verdicts: VerdictFile, features: Features, feature: (typeof FEATURES)[number] = known) =>
  compare(verdicts, features, [feature])[0]!;

test("a version has a feature from the version that added it to the one that removed it", () => {
  const documented = (support: unknown, version = "153.7.0") => one(file({ version }), data(support)).documented;
  expect(documented({ version_added: "153" })).toBe(true);
  expect(documented({ version_added: "≤140" })).toBe(true);
  expect(documented({ version_added: "154" })).toBe(false);
  expect(documented({ version_added: "9" }, "100.0")).toBe(true);
  expect(documented({ version_added: true })).toBe(true);
  expect(documented({ version_added: false })).toBe(false);
  expect(documented({ version_added: "preview" })).toBe(false);
  expect(documented({ version_added: null })).toBeUndefined();
  expect(documented({ version_added: "100", version_removed: "153" })).toBe(false);
  expect(documented([{ version_added: "160" }, { version_added: "100", version_removed: "154" }])).toBe(true);
  expect(documented({ version_added: "100", flags: [{ name: "a.flag" }] }), "a flag is off").toBe(false);
  expect(one(file(), {} as Features).documented, "what it does not know").toBeUndefined();
});

test("WebKitGTK is compared with the Safari of its engine, or not at all", () => {
  const webkit = { engine: "webkit", browser: "WebKitGTK", version: "2.50.6" } as const;
  const support = data({ version_added: false }, { version_added: "26" });
  expect(one(file({ ...webkit, safari: "26.0" }), support).documented).toBe(true);
  expect(one(file({ ...webkit, safari: "18.4" }), support).documented).toBe(false);
  expect(one(file(webkit), support).documented).toBeUndefined();
});

test("an experiment says something only where its control holds", () => {
  const seen = (value: string, feature: (typeof FEATURES)[number] = known) => {
    const experiments = { known: { seen: value }, control: { stored: "no" } };
    return one(file({ experiments }), data({ version_added: "1" }), feature).observed;
  };
  expect([seen("yes"), seen("no"), seen("0")]).toEqual([true, false, undefined]);
  expect(seen("yes", { ...known, given: ["control", "stored", "yes"] })).toBeUndefined();
  expect(seen("yes", { ...known, given: ["control", "stored", "no"] })).toBe(true);
  expect(seen("yes", { ...known, experiment: "not-run" })).toBeUndefined();
});

test("a disagreement is named, and a reason goes when there is none", () => {
  const of = { engine: "firefox", key: "api.known", experiment: "known" } as const;
  const differs: Comparison = { ...of, observed: true, documented: false };
  const silent = { ...differs, observed: undefined };
  expect(disagreements([differs, silent, { ...differs, documented: true }])).toEqual([differs]);
  expect(unexplained([differs], {})).toEqual([
    "firefox has api.known by known; browser-compat-data says that it lacks it",
  ]);
  const reasons = { firefox: { "api.known": "a reason" }, webkit: { "api.known": "of an engine not compared" } };
  expect(unexplained([differs], reasons)).toEqual([]);
  expect(unexplained([silent], reasons), "it was not tried").toEqual([]);
  const agrees = { ...differs, documented: true };
  expect(unexplained([agrees], reasons)).toEqual(["firefox and browser-compat-data agree on api.known by now"]);
});

test("the newest version of each engine counts, and a change of a verdict is told", () => {
  expect(["9.2", "10", "9.10.1"].sort(compareVersions)).toEqual(["9.2", "9.10.1", "10"]);
  const [old, recent] = [file({ version: "99.0" }), file({ version: "100.0" })];
  expect(newest([old, recent])).toEqual([recent]);
  const other = file({ experiments: { known: { seen: "no" }, added: { read: "yes" } } });
  expect(changes(other, file())).toEqual([
    "known: seen is no, written is yes",
    "added: read is yes, written is undefined",
    "control: stored is undefined, written is yes",
  ]);
});

test("every file is of an engine and says what the features need", () => {
  const files = readVerdicts();
  expect(files.map(({ engine }) => engine)).toContain("chromium");
  for (const one of files) {
    expect(one.version, fileName(one)).toMatch(/^\d+\.\d/);
    for (const verdicts of Object.values(one.experiments)) expect(Object.keys(verdicts)).toContain("reached");
  }
  const chromium = newest(files).find(({ engine }) => engine === "chromium")!;
  // A run of an earlier day lacks the experiments that are newer: `make lab-browsers` asks for those.
  const known = FEATURES.filter(({ experiment }) => chromium.experiments[experiment]);
  expect(known.length).toBeGreaterThanOrEqual(4);
  for (const { key, experiment, question } of known) {
    expect(chromium.experiments[experiment], key).toHaveProperty(question);
  }
});
