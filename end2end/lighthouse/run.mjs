// Runs Lighthouse against the single binary, and fails unless every category of every page reaches 100.
// Prints a table in Markdown, for the README.

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { launch } from "chrome-launcher";
import lighthouse, { desktopConfig } from "lighthouse";
import { chromiumPath } from "../support/chromium.mjs";
import { answers, freePort, until } from "../support/net.mjs";

const RUNS = 5;
const CATEGORIES = ["performance", "accessibility", "best-practices", "seo"];
const PAGES = [
  { name: "Landing", path: "/" },
  { name: "Sign in", path: "/sign-in" },
  { name: "Notes", path: "/notes", signedIn: true },
];
const FORMS = [
  { name: "mobile", config: undefined },
  { name: "desktop", config: desktopConfig },
];

const binary = resolve(process.env.E2E_BINARY ?? join(import.meta.dirname, "../../dist/vestibule"));
if (!existsSync(binary)) throw new Error(`There is no ${binary}. Run \`make lighthouse\`.`);

const folder = mkdtempSync(join(tmpdir(), "vestibule-lighthouse-"));
const port = await freePort();
const origin = `http://localhost:${port}`;
const server = spawn(binary, ["serve"], {
  cwd: folder,
  env: {
    ...process.env,
    LEPTOS_SITE_ADDR: `127.0.0.1:${port}`,
    VESTIBULE_SERVER__PUBLIC_URL: origin,
    RUST_LOG: "warn",
  },
  stdio: "inherit",
});
let chrome;
try {
  await until(isReady, "The server does not answer.");
  const cookie = await signUp();
  chrome = await launch({
    chromePath: chromiumPath,
    chromeFlags: ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
  });
  const rows = [];
  for (const page of PAGES) {
    for (const form of FORMS) rows.push(await measure(page, form, cookie));
  }
  print(rows);
  if (rows.some(({ scores }) => Object.values(scores).some((score) => score < 100))) process.exitCode = 1;
} finally {
  chrome?.kill();
  server.kill();
  rmSync(folder, { recursive: true, force: true });
}

/** The medians of some runs, and the audits that kept the last of them from 100. */
async function measure(page, form, cookie) {
  const runs = [];
  const url = origin + page.path;
  // The cookie is sent as a header and not stored, so that each run can begin with empty storage and an empty cache.
  const extraHeaders = page.signedIn ? { Cookie: cookie } : undefined;
  const flags = { port: chrome.port, onlyCategories: CATEGORIES, extraHeaders, logLevel: "error" };
  for (let spare = 2; runs.length < RUNS;) {
    const { lhr } = await lighthouse(url, flags, form.config);
    // A busy machine loses the beginning of a recording at times.
    if (lhr.runtimeError && spare-- > 0) continue;
    if (lhr.runtimeError) throw new Error(`${url}: ${lhr.runtimeError.message}`);
    if (lhr.finalDisplayedUrl !== url) throw new Error(`${url} led to ${lhr.finalDisplayedUrl}`);
    runs.push(lhr);
  }
  const middle = (of) => runs.map(of).sort((a, b) => a - b)[Math.floor(RUNS / 2)];
  const scores = CATEGORIES.map((id) => [id, Math.round(100 * middle(({ categories }) => categories[id].score ?? 0))]);
  return {
    page: page.name,
    form: form.name,
    scores: Object.fromEntries(scores),
    lcp: middle(({ audits }) => audits["largest-contentful-paint"].numericValue),
    cls: middle(({ audits }) => audits["cumulative-layout-shift"].numericValue),
    bytes: middle(({ audits }) => weight(audits["network-requests"])),
    faults: scores.filter(([, score]) => score < 100).flatMap(([id]) => faults(runs.at(-1), id)),
  };
}

/** The bytes that came over the wire, without the wasm. */
function weight(audit) {
  const { items } = audit.details;
  return items.filter(({ url }) => !url.endsWith(".wasm")).reduce((sum, { transferSize }) => sum + transferSize, 0);
}

function faults(lhr, category) {
  const refs = lhr.categories[category].auditRefs.filter(({ weight }) => weight > 0);
  const audits = refs.map(({ id }) => lhr.audits[id]).filter(({ score }) => score !== null && score < 1);
  return audits.map(({ id, title, displayValue }) => `${category}: ${id}: ${title} ${displayValue ?? ""}`.trim());
}

function print(rows) {
  console.log("\n| Page | | Performance | Accessibility | Best practices | SEO | LCP | CLS | Before wasm |");
  console.log("|---|---|--:|--:|--:|--:|--:|--:|--:|");
  for (const { page, form, scores, lcp, cls, bytes } of rows) {
    const cells = CATEGORIES.map((id) => scores[id]).join(" | ");
    console.log(`| ${page} | ${form} | ${cells} | ${seconds(lcp)} | ${+cls.toFixed(4)} | ${kilobytes(bytes)} |`);
  }
  console.log("");
  for (const { page, form, faults } of rows) for (const fault of faults) console.error(`${page}, ${form}: ${fault}`);
}

function seconds(milliseconds) {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

function kilobytes(bytes) {
  return `${(bytes / 1000).toFixed(1)} kB`;
}

/** Signs up by HTTP, and answers with a `Cookie` header. */
async function signUp() {
  const form = { name: "Ada Lovelace", email: "ada@example.org", password: "three quiet words" };
  const response = await fetch(`${origin}/sign-up`, {
    method: "POST",
    headers: { Origin: origin },
    body: new URLSearchParams(form),
    redirect: "manual",
  });
  if (response.status !== 303) throw new Error(`Signing up was answered with ${response.status}.`);
  return response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(";")[0])
    .join("; ");
}

function isReady() {
  if (server.exitCode !== null) throw new Error("The server did not start.");
  return answers(`${origin}/readyz`);
}
