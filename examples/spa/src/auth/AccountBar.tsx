import { auth } from "#auth";
import { useState } from "react";
import type { Account } from "../api/calls";
import { Problem } from "../api/problem";
import { useConfirm } from "../ui/Confirm";
import { Time } from "../ui/Time";
import { Trouble } from "../ui/Trouble";
import { useTime } from "../ui/useTime";
import { Waiting } from "../ui/Waiting";
import { useAuth, useSession } from "./AuthProvider";

/** How long before the credential expires the person is told, in milliseconds. */
const SOON = 5 * 60_000;

interface Props {
  readonly hasUnsaved: boolean;
  /** The person has signed out: drop what they typed. */
  readonly onLeave: () => void;
}

export function AccountBar({ hasUnsaved, onLeave }: Props) {
  const { credential, account } = useSession();
  const { signOut, leave } = useAuth();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [dialog, ask] = useConfirm();
  const endsSoon = useTime(credential.until, SOON);
  const forget = auth.held && `Forget ${auth.held.noun}`;

  async function mayLeave(): Promise<boolean> {
    if (!hasUnsaved) return true;
    return ask({
      title: "Sign out without saving?",
      text: "What you typed since the last save will be lost.",
      yes: "Discard and leave",
      no: "Stay here",
    });
  }

  async function go(how: () => Promise<void> | void) {
    if (busy || !(await mayLeave())) return;
    setBusy(true);
    setProblem(null);
    try {
      await how();
      onLeave();
    } catch (error) {
      setProblem(Problem.of(error));
      setBusy(false);
    }
  }

  const forgetIt = () =>
    go(() => {
      const text = `This page has forgotten the ${auth.held?.noun ?? ""}. It is still valid on the server.`;
      leave({ tone: "good", text });
    });

  return (
    <header className="account">
      {dialog}
      <div className="who">
        <p>
          <strong>{account === null ? credential.name : displayName(account)}</strong>
        </p>
        <p className="hint">
          {credential.name}
          {credential.until !== undefined && (
            <>
              , valid until <Time at={credential.until} />
            </>
          )}
          , {credential.place}.
        </p>
      </div>
      <div className="actions">
        {forget !== undefined && credential.isForeign === true && (
          <button type="button" className="quiet" onClick={() => void forgetIt()}>
            {forget}
          </button>
        )}
        <a href={`${auth.site}/account`}>Your account</a>
        <button type="button" aria-disabled={busy} onClick={() => void go(signOut)}>
          Sign out
        </button>
      </div>
      {forget !== undefined && credential.isForeign === true && (
        <p className="hint foot">
          “Sign out” revokes it; “{forget}” only removes it from this page.
        </p>
      )}
      {endsSoon && (
        <div className="notice" role="status">
          <p>You will be signed out in a few minutes. What you typed is kept while you sign in again.</p>
          <div className="actions">
            <button type="button" onClick={() => leave({ tone: "good", text: "Sign in again to continue." })}>
              Sign in again now
            </button>
          </div>
        </div>
      )}
      {busy && <Waiting />}
      {problem !== null && (
        <Trouble problem={problem} onRetry={() => void go(signOut)}>
          {forget !== undefined && (
            <button type="button" onClick={() => void forgetIt()}>
              {forget}
            </button>
          )}
        </Trouble>
      )}
    </header>
  );
}

function displayName({ name, email }: Account): string {
  return name.trim() === "" ? email : name;
}
