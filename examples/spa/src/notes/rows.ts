import type { Note, NoteText } from "../api/calls";
import type { Draft } from "./draft";

/** One line of the list. */
export interface Row extends NoteText {
  readonly key: string;
  /** Null while the note is on its way for the first time. */
  readonly id: string | null;
  readonly draft: Draft | null;
  readonly updatedAt: string | null;
}

/** The notes as they will be once everything that is on its way has arrived. */
export function rows(notes: readonly Note[], drafts: readonly Draft[]): readonly Row[] {
  const onTheirWay = drafts.filter(({ sending }) => sending !== null);
  const made = onTheirWay.flatMap((draft) =>
    draft.id === null && draft.sending?.to === "save" ? [row(draft.sending.text, draft)] : [],
  );
  const kept = notes.flatMap((note) => {
    const draft = onTheirWay.find(({ id }) => id === note.id);
    if (draft?.sending?.to === "delete") return [];
    return [{ ...row(draft?.sending?.text ?? note, draft ?? null), key: note.id, id: note.id, updatedAt: note.updated_at }];
  });
  return [...made.reverse(), ...kept];
}

function row({ title, body }: NoteText, draft: Draft | null): Row {
  return { key: `draft ${draft?.key ?? ""}`, id: null, title: title.trim(), body, draft, updatedAt: null };
}
