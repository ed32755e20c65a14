import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import { expect, test } from "@playwright/test";
import { RESULTS, mismatches, type Engine, type Result } from "../support/lab.ts";
import { APP } from "../support/origins.ts";
import { CELLS, WORTH_WITHOUT_BINDING, observed, type Cell } from "../support/theft.ts";
import { inChromium } from "../support/third-party.ts";
import { until } from "../support/net.mjs";
import { compare, unexplained, type Features } from "./compat.ts";
import { section, writeSection, writtenSection } from "./table.ts";
import {
  changes,
  fileName,
  newest,
  readVerdicts,
  verdictsOf,
  writeVerdicts,
  type Run,
  type VerdictFile,
} from "./verdicts.ts";
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
async function inEngine(
  engine: Engine,
  browser: string,
  version: string,
  run: <T>(script: string) => Promise<T>,
): Promise<void> {
  const name = `${browser} ${version}`;
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
  runs.push({ engine, browser, version, seconds, results });
}

const THEFT_READY = `return document.querySelector(".theft")?.dataset.ready === ""`;
const THEFT_RAN = `return document.querySelector(".theft").dataset.ran === ""`;

/** Runs the theft drill on its page, but for the four cells that need https and a session that can be bound. */
async function steal(name: string, run: <T>(script: string) => Promise<T>): Promise<void> {
  await until(() => run<boolean>(THEFT_READY), `The theft drill does not start in ${name}.`);
  await run(`document.querySelector("[data-drill=run]").click()`);
  await until(() => run<boolean>(THEFT_RAN), `The theft drill does not finish in ${name}.`, 20_000);
  expect(observed(await run<Cell[]>(CELLS))).toEqual(WORTH_WITHOUT_BINDING);
}

test("in Chromium", async ({ launchOptions, headless }) => {
  await inChromium("allowed", { ...launchOptions, headless }, async (context) => {
    const page = await context.newPage();
    await page.goto(`${APP}/lab`);
    const version =
      context.browser()?.version() ?? (await page.evaluate(() => /Chrome\/([\d.]+)/.exec(navigator.userAgent)?.[1]));
    const run = <T>(script: string) => page.evaluate(`(() => { ${script} })()`) as Promise<T>;
    await inEngine("chromium", "Chromium", version ?? "", run);
    await page.goto(`${APP}/lab/theft`);
    await steal("Chromium", run);
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
    await inEngine("firefox", "Firefox", driver.version, (script) => driver.run(script));
    await driver.open(`${APP}/lab/theft`);
    await steal("Firefox", (script) => driver.run(script));
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
    await inEngine("webkit", "WebKitGTK", driver.version, (script) => driver.run(script));
    await driver.open(`${APP}/lab/theft`);
    await steal("WebKit", (script) => driver.run(script));
  } finally {
    await driver.quit();
  }
});

/** The data that the package `@mdn/browser-compat-data` consists of. */
function browserCompatData(): { readonly data: Features; readonly release: string } {
  const file = createRequire(import.meta.url).resolve("@mdn/browser-compat-data");
  const data = JSON.parse(readFileSync(file, "utf8")) as Features & { __meta: { version: string } };
  return { data, release: data.__meta.version };
}

test("docs/lab holds what the engines do", () => {
  const seen = runs.map(verdictsOf);
  // `make lab-browsers WRITE=yes` writes the files of the engines that were run. Those of others stay as they are.
  if (process.env.WRITE) return seen.forEach(writeVerdicts);
  const written = readVerdicts();
  for (const file of seen) {
    const name = fileName(file);
    const before = written.find((other) => fileName(other) === name);
    expect(before, `write docs/lab/${name} with \`make lab-browsers WRITE=yes\``).toBeDefined();
    expect(changes(file, before!), `docs/lab/${name}`).toEqual([]);
  }
});

test("what differs from browser-compat-data is named", () => {
  const { data } = browserCompatData();
  // Of an engine that did not run here, what its newest file says is compared.
  const seen = runs.map(verdictsOf);
  const others = newest(readVerdicts()).filter(({ engine }) => !seen.some((file) => file.engine === engine));
  const comparisons = [...seen, ...others].flatMap((file) => compare(file, data));
  expect(comparisons.some(({ observed, documented }) => observed && documented)).toBe(true);
  expect(unexplained(comparisons), "name the reason in lab-browsers/compat.ts").toEqual([]);
});

test("docs/lab.md holds the newest of them", () => {
  const { data, release } = browserCompatData();
  const records = runs[0]?.results.map(({ record }) => record) ?? [];
  const files: readonly VerdictFile[] = newest(readVerdicts());
  const text = section(files, records, files.flatMap((file) => compare(file, data)), release);
  if (process.env.WRITE) return writeSection(text);
  expect(text.trim(), "where it is right, write it with `make lab-browsers WRITE=yes`").toBe(writtenSection());
});
