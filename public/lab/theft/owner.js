// @ts-check
// The owner of a credential: the page that has it, and uses it as it should be used.

import { makeKeys, prove } from "./dpop.js";
import { NAME, keepBound } from "./storage.js";

/** @typedef {"cookie" | "token" | "bound-cookie" | "bound-token"} Credential */
/** @typedef {{ drill: string, token?: string, keys?: CryptoKeyPair, nonce?: string | null }} Drill */
/** @typedef {{ sent: string[], status: number, code: string | null, opened: boolean }} Answer */

/** The URL that a proof for the token door names. */
export const ME = `${location.origin}/api/v1/me`;

/** The door, for the owner: the real one, behind a proxy that has a log. @param {Drill} drill */
export const door = ({ drill }) => `/lab/theft/door/${drill}`;

/** Signs in to a new account. @param {Credential} credential @returns {Promise<Drill>} */
export async function begin(credential) {
  if (credential === "bound-token") return beginBound();
  const { drill, token } = await made(await fetch(`/lab/theft/${credential}`, { method: "POST" }));
  if (token) localStorage.setItem(NAME, token);
  return { drill, token };
}

/** With a proof of the key that the token is to be bound to. @returns {Promise<Drill>} */
async function beginBound() {
  const url = `${location.origin}/lab/theft/bound-token`;
  const keys = await makeKeys();
  /** @type {string | null} */
  let nonce = null;
  const ask = async () => {
    const headers = { DPoP: await prove(keys, { method: "POST", url, nonce }) };
    return fetch(url, { method: "POST", headers });
  };
  let response = await ask();
  nonce = response.headers.get("dpop-nonce");
  if (response.status === 401 && nonce) response = await ask();
  const { drill, token } = await made(response);
  await keepBound({ token, keys });
  return { drill, token, keys, nonce };
}

/** @param {Response} response @returns {Promise<{ drill: string, token: string }>} */
async function made(response) {
  if (response.status === 201) return response.json();
  throw new Error(`The server made no account: ${response.status}.`);
}

/** Uses the credential. @param {Drill} drill @returns {Promise<Answer>} */
export async function use(drill) {
  const { token, keys } = drill;
  /** @type {Record<string, string>} */
  const headers = {};
  if (token) headers["Authorization"] = `${keys ? "DPoP" : "Bearer"} ${token}`;
  if (token && keys) headers["DPoP"] = await prove(keys, { method: "GET", url: ME, token, nonce: drill.nonce });
  const response = await fetch(door(drill), { headers, cache: "no-store" });
  drill.nonce = response.headers.get("dpop-nonce") ?? drill.nonce;
  if (!response.ok) throw new Error(`The door of the drill answered ${response.status}.`);
  return response.json();
}

/** Deletes the account. @param {Drill} drill */
export async function end({ drill }) {
  await fetch(`/lab/theft/end/${drill}`, { method: "POST" });
}
