import { type CDPSession, type Page } from "@playwright/test";
import { expect, signIn, signUp, test } from "../support/fixtures.ts";

interface Credential {
  readonly credentialId: string;
  readonly signCount: number;
  readonly rpId?: string;
  readonly userName?: string;
}

/** The authenticator that Chromium has in place of a real one. */
class Authenticator {
  readonly #cdp: CDPSession;
  readonly #id: string;

  private constructor(cdp: CDPSession, id: string) {
    this.#cdp = cdp;
    this.#id = id;
  }

  static async of(page: Page): Promise<Authenticator> {
    const cdp = await page.context().newCDPSession(page);
    await cdp.send("WebAuthn.enable");
    const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", {
      options: {
        protocol: "ctap2",
        transport: "internal",
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    return new Authenticator(cdp, authenticatorId);
  }

  async credentials(): Promise<readonly Credential[]> {
    const { credentials } = await this.#cdp.send("WebAuthn.getCredentials", { authenticatorId: this.#id });
    return credentials as Credential[];
  }

  /** Whether whoever holds it is the one whom it knows. */
  async setUserVerified(isUserVerified: boolean): Promise<void> {
    await this.#cdp.send("WebAuthn.setUserVerified", { authenticatorId: this.#id, isUserVerified });
  }

  /** Whether somebody answers as soon as a page asks, as the field for the address does when it opens. */
  async setPresent(enabled: boolean): Promise<void> {
    await this.#cdp.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId: this.#id, enabled });
  }
}

async function addPasskey(page: Page): Promise<void> {
  await page.goto("/account/passkeys");
  await page.getByRole("button", { name: "Add a passkey" }).click();
  await expect(page.getByText("not used yet").first()).toBeVisible();
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
  });
});
