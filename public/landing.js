// @ts-check
// The buttons of the front page that send a request to each door.

for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll(".try-request"))) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void send(form);
  });
}

/**
 * Requests the form's address, with the token if there is one, once at a time, and shows what comes back.
 * @param {HTMLFormElement} form
 */
async function send(form) {
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("button"));
  const answer = /** @type {HTMLElement} */ (form.querySelector(".answer"));
  if (button.ariaBusy) return;
  button.ariaBusy = "true";
  const headers = new Headers({ Accept: "application/json" });
  try {
    const token = form.querySelector("input")?.value.trim();
    if (token) headers.set("Authorization", `Bearer ${token}`);
    answer.replaceChildren(...(await shown(await fetch(form.action, { headers }))));
  } catch {
    answer.replaceChildren(paragraph("status", "strong", "No answer: the server cannot be reached."));
  } finally {
    button.ariaBusy = null;
  }
}

/** @param {Response} response */
async function shown(response) {
  const challenge = response.headers.get("WWW-Authenticate");
  const body = element("pre", "", "");
  body.tabIndex = 0;
  body.append(element("code", "", indented(await response.text())));
  const parts = [paragraph("status", "strong", `${response.status} ${response.statusText}`)];
  if (challenge) parts.push(paragraph("challenge", "code", `WWW-Authenticate: ${challenge}`));
  return [...parts, body];
}

/**
 * @param {string} className
 * @param {string} name The element that the text is in.
 * @param {string} text
 */
function paragraph(className, name, text) {
  const made = element("p", className, "");
  made.append(element(name, "", text));
  return made;
}

/** @param {string} text JSON or not. */
function indented(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
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
