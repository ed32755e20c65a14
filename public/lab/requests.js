// @ts-check
// Making the requests of an experiment. The app's page and the peer's page in the frame share this.

/** @typedef {"app" | "same-site" | "cross-site"} Origin */

/**
 * One request.
 * @typedef {object} Step
 * @property {Origin} from
 * @property {Origin} to
 * @property {"at" | "guarded" | "proxy"} endpoint
 * @property {"fetch" | "form" | "script"} how
 * @property {"GET" | "POST"} method
 * @property {RequestCredentials} credentials
 * @property {RequestMode} mode
 * @property {[string, string][]} headers
 */

/**
 * What the page got of a response.
 * @typedef {object} Got
 * @property {boolean} read
 * @property {string[]} lines
 */

/**
 * A request to make, with its URL and the token of the Lab session.
 * @typedef {{ step: Step, url: string, token: string }} Task
 */

/** The response headers to show. */
const SHOWN = /^(access-control-|content-type$|vary$|www-authenticate$)/;

/** How long to wait for a document in a frame, in milliseconds. */
export const FRAME_TIMEOUT = 4000;

/** Makes a request on this page. @param {Task} task @returns {Promise<Got>} */
export function perform({ step, url, token }) {
  if (step.how === "form") return submitForm(url, step);
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
    return { read: true, lines: [status, ...shown.map((pair) => pair.join(": ")), "", text.trim().slice(0, 300)] };
  } catch (error) {
    return { read: false, lines: [String(error), "The browser does not tell the page why."] };
  }
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
