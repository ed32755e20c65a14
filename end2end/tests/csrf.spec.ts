import { APP, SPA, expect, hydrated, signIn, signUp, test } from "../support/fixtures.ts";

// Each refusal is a failed request in the console of the page that made it.
test.use({ expected: /status of 40[13]|blocked by CORS policy|ERR_FAILED/ });

test("a page on another origin cannot use the visitor's cookie", async ({ page, context }) => {
  await signUp(page);
  await hydrated(page);
  await page.getByLabel("Title").fill("Untouched");
  await page.getByRole("button", { name: "Add note" }).click();
  await expect(page.getByRole("link", { name: "Untouched" })).toBeVisible();

  // The other origin is the same site, so SameSite=Lax lets the cookie through. Only the same-origin guard refuses it.
  const elsewhere = await context.newPage();
  await elsewhere.goto(SPA);
  // The statuses that the server answered with, which the page cannot read. They arrive late and in any order.
  const statuses = new Map<string, number>();
  const wire = await context.newCDPSession(elsewhere);
  const asked = new Set<string>();
  wire.on("Network.requestWillBeSent", ({ requestId, request }) => {
    if (request.url.startsWith(APP)) asked.add(requestId);
  });
  wire.on("Network.responseReceivedExtraInfo", ({ requestId, statusCode }) => statuses.set(requestId, statusCode));
  await wire.send("Network.enable");
  const fetched = await elsewhere.evaluate(async (app) => {
    const tries = [
      ["/session/v1/notes", "text/plain", JSON.stringify({ title: "Forged", body: "" })],
      ["/fn/notes/create", "application/x-www-form-urlencoded", "draft[title]=Forged&draft[body]="],
      ["/notes", "application/x-www-form-urlencoded", "title=Forged&body="],
    ] as const;
    const readable: boolean[] = [];
    for (const [path, type, body] of tries) {
      const request = { method: "POST", credentials: "include", headers: { "Content-Type": type }, body } as const;
      readable.push(
        await fetch(app + path, request).then(
          () => true,
          () => false,
        ),
      );
      readable.push(
        await fetch(app + path, { ...request, mode: "no-cors" }).then(
          () => true,
          () => false,
        ),
      );
    }
    return readable;
  }, APP);
  expect(fetched, "the page cannot read the answers").toEqual([false, false, false, false, false, false]);
  const answers = () => [...asked].map((id) => statuses.get(id));
  await expect.poll(answers, "the requests arrived, and were refused").toEqual([403, 403, 403, 403, 403, 403]);

  const form = await context.newPage();
  await form.goto(
    "data:text/html,<form method=post action='" +
      APP +
      "/notes'><input name=title value=Forged><input name=body><button>Go</button></form>",
  );
  const answered = form.waitForResponse((response) => response.url() === `${APP}/notes`);
  await form.getByRole("button", { name: "Go" }).click();
  expect((await answered).status()).toBe(403);
  await expect(form.getByRole("heading", { name: "Cross-origin request refused" })).toBeVisible();

  await page.reload();
  await expect(page.locator("ul.notes a")).toHaveText(["Untouched"]);
});

test("a form on the same site, another origin, is refused though the cookie comes along", async ({ page, context }) => {
  await signUp(page);
  const elsewhere = await context.newPage();
  await elsewhere.route(`${SPA}/attack`, (route) =>
    route.fulfill({
      contentType: "text/html",
      body: `<form method="post" action="${APP}/notes">
        <input name="title" value="Forged"><input name="body"><button>Go</button>
      </form>`,
    }),
  );
  await elsewhere.goto(`${SPA}/attack`);
  const request = elsewhere.waitForRequest(`${APP}/notes`);
  await elsewhere.getByRole("button", { name: "Go" }).click();
  expect((await (await request).allHeaders())["cookie"], "the browser sent the cookie").toContain("session=");
  expect((await (await request).response())?.status()).toBe(403);
  await page.reload();
  await expect(page.getByText("No notes yet.")).toBeVisible();
});

test("revoking a sign-in signs that browser out at its next request", async ({ page, browser, quiet }) => {
  const person = await signUp(page);
  const context = await browser.newContext();
  const other = await context.newPage();
  quiet(other);
  await other.goto("/sign-in");
  await signIn(other, person);

  await page.goto("/account");
  await page.getByRole("button", { name: /^Sign out… \w/ }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("button", { name: /^Sign out… \w/ })).toHaveCount(0);
  await other.goto("/notes");
  await expect(other).toHaveURL("/sign-in?next=%2Fnotes");
  expect(
    (await context.cookies()).map(({ name }) => name).sort(),
    "the session cookie is deleted",
  ).toEqual(["device", "last-way"]);
  await page.goto("/notes");
  await expect(page.getByRole("heading", { name: "Notes", exact: true })).toBeVisible();
  await context.close();
});

test("signing out leaves nothing in the cookie jar but that somebody has signed in here, and how", async ({ page, context }) => {
  await signUp(page);
  expect((await context.cookies(APP)).map((cookie) => cookie.name).sort()).toEqual(["device", "last-way", "session"]);
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page).toHaveURL("/");
  expect((await context.cookies(APP)).map((cookie) => cookie.name).sort()).toEqual(["device", "last-way"]);
});
