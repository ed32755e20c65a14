import { existsSync } from "node:fs";
import { chromium } from "@playwright/test";

const downloaded = chromium.executablePath();

/** Whether Playwright's own Chromium is installed. It cannot be downloaded everywhere. */
export const isDownloaded = existsSync(downloaded);

/** The Chromium to run: Playwright's own where it is installed, the system's otherwise. */
export const chromiumPath = isDownloaded ? downloaded : (process.env.CHROMIUM ?? "/usr/bin/chromium");
