import type { Locator, Page } from "@playwright/test";
import { expect, hydrated, PASSWORD, signIn, signUp, test } from "./support.ts";

/** As on a line of 200 ms. */
async function slowly(page: Page): Promise<void> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Network.enable");
  await devtools.send("Network.emulateNetworkConditions", {
    offline: false,
    latency: 200,
    downloadThroughput: -1,
    uploadThroughput: -1,
  });
}

/** Two clicks, 120 ms apart, whatever the first one begins. */
async function clickTwice(page: Page, button: Locator): Promise<void> {
  await button.scrollIntoViewIfNeeded();
  const box = await button.boundingBox();
  if (!box) throw new Error("the button is not to be seen");
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.click(x, y);
  await page.waitForTimeout(120);
  await page.mouse.click(x, y);
}

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? "with JavaScript" : "without JavaScript";

  test.describe(`a double click ${how}`, () => {
    test.use({ javaScriptEnabled });

    async function ready(page: Page): Promise<void> {
      if (javaScriptEnabled) await hydrated(page);
      await slowly(page);
    }

    test("signs up once, and is signed in", async ({ page }) => {
      await page.goto("/sign-up");
      await page.getByLabel("Name").fill("Ada");
      await page.getByLabel("E-mail").fill(`${crypto.randomUUID()}@example.org`);
      await page.getByLabel("Password").fill(PASSWORD);
      await ready(page);
      await clickTwice(page, page.getByRole("main").getByRole("button", { name: "Sign up" }));
      await expect(page.getByRole("heading", { name: "Notes", exact: true })).toBeVisible();
      await expect(page.getByRole("button", { name: "Sign out" })).toBeVisible();
    });

    test("makes one token, and shows it", async ({ page }) => {
      await signUp(page);
      await page.goto("/tokens");
      await page.getByLabel("Name", { exact: true }).fill("phone");
      await ready(page);
      await clickTwice(page, page.getByRole("button", { name: "Create token" }));
      await expect(page.getByRole("heading", { name: "Your new token" })).toBeVisible();
      await expect(page.locator("#secret")).toHaveText(/^vst_/);
      await expect(page.getByRole("main").getByRole("listitem").filter({ hasText: "phone" })).toHaveCount(1);
      await page.reload();
      await expect(page.locator("#secret")).toHaveCount(0);
      await expect(page.getByRole("main").getByRole("listitem").filter({ hasText: "phone" })).toHaveCount(1);
    });

    test("changes the password, and stays signed in", async ({ page }) => {
      await signUp(page);
      await page.goto("/account/password");
      await page.getByLabel("Current password").fill(PASSWORD);
      await page.getByLabel("New password", { exact: true }).fill("entirely different words");
      await ready(page);
      await clickTwice(page, page.getByRole("button", { name: "Change password" }));
      await expect(page.getByRole("heading", { name: "Account" })).toBeVisible();
      await page.goto("/notes");
      await expect(page.getByRole("heading", { name: "Notes", exact: true })).toBeVisible();
    });

    test("adds one note", async ({ page }) => {
      await signUp(page);
      await page.getByLabel("Title").fill("Milk");
      await ready(page);
      await clickTwice(page, page.getByRole("button", { name: "Add note" }));
      await expect(page.getByRole("link", { name: "Milk" })).toHaveCount(1);
      await page.goto("/notes");
      await expect(page.getByRole("link", { name: "Milk" })).toHaveCount(1);
    });
  });
}

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false, expected: /status of (401|409)/ });

  test("what was written as one person is not sent as another", async ({ page, context }) => {
    await signUp(page);
    await page.getByLabel("Title").fill("Diary");
    await page.getByLabel("Body").fill("nobody else's\nbusiness");
    const other = await context.newPage();
    await other.goto("/account");
    await other.getByRole("button", { name: "Sign out" }).first().click();
    const bob = await signUp(other);

    await page.getByRole("button", { name: "Add note" }).click();
    await expect(page.getByText(`You are now signed in as ${bob.email}`)).toBeVisible();
    await expect(page.getByLabel("Body")).toHaveValue("nobody else's\nbusiness");
    await other.reload();
    await expect(other.getByRole("link", { name: "Diary" })).toHaveCount(0);

    await page.getByRole("button", { name: `Send it as ${bob.email}` }).click();
    await expect(page.getByRole("link", { name: "Diary" })).toBeVisible();
  });

  test("what was written before the session ended is sent after signing in", async ({ page, context }) => {
    const ada = await signUp(page);
    await page.getByLabel("Title").fill("Milk");
    await page.getByLabel("Body").fill("and\nbread");
    await context.clearCookies();
    await page.getByRole("button", { name: "Add note" }).click();
    await expect(page.getByText("Your session has ended.")).toBeVisible();
    await signIn(page, ada);
    await expect(page.getByLabel("Body")).toHaveValue("and\nbread");
    await page.getByRole("button", { name: "Send it now" }).click();
    await page.getByRole("link", { name: "Milk" }).click();
    await expect(page.getByLabel("Body")).toHaveValue("and\nbread");
  });

  test("a reload after asking for a link asks for no other", async ({ page }) => {
    await page.goto("/forgot");
    await page.getByLabel("E-mail").fill("nobody@example.org");
    await page.getByRole("button", { name: "Send reset link" }).click();
    await expect(page.getByRole("heading", { name: "Check your email" })).toBeVisible();
    await page.reload();
    await expect(page.getByRole("heading", { name: "Forgot your password?" })).toBeVisible();
  });
});
