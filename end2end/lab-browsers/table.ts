import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Engine, Result, Verdicts } from "../lab.ts";

/** What one engine did. */
export interface Run {
  readonly engine: Engine;
  /** Its name and version. */
  readonly name: string;
  /** How long all experiments took, in seconds. */
  readonly seconds: string;
  readonly results: readonly Result[];
}

const NAMES: Record<Engine, string> = { chromium: "Chromium", firefox: "Firefox", webkit: "WebKit" };
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

/** Writes what the engines did into docs/lab.md. */
export function writeTable(runs: readonly Run[]): void {
  const text = readFileSync(file, "utf8");
  const [before, after] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (before < 0 || after < before) throw new Error(`${file} has no place for the table.`);
  writeFileSync(file, `${text.slice(0, before)}${BEGIN}\n\n${table(runs)}\n${text.slice(after)}`);
}

function table(runs: readonly Run[]): string {
  const first = runs[0]!.results;
  const browsers = runs.map(({ name, seconds }) => `${name} (${seconds} s)`).join(", ");
  const rows = first.map(({ record }, index) => {
    const observed = runs.map(({ engine, results }) => ({ engine, observed: results[index]!.observed }));
    return `| ${[`\`${record.id}\` ${record.title}`, ...COLUMNS.map(([what]) => cell(observed, record.predicted[what]?.[0], what))].join(" | ")} |`;
  });
  const reasons = runs.flatMap(({ engine, results }) =>
    results.flatMap(({ record }) =>
      record.exceptions.filter(([of]) => of === engine).map(([, what, value, reason]) => `- ${NAMES[engine]}, \`${record.id}\`, ${what}: ${value}. ${reason}`),
    ),
  );
  return [
    `Run on ${new Date().toISOString().slice(0, 10)} over http on localhost, in ${browsers}: ${first.length} experiments in each.`,
    "",
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

/** What was predicted, and who does otherwise. */
function cell(observed: readonly { engine: Engine; observed: Verdicts }[], predicted: string | undefined, what: string): string {
  if (predicted === undefined) return "";
  const others = observed.filter((run) => run.observed[what] !== predicted);
  return [predicted, ...others.map((run) => `**${NAMES[run.engine]}: ${run.observed[what]}**`)].join("<br>");
}
