import { useEffect, useRef, useState, type SyntheticEvent } from "react";
import { API_URL } from "./api";
import { useAuth, whyRejected, type Notice } from "./auth";
import { Field, focusFirstInvalid } from "./Field";
import { Problem } from "./problem";
import { Trouble } from "./Trouble";

interface Props {
  readonly notice: Notice | null;
  /** There is text in the editor that came back when the token was refused. */
  readonly hasUnsaved: boolean;
}

export function SignIn({ notice, hasUnsaved }: Props) {
  const { signIn, enterWith } = useAuth();
  const [way, setWay] = useState<"password" | "token">("password");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [secret, setSecret] = useState("");
  const [keep, setKeep] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [tokenError, setTokenError] = useState<string>();
  const form = useRef<HTMLFormElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);

  // Somebody who was somewhere else a moment ago is told where they are now.
  useEffect(() => {
    if (notice !== null) heading.current?.focus();
  }, [notice]);

  useEffect(() => {
    focusFirstInvalid(form.current);
  }, [problem, tokenError]);

  async function enter() {
    if (way === "password") return signIn(email.trim(), password, keep);
    const token = secret.trim();
    // A header carries printable ASCII only; `fetch` would throw on anything else.
    if (!/^[\x21-\x7e]+$/.test(token)) {
      setTokenError("Paste the whole token: letters and digits without a space.");
      return;
    }
    return enterWith(token, keep);
  }

  async function submit(event?: SyntheticEvent) {
    event?.preventDefault();
    if (busy) return;
    setBusy(true);
    setProblem(null);
    setTokenError(undefined);
    try {
      await enter();
    } catch (error) {
      const refused = Problem.of(error);
      if (way === "token" && refused.status === 401) setTokenError(whyRejected(refused));
      else setProblem(refused);
    } finally {
      setBusy(false);
    }
  }

  // The form changes under the button that changed it: go where there is something to type.
  const changed = useRef(false);
  useEffect(() => {
    if (changed.current) form.current?.querySelector("input")?.focus();
  }, [way]);

  function change(to: typeof way) {
    changed.current = true;
    setWay(to);
    setProblem(null);
    setTokenError(undefined);
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
        {problem !== null && !problem.isOnlyAbout("email", "password") && (
          <Trouble problem={problem} onRetry={() => void submit()} />
        )}
        {way === "password" ? (
          <>
            <Field label="E-mail" error={problem?.field("email")}>
              {(control) => (
                <input
                  {...control}
                  type="email"
                  autoComplete="username"
                  required
                  value={email}
                  onChange={(event) => setEmail(event.target.value)}
                />
              )}
            </Field>
            <Field label="Password" error={problem?.field("password")}>
              {(control) => (
                <input
                  {...control}
                  type="password"
                  autoComplete="current-password"
                  required
                  value={password}
                  onChange={(event) => setPassword(event.target.value)}
                />
              )}
            </Field>
          </>
        ) : (
          <Field label="Access token" error={tokenError} hint="Make one in the app, under your account. It is shown there once.">
            {(control) => (
              <input
                {...control}
                className="secret"
                autoComplete="off"
                autoCapitalize="none"
                spellCheck={false}
                required
                value={secret}
                onChange={(event) => setSecret(event.target.value)}
              />
            )}
          </Field>
        )}

        <label className="check">
          <input
            type="checkbox"
            checked={keep}
            aria-describedby="keep-hint"
            onChange={(event) => setKeep(event.target.checked)}
          />
          Keep for this tab
        </label>
        <p id="keep-hint" className="hint">
          {keep
            ? "The token goes into this tab’s sessionStorage: it survives a reload, and any script that runs in this page can read it."
            : "The token stays in this page’s memory: a reload forgets it."}
        </p>

        <button type="submit" className="primary" aria-disabled={busy}>
          {way === "password" ? "Sign in" : "Use token"}
        </button>
      </form>

      <p className="aside">
        <button
          type="button"
          className="link"
          onClick={() => change(way === "password" ? "token" : "password")}
        >
          {way === "password" ? "Paste a token" : "Use e-mail and password"}
        </button>
        <a href={`${API_URL}/sign-up`}>Create an account</a>
      </p>
    </main>
  );
}
