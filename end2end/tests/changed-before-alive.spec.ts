import type { Page } from "@playwright/test";
import { expect, hydrated, signIn, signUp, test } from "../support/fixtures.ts";

// Browser extensions and translations change a page before its islands are hydrated.

test.use({ expected: /status of (401|422)/ });

/** Puts an element after every field as soon as it is parsed, as password managers and spell checkers do. */
async function behindFields(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const done = new WeakSet<Element>();
    new MutationObserver(() => {
      for (const field of document.querySelectorAll("input:not([type=hidden]), textarea")) {
        if (done.has(field)) continue;
        done.add(field);
        const added = document.createElement("added-by-an-extension");
        added.append(document.createElement("span"));
        field.after(added);
      }
    }).observe(document, { childList: true, subtree: true });
  });
}

/** Wraps every text of the page in an element, as the browser's translation does. */
async function translated(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const wrap = () => {
      const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      const all: Text[] = [];
      while (texts.nextNode()) all.push(texts.currentNode as Text);
      for (const text of all) {
        if (!text.data.trim() || ["SCRIPT", "STYLE", "TEXTAREA", "NOSCRIPT"].includes(text.parentElement!.tagName))
          continue;
        const font = document.createElement("font");
        text.replaceWith(font);
        font.append(text);
      }
    };
    document.addEventListener("readystatechange", () => document.readyState === "interactive" && wrap());
  });
}

/** How many of the page's islands are hydrated, and how many there are. */
async function alive(page: Page): Promise<[number, number]> {
  await hydrated(page);
  return [await page.locator("leptos-island[data-alive]").count(), await page.locator("leptos-island").count()];
}

test("what extensions put behind fields stays there, and the page answers in place", async ({ page }) => {
  await behindFields(page);
  const person = await signUp(page);
  for (const path of ["/notes", "/sign-up", "/sign-in", "/"]) {
    if (path === "/sign-up") await page.getByRole("button", { name: "Sign out" }).click();
    await page.goto(path);
    const [living, all] = await alive(page);
    expect([path, living]).toEqual([path, all]);
    expect(all).toBeGreaterThan(0);
    const left = await page.locator("input:not([type=hidden]) + added-by-an-extension > span").count();
    expect(left, path).toBe(await page.locator("input:not([type=hidden])").count());
  }
  await page.goto("/sign-in");
  await signIn(page, person);

  await page.goto("/notes");
  await hydrated(page);
  await page.evaluate(() => Object.assign(window, { same: true }));
  await page.getByLabel("Title").fill("Milk");
  await page.getByRole("button", { name: "Add note" }).click();
  await expect(page.getByRole("link", { name: "Milk" })).toBeVisible();
  await page.getByLabel("Title").fill(" ");
  await page.getByRole("button", { name: "Add note" }).click();
  await expect(page.locator("#title-error")).not.toBeEmpty();
  await page.getByLabel("Search notes").fill("nothing like it");
  await expect(page.getByText("No note contains that.")).toBeVisible();
  expect(await page.evaluate(() => "same" in window), "all of it in place").toBe(true);

  await page.goto("/notes");
  await page.getByRole("link", { name: "Milk" }).click();
  await hydrated(page);
  await page.getByLabel("Body").fill("and bread");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Saved", { exact: true })).toBeVisible();
});

test("on a page that was translated, forms work as without JavaScript", async ({ page }) => {
  await translated(page);
  await signUp(page);
  const [living] = await alive(page);
  expect(living).toBe(0);
  await page.getByLabel("Title").fill("Milk");
  await page.getByRole("button", { name: "Add note" }).click();
  await page.getByRole("link", { name: "Milk" }).click();
  await hydrated(page);
  await page.getByLabel("Body").fill("and bread");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("and bread")).toBeVisible();
  await page.getByLabel("Search notes").fill("nothing like it");
  await page.getByLabel("Search notes").press("Enter");
  await expect(page).toHaveURL("/notes?q=nothing+like+it");
  await expect(page.getByText("No note contains that.")).toBeVisible();
});

test("of two islands the one that was changed beyond telling stays still, and the other comes alive", async ({
  page,
}) => {
  await page.addInitScript(() => {
    document.addEventListener("readystatechange", () => {
      const button = document.querySelector(".try-request button");
      if (document.readyState === "interactive")
        button?.replaceWith(button.cloneNode(), document.createElement("button"));
    });
  });
  await page.goto("/");
  expect(await alive(page)).toEqual([1, 2]);
  await page.getByRole("button", { name: "Knock at the token door" }).click();
  await expect(page.locator(".try-request .status")).toHaveText("401 Unauthorized");
});

test.describe("an island that fails half-way", () => {
  test.use({ expected: /panicked|unreachable|status of 401/ });

  for (const [what, tag] of [
    ["before it begins", undefined],
    ["with its listeners in place", "button"],
  ] as const) {
    test(`leaves the others alone: ${what}`, async ({ page }) => {
      await broken(page, tag);
      await page.goto("/");
      expect(await alive(page)).toEqual([1, 2]);
      await page.getByRole("button", { name: "Knock at the token door" }).click();
      await expect(page.locator(".try-request .status")).toHaveText("401 Unauthorized");
    });
  }

  test("leaves its form as it was", async ({ page }) => {
    await broken(page, "label");
    await signUp(page);
    expect(await alive(page)).toEqual([0, 1]);
    await page.locator("#title").fill("Milk");
    await page.getByRole("button", { name: "Add note" }).click();
    await page.getByRole("link", { name: "Milk" }).click();
    expect(await alive(page)).toEqual([0, 1]);
    await page.locator("#title").fill("Oat milk");
    await page.getByRole("button", { name: "Save" }).click();
    await expect(page.getByRole("link", { name: "Oat milk" })).toBeVisible();
  });
});

/** Makes the wasm panic in the page's first island: while it reads the properties, or at its first `tag`. */
async function broken(page: Page, tag: string | undefined): Promise<void> {
  await page.addInitScript((tag) => {
    document.addEventListener("readystatechange", () => {
      const island = document.querySelector<HTMLElement>("leptos-island");
      if (document.readyState !== "interactive" || !island) return;
      if (!tag) island.dataset.props = "{";
      else island.querySelector(tag)?.replaceWith("text");
      if (tag) island.dataset.shape = island.dataset.shape!.replace(`${tag}(.)`, ".");
    });
  }, tag);
}

test("a browser that promises to tell of its first paint and never does comes alive all the same", async ({ page }) => {
  await page.addInitScript(() => {
    window.PerformanceObserver = class {
      static readonly supportedEntryTypes = ["paint"];
      observe() {}
    } as unknown as typeof PerformanceObserver;
  });
  await page.goto("/sign-in");
  await hydrated(page);
});
