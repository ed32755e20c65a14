// @ts-check
// Sends the calls of the explorer. The token lives in the field it was pasted into and nowhere else.

/** @typedef {HTMLInputElement | HTMLTextAreaElement} Input */

const section = /** @type {HTMLElement} */ (document.querySelector("#try"));
const token = /** @type {HTMLInputElement} */ (section.querySelector("#token"));

for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll("details.try form"))) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void send(form);
  });
}

/**
 * Sends what the form says, once at a time, and shows what comes back.
 * @param {HTMLFormElement} form
 */
async function send(form) {
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("button"));
  const answer = /** @type {HTMLElement} */ (form.querySelector(".answer"));
  if (button.ariaBusy) return;
  button.ariaBusy = "true";
  try {
    await show(answer, await fetch(request(form)));
  } catch {
    answer.replaceChildren(element("p", "status", "No answer: the server cannot be reached."));
  } finally {
    button.ariaBusy = null;
  }
}

/**
 * @param {HTMLFormElement} form
 * @returns {Request}
 */
function request(form) {
  const { method, path = "" } = form.dataset;
  const headers = new Headers({ Accept: "application/json" });
  const query = new URLSearchParams();
  let filled = path;
  /** @type {string | undefined} */
  let body;
  for (const input of /** @type {NodeListOf<Input>} */ (form.querySelectorAll("[data-in]"))) {
    const { name, value } = input;
    if (value === "") continue;
    if (input.dataset.in === "path") filled = filled.replace(`{${name}}`, encodeURIComponent(value));
    if (input.dataset.in === "query") query.set(name, value);
    if (input.dataset.in === "header") headers.set(name, value);
    if (input.dataset.in === "body") body = value;
  }
  if (body !== undefined) headers.set("Content-Type", "application/json");
  const secret = token.value.trim();
  if (secret) headers.set("Authorization", `Bearer ${secret}`);
  // Cookies are not read behind this door; the browser need not send them.
  return new Request(query.size ? `${filled}?${query}` : filled, { method, headers, body, credentials: "omit", cache: "no-store" });
}

/**
 * @param {HTMLElement} answer
 * @param {Response} response
 */
async function show(answer, response) {
  const text = await response.text();
  const json = parsed(text);
  const lines = [...response.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
  const headers = element("details", "", "");
  headers.append(element("summary", "", "Headers"), element("pre", "", lines));
  answer.replaceChildren(
    element("p", "status", `${response.status} ${response.statusText}`),
    element("p", "hint", `Request ${response.headers.get("x-request-id") ?? "without an id"}`),
    headers,
  );
  if (text) {
    const body = element("pre", "", json === undefined ? text : JSON.stringify(json, null, 2));
    body.tabIndex = 0;
    answer.append(body);
  }
  const issued = json?.token;
  if (response.ok && typeof issued === "string") answer.append(offer(issued));
}

/**
 * A way to go on with a token that was just made.
 * @param {string} issued
 */
function offer(issued) {
  const button = element("button", "quiet", "Use this token for the next calls");
  button.setAttribute("type", "button");
  button.addEventListener("click", () => {
    token.value = issued;
    button.textContent = "In use";
  });
  return button;
}

/**
 * @param {string} text
 * @returns {any} nothing where it is no JSON
 */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * @param {string} name
 * @param {string} className
 * @param {string} text
 */
function element(name, className, text) {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}
