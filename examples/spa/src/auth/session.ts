import { callsOf } from "../api/calls";
import { appUrl } from "../app-url";
import type { Auth } from "./auth";
import { EMAIL_AND_PASSWORD } from "./ways";

/*
 * Solution 2: the cookie of a session, on the page's own origin, behind a proxy.
 *
 * The browser keeps the cookie and sends it by itself; no script can read it, so one that slips in (XSS) acts as the
 * person while the page is open, and takes nothing away with it. But what the browser does by itself, a page elsewhere
 * could make it do as well (CSRF): so the server looks where each call comes from, and takes those of its own origin only.
 */
export const auth: Auth = {
  door: { mount: "/session/v1", credentials: "same-origin" },
  story: "with the session cookie, which the browser adds by itself; a proxy passes it on.",
  // The app's own pages stand behind the same proxy in production, and elsewhere in development.
  signUpUrl: `${appUrl(import.meta.env, import.meta.env.DEV ? undefined : "")}/sign-up`,
  ways: [EMAIL_AND_PASSWORD],
  keep: {
    label: "Keep me signed in",
    yes: "On this browser, until you sign out or have been away for two weeks.",
    no: "Until the browser is closed, or has not been used for two hours.",
  },
  async enter({ email = "", password = "" }, remember, signal) {
    await callsOf(auth.door).login({ email, password, remember }, signal);
  },
  credential: () => Promise.resolve({ name: "Session cookie", place: "which no script can read" }),
};
