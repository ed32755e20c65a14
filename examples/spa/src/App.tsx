import { useEffect, useState } from "react";
import { AccountBar } from "./AccountBar";
import { API_URL } from "./api";
import { useAuth } from "./auth";
import { isUnsaved, type Draft } from "./draft";
import { Notes } from "./Notes";
import { SignIn } from "./SignIn";
import { Trouble } from "./Trouble";

export function App() {
  return (
    <>
      <aside className="strip" aria-label="Origins">
        <p>
          This page lives on <code>{location.origin}</code>. It talks to <code>{new URL(API_URL).origin}</code> with a
          bearer token. No cookie is involved.
        </p>
      </aside>
      <View />
    </>
  );
}

function View() {
  const { state, retry, forget } = useAuth();
  const [draft, setDraft] = useState<Draft | null>(null);
  const hasUnsaved = isUnsaved(draft);
  useWarningBeforeUnload(hasUnsaved);

  switch (state.at) {
    case "out":
      return <SignIn notice={state.notice} hasUnsaved={hasUnsaved} />;

    case "checking":
      return (
        <main className="sign-in">
          {state.problem === null ? (
            <p role="status">Is the token of this tab still good?</p>
          ) : (
            <Trouble problem={state.problem} onRetry={retry}>
              <button type="button" onClick={forget}>
                Forget the token
              </button>
            </Trouble>
          )}
        </main>
      );

    case "in": {
      // Somebody else may have signed in since it was typed.
      const own = draft?.owner === state.session.owner ? draft : null;
      return (
        <>
          <AccountBar hasUnsaved={isUnsaved(own)} onLeave={() => setDraft(null)} />
          <Notes draft={own} setDraft={setDraft} />
        </>
      );
    }
  }
}

/** A reload forgets what is only here. */
function useWarningBeforeUnload(active: boolean) {
  useEffect(() => {
    if (!active) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener("beforeunload", warn);
    return () => removeEventListener("beforeunload", warn);
  }, [active]);
}
