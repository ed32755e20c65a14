import { ENTRIES } from "../pages.ts";
import { SIZES, atRest, expect, test } from "../support/visit.ts";

test.describe.configure({ mode: "parallel", timeout: 90_000 });

const MOST = 60_000;

test("the landing page needs little, and no wasm", async ({ page }) => {
  test.skip(!process.env.E2E_BINARY, "only the single binary holds compressed files");
  const wire = await page.context().newCDPSession(page);
  const bytes = new Map<string, number>();
  const urls = new Map<string, string>();
  wire.on("Network.responseReceived", ({ requestId, response }) => urls.set(requestId, response.url));
  wire.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    const url = urls.get(requestId);
    if (!url?.startsWith("http")) return;
    const { pathname } = new URL(url);
    bytes.set(pathname, (bytes.get(pathname) ?? 0) + encodedDataLength);
  });
  await wire.send("Network.enable");
  await page.goto("/", { waitUntil: "networkidle" });
  console.log([...bytes].map(([path, size]) => `${path}: ${size} bytes`).join("\n"));
  expect(bytes.has("/"), "the page itself was counted").toBe(true);
  expect([...bytes.keys()].filter((path) => path.endsWith(".wasm"))).toEqual([]);
  const total = [...bytes.values()].reduce((sum, size) => sum + size, 0);
  expect(total).toBeLessThan(MOST);
});

/** The delay of styles, fonts and scripts, in milliseconds. Chromium's emulation of a slow network hangs at times. */
const LATE = 150;

/** Entries that change the page in place load like the page itself. */
const loads = ENTRIES.filter(({ after, status }) => !after || status !== 200);

declare global {
  interface Window {
    shifts: string[];
  }
}

for (const [size, viewport] of Object.entries(SIZES)) {
  test.describe(size, () => {
    test.use({ viewport });

    for (const entry of loads) {
      test(`nothing moves while ${entry.name} loads`, async ({ visit, page }) => {
        // From the same machine everything arrives before the first frame. Only files that arrive late move things.
        await page.route(/\/(pkg|fonts)\//, async (route) => {
          await new Promise((late) => setTimeout(late, LATE));
          await route.continue();
        });
        await page.addInitScript(() => {
          window.shifts = [];
          const observer = new PerformanceObserver((list) => {
            for (const entry of list.getEntries() as LayoutShift[]) {
              const moved = entry.sources.map(({ node }) =>
                (node instanceof Element ? node.outerHTML : node?.textContent)?.slice(0, 90),
              );
              if (!entry.hadRecentInput) window.shifts.push(`${entry.value}: ${moved.join(" ")}`);
            }
          });
          observer.observe({ type: "layout-shift", buffered: true });
        });
        await visit(entry);
        await atRest(page);
        expect(await page.evaluate(() => window.shifts)).toEqual([]);
      });
    }
  });
}

/** TypeScript's own library lacks it. */
interface LayoutShift extends PerformanceEntry {
  readonly value: number;
  readonly hadRecentInput: boolean;
  readonly sources: readonly { readonly node: Node | null }[];
}
