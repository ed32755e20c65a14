import { type Page, expect as plain, test as onHttps } from "@playwright/test";
import { expect, signUp, test } from "../support/fixtures.ts";
import { HttpsServer } from "../support/https-server.ts";
import { CELLS, WORTH, WORTH_WITHOUT_BINDING, observed, type Cell } from "../support/theft.ts";

async function run(page: Page): Promise<readonly Cell[]> {
  await page.getByRole("button", { name: "Steal all sixteen" }).click();
  await plain(page.locator("[data-drill=page]")).toHaveAttribute("data-ran", "", { timeout: 25_000 });
  return (await page.evaluate(`(() => { ${CELLS} })()`)) as Cell[];
}

const attempts = (cells: readonly Cell[], id: string) => cells.find((cell) => cell.id === id)!.attempts;

onHttps("sixteen thefts are worth what is predicted, in a browser that binds sessions", async () => {
  const site = new HttpsServer();
  try {
    await site.start();
    const browser = await site.browser(true);
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(`${site.origin}/lab/theft`);
    const cells = await run(page);
    plain(observed(cells)).toEqual(WORTH);
    for (const { id, predicted } of cells) plain(predicted, id).toBe(WORTH[id]);
    await plain(page.locator("[data-drill=status]")).toHaveText("16 of 16 cells are as predicted.");

    // What was sent, and why it was refused: a refusal for another reason would say nothing.
    const short = "__Host-Http-session, __Host-bound";
    plain(attempts(cells, "bound-cookie-copy")[0]).toBe(`at once, ${short}: 200`);
    plain(attempts(cells, "bound-cookie-copy")[1]).toMatch(/^after \d+\.\d s, .*: 401 not_signed_in$/);
    plain(attempts(cells, "bound-cookie-in-place")).toEqual([`${short}: 200`]);
    plain(attempts(cells, "cookie-copy")).toEqual(["__Host-Http-session: 200"]);
    plain(attempts(cells, "cookie-read")).toEqual(["read: 0 cookies", "nothing: 401 not_signed_in"]);

    // Nothing is left of it, in the browser and for the thief.
    plain((await context.cookies()).map(({ name }) => name).filter((name) => name.includes("theft"))).toEqual([]);
    await browser.close();
  } finally {
    await site.stop();
  }
});

test.describe("on http", () => {
  // The first proof of a key lacks the nonce that the answer has.
  test.use({ expected: /^Failed to load resource: .* 401 \(Unauthorized\) \(\S+\/lab\/theft\/bound-token\)$/ });

  test("the others are worth what is predicted without, and nobody is signed out", async ({ page, context }) => {
    await signUp(page);
    const before = await context.cookies();
    await page.goto("/lab/theft");
    const cells = await run(page);
    expect(observed(cells)).toEqual(WORTH_WITHOUT_BINDING);
    expect(attempts(cells, "bound-cookie-copy")).toEqual(["Needs https and a browser with device-bound sessions."]);
    const predicted = page.locator("#bound-cookie-copy .outcome").first();
    await expect(predicted, "the prediction stays").toHaveText("In for minutes");
    await expect(page.locator("[data-drill=status]")).toContainText("12 of 16 cells are as predicted. 4 could not be run.");
    const refusals = { read: "token_bound", log: "invalid_dpop_proof", copy: "invalid_dpop_proof" };
    for (const [way, code] of Object.entries(refusals)) {
      expect(attempts(cells, `bound-token-${way}`).join("\n"), way).toContain(code);
    }
    expect(attempts(cells, "bound-token-read")[0]).toBe("export of the key: InvalidAccessError");
    expect(await context.cookies()).toEqual(before);
    await page.goto("/account");
    await expect(page).toHaveURL(/\/account$/);
  });
});

test.describe("without a script", () => {
  test.use({ javaScriptEnabled: false });

  test("the predictions can be read", async ({ page }) => {
    await page.goto("/lab/theft");
    await expect(page.getByRole("button", { name: "Steal all sixteen" })).toBeHidden();
    await expect(page.getByText("Reading the predictions does not.")).toBeVisible();
    await expect(page.getByRole("cell").filter({ hasText: "Predicted" })).toHaveCount(16);
  });
});
