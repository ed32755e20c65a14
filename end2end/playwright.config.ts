import { existsSync, mkdtempSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { chromium, defineConfig } from "@playwright/test";
import { APP, SPA } from "./origins.ts";

const target = resolve(import.meta.dirname, "../target");
const spa = resolve(import.meta.dirname, "../examples/spa");

/** `make e2e` names the single binary; `cargo leptos end-to-end` has just built one of these. */
const built = ["release", "debug"].map((profile) => join(target, profile, "vestibule")).filter(existsSync);
const newest = built.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0];
const server = process.env.E2E_BINARY ?? newest;
if (!server) throw new Error("There is no server to test. Run `make e2e` in the folder above.");

// Playwright's own Chromium where it could be downloaded, the system's elsewhere.
const own = existsSync(chromium.executablePath());
const system = {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
};

export default defineConfig({
  testDir: "tests",
  forbidOnly: !!process.env.CI,
  workers: 2,
  reporter: "list",
  timeout: 30_000,
  use: {
    baseURL: APP,
    trace: "retain-on-failure",
    launchOptions: own ? {} : system,
  },
  webServer: [
    {
      // Alone in an empty folder: its database is new every time.
      command: `${server} serve`,
      cwd: mkdtempSync(join(tmpdir(), "vestibule-")),
      url: `${APP}/healthz`,
      env: {
        LEPTOS_SITE_ADDR: "127.0.0.1:3100",
        LEPTOS_SITE_ROOT: join(target, "site"),
        VESTIBULE_SERVER__PUBLIC_URL: APP,
        VESTIBULE_CORS__ALLOWED_ORIGINS: SPA,
        // Everybody in these tests comes from one address.
        VESTIBULE_THROTTLE__SIGN_UPS_PER_ADDRESS: "1000",
        RUST_LOG: "warn",
      },
      reuseExistingServer: false,
    },
    {
      command:
        "npx vite build --outDir node_modules/.end2end && npx vite preview --outDir node_modules/.end2end --port 5174 --strictPort",
      cwd: spa,
      url: SPA,
      env: { VITE_API_URL: APP },
      reuseExistingServer: false,
    },
  ],
});
