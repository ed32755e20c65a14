import { expect, signIn, signUp, test } from "./support.ts";

// The first click on a link works; the second is told so, with its own status.
test.use({ expected: /status of 410/ });

test("a forgotten password is replaced by the link in a mail, once", async ({ page }) => {
  const person = await signUp(page);
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.goto("/sign-in");
  await page.getByRole("link", { name: "Forgot your password?" }).click();
  await page.getByLabel("E-mail").fill(person.email);
  await page.getByRole("main").getByRole("button").click();

  await expect(async () => {
    await page.goto("/dev/outbox");
    await page
      .getByRole("listitem")
      .filter({ hasText: person.email })
      .filter({ hasText: /password/i })
      .getByRole("link")
      .first()
      .click({ timeout: 500 });
  }).toPass();
  await page.getByRole("link", { name: /\/reset\// }).click();
  const link = page.url();
  const renewed = { ...person, password: "five quiet words indeed" };
  await page.getByLabel("New password").fill(renewed.password);
  await page.getByRole("main").getByRole("button").click();
  await page.goto("/sign-in");
  await signIn(page, renewed);

  await page.goto(link);
  await expect(page.getByRole("link", { name: /another|new/i }).first()).toBeVisible();
});
