import { type Browser, type Page } from "@playwright/test";
import { PASSWORD, type Credentials, expect, hydrated, mailed, signIn, signUp, test } from "../support/fixtures.ts";

const NEW = "five quiet words indeed";

async function another(browser: Browser, person: Credentials): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  await page.goto("/sign-in");
  await signIn(page, person);
  return page;
}

async function expectSignedOut(page: Page): Promise<void> {
  await page.goto("/account");
  await expect(page).toHaveURL("/sign-in?next=%2Faccount");
  await page.context().close();
}

for (const javaScriptEnabled of [true, false]) {
  test.describe(`with JavaScript ${javaScriptEnabled ? "on" : "off"}`, () => {
    test.use({ javaScriptEnabled, expected: /status of (401|422)/ });

    test("a weak password is refused beside its field, and the rest stays", async ({ page }) => {
      await page.goto("/sign-up");
      await page.getByLabel("Name").fill("Grace");
      await page.getByLabel("E-mail").fill("grace@example.org");
      await page.getByLabel("Password").fill("abcdefghijkl");
      await page.getByRole("main").getByRole("button", { name: "Sign up" }).click();
      await expect(page.locator("#password-error")).toContainText("Sequences like abc");
      await expect(page.getByLabel("Name")).toHaveValue("Grace");
      await expect(page.getByLabel("Password")).toHaveValue("");
      await expect(page.getByLabel("Password")).toBeFocused();
    });

    test("a form that is refused keeps what was typed, and says what is wrong beside its field", async ({ page }) => {
      const person = await signUp(page);
      await page.getByRole("button", { name: "Sign out" }).click();
      await page.goto("/sign-up");
      await page.getByLabel("Name").fill("Grace");
      await page.getByLabel("E-mail").fill(person.email);
      await page.getByLabel("Password").fill("password123");
      await page.getByRole("main").getByRole("button", { name: "Sign up" }).click();
      await expect(page.locator("#password-error")).toContainText("most common passwords");
      await expect(page.getByLabel("Name")).toHaveValue("Grace");
      await expect(page.getByLabel("Password")).toHaveValue("");
      await page.getByLabel("Password").fill("three quiet words");
      await page.getByRole("main").getByRole("button", { name: "Sign up" }).click();
      await expect(page.locator("#email-error")).toContainText("Sign in instead");

      await page.goto("/sign-in");
      await page.getByLabel("E-mail").fill(person.email);
      await page.getByLabel("Password").fill("not this one");
      await page.getByRole("main").getByRole("button", { name: "Sign in" }).click();
      await expect(page.getByRole("alert").first()).toContainText("address or the password is wrong");
      await expect(page.getByLabel("E-mail")).toHaveValue(person.email);
    });

    test("a new password takes the old one, and signs the other browsers out", async ({ page, browser }) => {
      const person = await signUp(page);
      const other = await another(browser, person);
      await page.goto("/account/password");
      const change = async (current: string) => {
        await page.getByLabel("Current password").fill(current);
        await page.getByLabel("New password").fill(NEW);
        await page.getByRole("button", { name: "Change password" }).click();
      };
      await change("not this one");
      await expect(page.locator("#current-error")).toContainText("password is wrong");
      await change(PASSWORD);
      await expect(page).toHaveURL("/account");
      await expectSignedOut(other);
      await page.getByRole("button", { name: "Sign out" }).click();
      await page.goto("/sign-in");
      await signIn(page, { ...person, password: NEW });
    });

    test("another address is used once the mail there is followed", async ({ page }) => {
      const person = await signUp(page);
      const moved = { ...person, email: `new-${person.email}` };
      await page.goto("/account/email");
      await page.getByLabel("New email").fill("no address");
      await page
        .getByLabel("New email")
        .evaluate((input: HTMLInputElement) => input.form!.setAttribute("novalidate", ""));
      await page.getByRole("button", { name: "Send confirmation link" }).click();
      await expect(page.locator("#email-error")).toContainText("Enter an email address");
      await page.getByLabel("New email").fill(moved.email);
      await page.getByRole("button", { name: "Send confirmation link" }).click();
      await expect(page.getByRole("main").getByRole("status")).toContainText(moved.email);
      await mailed(page, moved, /new email address/, /\/email\//);
      await page.getByRole("button", { name: "Use this address" }).click();
      await expect(page.getByRole("main")).toContainText(moved.email);
      await page.getByRole("button", { name: "Sign out" }).click();
      await page.goto("/sign-in");
      await signIn(page, moved);
    });

    test("the password is asked for again on the way to what could do harm", async ({ page }) => {
      await signUp(page);
      await page.goto("/account/confirm?next=%2Faccount%2Fdelete");
      await page.getByLabel("Password").fill("not this one");
      await page.getByRole("button", { name: "Confirm" }).click();
      await expect(page.locator("#password-again-error")).toContainText("password is wrong");
      await page.getByLabel("Password").fill(PASSWORD);
      await page.getByRole("button", { name: "Confirm" }).click();
      await expect(page).toHaveURL("/account/delete");
    });

    test("all other browsers are signed out at once", async ({ page, browser }) => {
      const person = await signUp(page);
      const others = [await another(browser, person), await another(browser, person)];
      await page.goto("/account");
      await page.getByRole("button", { name: "Sign out all other browsers…" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Sign out all others" }).click();
      await expect(page.getByText("This browser")).toBeVisible();
      for (const other of others) await expectSignedOut(other);
    });

    test("an account is gone once its address is typed", async ({ page }) => {
      const person = await signUp(page);
      await page.goto("/account/delete");
      const remove = async (typed: string) => {
        await page.getByLabel("Your email address").fill(typed);
        await page.getByRole("button", { name: "Delete account permanently" }).click();
      };
      await remove("somebody@example.org");
      await expect(page.locator("#email-error")).toContainText("of your account to confirm");
      await remove(person.email);
      await expect(page).toHaveURL("/");
      await page.goto("/sign-in");
      await page.getByLabel("E-mail").fill(person.email);
      await page.getByLabel("Password").fill(person.password);
      await page.getByRole("main").getByRole("button", { name: "Sign in" }).click();
      await expect(page.getByRole("alert").first()).toContainText("address or the password is wrong");
    });
  });
}

test.describe("while a password is typed", () => {
  test.use({ expected: /ERR_FAILED/ });

  test("its strength is told, and what is told belongs to what is there", async ({ page }) => {
    await page.goto("/sign-up");
    await hydrated(page);
    const told = page.locator(".strength").getByRole("status");
    await page.getByLabel("Password").fill("aaaaaaaaaaaa");
    await expect(told).toContainText("Very weak. This is too easy to guess. Repeats");
    await page.getByLabel("Password").fill("three quiet words beside the river");
    await expect(told).toContainText("Strong.");
    await page.getByLabel("Password").fill("short");
    await expect(told).toBeEmpty();
    await page.getByLabel("E-mail").fill("grace.hopper@example.org");
    await page.getByLabel("Password").fill("grace.hopper");
    await expect(told).toContainText("easy to guess from your email address");

    // A late answer about a password that is no longer in the field is ignored.
    let late = () => {};
    await page.route("**/fn/accounts/strength", async (route) => {
      await new Promise<void>((go) => (late = go));
      await route.continue();
    });
    const asked = page.waitForRequest("**/fn/accounts/strength");
    await page.getByLabel("Password").fill("abcdefghijkl");
    await asked;
    await page.getByLabel("Password").fill("");
    const answered = page.waitForResponse("**/fn/accounts/strength");
    late();
    await answered;
    await expect(told).toBeEmpty();
  });

  test("nothing is in the way where it cannot be told", async ({ page }) => {
    await page.route("**/fn/accounts/strength", (route) => route.abort());
    await signUp(page);
  });

  test("it is shown on demand, and hidden before it is sent", async ({ page }) => {
    await page.goto("/sign-in");
    await hydrated(page);
    const [field, show] = [page.getByLabel("Password"), page.getByRole("button", { name: /^Show/ })];
    await field.fill("a secret thing");
    await expect(field).toHaveAttribute("type", "password");
    await show.click();
    await expect(field).toHaveAttribute("type", "text");
    await expect(show).toHaveAttribute("aria-pressed", "true");
    await show.click();
    await expect(field).toHaveAttribute("type", "password");
    await show.click();
    // The form is not sent, so that the field can be examined.
    await page.evaluate(() => document.addEventListener("submit", (event) => event.preventDefault()));
    await page.getByLabel("E-mail").fill("ada@example.org");
    await page.getByLabel("E-mail").press("Enter");
    await expect(field).toHaveAttribute("type", "password");
    await expect(show).toHaveAttribute("aria-pressed", "false");
  });
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("no button is there that would do nothing", async ({ page }) => {
    await page.goto("/sign-up");
    await expect(page.getByRole("button", { name: /^Show/ })).toHaveCount(0);
    await expect(page.locator(".meter")).toBeHidden();
  });
});
