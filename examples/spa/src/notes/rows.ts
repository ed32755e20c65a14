import type { Note, NoteText } from "../api/calls";
import type { Draft } from "./draft";

/** A row of the list. */
export interface Row extends NoteText {
  readonly key: string;
  /** Null while a new note is being sent. */
  readonly id: string | null;
  readonly draft: Draft | null;
  readonly updatedAt: string | null;
}

/** The notes as they will be once all drafts that are being sent have arrived. */
export function rows(notes: readonly Note[], drafts: readonly Draft[]): readonly Row[] {
  const beingSent = drafts.filter(({ sending }) => sending !== null);
  const made = beingSent.flatMap((draft) =>
    draft.id === null && draft.sending?.to === "save" ? [row(draft.sending.text, draft)] : [],
  );
  const kept = notes.flatMap((note) => {
    const draft = beingSent.find(({ id }) => id === note.id);
    if (draft?.sending?.to === "delete") return [];
    const shown = row(draft?.sending?.text ?? note, draft ?? null);
    return [{ ...shown, key: note.id, id: note.id, updatedAt: note.updated_at }];
  });
  return [...made.reverse(), ...kept];
}

function row({ title, body }: NoteText, draft: Draft | null): Row {
  return { key: `draft ${draft?.key ?? ""}`, id: null, title: title.trim(), body, draft, updatedAt: null };
}
