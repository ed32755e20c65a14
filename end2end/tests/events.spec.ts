import type { BrowserContext, Page, Request } from "@playwright/test";
import { expect, hydrated, signUp, test } from "../support/fixtures.ts";

// Two pages of one person. What one changes, the other shows without being loaded again.

const links = (page: Page) => page.locator("ul.notes a");

/** Whether the page would still be the same document: a reload forgets it. */
const mark = (page: Page) => page.evaluate(() => document.body.setAttribute("data-was-here", ""));
const isMarked = (page: Page) => expect(page.locator("body")).toHaveAttribute("data-was-here", "");

/** Opens a page, and waits until it listens. */
async function listening(page: Page, path: string): Promise<void> {
  const stream = page.waitForRequest((request) => request.url().includes("/session/v1/events"));
  await page.goto(path);
  await stream;
  await hydrated(page);
}

/** A second page of the same person that listens too. */
async function another(context: BrowserContext, quiet: (page: Page) => void, path: string): Promise<Page> {
  const page = await context.newPage();
  quiet(page);
  await listening(page, path);
  return page;
}

async function call(page: Page, method: string, path: string, body?: object): Promise<{ id: string }> {
  return page.evaluate(
    async ([method, path, body]) => {
      const response = await fetch(`/session/v1${path}`, {
        method,
        headers: { "Content-Type": "application/json" },
        body: body && JSON.stringify(body),
      });
      if (!response.ok) throw new Error(`${response.status}`);
      return response.status === 204 ? { id: "" } : response.json();
    },
    [method, path, body] as const,
  );
}

test("a list shows what is written, changed and deleted in another tab", async ({ page, context, quiet }) => {
  await signUp(page);
  await listening(page, "/notes");
  const other = await another(context, quiet, "/notes");
  await mark(page);
  // What is being typed stays.
  await page.getByLabel("Title").fill("Half a title");

  await other.getByLabel("Title").fill("Milk");
  await other.getByLabel("Body").fill("and bread");
  await other.getByRole("button", { name: "Add note" }).click();
  await expect(links(page)).toHaveText(["Milk"]);
  // The tab that wrote it has it once.
  await expect(links(other)).toHaveText(["Milk"]);

  const { id } = await call(other, "POST", "/notes", { title: "Tea", body: "" });
  await expect(links(page)).toHaveText(["Tea", "Milk"]);
  await call(other, "PATCH", `/notes/${id}`, { title: "Green tea" });
  await expect(links(page)).toHaveText(["Green tea", "Milk"]);
  await call(other, "DELETE", `/notes/${id}`);
  await expect(links(page)).toHaveText(["Milk"]);
  await expect(page.getByLabel("Title")).toHaveValue("Half a title");
  await isMarked(page);
});

test("older notes that were loaded stay in the list", async ({ page, context, quiet }) => {
  await signUp(page);
  for (let i = 1; i <= 25; i++) await call(page, "POST", "/notes", { title: `Note ${i}`, body: "" });
  await listening(page, "/notes");
  await page.getByRole("link", { name: "Older notes" }).click();
  await expect(links(page)).toHaveCount(25);
  const other = await another(context, quiet, "/notes");
  await call(other, "POST", "/notes", { title: "Newest", body: "" });
  await expect(links(page).first()).toHaveText("Newest");
  await expect(links(page)).toHaveCount(26);
  expect(new Set(await links(page).allInnerTexts()).size).toBe(26);
});

test("a search that is shown is done again", async ({ page, context, quiet }) => {
  await signUp(page);
  await listening(page, "/notes");
  await page.getByLabel("Search notes").fill("milk");
  await expect(page.getByText("No note contains that.")).toBeVisible();
  const other = await another(context, quiet, "/notes");
  await call(other, "POST", "/notes", { title: "Tea", body: "" });
  await call(other, "POST", "/notes", { title: "Oat milk", body: "" });
  await expect(links(page)).toHaveText(["Oat milk"]);
  await expect(page.getByLabel("Search notes")).toHaveValue("milk");
});

test.describe("a note that is being edited", () => {
  test.use({ expected: /status of (404|412)/ });

  test("is marked when it was changed elsewhere, and what was typed stays", async ({ page, context, quiet }) => {
    await signUp(page);
    const { id } = await call(page, "POST", "/notes", { title: "Shared", body: "" });
    await listening(page, `/notes/${id}`);
    const other = await another(context, quiet, `/notes/${id}`);
    const told = page.getByRole("status").filter({ hasText: "changed in another tab" });
    await page.getByLabel("Body").fill("mine");

    await other.getByLabel("Body").fill("theirs");
    await other.getByRole("button", { name: "Save" }).click();
    await expect(other.getByText("Saved", { exact: true })).toBeVisible();
    await expect(told).toBeVisible();
    await expect(page.getByLabel("Body")).toHaveValue("mine");
    // Whoever saved it knows that version, and is told nothing.
    await expect(other.getByRole("status").filter({ hasText: "another tab" })).toHaveCount(0);

    await page.getByRole("button", { name: "Save" }).click();
    await expect(page.getByRole("alert").filter({ hasText: "changed" })).toBeVisible();
    await expect(page.getByLabel("Body")).toHaveValue("mine");
    await page.reload();
    await expect(page.getByLabel("Body")).toHaveValue("theirs");
    await expect(told).toHaveCount(0);
  });

  test("is marked when it was deleted elsewhere", async ({ page, context, quiet }) => {
    await signUp(page);
    const { id } = await call(page, "POST", "/notes", { title: "Doomed", body: "" });
    await listening(page, `/notes/${id}`);
    await page.getByLabel("Body").fill("still here");
    const other = await another(context, quiet, "/notes");
    await call(other, "DELETE", `/notes/${id}`);
    await expect(page.getByRole("status").filter({ hasText: "deleted in another tab" })).toBeVisible();
    await expect(page.getByLabel("Body")).toHaveValue("still here");
  });
});

test("what changed while a page was hidden is shown when it is visible again", async ({ page, context, quiet }) => {
  await signUp(page);
  await listening(page, "/notes");
  const set = (hidden: boolean) =>
    page.evaluate((hidden) => {
      Object.defineProperty(document, "hidden", { configurable: true, value: hidden });
      document.dispatchEvent(new Event("visibilitychange"));
    }, hidden);
  await set(true);
  const other = await another(context, quiet, "/notes");
  await call(other, "POST", "/notes", { title: "Meanwhile", body: "" });
  await expect(links(other)).toHaveText(["Meanwhile"]);
  await expect(links(page)).toHaveCount(0);
  const stream = page.waitForRequest((request) => request.url().includes("last_event_id=0"));
  await set(false);
  await stream;
  await expect(links(page)).toHaveText(["Meanwhile"]);
});

test("a page whose session has ended does not ask again", async ({ page, context }) => {
  await signUp(page);
  await listening(page, "/notes");
  const other = await context.newPage();
  await other.goto("/account");
  let asked = 0;
  page.on("request", (request) => (asked += Number(request.url().includes("/events"))));
  // Closed by the page, a stream counts as failed.
  const isStream = (request: Request) => request.url().includes("/events");
  const ended = Promise.race([
    page.waitForEvent("requestfinished", isStream),
    page.waitForEvent("requestfailed", isStream),
  ]);
  await other.getByRole("button", { name: "Sign out" }).first().click();
  await ended;
  // Longer than the stream itself says to wait before coming back.
  await page.waitForTimeout(6_000);
  expect(asked).toBe(0);
});
