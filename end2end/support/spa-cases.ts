import { faultsOf } from "./checks.ts";
import { either } from "./fixtures.ts";
import { code } from "./totp.ts";
import { editor, enter, expect, hold, row, signIn, test, typeSignIn, write } from "./spa.ts";

// Chromium logs every refusal, and every call that is not answered.
const REFUSED = /status of (401|403|404|412|422|429) |status of 400 .*\/oauth\/token/;
/** While the server is down, the proxy answers with 502. Without a proxy the connection is refused. */
const DOWN = /status of 502 .*\/notes|net::ERR_CONNECTION_REFUSED .*\/notes/;
const LOST = /net::ERR_FAILED .*\/notes/;
const OFFLINE = /net::ERR_INTERNET_DISCONNECTED/;

/** The tests that every variant with a sign-in form of its own passes. */
export function formCases(): void {
  test.use({ expected: REFUSED });

  test("an account with an authenticator app asks for its code", async ({ page, spa, person }) => {
    const secret = await person.turnOnTotp();
    await page.goto(spa);
    await typeSignIn(page, person);
    // The step of the first code is used up; the next one counts as well.
    await page.getByLabel("Code").fill(code(secret, 1));
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await expect(page.getByRole("heading", { name: "Notes", exact: true })).toBeVisible();
  });

  test("a wrong password is told, and too many are counted down", async ({ page, spa, person }) => {
    // The page's clock stands still, so that nothing is counted down while the test looks.
    await page.clock.install();
    await page.clock.pauseAt(Date.now() + 60_000);
    await page.goto(spa);
    await typeSignIn(page, person, "not this one");
    await expect(page.getByRole("alert")).toHaveText("The email address or the password is wrong.");
    // Each further wrong password doubles the wait, until even a slow machine asks again within it.
    let seconds = 0;
    await expect(async () => {
      const answered = page.waitForResponse((response) => response.url().endsWith("/login"));
      await page.getByRole("button", { name: "Sign in", exact: true }).click();
      seconds = Number(await (await answered).headerValue("retry-after"));
      expect(seconds).toBeGreaterThan(1);
    }).toPass();
    await expect(page.getByRole("alert")).toHaveText("Too many requests.");
    const retry = page.getByRole("button", { name: /^Try again/ });
    for (let left = seconds; left > 0; left--) {
      await expect(retry).toHaveText(`Try again in ${left} s`);
      await expect(retry).toBeDisabled();
      await page.clock.runFor(1_000);
    }
    await expect(retry).toHaveText("Try again");
    await page.getByLabel("Password").fill(person.password);
    // The page's clock was ahead of the server's, which may tell it to wait again.
    await page.clock.resume();
    await expect(async () => {
      if (await retry.isVisible()) await retry.click();
      await expect(page.getByRole("heading", { name: "Notes", exact: true })).toBeVisible({ timeout: 2_000 });
    }).toPass();
  });
}

/** The tests that both solutions of the SPA pass. */
export function cases(): void {
  test.use({ expected: REFUSED, trace: "retain-on-failure" });
  // A busy machine takes seconds to stop and start a server.
  test.describe.configure({ timeout: 60_000 });

  test("somebody signs in, writes, edits, deletes and signs out", async ({ page, spa, person }) => {
    await enter(page, spa, person);
    await expect(page.getByText("No notes yet.")).toBeVisible();

    await write(page, "Groceries", "Oat milk");
    await page.getByRole("button", { name: "Save" }).dblclick();
    await expect(page.getByText("Saved.", { exact: true })).toBeVisible();
    await expect(row(page, "Groceries")).toHaveCount(1);
    await page.getByLabel("Title").fill("Groceries for Friday");
    await page.getByRole("button", { name: "Save" }).click();
    await expect(page.getByText("Saved.", { exact: true })).toBeVisible();
    await expect(row(page, "Groceries for Friday")).toBeVisible();
    expect(await person.titles()).toEqual(["Groceries for Friday"]);

    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await expect(page.getByText("Deleted “Groceries for Friday”.")).toBeVisible();
    await expect.poll(() => person.titles()).toEqual([]);

    await page.getByRole("button", { name: "Sign out" }).click();
    await expect(page.getByText(/You are signed out/)).toBeVisible();
    await page.reload();
    await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  });

  test("a note that was changed elsewhere is not overwritten unseen", async ({ page, spa, person }) => {
    const id = await person.write("Plan", "A");
    await enter(page, spa, person);
    await row(page, "Plan").getByRole("button").click();
    await page.getByLabel("Body").fill("B, typed here");
    await person.change(id, { body: "C, from elsewhere" });
    await page.getByRole("button", { name: "Save" }).click();
    await expect(page.getByRole("heading", { name: "Changed elsewhere" })).toBeVisible();
    await expect(page.getByLabel("The newer version")).toContainText("C, from elsewhere");
    await expect(page.getByLabel("Body"), "nothing is lost").toHaveValue("B, typed here");
    await page.getByRole("button", { name: "Keep editing" }).click();
    await page.getByRole("button", { name: "Save" }).click();
    await expect(page.getByText("Saved.", { exact: true })).toBeVisible();

    await person.change(id, { body: "D, from elsewhere" });
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await page.getByRole("button", { name: "Load the newer version" }).click();
    await expect(page.getByLabel("Body")).toHaveValue("D, from elsewhere");
    await expect(row(page, "Plan")).toBeVisible();
  });

  test("a note that was deleted elsewhere can be saved as a new one", async ({ page, spa, person }) => {
    const id = await person.write("Fleeting");
    await enter(page, spa, person);
    await row(page, "Fleeting").getByRole("button").click();
    await page.getByLabel("Body").fill("worth keeping");
    await person.remove(id);
    await page.getByRole("button", { name: "Save" }).click();
    await expect(page.getByText("This note was deleted elsewhere. Your text is still here.")).toBeVisible();
    await page.getByRole("button", { name: "Make it a new note" }).click();
    await page.getByRole("button", { name: "Save" }).click();
    await expect(page.getByText("Saved.", { exact: true })).toBeVisible();
    expect(await person.titles()).toEqual(["Fleeting"]);
  });

  test("a slow server is told of after a moment, and nobody has to wait for it", async ({
    page,
    spa,
    mode,
    person,
  }) => {
    await person.write("Slow");
    await page.goto(spa);
    const isForm = mode !== "token";
    let letGo = await hold(page, isForm ? "POST" : "GET", isForm ? /\/login$/ : /\/oauth-authorization-server$/);
    await signIn(page, person);
    await expect(page.getByText("Still waiting for the server…")).toBeVisible();
    await page.getByRole("button", { name: "Stop waiting" }).click();
    await expect(page.getByRole("alert")).toHaveText("You stopped waiting for the server.");
    await letGo();
    letGo = await hold(page, "GET", /\/notes$/);
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByRole("button", { name: "Stop waiting" }).click();
    await expect(page.getByRole("alert")).toHaveText("You stopped waiting for the server.");
    await letGo();
    await page.getByRole("button", { name: "Try again" }).click();
    await row(page, "Slow").getByRole("button").click();

    await page.getByLabel("Body").fill("but sure");
    letGo = await hold(page, "PATCH", /\/notes\//);
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("button", { name: "Stop waiting" }).click();
    await expect(editor(page).getByText("It is safe to try again.")).toBeVisible();
    await letGo();
    await editor(page).getByRole("button", { name: "Try again" }).click();
    await expect(page.getByText("Saved.", { exact: true })).toBeVisible();
  });

  test("what the server does not take stands beside its field", async ({ page, spa, person }) => {
    await enter(page, spa, person);
    await write(page, " ", "A body, and no title.");
    await page.getByRole("button", { name: "Save" }).click();
    await expect(page.getByLabel("Title")).toHaveAttribute("aria-invalid", "true");
    await expect(page.getByLabel("Title")).toBeFocused();
    await expect(page.getByLabel("Body")).toHaveValue("A body, and no title.");
    await page.getByLabel("Title").fill("Now with one");
    await page.getByRole("button", { name: "Save" }).click();
    await expect(page.getByText("Saved.", { exact: true })).toBeVisible();
  });

  test("leaving with unsaved text asks first", async ({ page, spa, person }) => {
    await person.write("Other");
    await enter(page, spa, person);
    await write(page, "Half", "a thought");
    await row(page, "Other").getByRole("button").click();
    const question = page.getByRole("dialog");
    await expect(question).toContainText("Leave without saving?");
    await page.keyboard.press("Escape");
    await expect(page.getByLabel("Body")).toHaveValue("a thought");
    await page.getByRole("button", { name: "Sign out" }).click();
    await question.getByRole("button", { name: "Stay here" }).click();
    await expect(page.getByLabel("Body")).toHaveValue("a thought");
    await page.getByRole("button", { name: "Close" }).click();
    await question.getByRole("button", { name: "Discard changes" }).click();
    await expect(page.getByText("Choose a note, or write a new one.")).toBeVisible();
  });

  test.describe("while the server is down", () => {
    test.use({ expected: either(REFUSED, DOWN) });

    test("a server that is gone is noticed, and what was typed waits for it", async ({ page, spa, server, person }) => {
      await person.write("Kept");
      await enter(page, spa, person);
      await write(page, "Written in the dark", "Every word of it.");
      await server.stop();
      await page.getByRole("button", { name: "Save" }).click();
      await expect(editor(page).getByRole("alert")).toHaveText(/server (does not answer|cannot be reached)/);
      await expect(row(page, "Written in the dark"), "the list is as it was").toHaveCount(0);
      await expect(page.getByLabel("Body")).toHaveValue("Every word of it.");

      await page.getByLabel("Search notes").fill("Kept");
      const list = page.getByRole("region", { name: "Notes" });
      await expect(list.getByRole("alert")).toHaveText(/server (does not answer|cannot be reached)/);

      await server.start();
      await list.getByRole("button", { name: "Try again" }).click();
      await expect(row(page, "Kept")).toBeVisible();
      await editor(page).getByRole("button", { name: "Try again" }).click();
      await expect(page.getByText("Saved.", { exact: true })).toBeVisible();
      expect(await person.titles()).toEqual(["Written in the dark", "Kept"]);
    });

    test("what is saved shows at once, and is taken back where it does not arrive", async ({
      page,
      spa,
      server,
      person,
    }) => {
      await person.write("First title", "First body");
      await enter(page, spa, person);
      await row(page, "First title").getByRole("button").click();
      await page.getByLabel("Title").fill("Second title");
      const letGo = await hold(page, "PATCH", /\/notes\//);
      await page.getByRole("button", { name: "Save" }).click();
      await expect(row(page, "Second title").getByText("Saving…")).toBeVisible();

      // The editor can be closed while the note is being saved.
      await page.getByRole("button", { name: "Close" }).click();
      await expect(page.getByText("Choose a note, or write a new one.")).toBeVisible();
      await server.stop();
      await letGo();
      await expect(row(page, "First title"), "the list is as it was").toBeVisible();
      await expect(page.getByLabel("Title"), "the editor is open again").toHaveValue("Second title");
      await expect(editor(page).getByRole("alert")).toBeVisible();
      await server.start();
      await editor(page).getByRole("button", { name: "Try again" }).click();
      await expect(row(page, "Second title")).toBeVisible();
      await expect.poll(() => person.titles()).toEqual(["Second title"]);
    });

    test("a new note shows at once; one that does not arrive comes back beside what is written next", async ({
      page,
      spa,
      server,
      person,
    }) => {
      await enter(page, spa, person);
      await write(page, "The first", "One");
      const letGo = await hold(page, "POST", /\/notes$/);
      await page.getByRole("button", { name: "Save" }).click();
      await expect(row(page, "The first").getByText("Saving…")).toBeVisible();
      await write(page, "The second", "Two");
      await server.stop();
      await letGo();
      await expect(page.getByRole("alert").filter({ hasText: "“The first” was not saved." })).toBeVisible();
      await expect(row(page, "The first")).toHaveCount(0);
      await expect(page.getByLabel("Body"), "nobody takes the second away").toHaveValue("Two");

      await server.start();
      await page.getByRole("button", { name: "Save" }).click();
      await expect(page.getByText("Saved.", { exact: true })).toBeVisible();
      await page.getByRole("button", { name: "Open it" }).click();
      await expect(page.getByLabel("Body")).toHaveValue("One");
      await page.getByRole("button", { name: "Save" }).click();
      await expect(page.getByText("Saved.", { exact: true })).toBeVisible();
      expect(await person.titles()).toEqual(["The first", "The second"]);
    });

    test("a deleted note goes at once, and comes back where that does not arrive", async ({
      page,
      spa,
      server,
      person,
    }) => {
      await person.write("Wanted", "still");
      await enter(page, spa, person);
      await row(page, "Wanted").getByRole("button").click();
      await page.getByLabel("Body").fill("still, and changed");
      const letGo = await hold(page, "DELETE", /\/notes\//);
      await page.getByRole("button", { name: "Delete" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
      await expect(row(page, "Wanted")).toHaveCount(0);
      await expect(page.getByRole("heading", { name: "Notes", exact: true })).toBeFocused();
      await server.stop();
      await letGo();
      await expect(row(page, "Wanted")).toBeVisible();
      await expect(page.getByLabel("Body"), "what was typed comes back as well").toHaveValue("still, and changed");
      await expect(editor(page).getByText("The note is back in the list.")).toBeVisible();
      await server.start();
      expect(await person.titles()).toEqual(["Wanted"]);
    });
  });

  test.describe("where an answer is lost", () => {
    test.use({ expected: either(REFUSED, LOST) });

    test("a save whose answer got lost is not taken for somebody else's", async ({ page, spa, person }) => {
      await person.write("Answered");
      await enter(page, spa, person);
      await row(page, "Answered").getByRole("button").click();
      await page.getByLabel("Body").fill("at the second try");
      const lose = (url: URL) => /\/notes\//.test(url.pathname);
      await page.route(lose, async (route) => {
        if (route.request().method() !== "PATCH") return route.fallback();
        await route.fetch();
        await route.abort();
      });
      await page.getByRole("button", { name: "Save" }).click();
      await expect(editor(page).getByRole("alert")).toBeVisible();
      await page.unroute(lose);
      await editor(page).getByRole("button", { name: "Try again" }).click();
      await expect(page.getByText("Saved.", { exact: true })).toBeVisible();
      await expect(page.getByRole("heading", { name: "Changed elsewhere" })).toHaveCount(0);
    });

    test("a new note whose answer got lost is made once, however often it is tried", async ({ page, spa, person }) => {
      await enter(page, spa, person);
      await write(page, "Once", "and for all");
      const lose = (url: URL) => /\/notes$/.test(url.pathname);
      await page.route(lose, async (route) => {
        if (route.request().method() !== "POST") return route.fallback();
        await route.fetch();
        await route.abort();
      });
      await page.getByRole("button", { name: "Save" }).click();
      await expect(editor(page).getByText("It is safe to try again.")).toBeVisible();
      await page.unroute(lose);
      await editor(page).getByRole("button", { name: "Try again" }).click();
      await expect(page.getByText("Saved.", { exact: true })).toBeVisible();
      expect(await person.titles()).toEqual(["Once"]);
    });
  });

  test.describe("without a network", () => {
    test.use({ expected: either(REFUSED, OFFLINE) });

    test("being offline is told, and over by itself", async ({ page, context, spa, person }) => {
      await enter(page, spa, person);
      await write(page, "Offline", "and typed on");
      await context.setOffline(true);
      await expect(page.getByText(/^You are offline\. You can keep/)).toBeVisible();
      await page.getByRole("button", { name: "Save" }).click();
      await expect(editor(page).getByRole("alert")).toBeVisible();
      await expect(page.getByLabel("Body")).toHaveValue("and typed on");
      const elsewhere = await person.write("From elsewhere");
      expect(elsewhere).not.toBe("");
      await context.setOffline(false);
      await expect(page.getByText(/^You are offline\. You can keep/)).toHaveCount(0);
      await expect(row(page, "From elsewhere"), "the list catches up").toBeVisible();
      await editor(page).getByRole("button", { name: "Try again" }).click();
      await expect(page.getByText("Saved.", { exact: true })).toBeVisible();
    });
  });

  test.describe("for everybody", () => {
    // Colours are checked as they are once every transition has ended.
    test.use({ contextOptions: { reducedMotion: "reduce" }, expected: either(REFUSED, DOWN) });
    test.describe.configure({ timeout: 180_000 });

    test("axe finds nothing, and nothing is too small, too wide or out of reach", async ({
      page,
      spa,
      mode,
      server,
      person,
    }) => {
      const faults: string[] = [];
      const look = async (state: string) => faults.push(...(await faultsOf(page)).map((fault) => `${state}, ${fault}`));
      await page.goto(spa);
      await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
      await look("signing in");
      if (mode === "token") await page.goto(`${spa}/?error=access_denied&state=unknown`);
      else await typeSignIn(page, person, "not this one");
      await expect(page.getByRole("alert")).toBeVisible();
      await look("refused");
      // Checking the page took longer than the second that a wrong password costs.
      await signIn(page, person);
      await expect(page.getByText("No notes yet.")).toBeVisible();
      await look("no notes");

      const id = await person.write("Groceries", "Oat milk, rye bread, lemons.");
      await person.write("An address that does not break by itself", "https://example.org/" + "long-path".repeat(9));
      // Coming back to the page shows what has changed in the meantime.
      await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
      await row(page, "Groceries").getByRole("button").click();
      await expect(page.getByRole("heading", { name: "Edit note" })).toBeVisible();
      await look("editing");
      await person.change(id, { body: "Changed." });
      await page.getByLabel("Body").fill("Changed here.");
      await page.getByRole("button", { name: "Save" }).click();
      await expect(page.getByRole("heading", { name: "Changed elsewhere" })).toBeVisible();
      await look("a conflict");
      await server.stop();
      await page.getByRole("button", { name: "Keep editing" }).click();
      await page.getByRole("button", { name: "Save" }).click();
      await expect(editor(page).getByRole("alert")).toBeVisible();
      await look("no answer");
      await page.getByRole("button", { name: "Delete" }).click();
      await expect(page.getByRole("dialog")).toBeVisible();
      await look("a question");
      expect(faults).toEqual([]);
    });
  });
}
