import type { Page } from "@playwright/test";
import { ENTRIES } from "../pages.ts";
import { axe, sideways, tabbing, undersized } from "./checks.ts";
import { SCHEMES, SIZES, atRest, expect, test } from "./visit.ts";

// Colours are looked at as they are in the end, not on the way there.
test.use({ contextOptions: { reducedMotion: "reduce" } });

// The Lab and the API's description are long, and each is looked at ten times.
test.describe.configure({ mode: "parallel", timeout: 150_000 });

for (const entry of ENTRIES) {
  test(`${entry.name} is for everybody`, async ({ visit }) => {
    const page = await visit(entry);
    const faults: string[] = [];
    const add = (where: string, found: string[]) => faults.push(...found.map((fault) => `${where}: ${fault}`));

    for (const [size, viewport] of Object.entries(SIZES)) {
      await page.setViewportSize(viewport);
      for (const colorScheme of SCHEMES) {
        await page.emulateMedia({ colorScheme });
        await atRest(page);
        add(`${size}, ${colorScheme}`, await axe(page));
      }
      add(size, await undersized(page));
      add(size, await sideways(page));
      add(size, await tabbing(page));
    }
    await page.setViewportSize({ width: 320, height: 640 });
    add("320 px wide", await sideways(page));
    await zoomIn(page);
    add("at 200 %", await sideways(page));

    expect(faults).toEqual([]);
  });
}

/** A window of 1280×800 at a zoom of 200 %. */
async function zoomIn(page: Page): Promise<void> {
  const wire = await page.context().newCDPSession(page);
  await wire.send("Emulation.setDeviceMetricsOverride", { width: 640, height: 400, deviceScaleFactor: 2, mobile: false });
}
