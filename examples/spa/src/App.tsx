import { auth } from "#auth";
import { useEffect } from "react";
import { AccountBar } from "./auth/AccountBar";
import { useAuth } from "./auth/AuthProvider";
import { SignIn } from "./auth/SignIn";
import { packed, useDesk, type Desk } from "./notes/desk";
import { isUnsaved, type Draft } from "./notes/draft";
import { Notes } from "./notes/Notes";
import { Trouble } from "./ui/Trouble";
import { useOnline } from "./ui/useOnline";
import { Waiting } from "./ui/Waiting";

export function App() {
  const isOnline = useOnline();
  return (
    <>
      <aside className="strip" aria-label="Origins">
        <p>
          This page is served from <code>{location.origin}</code>. It calls{" "}
          <code>{new URL(auth.door.mount, location.href).origin}</code> {auth.story}
        </p>
      </aside>
      <div className="offline" role="status">
        {!isOnline && <p>You are offline. You can keep typing, but nothing can be saved.</p>}
      </div>
      <View />
    </>
  );
}

function View() {
  const { state, retry, stop, leave } = useAuth();
  const [desk, changes] = useDesk();
  const owner = state.at === "in" ? state.session.owner : null;
  const isPending = (draft: Draft) => draft.sending !== null || draft.failed !== null || isUnsaved(draft);
  const hasUnsaved = desk.drafts.some(isPending);
  useLeaving(desk, hasUnsaved);

  switch (state.at) {
    case "out":
      return <SignIn notice={state.notice} hasUnsaved={hasUnsaved} />;

    case "checking":
      return (
        <main className="sign-in">
          {state.problem === null ? (
            <Waiting onStop={stop} />
          ) : (
            <>
              <h1>Sign in</h1>
              <Trouble problem={state.problem} onRetry={retry}>
                <button type="button" onClick={() => leave(null)}>
                  Sign in anew
                </button>
              </Trouble>
            </>
          )}
        </main>
      );

    case "in":
      return (
        <>
          <AccountBar
            hasUnsaved={desk.drafts.some((draft) => draft.owner === owner && isPending(draft))}
            onLeave={changes.clear}
          />
          <Notes key={owner} desk={desk} changes={changes} />
        </>
      );
  }
}

/** Warns before a reload, which would lose unsaved text; unless this page leaves to sign in, and has the text then. */
function useLeaving(desk: Desk, hasUnsaved: boolean) {
  useEffect(() => {
    if (!hasUnsaved) return;
    const warn = (event: BeforeUnloadEvent) => {
      if (auth.luggage?.keep(packed(desk)) !== true) event.preventDefault();
    };
    addEventListener("beforeunload", warn);
    return () => removeEventListener("beforeunload", warn);
  }, [desk, hasUnsaved]);
}
