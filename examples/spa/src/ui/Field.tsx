import { useId, type ReactNode } from "react";

interface Control {
  readonly id: string;
  readonly "aria-invalid": true | undefined;
  readonly "aria-describedby": string | undefined;
}

interface Props {
  readonly label: string;
  readonly error?: string | undefined;
  readonly hint?: ReactNode;
  readonly children: (control: Control) => ReactNode;
}

/** A label, a control, its hint and its error message, linked for screen readers. */
export function Field({ label, error, hint, children }: Props) {
  const id = useId();
  const errorId = error === undefined ? null : `${id}-error`;
  const hintId = hint === undefined ? null : `${id}-hint`;
  const describedBy = [errorId, hintId].filter((part) => part !== null).join(" ");

  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({
        id,
        "aria-invalid": error === undefined ? undefined : true,
        "aria-describedby": describedBy === "" ? undefined : describedBy,
      })}
      {errorId !== null && (
        <p id={errorId} className="field-error">
          {error}
        </p>
      )}
      {hintId !== null && (
        <p id={hintId} className="hint">
          {hint}
        </p>
      )}
    </div>
  );
}

/** Focuses the first invalid field of a refused form. */
export function focusFirstInvalid(form: HTMLFormElement | null) {
  form?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
}
