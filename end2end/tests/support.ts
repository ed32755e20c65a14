import { randomUUID } from "node:crypto";
import { test as base, expect, type Page } from "@playwright/test";
import { outboxUrl } from "../server.ts";

export { expect };
export { APP, SPA } from "../origins.ts";

export const PASSWORD = "three quiet words";

/** Chromium says so where it gives up a transition between pages because the style sheet came late; nobody sees it. */
const TRANSITION = /^InvalidStateError: (Transition was aborted|.*ViewTransition)/;

/** Like Playwright's, but a test fails where the page logged an error or a warning, or left an exception uncaught. */
export const test = base.extend<{ quiet: (page: Page) => void; expected: RegExp | undefined }>({
  /** What a test provokes on purpose. */
  expected: [undefined, { option: true }],
  quiet: [
    async ({ expected }, use) => {
      const heard: string[] = [];
      await use((page) => {
        page.on("console", (message) => {
          if (["error", "warning"].includes(message.type())) heard.push(message.text());
        });
        page.on("pageerror", (error) => heard.push(String(error)));
      });
      const unexpected = heard.filter((line) => !expected?.test(line) && !TRANSITION.test(line));
      expect(unexpected, "the console stays free of errors and warnings").toEqual([]);
    },
    { auto: true },
  ],
  page: async ({ page, quiet }, use) => {
    quiet(page);
    await use(page);
  },
});

export interface Person {
  readonly email: string;
  readonly password: string;
}

export async function signUp(page: Page): Promise<Person> {
  const email = `${randomUUID()}@example.org`;
  await page.goto("/sign-up");
  await page.getByLabel("Name").fill("Ada");
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("main").getByRole("button", { name: "Sign up" }).click();
  await expect(page.getByRole("heading", { name: "Notes", exact: true })).toBeVisible();
  return { email, password: PASSWORD };
}

/** Fills in the sign-in page the visitor stands on. */
export async function signIn(page: Page, person: Person): Promise<void> {
  await page.getByLabel("E-mail").fill(person.email);
  await page.getByLabel("Password").fill(person.password);
  await page.getByRole("main").getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("button", { name: "Sign out" }).first()).toBeVisible();
}

export async function hydrated(page: Page): Promise<void> {
  await expect(page.locator("html")).toHaveAttribute("data-hydrated", "");
}

/** Opens the link `link` in the mail about `subject` to this person, once it is in the outbox. */
export async function mailed(page: Page, person: Person, subject: RegExp, link: RegExp): Promise<void> {
  await expect(async () => {
    await page.goto(outboxUrl());
    const mail = page.getByRole("listitem").filter({ hasText: person.email }).filter({ hasText: subject });
    await mail.getByRole("link").first().click({ timeout: 3_000 });
  }).toPass();
  await page.getByRole("link", { name: link }).click();
}

/** Makes a token with all scopes on the tokens page, opened `anew` or as it stands, and reads it where it is shown once. */
export async function makeToken(page: Page, name: string, anew = true): Promise<string> {
  if (anew) await page.goto("/tokens");
  await page.getByLabel("Name", { exact: true }).fill(name);
  for (const box of await page.getByRole("group", { name: "Scopes" }).getByRole("checkbox").all()) await box.check();
  await page.getByRole("button", { name: "Create token" }).click();
  await expect(page.getByRole("heading", { name: "Your new token" })).toBeVisible();
  const token = await page.locator("#secret").innerText();
  expect(token).toMatch(/^vst_[0-9A-Za-z]{38}$/);
  return token;
}
