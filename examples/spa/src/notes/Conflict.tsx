import { useEffect, useRef } from "react";
import type { Note } from "../api/calls";
import { Time } from "../ui/Time";

interface Props {
  readonly newer: Note;
  readonly onLoad: () => void;
  readonly onKeep: () => void;
}

/** Shown after a 412: the note was saved elsewhere after it was opened here. The person chooses a version. */
export function Conflict({ newer, onLoad, onKeep }: Props) {
  const panel = useRef<HTMLElement>(null);
  useEffect(() => panel.current?.focus(), []);

  return (
    <section
      ref={panel}
      className="notice bad"
      tabIndex={-1}
      aria-labelledby="conflict-heading"
      aria-describedby="conflict-text"
    >
      <h3 id="conflict-heading">Changed elsewhere</h3>
      <p id="conflict-text">
        A newer version was saved on <Time at={newer.updated_at} />, after you opened this note. Your text is not saved
        yet.
      </p>
      <blockquote tabIndex={0} aria-label="The newer version">
        <strong>{newer.title}</strong>
        <p>{newer.body}</p>
      </blockquote>
      <div className="actions">
        <button type="button" onClick={onLoad}>
          Load the newer version
        </button>
        <button type="button" onClick={onKeep}>
          Keep editing
        </button>
      </div>
      <p className="hint">
        Loading it discards what you typed. If you keep editing, your next save replaces the newer version.
      </p>
    </section>
  );
}
