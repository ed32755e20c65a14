import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Page } from "@playwright/test";
import { APP, SPA, expect, signUp, test } from "../support/fixtures.ts";

// The first request of each page is told the nonce, and copies of the token are refused.
test.use({ expected: /status of 401/ });

/** What the example in docs/dpop.md has at its end. */
interface Found {
  readonly email: string;
  readonly token: string;
  readonly thumbprint: string;
  readonly exported: string;
}

/** Runs the example, as it stands in the document, in a page of another origin. */
async function runExample(page: Page, email: string): Promise<Found> {
  const document = readFileSync(resolve(import.meta.dirname, "../../docs/dpop.md"), "utf8");
  const [, example = ""] = /^```js\n(.*?)^```$/ms.exec(document) ?? [];
  expect(example).toContain("generateKey");
  const code = example.replace("https://vestibule.example", APP).replace("ada@example.org", email);
  return page.evaluate(`(async () => {
    ${code}
    const { email } = await (await call("GET", "/me")).json();
    const { key_thumbprint: thumbprint } = await (await call("GET", "/token")).json();
    const exported = await crypto.subtle.exportKey("jwk", keys.privateKey).then(() => "exported", () => "refused");
    return { email, token, thumbprint, exported };
  })()`);
}

test("a token of a page is worth nothing outside of its browser", async ({ page, context, request }) => {
  const { email } = await signUp(page);
  const spa = await context.newPage();
  await spa.goto(`${SPA}/`);
  const found = await runExample(spa, email);
  expect(found).toMatchObject({ email, exported: "refused" });

  for (const scheme of ["Bearer", "DPoP"]) {
    const copy = await request.get(`${APP}/api/v1/me`, { headers: { Authorization: `${scheme} ${found.token}` } });
    expect(copy.status()).toBe(401);
    const code = scheme === "Bearer" ? "token_bound" : "invalid_dpop_proof";
    expect(await copy.json()).toMatchObject({ code });
  }

  await spa.reload();
  expect(await runExample(spa, email), "the key is kept").toMatchObject({ thumbprint: found.thumbprint });

  await page.goto("/tokens");
  await expect(page.getByText("Bound to a key", { exact: true })).toHaveCount(2);
});
