import { useEffect, useRef, useState, type Dispatch, type SetStateAction } from "react";
import type { Note } from "./api";
import { useSession } from "./auth";
import { useConfirm } from "./Confirm";
import { draftOf, isUnsaved, newDraft, type Draft } from "./draft";
import { NoteEditor } from "./NoteEditor";
import { Problem } from "./problem";
import { Time } from "./Time";
import { Trouble } from "./Trouble";
import { useDebounced, useNoteList } from "./useNoteList";

const WRITE = "notes:write";

interface Props {
  readonly draft: Draft | null;
  readonly setDraft: Dispatch<SetStateAction<Draft | null>>;
}

export function Notes({ draft, setDraft }: Props) {
  const { api, token, owner } = useSession();
  const [search, setSearch] = useState("");
  const q = useDebounced(search.trim(), 250);
  const list = useNoteList(api, q);
  const [said, setSaid] = useState("");
  /** The scope that is missing for writing: known from the token, or learnt from a 403. */
  const [denied, setDenied] = useState(token.scopes.includes(WRITE) ? null : WRITE);
  const [opening, setOpening] = useState<{ id: string; problem: Problem | null } | null>(null);
  const [dialog, ask] = useConfirm();
  const fetching = useRef<AbortController | null>(null);
  const { heading, items, focusSoon } = useFocus(draft !== null);

  async function mayLeave(): Promise<boolean> {
    if (!isUnsaved(draft)) return true;
    return ask({
      title: "Leave without saving?",
      text: "What you typed since the last save will be lost.",
      yes: "Discard changes",
      no: "Stay here",
    });
  }

  async function write() {
    if (!(await mayLeave())) return;
    fetching.current?.abort();
    setOpening(null);
    setDraft(newDraft(owner));
  }

  async function open(id: string) {
    if (draft?.id === id && isUnsaved(draft)) return;
    if (!(await mayLeave())) return;
    fetching.current?.abort();
    const { signal } = (fetching.current = new AbortController());
    setDraft(null);
    setOpening({ id, problem: null });
    try {
      // The list has the text, but only the note itself comes with the tag that a later save needs.
      const version = await api.note(id, signal);
      if (signal.aborted) return;
      setOpening(null);
      setDraft(draftOf(owner, version));
    } catch (error) {
      if (signal.aborted) return;
      const problem = Problem.of(error);
      setOpening({ id, problem });
      if (problem.code === "not_found") list.drop(id);
    }
  }

  async function close() {
    if (!(await mayLeave())) return;
    fetching.current?.abort();
    setOpening(null);
    setDraft(null);
    focusSoon(draft?.id ?? opening?.id ?? null);
  }

  async function more() {
    const [first] = await list.more();
    if (first !== undefined) focusSoon(first.id);
  }

  function deleted(id: string, title: string) {
    list.drop(id);
    setDraft(null);
    setSaid(`Deleted “${title}”.`);
    focusSoon(null);
  }

  function saved(note: Note) {
    list.put(note);
    setSaid("");
  }

  useEffect(() => () => fetching.current?.abort(), []);

  const current = draft?.id ?? opening?.id;
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
          <button type="button" className="primary" disabled={denied !== null} onClick={() => void write()}>
            New note
          </button>
        </header>
        {denied !== null && (
          <p className="notice" role="status">
            Read only: this token does not have the scope <code>{denied}</code>.
          </p>
        )}

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

        <p className="hint" role="status">
          {said} {summary(list, q)}
        </p>
        {/* `role`: Safari takes the list out of a list without bullets. */}
        <ul ref={items} role="list" aria-busy={list.busy}>
          {list.items.map((note) => (
            <li key={note.id} data-id={note.id}>
              <button type="button" aria-current={note.id === current ? "true" : undefined} onClick={() => void open(note.id)}>
                {note.title}
              </button>
              <p>{note.body}</p>
              <Time at={note.updated_at} />
            </li>
          ))}
        </ul>
        {list.problem !== null && <Trouble problem={list.problem} onRetry={list.retry} />}
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
          setDraft={setDraft}
          isReadOnly={denied !== null}
          onDenied={(scope) => setDenied(scope ?? WRITE)}
          onSaved={saved}
          onDeleted={deleted}
          onGone={list.drop}
          onClose={() => void close()}
        />
      )}
      {opening !== null && (
        <section className="editor card" aria-label="Note">
          {opening.problem === null ? (
            <p role="status">Opening…</p>
          ) : (
            <Trouble problem={opening.problem} onRetry={() => void open(opening.id)}>
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

function summary({ items, busy, problem, nextCursor }: ReturnType<typeof useNoteList>, q: string): string {
  if (problem !== null) return "";
  if (busy) return items.length === 0 ? "Loading…" : "";
  if (items.length === 0) return q === "" ? "No notes yet." : `Nothing matches “${q}”.`;
  const count = `${items.length} ${items.length === 1 ? "note" : "notes"}`;
  return nextCursor === null ? count : `${count}, and more to load`;
}

/** Keeps the keyboard where the person is: on arrival at the heading, after “Close” at the note, after “Load more” at what came. */
function useFocus(hasEditor: boolean) {
  const heading = useRef<HTMLHeadingElement>(null);
  const items = useRef<HTMLUListElement>(null);
  const [target, setTarget] = useState<{ id: string | null } | null>(null);

  const arrivedAtEditor = useRef(hasEditor);
  useEffect(() => {
    if (!arrivedAtEditor.current) heading.current?.focus();
  }, []);

  useEffect(() => {
    if (target === null) return;
    const item = [...(items.current?.children ?? [])].find((li) => li.getAttribute("data-id") === target.id);
    (item?.querySelector("button") ?? heading.current)?.focus();
  }, [target]);

  return { heading, items, focusSoon: (id: string | null) => setTarget({ id }) };
}
