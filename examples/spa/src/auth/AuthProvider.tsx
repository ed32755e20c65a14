import { auth } from "#auth";
import { createContext, use, useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { callsOf, type Account, type Api } from "../api/calls";
import { Problem } from "../api/problem";
import { useReturn } from "../ui/useReturn";
import { useTime } from "../ui/useTime";
import type { Credential } from "./auth";
import type { Typed } from "./ways";

export interface Session {
  readonly api: Api;
  readonly credential: Credential;
  /** Null if the credential lacks the scope to read it. */
  readonly account: Account | null;
  /** The id of the person whose unsaved text may be shown. */
  readonly owner: string;
}

export interface Notice {
  readonly tone: "bad" | "good";
  readonly text: string;
}

type AuthState =
  | { readonly at: "out"; readonly notice: Notice | null }
  /** Finding out whether somebody is signed in already. */
  | { readonly at: "checking"; readonly problem: Problem | null }
  | { readonly at: "in"; readonly session: Session };

const CHECKING: AuthState = { at: "checking", problem: null };

const SIGNED_OUT =
  auth.signedOut ?? `You are signed out${auth.held === undefined ? "" : `, and the ${auth.held.noun} is revoked`}.`;

interface SigningIn {
  readonly state: AuthState;
  /** These throw a `Problem`. */
  readonly enter: (typed: Typed, keep: boolean, signal: AbortSignal) => Promise<void>;
  readonly signOut: () => Promise<void>;
  /** Goes to the sign-in form without calling the server. */
  readonly leave: (notice: Notice | null) => void;
  /** Stops finding out who is signed in. */
  readonly stop: () => void;
  /** Tries again after the server could not be reached. */
  readonly retry: () => void;
}

const AuthContext = createContext<SigningIn | null>(null);

export function AuthProvider({ children }: { children: ReactNode }) {
  const [state, setState] = useState<AuthState>(() =>
    auth.held?.isThere() === false ? { at: "out", notice: null } : CHECKING,
  );
  /** The API of the current session. Late errors of an earlier session are ignored. */
  const current = useRef<Api | null>(null);

  const leave = useCallback((notice: Notice | null) => {
    current.current = null;
    auth.held?.drop();
    setState({ at: "out", notice });
  }, []);

  const arrive = useCallback(
    async (signal: AbortSignal) => {
      const api: Api = callsOf(auth.door, (problem) => {
        if (current.current === api) leave({ tone: "bad", text: problem.message });
      });
      const session = await introduce(api, signal);
      if (signal.aborted) return;
      current.current = api;
      setState({ at: "in", session });
    },
    [leave],
  );

  const enter = useCallback<SigningIn["enter"]>(
    async (typed, keep, signal) => {
      await auth.enter(typed, keep, signal);
      try {
        await arrive(signal);
      } catch (error) {
        auth.held?.drop();
        throw error;
      }
    },
    [arrive],
  );

  const isChecking = state === CHECKING;
  useEffect(() => {
    if (!isChecking) return;
    const control = new AbortController();
    const { signal } = control;
    const resumed = auth.resume?.(signal) ?? Promise.resolve();
    resumed.then(() => arrive(signal)).catch((error: unknown) => {
      if (control.signal.aborted) return;
      const problem = Problem.of(error);
      if (problem.code === "not_signed_in") leave(null);
      else if (problem.status === 401) leave({ tone: "bad", text: problem.message });
      else setState({ at: "checking", problem });
    });
    return () => control.abort();
  }, [isChecking, arrive, leave]);

  const signOut = useCallback(async () => {
    try {
      await (auth.signOut?.() ?? current.current?.logout());
    } catch (error) {
      // A credential that is refused has already ended.
      if (Problem.of(error).status !== 401) throw error;
    }
    leave({ tone: "good", text: SIGNED_OUT });
  }, [leave]);

  const { at } = state;
  useEffect(
    () =>
      auth.watch?.((change) => {
        if (change === "signed-in" && at === "out") setState(CHECKING);
        if (change === "signed-out" && at === "in") leave({ tone: "good", text: "You signed out in another tab." });
      }),
    [at, leave],
  );

  const session = state.at === "in" ? state.session : null;
  /** Checks whether the session has ended, or the cookie is now that of another account. */
  const look = useCallback(async () => {
    if (session === null) return;
    const now = await introduce(session.api, AbortSignal.timeout(10_000)).catch(() => null);
    if (now === null || now.owner === session.owner || current.current !== session.api) return;
    setState({ at: "in", session: now });
  }, [session]);
  useReturn(look);
  // A second later, so that it has expired on the server too.
  useTime(session?.credential.until, -1000, look);

  const retry = useCallback(() => setState(CHECKING), []);
  const stop = useCallback(() => setState({ at: "checking", problem: Problem.stopped() }), []);

  const signingIn = useMemo(
    () => ({ state, enter, signOut, leave, stop, retry }),
    [state, enter, signOut, leave, stop, retry],
  );
  return <AuthContext value={signingIn}>{children}</AuthContext>;
}

export function useAuth(): SigningIn {
  const auth = use(AuthContext);
  if (auth === null) throw new Error("useAuth outside AuthProvider");
  return auth;
}

export function useSession(): Session {
  const { state } = useAuth();
  if (state.at !== "in") throw new Error("useSession while nobody is signed in");
  return state.session;
}

/** Finds out which credential and account are in use. The credential may lack the scope to read the account. */
async function introduce(api: Api, signal: AbortSignal): Promise<Session> {
  const named = api.account(signal).catch((error: unknown) => {
    if (error instanceof Problem && error.code === "scope_missing") return null;
    throw error;
  });
  const [credential, account] = await Promise.all([auth.credential(api, signal), named]);
  return { api, credential, account, owner: account?.id ?? credential.id ?? "" };
}
