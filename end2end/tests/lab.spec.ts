import type { Page, Route } from "@playwright/test";
import { pasted } from "../support/clipboard.ts";
import { RESULTS, mismatches, type Result } from "../support/lab.ts";
import { APP, LAB_PORT } from "../support/origins.ts";
import { inChromium, type ThirdParty } from "../support/third-party.ts";
import { either, expect, signUp, test as base } from "../support/fixtures.ts";

const test = base.extend<{ thirdParty: ThirdParty }>({
  thirdParty: ["allowed", { option: true }],
  context: async ({ thirdParty, launchOptions, headless, baseURL, javaScriptEnabled }, use) => {
    await inChromium(thirdParty, { ...launchOptions, headless, baseURL, javaScriptEnabled }, use);
  },
});

// Chromium logs every answer that it keeps from a page, which many experiments are about.
const REFUSED = [
  /^Access to fetch at '\S+\/lab\/at\/\S+' from origin '\S+' has been blocked by CORS policy: /,
  /^Failed to load resource: net::ERR_FAILED \(\S+\/lab\/at\/\S+\)$/,
  /^Failed to load resource: the server responded with a status of 40[13] \(\w+\) \(\S+\/lab\/(at|guarded)\/\S+\)$/,
  /^Connecting to '\S+\/lab\/at\/\S+' violates the following Content Security Policy directive: "connect-src 'self'"/,
  /^Fetch API cannot load \S+\/lab\/at\/\S+ Refused to connect because it violates the document's Content Security /,
];

test.use({
  // Recording every request would double the time.
  trace: "off",
  expected: either(...REFUSED),
});

// Each test makes hundreds of requests. How long they take is printed, not checked.
test.slow();

const card = (page: Page, id: string) => page.locator(`#${id}`);

async function open(page: Page, path = "/lab"): Promise<void> {
  await page.goto(path);
  await expect(page.locator(".lab")).toHaveAttribute("data-ready", "");
}

/** Runs one experiment, and answers with what was observed. */
async function run(page: Page, id: string): Promise<Readonly<Record<string, string>>> {
  const one = card(page, id);
  await one.evaluate((details: HTMLDetailsElement) => (details.open = true));
  await one.getByRole("button", { name: "Run", exact: true }).click();
  await expect(one).toHaveAttribute("data-observed", /./);
  return JSON.parse((await one.getAttribute("data-observed"))!) as Record<string, string>;
}

async function runAll(page: Page): Promise<readonly Result[]> {
  await page.getByRole("button", { name: /^Run all/ }).click();
  await expect(page.locator(".lab")).toHaveAttribute("data-ran", /./, { timeout: 60_000 });
  return (await page.evaluate(`(() => { ${RESULTS} })()`)) as Result[];
}

test("every experiment behaves as its record says", async ({ page }) => {
  await open(page);
  const results = await runAll(page);
  console.log(await page.locator("[data-lab=status]").innerText());
  expect(results.length).toBeGreaterThanOrEqual(25);
  for (const { record, observed } of results) {
    for (const question of ["reached", "sent", "stored", "read", "site"]) expect(observed, record.id).toHaveProperty(question);
  }
  expect(mismatches(results, "chromium")).toEqual([]);
  await expect(page.locator("[data-lab=progress]")).toBeHidden();
});

test("a cookie that the Lab calls stored is in the browser's cookie store, and none is left in the end", async ({ page, context }) => {
  await open(page);
  const stores: Record<string, string[]> = {};
  const kept: Record<string, string> = {};
  const look = async (id: string) => {
    (stores[id] ??= []).push(...(await context.cookies()).flatMap(({ name, value }) => [name, value]));
  };
  // The server and its peer delete their cookies at the same time: the jar is read before either does.
  await page.route("**/lab/clean/**", async (route: Route) => {
    if (route.request().method() !== "OPTIONS") await look(new URL(route.request().url()).pathname.split("/").at(-1)!);
    await route.continue();
  });
  await page.route("**/lab/sessions/*/*/end", async (route: Route) => {
    const id = new URL(route.request().url()).pathname.split("/").at(-2)!;
    await look(id);
    const response = await route.fetch();
    const seen = (await response.json()) as { set: string | null }[];
    const last = seen
      .map(({ set }) => set)
      .filter((set) => set !== null)
      .at(-1);
    // Of a cookie that a script wrote, only the page knows the value.
    const written = stores[id]!.some((text) => /^__\S+-lab-script-/.test(text));
    kept[id] = (last ? stores[id]!.includes(last) : written) ? "yes" : "no";
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
    // Another experiment replaces the one before.
    await expect(bench).not.toHaveAttribute("data-record", before);
    await expect(bench).toHaveAttribute("data-observed", /./);
    const [record, observed] = await bench.evaluate(({ dataset }) => [
      JSON.parse(dataset["record"]!),
      JSON.parse(dataset["observed"]!),
    ]);
    seen.add(record.id);
    expect(mismatches([{ record, observed }], "chromium")).toEqual([]);
  }
  expect(seen.size).toBe(32);
});

test("one experiment is run by itself, with what went over the wire on both sides", async ({ page }) => {
  await open(page, "/lab#cookie-default");
  const one = card(page, "cookie-default");
  await expect(one, "its address opens it").toHaveAttribute("open", "");
  await one.getByRole("button", { name: "Run", exact: true }).press("Enter");
  await expect(one.locator(".outcome")).toHaveText("as predicted");
  await expect(page.locator("[data-lab=status]"), "a screen reader announces it").toHaveText(
    /^“.+” has been run\. All 5 verdicts are as predicted\.$/,
  );
  await one.getByText("Requests and responses").click();
  const exchange = one.locator(".exchange").first();
  await expect(exchange).toContainText("POST /lab/at/");
  await expect(exchange).toContainText("sec-fetch-site: same-site");
  await expect(exchange).toContainText(
    /set-cookie: lab-cookie-default=[0-9a-f]{16}; Max-Age=60; Path=\/lab; HttpOnly; SameSite=Lax/,
  );
  await expect(exchange).toContainText("200");
  // Running it again gives the same.
  await one.getByRole("button", { name: "Run", exact: true }).click();
  await expect(one.locator(".outcome")).toHaveText("as predicted");
});

test("a difference is explained and is no error", async ({ page }) => {
  // Some browser extensions block unknown requests.
  await page.route("**/lab/at/*/reading-exact/request", (route) => route.abort());
  await open(page);
  const one = card(page, "reading-exact");
  await one.locator("summary").click();
  await one.getByRole("button", { name: "Run", exact: true }).click();
  await expect(one.locator(".outcome")).toHaveText("3 not as predicted");
  const reached = one.locator(".verdict[data-question=reached]");
  await expect(reached).toContainText("Observed: no");
  await expect(reached.locator(".difference")).toHaveText(
    /^Something stopped the request before it reached the server/,
  );
  await expect(one.locator(".verdict[data-question=sent] .difference")).toBeHidden();
});

test.describe("where third-party cookies are blocked", () => {
  test.use({ thirdParty: "blocked" });

  test("the Lab says so", async ({ page }) => {
    await open(page);
    const one = card(page, "cross-site-none-secure");
    await one.locator("summary").click();
    await one.getByRole("button", { name: "Run", exact: true }).click();
    await expect(one.locator(".outcome")).toHaveText("2 not as predicted");
    const stored = one.locator(".verdict[data-question=stored]");
    await expect(stored).toContainText("Observed: no");
    await expect(stored.locator(".difference")).toHaveText(/^Your browser blocks third-party cookies/);
  });

  test("a frame has no storage access, and a partitioned cookie needs none", async ({ page }) => {
    await open(page);
    const observed = await run(page, "frame-none");
    expect(observed).toMatchObject({ sent: "no", stored: "no", site: "same-origin", access: "none", granted: "no" });
    expect(await run(page, "frame-partitioned")).toMatchObject({ sent: "yes", stored: "yes", access: "none" });
    expect(await run(page, "partitioned-beside"), "one is blocked").toMatchObject({ sent: "yes", count: "1" });
  });

  test("where access is granted and not active, a request is repeated on demand", async ({ page, context }) => {
    await open(page);
    const session = await context.newCDPSession(page);
    const [origin, embeddedOrigin] = [APP, `http://127.0.0.1:${LAB_PORT}`];
    const permission = { name: "storage-access" };
    const grant = { permission, setting: "granted", origin, embeddedOrigin } as const;
    await session.send("Browser.setPermission", grant);
    const observed = await run(page, "frame-activate");
    expect(observed).toMatchObject({ access: "inactive", repeated: "yes", sent: "yes", read: "yes" });
    await expect(card(page, "frame-activate").locator(".verdict[data-question=repeated] .difference")).toHaveText(
      /^Access was granted and not active: your browser repeated the request/,
    );
  });
});

test("a feature that the browser lacks is named, and is no error", async ({ page }) => {
  await page.addInitScript(() => {
    for (const name of ["cookieStore", "permissions"]) {
      for (const holder of [window, Navigator.prototype]) Reflect.defineProperty(holder, name, { value: undefined });
    }
  });
  await open(page);
  expect(await run(page, "change-readable")).toMatchObject({ stored: "yes", change: "unsupported" });
  const change = card(page, "change-readable").locator(".verdict[data-question=change]");
  await expect(change).toContainText("Observed: not supported");
  await expect(change.locator(".difference")).toHaveText(/^Your browser has no Cookie Store/);
  expect(await run(page, "network-public")).toMatchObject({ reached: "no", permission: "unsupported" });
});

test("the results can be taken along as Markdown", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await open(page);
  await expect(page.getByRole("button", { name: "Copy as Markdown" })).toBeHidden();
  await runAll(page);
  await page.getByRole("button", { name: "Copy as Markdown" }).click();
  await expect(page.locator("#toasts")).toHaveText("Copied");
  const text = await pasted(page);
  expect(text).toMatch(/^## The Lab in Chrome \d+, \d{4}-\d\d-\d\d\n/);
  expect(text).toContain("| The server names our origin | yes | no | no | yes | same-site |  |");
});

test("the story leads from the question to the rule", async ({ page }) => {
  await open(page, "/lab/story");
  const chapters = page.locator(".chapter");
  expect(await chapters.count()).toBeGreaterThanOrEqual(8);
  for (const chapter of await chapters.all()) {
    const one = chapter.locator(".experiment");
    await one.getByRole("button", { name: "Run", exact: true }).click();
    await expect(one.locator(".outcome")).toHaveText("as predicted");
  }
  await expect(page.locator(".rule")).toHaveText(
    /A cookie counts only on its own origin\.\s*Everybody else brings a token\./,
  );
});

test.describe("a Lab that does not answer", () => {
  const GONE = [/status of 404 \(Not Found\) \(\S+\/begin\)$/, /net::ERR_FAILED \(\S+\/lab\/clean\/\S+\)$/];
  test.use({ expected: either(...REFUSED, ...GONE) });

  test("an expired session is replaced, and an unreachable peer is reported", async ({ page }) => {
    await open(page);
    const one = card(page, "reading-exact");
    await one.locator("summary").click();
    const run = one.getByRole("button", { name: "Run", exact: true });
    await run.click();
    await expect(one.locator(".outcome")).toHaveText("as predicted");
    let expired = 0;
    await page.route("**/lab/sessions/*/*/begin", async (route) => {
      if (expired++ === 0) return route.fulfill({ status: 404, json: {} });
      return route.continue();
    });
    const created = page.waitForResponse((response) => response.url().endsWith("/lab/sessions"));
    await run.click();
    expect((await created).status()).toBe(201);
    await expect(one).toHaveAttribute("data-state", "same");

    await page.route(`http://localhost:${LAB_PORT}/**`, (route) => route.abort());
    await run.click();
    await expect(page.locator("[data-lab=status]")).toHaveText(
      "Stopped: The Lab's peer does not respond. Try again in a moment.",
    );
    await expect(one).toHaveAttribute("data-state", "failed");
  });
});

test("the Lab leaves a signed-in visitor alone", async ({ page, context }) => {
  await signUp(page);
  const before = await context.cookies();
  await open(page);
  const results = await runAll(page);
  expect(mismatches(results, "chromium")).toEqual([]);
  expect(await context.cookies()).toEqual(before);
  await page.goto("/notes");
  await expect(page.getByRole("heading", { name: "Notes", exact: true })).toBeVisible();
});

test.describe("without a script", () => {
  test.use({ javaScriptEnabled: false });

  test("all of it can be read, and the switches flipped", async ({ page }) => {
    await page.goto("/lab");
    await expect(page.getByText("Running the experiments requires JavaScript. Reading them does not.")).toBeVisible();
    await expect(page.getByRole("button", { name: /^Run all/ })).toBeHidden();
    const one = card(page, "cookie-default");
    await one.locator("summary").click();
    await expect(one.getByText("It reports no error.")).toBeVisible();
    await page.getByLabel("The fetch sets credentials: “include”").check();
    await page.getByRole("button", { name: "Apply" }).click();
    await expect(page.getByLabel("The fetch sets credentials: “include”")).toBeChecked();
    await expect(page.locator("[data-lab=bench] .verdict[data-question=stored]")).toContainText("Predicted: yes");
  });
});
