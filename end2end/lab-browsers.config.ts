import { defineConfig } from "@playwright/test";
import usual from "./playwright.config.ts";

const [server] = [usual.webServer ?? []].flat();

/** `make lab-browsers`: the Lab in three engines. Playwright drives Chromium, WebDriver the other two. */
export default defineConfig({
  ...usual,
  testDir: "lab-browsers",
  workers: 1,
  retries: 0,
  timeout: 120_000,
  use: { ...usual.use, trace: "off" },
  ...(server && { webServer: server }),
});
