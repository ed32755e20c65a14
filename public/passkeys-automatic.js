// @ts-check
// After a sign-in with the password, for an account without passkeys: makes one where the browser can do so by itself
// (WebAuthn Level 3, "conditional create"). Nobody is asked; the browser says so, and the server mails it.

/** As the browser has it: some of its functions are too new for what TypeScript knows. @type {any} */
const Passkeys = globalThis.PublicKeyCredential;

void make().catch(() => {});

async function make() {
  const able = await Passkeys?.getClientCapabilities?.();
  if (!able?.conditionalCreate || !Passkeys.parseCreationOptionsFromJSON) return;
  const asked = await fetch("/session/v1/passkeys/options/automatic", { method: "POST" });
  if (asked.status !== 200) return;
  const { public_key } = await asked.json();
  const publicKey = Passkeys.parseCreationOptionsFromJSON(public_key);
  const options = /** @type {CredentialCreationOptions} */ ({ publicKey, mediation: "conditional" });
  const credential = await navigator.credentials.create(options);
  if (!credential) return;
  const headers = { "Content-Type": "application/json" };
  await fetch("/session/v1/passkeys", { method: "POST", headers, body: JSON.stringify({ credential }) });
}
