import { ENTRIES } from "../pages.ts";
import { SIZES, atRest, expect, test } from "./visit.ts";

test.describe.configure({ mode: "parallel", timeout: 90_000 });

const MOST = 60_000;

test("the landing page is there with little, before it comes alive", async ({ page }) => {
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
  for (const path of bytes.keys()) if (path.endsWith(".wasm")) bytes.delete(path);

  console.log([...bytes].map(([path, size]) => `${path}: ${size} bytes`).join("\n"));
  expect(bytes.has("/"), "the page itself was counted").toBe(true);
  const total = [...bytes.values()].reduce((sum, size) => sum + size, 0);
  expect(total).toBeLessThan(MOST);
});

/** How long styles, fonts and scripts take, in milliseconds. Chromium's own slow line now and then stops for good. */
const LATE = 150;

/** What happens in place loads like the page it happens on. */
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
        // On this machine everything is there at the first frame. What comes late is what moves things.
        await page.route(/\/(pkg|fonts)\//, async (route) => {
          await new Promise((late) => setTimeout(late, LATE));
          await route.continue();
        });
        await page.addInitScript(() => {
          window.shifts = [];
          const observer = new PerformanceObserver((list) => {
            for (const entry of list.getEntries() as LayoutShift[]) {
              const moved = entry.sources.map(({ node }) => (node instanceof Element ? node.outerHTML : node?.textContent)?.slice(0, 90));
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

/** Not yet in TypeScript's own list. */
interface LayoutShift extends PerformanceEntry {
  readonly value: number;
  readonly hadRecentInput: boolean;
  readonly sources: readonly { readonly node: Node | null }[];
}
