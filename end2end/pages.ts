import { randomUUID } from "node:crypto";
import { expect, type Page } from "@playwright/test";
import { APP } from "./origins.ts";
import { outboxUrl } from "./server.ts";

/** A newcomer has written and made nothing yet; a resident has notes, a token and two browsers. */
export type Who = "visitor" | "newcomer" | "resident";

/** One page in one state. */
export interface Entry {
  /** Names its test and its screenshots. */
  readonly name: string;
  /** As in the table of routes. `{id}` is a note of the resident's, `{token}` one that is used up. */
  readonly path: string;
  readonly who: Who;
  /** Of the document that is there in the end. */
  readonly status: number;
  /** What makes the state ready before the page is opened. */
  readonly before?: (page: Page) => Promise<void>;
  /** What leads to the state once the page is open. */
  readonly after?: (page: Page) => Promise<void>;
  /** What other tests do shows here, so no two screenshots are alike. */
  readonly unsteady?: boolean;
}

const ADA = "ada@example.org";

export const ENTRIES: readonly Entry[] = [
  { name: "landing", path: "/", who: "visitor", status: 200 },
  {
    name: "landing-knocked",
    path: "/",
    who: "visitor",
    status: 200,
    async after(page) {
      for (const door of ["session", "token"]) {
        await page.getByRole("button", { name: `Knock at the ${door} door` }).click();
      }
      await expect(page.locator(".knock .status")).toHaveText(["401 Unauthorized", "401 Unauthorized"]);
    },
  },
  { name: "landing-signed-in", path: "/", who: "resident", status: 200 },

  { name: "sign-up", path: "/sign-up", who: "visitor", status: 200 },
  {
    name: "sign-up-refused",
    path: "/sign-up",
    who: "visitor",
    status: 422,
    after: posted("Sign up", { Name: "Ada Lovelace", "E-mail": ADA, Password: "password123" }),
  },
  {
    name: "sign-up-typing",
    path: "/sign-up",
    who: "visitor",
    status: 200,
    async after(page) {
      await page.getByLabel("Password").fill("monkeymonkey");
      await expect(page.locator(".strength").getByRole("status")).not.toBeEmpty();
    },
  },
  { name: "sign-in", path: "/sign-in", who: "visitor", status: 200 },
  {
    name: "sign-in-refused",
    path: "/sign-in",
    who: "visitor",
    status: 401,
    after: posted("Sign in", { "E-mail": ADA, Password: "not this one" }),
  },

  { name: "lab", path: "/lab", who: "visitor", status: 200, after: labReady },
  {
    name: "lab-run",
    path: "/lab",
    who: "visitor",
    status: 200,
    async after(page) {
      await labReady(page);
      const experiment = page.locator("#cookie-both");
      await experiment.locator("summary").click();
      await experiment.getByRole("button", { name: "Run", exact: true }).click();
      await expect(experiment.locator(".outcome")).toHaveText("as predicted");
    },
  },
  { name: "lab-story", path: "/lab/story", who: "visitor", status: 200, after: labReady },

  { name: "forgot", path: "/forgot", who: "visitor", status: 200 },
  { name: "reset-gone", path: "/reset/{token}", who: "visitor", status: 410 },
  { name: "confirm-gone", path: "/confirm/{token}", who: "visitor", status: 410 },
  { name: "email-gone", path: "/email/{token}", who: "visitor", status: 410 },

  { name: "notes", path: "/notes", who: "resident", status: 200 },
  { name: "notes-empty", path: "/notes", who: "newcomer", status: 200 },
  {
    name: "notes-refused",
    path: "/notes",
    who: "newcomer",
    status: 200,
    async after(page) {
      await filled("Add note", { Title: " ", Body: "A body, and no title." })(page);
      await expect(page.locator("#title-error")).not.toBeEmpty();
    },
  },
  {
    name: "notes-none-found",
    path: "/notes",
    who: "resident",
    status: 200,
    async after(page) {
      await page.getByLabel("Search notes").fill("nothing like it");
      await expect(page.getByText("No note contains that.")).toBeVisible();
    },
  },
  { name: "note", path: "/notes/{id}", who: "resident", status: 200 },
  {
    name: "note-deleting",
    path: "/notes/{id}",
    who: "resident",
    status: 200,
    after: (page) => page.getByText("Delete this note…").click(),
  },

  { name: "tokens", path: "/tokens", who: "resident", status: 200 },
  { name: "tokens-empty", path: "/tokens", who: "newcomer", status: 200, before: beAnother },
  {
    name: "tokens-fresh",
    path: "/tokens",
    who: "newcomer",
    status: 200,
    before: beAnother,
    after: posted("Create token", { Name: "phone" }),
  },
  {
    name: "tokens-of-all-kinds",
    path: "/tokens",
    who: "newcomer",
    status: 200,
    async before(page) {
      await beAnother(page);
      await makeToken(page, { name: "phone", days: 30, renew: true });
      await makeToken(page, { name: "single-page app", days: 90, origins: ["https://app.example.com"] });
      const lost = await makeToken(page, { name: "lost laptop", days: 7 });
      await page.request.delete(`/session/v1/tokens/${lost}`, OURS);
    },
  },
  {
    name: "tokens-refused",
    path: "/tokens",
    who: "resident",
    status: 422,
    async after(page) {
      for (const box of await page.getByRole("checkbox").all()) await box.uncheck();
      await page.getByLabel("Expires after").selectOption("Custom date");
      await posted("Create token", { Name: "phone", "Allowed origins (optional)": "https://app.example.com/" })(page);
    },
  },

  { name: "account", path: "/account", who: "resident", status: 200 },
  { name: "account-confirm", path: "/account/confirm", who: "resident", status: 200 },
  { name: "account-name", path: "/account/name", who: "resident", status: 200 },
  { name: "account-email", path: "/account/email", who: "resident", status: 200 },
  { name: "account-password", path: "/account/password", who: "resident", status: 200 },
  { name: "account-delete", path: "/account/delete", who: "resident", status: 200 },

  { name: "explorer", path: "/api/docs", who: "visitor", status: 200 },
  {
    name: "explorer-tried",
    path: "/api/docs",
    who: "visitor",
    status: 200,
    unsteady: true,
    async after(page) {
      const call = page.getByRole("article", { name: "List notes", exact: true });
      await call.getByText("Try it").click();
      await call.getByRole("button", { name: "Send" }).click();
      await expect(call.getByText("401 Unauthorized")).toBeVisible();
    },
  },

  { name: "not-found", path: "/no/such/page", who: "visitor", status: 404 },
  {
    name: "outbox",
    path: "/dev/outbox",
    who: "visitor",
    status: 200,
    unsteady: true,
    async before(page) {
      await page.goto(outboxUrl());
    },
  },
  { name: "mail-gone", path: "/dev/outbox/{name}", who: "visitor", status: 404 },
  { name: "failure", path: "/dev/failure", who: "visitor", status: 500 },
  {
    name: "components-asking",
    path: "/dev/components",
    who: "visitor",
    status: 200,
    async after(page) {
      await page.getByRole("button", { name: "Delete…" }).click();
      await expect(page.getByRole("dialog")).toBeVisible();
    },
  },
  { name: "components", path: "/dev/components", who: "visitor", status: 200 },
];

/** Fills in the form that `button` sends, and sends it. */
function filled(button: string, fields: Readonly<Record<string, string>>) {
  return async (page: Page) => {
    const main = page.getByRole("main");
    for (const [label, value] of Object.entries(fields)) await main.getByLabel(label, { exact: true }).fill(value);
    await main.getByRole("button", { name: button }).click();
  };
}

/** The same, where a new document answers. */
function posted(button: string, fields: Readonly<Record<string, string>>) {
  return async (page: Page) => {
    const answered = page.waitForEvent("framenavigated");
    await filled(button, fields)(page);
    await answered;
  };
}

const OURS = { headers: { Origin: APP } };

/** Somebody who has made nothing at all, whatever other tests have done. */
async function beAnother(page: Page): Promise<void> {
  await page.context().clearCookies();
  const form = { name: "Ada Lovelace", email: `${randomUUID()}@example.org`, password: "three quiet words" };
  expect((await page.request.post("/sign-up", { ...OURS, form })).ok()).toBe(true);
}

async function makeToken(page: Page, token: Readonly<Record<string, unknown>>): Promise<string> {
  const made = await page.request.post("/session/v1/tokens", { ...OURS, data: { scopes: ["notes:read"], ...token } });
  return (await made.json()).id;
}

async function labReady(page: Page): Promise<void> {
  await expect(page.locator(".lab")).toHaveAttribute("data-ready", "");
}
