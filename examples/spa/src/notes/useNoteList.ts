import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Api, Note } from "../api/calls";
import { Problem } from "../api/problem";
import { useReturn } from "../ui/useReturn";

const PAGE = 20;
const MOST = 100;

interface Loaded {
  readonly items: readonly Note[];
  readonly nextCursor: string | null;
  readonly busy: boolean;
  readonly problem: Problem | null;
}

export type NoteList = ReturnType<typeof useNoteList>;

const NOTHING_YET: Loaded = { items: [], nextCursor: null, busy: true, problem: null };
/** Why a request is cancelled: the search has changed, or the list is no longer shown. */
const LEFT = new Error("left");

/** The notes that match the search, page by page. */
export function useNoteList(api: Api, q: string) {
  const [list, setList] = useState(NOTHING_YET);
  const asked = useRef<{ control: AbortController; cursor: string | null } | null>(null);

  const load = useCallback(
    async (cursor: string | null, limit = PAGE): Promise<readonly Note[]> => {
      asked.current?.control.abort(LEFT);
      const control = new AbortController();
      asked.current = { control, cursor };
      setList((list) => ({ ...list, busy: true, problem: null }));
      try {
        const query = { limit, ...(q !== "" && { q }), ...(cursor !== null && { cursor }) };
        const page = await api.notes(query, control.signal);
        setList((list) => ({
          items: cursor === null ? page.items : [...list.items, ...without(page.items, list.items)],
          nextCursor: page.next_cursor ?? null,
          busy: false,
          problem: null,
        }));
        return page.items;
      } catch (error) {
        if (control.signal.reason !== LEFT) setList((list) => ({ ...list, busy: false, problem: Problem.of(error) }));
        return [];
      }
    },
    [api, q],
  );

  useEffect(() => {
    void load(null);
    return () => asked.current?.control.abort(LEFT);
  }, [load]);

  /** Notes that were saved or deleted meanwhile. */
  const count = useRef(0);
  useEffect(() => {
    count.current = list.items.length;
  }, [list.items.length]);
  useReturn(useCallback(() => load(null, Math.min(MOST, Math.max(PAGE, count.current))), [load]));

  const changes = useMemo(
    () => ({
      /** Replaces a note that was saved or read, or adds a new one at the top. */
      put: (note: Note) =>
        setList((list) => ({
          ...list,
          items: list.items.some(({ id }) => id === note.id)
            ? list.items.map((item) => (item.id === note.id ? note : item))
            : [note, ...list.items],
        })),
      drop: (id: string) => setList((list) => ({ ...list, items: list.items.filter((item) => item.id !== id) })),
    }),
    [],
  );

  return {
    ...list,
    ...changes,
    /** Loads the next page and returns its notes. */
    more: async () => (list.nextCursor === null || list.busy ? [] : load(list.nextCursor)),
    retry: () => void load(asked.current?.cursor ?? null),
    stop: () => asked.current?.control.abort(),
  };
}

/** The notes of a page that are not in the list yet: one created meanwhile may come twice. */
function without(page: readonly Note[], seen: readonly Note[]): readonly Note[] {
  const ids = new Set(seen.map(({ id }) => id));
  return page.filter(({ id }) => !ids.has(id));
}

/** The value, once it has not changed for a while. */
export function useDebounced<T>(value: T, milliseconds: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), milliseconds);
    return () => clearTimeout(timer);
  }, [value, milliseconds]);
  return settled;
}
