import { Authenticator } from "../support/authenticator.ts";
import { cases } from "../support/spa-cases.ts";
import type { Page, Request } from "@playwright/test";
import { Person, editor, enter, expect, signIn, test, write } from "../support/spa.ts";

test.use({ mode: "token" });

cases();

const notes = (page: Page) => page.getByRole("heading", { name: "Notes", exact: true });
const isRefresh = (request: Request) => request.postData()?.includes("grant_type=refresh_token") === true;

/** What the page stores: the storage of strings, and the records of its database with their keys. */
function stored(page: Page) {
  return page.evaluate(async () => {
    const done = <T>(asked: IDBRequest<T>) =>
      new Promise<T>((resolve) => (asked.onsuccess = () => resolve(asked.result)));
    const [{ name = "" } = {}] = await indexedDB.databases();
    const database = await done(indexedDB.open(name));
    const records = await done(database.transaction("records").objectStore("records").getAll());
    database.close();
    const [{ keys, refreshToken = "" } = {}] = records as { keys?: CryptoKeyPair; refreshToken?: string }[];
    const exported = keys && (await crypto.subtle.exportKey("jwk", keys.privateKey).then(String, ({ name }) => name));
    const strings = JSON.stringify([{ ...sessionStorage }, { ...localStorage }, document.cookie]);
    return { records: records.length, all: JSON.stringify(records), refreshToken, exported, strings };
  });
}

test("a passkey of the app signs in, a reload stays in, a copy opens nothing, and the app is removed", async ({
  page,
  context,
  spa,
  server,
  request,
}) => {
  await server.start();
  // As in a browser that suggests no passkeys: only the button asks for one.
  await page.addInitScript(() => {
    PublicKeyCredential.isConditionalMediationAvailable = () => Promise.resolve(false);
  });
  const authenticator = await Authenticator.of(page);
  await page.goto(`${server.origin}/sign-up`);
  await page.getByLabel("Name").fill("Ada");
  await page.getByLabel("E-mail").fill(`${crypto.randomUUID()}@example.org`);
  await page.getByRole("button", { name: "Create an account with a passkey" }).click();
  await expect(page.getByRole("button", { name: "Sign out" }).first()).toBeVisible();
  await authenticator.setPresent(false);
  await page.getByRole("button", { name: "Sign out" }).first().click();

  await page.goto(spa);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page).toHaveURL(/\/sign-in\?next=/);
  await authenticator.setPresent(true);
  await page.getByRole("button", { name: "Use a passkey" }).click();
  await expect(notes(page)).toBeVisible();
  expect(page.url(), "the code is in no history").toBe(`${spa}/`);

  await write(page, "Signed in elsewhere", "and written here");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Saved.", { exact: true })).toBeVisible();

  const called = page.waitForRequest((request) => request.url().endsWith("/api/v1/notes?limit=20"));
  await page.reload();
  await expect(page.getByText("Signed in elsewhere")).toBeVisible();
  const { authorization = "", dpop = "" } = await (await called).allHeaders();
  const [scheme, token = ""] = authorization.split(" ");
  expect(scheme).toBe("DPoP");

  // Whoever has copied all that the page sends and stores has no key, and a proof works once.
  const { refreshToken, exported, all, strings } = await stored(page);
  expect(exported).toBe("InvalidAccessError");
  expect(refreshToken).toMatch(/^vsr_/);
  expect(all, "the access token is in memory only").not.toContain(token);
  expect(strings).toBe('[{},{},""]');
  for (const headers of [
    { Authorization: `Bearer ${token}` },
    { Authorization: `DPoP ${token}` },
    { Authorization: `DPoP ${token}`, DPoP: dpop },
  ] as Record<string, string>[]) {
    const copy = await request.get(`${server.origin}/api/v1/notes`, { headers });
    expect(copy.status(), JSON.stringify(headers)).toBe(401);
  }
  const form = { grant_type: "refresh_token", client_id: "spa", refresh_token: refreshToken };
  const copy = await request.post(`${server.origin}/api/v1/oauth/token`, { form });
  expect(await copy.json()).toMatchObject({ error: "invalid_grant" });

  const house = await context.newPage();
  await house.goto(`${server.origin}/account/apps`);
  await house.getByRole("button", { name: /^Remove/ }).click();
  await expect(house.getByText("No authorized apps.")).toBeVisible();
  await write(page, "Too late", "");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("alert")).toContainText("You are no longer signed in.");
});

test.describe("with many tabs", () => {
  test.use({ expected: /status of 400 .*\/oauth\/token|net::ERR_FAILED .*\/oauth\/revoke/ });

  test("many tabs refresh once, and all of them are signed out at once", async ({ page, context, spa, person }) => {
    await enter(page, spa, person);
    const other = await context.newPage();
    await other.goto(spa);
    await expect(notes(other)).toBeVisible();
    expect(await person.apps()).toEqual(["spa"]);

    const refreshed: Request[] = [];
    context.on("requestfinished", async (request) => {
      if (isRefresh(request) && (await request.response())?.ok()) refreshed.push(request);
    });
    await Promise.all([page.reload(), other.reload()]);
    await Promise.all([expect(notes(page)).toBeVisible(), expect(notes(other)).toBeVisible()]);
    await expect.poll(() => refreshed.length).toBe(1);

    await page.route(/\/oauth\/revoke$/, (route) => route.abort());
    await page.getByRole("button", { name: "Sign out" }).click();
    await expect(page.getByRole("alert")).toContainText("The server does not answer.");
    await page.unrouteAll();
    await page.getByRole("button", { name: "Try again" }).click();
    await expect(page.getByText("You are signed out here, and the tokens are revoked.")).toBeVisible();
    await expect(other.getByText("You signed out in another tab.")).toBeVisible();
    expect((await stored(page)).records, "the key is gone").toBe(0);
    expect(await person.apps()).toEqual([]);

    // And in again: the app still knows who it is, and the other tab comes along.
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await expect(notes(page)).toBeVisible();
    await expect(notes(other)).toBeVisible();
  });
});

test("a token that has expired is renewed without a word, and no cookie is involved", async ({
  page,
  spa,
  server,
  person,
}) => {
  const sent: (string | undefined)[] = [];
  page.on("request", async (request) => {
    if (new URL(request.url()).pathname.startsWith("/api/")) sent.push((await request.allHeaders())["cookie"]);
  });
  await enter(page, spa, person);
  await write(page, "Long-winded", "a whole evening");
  server.expire("tokens");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Saved.", { exact: true })).toBeVisible();
  expect(sent.length).toBeGreaterThan(3);
  expect(sent.filter((cookie) => cookie !== undefined)).toEqual([]);

  // It ends with the session that it was authorized in.
  server.expire("browser_sessions");
  server.expire("tokens");
  await page.getByRole("button", { name: "New note" }).click();
  await page.getByLabel("Title").fill("Later");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("alert")).toContainText("You are no longer signed in.");
});

test("an app that was removed is noticed on coming back to the tab, and the draft stays", async ({
  page,
  spa,
  person,
}) => {
  await enter(page, spa, person);
  await write(page, "Unfinished", "in the middle of a");
  await person.endApp("spa");
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeFocused();
  await expect(page.getByRole("alert")).toContainText("You are no longer signed in.");
  await expect(page.getByRole("alert")).toContainText("Your unsaved text is still here");
  // It comes along to the app and back.
  await signIn(page, person);
  await expect(notes(page)).toBeVisible();
  await expect(page.getByLabel("Body")).toHaveValue("in the middle of a");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Saved.", { exact: true })).toBeVisible();
  expect(await person.titles()).toEqual(["Unfinished"]);
  expect((await stored(page)).strings).toBe('[{},{},""]');
});

test("somebody else's draft is not shown", async ({ page, spa, server, person }) => {
  const other = await Person.signUp(server.origin);
  await enter(page, spa, person);
  await write(page, "Private", "to one person");
  await person.endApp("spa");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await signIn(page, other);
  await expect(page.getByText("No notes yet.")).toBeVisible();
  await expect(page.getByText("Private")).toHaveCount(0);
  await expect(editor(page)).toHaveCount(0);
  await other.leave();
});

test("a sign-in that comes to nothing is told, and can be tried again", async ({ page, spa, server, person }) => {
  const button = page.getByRole("button", { name: "Sign in", exact: true });
  const alert = page.getByRole("alert");
  await page.goto(spa);

  // Somebody changes their mind, on the app's page.
  await button.dblclick();
  await expect(page).toHaveURL(/\/sign-in\?next=/);
  await page.goBack();
  await expect(button).toBeEnabled();
  await expect(alert).toHaveCount(0);

  // Chromium shows no message of a redirect that a test answers with, so the page of the app leads back.
  const answerWith = (query: (asked: URL) => Record<string, string>) =>
    page.route(/\/authorize\?/, (route) => {
      const asked = new URL(route.request().url());
      const answer = new URLSearchParams({ state: asked.searchParams.get("state") ?? "", ...query(asked) });
      return route.fulfill({
        contentType: "text/html",
        body: `<!doctype html><link rel=icon href=data:,><script>location.replace(${JSON.stringify(`${spa}/?${answer}`)})</script>`,
      });
    });
  const iss = server.origin;
  for (const [answer, words] of [
    [{ error: "access_denied", iss }, "You did not give this app access."],
    [{ error: "server_error", error_description: "It is broken.", iss }, "It is broken."],
    [{ code: "of-somebody-else", iss }, "This sign-in could not be finished. Please try again."],
    [{ code: "of-somebody-else", iss: "https://evil.example" }, "The answer is not one that this app can trust"],
    [{ code: "of-somebody-else", iss, state: "another" }, "This sign-in was started elsewhere, or took too long."],
  ] as [Record<string, string>, string][]) {
    await answerWith(() => answer);
    await button.click();
    await expect(alert, words).toContainText(words);
    expect(page.url()).toBe(`${spa}/`);
    await page.unrouteAll();
  }

  await signIn(page, person);
  await expect(notes(page)).toBeVisible();
  // Back to the page before, which is the app's for a moment, and forth again.
  await page.goBack();
  await page.goto(spa);
  await expect(notes(page)).toBeVisible();
});
