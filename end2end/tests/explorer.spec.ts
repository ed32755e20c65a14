import { execFileSync } from "node:child_process";
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
  const [send, token] = [login.getByRole("button", { name: "Send" }), page.getByLabel("Your token")];
  await send.click();
  await expect(login.getByText("The next calls use this token.")).toBeVisible();
  await expect(token).toHaveValue(/^vst_/);
  const first = await token.inputValue();

  // A token that is in use is replaced only if the visitor says so.
  await send.click();
  const use = login.getByRole("button", { name: "Use this token for the next calls" });
  await expect(use).toBeVisible();
  await expect(token).toHaveValue(first);
  await use.click();
  await expect(token).not.toHaveValue(first);
});

test("each call is written in three languages, and the keyboard changes them", async ({ page }) => {
  await page.goto("/api/docs");
  const asSent = await page.evaluate(async () => {
    // Trusted Types let no `DOMParser` read a page with scripts.
    const sent = await new Promise<Document>((resolve) => {
      const request = new XMLHttpRequest();
      request.open("GET", location.href);
      request.responseType = "document";
      request.onload = () => resolve(request.responseXML!);
      request.send();
    });
    const code = (of: Document) => [...of.querySelectorAll(".snippet code")].map(({ textContent }) => textContent);
    return { sent: code(sent), now: code(document) };
  });
  expect(asSent.now, "the script writes curl as the server does").toEqual(asSent.sent);

  const write = page.getByRole("article", { name: "Create a note" });
  await write.getByRole("radio", { name: "curl" }).focus();
  await page.keyboard.press("ArrowRight");
  await expect(write.locator(".snippet code")).toContainText("await fetch(");
  await page.keyboard.press("ArrowRight");
  await expect(write.locator(".snippet code")).toContainText("requests.post(");
  const list = page.getByRole("article", { name: "List notes", exact: true });
  await expect(list.getByRole("radio", { name: "Python" }), "for all calls").toBeChecked();
  await expect(list.locator(".snippet code")).toContainText("requests.get(");
});

test("the code does what the form would, and has the token only if asked", async ({ page }) => {
  await signUp(page);
  const token = await makeToken(page, "code");
  await page.goto("/api/docs");
  const write = page.getByRole("article", { name: "Create a note" });
  const code = write.locator(".snippet code");
  const written = async (language: string) => {
    await write.getByRole("radio", { name: language }).check();
    return (await code.textContent())!;
  };
  await write.getByText("Try it").click();
  await page.getByLabel("Your token").fill(token);
  const note = { title: `It's "typed" – 'so'`, body: "$HOME `id` \\n \\\\ ${1}\n{}" };
  await write.getByLabel("Body", { exact: true }).fill(JSON.stringify(note, null, 2));

  const curl = await written("curl");
  const answer = execFileSync("bash", ["-c", curl], { env: { ...process.env, TOKEN: token }, stdio: "pipe" });
  expect(JSON.parse(answer.toString())).toMatchObject(note);

  const javaScript = await written("fetch");
  const lines: unknown[][] = [];
  const run = new Function("token", "console", `return (async () => { ${javaScript} })()`);
  await run(token, { log: (...line: unknown[]) => lines.push(line) });
  expect(lines[0]![0]).toBe(201);
  expect(JSON.parse(String(lines[0]![1]))).toMatchObject(note);

  const python = await written("Python");
  const double = `
import json, os, sys, types
requests = types.SimpleNamespace(post=lambda url, **given: (print(json.dumps([url, given])), sys.exit())[0])
sys.modules["requests"] = requests
`;
  const asked = execFileSync("python3", ["-c", double + python], { env: { ...process.env, TOKEN: token } });
  const headers = { Authorization: `Bearer ${token}` };
  expect(JSON.parse(asked.toString())).toEqual([`${APP}/api/v1/notes`, { headers, json: note }]);

  for (const text of [curl, javaScript, python]) expect(text).not.toContain(token);
  await page.getByLabel("Show the token in the examples").check();
  for (const language of ["curl", "fetch", "Python"]) expect(await written(language)).toContain(token);
});

test("a stream of events is shown until it is stopped", async ({ page }) => {
  await signUp(page);
  const token = await makeToken(page, "stream");
  await page.goto("/api/docs");
  const stream = page.locator("article:has(form[data-stream])").first();
  test.skip((await stream.count()) === 0, "no call answers with events");
  await page.getByLabel("Your token").fill(token);
  await stream.getByText("Try it").click();
  await stream.getByRole("button", { name: "Send" }).click();
  await expect(stream.getByText("200 OK")).toBeVisible();
  await stream.getByRole("button", { name: "Stop", exact: true }).click();
  await expect(stream.getByText("Stopped.")).toBeVisible();
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("it is a whole reference, and offers nothing that would not work", async ({ page }) => {
    await page.goto("/api/docs");
    await expect(page.getByRole("article", { name: "Create a note" })).toContainText("notes:write");
    await expect(page.getByText("Try it", { exact: true }).first()).toBeHidden();
    await expect(page.getByLabel("Your token")).toBeHidden();
    await expect(page.getByRole("radio").first()).toBeHidden();
    await expect(page.getByText("curl -X POST").first()).toBeVisible();
    await page.getByRole("navigation", { name: "Contents" }).getByRole("link", { name: "Problem codes" }).click();
    await expect(page.locator("#code-scope_missing")).toBeVisible();
  });
});
