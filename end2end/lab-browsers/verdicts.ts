import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Engine, Result, Verdicts } from "../support/lab.ts";

/** What one version of a browser did in the experiments, as `docs/lab/*.json` has it. */
export interface VerdictFile {
  readonly engine: Engine;
  /** The browser that was run, such as "WebKitGTK". */
  readonly browser: string;
  /** Its version in full. */
  readonly version: string;
  /** The version of Safari with the same engine, where that differs. */
  readonly safari?: string;
  /** The day of the run. */
  readonly date: string;
  /** How the pages were served: some verdicts differ by https. */
  readonly over: string;
  /** How long all experiments took, in seconds. */
  readonly seconds: string;
  /** What was observed, by the id of the experiment and by the question. */
  readonly experiments: Readonly<Record<string, Verdicts>>;
}

/** One engine's run of all experiments. */
export interface Run extends Omit<VerdictFile, "experiments" | "date" | "over" | "safari"> {
  readonly results: readonly Result[];
}

/**
 * The Safari whose engine a version of WebKitGTK has, by the first two numbers. Its user agent names another one. A
 * version that is not here is not compared with what is known of Safari.
 */
const SAFARI: Readonly<Record<string, string>> = { "2.48": "18.4", "2.50": "26.0" };

const folder = resolve(import.meta.dirname, "../../docs/lab");

/** The name of its file: a file for each version that a browser counts as one. WebKitGTK counts by two numbers. */
export function fileName({ engine, browser, version }: Pick<VerdictFile, "engine" | "browser" | "version">): string {
  const numbers = version.split(".").slice(0, engine === "webkit" ? 2 : 1);
  return `${browser.toLowerCase()}-${numbers.join(".")}.json`;
}

/** The file of a run that ended today. */
export function verdictsOf({ results, ...run }: Run): VerdictFile {
  const [major = "", minor = ""] = run.version.split(".");
  const safari = run.engine === "webkit" ? SAFARI[`${major}.${minor}`] : undefined;
  const experiments = Object.fromEntries(results.map(({ record, observed }) => [record.id, observed]));
  const known = { ...run, ...(safari && { safari }) };
  return { ...known, date: new Date().toISOString().slice(0, 10), over: "http on localhost", experiments };
}

/** All files. */
export function readVerdicts(): readonly VerdictFile[] {
  const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return names.sort().map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as VerdictFile);
}

/** Writes a file, with a line for each experiment. */
export function writeVerdicts(file: VerdictFile): void {
  const { experiments, ...head } = file;
  const members = Object.entries(head).map(([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)},`);
  const lines = Object.entries(experiments).map(([id, verdicts]) => `    "${id}": ${JSON.stringify(verdicts)}`);
  const text = ["{", ...members, '  "experiments": {', lines.join(",\n"), "  }", "}", ""].join("\n");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, fileName(file)), text);
}

/** The newest file of each engine. */
export function newest(files: readonly VerdictFile[]): readonly VerdictFile[] {
  const engines: readonly Engine[] = ["chromium", "firefox", "webkit"];
  return engines.flatMap((engine) => {
    const own = files.filter((file) => file.engine === engine);
    return own.sort((a, b) => compareVersions(b.version, a.version)).slice(0, 1);
  });
}

/** Like the function of `sort`: by number, part by part. */
export function compareVersions(one: string, other: string): number {
  const [a, b] = [one, other].map((version) => version.split(".").map(Number)) as [number[], number[]];
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference) return difference;
  }
  return 0;
}

/** What a run saw and its file has otherwise or not at all, one line for each. */
export function changes(seen: VerdictFile, written: VerdictFile): string[] {
  const ids = new Set([...Object.keys(seen.experiments), ...Object.keys(written.experiments)]);
  return [...ids].flatMap((id) => {
    const [now, then] = [seen.experiments[id] ?? {}, written.experiments[id] ?? {}];
    const questions = new Set([...Object.keys(now), ...Object.keys(then)]);
    const changed = [...questions].filter((question) => now[question] !== then[question]);
    return changed.map((question) => `${id}: ${question} is ${now[question]}, written is ${then[question]}`);
  });
}
