import type { Page } from "@playwright/test";
import { expect, hydrated, signUp, test } from "../support/fixtures.ts";

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
