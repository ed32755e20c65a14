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

/** How long before the end it is announced, in milliseconds. */
const SOON = 5 * 60_000;

interface Props {
  readonly hasUnsaved: boolean;
  /** The person leaves on purpose: what they typed goes with them. */
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
    go(() => leave({ tone: "good", text: `This page has forgotten the ${auth.held?.noun ?? ""}. At the server it is still good.` }));

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
              , good until <Time at={credential.until} />
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
        <button type="button" aria-disabled={busy} onClick={() => void go(signOut)}>
          Sign out
        </button>
      </div>
      {forget !== undefined && credential.isForeign === true && (
        <p className="hint foot">
          “Sign out” ends it everywhere; “{forget}” only drops it here.
        </p>
      )}
      {endsSoon && (
        <div className="notice" role="status">
          <p>You will be signed out in a few minutes. What you are typing stays here while you sign in again.</p>
          <div className="actions">
            <button type="button" onClick={() => leave({ tone: "good", text: "Sign in again to go on." })}>
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
