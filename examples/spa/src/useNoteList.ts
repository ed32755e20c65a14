import { useCallback, useEffect, useRef, useState } from "react";
import type { Api, Note } from "./api";
import { Problem } from "./problem";

interface NoteList {
  readonly items: readonly Note[];
  readonly nextCursor: string | null;
  readonly busy: boolean;
  readonly problem: Problem | null;
}

const NOTHING_YET: NoteList = { items: [], nextCursor: null, busy: true, problem: null };

/** The notes that match, page by page. Another question, or leaving, ends the call under way. */
export function useNoteList(api: Api, q: string) {
  const [list, setList] = useState(NOTHING_YET);
  const asked = useRef<{ signal: AbortSignal; cursor: string | null } | null>(null);

  const load = useCallback(
    async (cursor: string | null, signal: AbortSignal): Promise<readonly Note[]> => {
      asked.current = { signal, cursor };
      setList((list) => ({ ...list, busy: true, problem: null }));
      try {
        const page = await api.notes(q, cursor, signal);
        if (signal.aborted) return [];
        setList((list) => ({
          items: cursor === null ? page.items : [...list.items, ...without(page.items, list.items)],
          nextCursor: page.next_cursor,
          busy: false,
          problem: null,
        }));
        return page.items;
      } catch (error) {
        if (!signal.aborted) setList((list) => ({ ...list, busy: false, problem: Problem.of(error) }));
        return [];
      }
    },
    [api, q],
  );

  useEffect(() => {
    const control = new AbortController();
    void load(null, control.signal);
    return () => control.abort();
  }, [load]);

  return {
    ...list,
    /** Answers with the notes that came. */
    more: async () => {
      if (list.nextCursor === null || list.busy || asked.current === null) return [];
      return load(list.nextCursor, asked.current.signal);
    },
    retry: () => {
      if (asked.current !== null) void load(asked.current.cursor, asked.current.signal);
    },
    /** A note that was just saved: in its place, or, when it is new, on top. */
    put: (note: Note) =>
      setList((list) => ({
        ...list,
        items: list.items.some(({ id }) => id === note.id)
          ? list.items.map((item) => (item.id === note.id ? note : item))
          : [note, ...list.items],
      })),
    drop: (id: string) => setList((list) => ({ ...list, items: list.items.filter((item) => item.id !== id) })),
  };
}

/** A note written between two pages may come twice. */
function without(page: readonly Note[], seen: readonly Note[]): readonly Note[] {
  const ids = new Set(seen.map(({ id }) => id));
  return page.filter(({ id }) => !ids.has(id));
}

/** The value, once it has stood still for a while. */
export function useDebounced<T>(value: T, milliseconds: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), milliseconds);
    return () => clearTimeout(timer);
  }, [value, milliseconds]);
  return settled;
}
