import type { BrowserContext, Page } from "@playwright/test";
import { APP, SPA, expect, makeToken, signUp, test } from "../support/fixtures.ts";

// Each refusal is a failed request in the console of the page that made it.
test.use({ expected: /status of 4(01|03|29)|blocked by CORS policy|ERR_FAILED/ });

/** The parts of an answer that a page can read. `null` stands for an answer that the browser keeps from the page. */
interface Seen {
  readonly status: number;
  readonly code: string | undefined;
  readonly headers: Readonly<Record<string, string | null>>;
}

async function pageOn(context: BrowserContext, origin: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${origin}/`);
  return page;
}

/** Calls `/api/v1` with the token, from the document that is open in `page`. */
function call(page: Page, token: string, method = "GET", path = "/notes"): Promise<Seen | null> {
  return page.evaluate(
    async ([url, token, method]) => {
      const headers: Record<string, string> = { Authorization: `Bearer ${token}` };
      if (method === "POST") headers["Content-Type"] = "application/json";
      const body = method === "POST" ? JSON.stringify({ title: "From elsewhere", body: "" }) : null;
      try {
        const answer = await fetch(url, { method, headers, body });
        const json = await answer.json().catch(() => ({}));
        const names = ["etag", "location", "ratelimit", "ratelimit-policy", "retry-after", "x-request-id"];
        return {
          status: answer.status,
          code: json.code,
          headers: Object.fromEntries(names.map((name) => [name, answer.headers.get(name)])),
        };
      } catch {
        return null;
      }
    },
    [`${APP}/api/v1${path}`, token, method] as const,
  );
}

/** Makes a token that works from `origin` only. */
async function makeBound(page: Page, name: string, origin: string): Promise<string> {
  await page.goto("/tokens");
  await page.getByLabel("Allowed origins (optional)").fill(origin);
  return makeToken(page, name, true);
}

test("a token that names an origin works from its pages and from no others", async ({ page, context, newOrigin }) => {
  await signUp(page);
  const origin = await newOrigin();
  const [there, spa] = [await pageOn(context, origin), await pageOn(context, SPA)];
  const free = await makeToken(page, "free");
  expect(await call(there, free), "no token and no setting names this origin yet").toBeNull();

  const bound = await makeBound(page, "bound", origin);
  expect(await call(there, bound)).toMatchObject({ status: 200 });
  expect(await call(there, bound, "POST")).toMatchObject({ status: 201 });
  expect(await call(spa, bound), "the origins of the settings do not count for this token").toMatchObject({
    status: 403,
    code: "origin_not_allowed",
  });
  expect(await call(await pageOn(context, await newOrigin()), bound)).toBeNull();

  expect(await call(there, free, "POST"), "an origin counts for the token that names it only").toBeNull();
  await page.goto("/notes");
  await expect(page.locator("ul.notes a")).toHaveText(["From elsewhere"]);

  // A page behind another one draws no frames, and nothing in it counts as still.
  await page.bringToFront();
  await page.goto("/tokens");
  await page.getByRole("button", { name: "Revoke… bound" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke", exact: true }).click();
  await expect(page.getByRole("heading", { name: "Expired and revoked" })).toBeVisible();
  expect(await call(there, bound), "its page can read why it is refused").toMatchObject({
    status: 401,
    code: "token_revoked",
  });
});

test("a page on another origin reads the headers it needs", async ({ page, context }) => {
  await signUp(page);
  const token = await makeToken(page, "spa");
  const spa = await pageOn(context, SPA);
  const made = await call(spa, token, "POST");
  expect(made?.headers).toMatchObject({
    etag: '"1"',
    location: expect.stringMatching(/^\/api\/v1\/notes\/[0-9a-f-]{36}$/),
    "ratelimit-policy": '"token";q=600;w=60',
    ratelimit: expect.stringMatching(/^"token";r=\d+;t=\d+$/),
    "x-request-id": expect.stringMatching(/^[0-9a-f]{32}$/),
  });
  expect((await call(spa, token))?.headers["etag"]).toMatch(/^W\/"/);
  expect(await call(spa, "mistyped")).toMatchObject({ status: 401, code: "token_invalid" });
});

test("a page that asks too often reads how long to wait", async ({ page, context }) => {
  await signUp(page);
  const token = await makeToken(page, "busy");
  const spa = await pageOn(context, SPA);
  const refusal = await spa.evaluate(
    async ([url, token]) => {
      const headers = { Authorization: `Bearer ${token}` };
      for (let round = 0; round < 40; round += 1) {
        const answers = await Promise.all(Array.from({ length: 20 }, () => fetch(url, { headers })));
        const refused = answers.find(({ status }) => status === 429);
        if (!refused) continue;
        const { code } = await refused.json();
        return { code, wait: refused.headers.get("retry-after"), left: refused.headers.get("ratelimit") };
      }
      return null;
    },
    [`${APP}/api/v1/token`, token] as const,
  );
  expect(refusal).toMatchObject({
    code: "rate_limited",
    wait: expect.stringMatching(/^\d+$/),
    left: expect.stringMatching(/^"token";r=0;t=\d+$/),
  });
  expect(Number(refusal?.wait)).toBeLessThanOrEqual(60);
});
