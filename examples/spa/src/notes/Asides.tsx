import { Waiting } from "../ui/Waiting";
import { nameOf, type Draft } from "./draft";

interface Props {
  readonly drafts: readonly Draft[];
  /** The draft in the editor, which is not listed here. */
  readonly open: Draft | null;
  readonly onOpen: (draft: Draft) => void;
  readonly onDiscard: (key: number) => void;
  readonly onStop: (key: number) => void;
}

/** Drafts that could not be saved, after the person has moved on to something else. */
export function Asides({ drafts, open, onOpen, onDiscard, onStop }: Props) {
  return drafts
    .filter((draft) => draft !== open)
    .map((draft) =>
      draft.sending === null ? (
        <div key={draft.key} className="notice bad">
          <p role="alert">{reason(draft)}</p>
          <div className="actions">
            <button type="button" onClick={() => onOpen(draft)}>
              Open it
            </button>
            <button type="button" className="quiet" onClick={() => onDiscard(draft.key)}>
              Discard it
            </button>
          </div>
        </div>
      ) : (
        <Waiting key={draft.key} onStop={() => onStop(draft.key)} />
      ),
    );
}

function reason(draft: Draft): string {
  const { failed, newer, isGone } = draft;
  const name = nameOf(draft);
  if (failed !== null) {
    return `${name} was not ${failed.to === "save" ? "saved" : "deleted"}. ${failed.problem.message}`;
  }
  if (newer !== null) return `${name} was changed elsewhere.`;
  return isGone ? `${name} was deleted elsewhere.` : `${name} is not saved yet.`;
}
