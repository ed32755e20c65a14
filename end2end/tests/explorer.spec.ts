import { APP, expect, hydrated, makeToken, signUp, test } from "../support/fixtures.ts";

test("a pasted token tries the calls, and no cookie does", async ({ page }) => {
  await signUp(page);
  const token = await makeToken(page, "explorer");
  await page.goto("/api/docs");
  await hydrated(page);
  const requests: string[] = [];
  page.on("request", (request) => requests.push(request.url()));

  const write = page.getByRole("article", { name: "Create a note" });
  await write.getByText("Try it").click();
  await page.getByLabel("Your token").fill(token);
  await write.getByLabel("Body", { exact: true }).fill('{"title": "From the explorer", "body": "<b>As text</b>"}');
  const sent = page.waitForRequest(`${APP}/api/v1/notes`);
  await write.getByRole("button", { name: "Send" }).click();
  await expect(write.getByText("201 Created")).toBeVisible();
  expect(await (await sent).allHeaders()).not.toHaveProperty("cookie");
  await expect(write.getByRole("status")).toContainText("<b>As text</b>");
  await expect(write.getByRole("status")).toContainText(/Request [0-9a-f]{32}/);

  const list = page.getByRole("article", { name: "List notes", exact: true });
  await list.getByText("Try it").click();
  await list.getByLabel("limit").fill("1");
  await list.getByRole("button", { name: "Send" }).click();
  await expect(list.getByRole("status")).toContainText("From the explorer");
  await list.getByText("Headers").click();
  await expect(list.getByRole("status")).toContainText("x-request-id:");

  const id = /"id": "([0-9a-f-]{36})"/.exec(await write.getByRole("status").innerText())![1]!;
  const remove = page.getByRole("article", { name: "Delete a note" });
  await remove.getByText("Try it").click();
  await remove.getByLabel("id").fill(id);
  await remove.getByRole("button", { name: "Send" }).click();
  await expect(remove.getByText("204 No Content")).toBeVisible();

  expect(
    requests.every((url) => url.startsWith(`${APP}/`)),
    "nobody else is asked",
  ).toBe(true);
  expect(
    requests.some((url) => url.includes(token)),
    "the token is in no URL",
  ).toBe(false);
  await page.reload();
  await expect(page.getByLabel("Your token")).toHaveValue("");
});

test.describe("what goes wrong", () => {
  test.use({ expected: /status of 401|ERR_FAILED/ });

  test("is shown, and can be tried again", async ({ page }) => {
    await page.goto("/api/docs");
    const me = page.getByRole("article", { name: "Get the signed-in account" });
    await me.getByText("Try it").click();
    const send = me.getByRole("button", { name: "Send" });
    await send.focus();
    await page.keyboard.press("Enter");
    await expect(me.getByRole("status")).toContainText("token_missing");

    await page.route(`${APP}/api/v1/me`, (route) => route.abort());
    await send.click();
    await expect(me.getByRole("status")).toContainText("the server cannot be reached");
    await page.unroute(`${APP}/api/v1/me`);
    await send.click();
    await expect(me.getByText("401 Unauthorized")).toBeVisible();
  });
});

test("a token that a login answers with can be used at once", async ({ page }) => {
  const person = await signUp(page);
  await page.goto("/api/docs");
  const login = page.locator("#login");
  await login.getByText("Try it").click();
  await login
    .getByLabel("Body", { exact: true })
    .fill(JSON.stringify({ email: person.email, password: person.password }));
  await login.getByRole("button", { name: "Send" }).click();
  await login.getByRole("button", { name: "Use this token for the next calls" }).click();
  await expect(page.getByLabel("Your token")).toHaveValue(/^vst_/);
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("it is a whole reference, and offers nothing that would not work", async ({ page }) => {
    await page.goto("/api/docs");
    await expect(page.getByRole("article", { name: "Create a note" })).toContainText("notes:write");
    await expect(page.getByText("Try it", { exact: true }).first()).toBeHidden();
    await expect(page.getByLabel("Your token")).toBeHidden();
    await page.getByRole("navigation", { name: "Contents" }).getByRole("link", { name: "Problem codes" }).click();
    await expect(page.locator("#code-scope_missing")).toBeVisible();
  });
});
