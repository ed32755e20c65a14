import type { NoteText, Version } from "../api/calls";
import type { Problem } from "../api/problem";

/** What is being sent to the server for a draft. */
export type Sending =
  | { readonly to: "save"; readonly text: NoteText; readonly request: string }
  | { readonly to: "delete" };

/** The text in the editor, or text being sent. It is stored in memory only, and shown only to its owner. */
export interface Draft extends NoteText {
  /** A new key each time the editor is opened. */
  readonly key: number;
  readonly owner: string;
  /** Null until the note is saved for the first time. */
  readonly id: string | null;
  /** The version that is being edited: its tag, for `If-Match`, and its text. */
  readonly etag: string | null;
  readonly base: NoteText;
  /** The last save that was sent. */
  readonly lastSave: (Sending & { readonly to: "save" }) | null;
  /** What is being sent. The list already shows it as done. */
  readonly sending: Sending | null;
  /** The last failed attempt, until the next one. */
  readonly failed: { readonly to: Sending["to"]; readonly problem: Problem } | null;
  /** The version that was saved elsewhere meanwhile (412). */
  readonly newer: Version | null;
  /** Whether the note was deleted elsewhere meanwhile (404). */
  readonly isGone: boolean;
  /** Whether the last save succeeded. */
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

/** A draft of an earlier page, which counted its openings anew. */
export function reopened(draft: Draft): Draft {
  return { ...draft, key: ++openings };
}

/** Whether there is text that is neither saved nor being sent. */
export function isUnsaved(draft: Draft): boolean {
  return !isSame(draft, draft.sending?.to === "save" ? draft.sending.text : draft.base);
}

export function isSame(a: NoteText, b: NoteText): boolean {
  return a.title === b.title && a.body === b.body;
}

/** A save of the draft. A retry has the same key, so it creates no second note (`Idempotency-Key`). */
export function saveOf({ lastSave, ...draft }: Draft): Sending & { readonly to: "save" } {
  if (lastSave !== null && isSame(lastSave.text, draft)) return lastSave;
  return { to: "save", text: textOf(draft), request: newKey() };
}

export function send(draft: Draft, sending: Sending): Draft {
  return { ...draft, ...SETTLED, sending, lastSave: sending.to === "save" ? sending : draft.lastSave };
}

/** After a save of `sent`: the draft now edits the new version, and keeps what was typed meanwhile. */
export function saved(draft: Draft, sent: NoteText, { note, etag }: Version): Draft {
  const title = draft.title === sent.title ? note.title : draft.title;
  const body = draft.body === sent.body ? note.body : draft.body;
  return { ...draft, ...SETTLED, isSaved: true, title, body, id: note.id, etag, base: textOf(note) };
}

export function failed(draft: Draft, to: Sending["to"], problem: Problem): Draft {
  return { ...draft, ...SETTLED, failed: { to, problem } };
}

/** The draft after sending has stopped. */
export function stopped(draft: Draft, why: Partial<Pick<Draft, "newer" | "isGone">> = {}): Draft {
  return { ...draft, ...SETTLED, ...why };
}

/** Replaces what was typed with the newer version. */
export function takeNewer(draft: Draft, { note, etag }: Version): Draft {
  const base = textOf(note);
  return { ...draft, ...SETTLED, ...base, etag, base };
}

/** Keeps what was typed; the next save replaces the newer version. */
export function keepTyped(draft: Draft, { note, etag }: Version): Draft {
  return { ...draft, ...SETTLED, etag, base: textOf(note) };
}

/** Detaches the draft from a deleted note; the next save creates a new one. */
export function detached(draft: Draft): Draft {
  return { ...draft, ...SETTLED, id: null, etag: null, base: EMPTY, lastSave: null };
}

export function textOf({ title, body }: NoteText): NoteText {
  return { title, body };
}

/** A random key. `crypto.randomUUID` exists on https and localhost only. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The draft's title, quoted, for use in a sentence. */
export function nameOf({ title, base }: Draft): string {
  return `“${(title.trim() || base.title.trim()).slice(0, 60) || "Untitled"}”`;
}
