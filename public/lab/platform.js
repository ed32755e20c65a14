// @ts-check
// What the page itself can find out with features that not every browser has. Where one is missing, the answer is
// "unsupported".

/** @import { Got } from "./requests.js" */

/**
 * The part of the Cookie Store that is used here.
 * @typedef {object} CookieList
 * @property {(type: "change", listener: (event: CookieEvent) => void) => void} addEventListener
 * @property {(type: "change", listener: (event: CookieEvent) => void) => void} removeEventListener
 */
/** @typedef {Event & { changed: readonly { name: string }[] }} CookieEvent */

/** The cookie whose event says that every earlier event has come. */
const FENCE = "lab-fence";

/** How long to wait for that event, in milliseconds. */
const FENCE_TIMEOUT = 2000;

/**
 * Makes a request by `make`, and answers the questions besides.
 * @param {string[]} asks @param {string} cookie The name of the experiment's cookie. @param {() => Promise<Got>} make
 * @returns {Promise<Got>}
 */
export async function answering(asks, cookie, make) {
  const told = asks.includes("change") ? watch(cookie) : null;
  const got = await make();
  /** @type {Record<string, string>} */
  const answers = { ...got.answers };
  if (told) answers.change = await told();
  if (asks.includes("granted")) answers.granted = await storageAccess();
  if (asks.includes("permission")) answers.permission = await permission();
  return { ...got, answers };
}

/** Whether the document may use the cookies of its site. */
async function storageAccess() {
  if (!document.hasStorageAccess) return "unsupported";
  return (await document.hasStorageAccess()) ? "yes" : "no";
}

/** The page's permission to reach this machine. */
async function permission() {
  const name = /** @type {PermissionName} */ (/** @type {unknown} */ ("loopback-network"));
  const status = await navigator.permissions?.query({ name }).catch(() => null);
  return status?.state ?? "unsupported";
}

/**
 * Listens for a change of the cookie. The function that it returns ends that, and says whether there was one.
 * @param {string} name
 */
function watch(name) {
  const { cookieStore } = /** @type {{ cookieStore?: CookieList }} */ (/** @type {unknown} */ (window));
  if (!cookieStore) return async () => "unsupported";
  /** @type {Set<string>} */
  const changed = new Set();
  /** @type {(value?: unknown) => void} */
  let pass = () => {};
  const passed = new Promise((resolve) => (pass = resolve));
  const listener = (/** @type {CookieEvent} */ event) => {
    for (const { name } of event.changed) changed.add(name);
    if (changed.has(FENCE)) pass();
  };
  cookieStore.addEventListener("change", listener);
  return async () => {
    const expired = new Promise((resolve) => setTimeout(resolve, FENCE_TIMEOUT));
    // Not by cookieStore.set(), which adds a slash to the path: this page is at /lab.
    document.cookie = `${FENCE}=1; Max-Age=60; Path=/lab`;
    await Promise.race([passed, expired]);
    cookieStore.removeEventListener("change", listener);
    document.cookie = `${FENCE}=; Max-Age=0; Path=/lab`;
    return changed.has(name) ? "yes" : "no";
  };
}
