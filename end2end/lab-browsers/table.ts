import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Engine, Result, Verdicts } from "../support/lab.ts";

/** One engine's run of all experiments. */
export interface Run {
  readonly engine: Engine;
  /** Its name and version. */
  readonly name: string;
  /** How long all experiments took, in seconds. */
  readonly seconds: string;
  readonly results: readonly Result[];
}

/** The names of the engines, in the order of their columns. */
export const NAMES: Record<Engine, string> = { chromium: "Chromium", firefox: "Firefox", webkit: "WebKit" };
const COLUMNS = [
  ["reached", "Reached"],
  ["sent", "Cookie sent"],
  ["stored", "Stored"],
  ["read", "Readable"],
  ["site", "Sec-Fetch-Site"],
  ["done", "Done"],
] as const;

const file = resolve(import.meta.dirname, "../../docs/lab.md");
const [BEGIN, END] = ["<!-- make lab-browsers writes from here -->", "<!-- to here -->"];

/** Writes the table of all engines into docs/lab.md. */
export function writeTable(runs: readonly Run[]): void {
  const [before, , after] = sections();
  const day = new Date().toISOString().slice(0, 10);
  const browsers = runs.map(({ name, seconds }) => `${name} (${seconds} s)`).join(", ");
  const count = runs[0]?.results.length;
  const head = `Run on ${day} over http on localhost, in ${browsers}: ${count} experiments in each.`;
  writeFileSync(file, `${before}${BEGIN}\n\n${head}\n\n${table(runs)}\n${END}${after}`);
}

/** The table in docs/lab.md, without what it says of `missing` engines and without the line of versions and times. */
export function writtenTable(missing: readonly Engine[]): string {
  const lines = sections()[1].split("\n");
  const rows = lines.slice(lines.findIndex((line) => line.startsWith("|")));
  const names = missing.map((engine) => NAMES[engine]);
  const others = rows.filter((line) => !names.some((name) => line.startsWith(`- ${name},`)));
  const text = others.join("\n");
  return names.reduce((text, name) => text.replaceAll(new RegExp(`<br>\\*\\*${name}: [^*]*\\*\\*`, "g"), ""), text);
}

/** docs/lab.md: before the table, the table, and after it. */
function sections(): readonly [string, string, string] {
  const text = readFileSync(file, "utf8");
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${file} has no place for the table.`);
  return [text.slice(0, begin), text.slice(begin + BEGIN.length, end), text.slice(end + END.length)];
}

/** What the engines did, in Markdown: a row for each experiment, and the reasons where an engine differs. */
export function table(runs: readonly Run[]): string {
  const [first] = runs;
  if (!first) throw new Error("No engine was run.");
  const rows = first.results.map(({ record }, index) => {
    const observed = runs.map(({ engine, results }) => ({ engine, observed: results[index]!.observed }));
    const cells = COLUMNS.map(([what]) => cell(observed, record.predicted[what]?.[0], what));
    return `| ${[`\`${record.id}\` ${record.title}`, ...cells].join(" | ")} |`;
  });
  const reasons = runs.flatMap(({ engine, results }) =>
    results.flatMap(({ record }) =>
      record.exceptions
        .filter(([of]) => of === engine)
        .map(([, what, value, reason]) => `- ${NAMES[engine]}, \`${record.id}\`, ${what}: ${value}. ${reason}`),
    ),
  );
  return [
    `| Experiment | ${COLUMNS.map(([, head]) => head).join(" | ")} |`,
    `|---|${COLUMNS.map(() => "---|").join("")}`,
    ...rows,
    "",
    "Not as predicted:",
    "",
    ...reasons,
    "",
  ].join("\n");
}

/** The prediction, and the engines that differ from it. */
function cell(
  observed: readonly { engine: Engine; observed: Verdicts }[],
  predicted: string | undefined,
  what: string,
): string {
  if (predicted === undefined) return "";
  const others = observed.filter((run) => run.observed[what] !== predicted);
  return [predicted, ...others.map((run) => `**${NAMES[run.engine]}: ${run.observed[what]}**`)].join("<br>");
}
