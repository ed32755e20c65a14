import { ENTRIES } from "../pages.ts";
import { faultsOf } from "../support/checks.ts";
import { expect, test } from "../support/visit.ts";

// Colours are checked as they are once every transition has ended.
test.use({ contextOptions: { reducedMotion: "reduce" } });

// The Lab and the API explorer are long, and each is checked ten times.
test.describe.configure({ mode: "parallel", timeout: 150_000 });

for (const entry of ENTRIES) {
  test(`${entry.name} is for everybody`, async ({ visit }) => {
    expect(await faultsOf(await visit(entry))).toEqual([]);
  });
}
