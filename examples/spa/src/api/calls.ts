import { answer, connect, type Door } from "./client";
import type { Problem } from "./problem";
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Account = Schemas["Account"];
export type Token = Schemas["Token"];
export type Login = Schemas["Login"];
export type Step = "totp" | "recovery_code";
/** The answer to a step after the password. */
export type SecondStep = Schemas["SecondStep"] & { readonly step: Step };
export type Scope = Schemas["Scope"];
export type Note = Schemas["Note"];
export type NoteText = Pick<Note, "title" | "body">;

/** A note and its version tag. Sent with a change, the tag keeps the server from overwriting a newer version. */
export interface Version {
  readonly note: Note;
  readonly etag: string | null;
}

export type Api = ReturnType<typeof callsOf>;

/** Every call of this client. Types and paths come from the server's OpenAPI document. */
export function callsOf(door: Door, onRefused?: (problem: Problem) => void) {
  const client = connect(door, onRefused);
  const note = (id: string, signal?: AbortSignal) =>
    version(client.GET("/notes/{id}", { params: { path: { id } }, ...withSignal(signal) }));

  return {
    /** With `second`, goes on after the server has answered `second_factor_required`. */
    login: async (body: Login, second?: SecondStep, signal?: AbortSignal) => {
      if (second === undefined) return (await answer(client.POST("/login", { body, ...withSignal(signal) }))).data;
      const { step, ...given } = second;
      return (await answer(client.POST(`/login/${step}`, { body: given, ...withSignal(signal) }))).data;
    },
    logout: async () => {
      await answer(client.POST("/logout"));
    },

    account: async (signal?: AbortSignal) => (await answer(client.GET("/me", withSignal(signal)))).data,
    token: async (signal?: AbortSignal) => (await answer(client.GET("/token", withSignal(signal)))).data,

    notes: async (query: { q?: string; cursor?: string; limit: number }, signal?: AbortSignal) =>
      (await answer(client.GET("/notes", { params: { query }, ...withSignal(signal) }))).data,

    note,
    /** Sent twice with one key, it creates one note. */
    createNote: (body: NoteText, key: string, signal?: AbortSignal) =>
      version(client.POST("/notes", { params: { header: { "Idempotency-Key": key } }, body, ...withSignal(signal) })),
    updateNote: (id: string, body: NoteText, etag: string | null, signal?: AbortSignal) =>
      version(client.PATCH("/notes/{id}", { params: { path: { id }, ...ifMatch(etag) }, body, ...withSignal(signal) })),
    deleteNote: async (id: string, etag: string | null, signal?: AbortSignal) => {
      await answer(client.DELETE("/notes/{id}", { params: { path: { id }, ...ifMatch(etag) }, ...withSignal(signal) }));
    },
  };
}

async function version(call: Promise<{ data?: Note; response: Response }>): Promise<Version> {
  const { data, response } = await answer(call);
  return { note: data, etag: response.headers.get("ETag") };
}

const ifMatch = (etag: string | null) => (etag === null ? {} : { header: { "If-Match": etag } });
const withSignal = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { signal });
