import { useEffect, useRef, useState, type Dispatch, type SetStateAction, type SyntheticEvent } from "react";
import type { Note, NoteText, Version } from "./api";
import { useSession } from "./auth";
import { Conflict } from "./Conflict";
import { useConfirm } from "./Confirm";
import { afterSave, detached, isUnsaved, keepTyped, takeNewer, type Draft } from "./draft";
import { Field, focusFirstInvalid } from "./Field";
import { Problem } from "./problem";
import { Trouble } from "./Trouble";

interface Props {
  readonly draft: Draft;
  readonly setDraft: Dispatch<SetStateAction<Draft | null>>;
  readonly isReadOnly: boolean;
  readonly onDenied: (scope: string | null) => void;
  readonly onSaved: (note: Note) => void;
  readonly onDeleted: (id: string, title: string) => void;
  /** The note is no longer there. */
  readonly onGone: (id: string) => void;
  readonly onClose: () => void;
}

type Doing = "save" | "delete";

export function NoteEditor({ draft, setDraft, isReadOnly, onDenied, onSaved, onDeleted, onGone, onClose }: Props) {
  const { api } = useSession();
  const [doing, setDoing] = useState<Doing | null>(null);
  const [failed, setFailed] = useState<{ doing: Doing; problem: Problem } | null>(null);
  const [newer, setNewer] = useState<Version | null>(null);
  const [isGone, setGone] = useState(false);
  const [said, setSaid] = useState("");
  const [dialog, ask] = useConfirm();
  const form = useRef<HTMLFormElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const title = useRef<HTMLInputElement>(null);

  const isNew = useRef(draft.id === null);
  useEffect(() => {
    (isNew.current ? title : heading).current?.focus();
  }, []);

  useEffect(() => {
    focusFirstInvalid(form.current);
  }, [failed]);

  /** Changes the draft, unless the person has moved on to another one. */
  function change(how: (draft: Draft) => Draft) {
    setDraft((current) => (current?.key === draft.key ? how(current) : current));
  }

  function type(typed: Partial<NoteText>) {
    change((draft) => ({ ...draft, ...typed }));
    setSaid("");
  }

  async function attempt(what: Doing, action: () => Promise<void>) {
    if (doing !== null || isReadOnly) return;
    setDoing(what);
    setFailed(null);
    setSaid("");
    try {
      await action();
    } catch (error) {
      const problem = Problem.of(error);
      if (problem.code === "precondition_failed" && draft.id !== null) await lookAtNewer(draft.id, what);
      else if (problem.code === "not_found") lose();
      else setFailed({ doing: what, problem });
      if (problem.code === "scope_missing") onDenied(problem.scope);
    } finally {
      setDoing(null);
    }
  }

  async function lookAtNewer(id: string, doing: Doing) {
    try {
      setNewer(await api.note(id));
    } catch (error) {
      const problem = Problem.of(error);
      if (problem.code === "not_found") lose();
      else setFailed({ doing, problem });
    }
  }

  function lose() {
    setNewer(null);
    setGone(true);
    if (draft.id !== null) onGone(draft.id);
  }

  const save = () =>
    attempt("save", async () => {
      const sent = { title: draft.title, body: draft.body };
      const version =
        draft.id === null ? await api.createNote(sent) : await api.updateNote(draft.id, sent, draft.etag);
      change((draft) => afterSave(draft, sent, version));
      onSaved(version.note);
      setNewer(null);
      setSaid("Saved.");
    });

  async function remove(id: string) {
    const yes = await ask({
      title: "Delete this note?",
      text: `“${draft.base.title}” will be gone for good.`,
      yes: "Delete",
      no: "Cancel",
    });
    if (!yes) return;
    await attempt("delete", async () => {
      await api.deleteNote(id, draft.etag);
      onDeleted(id, draft.base.title);
    });
  }

  function settle(how: (draft: Draft) => Draft) {
    change(how);
    setNewer(null);
    setGone(false);
    title.current?.focus();
  }

  const { id } = draft;
  const problem = failed?.problem;
  const retry = { save, delete: () => (id === null ? undefined : remove(id)) };

  return (
    <section className="editor card" aria-labelledby="editor-heading">
      {dialog}
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
          onLoad={() => {
            onSaved(newer.note);
            settle((draft) => takeNewer(draft, newer));
          }}
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
      {failed !== null && !failed.problem.isOnlyAbout("title", "body") && (
        <Trouble problem={failed.problem} onRetry={() => void retry[failed.doing]()} />
      )}

      <form
        ref={form}
        noValidate
        onSubmit={(event: SyntheticEvent) => {
          event.preventDefault();
          void save();
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
              onChange={(event) => type({ title: event.target.value })}
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
              onChange={(event) => type({ body: event.target.value })}
            />
          )}
        </Field>
        <div className="actions">
          <button type="submit" className="primary" disabled={isReadOnly} aria-disabled={doing !== null}>
            Save
          </button>
          <p className="hint" role="status">
            {doing === "save" ? "Saving…" : said}
          </p>
          {isUnsaved(draft) && doing === null && <p className="hint">Not saved yet</p>}
          {id !== null && (
            <button
              type="button"
              className="danger quiet"
              disabled={isReadOnly}
              aria-disabled={doing !== null}
              onClick={() => void remove(id)}
            >
              Delete
            </button>
          )}
        </div>
      </form>
    </section>
  );
}
