import { cases, formCases } from "../support/spa-cases.ts";
import { Person, enter, expect, hold, test, typeSignIn, write } from "../support/spa.ts";

test.use({ mode: "proxy" });

cases();
formCases();

test("the cookie signs in, a reload stays in, and there is no token anywhere", async ({
  page,
  context,
  spa,
  person,
}) => {
  const calls: string[] = [];
  const authorized: (string | undefined)[] = [];
  page.on("request", async (request) => {
    calls.push(new URL(request.url()).origin);
    authorized.push((await request.allHeaders())["authorization"]);
  });
  await enter(page, spa, person);
  const cookie = (await context.cookies(spa)).find(({ name }) => !/(device|last-way)$/.test(name));
  expect(cookie).toMatchObject({ name: "session", httpOnly: true, sameSite: "Lax" });
  await page.reload();
  await expect(page.getByRole("heading", { name: "Notes", exact: true })).toBeVisible();
  expect(new Set(calls), "every call goes to the page's own origin").toEqual(new Set([spa]));
  expect(authorized.filter((header) => header !== undefined)).toEqual([]);
  expect(await page.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }, document.cookie]))).toBe(
    '[{},{},""]',
  );
});

test("“Keep me signed in” outlives the browser, and nothing else does", async ({ page, context, spa, person }) => {
  await enter(page, spa, person);
  expect(
    (await context.cookies(spa)).find(({ name }) => name === "session")?.expires,
    "until the browser is closed",
  ).toBe(-1);
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByText("You are signed out.")).toBeVisible();
  expect((await context.cookies(spa)).filter(({ name }) => !/(device|last-way)$/.test(name))).toEqual([]);
  await page.getByLabel("Keep me signed in").check();
  await typeSignIn(page, person);
  await expect(page.getByRole("heading", { name: "Notes", exact: true })).toBeVisible();
  expect((await context.cookies(spa)).find(({ name }) => name === "session")?.expires).toBeGreaterThan(
    Date.now() / 1000 + 24 * 60 * 60,
  );
});

test("signing out in another tab is noticed, and the draft stays", async ({ page, context, spa, person }) => {
  await enter(page, spa, person);
  await write(page, "Unfinished", "in the middle of a");
  const other = await context.newPage();
  await other.goto(spa);
  await other.getByRole("button", { name: "Sign out" }).click();
  await expect(other.getByText("You are signed out.")).toBeVisible();

  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("alert")).toContainText("You are no longer signed in");
  await expect(page.getByRole("alert")).toContainText("Your unsaved text is still here");
  await typeSignIn(page, person);
  await expect(page.getByLabel("Body")).toHaveValue("in the middle of a");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Saved.", { exact: true })).toBeVisible();
  expect(await person.titles()).toEqual(["Unfinished"]);
});

test("a sign-in that ended by itself is told, and the draft stays", async ({ page, spa, server, person }) => {
  await enter(page, spa, person);
  await write(page, "Long-winded", "a whole evening");
  server.expire("browser_sessions");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("alert")).toContainText("You are no longer signed in");
  await typeSignIn(page, person);
  await expect(page.getByLabel("Body")).toHaveValue("a whole evening");
});

test("whoever signs in in another tab is who this tab shows, without the draft of the one before", async ({
  page,
  context,
  spa,
  server,
  person,
}) => {
  const other = await Person.signUp(server.origin);
  await other.write("Of the other person");
  await enter(page, spa, person);
  await write(page, "Private", "to one person");
  const tab = await context.newPage();
  await tab.goto(spa);
  await tab.getByRole("button", { name: "Sign out" }).click();
  await typeSignIn(tab, other);
  await expect(tab.getByText("Of the other person")).toBeVisible();

  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await expect(page.getByText("Of the other person")).toBeVisible();
  await expect(page.getByLabel("Body")).toHaveCount(0);
  await other.leave();
});

test("who is signed in is asked for as long as the person wants to wait", async ({ page, spa, person }) => {
  await enter(page, spa, person);
  const letGo = await hold(page, "GET", /\/me$/);
  await page.reload();
  await page.getByRole("button", { name: "Stop waiting" }).click();
  await expect(page.getByRole("alert")).toHaveText("You stopped waiting for the server.");
  await letGo();
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("heading", { name: "Notes", exact: true })).toBeVisible();
});

test("a page on another origin gets nothing through the proxy", async ({ page, context, spa, person, newOrigin }) => {
  await enter(page, spa, person);
  // Another port is the same site, so the browser sends the cookie. The server sees that it is another origin.
  const origin = await newOrigin();
  const elsewhere = await context.newPage();
  await elsewhere.goto(origin);
  const wire = await context.newCDPSession(elsewhere);
  const cookies: string[] = [];
  const statuses: number[] = [];
  wire.on("Network.requestWillBeSentExtraInfo", ({ headers }) =>
    cookies.push(headers["Cookie"] ?? headers["cookie"] ?? ""),
  );
  wire.on("Network.responseReceivedExtraInfo", ({ statusCode }) => statuses.push(statusCode));
  await wire.send("Network.enable");
  const isReadable = await elsewhere.evaluate(async (url) => {
    const forged = {
      method: "POST",
      credentials: "include",
      body: JSON.stringify({ title: "Forged", body: "" }),
    } as const;
    const tries = [
      fetch(url, { ...forged, mode: "no-cors" }),
      fetch(url, forged),
      fetch(url, { credentials: "include" }),
    ];
    return (await Promise.allSettled(tries)).map(({ status }) => status === "fulfilled");
  }, `${spa}/session/v1/notes`);
  expect(isReadable).toEqual([false, false, false]);
  expect(statuses).toEqual([403, 403, 403]);
  for (const cookie of cookies) expect(cookie, "the browser sent it").toContain("session=");

  const answer = await page.request.get(`${spa}/session/v1/notes`, { headers: { Origin: origin } });
  expect(answer.headers(), "the proxy adds no CORS of its own").not.toHaveProperty("access-control-allow-origin");
  expect(await person.titles()).toEqual([]);
});
