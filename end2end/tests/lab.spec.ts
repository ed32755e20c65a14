import type { Page, Route } from "@playwright/test";
import { RESULTS, surprises, type Result } from "../lab.ts";
import { LAB_PORT } from "../origins.ts";
import { inChromium, type ThirdParty } from "../third-party.ts";
import { expect, test as base } from "./support.ts";

const test = base.extend<{ thirdParty: ThirdParty }>({
  thirdParty: ["allowed", { option: true }],
  context: async ({ thirdParty, launchOptions, headless, baseURL, javaScriptEnabled }, use) => {
    await inChromium(thirdParty, { ...launchOptions, headless, baseURL, javaScriptEnabled }, use);
  },
});

// A browser tells of every answer that it keeps from a page. That is what this page is about.
test.use({
  // It would take as long again to record every request.
  trace: "off",
  expected: /CORS policy|net::ERR_FAILED|status of 40[134]|frame-ancestors|Content Security Policy|Set-Cookie|cookie/i,
});

// Hundreds of requests in each, on whatever machine this is; how long they take is told, not judged.
test.slow();

const card = (page: Page, id: string) => page.locator(`#${id}`);

async function open(page: Page, path = "/lab"): Promise<void> {
  await page.goto(path);
  await expect(page.locator(".lab")).toHaveAttribute("data-ready", "");
}

async function runAll(page: Page): Promise<readonly Result[]> {
  await page.getByRole("button", { name: /^Run all/ }).click();
  await expect(page.locator(".lab")).toHaveAttribute("data-ran", /./, { timeout: 60_000 });
  return (await page.evaluate(`(() => { ${RESULTS} })()`)) as Result[];
}

test("every experiment comes out as its record says", async ({ page }) => {
  await open(page);
  const results = await runAll(page);
  console.log(await page.locator("[data-lab=status]").innerText());
  expect(results.length).toBeGreaterThanOrEqual(25);
  for (const { record, observed } of results) {
    for (const what of ["reached", "sent", "stored", "read", "site"]) expect(observed, record.id).toHaveProperty(what);
  }
  expect(surprises(results, "chromium")).toEqual([]);
  await expect(page.locator("[data-lab=progress]")).toBeHidden();
});

test("what the Lab calls stored is in the browser's own jar, and nothing is left in it", async ({ page, context }) => {
  await open(page);
  const jars: Record<string, string[]> = {};
  const kept: Record<string, string> = {};
  const look = async (id: string) => {
    (jars[id] ??= []).push(...(await context.cookies()).map(({ value }) => value));
  };
  // The peer and the house each take back what they have set, at the same time: the jar is looked into before either does.
  await page.route("**/lab/clean/**", async (route: Route) => {
    if (route.request().method() !== "OPTIONS") await look(new URL(route.request().url()).pathname.split("/").at(-1)!);
    await route.continue();
  });
  await page.route("**/lab/visits/*/*/end", async (route: Route) => {
    const id = new URL(route.request().url()).pathname.split("/").at(-2)!;
    await look(id);
    const response = await route.fetch();
    const seen = (await response.json()) as { set: string | null }[];
    const last = seen.map(({ set }) => set).filter((set) => set !== null).at(-1);
    kept[id] = last && jars[id]!.includes(last) ? "yes" : "no";
    await route.fulfill({ response });
  });
  const results = await runAll(page);
  expect(kept).toEqual(Object.fromEntries(results.map(({ record, observed }) => [record.id, observed["stored"]])));
  expect((await context.cookies()).map(({ name }) => name)).toEqual([]);
});

test("every switch of the bench does what its record says", async ({ page }) => {
  await open(page);
  const switches = page.locator("[data-lab=bench]").getByRole("checkbox");
  await expect(switches).toHaveCount(5);
  const bench = page.locator("[data-lab=bench] .experiment");
  const seen = new Set<string>();
  // Each position differs from the one before in one switch.
  for (let step = 1; step <= 32; step++) {
    const before = (await bench.getAttribute("data-record"))!;
    await switches.nth(Math.min(Math.log2(step & -step), 4)).click();
    // Another experiment takes the place of the one before.
    await expect(bench).not.toHaveAttribute("data-record", before);
    await expect(bench).toHaveAttribute("data-observed", /./);
    const [record, observed] = await bench.evaluate(({ dataset }) => [JSON.parse(dataset["record"]!), JSON.parse(dataset["observed"]!)]);
    seen.add(record.id);
    expect(surprises([{ record, observed }], "chromium")).toEqual([]);
  }
  expect(seen.size).toBe(32);
});

test("one experiment is run by itself, with what went over the wire on both sides", async ({ page }) => {
  await open(page, "/lab#cookie-default");
  const one = card(page, "cookie-default");
  await expect(one, "the address opens it").toHaveAttribute("open", "");
  await one.getByRole("button", { name: "Run it" }).press("Enter");
  await expect(one.locator(".outcome")).toHaveText("as predicted");
  await expect(page.locator("[data-lab=status]"), "whoever cannot see it hears of it").toHaveText(/^“.+” was run\. All 5 verdicts are as predicted\.$/);
  await one.getByText("On the wire").click();
  const exchange = one.locator(".exchange").first();
  await expect(exchange).toContainText("POST /lab/at/");
  await expect(exchange).toContainText("sec-fetch-site: same-site");
  await expect(exchange).toContainText(/set-cookie: lab-cookie-default=[0-9a-f]{16}; Max-Age=60; Path=\/lab; HttpOnly; SameSite=Lax/);
  await expect(exchange).toContainText("200");
  // Twice does no harm.
  await one.getByRole("button", { name: "Run it" }).click();
  await expect(one.locator(".outcome")).toHaveText("as predicted");
});

test("what comes out otherwise is named and is no error", async ({ page }) => {
  // As an extension does that blocks what it does not know.
  await page.route("**/lab/at/*/reading-exact/request", (route) => route.abort());
  await open(page);
  const one = card(page, "reading-exact");
  await one.locator("summary").click();
  await one.getByRole("button", { name: "Run it" }).click();
  await expect(one.locator(".outcome")).toHaveText("3 otherwise than predicted");
  const reached = one.locator(".verdict[data-what=reached]");
  await expect(reached).toContainText("Observed: no");
  await expect(reached.locator(".difference")).toHaveText(/^Something stopped the request before it reached the server/);
  await expect(one.locator(".verdict[data-what=sent] .difference")).toBeHidden();
});

test.describe("where third-party cookies are blocked", () => {
  test.use({ thirdParty: "blocked" });

  test("the Lab says so", async ({ page }) => {
    await open(page);
    const one = card(page, "stranger-none-secure");
    await one.locator("summary").click();
    await one.getByRole("button", { name: "Run it" }).click();
    await expect(one.locator(".outcome")).toHaveText("2 otherwise than predicted");
    const stored = one.locator(".verdict[data-what=stored]");
    await expect(stored).toContainText("Observed: no");
    await expect(stored.locator(".difference")).toHaveText(/^Your browser blocks third-party cookies/);
  });
});

test("the results can be taken along as Markdown", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await open(page);
  await expect(page.getByRole("button", { name: "Copy as Markdown" })).toBeHidden();
  await runAll(page);
  await page.getByRole("button", { name: "Copy as Markdown" }).click();
  await expect(page.locator("#toasts")).toHaveText("Copied");
  const text = await page.evaluate(() => navigator.clipboard.readText());
  expect(text).toMatch(/^## The Lab in Chrome \d+, \d{4}-\d\d-\d\d\n/);
  expect(text).toContain("| The server names our origin | yes | no | no | yes | same-site |  |");
});

test("the story is walked from the question to the rule", async ({ page }) => {
  await open(page, "/lab/story");
  const chapters = page.locator(".chapter");
  expect(await chapters.count()).toBeGreaterThanOrEqual(8);
  for (const chapter of await chapters.all()) {
    const one = chapter.locator(".experiment");
    await one.getByRole("button", { name: "Run it" }).click();
    await expect(one.locator(".outcome")).toHaveText("as predicted");
  }
  await expect(page.locator(".rule")).toHaveText(/A cookie counts only on its own origin\.\s*Everybody else brings a token\./);
});

test("a visit that is over begins anew, and a peer that is gone is told", async ({ page }) => {
  await open(page);
  const one = card(page, "reading-exact");
  await one.locator("summary").click();
  const run = one.getByRole("button", { name: "Run it" });
  await run.click();
  await expect(one.locator(".outcome")).toHaveText("as predicted");
  let over = 0;
  await page.route("**/lab/visits/*/*/begin", async (route) => {
    if (over++ === 0) return route.fulfill({ status: 404, json: {} });
    return route.continue();
  });
  const admitted = page.waitForResponse((response) => response.url().endsWith("/lab/visits"));
  await run.click();
  expect((await admitted).status()).toBe(201);
  await expect(one).toHaveAttribute("data-state", "same");

  await page.route(`http://localhost:${LAB_PORT}/**`, (route) => route.abort());
  await run.click();
  await expect(page.locator("[data-lab=status]")).toHaveText("Stopped: The Lab's peer does not answer. Try again in a moment.");
  await expect(one).toHaveAttribute("data-state", "failed");
});

test("the Lab leaves a signed-in visitor alone", async ({ page, context }) => {
  await page.goto("/sign-up");
  await page.getByLabel("Name").fill("Ada");
  await page.getByLabel("E-mail").fill(`${crypto.randomUUID()}@example.org`);
  await page.getByLabel("Password").fill("three quiet words");
  await page.getByRole("main").getByRole("button", { name: "Sign up" }).click();
  await expect(page.getByRole("heading", { name: "Notes", exact: true })).toBeVisible();
  const before = await context.cookies();
  await open(page);
  const results = await runAll(page);
  expect(surprises(results, "chromium")).toEqual([]);
  expect(await context.cookies()).toEqual(before);
  await page.goto("/notes");
  await expect(page.getByRole("heading", { name: "Notes", exact: true })).toBeVisible();
});

test.describe("without a script", () => {
  test.use({ javaScriptEnabled: false });

  test("all of it can be read, and the switches flipped", async ({ page }) => {
    await page.goto("/lab");
    await expect(page.getByText("Running them takes JavaScript. Reading them does not.")).toBeVisible();
    await expect(page.getByRole("button", { name: /^Run all/ })).toBeHidden();
    const one = card(page, "cookie-default");
    await one.locator("summary").click();
    await expect(one.getByText("Nothing says so anywhere.")).toBeVisible();
    await page.getByLabel("The fetch says credentials: “include”").check();
    await page.getByRole("button", { name: "Set the switches" }).click();
    await expect(page.getByLabel("The fetch says credentials: “include”")).toBeChecked();
    await expect(page.locator("[data-lab=bench] .verdict[data-what=stored]")).toContainText("Predicted: yes");
  });
});
