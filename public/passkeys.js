// @ts-check
// Passkeys (WebAuthn Level 3): adds one on the page that lists them, signs up and in with one on the pages for that, and
// confirms with one where a form asks for it. Browsers without passkeys do not show the buttons. The server asks and
// verifies; the browser answers in between.

const place = /** @type {HTMLElement} */ (document.querySelector("#passkeys"));
const alert = /** @type {HTMLElement} */ (place.querySelector("[role=alert]"));
/** As the browser has it: some of its functions are too new for what TypeScript knows. @type {any} */
const Passkeys = globalThis.PublicKeyCredential;

/** The server takes an answer for five minutes; the suggestions in the address field stay open for longer. */
const FRESH = 270_000;
/** How often the suggestions are asked for anew, so that a page that is left open does not ask for ever. */
const RENEWALS = 100;

/** Ends the request for a passkey that is open, so that another one can begin. */
let open = new AbortController();

const form = place.closest("form");
if (!Passkeys?.parseCreationOptionsFromJSON) {
  if (form !== place) alert.textContent = "Passkeys do not work in this browser.";
} else if (form?.dataset.beside) {
  offerSignUp(form, form.dataset.beside);
} else if (form) {
  void offerSignIn(form);
} else {
  offerToAdd(/** @type {HTMLButtonElement} */ (place.querySelector("button")));
}

/**
 * Asks the server. What it refuses is thrown, with its code and in its words.
 * @param {string} path
 * @param {object} [body]
 */
async function post(path, body) {
  const sent = body && { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(`/session/v1/${path}`, { method: "POST", ...sent });
  const answer = await response.json();
  const message = answer.errors?.[0]?.message ?? answer.detail;
  if (!response.ok) throw Object.assign(new Error(message), { name: answer.code });
  return answer;
}

/** @param {HTMLButtonElement} button */
function offerToAdd(button) {
  button.removeAttribute("data-waiting");
  button.addEventListener("click", () => void told(add()));
  // Password managers forget passkeys that were removed here, and learn the account's new name and address.
  const { details = "", accepted = "" } = place.dataset;
  void Passkeys.signalCurrentUserDetails?.(JSON.parse(details)).catch(() => {});
  void Passkeys.signalAllAcceptedCredentials?.(JSON.parse(accepted)).catch(() => {});
}

async function add() {
  const { public_key } = await post("passkeys/options");
  const publicKey = Passkeys.parseCreationOptionsFromJSON(public_key);
  await post("passkeys", { credential: await navigator.credentials.create({ publicKey }) });
  location.reload();
}

/**
 * On the sign-up page: name and address are asked for in the form for a password.
 * @param {HTMLFormElement} form
 * @param {string} beside where that form posts to
 */
function offerSignUp(form, beside) {
  form.removeAttribute("data-waiting");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void told(signUp(form, beside));
  });
}

/**
 * @param {HTMLFormElement} form
 * @param {string} beside
 */
async function signUp(form, beside) {
  /** @param {HTMLFormElement | null} of @param {string} name */
  const field = (of, name) => /** @type {HTMLInputElement} */ (of?.querySelector(`input[name=${name}]`));
  const above = document.querySelector(`form[action="${beside}"]`);
  const asked = ["name", "email"].map((name) => field(/** @type {HTMLFormElement} */ (above), name));
  if (!asked.every((input) => input.reportValidity())) return;
  for (const { name, value } of asked) field(form, name).value = value;
  const [name, email] = asked.map(({ value }) => value);
  const { public_key } = await post("sign-up/passkey/options", { name, email });
  const publicKey = Passkeys.parseCreationOptionsFromJSON(public_key);
  answerWith(form, await navigator.credentials.create({ publicKey }));
}

/**
 * @param {HTMLFormElement} form
 * @param {Credential | null} credential
 */
function answerWith(form, credential) {
  const answer = /** @type {HTMLInputElement} */ (form.querySelector("[data-answer]"));
  answer.value = JSON.stringify(credential);
  form.submit();
}

/**
 * On the sign-in page, or where a form asks for a passkey.
 * @param {HTMLFormElement} form
 */
async function offerSignIn(form) {
  form.addEventListener("submit", (event) => {
    // The button of another step.
    if (event.submitter?.hasAttribute("formaction")) return;
    event.preventDefault();
    void told(signIn(form));
  });
  if (form !== place) return;
  form.removeAttribute("data-waiting");
  if (await Passkeys.isConditionalMediationAvailable?.()) await suggest(form);
}

/**
 * Suggests the passkeys in the address field, until one is chosen there or the button is pressed.
 * @param {HTMLFormElement} form
 */
async function suggest(form) {
  for (let renewals = 0; renewals < RENEWALS; renewals += 1) {
    await seen();
    let outdated = false;
    const begun = Date.now();
    const asking = signIn(form, "conditional");
    const request = open;
    // By the clock, as a computer that sleeps holds timers back.
    const timer = setInterval(() => {
      outdated = Date.now() - begun > FRESH;
      if (outdated) request.abort();
    }, 10_000);
    await asking.catch(() => {});
    clearInterval(timer);
    if (!outdated) return;
  }
}

/**
 * Waits until somebody looks at the page.
 * @returns {Promise<void>}
 */
function seen() {
  return new Promise((resolve) => {
    const look = () => {
      if (document.visibilityState !== "visible") return;
      document.removeEventListener("visibilitychange", look);
      resolve();
    };
    document.addEventListener("visibilitychange", look);
    look();
  });
}

/**
 * @param {HTMLFormElement} form
 * @param {"conditional"} [mediation]
 */
async function signIn(form, mediation) {
  open.abort();
  open = new AbortController();
  const { signal } = open;
  const { public_key } = await post("login/passkey/options");
  const publicKey = Passkeys.parseRequestOptionsFromJSON(public_key);
  const options = /** @type {CredentialRequestOptions} */ ({ publicKey, signal, mediation });
  const credential = await navigator.credentials.get(options);
  // Whether to stay signed in is asked beside the password.
  const asked = document.querySelector("input[name=remember][type=checkbox]");
  const remember = form.querySelector("input[name=remember][type=hidden]");
  if (asked instanceof HTMLInputElement && remember instanceof HTMLInputElement) remember.disabled = !asked.checked;
  answerWith(form, credential);
}

/**
 * Says what went wrong. Whoever closes the browser's dialog knows that.
 * @param {Promise<void>} task
 */
async function told(task) {
  alert.textContent = "";
  try {
    await task;
  } catch (error) {
    const { name, message } = /** @type {Error} */ (error);
    if (name === "reauthentication_required") {
      location.assign(`/account/confirm?next=${encodeURIComponent(location.pathname)}`);
    } else if (name === "InvalidStateError") {
      alert.textContent = "This device or password manager already has a passkey for your account.";
    } else if (!["AbortError", "NotAllowedError"].includes(name)) {
      alert.textContent = message;
    }
  }
}
