import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "@playwright/test";
import type { Seen } from "../../public/lab/doctor/diagnosis.js";

// What the doctor makes of what it saw, without a browser.

// No package.json says that files in `public/` are modules, so Node has to be told.
const source = readFileSync(resolve(import.meta.dirname, "../../public/lab/doctor/diagnosis.js"), "utf8");
const { diagnose, readEvidence } = (await import(
  `data:text/javascript,${encodeURIComponent(source)}`
)) as typeof import("../../public/lab/doctor/diagnosis.js");

/** A cookie across two ports, where everything is as it should be. */
const RIGHT: Seen = {
  page: "http://localhost:5173",
  expected: "http://localhost:5173",
  call: "http://localhost:8000/api/me",
  signInUrl: "http://localhost:8000/api/login",
  intent: "cookie",
  engine: "chromium",
  sameSite: true,
  both: true,
  included: true,
  reach: "hidden",
  plain: 401,
  credentialed: 401,
  headers: { "content-type": 401 },
  preflighted: 401,
  signIn: 200,
  after: 200,
};
/** The sign-in succeeded, and the call knows nothing of it. */
const LOST: Seen = { ...RIGHT, after: 401 };
const ELSEWHERE: Seen = { ...LOST, page: "https://app.example.com", expected: "https://app.example.com", call: "https://api.example.org/me", sameSite: false };
const TOKEN: Seen = { ...RIGHT, intent: "token", headers: { authorization: 401, "content-type": 401 }, signIn: undefined, after: undefined };
const OWN: Seen = { ...RIGHT, call: "http://localhost:5173/api/me", signInUrl: "http://localhost:5173/api/login" };

const pasted = (seen: Seen, text: string): Seen => ({ ...seen, evidence: readEvidence(text) });

const CASES: readonly (readonly [string, Seen, verdict: string, causes: string])[] = [
  ["a cookie", RIGHT, "fine", ""],
  ["a token", TOKEN, "fine", ""],
  ["one origin", OWN, "fine", ""],
  ["CORP hides the answer from no-cors alone", { ...RIGHT, reach: "failed" }, "fine", ""],

  ["no origin named", { ...RIGHT, plain: "failed", credentialed: "failed", slash: "failed" }, "cause", "origin-not-allowed"],
  ["nothing answers", { ...RIGHT, reach: "failed", plain: "failed", credentialed: "failed" }, "either", "unreachable origin-not-allowed"],
  ["one origin, and no server", { ...OWN, plain: "failed" }, "cause", "unreachable"],
  ["the page's policy", { ...RIGHT, policy: true, plain: "failed" }, "cause", "policy"],
  ["Vite took the next port", { ...RIGHT, page: "http://localhost:5174", plain: "failed", credentialed: "failed" }, "cause", "port-or-scheme"],
  ["127.0.0.1 in the address bar", { ...RIGHT, page: "http://127.0.0.1:5173", plain: "failed", credentialed: "failed" }, "cause", "localhost"],
  ["the pasted header names another port", pasted({ ...RIGHT, plain: "failed", credentialed: "failed" }, "access-control-allow-origin: http://localhost:3000"), "cause", "port-or-scheme"],
  ["https calls http", { ...RIGHT, page: "https://app.example.com", call: "http://api.example.com/me", plain: "failed" }, "cause", "port-or-scheme"],
  ["https calls this machine", { ...ELSEWHERE, call: "http://localhost:8000/me", plain: "failed", credentialed: "failed" }, "cause", "origin-not-allowed"],
  ["401 without CORS headers", { ...RIGHT, plain: "failed", credentialed: 200 }, "cause", "errors"],
  ["a redirect to another slash", { ...RIGHT, plain: "failed", credentialed: "failed", slash: 401 }, "cause", "preflight"],

  ["everybody may read", { ...RIGHT, credentialed: "failed", anyone: 401 }, "cause", "star"],
  ["this page alone may read", { ...RIGHT, credentialed: "failed", anyone: "failed" }, "cause", "credentials-not-allowed"],
  ["no worker can be made", { ...RIGHT, credentialed: "failed" }, "either", "star credentials-not-allowed"],
  ["and the header is pasted", pasted({ ...RIGHT, credentialed: "failed" }, "Access-Control-Allow-Origin: *"), "cause", "star"],
  ["a token with credentials", { ...TOKEN, credentialed: "failed" }, "cause", "credentials-needless"],

  ["one header is refused", { ...TOKEN, headers: { authorization: "failed", "content-type": 401 }, preflighted: "failed" }, "cause", "header-not-allowed"],
  ["a preflight without headers passes", { ...TOKEN, headers: { authorization: "failed", "content-type": "failed" }, preflighted: "failed", bare: 405 }, "cause", "header-not-allowed"],
  ["no preflight passes", { ...TOKEN, headers: { authorization: "failed", "content-type": "failed" }, preflighted: "failed", bare: "failed" }, "cause", "preflight"],
  ["nobody tried one", { ...TOKEN, headers: { authorization: "failed", "content-type": "failed" }, preflighted: "failed" }, "either", "preflight header-not-allowed"],
  ["OPTIONS was answered", pasted({ ...TOKEN, headers: { authorization: "failed", "content-type": "failed" }, preflighted: "failed" }, "OPTIONS 204"), "cause", "header-not-allowed"],
  ["the sign-in alone is redirected", { ...RIGHT, signIn: "failed", after: undefined }, "cause", "preflight"],
  ["the sign-in names no origin", { ...RIGHT, signIn: "failed", simple: true, after: undefined }, "cause", "origin-not-allowed"],
  ["a header is not exposed", { ...RIGHT, hidden: ["ETag"] }, "cause", "header-not-exposed"],

  ["credentials on one call", { ...LOST, both: false, rightly: 200 }, "cause", "credentials-not-set"],
  ["and more behind it", { ...LOST, both: false, rightly: 401, twice: "sid" }, "cause", "credentials-not-set shadowed"],
  ["two sites", ELSEWHERE, "either", "same-site third-party"],
  ["two sites in Safari", { ...ELSEWHERE, engine: "webkit" }, "cause", "third-party"],
  ["two sites, Lax", pasted(ELSEWHERE, "Set-Cookie: sid=1; Path=/; Secure; SameSite=Lax"), "cause", "same-site"],
  ["two sites, None without Secure", pasted(ELSEWHERE, "set-cookie: sid=1; samesite=none"), "cause", "same-site"],
  ["two sites, None and Secure", pasted(ELSEWHERE, "Set-Cookie: sid=1; SameSite=None; Secure"), "cause", "third-party"],
  ["localhost calls 127.0.0.1", { ...LOST, call: "http://127.0.0.1:8000/me", sameSite: false }, "cause", "localhost"],
  ["http calls https of the same host", { ...LOST, page: "http://app.example.com", expected: "http://app.example.com", call: "https://app.example.com/me", sameSite: false }, "cause", "port-or-scheme"],
  ["Secure on http", pasted({ ...LOST, page: "http://app.example.com", call: "http://app.example.com/me" }, "Set-Cookie: sid=1; Secure"), "cause", "secure"],
  ["Secure on http://localhost in Safari", pasted({ ...LOST, engine: "webkit" }, "Set-Cookie: sid=1; Secure"), "cause", "secure"],
  ["lost on http", { ...LOST, page: "http://app.example.com", expected: "http://app.example.com", call: "http://api.app.example.com/me" }, "either", "secure proxy"],
  ["another domain", pasted(LOST, "Set-Cookie: sid=1; Domain=internal"), "cause", "proxy"],
  ["another path", pasted(LOST, "Set-Cookie: sid=1; Path=/v2"), "cause", "proxy"],
  ["a prefix without its attributes", pasted(LOST, "Set-Cookie: __Host-sid=1; Secure; Path=/; Domain=localhost"), "cause", "proxy"],
  ["twice in the request", pasted(LOST, "Set-Cookie: sid=1\nCookie: sid=old; theme=dark; sid=1"), "cause", "shadowed"],
  ["twice in the page", { ...LOST, twice: "sid" }, "cause", "shadowed"],
  ["lost, and nothing is known", LOST, "either", "proxy shadowed"],
  ["the proxy changes Host", { ...OWN, signIn: 403, after: undefined }, "cause", "proxy"],
  ["the proxy does not know the path", { ...OWN, html: true, plain: 200 }, "cause", "proxy"],

  ["a call for everybody", { ...RIGHT, plain: 200 }, "more", "public"],
  ["no sign-in named", { ...RIGHT, signIn: undefined, after: undefined }, "more", "sign-in"],
  ["signed in already", { ...RIGHT, credentialed: 200, signIn: undefined, after: undefined }, "fine", ""],
  ["signed in already, and the code leaves credentials out", { ...RIGHT, credentialed: 200, signIn: undefined, after: undefined, included: false }, "cause", "credentials-not-set"],
  ["a wrong password", { ...RIGHT, signIn: 401, after: undefined }, "more", "refused"],
  ["an error of the server", { ...TOKEN, preflighted: 500 }, "more", "failing"],
  ["what is no address", { ...RIGHT, call: "nonsense" }, "cause", "unreachable"],
];

for (const [title, seen, verdict, causes] of CASES) {
  test(`${title}: ${causes || verdict}`, () => {
    const found = diagnose(seen);
    expect([found.verdict, found.causes.join(" ")]).toEqual([verdict, causes]);
  });
}

test("values of cookies are not kept", () => {
  const evidence = readEvidence("Set-Cookie: sid=secret; Path=/; HttpOnly\nCookie: sid=secret; a=b=secret\nnonsense\n: x");
  expect(JSON.stringify(evidence)).not.toContain("secret");
  expect(evidence.setCookie).toEqual({ name: "sid", attributes: { path: "/", httponly: "" } });
});
