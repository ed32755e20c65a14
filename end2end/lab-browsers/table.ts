import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Engine, Result } from "../support/lab.ts";
import { KNOWN, disagreements, type Comparison } from "./compat.ts";
import type { VerdictFile } from "./verdicts.ts";

/** The names of the engines, in the order of their columns. */
export const NAMES: Readonly<Record<Engine, string>> = { chromium: "Chromium", firefox: "Firefox", webkit: "WebKit" };
const COLUMNS = [
  ["reached", "Reached"],
  ["sent", "Cookie sent"],
  ["stored", "Stored"],
  ["read", "Readable"],
  ["site", "Sec-Fetch-Site"],
  ["done", "Done"],
] as const;

const document = resolve(import.meta.dirname, "../../docs/lab.md");
const [BEGIN, END] = ["<!-- make lab-browsers writes from here -->", "<!-- to here -->"];

/** The record of an experiment, which says what it predicts. */
type ExperimentRecord = Result["record"];

/** Writes what the engines did into docs/lab.md. */
export function writeSection(text: string): void {
  const [before, , after] = sections();
  writeFileSync(document, `${before}${BEGIN}\n\n${text}\n${END}${after}`);
}

/** What docs/lab.md says of the engines. */
export function writtenSection(): string {
  return sections()[1].trim();
}

/** docs/lab.md: before the table, the table, and after it. */
function sections(): readonly [string, string, string] {
  const text = readFileSync(document, "utf8");
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${document} has no place for the table.`);
  return [text.slice(0, begin), text.slice(begin + BEGIN.length, end), text.slice(end + END.length)];
}

/** What the engines did, in Markdown, and how that compares with browser-compat-data of `release`. */
export function section(
  files: readonly VerdictFile[],
  records: readonly ExperimentRecord[],
  comparisons: readonly Comparison[],
  release: string,
): string {
  const runs = files.map((file) => {
    const run = Object.keys(file.experiments).length;
    return `- ${file.browser} ${file.version}: ${run} experiments in ${file.seconds} s, on ${file.date}, ${file.over}`;
  });
  return [...runs, "", table(files, records), compared(files, comparisons, release)].join("\n");
}

/** A row for each experiment, and the reasons where an engine differs. */
function table(files: readonly VerdictFile[], records: readonly ExperimentRecord[]): string {
  const known: readonly string[] = COLUMNS.map(([what]) => what);
  const rows = records.map((record) => {
    const cells = COLUMNS.map(([what]) => cell(files, record, what).join("<br>"));
    const more = Object.keys(record.predicted).filter((what) => !known.includes(what));
    const named = more.map((what) => {
      const [predicted, ...others] = cell(files, record, what);
      return [`${what}: ${predicted}`, ...others].join("<br>");
    });
    return `| ${[`\`${record.id}\` ${record.title}`, ...cells, named.join("<br>")].join(" | ")} |`;
  });
  const reasons = files.flatMap(({ engine, experiments }) =>
    records.flatMap(({ id, exceptions }) =>
      exceptions
        .filter(([of, what]) => of === engine && experiments[id]?.[what] !== undefined)
        .map(([, what, value, reason]) => `- ${NAMES[engine]}, \`${id}\`, ${what}: ${value}. ${reason}`),
    ),
  );
  const missing = files.flatMap(({ engine, experiments }) => {
    const ids = records.filter(({ id }) => !experiments[id]).map(({ id }) => `\`${id}\``);
    return ids.length ? [`- ${NAMES[engine]}: ${ids.join(", ")}`] : [];
  });
  return [
    `| Experiment | ${COLUMNS.map(([, head]) => head).join(" | ")} | More |`,
    `|---|${COLUMNS.map(() => "---|").join("")}---|`,
    ...rows,
    "",
    "Not as predicted:",
    "",
    ...reasons,
    "",
    ...(missing.length ? ["Not run:", "", ...missing, ""] : []),
  ].join("\n");
}

/** The prediction, and the engines that differ from it. */
function cell(files: readonly VerdictFile[], { id, predicted }: ExperimentRecord, what: string): string[] {
  const value = predicted[what]?.[0];
  if (value === undefined) return [""];
  const others = files.flatMap(({ engine, experiments }) => {
    const observed = experiments[id]?.[what] ?? value;
    return observed === value ? [] : [`**${NAMES[engine]}: ${observed}**`];
  });
  return [value, ...others];
}

/** The features that browser-compat-data has, too. */
function compared(files: readonly VerdictFile[], comparisons: readonly Comparison[], release: string): string {
  const keys = [...new Set(comparisons.map(({ key }) => key))];
  const rows = keys.map((key) => {
    const cells = files.map(({ engine }) => {
      const found = comparisons.find((one) => one.engine === engine && one.key === key);
      return found ? comparisonText(found) : "";
    });
    const experiment = comparisons.find((one) => one.key === key)?.experiment;
    return `| \`${key}\` | \`${experiment}\` | ${cells.join(" | ")} |`;
  });
  const named = disagreements(comparisons).map(({ engine, key }) => {
    return `- ${NAMES[engine]}, \`${key}\`: ${KNOWN[engine]?.[key] ?? "no reason is known."}`;
  });
  const browsers = files.map(({ browser, version, safari }) => {
    return safari ? `${browser} ${version} (as Safari ${safari})` : `${browser} ${version}`;
  });
  return [
    "### Beside browser-compat-data",
    "",
    `What \`@mdn/browser-compat-data\` ${release} says of the same features. “Untried” is a feature of which the`,
    "experiment says nothing in this engine, such as an attribute of a cookie that the engine refuses anyway.",
    "",
    `| Feature | Experiment | ${browsers.join(" | ")} |`,
    `|---|---|${browsers.map(() => "---|").join("")}`,
    ...rows,
    "",
    named.length ? "Where the two disagree:" : "The two disagree nowhere.",
    "",
    ...(named.length ? [...named, ""] : []),
  ].join("\n");
}

function comparisonText({ observed, documented }: Comparison): string {
  const words = (has: boolean) => (has ? "has it" : "lacks it");
  if (observed === undefined) return documented === undefined ? "untried" : `untried; documented: ${words(documented)}`;
  if (documented === undefined) return `${words(observed)}; not documented`;
  return observed === documented ? words(observed) : `**${words(observed)}; documented: ${words(documented)}**`;
}
