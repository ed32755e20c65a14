import { Problem } from "../api/problem";
import { appUrl } from "../app-url";
import { OAuthClient } from "../oauth/client";
import { SignInError } from "../oauth/error";
import type { Auth } from "./auth";

/*
 * Solution 1: a token, from any origin (RFC 10017, "browser-based OAuth client").
 *
 * People sign in on the app's own pages, with a passkey, a password or a second factor, and come back with a code; this
 * page sees none of that. The access token lasts for minutes and is in memory only. The refresh token is in IndexedDB,
 * for the next visit. Both are bound to a key that no script can read, so a copy of them is worth nothing.
 *
 * An injected script (XSS) can still act as the person while the page is open: it can use the key, and it can sign in
 * anew with a key of its own. See docs/clients.md.
 */
const app = appUrl(import.meta.env);
const client = new OAuthClient({
  issuer: app,
  clientId: import.meta.env.VITE_CLIENT_ID ?? "spa",
  redirectUri: new URL(import.meta.env.BASE_URL, location.origin).href,
  scope: "account:read notes:read notes:write",
});

async function problem(error: unknown): Promise<never> {
  if (!(error instanceof SignInError)) throw error;
  if (error.response !== null) throw await Problem.from(error.response);
  throw Problem.refused(error.reason === "none" ? "not_signed_in" : "sign_in_refused", error.message);
}

export const auth: Auth = {
  door: { mount: `${app}/api/v1`, credentials: "omit", send: (request) => client.fetch(request).catch(problem) },
  story: "with a token that is bound to a key of this browser. No cookie is involved.",
  site: app,
  ways: [
    {
      name: "Sign in",
      submit: "Sign in",
      text: `You sign in at ${new URL(app).host}, with your passkey or your password, and come back here.`,
      fields: [],
    },
  ],
  enter: (_typed, _keep, signal) => client.start(signal).catch(problem),
  resume: (signal) => client.resume(signal).catch(problem),
  credential: () => Promise.resolve({ name: "Token bound to a key", place: "in memory only", scopes: client.scopes }),
  signOut: () => client.end().catch(problem),
  signedOut: `You are signed out here, and the tokens are revoked. At ${new URL(app).host} you may still be signed in.`,
  held: { noun: "token", isThere: () => true, drop: () => client.forget() },
  watch: (changed) => client.watch(changed),
  luggage: { keep: (text) => client.keepText(text), take: () => client.takeText() },
};
