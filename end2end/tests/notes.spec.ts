import type { Page } from "@playwright/test";
import { expect, hydrated, signIn, signUp, test } from "../support/fixtures.ts";

/** Signs up, and opens the list. */
async function start(page: Page) {
  const person = await signUp(page);
  await page.goto("/notes");
  return person;
}

/** A text that breaks out of a `<textarea>`, or comes back changed, where it is not escaped exactly once. */
const TRICKY = "black </textarea><script>alert(1)</script> &amp; <b>milk</b>";

for (const javaScriptEnabled of [true, false]) {
  test.describe(`with JavaScript ${javaScriptEnabled ? "on" : "off"}`, () => {
    test.use({ javaScriptEnabled });

    async function alive(page: Page): Promise<void> {
      if (javaScriptEnabled) await hydrated(page);
    }

    async function add(page: Page, title: string, body: string): Promise<void> {
      await page.getByLabel("Title").fill(title);
      await page.getByLabel("Body").fill(body);
      await page.getByRole("button", { name: "Add note" }).click();
      await expect(page.getByRole("link", { name: title })).toBeVisible();
      await expect(page.getByLabel("Title")).toHaveValue("");
    }

    /** Searches in place, or by sending the form. */
    async function search(page: Page, text: string): Promise<void> {
      await page.getByLabel("Search notes").fill(text);
      if (!javaScriptEnabled) await page.getByRole("button", { name: "Search" }).click();
    }

    async function open(page: Page, title: string): Promise<void> {
      await page.getByRole("link", { name: title }).click();
      await expect(page.getByRole("heading", { name: "Edit note" })).toBeVisible();
      await alive(page);
    }

    /** Saves in place, or by sending the form, which leads back to the list. */
    async function save(page: Page): Promise<void> {
      await page.getByRole("button", { name: "Save" }).click();
      if (javaScriptEnabled) await expect(page.getByText("Saved", { exact: true })).toBeVisible();
      else await expect(page).toHaveURL("/notes");
    }

    test("sign up, write, search, edit, delete, sign out", async ({ page }) => {
      const person = await start(page);
      await alive(page);
      await expect(page.getByText("No notes yet.")).toBeVisible();
      await add(page, "Milk", "and bread");
      await add(page, "Tea", "green");

      await search(page, "BREAD");
      await expect(page.getByRole("link", { name: "Tea" })).toBeHidden();
      await expect(page.getByRole("link", { name: "Milk" })).toBeVisible();
      await expect(page.getByLabel("Search notes")).toHaveValue("BREAD");
      await search(page, "nothing like it");
      await expect(page.getByText("No note contains that.")).toBeVisible();

      await page.goto("/notes");
      await open(page, "Tea");
      await page.getByLabel("Body").fill(TRICKY);
      await save(page);
      await page.goto("/notes");
      await open(page, "Tea");
      await expect(page.getByLabel("Body")).toHaveValue(TRICKY);

      await page.getByText("Delete this note…").click();
      await page.getByRole("button", { name: "Delete for good" }).click();
      await expect(page.getByRole("heading", { name: "Notes", exact: true })).toBeVisible();
      await expect(page.getByRole("link", { name: "Tea" })).toBeHidden();

      await page.getByRole("button", { name: "Sign out" }).click();
      await expect(page).toHaveURL("/");
      await page.goto("/account");
      await expect(page).toHaveURL("/sign-in?next=%2Faccount");
      await signIn(page, person);
      await expect(page).toHaveURL("/account");
      await page.goto("/notes");
      await expect(page.getByRole("link", { name: "Milk" })).toBeVisible();
    });

    test.describe("two tabs at once", () => {
      test.use({ expected: /status of 412/ });

      test("the slower tab is told, and loses nothing", async ({ page, context, quiet }) => {
        await start(page);
        await alive(page);
        await add(page, "Shared", "");
        await open(page, "Shared");
        const note = page.url();
        const other = await context.newPage();
        quiet(other);
        await other.goto(note);
        await alive(other);
        await other.getByLabel("Body").fill("theirs");
        await save(other);

        await page.getByLabel("Body").fill("mine");
        await page.getByRole("button", { name: "Save" }).click();
        await expect(page.getByRole("alert").filter({ hasText: "changed" })).toBeVisible();
        await expect(page.getByLabel("Body")).toHaveValue("mine");
        await other.goto(note);
        await expect(other.getByLabel("Body")).toHaveValue("theirs");
        if (javaScriptEnabled) return;

        // The page that answered knows the newer version, so a second save replaces it.
        await save(page);
        await open(page, "Shared");
        await expect(page.getByLabel("Body")).toHaveValue("mine");
      });
    });
  });
}

test("a note is saved by the keyboard, and says whether it is", async ({ page }) => {
  await start(page);
  await page.getByLabel("Title").fill("Tea");
  await page.getByRole("button", { name: "Add note" }).click();
  await page.getByRole("link", { name: "Tea" }).click();
  await hydrated(page);
  await page.getByLabel("Body").fill("black");
  await expect(page.getByText("Not saved yet")).toBeVisible();
  await page.keyboard.press("Control+s");
  await expect(page.getByText("Saved", { exact: true })).toBeVisible();
  await page.reload();
  await expect(page.getByLabel("Body")).toHaveValue("black");
});

test("older notes come a page at a time, and none twice", async ({ page }) => {
  await signUp(page);
  await page.evaluate(async () => {
    for (let i = 1; i <= 25; i++) {
      await fetch("/session/v1/notes", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ title: `Note ${i}`, body: "" }),
      });
    }
  });
  await page.goto("/notes");
  await hydrated(page);
  const notes = page.locator("ul.notes a");
  await expect(notes).toHaveCount(20);
  await page.getByRole("link", { name: "Older notes" }).click();
  await expect(notes).toHaveCount(25);
  expect(new Set(await notes.allInnerTexts()).size).toBe(25);
  await expect(page.getByRole("link", { name: "Older notes" })).toBeHidden();
});

test.describe("without a network", () => {
  test.use({ expected: /ERR_INTERNET_DISCONNECTED/ });

  test("a note that cannot be sent stays where it was typed", async ({ page, context }) => {
    await start(page);
    await hydrated(page);
    await page.getByLabel("Title").fill("On a train");
    await context.setOffline(true);
    await page.getByRole("button", { name: "Add note" }).click();
    await expect(page.getByRole("alert").filter({ hasText: "cannot be reached" })).toBeVisible();
    await expect(page.getByLabel("Title")).toHaveValue("On a train");
    await context.setOffline(false);
    await page.getByRole("button", { name: "Add note" }).click();
    await expect(page.getByRole("link", { name: "On a train" })).toBeVisible();
  });
});

const links = (page: Page) => page.locator("ul.notes a");
const field = (page: Page) => page.getByLabel("Search notes");

async function searcher(page: Page): Promise<void> {
  await signUp(page);
  await page.evaluate(async () => {
    for (const title of ["Milk", "Tea", "Tea and milk"]) {
      await fetch("/session/v1/notes", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ title, body: "" }),
      });
    }
  });
  await page.goto("/notes");
  await hydrated(page);
}

test("a search is in the address: it is kept by a reload, and by the way back from a note", async ({ page }) => {
  await searcher(page);
  await field(page).pressSequentially("milk", { delay: 50 });
  await expect(links(page)).toHaveCount(2);
  await expect(page).toHaveURL("/notes?q=milk");
  await page.reload();
  await expect(field(page)).toHaveValue("milk");
  await expect(links(page)).toHaveCount(2);
  await hydrated(page);
  await page.getByRole("link", { name: "Tea and milk" }).click();
  await expect(page.getByRole("heading", { name: "Edit note" })).toBeVisible();
  await page.goBack();
  await expect(field(page)).toHaveValue("milk");
  await expect(links(page)).toHaveCount(2);
});

test("back and forward lead from search to search, not from letter to letter", async ({ page }) => {
  await searcher(page);
  await field(page).pressSequentially("milk", { delay: 50 });
  await expect(page).toHaveURL("/notes?q=milk");
  await field(page).press("Enter");
  await field(page).fill("tea & ü");
  await expect(page).toHaveURL("/notes?q=tea+%26+%C3%BC");
  await expect(links(page)).toHaveCount(0);
  await field(page).fill("tea");
  await expect(page).toHaveURL("/notes?q=tea");
  await expect(links(page)).toHaveText(["Tea and milk", "Tea"]);
  await page.goBack();
  await expect(page).toHaveURL("/notes?q=milk");
  await expect(field(page)).toHaveValue("milk");
  await expect(links(page)).toHaveText(["Tea and milk", "Milk"]);
  await page.goBack();
  await expect(page).toHaveURL("/notes");
  await expect(field(page)).toHaveValue("");
  await expect(links(page)).toHaveCount(3);
  await page.goForward();
  await page.goForward();
  await expect(field(page)).toHaveValue("tea");
  await expect(links(page)).toHaveText(["Tea and milk", "Tea"]);
  await field(page).fill("");
  await expect(page).toHaveURL("/notes");
  await expect(links(page)).toHaveCount(3);
});

test("what was typed into the search before the page came alive is searched for", async ({ page }) => {
  await searcher(page);
  let go = () => {};
  const held = new Promise<void>((resolve) => (go = resolve));
  await page.route("**/pkg/*.wasm", async (route) => {
    await held;
    await route.continue();
  });
  await page.goto("/notes", { waitUntil: "domcontentloaded" });
  await field(page).fill("milk");
  go();
  await expect(links(page)).toHaveCount(2);
  await expect(page).toHaveURL("/notes?q=milk");
});
