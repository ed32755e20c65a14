// @ts-check
// The doctor's steps: requests from the visitor's own page to the visitor's own API. Nothing goes anywhere else.

/** @import { Outcome, Seen } from "./diagnosis.js" */

/**
 * What the visitor said about the page and its API.
 * @typedef {object} Setup
 * @property {string} page the page's origin
 * @property {string} call the URL of a GET that requires signing in
 * @property {"cookie" | "token"} intent
 * @property {string} [stack]
 * @property {boolean} [included] whether the page's calls set credentials: "include"
 * @property {{ url: string, body: string, included: boolean }} [signIn] the call that signs in, a POST
 * @property {string[]} [headers] the request headers that the page's calls set
 * @property {string[]} [reads] the response headers that the page reads
 */

/** How long a step may take, in milliseconds. */
const PATIENCE = 8000;

/** Asks for a URL and says how that went, for a worker whose origin is "null". */
const NOBODY = `onmessage = async ({ data }) => {
  const asked = fetch(data, { credentials: "omit", cache: "no-store" });
  postMessage(await asked.then(({ status }) => status, () => "failed"));
}`;

/** @param {Setup} setup @param {(step: string) => void} [told] @returns {Promise<Seen>} */
export async function run(setup, told = () => {}) {
  const call = new URL(setup.call, location.href).href;
  const signIn = setup.signIn && { ...setup.signIn, url: new URL(setup.signIn.url, location.href).href };
  const isOwn = new URL(call).origin === location.origin;
  const wants = setup.intent === "cookie" || !!setup.included;
  /** @type {Seen} */
  const seen = {
    page: location.origin,
    expected: setup.page,
    call,
    intent: setup.intent,
    engine: engine(),
    sameSite: isSameSite(new URL(call)),
    included: !!setup.included,
    both: !!setup.included && !!setup.signIn?.included,
  };
  if (setup.stack) seen.stack = setup.stack;
  if (signIn) {
    seen.signInUrl = signIn.url;
    seen.simple = !isJson(signIn.body);
  }
  const violated = ({ effectiveDirective = "", blockedURI = "" }) => {
    if (effectiveDirective === "connect-src" && blockedURI.startsWith(new URL(call).origin)) seen.policy = true;
  };
  document.addEventListener("securitypolicyviolation", violated);
  try {
    told("Whether the API answers");
    seen.reach = await ask(call, { mode: "no-cors" });
    seen.plain = await ask(call, {});
    if (wants) seen.credentialed = await ask(call, { credentials: "include" });
    if (seen.plain === "failed") seen.slash = await ask(slashed(call), {});
    else {
      if (seen.credentialed === "failed") seen.anyone = await anyone(call);
      else {
        told("Whether the preflight is answered");
        await preflights(seen, setup, call);
        if (signIn && seen.preflighted !== "failed") {
          told("Whether the cookie comes back");
          await cookies(seen, setup, signIn, isOwn);
        }
      }
    }
    if (seen.preflighted === "failed" || seen.signIn === "failed") {
      const of = seen.preflighted === "failed" ? call : (signIn?.url ?? call);
      const isOneAllowed = Object.values(seen.headers ?? {}).some((outcome) => outcome !== "failed");
      seen.slash = await ask(slashed(of), { headers: { "content-type": "application/json" } });
      if (!isOneAllowed || of !== call) seen.bare = await bare(of);
    }
    await look(seen, setup, call, wants);
  } finally {
    document.removeEventListener("securitypolicyviolation", violated);
  }
  return seen;
}

/**
 * Tries the headers of the page's code, one by one and all at once.
 * @param {Seen} seen @param {Setup} setup @param {string} call
 */
async function preflights(seen, setup, call) {
  const own = new Set((setup.headers ?? []).map((name) => name.trim().toLowerCase()).filter(Boolean));
  if (setup.intent === "token") own.add("authorization");
  if (isJson(setup.signIn?.body)) own.add("content-type");
  if (!own.size) return;
  /** @type {RequestCredentials} */
  const credentials = setup.intent === "cookie" || setup.included ? "include" : "omit";
  seen.headers = {};
  // That of JSON, which nearly every API allows, is always among them: it tells a header from the preflight itself.
  for (const name of new Set([...own, "content-type"])) {
    seen.headers[name] = await ask(call, { credentials, headers: sample(name) });
  }
  const all = Object.assign({}, ...[...own].map(sample));
  seen.preflighted = own.size === 1 ? seen.headers[[...own][0] ?? ""] : await ask(call, { credentials, headers: all });
}

/**
 * Signs in as the page's code does, makes the call, and if that is refused, does both rightly.
 * @param {Seen} seen @param {Setup} setup @param {NonNullable<Setup["signIn"]>} signIn @param {boolean} isOwn
 */
async function cookies(seen, setup, signIn, isOwn) {
  const json = isJson(signIn.body);
  const post = (/** @type {boolean} */ included) => {
    const type = json ? "application/json" : "application/x-www-form-urlencoded";
    const credentials = /** @type {RequestCredentials} */ (included ? "include" : "same-origin");
    return ask(signIn.url, { method: "POST", credentials, headers: { "content-type": type }, body: signIn.body });
  };
  const call = (/** @type {boolean} */ included) =>
    ask(seen.call, { credentials: included ? "include" : "same-origin" });
  seen.signIn = await post(signIn.included);
  if (typeof seen.signIn !== "number" || seen.signIn >= 300) return;
  if (setup.intent !== "cookie") return;
  seen.after = await call(!!setup.included);
  if (typeof seen.after === "number" && seen.after < 300) return;
  if (!isOwn && !seen.both) {
    await post(true);
    seen.rightly = await call(true);
  }
  const names = document.cookie.split("; ").map((pair) => pair.split("=")[0] ?? "");
  const twice = names.find((name, index) => name && names.indexOf(name) !== index);
  if (twice) seen.twice = twice;
}

/**
 * What can only be told from an answer that the page may read.
 * @param {Seen} seen @param {Setup} setup @param {string} call @param {boolean} wants
 */
async function look(seen, setup, call, wants) {
  const reads = (setup.reads ?? []).map((name) => name.trim()).filter(Boolean);
  const isOwn = new URL(call).origin === location.origin;
  if (typeof seen.plain !== "number" || (!reads.length && !isOwn)) return;
  const credentials = wants && typeof seen.credentialed === "number" ? "include" : "omit";
  const response = await fetch(call, { credentials, cache: "no-store" }).catch(() => null);
  if (!response) return;
  const hidden = reads.filter((name) => !response.headers.has(name));
  if (hidden.length) seen.hidden = hidden;
  // The development server's own page, for a path that its proxy does not know.
  if (isOwn && response.ok && /^text\/html/.test(response.headers.get("content-type") ?? "")) seen.html = true;
}

/** Makes a request. @param {string} url @param {RequestInit} options @returns {Promise<Outcome>} */
async function ask(url, options) {
  const signal = AbortSignal.timeout(PATIENCE);
  try {
    const response = await fetch(url, { credentials: "omit", cache: "no-store", signal, ...options });
    if (response.type === "opaque") return "hidden";
    // A redirect to a page for signing in is a refusal, too.
    return response.redirected && response.ok ? 302 : response.status;
  } catch {
    return "failed";
  }
}

/**
 * A request from the origin "null", which only a server that allows everybody answers.
 * @param {string} url @returns {Promise<Outcome | undefined>}
 */
function anyone(url) {
  return new Promise((resolve) => {
    try {
      const worker = new Worker(`data:text/javascript,${encodeURIComponent(NOBODY)}`);
      const done = (/** @type {Outcome | undefined} */ outcome) => {
        worker.terminate();
        resolve(outcome);
      };
      worker.onmessage = ({ data }) => done(data);
      worker.onerror = () => done(undefined);
      setTimeout(done, PATIENCE, undefined);
      worker.postMessage(url);
    } catch {
      // The page's policy allows no such worker.
      resolve(undefined);
    }
  });
}

/**
 * An empty POST that is preflighted without asking for a header or a method: a listener for the upload alone does that
 * (XMLHttpRequest, "upload listener flag"). It brings no credentials, and is sent only if the preflight is answered.
 * @param {string} url @returns {Promise<Outcome>}
 */
function bare(url) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.upload.onprogress = () => {};
    request.onload = () => resolve(request.status);
    request.onerror = request.ontimeout = () => resolve("failed");
    request.timeout = PATIENCE;
    try {
      request.open("POST", url);
      request.send(new Blob([" "], { type: "text/plain" }));
    } catch {
      resolve("failed");
    }
  });
}

/** @param {string} name @returns {Record<string, string>} */
function sample(name) {
  if (name === "authorization") return { authorization: "Bearer doctor" };
  return { [name]: name === "content-type" ? "application/json" : "doctor" };
}

/** @param {string} [body] */
function isJson(body) {
  return /^\s*[[{]/.test(body ?? "");
}

/**
 * The same URL with or without a slash at the end: a redirect between the two is what a preflight fails at.
 * @param {string} href
 */
function slashed(href) {
  const url = new URL(href);
  url.pathname = url.pathname.endsWith("/") ? url.pathname.replace(/\/+$/, "") : `${url.pathname}/`;
  return url.href;
}

/**
 * Whether the API is on this page's site. Browsers refuse a cookie for a public suffix, so the shortest domain that
 * they take one for is the site's. The cookie is removed at once.
 * @param {URL} api
 */
function isSameSite(api) {
  const { hostname, protocol } = location;
  if (api.protocol !== protocol) return false;
  if (api.hostname === hostname) return true;
  if (!hostname.includes(".") || /^[\d.]+$|:/.test(hostname)) return false;
  const labels = hostname.split(".");
  for (let length = 2; length <= labels.length; length++) {
    const domain = labels.slice(-length).join(".");
    const probe = `doctor-site=1; domain=${domain}; path=/`;
    document.cookie = probe;
    const isTaken = document.cookie.split("; ").includes("doctor-site=1");
    document.cookie = `${probe}; max-age=0`;
    if (isTaken) return api.hostname === domain || api.hostname.endsWith(`.${domain}`);
  }
  return false;
}

/** @returns {"chromium" | "firefox" | "webkit"} */
function engine() {
  const { userAgent } = navigator;
  if (/Firefox\//.test(userAgent)) return "firefox";
  return /Chrom(e|ium)\//.test(userAgent) ? "chromium" : "webkit";
}
