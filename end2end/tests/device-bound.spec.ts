import { type BrowserContext, type Page, expect, test } from "@playwright/test";
import { HttpsServer } from "../support/https-server.ts";
import { newAccount } from "../support/person.ts";
import { Postgres } from "../support/postgres.ts";

// Sessions that are bound to a key of the device, in the browser that has them. Only Chromium does, and on Linux only with
// a key in software and these features. What the server answers is in tests/http/device_bound/.

const SHORT = "__Host-bound";

async function signUp(page: Page, origin: string): Promise<void> {
  const { name, email, password } = newAccount();
  await page.goto(`${origin}/sign-up`);
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("main").getByRole("button", { name: "Sign up", exact: true }).click();
  await expect(page).toHaveURL(`${origin}/notes`);
}

const short = async (context: BrowserContext) => (await context.cookies()).find(({ name }) => name === SHORT)?.value;

const isSignedIn = async (page: Page, origin: string) => {
  await page.goto(`${origin}/account`);
  return page.url() === `${origin}/account`;
};

// Most of their time is waiting.
test.describe.configure({ mode: "parallel" });

for (const database of ["SQLite", "PostgreSQL"]) {
  test.describe(`on https, with ${database}`, () => {
    let site: HttpsServer;
    let postgres: Postgres | undefined;
    test.beforeEach(async () => {
      site = new HttpsServer();
      if (database === "SQLite") return;
      postgres = new Postgres();
      await postgres.start();
      site.settings["DATABASE_URL"] = postgres.url;
    });
    test.afterEach(async () => {
      await site.stop();
      await postgres?.stop();
    });

    test("a bound session is renewed without the visitor noticing", async () => {
      await site.start();
      const browser = await site.browser(true);
      const context = await browser.newContext();
      const page = await context.newPage();
      await signUp(page, site.origin);
      await expect.poll(() => short(context)).toBeTruthy();
      expect(await isSignedIn(page, site.origin)).toBe(true);
      await page.reload();
      await expect(page.getByText("Bound to the device")).toHaveCount(1);

      await page.goto(`${site.origin}/notes`);
      await page.getByLabel("Title").fill("Milk");
      const first = await short(context);
      await context.clearCookies({ name: SHORT });
      await page.getByRole("button", { name: "Add note" }).click();
      await expect(page.getByRole("link", { name: "Milk" })).toBeVisible();
      expect(page.url()).toBe(`${site.origin}/notes`);
      expect(await short(context)).not.toBe(first);

      // So is a page that a link on another site leads to, as in a mail that is read on the web.
      await page.goto(`https://127.0.0.1:${site.port}/sign-in`);
      const link = `<a href="${site.origin}/account">Elsewhere</a>`;
      await page.evaluate((link) => document.body.insertAdjacentHTML("beforeend", link), link);
      await context.clearCookies({ name: SHORT });
      await page.getByRole("link", { name: "Elsewhere" }).click();
      await expect(page).toHaveURL(`${site.origin}/account`);

      await page.getByRole("button", { name: "Sign out", exact: true }).first().click();
      await expect.poll(() => short(context)).toBeUndefined();
      expect(await isSignedIn(page, site.origin)).toBe(false);
      await browser.close();
    });

    test("a copy of its cookies is signed out when the short one is over", async () => {
      test.setTimeout(90_000);
      await site.start({ VESTIBULE_SESSIONS__BOUND_COOKIE_SECONDS: "15" });
      const browser = await site.browser(true);
      const context = await browser.newContext();
      const page = await context.newPage();
      await signUp(page, site.origin);
      await expect.poll(() => short(context)).toBeTruthy();
      // The first use of the short cookie binds the session. Chromium signs only so often: the page makes no more requests.
      expect(await isSignedIn(page, site.origin)).toBe(true);
      const stolen = await context.cookies();
      await page.goto("about:blank");

      const elsewhere = await site.browser(false);
      const copy = await elsewhere.newContext();
      await copy.addCookies(stolen);
      const thief = await copy.newPage();
      expect(await isSignedIn(thief, site.origin)).toBe(true);
      await expect.poll(() => isSignedIn(thief, site.origin), { timeout: 60_000 }).toBe(false);
      await expect(thief.getByText("could not prove that it is the one")).toBeVisible();

      // A browser that cannot bind its session signs in as ever.
      await copy.clearCookies();
      await signUp(thief, site.origin);
      expect(await isSignedIn(thief, site.origin)).toBe(true);
      expect(await short(copy)).toBeUndefined();
      await Promise.all([browser.close(), elsewhere.close()]);
    });
  });
}
