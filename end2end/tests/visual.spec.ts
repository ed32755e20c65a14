import { existsSync, readdirSync } from "node:fs";
import { resolve } from "node:path";
import { ENTRIES } from "../pages.ts";
import { sameEverywhere, strangeFonts } from "./frozen.ts";
import { SCHEMES, SIZES, atRest, expect, test } from "./visit.ts";

test.skip(process.platform !== "linux", "The screenshots were taken on Linux; letters are drawn differently elsewhere.");

test.use({
  contextOptions: { reducedMotion: "reduce" },
  // For the fonts that are put into the page.
  bypassCSP: true,
});

test.describe.configure({ mode: "parallel", timeout: 90_000 });

const fileName = (entry: string, size: string, scheme: string) => `${entry}-${size}-${scheme}.png`;

for (const entry of ENTRIES.filter(({ unsteady }) => !unsteady)) {
  test(`${entry.name} looks as it did`, async ({ visit }) => {
    const page = await visit(entry);
    await sameEverywhere(page);
    // What lies behind a dialog is dimmed as far as the window reaches.
    const fullPage = !(await page.locator("dialog:modal").count());
    for (const [size, viewport] of Object.entries(SIZES)) {
      await page.setViewportSize(viewport);
      for (const colorScheme of SCHEMES) {
        await page.emulateMedia({ colorScheme });
        await atRest(page);
        await expect.soft(page).toHaveScreenshot(fileName(entry.name, size, colorScheme), {
          fullPage,
          animations: "disabled",
          caret: "hide",
          // A page as long as the explorer takes a busy machine its time.
          timeout: 20_000,
          // Builds of Chromium blend the edges of letters and curves a little differently. That stays below a fifth of
          // the range of colour, and where it does not, below one pixel in 1000. A word or a line that moves is more.
          threshold: 0.2,
          maxDiffPixelRatio: 0.001,
        });
      }
    }
    expect(await strangeFonts(page), "letters that every machine would take from a font of its own").toEqual([]);
  });
}

test("no screenshot is left of a page that is gone", () => {
  const folder = resolve(import.meta.dirname, "../snapshots");
  const known = ENTRIES.flatMap(({ name }) => Object.keys(SIZES).flatMap((size) => SCHEMES.map((scheme) => fileName(name, size, scheme))));
  expect(existsSync(folder) ? readdirSync(folder).filter((file) => !known.includes(file)) : []).toEqual([]);
});
