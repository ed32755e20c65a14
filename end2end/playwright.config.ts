import { join, resolve } from "node:path";
import { defineConfig } from "@playwright/test";
import { chromiumPath, isDownloaded } from "./support/chromium.mjs";
import { APP, APP_PORT, LAB_PORT, SPA, SPA_PORT } from "./support/origins.ts";
import { OUTPUT, folder, server, target } from "./support/server.ts";

const spa = resolve(import.meta.dirname, "../examples/spa");
const vite = "node node_modules/vite/bin/vite.js";
const outDir = `--outDir node_modules/.end2end-${SPA_PORT}`;

// Letters look alike whatever the machine's settings for fonts are: the screenshots compare them.
const steady = ["--font-render-hinting=none", "--disable-lcd-text"];

const system = {
  executablePath: chromiumPath,
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
  // A test that passes at the second try is reported as "flaky", which tells a slow machine from a failure.
  retries: process.env.CI ? 1 : 0,
  reporter: "list",
  timeout: 30_000,
  use: {
    baseURL: APP,
    // Recording makes tests slower. What fails in CI is recorded when it is repeated.
    trace: process.env.CI ? "on-first-retry" : "retain-on-failure",
    launchOptions: isDownloaded ? { args: steady } : system,
  },
  webServer: [
    {
      command: `exec ${server} serve > ${OUTPUT}`,
      cwd: folder,
      url: `${APP}/healthz`,
      env: {
        LEPTOS_SITE_ADDR: `127.0.0.1:${APP_PORT}`,
        LEPTOS_SITE_ROOT: join(target, "site"),
        VESTIBULE_SERVER__PUBLIC_URL: APP,
        VESTIBULE_CORS__ALLOWED_ORIGINS: SPA,
        VESTIBULE_OAUTH__CLIENTS: `spa ${SPA}/`,
        VESTIBULE_LAB__ADDRESS: `127.0.0.1:${LAB_PORT}`,
        // All of these tests come from one address.
        VESTIBULE_THROTTLE__PASSKEYS_PER_ADDRESS: "10000",
        VESTIBULE_THROTTLE__SIGN_UPS_PER_ADDRESS: "1000",
        VESTIBULE_THROTTLE__MAILS_PER_ADDRESS: "1000",
        RUST_LOG: "warn",
      },
      reuseExistingServer: false,
    },
    {
      command: `${vite} build ${outDir} && exec ${vite} preview ${outDir} --port ${SPA_PORT} --strictPort`,
      cwd: spa,
      url: SPA,
      env: { VITE_API_URL: APP },
      reuseExistingServer: false,
    },
  ],
});
