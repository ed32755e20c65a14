// Walks a code with PKCE and DPoP, refresh and revocation with oidc-client-ts: oidc.ts ORIGIN EMAIL PASSWORD CALLBACK
//
// This server is no OpenID provider, so there are no id tokens: `metadataUrl` names the metadata of RFC 8414, and `scope`
// has no `openid`. What oidc-client-ts leaves to its user, and is done here: the nonces of the API (it keeps those of the
// token endpoint only), and `iss` of the answer (RFC 9207), which it does not compare.
import { InMemoryWebStorage, UserManager, WebStorageStateStore, type DPoPState } from "oidc-client-ts";

declare const process: { argv: string[]; exit(code: number): never };
const [origin, email, password, callback] = process.argv.slice(2) as [string, string, string, string];

// It takes the browser's name for it.
Object.assign(globalThis, { window: globalThis });

function check(holds: boolean, claim: string, found?: unknown): asserts holds {
  if (!holds) throw new Error(`${claim}, but: ${JSON.stringify(found)}`);
}

/** Its own store is IndexedDB, which Node lacks. */
const keys = new Map<string, DPoPState>();
const store = {
  set: async (name: string, state: DPoPState) => void keys.set(name, state),
  get: async (name: string) => keys.get(name)!,
  getAllKeys: async () => [...keys.keys()],
  remove: async (name: string) => {
    const state = keys.get(name)!;
    keys.delete(name);
    return state;
  },
};

/** Where `url` leads. Node's `fetch` says that a script asks, and this page answers to nobody but browsers that open it. */
async function open(url: string, cookie: string): Promise<string> {
  const { get } = await import("node:http" as string);
  return new Promise((resolve, reject) => {
    const options = { headers: { Cookie: cookie }, agent: false };
    const answered = (answer: { headers: { location?: string }; resume(): void }) => {
      answer.resume();
      resolve(answer.headers.location ?? "");
    };
    get(url, options, answered).on("error", reject);
  });
}

/** The person's browser: it is signed in here, so the server sends it straight back. */
async function visit(url: string): Promise<string> {
  const form = { method: "POST", headers: { Origin: origin }, body: new URLSearchParams({ email, password }) };
  const signedIn = await fetch(`${origin}/sign-in`, { ...form, redirect: "manual" });
  const cookie = signedIn.headers.getSetCookie().map((line) => line.split(";")[0]).join("; ");
  const back = await open(url, cookie);
  check(back.startsWith(`${callback}?`), "the server leads back", back);
  check(new URL(back).searchParams.get("iss") === origin, "the answer names its server", back);
  return back;
}

let back = "";
const navigator = {
  prepare: async () => ({
    navigate: async ({ url }: { url: string }) => ({ url: (back = await visit(url)) }),
    close: () => undefined,
  }),
  callback: async () => undefined,
};
const manager = new UserManager(
  {
    authority: origin,
    metadataUrl: `${origin}/.well-known/oauth-authorization-server`,
    client_id: "spa",
    redirect_uri: callback,
    scope: "account:read",
    dpop: { bind_authorization_code: true, store },
    stateStore: new WebStorageStateStore({ store: new InMemoryWebStorage() }),
    userStore: new WebStorageStateStore({ store: new InMemoryWebStorage() }),
    automaticSilentRenew: false,
  },
  navigator,
);

/** Calls the API as the one who is signed in; a second time with the nonce that a refusal names. */
async function me(nonce?: string): Promise<Response> {
  const user = await manager.getUser();
  check(user !== null, "somebody is signed in");
  const url = `${origin}/api/v1/me`;
  const proof = (await manager.dpopProof(url, user, "GET", nonce)) ?? "";
  const answer = await fetch(url, { headers: { Authorization: `DPoP ${user.access_token}`, DPoP: proof } });
  const fresh = answer.headers.get("DPoP-Nonce");
  return nonce === undefined && answer.status === 401 && fresh !== null ? me(fresh) : answer;
}

await manager.signinRedirect();
const user = await manager.signinRedirectCallback(back);
check(user.token_type === "DPoP", "the token is bound to the key", user.token_type);
check(user.scope === "account:read", "it has the scope that was asked for", user.scope);
check(user.expires_in !== undefined && user.expires_in > 800, "it lasts a quarter of an hour", user.expires_in);
const first = await me();
const account = (await first.json()) as { email?: string };
check(account.email === email, "the API knows whose it is", account);

const renewed = await manager.signinSilent();
check(renewed !== null && renewed.access_token !== user.access_token, "a refresh gives another token");
check(renewed.refresh_token !== user.refresh_token, "and another refresh token");
check((await me()).status === 200, "the API takes it");

const copy = await fetch(`${origin}/api/v1/me`, { headers: { Authorization: `Bearer ${renewed.access_token}` } });
check(copy.status === 401, "a copy opens nothing", copy.status);

await manager.revokeTokens(["refresh_token"]);
check((await me()).status === 401, "after the revocation, no token works");
// It has timers for tokens that expire.
process.exit(0);
