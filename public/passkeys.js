// @ts-check
// Passkeys (WebAuthn Level 3): adds one on the page that lists them, and signs in with one on the sign-in page. Browsers
// without passkeys do not show the buttons. The server asks and verifies; the browser answers in between.

const place = /** @type {HTMLElement} */ (document.querySelector("#passkeys"));
const alert = /** @type {HTMLElement} */ (place.querySelector("[role=alert]"));
/** As the browser has it: some of its functions are too new for what TypeScript knows. @type {any} */
const Passkeys = globalThis.PublicKeyCredential;

/** Ends the request for a passkey that is open, so that another one can begin. */
let open = new AbortController();

const form = place.closest("form");
if (!Passkeys?.parseCreationOptionsFromJSON) {
  if (form !== place) alert.textContent = "Passkeys do not work in this browser.";
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
  if (!response.ok) throw Object.assign(new Error(answer.detail), { name: answer.code });
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
 * On the sign-in page, or on that of the step after the password.
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
  // The passkeys are suggested in the address field, until one is chosen there or the button is pressed.
  if (await Passkeys.isConditionalMediationAvailable?.()) await signIn(form, "conditional").catch(() => {});
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
  const answer = /** @type {HTMLInputElement} */ (form.querySelector("[data-answer]"));
  answer.value = JSON.stringify(credential);
  // Whether to stay signed in is asked beside the password.
  const asked = document.querySelector("input[name=remember][type=checkbox]");
  const remember = form.querySelector("input[name=remember][type=hidden]");
  if (asked instanceof HTMLInputElement && remember instanceof HTMLInputElement) remember.disabled = !asked.checked;
  form.submit();
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
