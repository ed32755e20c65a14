import { useCallback, useEffect, useId, useRef, useState, type ReactNode } from "react";

interface Question {
  readonly title: string;
  readonly text: string;
  readonly yes: string;
  readonly no: string;
}

type Ask = (question: Question) => Promise<boolean>;

/** A confirmation dialog: render `dialog`, then `await ask(…)`. Escape means no. */
export function useConfirm(): [dialog: ReactNode, ask: Ask] {
  const [asked, setAsked] = useState<{ question: Question; answer: (yes: boolean) => void } | null>(null);

  const ask = useCallback<Ask>(
    (question) =>
      new Promise((resolve) => {
        const answer = (yes: boolean) => {
          setAsked(null);
          resolve(yes);
        };
        setAsked({ question, answer });
      }),
    [],
  );

  return [asked === null ? null : <Dialog {...asked} />, ask];
}

function Dialog({ question, answer }: { question: Question; answer: (yes: boolean) => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();

  useEffect(() => {
    const element = dialog.current;
    const before = document.activeElement;
    element?.showModal();
    return () => {
      element?.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);

  return (
    <dialog
      ref={dialog}
      aria-labelledby={`${id}-title`}
      aria-describedby={`${id}-text`}
      onCancel={(event) => {
        event.preventDefault();
        answer(false);
      }}
    >
      <h2 id={`${id}-title`}>{question.title}</h2>
      <p id={`${id}-text`}>{question.text}</p>
      <div className="actions">
        <button type="button" onClick={() => answer(false)}>
          {question.no}
        </button>
        <button type="button" className="danger" onClick={() => answer(true)}>
          {question.yes}
        </button>
      </div>
    </dialog>
  );
}
