import { useMemo, useState } from "react";
import { isUnsaved, type Draft } from "./draft";

/**
 * The drafts of this page. The desk stands in `App`, above signing in and the notes, so that a sign-in that ends in the
 * middle of a sentence does not take the sentence with it.
 */
export interface Desk {
  /** The one in the editor, those on their way to the server, and those that did not get there. */
  readonly drafts: readonly Draft[];
  /** The key of the one in the editor. */
  readonly open: number | null;
}

export interface DeskChanges {
  /** Puts a draft into the editor. */
  readonly place: (draft: Draft) => void;
  readonly reopen: (key: number) => void;
  /** Closes the editor. What has not been sent is lost. */
  readonly close: () => void;
  /** Closes the editor over a draft that stays on its way. */
  readonly putAside: (key: number) => void;
  readonly change: (key: number, how: (draft: Draft) => Draft) => void;
  /** The same for one that came back: it is shown where nothing else is in the editor. */
  readonly giveBack: (key: number, how: (draft: Draft) => Draft) => void;
  readonly discard: (key: number) => void;
  readonly clear: () => void;
}

const EMPTY: Desk = { drafts: [], open: null };

export function useDesk(): [Desk, DeskChanges] {
  const [desk, setDesk] = useState(EMPTY);
  const changes = useMemo<DeskChanges>(() => {
    const change = (key: number, how: (draft: Draft) => Draft) =>
      setDesk(({ drafts, open }) => tidy({ open, drafts: drafts.map((draft) => (draft.key === key ? how(draft) : draft)) }));
    return {
      place: (draft) => setDesk((desk) => tidy({ drafts: [...closed(desk).drafts, draft], open: draft.key })),
      reopen: (key) => setDesk((desk) => ({ ...closed(desk), open: key })),
      close: () => setDesk(closed),
      putAside: (key) => setDesk((desk) => (desk.open === key ? { ...desk, open: null } : desk)),
      change,
      giveBack(key, how) {
        setDesk((desk) => ({ ...desk, open: desk.open ?? (desk.drafts.some((draft) => draft.key === key) ? key : null) }));
        change(key, how);
      },
      discard: (key) =>
        setDesk(({ drafts, open }) => ({ drafts: drafts.filter((draft) => draft.key !== key), open: open === key ? null : open })),
      clear: () => setDesk(EMPTY),
    };
  }, []);
  return [desk, changes];
}

function closed({ drafts, open }: Desk): Desk {
  const left = drafts.flatMap((draft) => {
    if (draft.key !== open) return [draft];
    return draft.sending === null ? [] : [{ ...draft, ...(draft.sending.to === "save" && draft.sending.text) }];
  });
  return { drafts: left, open: null };
}

/** A draft that arrived, and is not looked at, has nothing more to do here. */
function tidy({ drafts, open }: Desk): Desk {
  const isNeeded = (draft: Draft) =>
    draft.key === open || draft.sending !== null || draft.failed !== null || draft.newer !== null || draft.isGone || isUnsaved(draft);
  return { drafts: drafts.filter(isNeeded), open };
}
