import type { Page } from "@playwright/test";
import { pasted } from "../support/clipboard.ts";
import { expect, hydrated, makeToken, signUp, test } from "../support/fixtures.ts";

// Browsers that lack what current ones have.

/** The pages with dialogs, and the buttons that open them. */
const QUESTIONS = [
  ["/tokens", "Revoke… phone"],
  ["/tokens", "Revoke all tokens…"],
  ["/account", /^Sign out all/],
  ["/account", /^Sign out… /],
] as const;

/** Signs up an account that has a token, and is signed in with a second browser. */
async function resident(page: Page): Promise<void> {
  const { email, password } = await signUp(page);
  await makeToken(page, "phone");
  const other = await page.context().browser()!.newContext();
  const form = { email, password };
  const { origin } = new URL(page.url());
  expect((await other.request.post(`${origin}/sign-in`, { headers: { Origin: origin }, form })).ok()).toBe(true);
  await other.close();
}

async function questions(page: Page): Promise<void> {
  for (const [path, opener] of QUESTIONS) {
    await page.goto(path);
    const dialog = page.getByRole("dialog");
    await page.getByRole("button", { name: opener }).first().click();
    await expect(dialog).toBeVisible();
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await expect(dialog).toBeHidden();
    await page.getByRole("button", { name: opener }).first().click();
    await page.keyboard.press("Escape");
    await expect(dialog).toBeHidden();
  }
  await page.goto("/tokens");
  await page.getByRole("button", { name: "Revoke… phone" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke", exact: true }).click();
  await expect(page.getByText("No tokens yet.")).toBeVisible();
}

test("what cannot be taken back is asked without the attribute `command`, and modal", async ({ page }) => {
  await page.addInitScript(() => {
    document.addEventListener(
      "command",
      (event) => {
        event.preventDefault();
        event.stopImmediatePropagation();
      },
      { capture: true },
    );
    for (const name of ["command", "commandForElement"]) Reflect.deleteProperty(HTMLButtonElement.prototype, name);
  });
  await resident(page);
  await questions(page);
  await page.goto("/tokens");
  await makeToken(page, "phone");
  await page.goto("/tokens");
  await hydrated(page);
  await page.getByRole("button", { name: "Revoke… phone" }).click();
  await expect(page.locator("dialog:modal")).toBeVisible();
  await expect(page.getByRole("button", { name: "Cancel" })).toBeFocused();
});

for (const [without, expected] of [
  ["a clipboard for scripts", "Copied"],
  ["any way to copy", /The text is selected: press (Ctrl\+|⌘)C to copy it/],
] as const) {
  test(`a token can be taken along without ${without}`, async ({ page, context }) => {
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.addInitScript((all) => {
      Object.defineProperty(navigator, "clipboard", { value: undefined });
      if (all) document.execCommand = () => false;
    }, without === "any way to copy");
    await signUp(page);
    const token = await makeToken(page, "phone");
    await hydrated(page);
    await page.locator(".code").filter({ hasText: token }).getByRole("button").click();
    await expect(page.locator("#toasts")).toHaveText(expected);
    if (expected === "Copied") {
      await page.goto("/tokens");
      await page.getByLabel("Name", { exact: true }).focus();
      await page.keyboard.press("Control+V");
      await expect(page.getByLabel("Name", { exact: true })).toHaveValue(token);
    } else {
      expect(await page.evaluate(() => String(getSelection()))).toBe(token);
    }
  });
}

test("a token is copied", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await signUp(page);
  const token = await makeToken(page, "phone");
  await hydrated(page);
  const button = page.locator(".code").filter({ hasText: token }).getByRole("button");
  await button.click();
  await expect(button).toHaveText("Copied");
  expect(await pasted(page)).toBe(token);
});
