import { useCallback, useEffect, useRef, useState } from "react";
import type { Scope } from "../api/calls";
import { Problem } from "../api/problem";
import { useAuth, useSession } from "../auth/AuthProvider";
import { useConfirm } from "../ui/Confirm";
import { Trouble } from "../ui/Trouble";
import { Waiting } from "../ui/Waiting";
import { Asides } from "./Asides";
import type { Desk, DeskChanges } from "./desk";
import { draftOf, isUnsaved, nameOf, newDraft, type Draft } from "./draft";
import { NoteEditor } from "./NoteEditor";
import { NoteRows } from "./NoteRows";
import { rows, type Row } from "./rows";
import { useDebounced, useNoteList } from "./useNoteList";
import { useListFocus } from "./useListFocus";
import { useSending } from "./useSending";

const WRITE: Scope = "notes:write";

interface Props {
  readonly desk: Desk;
  readonly changes: DeskChanges;
}

export function Notes({ desk, changes }: Props) {
  const { api, credential, owner } = useSession();
  const { leave } = useAuth();
  const [search, setSearch] = useState("");
  const q = useDebounced(search.trim(), 250);
  const list = useNoteList(api, q);
  const [said, setSaid] = useState("");
  /** Known from the credential's scopes, or from a 403. */
  const [isReadOnly, setReadOnly] = useState(credential.scopes?.includes(WRITE) === false);
  const [opening, setOpening] = useState<{ id: string; problem: Problem | null } | null>(null);
  const [dialog, ask] = useConfirm();
  const fetching = useRef<AbortController | null>(null);
  const sending = useSending(api, list, changes, useCallback(() => setReadOnly(true), []));

  // Drafts of an account that was signed in before are not shown.
  const drafts = desk.drafts.filter((draft) => draft.owner === owner);
  const draft = drafts.find(({ key }) => key === desk.open) ?? null;
  const { heading, items, focusSoon } = useListFocus(draft !== null);

  async function mayLeave(): Promise<boolean> {
    if (draft === null || !isUnsaved(draft)) return true;
    return ask({
      title: "Leave without saving?",
      text: "What you typed since the last save will be lost.",
      yes: "Discard changes",
      no: "Stay here",
    });
  }

  function stopOpening() {
    fetching.current?.abort();
    setOpening(null);
  }

  async function write() {
    if (!(await mayLeave())) return;
    stopOpening();
    changes.place(newDraft(owner));
  }

  async function open({ id, draft: underWay }: Row) {
    if (id === draft?.id && id !== null) return;
    if (underWay === draft && draft !== null) return;
    if (!(await mayLeave())) return;
    stopOpening();
    if (underWay !== null) changes.reopen(underWay.key);
    else if (id !== null) await fetchNote(id);
  }

  async function fetchNote(id: string) {
    const { signal } = (fetching.current = new AbortController());
    changes.close();
    setOpening({ id, problem: null });
    try {
      // The list may be older than the note, and whoever edits should see what there is now.
      const version = await api.note(id, signal);
      if (signal.aborted) return;
      setOpening(null);
      changes.place(draftOf(owner, version));
    } catch (error) {
      if (signal.aborted) return;
      const problem = Problem.of(error);
      setOpening({ id, problem });
      if (problem.code === "not_found") list.drop(id);
    }
  }

  async function close() {
    if (!(await mayLeave())) return;
    stopOpening();
    changes.close();
    focusSoon(draft?.id ?? opening?.id ?? null);
  }

  async function remove(draft: Draft) {
    const yes = await ask({
      title: "Delete this note?",
      text: `“${draft.base.title}” will be deleted permanently.`,
      yes: "Delete",
      no: "Cancel",
    });
    if (!yes) return;
    changes.putAside(draft.key);
    setSaid(`Deleted ${nameOf({ ...draft, title: "" })}.`);
    focusSoon(null);
    await sending.remove(draft);
  }

  async function reopen(aside: Draft) {
    if (!(await mayLeave())) return;
    stopOpening();
    changes.reopen(aside.key);
  }

  async function more() {
    const [first] = await list.more();
    if (first !== undefined) focusSoon(first.id);
  }

  useEffect(() => () => fetching.current?.abort(), []);

  // If deleting failed, do not say that the note was deleted.
  const isBack = drafts.some(({ failed, newer }) => failed?.to === "delete" || newer !== null);
  const isEditing = draft !== null || opening !== null;

  return (
    <main className="notes" data-editing={isEditing ? "" : undefined}>
      <title>Notes · Example SPA</title>
      {dialog}

      <section className="list" aria-labelledby="notes-heading">
        <header>
          <h1 id="notes-heading" ref={heading} tabIndex={-1}>
            Notes
          </h1>
          <button type="button" className="primary" disabled={isReadOnly} onClick={() => void write()}>
            New note
          </button>
        </header>
        {isReadOnly && (
          <div className="notice">
            <p role="status">
              Read only: your token lacks the scope <code>{WRITE}</code>.
            </p>
            <div className="actions">
              <button type="button" onClick={() => leave(null)}>
                Sign in another way
              </button>
            </div>
          </div>
        )}
        <Asides
          drafts={drafts}
          open={draft}
          onOpen={(aside) => void reopen(aside)}
          onDiscard={changes.discard}
          onStop={sending.stop}
        />

        <search>
          <label htmlFor="search">Search notes</label>
          <input
            id="search"
            type="search"
            autoComplete="off"
            value={search}
            onChange={(event) => {
              setSearch(event.target.value);
              setSaid("");
            }}
          />
        </search>

        <p className={isEmpty(list) ? "hint empty" : "hint"} role="status">
          {!isBack && said} {summary(list, q)}
        </p>
        <NoteRows
          ref={items}
          rows={rows(list.items, drafts)}
          isBusy={list.busy}
          current={draft?.id ?? opening?.id ?? (draft === null ? null : `draft ${draft.key}`)}
          onOpen={(row) => void open(row)}
        />
        {list.busy && <Waiting onStop={list.stop} />}
        {list.problem !== null && (
          <Trouble problem={list.problem} onRetry={list.retry}>
            {list.problem.status === 403 && (
              <button type="button" onClick={() => leave(null)}>
                Sign in another way
              </button>
            )}
          </Trouble>
        )}
        {list.nextCursor !== null && list.problem === null && (
          <button type="button" aria-disabled={list.busy} onClick={() => void more()}>
            Load more
          </button>
        )}
      </section>

      {draft !== null && (
        <NoteEditor
          key={draft.key}
          draft={draft}
          isReadOnly={isReadOnly}
          onChange={(how) => changes.change(draft.key, how)}
          onSave={() => void sending.save(draft)}
          onDelete={() => void remove(draft)}
          onStop={() => sending.stop(draft.key)}
          onClose={() => void close()}
        />
      )}
      {opening !== null && (
        <section className="editor card" aria-label="Note">
          {opening.problem === null ? (
            <>
              <p className="hint">Opening…</p>
              <Waiting onStop={() => void close()} />
            </>
          ) : (
            <Trouble problem={opening.problem} onRetry={() => void fetchNote(opening.id)}>
              <button type="button" onClick={() => void close()}>
                Close
              </button>
            </Trouble>
          )}
        </section>
      )}
      {!isEditing && <p className="editor nothing">Choose a note, or write a new one.</p>}
    </main>
  );
}

const isEmpty = ({ items, busy, problem }: ReturnType<typeof useNoteList>) =>
  items.length === 0 && !busy && problem === null;

function summary({ items, busy, problem, nextCursor }: ReturnType<typeof useNoteList>, q: string): string {
  if (problem !== null) return "";
  if (busy) return items.length === 0 ? "Loading…" : "";
  if (items.length === 0 && nextCursor !== null) return "No match so far, and more to search";
  if (items.length === 0) return q === "" ? "No notes yet. “New note” writes the first." : `Nothing matches “${q}”.`;
  const count = `${items.length} ${items.length === 1 ? "note" : "notes"}`;
  return nextCursor === null ? count : `${count}, and more to load`;
}
