// @ts-check
// Making the requests of an experiment. The app's page and the peer's page in the frame share this.

import { answering } from "./platform.js";

/** @typedef {"app" | "same-site" | "cross-site"} Origin */

/**
 * One request.
 * @typedef {object} Step
 * @property {Origin} from
 * @property {"open" | "public" | "closed"} page the kind of page there, if it is one of the peer
 * @property {Origin} to
 * @property {"at" | "guarded" | "proxy"} endpoint
 * @property {"fetch" | "form" | "script" | "write"} how
 * @property {"GET" | "POST"} method
 * @property {RequestCredentials} credentials
 * @property {RequestMode} mode
 * @property {[string, string][]} headers
 * @property {string[]} asks what the page has to find out
 * @property {{ prefix: string, path: string, attributes: string } | null} writes the cookie that a script writes
 */

/**
 * What the page got of a response.
 * @typedef {object} Got
 * @property {boolean} read
 * @property {string[]} lines
 * @property {string} [set] the value of the cookie that the page wrote
 * @property {Record<string, string>} [answers] what the page found out, by question
 */

/**
 * A request to make, with its URL, the token of the Lab session and the name of the experiment's cookie.
 * @typedef {{ step: Step, url: string, token: string, cookie: string }} Task
 */

/** The response headers to show. */
const SHOWN = /^(access-control-|content-type$|vary$|www-authenticate$)/;

/** How long to wait for a document in a frame, in milliseconds. */
export const FRAME_TIMEOUT = 4000;

/** Makes a request on this page, and finds out what it asks for. @param {Task} task @returns {Promise<Got>} */
export async function perform(task) {
  const { asks } = task.step;
  if (!asks.length) return make(task);
  return answering(asks, task.cookie, () => make(task));
}

/** @param {Task} task @returns {Promise<Got>} */
function make({ step, url, token, cookie }) {
  if (step.how === "form") return submitForm(url, step);
  if (step.how === "write") return Promise.resolve(writeCookie(step, cookie));
  if (step.how === "script") return Promise.resolve({ read: false, lines: [document.cookie || "(no cookie)"] });
  return callFetch(url, step, token);
}

/** @param {string} url @param {Step} step @param {string} token @returns {Promise<Got>} */
async function callFetch(url, { method, mode, credentials, headers }, token) {
  const own = headers.map(([name, value]) => /** @type {[string, string]} */ ([name, value.replace("{token}", token)]));
  // A form-encoded body needs no preflight.
  const body = method === "POST" ? new URLSearchParams({ lab: "1" }) : undefined;
  try {
    const response = await fetch(url, { method, mode, credentials, headers: own, body, cache: "no-store" });
    if (response.type === "opaque") {
      return { read: false, lines: ["An opaque response: no status, no headers, no body."] };
    }
    const text = await response.text();
    const shown = [...response.headers].filter(([name]) => SHOWN.test(name));
    const status = `${response.status} ${response.statusText}`;
    const answers = { exposed: response.headers.has("x-lab-answer") ? "yes" : "no" };
    const lines = [status, ...shown.map((pair) => pair.join(": ")), "", text.trim().slice(0, 300)];
    return { read: true, answers, lines };
  } catch (error) {
    return { read: false, lines: [String(error), "The browser does not tell the page why."] };
  }
}

/** @param {Step} step @param {string} cookie @returns {Got} */
function writeCookie({ writes }, cookie) {
  const { prefix = "", path = "", attributes = "" } = writes ?? {};
  const set = crypto.randomUUID().slice(0, 8);
  const line = `${prefix}${cookie}=${set}; Max-Age=60; Path=${path}; ${attributes}`;
  document.cookie = line;
  return { read: false, set, lines: [`document.cookie = "${line}"`] };
}

/** @param {string} url @param {Step} step @returns {Promise<Got>} */
async function submitForm(url, { method }) {
  const frame = element("iframe", { name: "answer" });
  const field = element("input", { type: "hidden", name: "lab", value: "1" });
  const form = element("form", { action: url, method, target: "answer" }, field);
  document.body.append(frame, form);
  /** The document of the response: null if the browser keeps it from us, undefined as long as the frame is blank. */
  const responseDocument = () => {
    try {
      const { contentDocument } = frame;
      return contentDocument?.URL === "about:blank" ? undefined : contentDocument;
    } catch {
      return null;
    }
  };
  const loaded = new Promise((resolve) => {
    frame.addEventListener("load", () => responseDocument() !== undefined && resolve(null));
    setTimeout(resolve, FRAME_TIMEOUT / 2);
  });
  form.submit();
  await loaded;
  const text = responseDocument()?.body?.textContent?.trim();
  frame.remove();
  form.remove();
  if (text) return { read: true, lines: [text.slice(0, 300)] };
  return { read: false, lines: ["A frame with a document of another origin."] };
}

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} name @param {Record<string, string>} attributes @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}
