import { expect, hydrated, signIn, signUp, test } from "./support.ts";

test("sign up, write, search, edit, delete, sign out", async ({ page }) => {
  const person = await signUp(page);
  await hydrated(page);
  await expect(page.getByText("No notes yet.")).toBeVisible();

  for (const [title, body] of [["Milk", "and bread"], ["Tea", "green"]] as const) {
    await page.getByLabel("Title").fill(title);
    await page.getByLabel("Body").fill(body);
    await page.getByRole("button", { name: "Add note" }).click();
    await expect(page.getByRole("link", { name: title })).toBeVisible();
    await expect(page.getByLabel("Title")).toHaveValue("");
  }

  await page.getByLabel("Search notes").fill("BREAD");
  await expect(page.getByRole("link", { name: "Tea" })).toBeHidden();
  await expect(page.getByRole("link", { name: "Milk" })).toBeVisible();
  await page.getByLabel("Search notes").fill("nothing like it");
  await expect(page.getByText("No note contains that.")).toBeVisible();

  await page.goto("/notes");
  await page.getByRole("link", { name: "Tea" }).click();
  await hydrated(page);
  await page.getByLabel("Body").fill("black");
  await expect(page.getByText("Not saved yet")).toBeVisible();
  await page.keyboard.press("Control+s");
  await expect(page.getByText("Saved", { exact: true })).toBeVisible();
  await page.getByLabel("Body").fill("black </textarea> &amp; <b>milk</b>");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Saved", { exact: true })).toBeVisible();
  await page.reload();
  await expect(page.getByLabel("Body")).toHaveValue("black </textarea> &amp; <b>milk</b>");

  await page.getByText("Delete this note…").click();
  await page.getByRole("button", { name: "Delete for good" }).click();
  await expect(page.getByRole("heading", { name: "Notes", exact: true })).toBeVisible();
  await expect(page.getByRole("link", { name: "Tea" })).toBeHidden();

  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page).toHaveURL("/");
  await page.goto("/notes");
  await expect(page).toHaveURL("/sign-in?next=%2Fnotes");
  await signIn(page, person);
  await expect(page.getByRole("link", { name: "Milk" })).toBeVisible();
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

test.describe("two tabs at once", () => {
  test.use({ expected: /status of 412/ });

  test("the slower tab is told, and loses nothing", async ({ page, context, quiet }) => {
    await signUp(page);
    await hydrated(page);
    await page.getByLabel("Title").fill("Shared");
    await page.getByRole("button", { name: "Add note" }).click();
    await page.getByRole("link", { name: "Shared" }).click();
    await hydrated(page);

    const other = await context.newPage();
    quiet(other);
    await other.goto(page.url());
    await hydrated(other);
    await other.getByLabel("Body").fill("theirs");
    await other.getByRole("button", { name: "Save" }).click();
    await expect(other.getByText("Saved", { exact: true })).toBeVisible();

    await page.getByLabel("Body").fill("mine");
    await page.getByRole("button", { name: "Save" }).click();
    await expect(page.getByRole("alert").filter({ hasText: "changed" })).toBeVisible();
    await expect(page.getByLabel("Body")).toHaveValue("mine");
    await other.reload();
    await expect(other.getByLabel("Body")).toHaveValue("theirs");
  });
});

test.describe("without a network", () => {
  test.use({ expected: /ERR_INTERNET_DISCONNECTED/ });

  test("a note that cannot be sent stays where it was typed", async ({ page, context }) => {
    await signUp(page);
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
