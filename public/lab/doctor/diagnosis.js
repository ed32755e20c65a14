// @ts-check
// What the doctor makes of what it saw: a pure function. It refers to causes by the ids of causes.js.

/**
 * How a request went: its status; "hidden" if an answer came that the page may not read; "failed" if the page got none,
 * which is all that a script learns of a refusal by CORS.
 * @typedef {number | "hidden" | "failed"} Outcome
 */

/**
 * Lines of the Network panel that the visitor pasted. No value of a cookie is among them.
 * @typedef {object} Evidence
 * @property {string} [allowOrigin]
 * @property {{ name: string, attributes: Record<string, string> }} [setCookie]
 * @property {string[]} [cookies] the names in the request, in their order
 * @property {number} [preflight] the status of OPTIONS
 */

/**
 * What was seen. What is missing was not tried.
 * @typedef {object} Seen
 * @property {string} page the origin that the steps were made from
 * @property {string} expected the page's origin, as the visitor knows it
 * @property {string} call the URL of the call
 * @property {string} [signInUrl]
 * @property {"cookie" | "token"} intent
 * @property {string} [stack]
 * @property {"chromium" | "firefox" | "webkit"} [engine]
 * @property {boolean} [sameSite] by the registrable domain, which the browser told
 * @property {boolean} [policy] the page's own policy blocked a step
 * @property {Outcome} [reach] with mode "no-cors"
 * @property {Outcome} [plain] without credentials and headers
 * @property {Outcome} [credentialed] with credentials, before signing in
 * @property {Outcome} [anyone] without credentials, from the origin "null"
 * @property {Outcome} [preflighted] with the headers of the page's code
 * @property {Record<string, Outcome>} [headers] with one header each
 * @property {Outcome} [bare] a POST whose preflight asks for no header
 * @property {Outcome} [slash] with or without a slash at the end
 * @property {Outcome} [signIn] as the page's code does it
 * @property {boolean} [simple] the sign-in needs no preflight
 * @property {Outcome} [after] the call after it, as the page's code does it
 * @property {Outcome} [rightly] both with credentials: "include"
 * @property {boolean} [both] whether the page's code sets it on both
 * @property {boolean} [included] whether the call sets it
 * @property {boolean} [html] the call answers with a page
 * @property {string[]} [hidden] the response headers that the page wants and does not see
 * @property {string} [twice] the name of a cookie that is there twice
 * @property {Evidence} [evidence]
 */

/**
 * @typedef {object} Diagnosis
 * @property {"fine" | "cause" | "either" | "more"} verdict
 * @property {string[]} causes ids of causes; of a note, for "more"
 * @property {Record<string, string>} values for the words of the table
 */

/** Whether two origins are easily mistaken for each other. @param {string} one @param {string} other */
export function nearMiss(one, other) {
  const [a, b] = [parsed(one), parsed(other)];
  if (!a || !b || a.origin === b.origin) return null;
  if (a.hostname === b.hostname) return "port-or-scheme";
  return isLoopback(a) && isLoopback(b) ? "localhost" : null;
}

/** @param {Seen} seen @returns {Diagnosis} */
export function diagnose(seen) {
  const { verdict, causes, header } = judge(seen);
  return { verdict, causes, values: values(seen, header) };
}

/** @typedef {Omit<Diagnosis, "values"> & { header?: string }} Found */

/** @param {string} id @param {string} [header] @returns {Found} */
const cause = (id, header) => ({ verdict: "cause", causes: [id], header });
/** @param {...string} ids @returns {Found} */
const either = (...ids) => ({ verdict: "either", causes: ids });
/** @param {string} note @returns {Found} */
const more = (note) => ({ verdict: "more", causes: [note] });

const failed = (/** @type {Outcome | undefined} */ outcome) => outcome === "failed";
const isRead = (/** @type {Outcome | undefined} */ outcome) => typeof outcome === "number";
const isGood = (/** @type {Outcome | undefined} */ outcome) =>
  typeof outcome === "number" && outcome >= 200 && outcome < 300;

/** @param {Seen} seen @returns {Found} */
function judge(seen) {
  const [page, api] = [parsed(seen.page), parsed(seen.call)];
  if (!page || !api) return cause("unreachable");
  if (seen.policy) return cause("policy");
  if (page.protocol === "https:" && api.protocol === "http:" && !isLoopback(api)) return cause("port-or-scheme");
  const stages = [ofReading, ofCredentials, ofPreflight, ofCookie];
  for (const stage of stages) {
    const found = stage(seen, page, api);
    if (found) return found;
  }
  if (seen.hidden?.length) return cause("header-not-exposed", seen.hidden.join(", "));
  if (seen.html) return cause("proxy");
  const last = seen.after ?? seen.preflighted ?? seen.credentialed ?? seen.plain;
  if (typeof last === "number" && last >= 500) return more("failing");
  return { verdict: "fine", causes: [] };
}

/** Whether the page may read an answer at all. @param {Seen} seen @param {URL} page @param {URL} api */
function ofReading(seen, page, api) {
  if (!failed(seen.plain)) return null;
  if (page.origin === api.origin) return cause("unreachable");
  if (isRead(seen.credentialed)) return cause("errors");
  if (isRead(seen.slash)) return cause("preflight");
  const near = nearMiss(seen.page, seen.evidence?.allowOrigin ?? seen.expected);
  if (near && !failed(seen.reach)) return cause(near);
  return failed(seen.reach) ? either("unreachable", "origin-not-allowed") : cause("origin-not-allowed");
}

/** Whether it may with credentials. @param {Seen} seen */
function ofCredentials(seen) {
  if (!failed(seen.credentialed)) return null;
  if (seen.intent === "token") return cause("credentials-needless");
  const allowed = seen.evidence?.allowOrigin;
  if (allowed) return cause(allowed === "*" ? "star" : "credentials-not-allowed");
  if (isRead(seen.anyone)) return cause("star");
  return failed(seen.anyone) ? cause("credentials-not-allowed") : either("star", "credentials-not-allowed");
}

/** Whether the preflight lets its requests through. @param {Seen} seen @param {URL} page @param {URL} api */
function ofPreflight(seen, page, api) {
  const signIn = parsed(seen.signInUrl ?? seen.call) ?? api;
  const isRefused = failed(seen.preflighted) || failed(seen.signIn);
  if (!isRefused) return null;
  if (page.origin === (failed(seen.preflighted) ? api : signIn).origin) return cause("unreachable");
  const headers = Object.entries(seen.headers ?? {});
  const refused = headers.filter(([, outcome]) => failed(outcome)).map(([name]) => name);
  if (failed(seen.preflighted) || refused.includes("content-type")) {
    const own = refused.filter((name) => name !== "content-type" || failed(seen.signIn));
    const named = refused.length < 2 ? refused : own;
    const names = named.join(", ");
    const isAnswered = isRead(seen.bare) || (refused.length > 0 && refused.length < headers.length);
    if (isAnswered) return cause("header-not-allowed", names);
    if (isRead(seen.slash) || failed(seen.bare)) return cause("preflight");
    const status = seen.evidence?.preflight;
    if (status) return status >= 200 && status < 300 ? cause("header-not-allowed", names) : cause("preflight");
    return { ...either("preflight", "header-not-allowed"), header: names };
  }
  // The call is answered, and the sign-in is not.
  return cause(seen.simple ? "origin-not-allowed" : "preflight");
}

/** Whether the cookie is kept and sent. @param {Seen} seen @param {URL} page @param {URL} api */
function ofCookie(seen, page, api) {
  if (seen.intent !== "cookie") return null;
  const isSameOrigin = page.origin === api.origin;
  if (isSameOrigin && seen.html) return cause("proxy");
  if (isGood(seen.plain)) return more("public");
  if (seen.signIn === undefined) {
    if (isGood(seen.credentialed)) return seen.included || isSameOrigin ? null : cause("credentials-not-set");
    return more("sign-in");
  }
  const status = /** @type {number} */ (seen.signIn);
  if (status === 403 || status === 421) return isSameOrigin ? cause("proxy") : either("origin-not-allowed", "proxy");
  if (!isGood(status)) return more("refused");
  if (isGood(seen.after)) return null;
  if (!isSameOrigin && !seen.both) {
    if (isGood(seen.rightly) || seen.rightly === undefined) return cause("credentials-not-set");
    // There is another cause behind it.
    const behind = ofLoss(seen, page, api);
    const first = behind.verdict === "cause" ? ["credentials-not-set"] : [];
    return { ...behind, causes: [...first, ...behind.causes] };
  }
  return ofLoss(seen, page, api);
}

/** The sign-in succeeded and the call knows nothing of it. @param {Seen} seen @param {URL} page @param {URL} api */
function ofLoss(seen, page, api) {
  const { evidence, engine } = seen;
  const name = evidence?.setCookie?.name ?? "";
  const sent = evidence?.cookies?.filter((cookie) => cookie === name).length;
  if (seen.twice || (sent && sent > 1)) return cause("shadowed");
  const isCrossSite = seen.sameSite === false || page.protocol !== api.protocol;
  if (evidence?.setCookie) {
    const found = ofAttributes(evidence.setCookie, api, isCrossSite, engine);
    if (found) return found;
  }
  if (isCrossSite) {
    const near = nearMiss(page.origin, api.origin);
    if (near) return cause(near);
    return engine === "webkit" ? cause("third-party") : either("same-site", "third-party");
  }
  if (sent === 1) return either("shadowed", "proxy");
  if (api.protocol === "http:" && (!isLoopback(api) || engine === "webkit")) return either("secure", "proxy");
  return either("proxy", "shadowed");
}

/**
 * What keeps a cookie with these attributes out.
 * @param {NonNullable<Evidence["setCookie"]>} cookie @param {URL} api @param {boolean} isCrossSite
 * @param {string} [engine]
 */
function ofAttributes({ name, attributes }, api, isCrossSite, engine) {
  const { domain, path = "", secure, samesite = "" } = attributes;
  const isSecure = secure !== undefined;
  const isKeptSafe = api.protocol === "https:" || (isLoopback(api) && engine !== "webkit");
  if (isSecure && !isKeptSafe) return cause("secure");
  const prefixed = /^__(host|secure)-/i.exec(name);
  const isHost = prefixed?.[1]?.toLowerCase() === "host";
  if (prefixed && (!isSecure || (isHost && (domain !== undefined || path !== "/")))) return cause("proxy");
  const bare = domain?.replace(/^\./, "").toLowerCase();
  if (bare && bare !== api.hostname && !api.hostname.endsWith(`.${bare}`)) return cause("proxy");
  const isBelow = !path.startsWith("/") || `${api.pathname}/`.startsWith(path.replace(/\/?$/, "/"));
  if (!isBelow) return cause("proxy");
  if (!isCrossSite) return null;
  if (samesite.toLowerCase() === "none" && isSecure) return cause("third-party");
  const near = nearMiss("http://localhost", api.origin) === "localhost" || api.hostname === "localhost";
  return near && isLoopback(api) && !isSecure ? cause("localhost") : cause("same-site");
}

/** What the words of the table are filled with. @param {Seen} seen @param {string} [header] */
function values(seen, header = "") {
  const [page, api] = [parsed(seen.page), parsed(seen.call)];
  const near = api && page ? new URL(api.href) : null;
  if (near && page) near.hostname = page.hostname;
  const known = parsed(seen.expected)?.origin;
  const [, first = ""] = api?.pathname.split("/") ?? [];
  const status = [seen.signIn, seen.after, seen.credentialed, seen.plain].find(isRead);
  return {
    page: page?.origin ?? "",
    api: api?.origin ?? "",
    // The names that are compared: what the visitor expects, or the API's, if the page is as expected.
    expected: (known && known !== page?.origin ? known : api?.origin) ?? "",
    near: near?.origin ?? "",
    path: `/${first}`,
    host: page?.hostname ?? "",
    url: api?.href ?? "",
    header: header || "content-type",
    cookie: seen.evidence?.setCookie?.name ?? seen.twice ?? "session",
    status: `${status ?? ""}`,
  };
}

/**
 * Reads header lines of the Network panel. The values of cookies are left out.
 * @param {string} text @returns {Evidence}
 */
export function readEvidence(text) {
  /** @type {Evidence} */
  const evidence = {};
  for (const line of text.split("\n")) {
    const [, name = "", value = ""] = /^\s*([\w-]+)\s*:\s*(.*?)\s*$/.exec(line) ?? [];
    const status = /^\s*(?:HTTP\/[\d.]+\s+)?(?:OPTIONS\s+)?(?:status(?: code)?:?\s*)?(\d{3})\b/i.exec(line)?.[1];
    if (status) evidence.preflight = Number(status);
    switch (name.toLowerCase()) {
      case "access-control-allow-origin":
        evidence.allowOrigin = value;
        break;
      case "set-cookie": {
        const [pair = "", ...rest] = value.split(";");
        const attributes = rest.map((part) => part.trim().split("=", 2));
        evidence.setCookie = {
          name: pair.split("=")[0]?.trim() ?? "",
          attributes: Object.fromEntries(attributes.map(([key = "", of = ""]) => [key.toLowerCase(), of.trim()])),
        };
        break;
      }
      case "cookie":
        evidence.cookies = value.split(";").map((pair) => pair.split("=")[0]?.trim() ?? "");
        break;
    }
  }
  return evidence;
}

/** Whether a host is this machine, which browsers trust without https. @param {URL} url */
function isLoopback({ hostname }) {
  return hostname === "localhost" || hostname.endsWith(".localhost") || hostname === "[::1]" || /^127\./.test(hostname);
}

/** @param {string} url */
function parsed(url) {
  try {
    return new URL(url);
  } catch {
    return null;
  }
}
