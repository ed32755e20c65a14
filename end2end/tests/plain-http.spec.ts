import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { APP_PORT } from "../origins.ts";
import { server, target } from "../server.ts";
import { PASSWORD, expect, test } from "./support.ts";

/** A site on http by a name of its own, for which browsers send no Fetch Metadata. Ports beside those of the other tests. */
const PORT = Number(APP_PORT) + 6;
const SITE = `http://vestibule.example:${PORT}`;

const folder = mkdtempSync(join(tmpdir(), "vestibule-"));
let app: ChildProcess;

// Chromium says that it ignores what needs a secure context.
test.use({ baseURL: SITE, javaScriptEnabled: false, expected: /Cross-Origin-Opener-Policy/ });

// The browser of these tests finds that name on this machine.
test.use({
  launchOptions: async ({ launchOptions }, use) => {
    await use({ ...launchOptions, args: [...(launchOptions.args ?? []), "--host-resolver-rules=MAP vestibule.example 127.0.0.1"] });
  },
});

test.beforeAll(async () => {
  const settings = { LEPTOS_SITE_ADDR: `127.0.0.1:${PORT}`, LEPTOS_SITE_ROOT: join(target, "site"), VESTIBULE_SERVER__PUBLIC_URL: SITE };
  app = spawn(server, ["serve"], { cwd: folder, env: { ...process.env, ...settings, RUST_LOG: "error" }, stdio: "inherit" });
  await expect(async () => expect((await fetch(`http://127.0.0.1:${PORT}/readyz`)).ok).toBe(true)).toPass();
});

test.afterAll(() => {
  app.kill();
});

/** The newest link in the outbox that begins with `start`. */
async function link(start: string): Promise<string> {
  let found: string | undefined;
  await expect(() => {
    const mails = readdirSync(join(folder, "outbox")).filter((name) => name.endsWith(".eml")).sort().reverse();
    const texts = mails.map((name) => readFileSync(join(folder, "outbox", name), "utf8").replaceAll("=\r\n", ""));
    found = texts.map((text) => new RegExp(`${start}link_[0-9A-Za-z]+`).exec(text)?.[0]).find((path) => path !== undefined);
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
    if (request.method() === "POST") void request.allHeaders().then((headers) => sent.push(`${headers.origin} ${headers["sec-fetch-site"]}`));
  });
  await page.goto(await link("/confirm/"));
  await main.getByRole("button", { name: "Confirm email address" }).click();
  await expect(page).toHaveURL("/account");
  await expect.poll(() => sent).toEqual([`${SITE} undefined`]);

  await page.goto("/account/email");
  await page.getByLabel("New e-mail").fill("ada@new.example");
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
