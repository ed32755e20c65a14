// @ts-check
// What the doctor says, as elements. Everything is text: nothing that was seen or pasted is ever HTML.

import table from "./causes.js";
import { diagnose, readEvidence } from "./diagnosis.js";

/** @import { Diagnosis, Outcome, Seen } from "./diagnosis.js" */

/** @typedef {{ id: string, title: string, about: string, look: string, lines: Record<string, string[]> }} Cause */

const causes = /** @type {Cause[]} */ (table.causes);
const stacks = /** @type {Record<string, string>} */ (table.stacks);
const notes = /** @type {Record<string, string>} */ (table.notes);

/** The steps, in their order. @type {[keyof Seen, string][]} */
const STEPS = [
  ["reach", "GET, mode “no-cors”"],
  ["plain", "GET without credentials"],
  ["credentialed", "GET with credentials"],
  ["anyone", "GET from the origin “null”"],
  ["preflighted", "GET with your headers"],
  ["bare", "Preflight without headers"],
  ["slash", "The same with another slash"],
  ["signIn", "Sign-in, as your code does it"],
  ["after", "Call after it, as your code does it"],
  ["rightly", "Both with credentials: “include”"],
];

/** Fills in a text of the table. @param {string} text @param {Record<string, string>} values */
export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => (Object.hasOwn(values, name) ? (values[name] ?? "") : whole));
}

/** The heading of a diagnosis. @param {Diagnosis} diagnosis */
export function heading({ verdict, causes: ids }) {
  if (verdict === "fine") return "Nothing is wrong.";
  if (verdict === "more") return "The doctor needs one more thing.";
  const titles = ids.map((id) => causes.find((cause) => cause.id === id)?.title ?? id);
  if (verdict === "cause") return `${titles.join(". And behind that: ")}.`;
  return "Cannot tell between two causes.";
}

/** The whole as text, for the console. @param {Seen} seen */
export function asText(seen) {
  const diagnosis = diagnose(seen);
  const said = diagnosis.causes.flatMap((id) => {
    const cause = causes.find((cause) => cause.id === id);
    if (!cause) return [fill(notes[id] ?? "", diagnosis.values)];
    const lines = chosen(cause, seen.stack).map(([, , line]) => fill(line, diagnosis.values));
    return [`${cause.title}: ${fill(cause.about, diagnosis.values)}`, ...lines];
  });
  return [heading(diagnosis), ...said].join("\n");
}

/**
 * A report on what was seen. It has a field for lines of the Network panel, and says more with them.
 * @param {Seen} seen @param {(seen: Seen) => void} [changed]
 */
export function report(seen, changed = () => {}) {
  const outcome = make("div", { role: "status" });
  const show = () => outcome.replaceChildren(...words(seen));
  const field = make("textarea", { rows: "3", spellcheck: "false", "aria-describedby": "doctor-evidence-hint" });
  field.addEventListener("input", () => {
    seen.evidence = readEvidence(field.value);
    show();
    changed(seen);
  });
  const hint = "Set-Cookie, Cookie or Access-Control-Allow-Origin. Values of cookies are not kept.";
  const evidence = make(
    "div",
    { class: "evidence" },
    make("label", {}, "Header lines from the Network panel, if the doctor cannot tell ", field),
    make("p", { class: "hint", id: "doctor-evidence-hint" }, hint),
  );
  show();
  return make("div", { class: "doctor-report" }, outcome, evidence, steps(seen));
}

/** @param {Seen} seen */
function words(seen) {
  const diagnosis = diagnose(seen);
  const { verdict, values } = diagnosis;
  /** @type {HTMLElement[]} */
  const parts = [
    make("h2", { "data-verdict": verdict, "data-causes": diagnosis.causes.join(" ") }, heading(diagnosis)),
  ];
  if (verdict === "fine") parts.push(make("p", {}, fill(notes["fine"] ?? "", values)));
  for (const id of diagnosis.causes) {
    const cause = causes.find((cause) => cause.id === id);
    if (!cause) {
      parts.push(make("p", {}, fill(notes[id] ?? "", values)));
      continue;
    }
    if (verdict === "either" || diagnosis.causes.length > 1) parts.push(make("h3", {}, cause.title));
    parts.push(make("p", {}, fill(cause.about, values)));
    if (verdict === "either") {
      parts.push(make("p", { class: "look" }, `In the Network panel: ${fill(cause.look, values)}`));
    }
    parts.push(...change(cause, seen.stack, values));
  }
  return parts;
}

/**
 * The line to change, that of the visitor's stack first.
 * @param {Cause} cause @param {string | undefined} stack @param {Record<string, string>} values
 */
function change(cause, stack, values) {
  const line = (/** @type {string} */ key, /** @type {string[]} */ [where = "", code = ""]) => {
    const name = key === "page" ? "Your page" : (stacks[key] ?? key);
    return make(
      "div",
      { class: "line", "data-stack": key },
      make("p", {}, make("strong", {}, name), `, ${fill(where, values)}:`),
      make("pre", { tabindex: "0" }, make("code", {}, fill(code, values))),
    );
  };
  const first = chosen(cause, stack);
  const rest = Object.entries(cause.lines).filter(([key]) => !first.some(([shown]) => shown === key));
  const shown = first.map(([key, ...of]) => line(key, of));
  if (!rest.length) return shown;
  const summary = make("summary", {}, first.length ? "The same for other servers" : "The line to change");
  const others = make("details", {}, summary, ...rest.map(([key, of]) => line(key, of)));
  if (!first.length) others.setAttribute("open", "");
  return [...shown, others];
}

/** The lines to show at once: that of the page, and that of the stack. @param {Cause} cause @param {string} [stack] */
function chosen(cause, stack) {
  return Object.entries(cause.lines)
    .filter(([key]) => key === "page" || key === stack)
    .map(([key, of]) => /** @type {[string, string, string]} */ ([key, of[0] ?? "", of[1] ?? ""]));
}

/** @param {Seen} seen */
function steps(seen) {
  const said = (/** @type {unknown} */ outcome) => {
    if (outcome === "failed") return "no answer for the page";
    return outcome === "hidden" ? "an answer that the page may not read" : `${outcome}`;
  };
  const tried = STEPS.filter(([key]) => seen[key] !== undefined);
  const rows = tried.flatMap(([key, title]) => [make("dt", {}, title), make("dd", {}, said(seen[key]))]);
  for (const [name, outcome] of Object.entries(seen.headers ?? {})) {
    rows.push(make("dt", {}, `Preflight with ${name}`), make("dd", {}, said(outcome)));
  }
  const from = make("p", { class: "hint" }, `From ${seen.page} to ${seen.call}`);
  return make("details", { class: "steps" }, make("summary", {}, "What was seen"), from, make("dl", {}, ...rows));
}

/**
 * What a fragment carries, as far as it can be what the doctor saw: whatever else a link brings is left out.
 * @param {string} fragment @returns {Seen | null}
 */
export function readSeen(fragment) {
  try {
    if (fragment.length > 8192) return null;
    const given = JSON.parse(decodeURIComponent(fragment));
    const text = (/** @type {unknown} */ value) => typeof value === "string" && value.length < 2048;
    const outcome = (/** @type {unknown} */ value) =>
      typeof value === "number" || value === "failed" || value === "hidden";
    if (![given.page, given.expected, given.call].every(text)) return null;
    if (given.intent !== "cookie" && given.intent !== "token") return null;
    /** @type {Record<string, unknown>} */
    const seen = { page: given.page, expected: given.expected, call: given.call, intent: given.intent };
    for (const key of ["signInUrl", "stack", "engine", "twice"]) if (text(given[key])) seen[key] = given[key];
    for (const key of ["sameSite", "policy", "both", "included", "html", "simple"]) {
      if (typeof given[key] === "boolean") seen[key] = given[key];
    }
    for (const [key] of STEPS) if (outcome(given[key])) seen[key] = given[key];
    const headers = Object.entries(given.headers ?? {}).filter(([, value]) => outcome(value));
    if (headers.length) seen["headers"] = Object.fromEntries(headers);
    if (Array.isArray(given.hidden) && given.hidden.every(text)) seen["hidden"] = given.hidden;
    return /** @type {Seen} */ (/** @type {unknown} */ (seen));
  } catch {
    return null;
  }
}

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} name @param {Record<string, string>} attributes @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function make(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}
