import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { expect, test } from "@playwright/test";
import { RESULTS, mismatches, type Engine, type Result } from "../support/lab.ts";
import { APP } from "../support/origins.ts";
import { inChromium } from "../support/third-party.ts";
import { NAMES, table, writeTable, writtenTable, type Run } from "./table.ts";
import { until } from "../support/net.mjs";
import { WebDriver } from "./webdriver.ts";

const MINI_BROWSER = "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser";
const READY = `return document.querySelector(".lab")?.dataset.ready === ""`;
const START = `document.querySelector("[data-lab=run-all]").click()`;
const ENDED = `return document.querySelector(".lab").dataset.ran ?? ""`;
const STATUS = `return document.querySelector("[data-lab=status]").textContent`;

/** Whether a program is on the PATH. */
const has = (program: string) =>
  (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, program)));

const runs: Run[] = [];

test.describe.configure({ mode: "serial" });

/** Runs every experiment on the page, and compares the results with what the records say of this engine. */
async function inEngine(engine: Engine, name: string, run: <T>(script: string) => Promise<T>): Promise<void> {
  await until(() => run<boolean>(READY), `The Lab does not start in ${name}.`);
  await run(START);
  let seconds = "";
  await until(
    async () => (seconds = await run<string>(ENDED)) !== "",
    `The Lab does not finish in ${name}.`,
    60_000,
  ).catch(async (error: Error) => {
    throw new Error(`${error.message} Its status: ${await run<string>(STATUS)}`);
  });
  const results = await run<Result[]>(RESULTS);
  console.log(`${name}: ${results.length} experiments in ${seconds} s`);
  expect(results.length).toBeGreaterThanOrEqual(25);
  expect(mismatches(results, engine)).toEqual([]);
  runs.push({ engine, name, seconds, results });
}

test("in Chromium", async ({ launchOptions, headless }) => {
  await inChromium("allowed", { ...launchOptions, headless }, async (context) => {
    const page = await context.newPage();
    await page.goto(`${APP}/lab`);
    const version =
      context.browser()?.version() ?? (await page.evaluate(() => /Chrome\/([\d.]+)/.exec(navigator.userAgent)?.[1]));
    await inEngine(
      "chromium",
      `Chromium ${version}`,
      <T>(script: string) => page.evaluate(`(() => { ${script} })()`) as Promise<T>,
    );
  });
});

test("in Firefox", async () => {
  test.skip(!has("geckodriver") || !(has("firefox-esr") || has("firefox")), "Firefox or geckodriver is not installed");
  const driver = await WebDriver.start(["geckodriver"], {
    browserName: "firefox",
    "moz:firefoxOptions": { args: ["-headless"], ...(has("firefox-esr") && { binary: "/usr/bin/firefox-esr" }) },
  });
  try {
    await driver.open(`${APP}/lab`);
    await inEngine("firefox", `Firefox ${driver.version}`, (script) => driver.run(script));
  } finally {
    await driver.quit();
  }
});

test("in WebKit", async () => {
  test.skip(
    !has("WebKitWebDriver") || !has("xvfb-run") || !existsSync(MINI_BROWSER),
    "WebKitGTK's driver is not installed",
  );
  const driver = await WebDriver.start(["xvfb-run", "-a", "WebKitWebDriver"], {
    browserName: "MiniBrowser",
    "webkitgtk:browserOptions": { binary: MINI_BROWSER, args: ["--automation"] },
  });
  try {
    await driver.open(`${APP}/lab`);
    await inEngine("webkit", `WebKitGTK ${driver.version}`, (script) => driver.run(script));
  } finally {
    await driver.quit();
  }
});

test("docs/lab.md holds what the engines do", () => {
  const engines = Object.keys(NAMES) as Engine[];
  const missing = engines.filter((engine) => !runs.some((run) => run.engine === engine));
  const names = missing.map((engine) => NAMES[engine]).join(" and ");
  // `make lab-browsers WRITE=yes` writes the table.
  if (process.env.WRITE) {
    expect(names, "the table takes all three engines; these are not installed").toBe("");
    return writeTable(runs);
  }
  if (names) console.log(`${names} did not run: what docs/lab.md says of it is not compared.`);
  expect(table(runs).trim(), "where it is right, write it with `make lab-browsers WRITE=yes`").toBe(
    writtenTable(missing).trim(),
  );
});
