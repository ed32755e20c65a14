import { useState } from "react";
import { CLIENT_NAME, type Account } from "./api";
import { useAuth, useSession } from "./auth";
import { useConfirm } from "./Confirm";
import { Problem } from "./problem";
import { Time } from "./Time";
import { Trouble } from "./Trouble";

interface Props {
  readonly hasUnsaved: boolean;
  /** The person leaves on purpose: what they typed goes with them. */
  readonly onLeave: () => void;
}

export function AccountBar({ hasUnsaved, onLeave }: Props) {
  const { token, account, kept } = useSession();
  const { signOut, forget } = useAuth();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [dialog, ask] = useConfirm();
  // Signing out revokes the token. One that was made elsewhere may still be needed elsewhere.
  const isForeign = token.name !== CLIENT_NAME;

  async function mayLeave(): Promise<boolean> {
    if (!hasUnsaved) return true;
    return ask({
      title: "Sign out without saving?",
      text: "What you typed since the last save will be lost.",
      yes: "Discard and leave",
      no: "Stay here",
    });
  }

  async function leave(how: () => Promise<void> | void) {
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

  return (
    <header className="account">
      {dialog}
      <div className="who">
        <p>
          <strong>{account === null ? token.name : displayName(account)}</strong>
        </p>
        <p className="hint">
          Token “{token.name}”
          {token.expires_at !== null && (
            <>
              , good until <Time at={token.expires_at} />
            </>
          )}
          , {kept ? "kept in this tab’s sessionStorage" : "in memory only"}.
        </p>
      </div>
      <div className="actions">
        {isForeign && (
          <button type="button" className="quiet" onClick={() => void leave(forget)}>
            Forget token
          </button>
        )}
        <button type="button" aria-disabled={busy} onClick={() => void leave(signOut)}>
          Sign out
        </button>
      </div>
      {isForeign && <p className="hint foot">“Sign out” revokes this token everywhere; “Forget token” only drops it here.</p>}
      {problem !== null && (
        <Trouble problem={problem} onRetry={() => void leave(signOut)}>
          <button type="button" onClick={() => void leave(forget)}>
            Forget the token here, unrevoked
          </button>
        </Trouble>
      )}
    </header>
  );
}

function displayName({ name, email }: Account): string {
  return name === null || name.trim() === "" ? email : name;
}
