/** A sign-in that has led to this browser's tokens. */
export interface Kept {
  readonly id: string;
  /** The private key cannot be exported: scripts can sign with it, and cannot read it. */
  readonly keys: CryptoKeyPair;
  /** Worth nothing without the key. */
  readonly refreshToken: string;
  /** The scopes, separated by spaces. */
  readonly scope: string;
  /** The server's last nonce. */
  readonly nonce: string | undefined;
}

/** A sign-in that has left for the server. */
export interface Started {
  readonly state: string;
  readonly verifier: string;
  readonly keys: CryptoKeyPair;
  /** In milliseconds since 1970. */
  readonly at: number;
}

const KEPT = "kept";
/** For how long an answer is waited for, in milliseconds. Somebody may have to sign up first, and to read a mail. */
const LASTS = 60 * 60_000;

/**
 * What outlives a reload, in IndexedDB: the one storage that takes a key which scripts cannot read. All tabs share it.
 */
export class Store {
  readonly #name: string;
  #database: Promise<IDBDatabase> | null = null;

  constructor(name: string) {
    this.#name = name;
  }

  async kept(): Promise<Kept | null> {
    return ((await this.#run("readonly", (records) => records.get(KEPT))) as Kept | undefined) ?? null;
  }

  async keep(kept: Kept): Promise<void> {
    await this.#run("readwrite", (records) => records.put(kept, KEPT));
  }

  /** Deletes the key and the refresh token of the sign-in `id`, and not those of a later one. */
  async forget(id: string): Promise<void> {
    await this.#run("readwrite", (records) => {
      const asked = records.get(KEPT);
      asked.onsuccess = () => {
        if ((asked.result as Kept | undefined)?.id === id) records.delete(KEPT);
      };
      return asked;
    });
  }

  /** Stores a sign-in by its state, so that its answer may come to another tab. Deletes those that are too old. */
  async start(started: Started): Promise<void> {
    await this.#run("readwrite", (records) => {
      const asked = records.getAll();
      asked.onsuccess = () => {
        for (const { state, at } of asked.result as Partial<Started>[]) {
          if (state !== undefined && at !== undefined && at < Date.now() - LASTS) records.delete(state);
        }
      };
      return records.put(started, started.state);
    });
  }

  async started(state: string): Promise<Started | null> {
    const found = (await this.#run("readonly", (records) => records.get(state))) as Partial<Started> | undefined;
    return found?.at === undefined || found.at < Date.now() - LASTS ? null : (found as Started);
  }

  async finish(state: string): Promise<void> {
    await this.#run("readwrite", (records) => records.delete(state));
  }

  async #run<T>(mode: IDBTransactionMode, ask: (records: IDBObjectStore) => IDBRequest<T>): Promise<T> {
    this.#database ??= open(this.#name);
    const database = await this.#database.catch((error: unknown) => {
      this.#database = null;
      throw error;
    });
    const transaction = database.transaction("records", mode);
    const asked = ask(transaction.objectStore("records"));
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(asked.result);
      transaction.onabort = () => reject(transaction.error ?? new DOMException("aborted", "AbortError"));
    });
  }
}

function open(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open(name, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("records");
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error ?? new DOMException("failed", "UnknownError"));
  });
}
