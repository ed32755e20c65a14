// @ts-check
// Proofs of a key (RFC 9449), with WebCrypto.

/** A key pair whose private key no script can export. @returns {Promise<CryptoKeyPair>} */
export async function makeKeys() {
  return crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
}

/**
 * A proof for one request.
 * @param {CryptoKeyPair} keys @param {{ method: string, url: string, token?: string, nonce?: string | null }} request
 */
export async function prove(keys, { method, url, token, nonce }) {
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", keys.publicKey);
  const header = { typ: "dpop+jwt", alg: "ES256", jwk: { kty, crv, x, y } };
  /** @type {Record<string, unknown>} */
  const claims = { jti: crypto.randomUUID(), htm: method, htu: url, iat: Math.floor(Date.now() / 1000) };
  if (nonce) claims["nonce"] = nonce;
  if (token) claims["ath"] = base64url(await crypto.subtle.digest("SHA-256", utf8(token)));
  const signed = [header, claims].map((part) => base64url(utf8(JSON.stringify(part)))).join(".");
  const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, keys.privateKey, utf8(signed));
  return `${signed}.${base64url(signature)}`;
}

/** @param {ArrayBuffer | Uint8Array} bytes */
function base64url(bytes) {
  const text = btoa(String.fromCharCode(...new Uint8Array(bytes)));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** @param {string} text */
function utf8(text) {
  return new TextEncoder().encode(text);
}
