/** What is observed, and what each of it comes to. */
export type Verdicts = Readonly<Record<string, string>>;
export type Engine = "chromium" | "firefox" | "webkit";

/** An experiment's record as the page holds it, and what was observed of it. */
export interface Result {
  readonly record: {
    readonly id: string;
    readonly title: string;
    readonly foreseen: Readonly<Record<string, readonly [value: string, otherwise: string]>>;
    readonly exceptions: readonly (readonly [engine: Engine, what: string, value: string, reason: string])[];
  };
  readonly observed: Verdicts;
}

/** Reads all results from the page; runs in the browser, whichever it is. */
export const RESULTS = `return [...document.querySelectorAll(".experiment:not([data-lab=bench] *)")].map(
  ({ dataset }) => ({ record: JSON.parse(dataset.record), observed: JSON.parse(dataset.observed ?? "{}") }));`;

/** What the record says of an engine: the prediction, but for what the engine is known to do otherwise. */
export function expected({ record }: Result, engine: Engine): Verdicts {
  const foreseen = Object.entries(record.foreseen).map(([what, [value]]) => [what, value]);
  const otherwise = record.exceptions.filter(([of]) => of === engine).map(([, what, value]) => [what, value]);
  return Object.fromEntries([...foreseen, ...otherwise]);
}

/** Every verdict that an engine did not come to as its record says, a line for each. */
export function surprises(results: readonly Result[], engine: Engine): string[] {
  return results.flatMap((result) => {
    const { record, observed } = result;
    return Object.entries(expected(result, engine))
      .filter(([what, value]) => observed[what] !== value)
      .map(([what, value]) => `${record.id}: ${what} is ${observed[what]}, not ${value}`);
  });
}
