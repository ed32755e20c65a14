// @ts-check
// The doctor's page: makes the line to paste from what the visitor types, and shows what a report brings along. What is
// typed stays in this page.

import { readSeen, report } from "./report.js";

/** @import { Setup } from "./steps.js" */

/** @param {HTMLElement} root */
function initDoctor(root) {
  const field = (/** @type {string} */ name) =>
    /** @type {HTMLInputElement | null} */ (root.querySelector(`[data-doctor="${name}"]`));
  const text = (/** @type {string} */ name) => field(name)?.value.trim() ?? "";
  const isChecked = (/** @type {string} */ name) => !!field(name)?.checked;
  const script = new URL("/lab/doctor/examine.js", location.href).href;

  /** What was typed. Null as long as the addresses are none. @returns {Setup | null} */
  function setup() {
    const [page, call] = [webUrl(text("page")), webUrl(text("call"))];
    if (!page || !call) return null;
    /** @type {Setup} */
    const made = { page: page.origin, call: call.href, intent: isChecked("token") ? "token" : "cookie" };
    if (text("stack")) made.stack = text("stack");
    if (isChecked("included")) made.included = true;
    const signIn = webUrl(text("sign-in"));
    if (signIn) made.signIn = { url: signIn.href, body: text("body"), included: isChecked("sign-in-included") };
    const list = (/** @type {string} */ name) => text(name).split(",").map((item) => item.trim()).filter(Boolean);
    if (list("headers").length) made.headers = list("headers");
    if (list("reads").length) made.reads = list("reads");
    return made;
  }

  function show() {
    const made = setup();
    const result = field("result");
    if (result) result.hidden = !made;
    const waiting = field("waiting");
    if (waiting) waiting.hidden = !!made;
    if (!made) return;
    const json = JSON.stringify(made);
    put("snippet", `import("${script}").then((doctor) => doctor.examine(${json}))`);
    put("tag", `<script type="module" src="${script}#${encodeURIComponent(json).replaceAll("'", "%27")}"></script>`);
    field("open")?.setAttribute("href", made.page);
  }

  /** @param {string} name @param {string} of */
  function put(name, of) {
    const target = field(name);
    if (target) target.textContent = of;
  }

  /** Shows what the link from the visitor's page carries. */
  function showSeen() {
    const [, fragment] = /^#seen=(.+)$/.exec(location.hash) ?? [];
    const seen = fragment ? readSeen(fragment) : null;
    const place = field("seen");
    if (!place) return;
    place.hidden = !fragment;
    if (fragment) place.replaceChildren(seen ? report(seen) : "This link holds no report of the doctor.");
  }

  field("whole")?.addEventListener("click", async () => {
    const made = setup();
    if (made) await copy(await whole(script, JSON.stringify(made)));
  });
  root.addEventListener("input", show);
  root.addEventListener("submit", (event) => event.preventDefault());
  root.addEventListener("click", async ({ target }) => {
    const name = target instanceof HTMLElement ? target.dataset["copies"] : undefined;
    if (name) await copy(field(name)?.textContent ?? "");
  });
  addEventListener("hashchange", showSeen);
  show();
  showSeen();
  root.dataset["ready"] = "";
}

/** The doctor's scripts, each after those that it imports. */
const FILES = ["causes", "diagnosis", "steps", "report", "examine"];

/**
 * All scripts as one expression, which needs no import: the policy of a page does not apply to what its console runs.
 * @param {string} script the URL of the last @param {string} setup
 */
async function whole(script, setup) {
  const texts = await Promise.all(FILES.map(async (name) => (await fetch(`/lab/doctor/${name}.js`)).text()));
  const plain = texts.map((text) =>
    text
      .replace(/^import .*;$/gm, "")
      .replace(/^export default /m, "const table = ")
      .replace(/^export /gm, "")
      .replaceAll("import.meta.url", JSON.stringify(script)),
  );
  return `(() => {\n${plain.join("\n")}\nreturn examine(${setup});\n})()`;
}

/** @param {string} text */
async function copy(text) {
  const copied = await navigator.clipboard?.writeText(text).then(() => true, () => false);
  toast(copied ? "Copied" : "Your browser does not allow copying here. Select the text and copy it.");
}

/** The URL of a web page, with or without its scheme. @param {string} typed */
function webUrl(typed) {
  const isBare = typed && !/^[a-z][a-z\d+.-]*:\/\//i.test(typed);
  try {
    const url = new URL(isBare ? `${/^(localhost|127\.|\[::1\])/.test(typed) ? "http" : "https"}://${typed}` : typed);
    return /^https?:$/.test(url.protocol) ? url : null;
  } catch {
    return null;
  }
}

/** @param {string} text */
function toast(text) {
  const toasts = document.querySelector("#toasts");
  if (!toasts) return;
  const line = document.createElement("p");
  line.textContent = text;
  toasts.replaceChildren(line);
  setTimeout(() => toasts.replaceChildren(), 4000);
}

const root = /** @type {HTMLElement | null} */ (document.querySelector("[data-doctor=root]"));
if (root) initDoctor(root);
