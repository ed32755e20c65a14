import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { test as base, expect, type Page } from "@playwright/test";
import { PASSWORD, newAccount } from "./person.ts";
import { outboxUrl } from "./server.ts";

export { expect, PASSWORD };
export { APP, SPA } from "./origins.ts";

/** Chromium logs this where it skips a transition between pages because the style sheet came late. It does not show. */
const TRANSITION = /^InvalidStateError: (Transition was aborted|.*ViewTransition)/;

/** Matches what any of the patterns matches. */
export const either = (...patterns: RegExp[]) => new RegExp(patterns.map(({ source }) => source).join("|"));

interface Fixtures {
  /** The console messages that a test provokes on purpose. A message ends with the URL it is about, in parentheses. */
  expected: RegExp | undefined;
  /** Fails the test if this page, too, logs an error or a warning. */
  quiet: (page: Page) => void;
  /** Serves an empty page on an origin that the settings do not name, and answers with that origin. */
  newOrigin: () => Promise<string>;
}

/** Like Playwright's, but a test fails where the page logged an error or a warning, or left an exception uncaught. */
export const test = base.extend<Fixtures>({
  expected: [undefined, { option: true }],
  quiet: [
    async ({ expected }, use) => {
      const heard: string[] = [];
      await use((page) => {
        page.on("console", (message) => {
          const isBad = ["error", "warning"].includes(message.type());
          if (isBad) heard.push(`${message.text()} (${message.location().url})`);
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
  // Not with `page.route`: Playwright would answer the preflights in the server's place.
  newOrigin: async ({}, use) => {
    const servers: Server[] = [];
    await use(async () => {
      const html = "<!doctype html><link rel=icon href=data:,><title>Elsewhere</title>";
      const server = createServer((_, answer) => answer.setHeader("Content-Type", "text/html").end(html));
      servers.push(server);
      await new Promise<void>((ready) => server.listen(0, "localhost", ready));
      return `http://localhost:${(server.address() as AddressInfo).port}`;
    });
    for (const server of servers) server.close();
  },
});

export interface Credentials {
  readonly email: string;
  readonly password: string;
}

/** Signs up on the page, which leads to the first page of the app: the notes, while they are its first feature. */
export async function signUp(page: Page): Promise<Credentials> {
  const { email, password } = newAccount();
  await page.goto("/sign-up");
  await page.getByLabel("Name").fill("Ada");
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("main").getByRole("button", { name: "Sign up" }).click();
  await expect(page.getByRole("button", { name: "Sign out" }).first()).toBeVisible();
  return { email, password };
}

/** Fills in the sign-in page that is open. */
export async function signIn(page: Page, { email, password }: Credentials): Promise<void> {
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("main").getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("button", { name: "Sign out" }).first()).toBeVisible();
}

/** Waits until the page's islands respond. */
export async function hydrated(page: Page): Promise<void> {
  await expect(page.locator("html")).toHaveAttribute("data-hydrated", "");
}

/** Opens the link `link` in the mail about `subject` to this address, once it is in the outbox. */
export async function mailed(page: Page, { email }: Credentials, subject: RegExp, link: RegExp): Promise<void> {
  await expect(async () => {
    await page.goto(outboxUrl());
    const mail = page.getByRole("listitem").filter({ hasText: email }).filter({ hasText: subject });
    await mail.getByRole("link").first().click({ timeout: 3_000 });
  }).toPass();
  await page.getByRole("link", { name: link }).click();
}

/**
 * Makes a token with all scopes on the tokens page, and reads it where it is shown once. Opens the page first, unless
 * `isOpen`: then fields that are filled in already stay as they are.
 */
export async function makeToken(page: Page, name: string, isOpen = false): Promise<string> {
  if (!isOpen) await page.goto("/tokens");
  await page.getByLabel("Name", { exact: true }).fill(name);
  for (const box of await page.getByRole("group", { name: "Scopes" }).getByRole("checkbox").all()) await box.check();
  await page.getByRole("button", { name: "Create token" }).click();
  await expect(page.getByRole("heading", { name: "Your new token" })).toBeVisible();
  const token = await page.locator("#secret").innerText();
  expect(token).toMatch(/^vst_[0-9A-Za-z]{38}$/);
  return token;
}
