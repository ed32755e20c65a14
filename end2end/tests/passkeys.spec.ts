import type { Page } from "@playwright/test";
import { Authenticator } from "../support/authenticator.ts";
import { faultsOf } from "../support/checks.ts";
import { expect, signIn, signUp, test } from "../support/fixtures.ts";
import { PASSWORD, newAccount } from "../support/person.ts";
import { code } from "../support/totp.ts";

async function addPasskey(page: Page): Promise<void> {
  await page.goto("/account/passkeys");
  await page.getByRole("button", { name: "Add a passkey" }).click();
  await expect(page.getByText("not used yet").first()).toBeVisible();
}

/** Signs up on the page with a passkey and no password. */
async function signUpWithPasskey(page: Page): Promise<string> {
  const { name, email } = newAccount();
  await page.goto("/sign-up");
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("E-mail").fill(email);
  await page.getByRole("button", { name: "Create an account with a passkey" }).click();
  await expect(page.getByTitle(`Signed in as ${email}`)).toBeVisible();
  return email;
}

/** Types the password on the sign-in page, and ends on the page for the second factor. */
async function typePassword(page: Page, email: string): Promise<void> {
  await page.goto("/sign-in?next=%2Faccount%2Fpasskeys");
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("main").getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL(/\/sign-in\/totp/);
}

async function signOut(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await expect(page.getByRole("link", { name: "Sign in" }).first()).toBeVisible();
}

test.describe("in Chromium", () => {
  test.skip(({ browserName }) => browserName !== "chromium", "only Chromium has a virtual authenticator");

  test("a passkey is added, signs in by the button, is renamed and removed", async ({ page }) => {
    const authenticator = await Authenticator.of(page);
    const { email } = await signUp(page);
    await addPasskey(page);
    const [made] = await authenticator.credentials();
    expect(made?.rpId).toBe("localhost");

    await authenticator.setPresent(false);
    await signOut(page);
    // As in a browser that suggests no passkeys: only the button asks for one.
    await page.addInitScript(() => {
      PublicKeyCredential.isConditionalMediationAvailable = () => Promise.resolve(false);
    });
    await page.goto("/sign-in?next=%2Faccount%2Fpasskeys");
    await authenticator.setPresent(true);
    await page.getByRole("button", { name: "Use a passkey" }).click();
    await expect(page).toHaveURL("/account/passkeys");
    await expect(page.getByTitle(`Signed in as ${email}`)).toBeVisible();
    await expect(page.getByText("last used")).toBeVisible();

    await page.getByText("Rename").first().click();
    await page.getByLabel("Name").fill("My laptop");
    await page.getByRole("button", { name: "Rename" }).click();
    await expect(page.getByRole("listitem").filter({ hasText: "My laptop" })).toBeVisible();
    await page.getByRole("button", { name: "Remove… My laptop" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
    await expect(page.getByText("No passkeys yet.")).toBeVisible();
    await page.goto("/account");
    await expect(page.locator("#activity")).toContainText("Passkey removed: My laptop");
  });

  test("the suggestion in the address field signs in", async ({ page }) => {
    const authenticator = await Authenticator.of(page);
    const { email } = await signUp(page);
    await addPasskey(page);
    await authenticator.setPresent(false);
    await signOut(page);
    await page.goto("/sign-in");
    await expect(page.getByLabel("E-mail")).toHaveAttribute("autocomplete", "username webauthn");
    // The virtual authenticator chooses the suggestion as soon as somebody is there.
    await authenticator.setPresent(true);
    await page.goto("/sign-in");
    await expect(page.getByTitle(`Signed in as ${email}`)).toBeVisible();
  });

  test("the password still signs in, and a device has one passkey of an account", async ({ page }) => {
    const authenticator = await Authenticator.of(page);
    const person = await signUp(page);
    await addPasskey(page);
    await page.getByRole("button", { name: "Add a passkey" }).click();
    await expect(page.getByRole("alert").filter({ hasText: "already has a passkey" })).toBeVisible();
    expect(await authenticator.credentials()).toHaveLength(1);
    await authenticator.setPresent(false);
    await signOut(page);
    await page.goto("/sign-in");
    await signIn(page, person);
  });

  test("an account begins with a passkey alone, and survives a lost phone", async ({ page }) => {
    test.slow();
    const authenticator = await Authenticator.of(page);
    await page.goto("/sign-up");
    expect(await faultsOf(page)).toEqual([]);
    const email = await signUpWithPasskey(page);
    const [made] = await authenticator.credentials();
    expect([made?.rpId, made?.userName]).toEqual(["localhost", email]);

    // It is the only way in, so it stays.
    await page.goto("/account/security");
    await expect(page.getByText("Your account has no password")).toBeVisible();
    expect(await faultsOf(page)).toEqual([]);

    // By the suggestion in the address field.
    await authenticator.setPresent(false);
    await signOut(page);
    await page.goto("/sign-in");
    await expect(page.getByText("Last used here")).toBeVisible();
    expect(await faultsOf(page)).toEqual([]);
    await authenticator.setPresent(true);
    await page.goto("/sign-in");
    await expect(page.getByTitle(`Signed in as ${email}`)).toBeVisible();

    // A password, and an authenticator app.
    await page.goto("/account/password");
    await page.getByLabel("New password").fill(PASSWORD);
    await page.getByRole("button", { name: "Set password" }).click();
    await expect(page).toHaveURL("/account");
    await page.goto("/account/security/totp");
    await page.getByRole("button", { name: "Set up authenticator app" }).click();
    const secret = (await page.locator("#totp-secret").innerText()).replaceAll(/\s/g, "");
    await page.getByLabel("Code", { exact: true }).fill(code(secret));
    await page.getByRole("button", { name: "Turn on" }).click();
    const saved = (await page.locator("#recovery-codes").innerText()).trim().split(/\s+/);

    // The passkey is not at hand: the password and a code.
    await authenticator.setPresent(false);
    await signOut(page);
    await typePassword(page, email);
    await page.getByLabel("Code", { exact: true }).fill(code(secret, 1));
    await page.getByRole("main").getByRole("button", { name: "Sign in" }).click();
    await expect(page).toHaveURL("/account/passkeys");

    // The phone is lost: the password and a recovery code.
    await signOut(page);
    await typePassword(page, email);
    await page.getByRole("link", { name: "Use a recovery code" }).click();
    await page.getByLabel("Recovery code").fill(saved[0] ?? "");
    await page.getByRole("main").getByRole("button", { name: "Sign in" }).click();
    await expect(page).toHaveURL("/account/passkeys");
    await page.getByRole("button", { name: /^Remove…/ }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
    await expect(page.getByText("No passkeys yet.")).toBeVisible();
  });

  test("somebody without a password confirms with the passkey", async ({ page }) => {
    await Authenticator.of(page);
    const email = await signUpWithPasskey(page);
    await page.goto("/account/confirm?next=%2Faccount%2Fdelete");
    await expect(page.getByText(`Confirm that you are ${email}`)).toBeVisible();
    await expect(page.getByLabel("Password")).toBeHidden();
    expect(await faultsOf(page)).toEqual([]);
    await page.getByRole("button", { name: "Confirm" }).click();
    await expect(page).toHaveURL("/account/delete");
  });

  test("what is missing is said before a passkey is made", async ({ page }) => {
    const authenticator = await Authenticator.of(page);
    await page.goto("/sign-up");
    await page.getByLabel("Name").fill("Ada");
    await page.getByRole("button", { name: "Create an account with a passkey" }).click();
    await expect(page.getByLabel("E-mail")).toBeFocused();
    await expect(page).toHaveURL("/sign-up");
    expect(await authenticator.credentials()).toHaveLength(0);
  });

  test("a sign-in page that stays open asks for a new challenge before the old one expires", async ({ page }) => {
    const authenticator = await Authenticator.of(page);
    await signUpWithPasskey(page);
    await authenticator.setPresent(false);
    await signOut(page);
    await page.clock.install();
    const asked: string[] = [];
    page.on("request", (request) => {
      if (request.url().endsWith("/login/passkey/options")) asked.push(request.url());
    });
    await page.goto("/sign-in");
    await expect.poll(() => asked.length).toBe(1);
    await page.clock.runFor("04:00");
    expect(asked).toHaveLength(1);
    await page.clock.runFor("00:50");
    await expect.poll(() => asked.length).toBe(2);
    await authenticator.setPresent(true);
  });

  test.describe("who holds the last way in", () => {
    test.use({ expected: /status of 409/ });

    test("keeps it", async ({ page }) => {
      await Authenticator.of(page);
      await signUpWithPasskey(page);
      await page.goto("/account/passkeys");
      await page.getByRole("button", { name: /^Remove…/ }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
      await expect(page.getByRole("alert").filter({ hasText: "the only way to sign in" })).toBeVisible();
      await expect(page.getByRole("button", { name: /^Remove…/ })).toBeVisible();
    });
  });

  test.describe("who is not known to the authenticator", () => {
    test.use({ expected: /status of 401/ });

    test("is not let in, and may use the password", async ({ page }) => {
      const authenticator = await Authenticator.of(page);
      const person = await signUp(page);
      await addPasskey(page);
      await authenticator.setPresent(false);
      await signOut(page);
      await page.goto("/sign-in");
      await authenticator.setUserVerified(false);
      await authenticator.setPresent(true);
      await page.getByRole("button", { name: "Use a passkey" }).click();
      await expect(page).toHaveURL("/sign-in");
      await signIn(page, person);
    });
  });
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("passkeys are not offered", async ({ page }) => {
    await signUp(page);
    await page.goto("/account/passkeys");
    await expect(page.getByRole("heading", { name: "Your passkeys" })).toBeVisible();
    await expect(page.getByRole("button", { name: "Add a passkey" })).toBeHidden();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.goto("/sign-in");
    await expect(page.getByRole("button", { name: "Use a passkey" })).toBeHidden();
    await page.goto("/sign-up");
    await expect(page.getByRole("button", { name: "Create an account with a passkey" })).toBeHidden();
  });
});
