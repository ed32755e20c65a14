import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { chromium, defineConfig } from "@playwright/test";
import { APP, SPA } from "./origins.ts";

const server = resolve(import.meta.dirname, "../target/release/vestibule");
const spa = resolve(import.meta.dirname, "../examples/spa");

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
      // The single binary, alone in an empty folder: its database is new every time.
      command: `${server} serve`,
      cwd: mkdtempSync(join(tmpdir(), "vestibule-")),
      url: `${APP}/healthz`,
      env: {
        LEPTOS_SITE_ADDR: "127.0.0.1:3100",
        VESTIBULE_SERVER__PUBLIC_URL: APP,
        VESTIBULE_CORS__ALLOWED_ORIGINS: SPA,
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
