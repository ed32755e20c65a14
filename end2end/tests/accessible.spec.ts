import { ENTRIES } from "../pages.ts";
import { faultsOf } from "./checks.ts";
import { expect, test } from "./visit.ts";

// Colours are looked at as they are in the end, not on the way there.
test.use({ contextOptions: { reducedMotion: "reduce" } });

// The Lab and the API's description are long, and each is looked at ten times.
test.describe.configure({ mode: "parallel", timeout: 150_000 });

for (const entry of ENTRIES) {
  test(`${entry.name} is for everybody`, async ({ visit }) => {
    expect(await faultsOf(await visit(entry))).toEqual([]);
  });
}
