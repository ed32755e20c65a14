import { apiUrl } from "./api-url";
import { Problem } from "./problem";

export const API_URL = apiUrl(import.meta.env);
/** What the owner reads in the list of their tokens. */
export const CLIENT_NAME = "Example SPA";

const TIMEOUT = 20_000;
const PAGE = 20;

// The shapes the server promises in `/api/v1/openapi.json`.

export interface Account {
  readonly id: string;
  readonly email: string;
  readonly name: string | null;
  readonly created_at: string;
}

export interface Token {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly expires_at: string | null;
}

export interface NewToken extends Token {
  /** The secret. It comes once. */
  readonly token: string;
  readonly account: Account;
}

export interface NoteText {
  readonly title: string;
  readonly body: string;
}

export interface Note extends NoteText {
  readonly id: string;
  readonly created_at: string;
  readonly updated_at: string;
}

export interface NotePage {
  readonly items: readonly Note[];
  readonly next_cursor: string | null;
}

/** A note and the version it is: send the tag back with a change, and the server refuses to overwrite a newer one. */
export interface Version {
  readonly note: Note;
  readonly etag: string | null;
}

interface Sending {
  token?: string;
  body?: unknown;
  ifMatch?: string | null;
  signal?: AbortSignal | undefined;
}

async function send(method: string, path: string, sending: Sending = {}): Promise<Response> {
  const headers = new Headers();
  if (sending.token !== undefined) headers.set("Authorization", `Bearer ${sending.token}`);
  if (sending.body !== undefined) headers.set("Content-Type", "application/json");
  if (sending.ifMatch != null) headers.set("If-Match", sending.ifMatch);

  const timeout = AbortSignal.timeout(TIMEOUT);
  try {
    const response = await fetch(`${API_URL}/api/v1/${path}`, {
      method,
      headers,
      body: sending.body === undefined ? null : JSON.stringify(sending.body),
      // The token is the one credential: with "omit" the browser neither sends a cookie of that origin nor keeps one.
      credentials: "omit",
      signal: sending.signal === undefined ? timeout : AbortSignal.any([sending.signal, timeout]),
    });
    if (!response.ok) throw await Problem.from(response);
    return response;
  } catch (error) {
    if (error instanceof Problem || sending.signal?.aborted === true) throw error;
    throw Problem.network(API_URL, error);
  }
}

async function json<T>(response: Response): Promise<T> {
  try {
    return (await response.json()) as T;
  } catch (error) {
    throw Problem.network(API_URL, error);
  }
}

async function version(response: Response): Promise<Version> {
  return { note: await json<Note>(response), etag: response.headers.get("ETag") };
}

/** The one call that needs no token: it makes one. */
export async function login(email: string, password: string, remember: boolean): Promise<NewToken> {
  const body = { email, password, name: CLIENT_NAME, remember };
  return json<NewToken>(await send("POST", "login", { body }));
}

export type Api = ReturnType<typeof connect>;

/** The calls a token can make. `onRejected` hears of every 401: the token is of no use any more. */
export function connect(token: string, onRejected: (problem: Problem) => void) {
  async function call(method: string, path: string, sending: Sending = {}): Promise<Response> {
    try {
      return await send(method, path, { ...sending, token });
    } catch (error) {
      if (error instanceof Problem && error.status === 401) onRejected(error);
      throw error;
    }
  }

  const at = (id: string) => `notes/${encodeURIComponent(id)}`;
  const note = async (id: string, signal?: AbortSignal) => version(await call("GET", at(id), { signal }));

  return {
    account: async (signal?: AbortSignal) => json<Account>(await call("GET", "me", { signal })),

    token: async (signal?: AbortSignal) => json<Token>(await call("GET", "token", { signal })),

    /** Revokes the token that makes the call. */
    logout: async () => {
      await call("POST", "logout");
    },

    notes: async (q: string, cursor: string | null, signal?: AbortSignal) => {
      const query = new URLSearchParams({ limit: String(PAGE) });
      if (q !== "") query.set("q", q);
      if (cursor !== null) query.set("cursor", cursor);
      return json<NotePage>(await call("GET", `notes?${query.toString()}`, { signal }));
    },

    note,

    createNote: async (body: NoteText) => {
      const made = await version(await call("POST", "notes", { body }));
      // Without a tag the next save could not tell a newer version from its own.
      return made.etag === null ? note(made.note.id) : made;
    },

    updateNote: async (id: string, body: NoteText, ifMatch: string | null) =>
      version(await call("PATCH", at(id), { body, ifMatch })),

    deleteNote: async (id: string, ifMatch: string | null) => {
      await call("DELETE", at(id), { ifMatch });
    },
  };
}
