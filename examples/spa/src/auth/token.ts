import { callsOf } from "../api/calls";
import { appUrl } from "../app-url";
import type { Auth } from "./auth";
import { ACCESS_TOKEN, EMAIL_AND_PASSWORD } from "./ways";

/*
 * Solution 1: a token, from any origin.
 *
 * Where it lives. In memory, unless the person asks for more. A reload forgets it, and nothing is left on the machine.
 * It is no vault: a script that slips into this page (XSS) can call the API as long as the page is open, and can wrap
 * `fetch` and read the token off the next request. It has to be here at that moment, though.
 *
 * In sessionStorage, when the person ticks "Keep for this tab". A reload keeps it, other tabs do not see it, closing
 * the tab ends it (a browser that restores its tabs may bring it back; a duplicated tab starts with a copy). A script
 * that slips in reads it with one line, at any moment of the tab's life, and can use it elsewhere until it expires
 * or is revoked.
 *
 * Never in localStorage: that would be every tab, every day. And never in a cookie: the browser would send it by
 * itself, and whoever made the browser send a request would act as the person.
 *
 * What limits the damage in either case is on the server: the token expires, has scopes, and can be revoked.
 */
const KEY = "vestibule-example-spa.token";
const NAME = "Example SPA";
const app = appUrl(import.meta.env);
// A browser told to keep no site data throws at the mere mention of it; memory is enough for us.
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
    // The token is the one credential: the browser neither sends a cookie of that origin nor keeps one.
    credentials: "omit",
    headers: () => (memory === null ? {} : { Authorization: `Bearer ${memory}` }),
  },
  story: "with a bearer token. No cookie is involved.",
  signUpUrl: `${app}/sign-up`,
  ways: [EMAIL_AND_PASSWORD, ACCESS_TOKEN],
  keep: {
    label: "Keep for this tab",
    yes: "The token goes into this tab’s sessionStorage: it survives a reload, and any script that runs in this page can read it.",
    no: "The token stays in this page’s memory: a reload forgets it.",
  },
  async enter({ email = "", password = "", secret }, keep, signal) {
    const made = async () => (await callsOf(auth.door).login({ email, password, name: NAME, remember: keep }, signal)).token;
    hold(secret ?? (await made()), keep);
  },
  async credential(api, signal) {
    const { id, name, scopes, expires_at: until } = await api.token(signal);
    const place = tab?.getItem(KEY) == null ? "in memory only" : "kept in this tab’s sessionStorage";
    return { id, name: `Token “${name}”`, place, until, scopes, isForeign: name !== NAME };
  },
  held: { noun: "token", isThere: () => memory !== null, drop: () => hold(null, false) },
};
