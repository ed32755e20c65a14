import * as oauth from "oauth4webapi";
import { ENDED, SignInError, explained } from "./error";
import { Store, type Kept } from "./store";
import { Tabs, type Access, type Change } from "./tabs";

export interface Settings {
  /** The origin of the authorization server. */
  readonly issuer: string;
  readonly clientId: string;
  /** The page that the answer comes back to, as it is registered for the client. */
  readonly redirectUri: string;
  /** The scopes to ask for, separated by spaces. */
  readonly scope: string;
}

/** How long a request for tokens may take, in milliseconds. */
const TIMEOUT = 20_000;
/** An access token that expires sooner, in milliseconds, is not used. */
const SPARE = 30_000;

/**
 * Signs people in at the server, and calls its API: authorization code with PKCE (RFC 7636), tokens bound to a key
 * (DPoP, RFC 9449), refresh, revocation (RFC 7009). It follows RFC 10017, "browser-based OAuth client".
 */
export class OAuthClient {
  readonly #settings: Settings;
  readonly #client: oauth.Client;
  readonly #store: Store;
  readonly #tabs: Tabs | null;
  readonly #listeners = new Set<(change: Change) => void>();
  #metadata: Promise<oauth.AuthorizationServer> | null = null;
  /** The answer of the server that this page was opened with, until it has been exchanged. */
  #answer: URLSearchParams | null;
  #finishing: Promise<void> | null = null;
  #kept: Kept | null = null;
  #proof: oauth.DPoPHandle | null = null;
  #nonce: string | undefined;
  #access: Access | null = null;
  #renewing: Promise<Access> | null = null;
  #isLeaving = false;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#client = { client_id: settings.clientId };
    const name = `oauth ${settings.issuer} ${settings.clientId}`;
    this.#store = new Store(name);
    this.#answer = takeAnswer();
    const onChange = (change: Change) => {
      this.#drop();
      for (const listener of this.#listeners) listener(change);
    };
    const usable = () => (this.#access !== null && isGood(this.#access) ? this.#access : null);
    this.#tabs = isSecureContext ? new Tabs(name, usable, onChange) : null;
  }

  /** The scopes of the tokens. */
  get scopes(): readonly string[] {
    return this.#kept?.scope.split(" ") ?? [];
  }

  /** Calls `listener` when another tab has signed in or out. Returns what ends that. */
  watch(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Leaves for the sign-in page of the server. The promise never resolves: the server leads back to `redirectUri`. */
  async start(signal: AbortSignal): Promise<never> {
    if (this.#tabs === null) throw new SignInError("blocked", "Signing in needs https, or localhost.");
    const { issuer, clientId, redirectUri, scope } = this.#settings;
    const { authorization_endpoint: endpoint = `${issuer}/authorize` } = await orStop(this.#server(), signal);
    const keys = await oauth.generateKeyPair("ES256", { extractable: false });
    const [state, verifier] = [oauth.generateRandomState(), oauth.generateRandomCodeVerifier()];
    await this.#store.start({ state, verifier, keys, at: Date.now() }).catch(() => {
      throw new SignInError("blocked", "This browser lets the page store nothing, and signing in needs that.");
    });
    const url = new URL(endpoint);
    url.search = new URLSearchParams({
      response_type: "code",
      client_id: clientId,
      redirect_uri: redirectUri,
      scope,
      state,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      // Binds the code to the key as well.
      dpop_jkt: await oauth.DPoP(this.#client, keys).calculateThumbprint(),
    }).toString();
    signal.throwIfAborted();
    this.#isLeaving = true;
    location.assign(url);
    // Some browsers show this very page again when the person goes back.
    addEventListener("pageshow", ({ persisted }) => persisted && location.reload(), { once: true });
    return orStop(new Promise<never>(() => undefined), signal).finally(() => {
      stop();
      this.#isLeaving = false;
      sessionStorage.removeItem(TEXT);
    });
  }

  /** While this page leaves to sign in: keeps a text for when it is back, in this tab. Returns whether it did. */
  keepText(text: string): boolean {
    if (this.#isLeaving) sessionStorage.setItem(TEXT, text);
    return this.#isLeaving;
  }

  /** The text that was kept, once. */
  takeText(): string | null {
    if (!navigator.cookieEnabled) return null;
    const text = sessionStorage.getItem(TEXT);
    sessionStorage.removeItem(TEXT);
    return text;
  }

  /** Finishes a sign-in that has come back, or finds the one of an earlier visit. Throws a `SignInError` otherwise. */
  async resume(signal: AbortSignal): Promise<void> {
    if (this.#answer !== null) {
      // Once, whoever asks: a code that comes twice revokes what it gave.
      this.#finishing ??= this.#finish(this.#answer).finally(() => (this.#finishing = null));
      await orStop(this.#finishing, signal);
    }
    await this.#load();
  }

  /** `fetch`, with an access token and a proof. Renews the token when it has to. */
  async fetch(request: Request): Promise<Response> {
    const bytes = /^(GET|HEAD)$/.test(request.method) ? null : await request.arrayBuffer();
    const body = bytes?.byteLength === 0 ? null : bytes;
    const access = await orStop(this.#token(), request.signal);
    const response = await this.#send(access, request, body);
    const isInvalid = response.headers.get("WWW-Authenticate")?.includes('error="invalid_token"') ?? false;
    if (response.status !== 401 || !isInvalid) return response;
    return this.#send(await orStop(this.#token(access), request.signal), request, body);
  }

  /** Revokes the tokens, and deletes the key. Other tabs are signed out as well. */
  async end(): Promise<void> {
    const tabs = this.#tabs;
    await tabs?.alone(async () => {
      const kept = await this.#store.kept();
      if (kept === null) return;
      await this.#revoke(kept);
      await this.#store.forget(kept.id);
      tabs.tell("signed-out");
    });
    this.#drop();
  }

  /** Deletes the key and the tokens from this browser. Nobody can use them then, though the server still knows them. */
  forget(): void {
    const { id } = this.#kept ?? {};
    this.#drop();
    if (id !== undefined) void this.#store.forget(id).catch(() => undefined);
  }

  #drop(): void {
    this.#kept = this.#proof = this.#access = null;
  }

  /** The sign-in of this browser. */
  async #load(): Promise<Kept> {
    const kept = await this.#store.kept().catch(() => null);
    // It is gone where another tab has found that it has ended.
    if (kept === null && this.#kept !== null) throw new SignInError("ended", ENDED);
    if (kept === null) throw new SignInError("none", "Nobody is signed in.");
    if (kept.id !== this.#kept?.id) {
      this.#drop();
      this.#proof = this.#proofsOf(kept.keys);
    }
    this.#nonce ??= kept.nonce;
    return (this.#kept = kept);
  }

  async #finish(answer: URLSearchParams): Promise<void> {
    const state = answer.get("state") ?? "";
    const started = await this.#store.started(state).catch(() => null);
    const before = await this.#store.kept().catch(() => null);
    if (started === null) {
      this.#answer = null;
      // Going back and forth in the history brings an answer a second time.
      if (before !== null) return;
      throw new SignInError("refused", "This sign-in was started elsewhere, or took too long. Please try again.");
    }
    const { verifier, keys } = started;
    try {
      const server = await this.#server();
      const valid = oauth.validateAuthResponse(server, this.#client, answer, state);
      const options = { ...this.#options(), DPoP: this.#proofsOf(keys) };
      const { redirectUri } = this.#settings;
      const tokens = await withNonce(async () => {
        const asked = [server, this.#client, oauth.None(), valid, redirectUri, verifier, options] as const;
        const response = await oauth.authorizationCodeGrantRequest(...asked);
        return oauth.processAuthorizationCodeResponse(server, this.#client, response);
      });
      await this.#adopt({ id: state, keys, refreshToken: "", scope: "", nonce: undefined }, tokens);
    } catch (error) {
      const why = explained(error);
      // Without an answer, it may be tried again.
      if (!(why instanceof SignInError) || why.reason === "failed") throw why;
      this.#answer = null;
      await this.#store.finish(state);
      throw why.reason === "ended" ? new SignInError("refused", AGAIN) : why;
    }
    this.#answer = null;
    await this.#store.finish(state);
    // Its key is gone, so nobody can use the tokens of the sign-in before; this only makes room.
    if (before !== null) await this.#revoke(before).catch(() => undefined);
    this.#tabs?.tell("signed-in");
  }

  /** An access token that works, and is not `refused`. */
  async #token(refused?: Access): Promise<Access> {
    const isNew = (access: Access) => access.token !== refused?.token && isGood(access);
    if (this.#access !== null && isNew(this.#access)) return this.#access;
    // Not stopped by who asks: a refresh token works once, so its answer must not be lost.
    return (this.#renewing ??= this.#renew(isNew).finally(() => (this.#renewing = null)));
  }

  async #renew(isNew: (access: Access) => boolean): Promise<Access> {
    const tabs = this.#tabs;
    if (tabs === null) throw new SignInError("none", "Nobody is signed in.");
    return tabs.alone(async () => {
      const kept = await this.#load();
      const found = await tabs.ask((access) => access.of === kept.id && isNew(access));
      if (found !== null) {
        this.#nonce = found.nonce;
        return (this.#access = found);
      }
      try {
        const server = await this.#server();
        const options = { ...this.#options(), DPoP: this.#proof ?? this.#proofsOf(kept.keys) };
        const tokens = await withNonce(async () => {
          const asked = [server, this.#client, oauth.None(), kept.refreshToken, options] as const;
          const response = await oauth.refreshTokenGrantRequest(...asked);
          return oauth.processRefreshTokenResponse(server, this.#client, response);
        });
        return await this.#adopt(kept, tokens);
      } catch (error) {
        const why = explained(error);
        if (why instanceof SignInError && why.reason === "ended") this.forget();
        throw why;
      }
    });
  }

  async #adopt(kept: Kept, tokens: oauth.TokenEndpointResponse): Promise<Access> {
    if (tokens.token_type !== "dpop") throw new SignInError("refused", "The server did not bind the token to the key.");
    const { access_token: token, expires_in: seconds = 0, refresh_token: refreshToken = "", scope = "" } = tokens;
    const nonce = this.#nonce;
    await this.#store.keep({ ...kept, refreshToken, scope, nonce });
    await this.#load();
    return (this.#access = { token, until: Date.now() + seconds * 1000, of: kept.id, nonce });
  }

  async #send({ token }: Access, request: Request, body: ArrayBuffer | null): Promise<Response> {
    const { method, headers, signal } = request;
    const options = { ...this.#options(), signal, ...(this.#proof !== null && { DPoP: this.#proof }) };
    try {
      return await withNonce(() =>
        oauth.protectedResourceRequest(token, method, new URL(request.url), headers, body, options),
      );
    } catch (error) {
      if (error instanceof oauth.WWWAuthenticateChallengeError) return error.response;
      throw error;
    }
  }

  async #revoke({ refreshToken }: Kept): Promise<void> {
    const server = await this.#server();
    const asked = await oauth.revocationRequest(server, this.#client, oauth.None(), refreshToken, this.#options());
    await oauth.processRevocationResponse(asked);
  }

  /** What the server says of itself (RFC 8414). */
  #server(): Promise<oauth.AuthorizationServer> {
    const issuer = new URL(this.#settings.issuer);
    const find = async () => {
      const options = { algorithm: "oauth2", ...this.#options("default") } as const;
      return oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, options));
    };
    this.#metadata ??= find().catch((error: unknown) => {
      this.#metadata = null;
      throw explained(error);
    });
    return this.#metadata;
  }

  #options(cache: RequestCache = "no-store") {
    return {
      signal: AbortSignal.timeout(TIMEOUT),
      // Elsewhere the library refuses http.
      // eslint-disable-next-line @typescript-eslint/no-deprecated -- it only warns of what this restricts to localhost
      [oauth.allowInsecureRequests]: /^(localhost|127\.0\.0\.1|\[::1\])$/.test(new URL(this.#settings.issuer).hostname),
      [oauth.customFetch]: async (url: string, init: object) => {
        const response = await fetch(url, { ...init, credentials: "omit", cache });
        this.#nonce = response.headers.get("DPoP-Nonce") ?? this.#nonce;
        return response;
      },
    };
  }

  /** Makes proofs, with the nonce that this page or another had last. */
  #proofsOf(keys: CryptoKeyPair): oauth.DPoPHandle {
    return oauth.DPoP(this.#client, keys, {
      [oauth.modifyAssertion]: (_, claims) => (claims.nonce = this.#nonce),
    });
  }
}

const TEXT = "oauth.text";
const AGAIN = "This sign-in could not be finished. Please try again.";

const isGood = ({ until }: Access) => until - Date.now() > SPARE;

/** Tries once more after the server has named its nonce. */
async function withNonce<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error;
    return ask();
  }
}

/** Reads the answer of the server from the address, and removes it there: the code belongs in no history. */
function takeAnswer(): URLSearchParams | null {
  const answer = new URLSearchParams(location.search);
  if (!answer.has("state") || !(answer.has("code") || answer.has("error"))) return null;
  history.replaceState(history.state, "", location.pathname + location.hash);
  return answer;
}

/** The outcome of `work`, unless somebody stops waiting for it. */
function orStop<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const stopped = new Promise<never>((_, reject) => {
    const stop = () => reject(signal.reason as Error);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
  return Promise.race([work, stopped]);
}
