import { readdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { ENTRIES, type Entry } from "../pages.ts";
import { freeze, systemFonts } from "../support/freeze.ts";
import { SCHEMES, SIZES, atRest, expect, test } from "../support/visit.ts";

test.skip(
  process.platform !== "linux",
  "The screenshots were taken on Linux; letters are drawn differently elsewhere.",
);

test.use({
  contextOptions: { reducedMotion: "reduce" },
  // The Content-Security-Policy would refuse the fonts that are put into the page.
  bypassCSP: true,
});

test.describe.configure({ mode: "parallel", timeout: 90_000 });

type Look = readonly [size: keyof typeof SIZES, scheme: (typeof SCHEMES)[number]];

/** Every size and every scheme once. */
const TWO: readonly Look[] = [
  ["desktop", "light"],
  ["phone", "dark"],
];
const ALL: readonly Look[] = [...TWO, ["desktop", "dark"], ["phone", "light"]];

const looks = ({ allLooks }: Entry) => (allLooks ? ALL : TWO);
const parts = ({ name, window, parts }: Entry) => [
  ...(window || !parts ? [name] : []),
  ...Object.keys(parts ?? {}).map((part) => `${name}-${part}`),
];
const fileName = (part: string, [size, scheme]: Look) => `${part}-${size}-${scheme}.png`;

const OPTIONS = {
  animations: "disabled",
  caret: "hide",
  // A busy machine takes seconds for a long page.
  timeout: 20_000,
  // Builds of Chromium blend the edges of letters and curves a little differently. That stays below a fifth of the
  // range of colour, and where it does not, below one pixel in 1000. A word or a line that moves is more.
  threshold: 0.2,
  maxDiffPixelRatio: 0.001,
} as const;

const COMPARED = ENTRIES.filter(({ isUnsteady }) => !isUnsteady);

for (const entry of COMPARED) {
  test(`${entry.name} looks as it did`, async ({ visit }) => {
    const page = await visit(entry);
    await freeze(page);
    // What lies behind a dialog is dimmed as far as the window reaches.
    const fullPage = !entry.window && !(await page.locator("dialog:modal").count());
    for (const look of looks(entry)) {
      const [size, colorScheme] = look;
      await page.setViewportSize(SIZES[size]);
      await page.emulateMedia({ colorScheme });
      await atRest(page);
      if (entry.window || !entry.parts) {
        await expect.soft(page).toHaveScreenshot(fileName(entry.name, look), { ...OPTIONS, fullPage });
      }
      for (const [part, locate] of Object.entries(entry.parts ?? {})) {
        const file = fileName(`${entry.name}-${part}`, look);
        await expect.soft(locate(page)).toHaveScreenshot(file, OPTIONS);
      }
      await page.evaluate(() => scrollTo(0, 0));
    }
    expect(await systemFonts(page), "letters that every machine would take from a font of its own").toEqual([]);
  });
}

test("no screenshot is left of a page that is gone", () => {
  const folder = resolve(import.meta.dirname, "../snapshots");
  const known = COMPARED.flatMap((entry) =>
    parts(entry).flatMap((part) => looks(entry).map((look) => fileName(part, look))),
  );
  const left = readdirSync(folder).filter((file) => !known.includes(file));
  // `make snapshots` deletes them.
  if (test.info().config.updateSnapshots !== "changed") expect(left).toEqual([]);
  for (const file of left) rmSync(join(folder, file));
});
