import { expect, test } from "../support/fixtures.ts";

/** Seconds from now, and what the page says. The server is tested with the same, in `src/ui/time.rs`. */
const SAID = [
  [0, "just now"],
  [-44, "just now"],
  [3, "in a moment"],
  [-45, "1 minute ago"],
  [-90, "2 minutes ago"],
  [-3_569, "59 minutes ago"],
  [-3_570, "1 hour ago"],
  [7_200, "in 2 hours"],
  [-86_400, "1 day ago"],
  [86_400 * 7 - 20, "in 7 days"],
  [86_400 * 30 - 1, "in 30 days"],
  [86_400 * 90, "in 3 months"],
  [86_400 * 365, "in 1 year"],
  [-86_400 * 365 * 3, "3 years ago"],
] as const;

test.use({ locale: "en-GB", timezoneId: "Pacific/Kiritimati" });

test("times are relative, and exact in the visitor's time zone", async ({ page }) => {
  const now = Date.UTC(2026, 0, 31, 12);
  await page.clock.setFixedTime(now);
  await page.goto("/sign-in");
  await page.evaluate(
    (times) => {
      for (const datetime of times) {
        const time = document.createElement("time");
        time.dateTime = datetime;
        time.textContent = datetime;
        document.querySelector("main")!.append(time);
      }
    },
    SAID.map(([seconds]) => new Date(now + seconds * 1000).toISOString()),
  );
  await expect(page.locator("main time")).toHaveText(SAID.map(([, said]) => said));
  await expect(page.locator("main time").first()).toHaveAttribute("title", /^Sunday,? 1 February 2026 at 02:00/);
});
