import { type Page } from "@playwright/test";
import { expect, signUp, test } from "../support/fixtures.ts";
import { code } from "../support/totp.ts";

async function typePassword(page: Page, { email, password }: { email: string; password: string }): Promise<void> {
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await page.goto("/sign-in?next=%2Faccount%2Fsecurity");
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("main").getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL(/\/sign-in\/totp/);
}

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? "with JavaScript" : "without JavaScript", () => {
    test.use({ javaScriptEnabled, expected: /status of 4(01|22)/ });

    test("a code is asked for after the password, or a recovery code", async ({ page }) => {
      const person = await signUp(page);
      await page.goto("/account");
      await page.getByRole("link", { name: "Security" }).click();
      await page.getByRole("link", { name: "Set up Authenticator app" }).click();
      await page.getByRole("button", { name: "Set up authenticator app" }).click();
      await expect(page.getByRole("img", { name: "QR code" })).toBeVisible();
      const secret = (await page.locator("#totp-secret").innerText()).replaceAll(/\s/g, "");
      await page.getByLabel("Code", { exact: true }).fill(code(secret, 9));
      await page.getByRole("button", { name: "Turn on" }).click();
      await expect(page.getByRole("alert").filter({ hasText: "The code is wrong." })).toBeVisible();
      await page.getByLabel("Code", { exact: true }).fill(code(secret));
      await page.getByRole("button", { name: "Turn on" }).click();
      const saved = (await page.locator("#recovery-codes").innerText()).trim().split(/\s+/);
      expect(saved).toHaveLength(10);
      await page.getByRole("link", { name: "I have saved my codes" }).click();
      await expect(page.getByText("Two-factor authentication is on")).toBeVisible();

      // The step of the first code is used up; the next one counts as well.
      await typePassword(page, person);
      await page.getByLabel("Code", { exact: true }).fill(code(secret, 1));
      await page.getByRole("main").getByRole("button", { name: "Sign in" }).click();
      await expect(page).toHaveURL("/account/security");

      await typePassword(page, person);
      await page.getByRole("link", { name: "Use a recovery code" }).click();
      await page.getByLabel("Recovery code").fill(saved[0] ?? "");
      await page.getByLabel("Trust this browser").check();
      await page.getByRole("main").getByRole("button", { name: "Sign in" }).click();
      await expect(page).toHaveURL("/account/security");
      await expect(page.getByRole("heading", { name: "Trusted browsers" })).toBeVisible();
    });
  });
}
