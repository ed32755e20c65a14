import type { NoteText, Version } from "../api/calls";
import type { Problem } from "../api/problem";

/** What a draft is on its way to the server for. */
export type Sending = { readonly to: "save"; readonly text: NoteText; readonly request: string } | { readonly to: "delete" };

/** What stands in the editor, or stood there and is on its way. Only in memory, and shown only to its owner. */
export interface Draft extends NoteText {
  /** One for each opening of the editor. */
  readonly key: number;
  readonly owner: string;
  /** Null until the note is saved for the first time. */
  readonly id: string | null;
  /** The version the text started from: its tag, for `If-Match`, and its text. */
  readonly etag: string | null;
  readonly base: NoteText;
  /** The last save that was sent. */
  readonly lastSave: (Sending & { readonly to: "save" }) | null;
  /** The list shows it as done, until the server says otherwise. */
  readonly sending: Sending | null;
  /** What the last try came to, until the next one. */
  readonly failed: { readonly to: Sending["to"]; readonly problem: Problem } | null;
  /** The version that somebody saved in the meantime (412). */
  readonly newer: Version | null;
  /** Somebody deleted the note in the meantime (404). */
  readonly isGone: boolean;
  /** Has the last try arrived? */
  readonly isSaved: boolean;
}

const EMPTY: NoteText = { title: "", body: "" };
const SETTLED = { sending: null, failed: null, newer: null, isGone: false, isSaved: false } as const;

let openings = 0;

export function newDraft(owner: string): Draft {
  return { ...EMPTY, ...SETTLED, key: ++openings, owner, id: null, etag: null, base: EMPTY, lastSave: null };
}

export function draftOf(owner: string, { note, etag }: Version): Draft {
  const base = textOf(note);
  return { ...base, ...SETTLED, key: ++openings, owner, id: note.id, etag, base, lastSave: null };
}

/** Is there text that is neither at the server nor on its way there? */
export function isUnsaved(draft: Draft): boolean {
  return !isSame(draft, draft.sending?.to === "save" ? draft.sending.text : draft.base);
}

export function isSame(a: NoteText, b: NoteText): boolean {
  return a.title === b.title && a.body === b.body;
}

/** The save of what is typed. Sent once more it is the same request, which makes no second note (`Idempotency-Key`). */
export function saveOf({ lastSave, ...draft }: Draft): Sending & { readonly to: "save" } {
  return lastSave !== null && isSame(lastSave.text, draft) ? lastSave : { to: "save", text: textOf(draft), request: newKey() };
}

export function send(draft: Draft, sending: Sending): Draft {
  return { ...draft, ...SETTLED, sending, lastSave: sending.to === "save" ? sending : draft.lastSave };
}

/** After a save of `sent`: the new version is what further typing starts from, and what was typed meanwhile stays. */
export function saved(draft: Draft, sent: NoteText, { note, etag }: Version): Draft {
  const title = draft.title === sent.title ? note.title : draft.title;
  const body = draft.body === sent.body ? note.body : draft.body;
  return { ...draft, ...SETTLED, isSaved: true, title, body, id: note.id, etag, base: textOf(note) };
}

export function failed(draft: Draft, to: Sending["to"], problem: Problem): Draft {
  return { ...draft, ...SETTLED, failed: { to, problem } };
}

/** Nothing more is on its way. */
export function stopped(draft: Draft, why: Partial<Pick<Draft, "newer" | "isGone">> = {}): Draft {
  return { ...draft, ...SETTLED, ...why };
}

/** The newer version in place of what was typed. */
export function takeNewer(draft: Draft, { note, etag }: Version): Draft {
  const base = textOf(note);
  return { ...draft, ...SETTLED, ...base, etag, base };
}

/** What was typed stays, and replaces the newer version at the next save. */
export function keepTyped(draft: Draft, { note, etag }: Version): Draft {
  return { ...draft, ...SETTLED, etag, base: textOf(note) };
}

/** The note is gone; what was typed becomes a new one at the next save. */
export function detached(draft: Draft): Draft {
  return { ...draft, ...SETTLED, id: null, etag: null, base: EMPTY, lastSave: null };
}

export function textOf({ title, body }: NoteText): NoteText {
  return { title, body };
}

/** `crypto.randomUUID` is there on https and on localhost only. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** How to call it in a sentence. */
export function nameOf({ title, base }: Draft): string {
  return `“${(title.trim() || base.title.trim()).slice(0, 60) || "Untitled"}”`;
}
