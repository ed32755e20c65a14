/** The questions, and the answer to each. */
export type Verdicts = Readonly<Record<string, string>>;
export type Engine = "chromium" | "firefox" | "webkit";

/** The record of an experiment as the page holds it, and the observed answers. */
export interface Result {
  readonly record: {
    readonly id: string;
    readonly title: string;
    readonly predicted: Readonly<Record<string, readonly [value: string, otherwise: string]>>;
    readonly exceptions: readonly (readonly [engine: Engine, question: string, value: string, reason: string])[];
  };
  readonly observed: Verdicts;
}

/** The script that reads all results from the page. It runs in each of the browsers. */
export const RESULTS = `return [...document.querySelectorAll(".experiment:not([data-lab=bench] *)")].map(
  ({ dataset }) => ({ record: JSON.parse(dataset.record), observed: JSON.parse(dataset.observed ?? "{}") }));`;

/** The answers expected of an engine: the predictions, with its known differences. */
export function expected({ record }: Result, engine: Engine): Verdicts {
  const predicted = Object.entries(record.predicted).map(([question, [value]]) => [question, value]);
  const exceptions = record.exceptions.filter(([of]) => of === engine).map(([, question, value]) => [question, value]);
  return Object.fromEntries([...predicted, ...exceptions]);
}

/** The answers that are not as expected, a line for each. */
export function surprises(results: readonly Result[], engine: Engine): string[] {
  return results.flatMap((result) => {
    const { record, observed } = result;
    return Object.entries(expected(result, engine))
      .filter(([question, value]) => observed[question] !== value)
      .map(([question, value]) => `${record.id}: ${question} is ${observed[question]}, not ${value}`);
  });
}
