import { callsOf } from "../api/calls";
import { appUrl } from "../app-url";
import type { Auth } from "./auth";
import { ACCESS_TOKEN, EMAIL_AND_PASSWORD } from "./ways";

/*
 * Not recommended: a token from any origin, for a password that is typed on this page.
 *
 * Whoever serves this page, and every script on it, sees the password (RFC 9700, section 2.4: such a grant must not be
 * used). It cannot use a passkey, and it teaches people to type their password on any page that asks. It is here for
 * comparison, and for tokens that somebody creates in the app and pastes; token.ts is what to copy.
 *
 * It is stored in memory, unless the person asks for more. A reload forgets it, and nothing is left on the computer. An
 * injected script (XSS) can call the API while the page is open, and can replace `fetch` to read the token from the
 * next request, but only at that moment.
 *
 * If the person ticks "Keep for this tab", it is stored in sessionStorage. It survives a reload, other tabs do not see
 * it, and it ends with the tab (though a browser may restore the tab, and a duplicated tab starts with a copy). An
 * injected script can read it with one line at any time, and use it elsewhere until it expires or is revoked.
 *
 * Never in localStorage, which all tabs share and which has no end. Never in a cookie, which the browser would send by
 * itself, so that other sites could act as the person.
 *
 * In either case the server limits the damage: the token expires, has scopes, and can be revoked.
 */
const KEY = "vestibule-example-spa.token";
const NAME = "Example SPA";
const WARNING = "Not recommended: this page sees your password, and it cannot use your passkey. See docs/clients.md.";
const app = appUrl(import.meta.env);
// A browser that blocks site data throws on any access to sessionStorage; memory is enough.
const tab = navigator.cookieEnabled ? sessionStorage : null;
let memory = tab?.getItem(KEY) ?? null;

function hold(token: string | null, keep: boolean) {
  memory = token;
  tab?.removeItem(KEY);
  if (token !== null && keep) tab?.setItem(KEY, token);
}

export const auth: Auth = {
  door: {
    mount: `${app}/api/v1`,
    // The token is the only credential: the browser neither sends nor stores cookies of that origin.
    credentials: "omit",
    headers: () => (memory === null ? {} : { Authorization: `Bearer ${memory}` }),
  },
  story: "with a bearer token. No cookie is involved.",
  site: app,
  ways: [{ ...EMAIL_AND_PASSWORD, warning: WARNING }, ACCESS_TOKEN],
  keep: {
    label: "Keep for this tab",
    yes: "The token is stored in this tab’s sessionStorage. It survives a reload; any script on this page can read it.",
    no: "The token is stored in this page’s memory. A reload forgets it.",
  },
  async enter({ email = "", password = "", secret, second }, keep, signal) {
    const body = { email, password, name: NAME, remember: keep };
    hold(secret ?? (await callsOf(auth.door).login(body, second, signal)).token, keep);
  },
  async credential(api, signal) {
    const { id, name, scopes, expires_at: until } = await api.token(signal);
    const place = tab?.getItem(KEY) == null ? "in memory only" : "kept in this tab’s sessionStorage";
    return { id, name: `Token “${name}”`, place, until, scopes, isForeign: name !== NAME };
  },
  held: { noun: "token", isThere: () => memory !== null, drop: () => hold(null, false) },
};
