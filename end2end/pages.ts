import { expect, type Locator, type Page } from "@playwright/test";
import { APP } from "./support/origins.ts";
import { deviceAsks } from "./support/device.ts";
import { createToken, newAccount, type NewToken } from "./support/person.ts";
import { outboxUrl } from "./support/server.ts";

/** Which account the page is opened with: none, one with nothing in it, or one with notes, a token and two browsers. */
export type Who = "anonymous" | "empty" | "seeded";

/** One page in one state. */
export interface Entry {
  /** Names its test and its screenshots. */
  readonly name: string;
  /** As `vestibule routes` prints it. `{id}` is a note of the seeded account, `{token}` a link that has expired, `{step}` a step. */
  readonly path: string;
  readonly who: Who;
  /** The status of the document that is shown in the end. */
  readonly status: number;
  /** Prepares the state before the page is opened. */
  readonly before?: (page: Page) => Promise<void>;
  /** Leads to the state once the page is open. */
  readonly after?: (page: Page) => Promise<void>;
  /** The page shows what other tests do, so its screenshots are not compared. */
  readonly isUnsteady?: boolean;
  /** Take screenshots of these parts alone, by name: of a long page, one of each kind of thing on it. */
  readonly parts?: Readonly<Record<string, (page: Page) => Locator>>;
  /** Take a screenshot of the part of the page that the window shows, beside its parts. */
  readonly window?: boolean;
  /** Take all four screenshots, not only light on a desktop and dark on a phone. */
  readonly allLooks?: boolean;
}

const ADA = "ada@example.org";

export const ENTRIES: readonly Entry[] = [
  { name: "landing", path: "/", who: "anonymous", status: 200, allLooks: true },
  {
    name: "landing-tried",
    path: "/",
    who: "anonymous",
    status: 200,
    parts: {
      doors: (page) =>
        page
          .locator("main section")
          .filter({ has: page.locator(".try-request") })
          .last(),
    },
    async after(page) {
      for (const door of ["session", "token"]) {
        await page.getByRole("button", { name: `Try the ${door} door` }).click();
      }
      await expect(page.locator(".try-request .status")).toHaveText(["401 Unauthorized", "401 Unauthorized"]);
    },
  },
  { name: "landing-signed-in", path: "/", who: "seeded", status: 200, window: true },

  { name: "sign-up", path: "/sign-up", who: "anonymous", status: 200 },
  {
    name: "sign-up-refused",
    path: "/sign-up",
    who: "anonymous",
    status: 422,
    after: posted("Sign up", { Name: "Ada Lovelace", "E-mail": ADA, Password: "password123" }),
  },
  {
    name: "sign-up-typing",
    path: "/sign-up",
    who: "anonymous",
    status: 200,
    async after(page) {
      await page.getByLabel("Password").fill("monkeymonkey");
      await expect(page.locator(".strength").getByRole("status")).not.toBeEmpty();
    },
  },
  { name: "sign-in", path: "/sign-in", who: "anonymous", status: 200 },
  {
    name: "sign-in-refused",
    path: "/sign-in",
    who: "anonymous",
    status: 401,
    after: posted("Sign in", { "E-mail": ADA, Password: "not this one" }),
  },

  {
    name: "lab",
    path: "/lab",
    who: "anonymous",
    status: 200,
    window: true,
    parts: {
      bench: (page) => page.locator("#bench"),
      group: (page) => page.locator(".card.group").first(),
    },
    after: labReady,
  },
  {
    name: "lab-theft",
    path: "/lab/theft",
    who: "anonymous",
    status: 200,
    window: true,
    after: drillReady,
  },
  {
    name: "lab-run",
    path: "/lab",
    who: "anonymous",
    status: 200,
    parts: { experiment: (page) => page.locator("#cookie-both") },
    async after(page) {
      await labReady(page);
      const experiment = page.locator("#cookie-both");
      await experiment.locator("summary").click();
      await experiment.getByRole("button", { name: "Run", exact: true }).click();
      await expect(experiment.locator(".outcome")).toHaveText("as predicted");
    },
  },
  {
    name: "lab-doctor",
    path: "/lab/doctor",
    who: "anonymous",
    status: 200,
    window: true,
    parts: {
      setup: (page) => page.locator(".doctor form"),
      cause: (page) => page.locator("#star"),
    },
    async after(page) {
      await doctorReady(page);
      await page.locator("#star summary").click();
    },
  },
  {
    name: "lab-doctor-report",
    path: "/lab/doctor",
    who: "anonymous",
    status: 200,
    parts: {
      report: (page) => page.locator("[data-doctor=seen]"),
      run: (page) => page.locator("[data-doctor=result]"),
    },
    async after(page) {
      await doctorReady(page);
      await page.getByLabel("Your page", { exact: true }).fill("http://localhost:5173");
      await page.getByLabel("A call to your API that requires signing in").fill("http://localhost:8000/api/me");
      const origin = "http://localhost:5173";
      const call = "http://localhost:8000/api/me";
      const asked = { page: origin, expected: origin, call, intent: "cookie", stack: "express" };
      const seen = { ...asked, reach: "hidden", plain: 401, credentialed: "failed" };
      await page.evaluate((json) => (location.hash = `seen=${encodeURIComponent(json)}`), JSON.stringify(seen));
      await expect(page.locator("[data-doctor=seen] h2")).toBeVisible();
    },
  },
  {
    name: "lab-story",
    path: "/lab/story",
    who: "anonymous",
    status: 200,
    window: true,
    parts: {
      chapter: (page) => page.locator(".chapter").nth(3),
      rule: (page) => page.locator(".rule"),
    },
    after: labReady,
  },

  { name: "forgot", path: "/forgot", who: "anonymous", status: 200 },
  { name: "reset-gone", path: "/reset/{token}", who: "anonymous", status: 410 },
  { name: "confirm-gone", path: "/confirm/{token}", who: "anonymous", status: 410 },
  { name: "email-gone", path: "/email/{token}", who: "anonymous", status: 410 },

  { name: "notes", path: "/notes", who: "seeded", status: 200 },
  { name: "notes-empty", path: "/notes", who: "empty", status: 200 },
  {
    name: "notes-refused",
    path: "/notes",
    who: "empty",
    status: 200,
    async after(page) {
      await filled("Add note", { Title: " ", Body: "A body, and no title." })(page);
      await expect(page.locator("#title-error")).not.toBeEmpty();
    },
  },
  {
    name: "notes-none-found",
    path: "/notes",
    who: "seeded",
    status: 200,
    async after(page) {
      await page.getByLabel("Search notes").fill("nothing like it");
      await expect(page.getByText("No note contains that.")).toBeVisible();
    },
  },
  { name: "note", path: "/notes/{id}", who: "seeded", status: 200 },
  {
    name: "note-deleting",
    path: "/notes/{id}",
    who: "seeded",
    status: 200,
    after: (page) => page.getByText("Delete this note…").click(),
  },

  { name: "tokens", path: "/tokens", who: "seeded", status: 200 },
  { name: "tokens-empty", path: "/tokens", who: "empty", status: 200, before: signUpAnew },
  {
    name: "tokens-fresh",
    path: "/tokens",
    who: "empty",
    status: 200,
    before: signUpAnew,
    after: posted("Create token", { Name: "phone" }),
  },
  {
    name: "tokens-of-all-kinds",
    path: "/tokens",
    who: "empty",
    status: 200,
    async before(page) {
      await signUpAnew(page);
      const make = (fields: NewToken) => createToken(page.request, fields, FROM_APP.headers);
      await make({ name: "phone", days: 30, renew: true });
      await make({ name: "single-page app", days: 90, origins: ["https://app.example.com"] });
      const lost = await make({ name: "lost laptop", days: 7 });
      await page.request.delete(`/session/v1/tokens/${lost.id}`, FROM_APP);
    },
  },
  {
    name: "tokens-refused",
    path: "/tokens",
    who: "seeded",
    status: 422,
    async after(page) {
      for (const box of await page.getByRole("checkbox").all()) await box.uncheck();
      await page.getByLabel("Expires after").selectOption("Custom date");
      await posted("Create token", { Name: "phone", "Allowed origins (optional)": "https://app.example.com/" })(page);
    },
  },

  { name: "account", path: "/account", who: "seeded", status: 200 },
  { name: "account-confirm", path: "/account/confirm", who: "seeded", status: 200 },
  { name: "account-name", path: "/account/name", who: "seeded", status: 200 },
  { name: "account-email", path: "/account/email", who: "seeded", status: 200 },
  { name: "account-password", path: "/account/password", who: "seeded", status: 200 },
  { name: "passkeys", path: "/account/passkeys", who: "empty", status: 200 },
  { name: "authorized-apps", path: "/account/apps", who: "empty", status: 200 },
  { name: "developer", path: "/account/developer", who: "empty", status: 200 },
  { name: "device", path: "/device", who: "empty", status: 200 },
  {
    name: "device-asking",
    path: "/device",
    who: "empty",
    status: 200,
    // It shows a code and a time.
    isUnsteady: true,
    before: signUpAnew,
    async after(page) {
      await posted("Continue", { Code: (await deviceAsks(page.request)).user_code })(page);
      await expect(page.getByText("on the device that shows")).toBeVisible();
    },
  },
  // Without a request of an app.
  { name: "authorize-refused", path: "/authorize", who: "empty", status: 400 },
  { name: "security", path: "/account/security", who: "empty", status: 200 },
  { name: "totp", path: "/account/security/totp", who: "empty", status: 200 },
  { name: "recovery-codes", path: "/account/security/recovery-codes", who: "empty", status: 200 },
  { name: "keep-factors-gone", path: "/keep-factors/{token}", who: "anonymous", status: 410 },
  // Without a sign-in that waits, it leads to the sign-in page.
  { name: "sign-in-step", path: "/sign-in/{step}", who: "anonymous", status: 200, isUnsteady: true },
  { name: "email-code", path: "/email-codes/sign-in", who: "anonymous", status: 200 },
  // Without a code that was asked for, it leads to the page above.
  { name: "email-code-enter", path: "/email-codes/enter", who: "anonymous", status: 200, isUnsteady: true },
  { name: "account-delete", path: "/account/delete", who: "seeded", status: 200 },

  {
    name: "explorer",
    path: "/api/docs",
    who: "anonymous",
    status: 200,
    window: true,
    parts: {
      // One that takes a body and needs a scope.
      call: (page) =>
        page.locator("article.call").filter({ hasText: "POST" }).filter({ hasText: "notes:write" }).first(),
      shape: (page) =>
        page
          .locator("section:has(> #shapes) article")
          .filter({ has: page.locator("dl") })
          .first(),
      code: (page) => page.locator("[id^=code-]").first(),
    },
  },
  {
    name: "explorer-tried",
    path: "/api/docs",
    who: "anonymous",
    status: 200,
    isUnsteady: true,
    async after(page) {
      const call = page.getByRole("article", { name: "List notes", exact: true });
      await call.getByText("Try it").click();
      await call.getByRole("button", { name: "Send" }).click();
      await expect(call.getByText("401 Unauthorized")).toBeVisible();
      // The others are checked in "explorer", and are so many that it takes a minute.
      await call.evaluate((tried) => {
        for (const other of document.querySelectorAll("article.card")) if (other !== tried) other.remove();
      });
    },
  },

  { name: "not-found", path: "/no/such/page", who: "anonymous", status: 404 },
  {
    name: "outbox",
    path: "/dev/outbox",
    who: "anonymous",
    status: 200,
    isUnsteady: true,
    async before(page) {
      await page.goto(outboxUrl());
    },
  },
  { name: "mail-gone", path: "/dev/outbox/{name}", who: "anonymous", status: 404 },
  { name: "failure", path: "/dev/failure", who: "anonymous", status: 500 },
  {
    name: "components-asking",
    path: "/dev/components",
    who: "anonymous",
    status: 200,
    async after(page) {
      await page.getByRole("button", { name: "Delete…" }).click();
      await expect(page.getByRole("dialog")).toBeVisible();
    },
  },
  { name: "components", path: "/dev/components", who: "anonymous", status: 200, allLooks: true },
];

/** Fills in the form that `button` sends, and sends it. */
function filled(button: string, fields: Readonly<Record<string, string>>) {
  return async (page: Page) => {
    const main = page.getByRole("main");
    for (const [label, value] of Object.entries(fields)) await main.getByLabel(label, { exact: true }).fill(value);
    await main.getByRole("button", { name: button }).click();
  };
}

/** The same, and waits for the document that answers. */
function posted(button: string, fields: Readonly<Record<string, string>>) {
  return async (page: Page) => {
    const answered = page.waitForEvent("framenavigated");
    await filled(button, fields)(page);
    await answered;
  };
}

const FROM_APP = { headers: { Origin: APP } };

/** Signs up anew, for an account that is empty whatever other tests have done. */
async function signUpAnew(page: Page): Promise<void> {
  await page.context().clearCookies();
  expect((await page.request.post("/sign-up", { ...FROM_APP, form: newAccount() })).ok()).toBe(true);
}

async function doctorReady(page: Page): Promise<void> {
  await expect(page.locator("[data-doctor=root]")).toHaveAttribute("data-ready", "");
}

async function drillReady(page: Page): Promise<void> {
  await expect(page.locator(".theft")).toHaveAttribute("data-ready", "");
}

async function labReady(page: Page): Promise<void> {
  await expect(page.locator(".lab")).toHaveAttribute("data-ready", "");
}
