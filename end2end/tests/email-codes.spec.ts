import { expect, hydrated, signUp, test } from "../support/fixtures.ts";
import { outboxUrl } from "../support/server.ts";

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? "with JavaScript" : "without JavaScript", () => {
    // A wrong code is refused with 422.
    test.use({ javaScriptEnabled, expected: /status of 422/ });

    test("a code from the mail signs in, where it was asked for", async ({ page, context }) => {
      const { email } = await signUp(page);
      await page.getByRole("button", { name: "Sign out", exact: true }).click();
      await page.goto("/sign-in?next=%2Faccount%2Fsecurity");
      await page.getByRole("link", { name: "Email me a code" }).click();
      await page.getByLabel("E-mail").fill(email);
      await page.getByRole("button", { name: "Email me a code" }).click();
      await expect(page).toHaveURL(/\/email-codes\/enter/);

      const outbox = await context.newPage();
      await expect(async () => {
        await outbox.goto(outboxUrl());
        const mails = outbox.getByRole("listitem").filter({ hasText: email }).filter({ hasText: "Your code" });
        await mails.getByRole("link").first().click({ timeout: 3_000 });
      }).toPass();
      const code = /\b[0-9A-Z]{4}-[0-9A-Z]{4}\b/.exec(await outbox.locator("main").innerText())?.[0] ?? "";
      await outbox.close();

      const field = page.getByLabel("Code", { exact: true });
      await field.fill("0000-0000");
      await page.getByRole("main").getByRole("button", { name: "Sign in" }).click();
      await expect(page.locator("#code-error")).toContainText("wrong");
      if (javaScriptEnabled) await hydrated(page);
      // However it is typed.
      await field.fill(code.toLowerCase().replace("-", " "));
      await page.getByRole("main").getByRole("button", { name: "Sign in" }).click();
      await expect(page).toHaveURL("/account/security");

      await page.getByRole("button", { name: "Sign out", exact: true }).click();
      await page.goto("/sign-in");
      await expect(page.getByText("Last used here")).toBeVisible();
    });
  });
}
