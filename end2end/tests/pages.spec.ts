import { stat } from "node:fs/promises";
import { APP, expect, hydrated, signUp, test } from "../support/fixtures.ts";

const PUBLIC = ["/", "/sign-in", "/sign-up"];
const SIGNED_IN = ["/", "/notes", "/tokens", "/account"];

for (const path of PUBLIC) {
  test(`${path} comes alive, and quietly`, async ({ page }) => {
    await page.goto(path);
    await hydrated(page);
  });
}

test("every page of a signed-in visitor comes alive, and quietly", async ({ page }) => {
  await signUp(page);
  await hydrated(page);
  await page.getByLabel("Title").fill("A note");
  await page.getByRole("button", { name: "Add note" }).click();
  const href = await page.getByRole("link", { name: "A note" }).getAttribute("href");
  for (const path of [...SIGNED_IN, href!]) {
    const response = await page.goto(path);
    expect(await response!.text(), "signed in from the first HTML on").toContain("Sign out");
    await hydrated(page);
  }
});

test.describe("an unknown page", () => {
  test.use({ expected: /status of 404/ });

  test("says so and comes alive", async ({ page }) => {
    const response = await page.goto("/no/such/page");
    expect(response!.status()).toBe(404);
    await expect(page.getByRole("heading", { name: "Not found" })).toBeVisible();
    await hydrated(page);
  });
});

test("what the browser downloads to come alive stays small, and is kept for a year", async ({ page, request }) => {
  test.skip(!process.env.E2E_BINARY, "only the single binary holds hashed and compressed files");
  await page.goto("/sign-in");
  const html = await page.content();
  for (const [extension, most] of [
    ["wasm", 110_000],
    ["js", 10_000],
  ] as const) {
    const path = new RegExp(`/pkg/vestibule\\.[0-9a-f]{16}\\.${extension}`).exec(html)?.[0];
    expect(path, `the ${extension} has a hash in its name`).toBeTruthy();
    const response = await request.fetch(APP + path!, { headers: { "Accept-Encoding": "br" } });
    expect(response.headers()["content-encoding"]).toBe("br");
    expect(response.headers()["cache-control"]).toBe("public, max-age=31536000, immutable");
    const bytes = Number(response.headers()["content-length"]);
    console.log(`${extension}: ${bytes} bytes, brotli`);
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThanOrEqual(most);
  }
});

test("the binary stays small", async () => {
  test.skip(!process.env.E2E_BINARY, "only the single binary holds everything");
  const { size } = await stat(process.env.E2E_BINARY!);
  console.log(`binary: ${size} bytes`);
  expect(size).toBeLessThanOrEqual(36_000_000);
});

test.describe("a script that slipped in", () => {
  test.use({ expected: /This document requires 'Trusted/ });

  test("does not run", async ({ page }) => {
    const response = await page.goto("/");
    const policy = response!.headers()["content-security-policy"]!;
    expect(policy).not.toContain("unsafe-inline");
    const into = (html: string) =>
      page.evaluate((html) => {
        const holder = document.createElement("div");
        try {
          holder.innerHTML = html;
        } catch (error) {
          return String(error);
        }
        document.body.append(holder);
        return new Promise((resolve) => setTimeout(() => resolve("injected" in window), 300));
      }, html);
    for (const html of ["<img src=x onerror='window.injected = true'>", '<iframe srcdoc="a"></iframe>', "<script>"]) {
      expect(await into(html)).toContain("TrustedHTML");
    }
    expect(await into('<p class="hint">Harmless</p>')).toBe(false);
    const handler = page.evaluate(() => document.body.setAttribute("onclick", "window.injected = true"));
    await expect(handler).rejects.toThrow("TrustedScript");
  });
});
