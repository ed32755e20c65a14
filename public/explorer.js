// @ts-check
// Sends the calls of the explorer, and writes them as code. The token lives in the field it was pasted into and nowhere
// else; the code has a placeholder for it, unless the visitor asks for the token itself.

/** @typedef {HTMLInputElement | HTMLTextAreaElement} Input */
/** @typedef {{ method: string, url: string, headers: [name: string, value: string][], body?: string }} Call */
/** @typedef {Call & { authorized: boolean, isStream: boolean, json: any }} Example `json`: the body as JSON. */

/** How much of a stream of events is shown, in characters. */
const STREAM_SHOWN = 20_000;

const section = /** @type {HTMLElement} */ (document.querySelector("#try"));
const token = /** @type {HTMLInputElement} */ (section.querySelector("#token"));
const showToken = /** @type {HTMLInputElement} */ (section.querySelector("#show-token"));
const forms = /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll("details.try form"));
const languages = /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll(".snippet [type=radio]"));

/** @type {Record<string, (example: Example) => string>} */
const WRITERS = { curl, fetch: inJavaScript, Python: inPython };

for (const form of forms) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void send(form);
  });
  form.addEventListener("input", () => write(form));
}
for (const input of [token, showToken]) input.addEventListener("input", writeAll);
for (const radio of languages) {
  radio.addEventListener("change", () => {
    for (const other of languages) other.checked = other.value === radio.value;
    writeAll();
  });
}
// A browser may have kept what was typed when the page was left.
writeAll();

/**
 * Sends what the form says, once at a time, and shows what comes back.
 * @param {HTMLFormElement} form
 */
async function send(form) {
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("button"));
  const answer = /** @type {HTMLElement} */ (form.querySelector(".answer"));
  if (button.ariaBusy) return;
  button.ariaBusy = "true";
  const ending = new AbortController();
  try {
    await show(answer, await fetch(request(form), { signal: ending.signal }), ending);
  } catch {
    if (!ending.signal.aborted) {
      answer.replaceChildren(element("p", "status", "No answer: the server cannot be reached."));
    }
  } finally {
    button.ariaBusy = null;
  }
}

/**
 * What the form says, without the token.
 * @param {HTMLFormElement} form
 * @returns {Call}
 */
function callOf(form) {
  const { method = "GET", path = "" } = form.dataset;
  /** @type {[string, string][]} */
  const headers = [];
  const query = new URLSearchParams();
  let filled = path;
  /** @type {string | undefined} */
  let body;
  for (const input of /** @type {NodeListOf<Input>} */ (form.querySelectorAll("[data-in]"))) {
    const { name, value } = input;
    if (value === "") continue;
    if (input.dataset.in === "path") filled = filled.replace(`{${name}}`, encodeURIComponent(value));
    if (input.dataset.in === "query") query.set(name, value);
    if (input.dataset.in === "header") headers.push([name, value]);
    if (input.dataset.in === "body") body = value;
  }
  if (body !== undefined) headers.unshift(["Content-Type", "application/json"]);
  const url = location.origin + (query.size ? `${filled}?${query}` : filled);
  return { method, url, headers, body };
}

/**
 * @param {HTMLFormElement} form
 * @returns {Request}
 */
function request(form) {
  const { method, url, headers: given, body } = callOf(form);
  const accepted = form.dataset.stream === undefined ? "application/json" : "text/event-stream";
  const headers = new Headers([["Accept", accepted], ...given]);
  const secret = token.value.trim();
  if (secret && form.dataset.token !== undefined) headers.set("Authorization", `Bearer ${secret}`);
  // Cookies are not read behind this door; the browser need not send them.
  return new Request(url, { method, headers, body, credentials: "omit", cache: "no-store" });
}

/**
 * @param {HTMLElement} answer
 * @param {Response} response
 * @param {AbortController} ending
 */
async function show(answer, response, ending) {
  const lines = [...response.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
  const headers = element("details", "", "");
  headers.append(element("summary", "", "Headers"), element("pre", "", lines));
  answer.replaceChildren(
    element("p", "status", `${response.status} ${response.statusText}`),
    element("p", "hint", `Request ${response.headers.get("x-request-id") ?? "without an id"}`),
    headers,
  );
  const isStream = response.headers.get("Content-Type")?.startsWith("text/event-stream");
  if (isStream) return showEvents(answer, response, ending);
  const text = await response.text();
  const json = parsed(text);
  if (text) {
    const body = element("pre", "", json === undefined ? text : JSON.stringify(json, null, 2));
    body.tabIndex = 0;
    answer.append(body);
  }
  const issued = json?.token;
  if (response.ok && typeof issued === "string") answer.append(token.value ? offer(issued) : takeOver(issued));
}

/**
 * Shows events as they come, until the visitor stops.
 * @param {HTMLElement} answer
 * @param {Response} response
 * @param {AbortController} ending
 */
async function showEvents(answer, response, ending) {
  const [events, stop] = [element("pre", "", ""), element("button", "quiet", "Stop")];
  events.tabIndex = 0;
  stop.setAttribute("type", "button");
  stop.addEventListener("click", () => ending.abort());
  answer.append(events, stop);
  try {
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
      events.textContent = (events.textContent + part.value).slice(-STREAM_SHOWN);
    }
  } finally {
    stop.remove();
    answer.append(element("p", "hint", ending.signal.aborted ? "Stopped." : "The stream has ended."));
  }
}

/**
 * Uses a token that was just made for the next calls.
 * @param {string} issued
 */
function takeOver(issued) {
  token.value = issued;
  writeAll();
  return element("p", "hint", "The next calls use this token.");
}

/**
 * A way to go on with a token that was just made, where another is in use.
 * @param {string} issued
 */
function offer(issued) {
  const button = element("button", "quiet", "Use this token for the next calls");
  button.setAttribute("type", "button");
  button.addEventListener("click", () => {
    takeOver(issued);
    button.textContent = "In use";
  });
  return button;
}

// The calls as code.

function writeAll() {
  for (const form of forms) write(form);
}

/**
 * Writes what the form says in the chosen language.
 * @param {HTMLFormElement} form
 */
function write(form) {
  const snippet = /** @type {HTMLElement} */ (form.closest(".call")?.querySelector(".snippet"));
  const language = /** @type {HTMLInputElement} */ (snippet.querySelector(":checked")).value;
  const call = callOf(form);
  const { token: needsToken, stream } = form.dataset;
  const [authorized, isStream] = [needsToken !== undefined, stream !== undefined];
  const example = { ...call, authorized, isStream, json: parsed(call.body ?? "") };
  const code = /** @type {HTMLElement} */ (snippet.querySelector("code"));
  code.textContent = WRITERS[language]?.(example) ?? "";
}

/** The token for an example, where the visitor wants it there. */
function secret() {
  return showToken.checked ? token.value.trim() : "";
}

/**
 * As the server writes it (`src/features/api_docs/view.rs`).
 * @param {Example} example
 */
function curl({ method, url, headers, body, authorized, isStream, json }) {
  const lines = [`curl${method === "GET" ? "" : ` -X ${method}`}${isStream ? " -N" : ""} ${inShell(url)}`];
  if (authorized) {
    lines.push(secret() ? `-H ${quoted(`Authorization: Bearer ${secret()}`)}` : '-H "Authorization: Bearer $TOKEN"');
  }
  for (const [name, value] of headers) lines.push(`-H ${quoted(`${name}: ${value}`)}`);
  if (body !== undefined) {
    const inOneLine = body.split("\n").map((line) => line.trimStart()).join(" ");
    lines.push(`--data-raw ${quoted(json === undefined ? body : inOneLine)}`);
  }
  return lines.join(" \\\n  ");
}

/** @param {string} text */
function inShell(text) {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : quoted(text);
}

/** @param {string} text */
function quoted(text) {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** @param {Example} example */
function inJavaScript({ method, url, headers, body, authorized, isStream, json }) {
  const bearer = secret() ? literal(`Bearer ${secret()}`) : "`Bearer ${token}`";
  const fields = headers.map(member);
  if (authorized) fields.unshift(`"Authorization": ${bearer}`);
  const options = [];
  if (method !== "GET") options.push(`method: ${literal(method)}`);
  if (fields.length) options.push(block("headers: {", fields, "}"));
  if (json !== undefined) options.push(`body: JSON.stringify(${JSON.stringify(json, null, 2)})`);
  else if (body !== undefined) options.push(`body: ${literal(body)}`);
  const call = options.length ? block(`fetch(${literal(url)}, {`, options, "})") : `fetch(${literal(url)})`;
  const shown = isStream
    ? "for await (const text of response.body.pipeThrough(new TextDecoderStream())) console.log(text);"
    : "console.log(response.status, await response.text());";
  return `const response = await ${call};\n${shown}`;
}

/** @param {Example} example */
function inPython({ method, url, headers, body, authorized, isStream, json }) {
  const isJson = json !== undefined;
  const bearer = secret() ? literal(`Bearer ${secret()}`) : `f"Bearer {os.environ['TOKEN']}"`;
  // `json=` sets the content type itself.
  const fields = headers.filter(([name]) => !(isJson && name === "Content-Type")).map(member);
  if (authorized) fields.unshift(`"Authorization": ${bearer}`);
  const options = [literal(url)];
  if (fields.length) options.push(block("headers={", fields, "}", 4));
  if (isJson) options.push(`json=${inPythonTerms(json)}`);
  else if (body !== undefined) options.push(`data=${literal(body)}.encode()`);
  if (isStream) options.push("stream=True");
  const imports = authorized && !secret() ? "import os\n\nimport requests" : "import requests";
  const call = block(`requests.${method.toLowerCase()}(`, options, ")", 4);
  const shown = isStream
    ? "for line in response.iter_lines():\n    print(line.decode())"
    : "print(response.status_code, response.text)";
  return `${imports}\n\nresponse = ${call}\n${shown}`;
}

/**
 * Lines between `open` and `close`, indented.
 * @param {string} open
 * @param {string[]} lines
 * @param {string} close
 * @param {number} [spaces]
 */
function block(open, lines, close, spaces = 2) {
  const indent = " ".repeat(spaces);
  const inside = lines.map((line) => `${indent}${line.replaceAll("\n", `\n${indent}`)},\n`);
  return `${open}\n${inside.join("")}${close}`;
}

/**
 * A string in JavaScript or Python.
 * @param {string} text
 */
function literal(text) {
  return JSON.stringify(text);
}

/**
 * A header as a member of an object in JavaScript or Python.
 * @param {[name: string, value: string]} header
 */
function member([name, value]) {
  return `${literal(name)}: ${literal(value)}`;
}

/**
 * @param {any} json
 * @returns {string}
 */
function inPythonTerms(json) {
  if (json === null) return "None";
  if (json === true || json === false) return json ? "True" : "False";
  if (Array.isArray(json)) return `[${json.map(inPythonTerms).join(", ")}]`;
  if (typeof json !== "object") return JSON.stringify(json);
  const members = Object.entries(json).map(([name, value]) => `${literal(name)}: ${inPythonTerms(value)}`);
  return members.length ? block("{", members, "}", 4) : "{}";
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
