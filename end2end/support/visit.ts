import type { Page } from "@playwright/test";
import type { Entry } from "../pages.ts";
import { APP, expect, hydrated, test as base } from "./fixtures.ts";
import { Person, type Cookies } from "./person.ts";

export { expect };

export const SIZES = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } } as const;
export const SCHEMES = ["light", "dark"] as const;

/** Two accounts that the pages are opened with, and what is in them. */
interface Accounts {
  /** Signed up, and made nothing yet. */
  readonly empty: Cookies;
  /** Has notes, a token and two browsers. */
  readonly seeded: Cookies;
  /** The id of a note of the seeded account. */
  readonly note: string;
}

interface Visits {
  /** Opens a page in the state its entry describes, and waits until nothing on it moves. */
  visit: (entry: Entry) => Promise<Page>;
}

export const test = base.extend<Visits, { accounts: Accounts }>({
  // Recording every step would double the time.
  trace: "off",
  // Chromium logs every document with such a status, and some entries are refusals.
  expected: /status of (400|401|403|404|410|422|500)/,
  accounts: [
    async ({}, use) => {
      const empty = await Person.signUp(APP);
      const seeded = await Person.signUp(APP);
      await seeded.write("Groceries", "Oat milk, rye bread, lemons.");
      await seeded.write("An address that does not break by itself", "https://example.org/" + "long-path".repeat(9));
      const note = await seeded.write("The house", "Two doors.\n\nOne for these pages, one for everyone else.");
      await seeded.createToken("backup script", "notes:read", "notes:write");
      await seeded.signInWith("Safari");
      await use({ empty: await empty.cookies(), seeded: await seeded.cookies(), note });
      for (const person of [empty, seeded]) await person.leave();
    },
    { scope: "worker" },
  ],
  visit: async ({ page, context, accounts }, use) => {
    await use(async (entry) => {
      if (entry.who !== "anonymous") await context.addCookies(accounts[entry.who]);
      let status = 0;
      page.on("response", (response) => {
        if (response.request().isNavigationRequest()) status = response.status();
      });
      await entry.before?.(page);
      await page.goto(entry.path.replace("{id}", accounts.note).replace("{token}", "0".repeat(43)).replace("{step}", "totp"));
      await hydrated(page);
      await entry.after?.(page);
      await hydrated(page);
      // Nothing is hovered, and the page is scrolled to its top.
      await page.mouse.move(0, 0);
      await page.evaluate(() => scrollTo(0, 0));
      await atRest(page);
      expect(status, `the status of ${entry.name}`).toBe(entry.status);
      return page;
    });
  },
});

/** Waits for fonts, for animations, and for the next frame. */
export async function atRest(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await document.fonts.ready;
    const ends = document.getAnimations().filter(({ effect }) => effect?.getComputedTiming().endTime !== Infinity);
    await Promise.allSettled(ends.map((animation) => animation.finished));
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  });
}
