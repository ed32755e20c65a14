import { useEffect, useRef, useState } from "react";

/** Moves the focus: to the heading at first, after “Close” to the note, after “Load more” to the first new note. */
export function useListFocus(hasEditor: boolean) {
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
