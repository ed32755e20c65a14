import { randomUUID } from "node:crypto";
import { request, type BrowserContext, type Page } from "@playwright/test";
import { APP } from "../origins.ts";
import type { Entry } from "../pages.ts";
import { PASSWORD, expect, hydrated, test as base } from "./support.ts";

export { expect };

export const SIZES = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } } as const;
export const SCHEMES = ["light", "dark"] as const;

type Cookies = Awaited<ReturnType<BrowserContext["cookies"]>>;

/** Who lives here, and what they left. */
interface House {
  readonly newcomer: Cookies;
  readonly resident: Cookies;
  /** A note of the resident's. */
  readonly note: string;
}

interface Visits {
  /** Opens a page in the state its entry describes, and waits until it has come to rest. */
  visit: (entry: Entry) => Promise<Page>;
}

/** People are made once for each worker. */
export const test = base.extend<Visits, { house: House }>({
  // It would take as long again to record every step of so many looks.
  trace: "off",
  // Some entries are refusals, and Chromium logs each of them.
  expected: /status of (401|403|404|410|422|500)/,
  house: [
    async ({}, use) => {
      const newcomer = await Person.signUp();
      const resident = await Person.signUp();
      await resident.write("Groceries", "Oat milk, rye bread, lemons.");
      await resident.write("An address that does not break by itself", "https://example.org/" + "long-path".repeat(9));
      const note = await resident.write("The house", "Two doors.\n\nOne for these pages, one for everyone else.");
      await resident.makeToken("backup script");
      await resident.signInElsewhere();
      await use({ newcomer: await newcomer.cookies(), resident: await resident.cookies(), note });
    },
    { scope: "worker" },
  ],
  visit: async ({ page, context, house }, use) => {
    await use(async (entry) => {
      if (entry.who !== "visitor") await context.addCookies(house[entry.who]);
      let status = 0;
      page.on("response", (response) => {
        if (response.request().isNavigationRequest()) status = response.status();
      });
      await entry.before?.(page);
      await page.goto(entry.path.replace("{id}", house.note).replace("{token}", "0".repeat(43)));
      await hydrated(page);
      await entry.after?.(page);
      await hydrated(page);
      // Nothing is hovered, and nothing scrolled away.
      await page.mouse.move(0, 0);
      await page.evaluate(() => scrollTo(0, 0));
      await atRest(page);
      expect(status, `the status of ${entry.name}`).toBe(entry.status);
      return page;
    });
  },
});

/** Waits for fonts, for what moves, and for the next frame. */
export async function atRest(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await document.fonts.ready;
    const ends = document.getAnimations().filter(({ effect }) => effect?.getComputedTiming().endTime !== Infinity);
    await Promise.allSettled(ends.map((animation) => animation.finished));
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  });
}

/** Somebody who uses the pages' forms and `/session/v1` without a browser. */
class Person {
  readonly #email = `${randomUUID()}@example.org`;
  readonly #http;

  private constructor(http: Awaited<ReturnType<typeof browser>>) {
    this.#http = http;
  }

  static async signUp(): Promise<Person> {
    const person = new Person(await browser("Firefox"));
    await person.#post("/sign-up", { name: "Ada Lovelace", email: person.#email, password: PASSWORD });
    return person;
  }

  async write(title: string, body: string): Promise<string> {
    const response = await this.#http.post("/session/v1/notes", { data: { title, body } });
    expect(response.ok()).toBe(true);
    return (await response.json()).id;
  }

  async makeToken(name: string): Promise<void> {
    await this.#post("/tokens", { name, days: "30", "scope-notes-read": "on", "scope-notes-write": "on" });
  }

  async signInElsewhere(): Promise<void> {
    await this.#post("/sign-in", { email: this.#email, password: PASSWORD }, await browser("Safari"));
  }

  async cookies(): Promise<Cookies> {
    return (await this.#http.storageState()).cookies;
  }

  async #post(path: string, form: Record<string, string>, http = this.#http): Promise<void> {
    const response = await http.post(path, { form });
    expect(response.ok(), `${path} answers ${response.status()}`).toBe(true);
  }
}

function browser(name: string) {
  return request.newContext({
    baseURL: APP,
    userAgent: `Mozilla/5.0 (an old computer) ${name}/1.0`,
    extraHTTPHeaders: { Origin: APP },
  });
}
