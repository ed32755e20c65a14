import { expect, makeToken, signUp, test } from "../support/fixtures.ts";

for (const javaScriptEnabled of [true, false]) {
  test.describe(`with JavaScript ${javaScriptEnabled ? "on" : "off"}`, () => {
    test.use({ javaScriptEnabled });

    test("a token is made, shown once and revoked", async ({ page }) => {
      const { email, password } = await signUp(page);
      const token = await makeToken(page, "phone");
      await page.request.post("/api/v1/login", { data: { email, password, name: "an app" } });
      await page.goto("/tokens");
      const own = page.getByRole("region", { name: "Personal access tokens" });
      const logins = page.getByRole("region", { name: "App sign-ins" });
      await expect(own.getByRole("listitem")).toHaveText(/^phone/);
      await expect(logins.getByRole("listitem")).toHaveText(/^an app/);
      await page.getByRole("button", { name: "Revoke… an app" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Revoke", exact: true }).click();
      await expect(logins.getByText("No app is signed in.")).toBeVisible();
      expect(await page.content()).not.toContain(token);
      await page.getByRole("button", { name: "Revoke… phone" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Revoke", exact: true }).click();
      await expect(page.getByText("No tokens yet.")).toBeVisible();
    });

    test("a token lasts to the day that was chosen, works from one origin, and all are revoked at once", async ({
      page,
    }) => {
      await signUp(page);
      await makeToken(page, "phone");
      await page.goto("/tokens");
      await expect(page.getByLabel("Last day")).toBeHidden();
      await page.getByLabel("Expires after").selectOption("Custom date");
      const day = new Date(Date.now() + 20 * 24 * 3600 * 1000).toISOString().slice(0, 10);
      await page.getByLabel("Last day").fill(day);
      await page.getByLabel("Allowed origins (optional)").fill("https://app.example.com");
      await makeToken(page, "browser", true);
      const row = page.getByRole("listitem").filter({ hasText: "browser" });
      await expect(row).toContainText("Only from https://app.example.com");
      await expect(row).toContainText(/expires in 2[01] days/);

      await page.getByRole("button", { name: "Revoke all others…" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Revoke all others" }).click();
      await expect(page.getByRole("listitem").filter({ hasText: "phone" })).toContainText("Revoked");
      await page.getByRole("button", { name: "Revoke all tokens…" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Revoke all" }).click();
      await expect(page.getByText("No tokens yet.")).toBeVisible();
      await expect(page.getByRole("listitem").filter({ hasText: "browser" })).toContainText("Revoked");
    });
  });
}
