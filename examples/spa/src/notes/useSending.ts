import { useCallback, useRef } from "react";
import type { Api } from "../api/calls";
import { Problem } from "../api/problem";
import type { DeskChanges } from "./desk";
import { failed, isSame, saved, saveOf, send, stopped, type Draft, type Sending } from "./draft";
import type { NoteList } from "./useNoteList";

/**
 * Sends drafts to the server. The list already shows a draft as saved while it is being sent (`rows`). If that fails,
 * the list shows it no longer, and the draft goes back to the editor with everything that was typed.
 */
export function useSending(api: Api, list: NoteList, desk: DeskChanges, onDenied: () => void) {
  const underWay = useRef(new Map<number, AbortController>());
  const { put, drop } = list;

  const settle = useCallback(
    async (draft: Draft, sending: Sending, signal: AbortSignal) => {
      const { key, id, etag } = draft;
      if (sending.to === "save") {
        const version =
          id === null
            ? await api.createNote(sending.text, sending.request, signal)
            : await api.updateNote(id, sending.text, etag, signal);
        put(version.note);
        desk.change(key, (draft) => saved(draft, sending.text, version));
      } else if (id !== null) {
        await api.deleteNote(id, etag, signal);
        drop(id);
        desk.discard(key);
      }
    },
    [api, put, drop, desk],
  );

  const explain = useCallback(
    async ({ key, id }: Draft, sending: Sending, problem: Problem, signal: AbortSignal) => {
      if (problem.code === "not_found" && id !== null) {
        drop(id);
        if (sending.to === "delete") desk.discard(key);
        else desk.giveBack(key, (draft) => stopped(draft, { isGone: true }));
        return;
      }
      if (problem.code === "precondition_failed" && id !== null) {
        const newer = await api.note(id, signal);
        put(newer.note);
        // An earlier attempt had arrived, but its answer was lost.
        const isOurs = sending.to === "save" && isSame(newer.note, sending.text);
        if (isOurs) desk.change(key, (draft) => saved(draft, sending.text, newer));
        else desk.giveBack(key, (draft) => stopped(draft, { newer }));
        return;
      }
      if (problem.code === "scope_missing") onDenied();
      // The sign-in form says why; the draft is in the editor afterwards.
      if (problem.status === 401) desk.giveBack(key, (draft) => stopped(draft));
      else desk.giveBack(key, (draft) => failed(draft, sending.to, problem));
    },
    [api, put, drop, desk, onDenied],
  );

  const start = useCallback(
    async (draft: Draft, sending: Sending) => {
      if (underWay.current.has(draft.key)) return;
      const control = new AbortController();
      underWay.current.set(draft.key, control);
      desk.change(draft.key, (draft) => send(draft, sending));
      try {
        await settle(draft, sending, control.signal).catch((error: unknown) =>
          explain(draft, sending, Problem.of(error), control.signal),
        );
      } catch (error) {
        desk.giveBack(draft.key, (draft) => failed(draft, sending.to, Problem.of(error)));
      } finally {
        underWay.current.delete(draft.key);
      }
    },
    [desk, settle, explain],
  );

  return {
    save: (draft: Draft) => start(draft, saveOf(draft)),
    remove: (draft: Draft) => start(draft, { to: "delete" }),
    stop: (key: number) => underWay.current.get(key)?.abort(),
  };
}
