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
/** The question has changed, or nobody is looking any more: the answer does not matter. */
const LEFT = new Error("left");

/** The notes that match, page by page. */
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

  /** What came in the meantime, and what went. */
  const count = useRef(0);
  useEffect(() => {
    count.current = list.items.length;
  }, [list.items.length]);
  useReturn(useCallback(() => load(null, Math.min(MOST, Math.max(PAGE, count.current))), [load]));

  const changes = useMemo(
    () => ({
      /** A note that was just saved or read: in its place, or, when it is new, on top. */
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
    /** Answers with the notes that came. */
    more: async () => (list.nextCursor === null || list.busy ? [] : load(list.nextCursor)),
    retry: () => void load(asked.current?.cursor ?? null),
    stop: () => asked.current?.control.abort(),
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
