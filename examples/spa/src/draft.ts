import type { Note, NoteText, Version } from "./api";

/**
 * What stands in the editor. It lives in `App`, above sign-in and notes, so that a token that expires in the middle
 * of a sentence does not take the sentence with it. Only in memory, and shown only to its owner.
 */
export interface Draft extends NoteText {
  /** One for each opening of the editor. */
  readonly key: number;
  readonly owner: string;
  /** Null until the note is saved for the first time. */
  readonly id: string | null;
  /** The version the text started from: its tag, for `If-Match`, and its text. */
  readonly etag: string | null;
  readonly base: NoteText;
}

let openings = 0;

export function newDraft(owner: string): Draft {
  const empty = { title: "", body: "" };
  return { ...empty, key: ++openings, owner, id: null, etag: null, base: empty };
}

export function draftOf(owner: string, { note, etag }: Version): Draft {
  const base = textOf(note);
  return { ...base, key: ++openings, owner, id: note.id, etag, base };
}

export function isUnsaved(draft: Draft | null): draft is Draft {
  return draft !== null && (draft.title !== draft.base.title || draft.body !== draft.base.body);
}

/** After a save of `sent`: the new version is what further typing starts from, and what was typed meanwhile stays. */
export function afterSave(draft: Draft, sent: NoteText, { note, etag }: Version): Draft {
  return {
    ...draft,
    title: draft.title === sent.title ? note.title : draft.title,
    body: draft.body === sent.body ? note.body : draft.body,
    id: note.id,
    etag,
    base: textOf(note),
  };
}

/** The newer version in place of what was typed. */
export function takeNewer(draft: Draft, { note, etag }: Version): Draft {
  const base = textOf(note);
  return { ...draft, ...base, etag, base };
}

/** What was typed stays, and replaces the newer version at the next save. */
export function keepTyped(draft: Draft, { note, etag }: Version): Draft {
  return { ...draft, etag, base: textOf(note) };
}

/** The note is gone; what was typed becomes a new one at the next save. */
export function detached(draft: Draft): Draft {
  return { ...draft, id: null, etag: null, base: { title: "", body: "" } };
}

function textOf({ title, body }: Note): NoteText {
  return { title, body };
}
