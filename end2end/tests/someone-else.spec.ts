import type { Page } from "@playwright/test";
import { expect, hydrated, signIn, signUp, test } from "../support/fixtures.ts";

// A person signs in as somebody else in one tab, while another tab is still open.

test.use({ expected: /status of (401|409)/ });

async function writing(page: Page, title: string): Promise<void> {
  await page.goto("/notes");
  await hydrated(page);
  await page.getByLabel("Title").fill(title);
  await page.getByLabel("Body").fill("Half of it.");
}

test("what is sent from a page never becomes somebody else's, and stays where it was typed", async ({
  page,
  context,
  quiet,
}) => {
  const ada = await signUp(page);
  await writing(page, "Ada's");
  await page.getByRole("button", { name: "Add note" }).click();
  await expect(page.getByRole("link", { name: "Ada's" })).toBeVisible();
  const editor = await context.newPage();
  quiet(editor);
  await editor.goto((await page.getByRole("link", { name: "Ada's" }).getAttribute("href"))!);
  await hydrated(editor);
  await editor.getByLabel("Body").fill("The other half.");
  await writing(page, "Secret");

  const bobs = await context.newPage();
  await bobs.goto("/account");
  await bobs.getByRole("button", { name: "Sign out" }).first().click();
  await signUp(bobs);

  for (const [tab, button, field, text] of [
    [page, "Add note", "Title", "Secret"],
    [editor, "Save", "Body", "The other half."],
  ] as const) {
    await tab.getByRole("button", { name: button }).click();
    await expect(tab.getByRole("alert").filter({ hasText: "another account" })).toBeVisible();
    await expect(tab.getByLabel(field)).toHaveValue(text);
  }
  await page.getByLabel("Search notes").fill("e");
  await expect(page.locator("p.error", { hasText: "another account" })).toBeVisible();
  await expect(page.getByRole("link", { name: "Ada's" })).toBeVisible();
  await bobs.goto("/notes");
  await expect(bobs.getByText("No notes yet.")).toBeVisible();

  await bobs.getByRole("button", { name: "Sign out" }).first().click();
  await bobs.goto("/sign-in");
  await signIn(bobs, ada);
  await page.getByRole("button", { name: "Add note" }).click();
  await expect(page.getByRole("link", { name: "Secret" })).toBeVisible();
  await editor.getByRole("button", { name: "Save" }).click();
  await expect(editor.getByText("Saved", { exact: true })).toBeVisible();
});

test("after the session has ended the notice leads to signing in, and nothing is lost", async ({
  page,
  context,
  quiet,
}) => {
  const ada = await signUp(page);
  await writing(page, "Long");
  await context.clearCookies();
  await page.getByRole("button", { name: "Add note" }).click();
  const notice = page.getByRole("alert").filter({ hasText: "You have been signed out. What you typed is still here." });
  await expect(notice).toBeVisible();

  const opened = context.waitForEvent("page");
  await notice.getByRole("link", { name: "Sign in" }).click();
  const other = await opened;
  quiet(other);
  await expect(other).toHaveURL("/sign-in?next=/notes");
  await signIn(other, ada);
  await expect(other).toHaveURL("/notes");
  await expect(page.getByLabel("Body")).toHaveValue("Half of it.");
  await page.getByRole("button", { name: "Add note" }).click();
  await expect(page.getByRole("link", { name: "Long" })).toBeVisible();
  await expect(notice).toBeHidden();

  await page.getByRole("link", { name: "Long" }).click();
  await hydrated(page);
  await page.getByLabel("Body").fill("All of it.");
  await context.clearCookies();
  await page.keyboard.press("Control+s");
  await expect(notice.getByRole("link")).toHaveAttribute("href", `/sign-in?next=${new URL(page.url()).pathname}`);
  await expect(page.getByLabel("Body")).toHaveValue("All of it.");
});
