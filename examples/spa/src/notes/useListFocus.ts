import { useEffect, useRef, useState } from "react";

/** Keeps the keyboard where the person is: on arrival at the heading, after “Close” at the note, after “Load more” at what came. */
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
