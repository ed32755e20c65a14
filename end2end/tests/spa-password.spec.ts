import { faultsOf } from "../support/checks.ts";
import { formCases } from "../support/spa-cases.ts";
import { enter, expect, row, test } from "../support/spa.ts";

// The variant that is not recommended: POST /api/v1/login, or a token that somebody pastes.
test.use({ mode: "password" });

formCases();

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
