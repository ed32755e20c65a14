import { expect, mailed, signIn, signUp, test } from "./support.ts";

for (const javaScriptEnabled of [true, false]) {
  test.describe(`with JavaScript ${javaScriptEnabled ? "on" : "off"}`, () => {
    // A weak password is refused, and so is the second click on a link, each with its own status.
    test.use({ javaScriptEnabled, expected: /status of (410|422)/ });

    test("a forgotten password is replaced by the link in a mail, once", async ({ page }) => {
      const person = await signUp(page);
      await page.getByRole("button", { name: "Sign out" }).click();
      await page.goto("/sign-in");
      await page.getByRole("link", { name: "Forgot your password?" }).click();
      await page.getByLabel("E-mail").fill(person.email);
      await page.getByRole("button", { name: "Send reset link" }).click();
      await expect(page.getByRole("main").getByRole("status")).toContainText("If there is an account");

      await mailed(page, person, /new password/, /\/reset\//);
      const link = page.url();
      await page.getByLabel("New password").fill("monkeymonkey");
      await page.getByRole("button", { name: "Change password" }).click();
      await expect(page.locator("#password-error")).toContainText("too easy to guess");
      const renewed = { ...person, password: "five quiet words indeed" };
      await page.getByLabel("New password").fill(renewed.password);
      await page.getByRole("button", { name: "Change password" }).click();
      await expect(page.getByRole("main").getByRole("status")).toContainText("signed out");
      await page.getByRole("main").getByRole("link", { name: "Sign in" }).click();
      await signIn(page, renewed);

      await page.goto(link);
      await page.getByRole("link", { name: "Request a new link" }).click();
      await expect(page).toHaveURL("/forgot");
    });
  });
}
