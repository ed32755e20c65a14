import type { RefObject } from "react";
import { Time } from "../ui/Time";
import type { Row } from "./rows";

interface Props {
  readonly ref: RefObject<HTMLUListElement | null>;
  readonly rows: readonly Row[];
  readonly isBusy: boolean;
  /** The id or the key of the note in the editor. */
  readonly current: string | null;
  readonly onOpen: (row: Row) => void;
}

export function NoteRows({ ref, rows, isBusy, current, onOpen }: Props) {
  return (
    // `role`: without bullets, Safari does not treat it as a list.
    <ul ref={ref} role="list" aria-busy={isBusy}>
      {rows.map((row) => (
        <li key={row.key} data-id={row.id} data-sending={row.draft === null ? undefined : ""}>
          <button
            type="button"
            aria-current={current === (row.id ?? row.key) ? "true" : undefined}
            onClick={() => onOpen(row)}
          >
            {row.title === "" ? "Untitled" : row.title}
          </button>
          <p>{row.body}</p>
          {row.draft === null && row.updatedAt !== null ? (
            <Time at={row.updatedAt} />
          ) : (
            <span className="hint">Saving…</span>
          )}
        </li>
      ))}
    </ul>
  );
}
