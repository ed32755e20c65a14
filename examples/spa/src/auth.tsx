import { createContext, use, useCallback, useEffect, useMemo, useState, type ReactNode } from "react";
import { connect, login, type Account, type Api, type Token } from "./api";
import { Problem } from "./problem";

/*
 * Where the token lives.
 *
 * In memory, unless the person asks for more. A reload forgets it, and nothing is left on the machine. It is no
 * vault: a script that slips into this page (XSS) can call the API as long as the page is open, and can wrap
 * `fetch` and read the token off the next request. It has to be here at that moment, though.
 *
 * In sessionStorage, when the person ticks "Keep for this tab". A reload keeps it, other tabs do not see it, closing
 * the tab ends it (a browser that restores its tabs may bring it back; a duplicated tab starts with a copy). A script
 * that slips in reads it with one line, at any moment of the tab's life, and can use it elsewhere until it expires
 * or is revoked.
 *
 * Never in localStorage: that would be every tab, every day. And never in a cookie: the browser would send it by
 * itself, and whoever made the browser send a request would act as the person.
 *
 * What limits the damage in either case is on the server: the token expires, has scopes, and can be revoked.
 */
const KEY = "vestibule-example-spa.token";
let memory: string | null = null;
const tab = tabStorage();

const tokenStore = {
  get: () => memory ?? tab?.getItem(KEY) ?? null,
  isKept: () => tab?.getItem(KEY) != null,
  set(secret: string, keep: boolean) {
    memory = secret;
    if (keep) tab?.setItem(KEY, secret);
    else tab?.removeItem(KEY);
  },
  forget() {
    memory = null;
    tab?.removeItem(KEY);
  },
};

/** A browser told to keep no site data throws at the mere mention; memory is enough for us. */
function tabStorage(): Storage | null {
  try {
    return sessionStorage;
  } catch {
    return null;
  }
}

export interface Session {
  readonly api: Api;
  readonly token: Token;
  /** Unknown where the token lacks `account:read`. */
  readonly account: Account | null;
  readonly kept: boolean;
  /** Whose unsaved text may be shown. */
  readonly owner: string;
}

export interface Notice {
  readonly tone: "bad" | "good";
  readonly text: string;
}

type AuthState =
  | { readonly at: "out"; readonly notice: Notice | null }
  /** A token was kept in the tab; is it still good? */
  | { readonly at: "checking"; readonly secret: string; readonly problem: Problem | null }
  | { readonly at: "in"; readonly session: Session };

interface Auth {
  readonly state: AuthState;
  /** These throw a `Problem`. */
  readonly signIn: (email: string, password: string, keep: boolean) => Promise<void>;
  readonly enterWith: (secret: string, keep: boolean) => Promise<void>;
  readonly signOut: () => Promise<void>;
  /** Drops the token here; on the server it stays good. */
  readonly forget: () => void;
  /** Another try to check the token of this tab, after the server could not be reached. */
  readonly retry: () => void;
}

const AuthContext = createContext<Auth | null>(null);

export function AuthProvider({ children }: { children: ReactNode }) {
  const [state, setState] = useState<AuthState>(() => {
    const secret = tokenStore.get();
    return secret === null ? { at: "out", notice: null } : { at: "checking", secret, problem: null };
  });

  const leave = useCallback((tone: Notice["tone"], text: string) => {
    tokenStore.forget();
    setState({ at: "out", notice: { tone, text } });
  }, []);

  const open = useCallback(
    (secret: string) =>
      connect(secret, (problem) => {
        // A late answer about a token we no longer hold, or do not hold yet, is no news.
        if (tokenStore.get() === secret) leave("bad", `${whyRejected(problem)} Sign in again.`);
      }),
    [leave],
  );

  const arrive = useCallback((api: Api, token: Token, account: Account | null) => {
    const owner = account?.id ?? `token ${token.id}`;
    setState({ at: "in", session: { api, token, account, kept: tokenStore.isKept(), owner } });
  }, []);

  const signIn = useCallback(
    async (email: string, password: string, keep: boolean) => {
      const { token: secret, account, ...token } = await login(email, password, keep);
      tokenStore.set(secret, keep);
      arrive(open(secret), token, account);
    },
    [open, arrive],
  );

  const enterWith = useCallback(
    async (secret: string, keep: boolean) => {
      const api = open(secret);
      const [token, account] = await introduce(api);
      tokenStore.set(secret, keep);
      arrive(api, token, account);
    },
    [open, arrive],
  );

  const checking = state.at === "checking" && state.problem === null ? state.secret : null;
  useEffect(() => {
    if (checking === null) return;
    const control = new AbortController();
    const api = open(checking);
    introduce(api, control.signal).then(
      ([token, account]) => {
        if (!control.signal.aborted) arrive(api, token, account);
      },
      (error: unknown) => {
        const problem = Problem.of(error);
        if (control.signal.aborted || problem.status === 401) return;
        setState({ at: "checking", secret: checking, problem });
      },
    );
    return () => {
      control.abort();
    };
  }, [checking, open, arrive]);

  const signOut = useCallback(async () => {
    if (state.at !== "in") return;
    try {
      await state.session.api.logout();
    } catch (error) {
      // A token that is refused is as good as revoked.
      if (Problem.of(error).status !== 401) throw error;
    }
    leave("good", "You are signed out, and the token is revoked.");
  }, [state, leave]);

  const forget = useCallback(() => {
    leave("good", "This page has forgotten the token. The token itself is still good.");
  }, [leave]);

  const retry = useCallback(() => {
    setState((state) => (state.at === "checking" ? { ...state, problem: null } : state));
  }, []);

  const auth = useMemo(
    () => ({ state, signIn, enterWith, signOut, forget, retry }),
    [state, signIn, enterWith, signOut, forget, retry],
  );
  return <AuthContext value={auth}>{children}</AuthContext>;
}

export function useAuth(): Auth {
  const auth = use(AuthContext);
  if (auth === null) throw new Error("useAuth outside AuthProvider");
  return auth;
}

export function useSession(): Session {
  const { state } = useAuth();
  if (state.at !== "in") throw new Error("useSession while nobody is signed in");
  return state.session;
}

/** Which token is this, and whose? A token need not be allowed to read the account. */
async function introduce(api: Api, signal?: AbortSignal): Promise<[Token, Account | null]> {
  const account = api.account(signal).catch((error: unknown) => {
    if (error instanceof Problem && error.code === "scope_missing") return null;
    throw error;
  });
  return Promise.all([api.token(signal), account]);
}

/** The sentence for a 401. */
export function whyRejected(problem: Problem): string {
  switch (problem.code) {
    case "token_expired":
      return "The token has expired.";
    case "token_revoked":
      return "The token was revoked, here or from another place.";
    case "token_invalid":
      return "The server does not know this token.";
    default:
      return problem.message;
  }
}
