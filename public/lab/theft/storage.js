// @ts-check
// What the owner's page keeps in the browser: a bearer token in local storage, as many pages do, and a bound token with
// its key in IndexedDB, which is the one place that holds a key.

/** The key of the token in local storage, and the name of the database. */
export const NAME = "lab-theft";

/** @typedef {{ token: string, keys: CryptoKeyPair }} Bound */

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** @param {IDBTransactionMode} mode @param {(store: IDBObjectStore) => IDBRequest} use */
async function inStore(mode, use) {
  const opening = indexedDB.open(NAME, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("bound");
  const database = await done(opening);
  const result = await done(use(database.transaction("bound", mode).objectStore("bound")));
  database.close();
  return result;
}

/** @param {Bound} bound */
export async function keepBound(bound) {
  await inStore("readwrite", (store) => store.put(bound, "token"));
}

/** @returns {Promise<Bound | undefined>} */
export async function readBound() {
  return inStore("readonly", (store) => store.get("token"));
}

export async function clear() {
  localStorage.removeItem(NAME);
  await done(indexedDB.deleteDatabase(NAME)).catch(() => {});
}
