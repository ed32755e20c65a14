import { auth } from "#auth";
import { useEffect, useRef, useState, type SyntheticEvent } from "react";
import { Problem } from "../api/problem";
import { Field, focusFirstInvalid } from "../ui/Field";
import { Trouble } from "../ui/Trouble";
import { Waiting } from "../ui/Waiting";
import { useAuth, type Notice } from "./AuthProvider";
import { SECOND_WAYS, type Typed, type Way } from "./ways";

interface Props {
  readonly notice: Notice | null;
  /** Whether there is unsaved text, which its owner gets back after signing in. */
  readonly hasUnsaved: boolean;
}

export function SignIn({ notice, hasUnsaved }: Props) {
  const { enter } = useAuth();
  const [ways, setWays] = useState<readonly Way[]>(auth.ways);
  const [way, setWay] = useState<Way>(auth.ways[0]);
  /** The handle of the sign-in that waits for a second factor. */
  const [pending, setPending] = useState("");
  const [typed, setTyped] = useState<Typed>({});
  const [keep, setKeep] = useState(false);
  const [asking, setAsking] = useState<AbortController | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const form = useRef<HTMLFormElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);

  // Tell screen readers that the page has changed to the sign-in form.
  useEffect(() => {
    if (notice !== null) heading.current?.focus();
  }, [notice]);

  useEffect(() => {
    focusFirstInvalid(form.current);
  }, [problem]);

  async function submit(event?: SyntheticEvent) {
    event?.preventDefault();
    if (asking !== null) return;
    const control = new AbortController();
    setAsking(control);
    setProblem(null);
    try {
      await enter(filledIn(way, typed, pending), keep, control.signal);
    } catch (error) {
      refused(Problem.of(error));
    } finally {
      setAsking(null);
    }
  }

  /** After the password comes a second factor, if the account has one; without an answer in time, the password again. */
  function refused(problem: Problem) {
    const second = SECOND_WAYS.filter(({ step }) => step !== undefined && problem.next.includes(step));
    if (second[0] !== undefined) {
      setPending(problem.pending ?? "");
      setWays(second);
      setTyped({});
      change(second[0]);
      return;
    }
    if (problem.code === "sign_in_expired") {
      setWays(auth.ways);
      change(auth.ways[0]);
    }
    setProblem(problem);
  }

  // After switching to another form, focus its first field.
  const changed = useRef(false);
  useEffect(() => {
    if (changed.current) form.current?.querySelector("input")?.focus();
  }, [way]);

  function change(to: Way) {
    changed.current = true;
    setWay(to);
    setProblem(null);
  }

  return (
    <main className="sign-in">
      <title>Sign in · Example SPA</title>
      <h1 ref={heading} tabIndex={-1}>
        Sign in
      </h1>
      {notice !== null && (
        <div className={`notice ${notice.tone}`} role={notice.tone === "bad" ? "alert" : "status"}>
          <p>
            {notice.text}
            {hasUnsaved && " Your unsaved text is still here, as long as this page is open."}
          </p>
        </div>
      )}

      <form ref={form} className="card" noValidate onSubmit={(event) => void submit(event)}>
        {problem !== null && !problem.isOnlyAbout(way.fields.map(({ name }) => name)) && (
          <Trouble problem={problem} onRetry={() => void submit()} />
        )}
        {way.warning !== undefined && <p className="notice bad">{way.warning}</p>}
        {way.text !== undefined && <p>{way.text}</p>}
        {way.fields.map(({ name, label, hint, type, autoComplete }) => (
          <Field key={name} label={label} error={problem?.field(name)} hint={hint}>
            {(control) => (
              <input
                {...control}
                type={type}
                className={type === "text" ? "secret" : undefined}
                autoComplete={autoComplete}
                autoCapitalize="none"
                spellCheck={false}
                required
                value={typed[name] ?? ""}
                onChange={(event) => setTyped({ ...typed, [name]: event.target.value })}
              />
            )}
          </Field>
        ))}

        {auth.keep !== undefined && (
          <>
            <label className="check">
              <input
                type="checkbox"
                checked={keep}
                aria-describedby="keep-hint"
                onChange={(event) => setKeep(event.target.checked)}
              />
              {auth.keep.label}
            </label>
            <p id="keep-hint" className="hint">
              {keep ? auth.keep.yes : auth.keep.no}
            </p>
          </>
        )}

        <button type="submit" className="primary" aria-disabled={asking !== null}>
          {way.submit}
        </button>
        {asking !== null && <Waiting onStop={() => asking.abort()} />}
      </form>

      <p className="aside">
        {ways
          .filter((other) => other !== way)
          .map((other) => (
            <button key={other.name} type="button" className="link" onClick={() => change(other)}>
              {other.name}
            </button>
          ))}
        <a href={`${auth.site}/sign-up`}>Create an account</a>
      </p>
    </main>
  );
}

/** The values of this form's fields. Blanks around them are removed, except from passwords. */
function filledIn({ fields, step }: Way, typed: Typed, pending: string): Typed {
  const values = fields.map(({ name, type, pattern }) => {
    const value = type === "password" ? (typed[name] ?? "") : (typed[name] ?? "").trim();
    if (pattern?.test.test(value) === false) throw Problem.inField(name, pattern.complaint);
    return [name, value] as const;
  });
  const filled: Typed = Object.fromEntries(values);
  return step === undefined ? filled : { second: { step, pending, code: filled.code ?? "", trust: false } };
}
