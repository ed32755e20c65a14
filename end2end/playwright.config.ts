import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { chromium, defineConfig } from "@playwright/test";
import { APP, APP_PORT, LAB_PORT, SPA, SPA_PORT } from "./origins.ts";
import { SAID, folder, server, target } from "./server.ts";

const spa = resolve(import.meta.dirname, "../examples/spa");
const spaBuilt = `node_modules/.end2end-${SPA_PORT}`;

// Letters come out alike whatever the machine's settings for fonts are: the screenshots compare them.
const steady = ["--font-render-hinting=none", "--disable-lcd-text"];

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
    ...steady,
  ],
};

export default defineConfig({
  testDir: "tests",
  outputDir: `test-results/${APP_PORT}`,
  snapshotPathTemplate: "snapshots/{arg}{ext}",
  forbidOnly: !!process.env.CI,
  workers: 2,
  // A machine that stumbles once is told from a test that fails: the second is reported as "flaky".
  retries: process.env.CI ? 1 : 0,
  reporter: "list",
  timeout: 30_000,
  use: {
    baseURL: APP,
    trace: "retain-on-failure",
    launchOptions: own ? { args: steady } : system,
  },
  webServer: [
    {
      command: `exec ${server} serve > ${SAID}`,
      cwd: folder,
      url: `${APP}/healthz`,
      env: {
        LEPTOS_SITE_ADDR: `127.0.0.1:${APP_PORT}`,
        LEPTOS_SITE_ROOT: join(target, "site"),
        VESTIBULE_SERVER__PUBLIC_URL: APP,
        VESTIBULE_CORS__ALLOWED_ORIGINS: SPA,
        VESTIBULE_LAB__ADDRESS: `127.0.0.1:${LAB_PORT}`,
        // Everybody in these tests comes from one address.
        VESTIBULE_THROTTLE__SIGN_UPS_PER_ADDRESS: "1000",
        VESTIBULE_THROTTLE__MAILS_PER_ADDRESS: "1000",
        RUST_LOG: "warn",
      },
      reuseExistingServer: false,
    },
    {
      command: `npx vite build --outDir ${spaBuilt} && npx vite preview --outDir ${spaBuilt} --port ${SPA_PORT} --strictPort`,
      cwd: spa,
      url: SPA,
      env: { VITE_API_URL: APP },
      reuseExistingServer: false,
    },
  ],
});
