import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { expect, test } from "@playwright/test";
import { until } from "../support/net.mjs";
import { APP } from "../support/origins.ts";
import { CELLS, WORTH_WITHOUT_BINDING, observed, type Cell } from "../support/theft.ts";
import { WebDriver } from "./webdriver.ts";

// The theft drill, but for the four cells that need https and a session that can be bound. In Chromium, those are tried
// in tests/lab-theft.spec.ts.

const MINI_BROWSER = "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser";
const READY = `return document.querySelector(".theft")?.dataset.ready === ""`;
const RAN = `return document.querySelector(".theft").dataset.ran === ""`;

/** Whether a program is on the PATH. */
const has = (program: string) =>
  (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, program)));

/** Runs the drill on its page, which is open, and compares what is observed with what is predicted. */
async function steal(run: <T>(script: string) => Promise<T>): Promise<void> {
  await until(() => run<boolean>(READY), "The theft drill does not start.");
  await run(`document.querySelector("[data-drill=run]").click()`);
  await until(() => run<boolean>(RAN), "The theft drill does not finish.", 20_000);
  expect(observed(await run<Cell[]>(CELLS))).toEqual(WORTH_WITHOUT_BINDING);
}

async function stealWith(command: readonly [string, ...string[]], capabilities: object): Promise<void> {
  const driver = await WebDriver.start(command, capabilities);
  try {
    await driver.open(`${APP}/lab/theft`);
    await steal((script) => driver.run(script));
  } finally {
    await driver.quit();
  }
}

test("in Chromium", async ({ page }) => {
  await page.goto("/lab/theft");
  await steal(<T>(script: string) => page.evaluate(`(() => { ${script} })()`) as Promise<T>);
});

test("in Firefox", async () => {
  test.skip(!has("geckodriver") || !(has("firefox-esr") || has("firefox")), "Firefox or geckodriver is not installed");
  await stealWith(["geckodriver"], {
    browserName: "firefox",
    "moz:firefoxOptions": { args: ["-headless"], ...(has("firefox-esr") && { binary: "/usr/bin/firefox-esr" }) },
  });
});

test("in WebKit", async () => {
  const isInstalled = has("WebKitWebDriver") && has("xvfb-run") && existsSync(MINI_BROWSER);
  test.skip(!isInstalled, "WebKitGTK's driver is not installed");
  await stealWith(["xvfb-run", "-a", "WebKitWebDriver"], {
    browserName: "MiniBrowser",
    "webkitgtk:browserOptions": { binary: MINI_BROWSER, args: ["--automation"] },
  });
});
