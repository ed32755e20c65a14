import { callsOf } from "../api/calls";
import { appUrl } from "../app-url";
import type { Auth } from "./auth";
import { EMAIL_AND_PASSWORD } from "./ways";

/*
 * Solution 2: the session cookie, on the page's own origin, behind a proxy.
 *
 * The browser stores the cookie and sends it by itself. No script can read it: an injected script (XSS) can act as the
 * person while the page is open, but cannot steal the cookie. Since the browser sends the cookie by itself, other sites
 * could make it do so too (CSRF); so the server accepts calls from its own origin only.
 */
export const auth: Auth = {
  door: { mount: "/session/v1", credentials: "same-origin" },
  story: "with the session cookie, which the browser adds by itself; a proxy passes it on.",
  // In production the app's pages are behind the same proxy; in development they are on another origin.
  site: appUrl(import.meta.env, import.meta.env.DEV ? undefined : ""),
  ways: [EMAIL_AND_PASSWORD],
  keep: {
    label: "Keep me signed in",
    yes: "On this browser, until you sign out or have not used it for two weeks.",
    no: "Until you close the browser, or have not used it for two hours.",
  },
  async enter({ email = "", password = "", second }, remember, signal) {
    await callsOf(auth.door).login({ email, password, remember }, second, signal);
  },
  credential: () => Promise.resolve({ name: "Session cookie", place: "which no script can read" }),
};
