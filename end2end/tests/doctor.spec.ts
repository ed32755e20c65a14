import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "@playwright/test";
import { pasted } from "../support/clipboard.ts";
import { django, express, nginx, nginxServer, python, type LittleServer } from "../support/doctor-servers.ts";
import { freePort } from "../support/net.mjs";
import { APP, SPA, either, expect, test } from "../support/fixtures.ts";

// The doctor against servers that are wrong in one way each, from a page that is somebody else's. The line that it
// names is then put into the server, and nothing is wrong.

test.use({
  trace: "off",
  // What the doctor is about.
  expected: either(
    /has been blocked by CORS policy: /,
    /Failed to load resource: (net::ERR_(FAILED|CONNECTION_REFUSED)|the server responded)/,
  ),
  permissions: ["clipboard-read", "clipboard-write"],
});

interface Fields {
  readonly page: string;
  readonly call: string;
  readonly stack: string;
  readonly token?: boolean;
  readonly included?: boolean;
  readonly signIn?: string;
  readonly headers?: string;
  /** Paste all of the doctor, into a page whose policy lets it load no script. */
  readonly whole?: boolean;
}

/** Fills in the doctor's page, and pastes its line into the page at `at`. */
async function askDoctor(page: Page, at: string, fields: Fields): Promise<void> {
  await page.goto("/lab/doctor");
  await expect(page.locator("[data-doctor=root]")).toHaveAttribute("data-ready", "");
  await page.getByLabel("Your page", { exact: true }).fill(fields.page);
  await page.getByLabel("A call to your API that requires signing in").fill(fields.call);
  if (fields.token) await page.getByLabel("A token in Authorization").check();
  if (fields.included) await page.getByLabel("My calls set credentials: “include”").check();
  await page.getByLabel("What answers the call").selectOption({ label: fields.stack });
  await page.getByText("The sign-in, and headers").click();
  if (fields.signIn) {
    await page.getByLabel("The call that signs in").fill(fields.signIn);
    await page.getByLabel("Its body").fill('{"username": "test", "password": "test"}');
    if (fields.included) await page.getByLabel("The sign-in sets credentials: “include”").check();
  }
  if (fields.headers) await page.getByLabel("Headers that my calls set").fill(fields.headers);
  const snippet = await page.locator("[data-doctor=snippet]").innerText();
  expect(snippet.includes("\n"), "it is one line").toBe(false);
  if (fields.whole) {
    await page.getByRole("button", { name: "Copy the whole doctor" }).click();
    await expect(page.locator("#toasts")).toHaveText("Copied");
  }
  const text = fields.whole ? await pasted(page) : snippet;
  await page.goto(at);
  await page.evaluate(text);
}

const report = (page: Page) => page.locator("vestibule-doctor .doctor-report");
const line = (page: Page, stack: string) => report(page).locator(`:not(details) > .line[data-stack=${stack}] code`);

async function expectCause(page: Page, causes: string): Promise<void> {
  await expect(report(page).locator("h2")).toHaveAttribute("data-causes", causes);
  await expect(report(page).locator("h2")).toHaveAttribute("data-verdict", "cause");
}

/** Asks a server about a cookie, or a token. */
async function examine(page: Page, at: string, { origin }: LittleServer, stack: string, token = false): Promise<void> {
  const common = { page: at, call: `${origin}/me`, stack };
  await askDoctor(page, at, token ? { ...common, token } : { ...common, included: true, signIn: `${origin}/login` });
}

async function expectNothingWrong(page: Page): Promise<void> {
  await expect(report(page).locator("h2")).toHaveText("Nothing is wrong.");
}

test("Express allows every origin, and the page sends credentials", async ({ page, newOrigin }) => {
  const at = await newOrigin();
  const wrong = await express();
  await examine(page, at, wrong, "Express");
  await expectCause(page, "star");
  const named = await line(page, "express").innerText();
  expect(named).toBe(`app.use(cors({ origin: "${at}", credentials: true }));`);
  await wrong.stop();

  const right = await express({ LINE: named });
  await examine(page, at, right, "Express");
  await expectNothingWrong(page);
  // The same server, and a page that leaves the option out.
  const { origin } = right;
  await askDoctor(page, at, { page: at, call: `${origin}/me`, stack: "Express", signIn: `${origin}/login` });
  await expectCause(page, "credentials-not-set");
  await expect(line(page, "page")).toContainText('credentials: "include"');
  await right.stop();
});

test("Express sets a cookie for another domain, as behind a proxy", async ({ page, newOrigin, context }) => {
  const at = await newOrigin();
  const wrong = await express({
    LINE: `app.use(cors({ origin: "${at}", credentials: true }));`,
    DOMAIN: "internal.example",
  });
  await examine(page, at, wrong, "Vite");
  // A script sees neither Set-Cookie nor why it was dropped.
  await expect(report(page).locator("h2")).toHaveAttribute("data-verdict", "either");
  await expect(report(page).locator(".look").first()).toContainText("Set-Cookie in the answer to the sign-in");
  await report(page).getByLabel("Header lines").fill("Set-Cookie: sid=signed-in; Domain=internal.example; Path=/");
  await expectCause(page, "proxy");
  await expect(line(page, "vite")).toContainText('cookieDomainRewrite: ""');
  expect((await context.cookies()).map(({ name }) => name), "and the doctor leaves no cookie").toEqual([]);
  await wrong.stop();
});

test("Django allows the origin, but no credentials", async ({ page, newOrigin }) => {
  test.skip(python === null, "Django is not installed: scripts/setup test installs it");
  const at = await newOrigin();
  const wrong = await django(at);
  await examine(page, at, wrong, "Django");
  await expectCause(page, "credentials-not-allowed");
  const named = await line(page, "django").innerText();
  expect(named).toBe("CORS_ALLOW_CREDENTIALS = True");
  await wrong.stop();

  const right = await django(at, named);
  await examine(page, at, right, "Django");
  await expectNothingWrong(page);
  await right.stop();
});

test("nginx refuses the preflight of a call with a token", async ({ page, newOrigin }) => {
  test.skip(nginx === null, "nginx is not installed: scripts/setup test unpacks it, on Debian");
  const at = await newOrigin();
  const wrong = await nginxServer(at);
  await examine(page, at, wrong, "nginx", true);
  await expectCause(page, "preflight");
  const named = await line(page, "nginx").innerText();
  expect(named).toBe("if ($request_method = OPTIONS) { return 204; }");
  await wrong.stop();

  const right = await nginxServer(at, named);
  await examine(page, at, right, "nginx", true);
  await expectNothingWrong(page);
  await right.stop();
});

test("this server does not list the origin, or the page is by another name", async ({ page, newOrigin }) => {
  const at = await newOrigin();
  const call = `${APP}/api/v1/me`;
  await askDoctor(page, at, { page: at, call, stack: "Vestibule", token: true });
  await expectCause(page, "origin-not-allowed");
  await expect(line(page, "vestibule")).toHaveText(`allowed_origins = ["${at}"]`);

  const server = createServer((_, answer) => answer.setHeader("Content-Type", "text/html").end("<!doctype html>"));
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const { port } = server.address() as AddressInfo;
  await askDoctor(page, `http://127.0.0.1:${port}`, { page: `localhost:${port}`, call, stack: "Vite", token: true });
  await expectCause(page, "localhost");
  await expect(line(page, "vite")).toHaveText('server: { host: "localhost" }');
  server.close();
});

test("this server allows a page, but not each of its headers", async ({ page }) => {
  // The example SPA's policy lets it load no script of another origin.
  const setup = { page: SPA, call: `${APP}/api/v1/me`, stack: "Vestibule", token: true, whole: true };
  await askDoctor(page, SPA, { ...setup, headers: "X-Requested-With" });
  await expectCause(page, "header-not-allowed");
  await expect(line(page, "vestibule")).toHaveText("// remove x-requested-with from the call");
  await askDoctor(page, SPA, setup);
  await expectNothingWrong(page);
});

test("what was seen is taken along by a click, and by nothing else", async ({ page, newOrigin, context }) => {
  const asked: string[] = [];
  context.on("request", (request) => {
    if (request.url().startsWith(APP)) asked.push(`${request.method()} ${new URL(request.url()).pathname}`);
  });
  const at = await newOrigin();
  const api = await express();
  await examine(page, at, api, "Express");
  const own = asked.slice(asked.findIndex((line) => line.endsWith("/examine.js")));
  expect(own.every((line) => line.startsWith("GET /lab/doctor/")), own.join()).toBe(true);
  const link = page.locator("vestibule-doctor").getByRole("link", { name: "Show this on the doctor's page" });
  const href = (await link.getAttribute("href"))!;
  expect(href, "neither the body of the sign-in nor a cookie").not.toMatch(/password|signed-in/);
  const opened = context.waitForEvent("page");
  await link.press("Enter");
  const doctor = await opened;
  await expect(doctor.locator("[data-doctor=seen] h2")).toHaveText("“*” with credentials.");
  await doctor.close();

  // Whatever a link brings is text, and what is none of the doctor's is refused.
  const markup = "<img src=x onerror=alert(1)>";
  const seen = { page: markup, expected: at, call: `${api.origin}/me`, intent: "token", plain: "failed" };
  for (const [brought, shown] of [
    [JSON.stringify({ ...seen, page: at, twice: "<b>", stack: "<img src=x>" }), "The origin is not allowed."],
    [JSON.stringify(seen), "No answer arrives."],
    ["%", "This link holds no report of the doctor."],
    ['{"intent":{}}', "This link holds no report of the doctor."],
  ] as const) {
    await page.goto("about:blank");
    await page.goto(`/lab/doctor#seen=${brought === "%" ? brought : encodeURIComponent(brought)}`);
    await expect(page.locator("[data-doctor=seen]")).toContainText(shown);
    expect(await page.locator("[data-doctor=seen] :is(img, b)").count()).toBe(0);
  }
  await api.stop();
});

test("a tag in the page does the same", async ({ page }) => {
  await page.goto("/lab/doctor");
  const api = `http://localhost:${await freePort()}`;
  await page.getByLabel("Your page", { exact: true }).fill("localhost:5173");
  await expect(page.locator("[data-doctor=result]")).toBeHidden();
  await page.getByLabel("A call to your API that requires signing in").fill(`${api}/it's<me>`);
  await expect(page.locator("[data-doctor=open]")).toHaveAttribute("href", "http://localhost:5173");
  const tag = await page.locator("[data-doctor=tag]").innerText();
  const html = `<!doctype html>${tag}`;
  const server = createServer((_, answer) => answer.setHeader("Content-Type", "text/html").end(html));
  await new Promise<void>((ready) => server.listen(0, "localhost", ready));
  await page.goto(`http://localhost:${(server.address() as AddressInfo).port}`);
  await expect(report(page).locator("h2")).toHaveAttribute("data-causes", "unreachable origin-not-allowed");
  await expect(report(page)).toContainText(`${api}/it's%3Cme%3E`);
  server.close();
});

test.describe("without a script", () => {
  test.use({ javaScriptEnabled: false });

  test("the causes can be read", async ({ page }) => {
    await page.goto("/lab/doctor");
    await expect(page.getByText("The doctor needs JavaScript.")).toBeVisible();
    await expect(page.getByLabel("Your page", { exact: true })).toBeHidden();
    await page.getByText("A Secure cookie over http").click();
    await expect(page.getByText("SESSION_COOKIE_SECURE = not DEBUG")).toBeVisible();
  });
});


