import { expect, makeToken, signUp, test } from "./support.ts";

for (const timezoneId of ["America/Los_Angeles", "Pacific/Pago_Pago", "Pacific/Kiritimati", "Europe/Berlin"]) {
  test.describe(timezoneId, () => {
    test.use({ timezoneId });

    test("a token may end today, and does at midnight", async ({ page }) => {
      await signUp(page);
      await page.goto("/tokens");
      await page.getByLabel("Expires after").selectOption("Custom date");
      await expect(page.getByText("until this day has ended in your time zone")).toBeVisible();
      const [today, midnight] = await page.evaluate(() => {
        const now = new Date();
        const end = new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1);
        return [now.toLocaleDateString("sv-SE"), end.toISOString()] as const;
      });
      await expect(page.getByLabel("Last day")).toHaveAttribute("min", today);
      await page.getByLabel("Last day").fill(today);
      await makeToken(page, "today", false);
      const list = await page.evaluate(async () => (await (await fetch("/session/v1/tokens")).json()) as { items: { expires_at: string }[] });
      expect(list.items[0]?.expires_at).toBe(midnight);
    });
  });
}

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("the last day says that it is over when it is over everywhere", async ({ page }) => {
    await signUp(page);
    await page.goto("/tokens");
    await page.getByLabel("Expires after").selectOption("Custom date");
    await expect(page.getByText("until this day has ended in every time zone")).toBeVisible();
  });
});
