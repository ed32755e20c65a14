import { useEffect, useState } from "react";

/** The longest delay of a timer, in milliseconds. Longer ones fire at once. */
const LONGEST = 2 ** 31 - 1;

/** Whether it is at least `lead` milliseconds before `at`, or later. Calls `then` when that moment comes. */
export function useTime(at: string | undefined, lead: number, then?: () => unknown): boolean {
  const due = at === undefined ? Infinity : Date.parse(at) - lead;
  const [passed, setPassed] = useState<number | null>(null);

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    const wait = () => {
      const left = due - Date.now();
      if (left > 0) {
        timer = setTimeout(wait, Math.min(left, LONGEST));
        return;
      }
      setPassed(due);
      then?.();
    };
    if (due !== Infinity) timer = setTimeout(wait, Math.max(0, Math.min(due - Date.now(), LONGEST)));
    return () => clearTimeout(timer);
  }, [due, then]);

  return passed === due;
}
