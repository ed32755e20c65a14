import { faultsOf } from "../support/checks.ts";
import { cases } from "../support/spa-cases.ts";
import type { Page } from "@playwright/test";
import { Person, editor, enter, expect, row, test, typeSignIn, write } from "../support/spa.ts";

test.use({ mode: "token" });

cases();

test("no cookie is involved", async ({ page, context, spa, person }) => {
  const sent: (string | undefined)[] = [];
  page.on("request", async (request) => sent.push((await request.allHeaders())["cookie"]));
  await enter(page, spa, person);
  await write(page, "Without", "");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Saved.", { exact: true })).toBeVisible();
  expect(await context.cookies()).toEqual([]);
  expect(sent.filter((cookie) => cookie !== undefined)).toEqual([]);
});

test("a reload forgets a token in memory, and keeps one in the tab, for this tab only", async ({
  page,
  context,
  spa,
  person,
}) => {
  await enter(page, spa, person);
  await expect(page.getByText(/in memory only/)).toBeVisible();
  expect(await page.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }]))).toBe("[{},{}]");
  await page.reload();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();

  await page.getByLabel("Keep for this tab").check();
  await page.getByLabel("E-mail").fill(person.email);
  await page.getByLabel("Password").fill(person.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page.getByText(/kept in this tab’s sessionStorage/)).toBeVisible();
  await page.reload();
  await expect(page.getByText(/kept in this tab’s sessionStorage/)).toBeVisible();
  const other = await context.newPage();
  await other.goto(spa);
  await expect(other.getByRole("heading", { name: "Sign in" })).toBeVisible();

  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByText("You are signed out, and the token is revoked.")).toBeVisible();
  expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
});

test("a token that was revoked elsewhere ends at the next call, and the draft stays", async ({ page, spa, person }) => {
  await enter(page, spa, person);
  await write(page, "Unfinished", "in the middle of a");
  await person.revokeTokens();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeFocused();
  await expect(page.getByRole("alert")).toContainText("This token was revoked.");
  await expect(page.getByRole("alert")).toContainText("Your unsaved text is still here");
  await signInAgain(page, person);
  await expect(page.getByLabel("Body")).toHaveValue("in the middle of a");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Saved.", { exact: true })).toBeVisible();
  expect(await person.titles()).toEqual(["Unfinished"]);
});

test("coming back to the tab is enough to notice that the token was revoked", async ({ page, spa, person }) => {
  await enter(page, spa, person);
  await person.revokeTokens();
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await expect(page.getByRole("alert")).toContainText("This token was revoked.");
});

test("somebody else's draft is not shown", async ({ page, spa, server, person }) => {
  const other = await Person.signUp(server.origin);
  await enter(page, spa, person);
  await write(page, "Private", "to one person");
  await person.revokeTokens();
  await page.getByRole("button", { name: "Save" }).click();
  await signInAgain(page, other);
  await expect(page.getByText("No notes yet.")).toBeVisible();
  await expect(page.getByText("Private")).toHaveCount(0);
  await expect(editor(page)).toHaveCount(0);
  await other.leave();
});

test("a token that expired is told, and the draft stays", async ({ page, spa, server, person }) => {
  await enter(page, spa, person);
  await write(page, "Long-winded", "a whole evening");
  server.expire("tokens");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("alert")).toContainText("This token has expired.");
  await signInAgain(page, person);
  await expect(page.getByLabel("Body")).toHaveValue("a whole evening");
});

test("the end of a token is announced, and noticed when it comes", async ({ page, spa, server, person }) => {
  await page.clock.install();
  await enter(page, spa, person);
  await expect(page.getByText("You will be signed out in a few minutes.")).toHaveCount(0);
  await page.clock.fastForward("11:56:00");
  await expect(page.getByText("You will be signed out in a few minutes.")).toBeVisible();
  server.expire("tokens");
  await page.clock.fastForward("00:05:00");
  await expect(page.getByRole("alert")).toContainText("This token has expired.");
});

test("a token that may only read says so, and one that may not even that can be changed for another", async ({
  page,
  spa,
  person,
}) => {
  await person.write("Look");
  const reading = await person.createToken("reader", "notes:read");
  const nothing = await person.createToken("nothing", "account:read");

  await page.goto(spa);
  await page.getByRole("button", { name: "Paste a token" }).click();
  await page.getByLabel("Access token").fill(` ${nothing} `);
  await page.getByRole("button", { name: "Use token" }).click();
  await expect(page.getByRole("alert")).toHaveText("The token of this call does not have the scope `notes:read`.");
  await page.getByRole("region", { name: "Notes" }).getByRole("button", { name: "Sign in another way" }).last().click();

  await page.getByRole("button", { name: "Paste a token" }).click();
  await page.getByLabel("Access token").fill(reading);
  await page.getByRole("button", { name: "Use token" }).click();
  await expect(page.getByText("Read only")).toBeVisible();
  await expect(page.getByRole("button", { name: "New note" })).toBeDisabled();
  await row(page, "Look").getByRole("button").click();
  await expect(page.getByRole("heading", { name: "Read note" })).toBeVisible();
  await expect(page.getByLabel("Title")).not.toBeEditable();
  expect(await faultsOf(page)).toEqual([]);

  await page.getByRole("button", { name: "Forget token" }).click();
  await expect(page.getByText("It is still valid on the server.")).toBeVisible();
});

test("a token that is none is refused, and stays in its field", async ({ page, spa, server }) => {
  await server.start();
  await page.goto(spa);
  await page.getByRole("button", { name: "Paste a token" }).click();
  expect(await faultsOf(page)).toEqual([]);
  const field = page.getByLabel("Access token");
  await field.fill("two words");
  await page.getByRole("button", { name: "Use token" }).click();
  await expect(field).toHaveAttribute("aria-invalid", "true");
  await field.fill("vst_00000000000000000000000000000000000000");
  await page.getByRole("button", { name: "Use token" }).click();
  await expect(page.getByRole("alert")).toHaveText(/This is not a token we issued/);
  await expect(field).toHaveValue("vst_00000000000000000000000000000000000000");
});

async function signInAgain(page: Page, person: Person): Promise<void> {
  await typeSignIn(page, person);
  await expect(page.getByRole("heading", { name: "Notes", exact: true })).toBeVisible();
}
