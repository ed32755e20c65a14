import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { PASSWORD, expect, test } from "../support/fixtures.ts";
import { APP_PORT } from "../support/origins.ts";
import { TestServer } from "../support/test-server.ts";

/** On plain http, browsers send Fetch Metadata to localhost only, and to no other site such as this. */
const PORT = Number(APP_PORT) + 6;
const SITE = `http://vestibule.example:${PORT}`;

const server = new TestServer(PORT, { VESTIBULE_SERVER__PUBLIC_URL: SITE, RUST_LOG: "error" });

// Chromium warns that it ignores this header without a secure context.
test.use({ baseURL: SITE, javaScriptEnabled: false, expected: /Cross-Origin-Opener-Policy/ });

// The browser of these tests resolves that name to this machine.
test.use({
  launchOptions: async ({ launchOptions }, use) => {
    await use({
      ...launchOptions,
      args: [...(launchOptions.args ?? []), "--host-resolver-rules=MAP vestibule.example 127.0.0.1"],
    });
  },
});

test.beforeAll(() => server.start());
test.afterAll(() => server.stop());

/** The newest link in the outbox that begins with `start`. */
async function link(start: string): Promise<string> {
  let found: string | undefined;
  await expect(() => {
    const mails = readdirSync(join(server.folder, "outbox"))
      .filter((name) => name.endsWith(".eml"))
      .sort()
      .reverse();
    const texts = mails.map((name) =>
      readFileSync(join(server.folder, "outbox", name), "utf8").replaceAll("=\r\n", ""),
    );
    found = texts
      .map((text) => new RegExp(`${start}link_[0-9A-Za-z]+`).exec(text)?.[0])
      .find((path) => path !== undefined);
    expect(found).toBeDefined();
  }).toPass();
  return found ?? "";
}

test("links in mails are followed to their end", async ({ page }) => {
  const main = page.getByRole("main");
  await page.goto("/sign-up");
  await page.getByLabel("Name").fill("Ada");
  await page.getByLabel("E-mail").fill("ada@example.org");
  await page.getByLabel("Password").fill(PASSWORD);
  await main.getByRole("button", { name: "Sign up" }).click();

  const sent: string[] = [];
  page.on("request", (request) => {
    if (request.method() === "POST")
      void request.allHeaders().then((headers) => sent.push(`${headers.origin} ${headers["sec-fetch-site"]}`));
  });
  await page.goto(await link("/confirm/"));
  await main.getByRole("button", { name: "Confirm email address" }).click();
  await expect(page).toHaveURL("/account");
  await expect.poll(() => sent).toEqual([`${SITE} undefined`]);

  await page.goto("/account/email");
  await page.getByLabel("New email").fill("ada@new.example");
  await page.getByRole("button", { name: "Send confirmation link" }).click();
  await expect(main).toContainText("ada@new.example");
  await page.goto(await link("/email/"));
  await main.getByRole("button", { name: "Use this address" }).click();
  await expect(page).toHaveURL("/account");

  await page.goto("/forgot");
  await page.getByLabel("E-mail").fill("ada@new.example");
  await page.getByRole("button", { name: "Send reset link" }).click();
  await page.goto(await link("/reset/"));
  await page.getByLabel("New password").fill("five quiet words indeed");
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(main.getByRole("status")).toContainText("signed out");
});
