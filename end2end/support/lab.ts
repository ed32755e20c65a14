/** The values of what is observed, by name. */
export type Verdicts = Readonly<Record<string, string>>;
export type Engine = "chromium" | "firefox" | "webkit";

/** An experiment's record as the page holds it, and what was observed when it was run. */
export interface Result {
  readonly record: {
    readonly id: string;
    readonly title: string;
    readonly predicted: Readonly<Record<string, readonly [value: string, exceptions: string]>>;
    readonly exceptions: readonly (readonly [engine: Engine, question: string, value: string, reason: string])[];
  };
  readonly observed: Verdicts;
}

/** The body of a function that reads all results from the page, in any browser. */
export const RESULTS = `return [...document.querySelectorAll(".experiment:not([data-lab=bench] *)")].map(
  ({ dataset }) => ({ record: JSON.parse(dataset.record), observed: JSON.parse(dataset.observed ?? "{}") }));`;

/** What an engine should do: the prediction, or the exception that the record makes for this engine. */
export function expected({ record }: Result, engine: Engine): Verdicts {
  const predicted = Object.entries(record.predicted).map(([question, [value]]) => [question, value]);
  const exceptions = record.exceptions.filter(([of]) => of === engine).map(([, question, value]) => [question, value]);
  return Object.fromEntries([...predicted, ...exceptions]);
}

/** The results that differ from what the records say of this engine, one line for each. */
export function mismatches(results: readonly Result[], engine: Engine): string[] {
  return results.flatMap((result) => {
    const { record, observed } = result;
    return Object.entries(expected(result, engine))
      .filter(([question, value]) => observed[question] !== value)
      .map(([question, value]) => `${record.id}: ${question} is ${observed[question]}, not ${value}`);
  });
}
