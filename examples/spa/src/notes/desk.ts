import { auth } from "#auth";
import { useMemo, useState } from "react";
import { isUnsaved, reopened, stopped, type Draft } from "./draft";

/**
 * The drafts of this page. They are state of `App`, above signing in and the notes, so that they survive when a session
 * ends while the person is typing.
 */
export interface Desk {
  /** The draft in the editor, those being sent, and those that could not be sent. */
  readonly drafts: readonly Draft[];
  /** The key of the draft in the editor. */
  readonly open: number | null;
}

export interface DeskChanges {
  /** Puts a draft into the editor. */
  readonly place: (draft: Draft) => void;
  readonly reopen: (key: number) => void;
  /** Closes the editor. A draft that is not being sent is lost. */
  readonly close: () => void;
  /** Closes the editor, but keeps the draft, which is being sent. */
  readonly putAside: (key: number) => void;
  readonly change: (key: number, how: (draft: Draft) => Draft) => void;
  /** Like `change`, for a draft that could not be sent: it is opened if the editor is empty. */
  readonly giveBack: (key: number, how: (draft: Draft) => Draft) => void;
  readonly discard: (key: number) => void;
  readonly clear: () => void;
}

const EMPTY: Desk = { drafts: [], open: null };

export function useDesk(): [Desk, DeskChanges] {
  const [desk, setDesk] = useState(unpacked);
  const changes = useMemo<DeskChanges>(() => {
    const change = (key: number, how: (draft: Draft) => Draft) =>
      setDesk(({ drafts, open }) => {
        const changed = drafts.map((draft) => (draft.key === key ? how(draft) : draft));
        return tidy({ open, drafts: changed });
      });
    return {
      place: (draft) => setDesk((desk) => tidy({ drafts: [...closed(desk).drafts, draft], open: draft.key })),
      reopen: (key) => setDesk((desk) => ({ ...closed(desk), open: key })),
      close: () => setDesk(closed),
      putAside: (key) => setDesk((desk) => (desk.open === key ? { ...desk, open: null } : desk)),
      change,
      giveBack(key, how) {
        setDesk((desk) => {
          const isThere = desk.drafts.some((draft) => draft.key === key);
          return { ...desk, open: desk.open ?? (isThere ? key : null) };
        });
        change(key, how);
      },
      discard: (key) =>
        setDesk(({ drafts, open }) => ({
          drafts: drafts.filter((draft) => draft.key !== key),
          open: open === key ? null : open,
        })),
      clear: () => setDesk(EMPTY),
    };
  }, []);
  return [desk, changes];
}

/** The drafts as a text, without what is being sent. */
export function packed({ drafts, open }: Desk): string {
  return JSON.stringify({ drafts: drafts.map((draft) => stopped(draft)), open });
}

/** The drafts that this page had when it left to sign in. */
function unpacked(): Desk {
  const text = auth.luggage?.take() ?? null;
  if (text === null) return EMPTY;
  const { drafts, open } = JSON.parse(text) as Desk;
  const again = drafts.map((draft) => ({ old: draft.key, draft: reopened(draft) }));
  return { drafts: again.map(({ draft }) => draft), open: again.find(({ old }) => old === open)?.draft.key ?? null };
}

function closed({ drafts, open }: Desk): Desk {
  const left = drafts.flatMap((draft) => {
    if (draft.key !== open) return [draft];
    return draft.sending === null ? [] : [{ ...draft, ...(draft.sending.to === "save" && draft.sending.text) }];
  });
  return { drafts: left, open: null };
}

/** Drops drafts that are saved and not in the editor. */
function tidy({ drafts, open }: Desk): Desk {
  const isPending = ({ sending, failed, newer, isGone }: Draft) =>
    sending !== null || failed !== null || newer !== null || isGone;
  const isNeeded = (draft: Draft) => draft.key === open || isPending(draft) || isUnsaved(draft);
  return { drafts: drafts.filter(isNeeded), open };
}
