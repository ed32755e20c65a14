import { useEffect, useRef, type SyntheticEvent } from "react";
import { Field, focusFirstInvalid } from "../ui/Field";
import { Trouble } from "../ui/Trouble";
import { Waiting } from "../ui/Waiting";
import { Conflict } from "./Conflict";
import { detached, isUnsaved, keepTyped, takeNewer, type Draft } from "./draft";

interface Props {
  readonly draft: Draft;
  readonly isReadOnly: boolean;
  readonly onChange: (how: (draft: Draft) => Draft) => void;
  readonly onSave: () => void;
  readonly onDelete: () => void;
  /** Stops waiting for the server. */
  readonly onStop: () => void;
  readonly onClose: () => void;
}

export function NoteEditor({ draft, isReadOnly, onChange, onSave, onDelete, onStop, onClose }: Props) {
  const { id, failed, newer, isGone } = draft;
  const form = useRef<HTMLFormElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const title = useRef<HTMLInputElement>(null);
  const isSending = draft.sending !== null;

  const isNew = useRef(id === null);
  useEffect(() => {
    (isNew.current ? title : heading).current?.focus();
  }, []);

  useEffect(() => {
    focusFirstInvalid(form.current);
  }, [failed]);

  function settle(how: (draft: Draft) => Draft) {
    onChange(how);
    title.current?.focus();
  }

  const save = () => {
    if (!isSending && !isReadOnly) onSave();
  };
  const remove = () => {
    if (!isSending && !isReadOnly) onDelete();
  };
  const problem = failed?.problem;

  return (
    <section className="editor card" aria-labelledby="editor-heading">
      <header>
        <h2 id="editor-heading" ref={heading} tabIndex={-1}>
          {isReadOnly ? "Read note" : id === null ? "Write a note" : "Edit note"}
        </h2>
        <button type="button" className="quiet" onClick={onClose}>
          Close
        </button>
      </header>

      {newer !== null && (
        <Conflict
          newer={newer.note}
          onLoad={() => settle((draft) => takeNewer(draft, newer))}
          onKeep={() => settle((draft) => keepTyped(draft, newer))}
        />
      )}
      {isGone && (
        <div className="notice bad">
          <p role="alert">This note was deleted elsewhere. Your text is still here.</p>
          <div className="actions">
            <button type="button" onClick={() => settle(detached)}>
              Make it a new note
            </button>
          </div>
        </div>
      )}
      {failed !== null && !failed.problem.isOnlyAbout(["title", "body"]) && (
        <Trouble problem={failed.problem} onRetry={failed.to === "save" ? save : remove}>
          <p className="hint">{consequence(failed.to, failed.problem.isUnanswered)}</p>
        </Trouble>
      )}

      <form
        ref={form}
        noValidate
        onSubmit={(event: SyntheticEvent) => {
          event.preventDefault();
          save();
        }}
      >
        <Field label="Title" error={problem?.field("title")}>
          {(control) => (
            <input
              {...control}
              ref={title}
              autoComplete="off"
              required
              readOnly={isReadOnly}
              value={draft.title}
              onChange={({ target }) => onChange((draft) => ({ ...draft, title: target.value }))}
            />
          )}
        </Field>
        <Field label="Body" error={problem?.field("body")}>
          {(control) => (
            <textarea
              {...control}
              rows={10}
              readOnly={isReadOnly}
              value={draft.body}
              onChange={({ target }) => onChange((draft) => ({ ...draft, body: target.value }))}
            />
          )}
        </Field>
        <div className="actions">
          <button type="submit" className="primary" disabled={isReadOnly} aria-disabled={isSending}>
            Save
          </button>
          <p className="hint" role="status">
            {isSending ? "Saving…" : draft.isSaved && !isUnsaved(draft) ? "Saved." : ""}
          </p>
          {isUnsaved(draft) && !isSending && <p className="hint">Not saved yet</p>}
          {id !== null && (
            <button
              type="button"
              className="danger quiet"
              disabled={isReadOnly}
              aria-disabled={isSending}
              onClick={remove}
            >
              Delete
            </button>
          )}
        </div>
        {isSending && <Waiting onStop={onStop} />}
      </form>
    </section>
  );
}

/** What the failure means for the person. */
function consequence(to: "save" | "delete", isUnanswered: boolean): string {
  if (to === "delete") return "The note is back in the list.";
  return isUnanswered ? "What you typed is still here. It is safe to try again." : "What you typed is still here.";
}
