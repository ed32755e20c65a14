import type { Api, Scope } from "../api/calls";
import type { Door } from "../api/client";
import type { Typed, Way } from "./ways";

/**
 * How people sign in here, and how calls prove it: all that differs between the two solutions. `#auth` is one of
 * them, chosen when the page is built; the other one is not in the bundle.
 */
export interface Auth {
  readonly door: Door;
  /** “It talks to …”, and by what right. */
  readonly story: string;
  /** The app's own page to make an account. */
  readonly signUpUrl: string;
  /** The ways to sign in, the usual one first. */
  readonly ways: readonly [Way, ...Way[]];
  /** The box to stay signed in, and what it means while it is ticked and while it is not. */
  readonly keep: { readonly label: string; readonly yes: string; readonly no: string };
  /** Makes of what was typed something that lets calls in. Throws a `Problem`. */
  readonly enter: (typed: Typed, keep: boolean, signal: AbortSignal) => Promise<void>;
  /** Tells of what lets calls in. Throws a `Problem`. */
  readonly credential: (api: Api, signal: AbortSignal) => Promise<Credential>;
  /** What this page itself holds, where it holds anything. */
  readonly held?: {
    readonly noun: string;
    readonly isThere: () => boolean;
    /** Here only: at the server it stays good. */
    readonly drop: () => void;
  };
}

export interface Credential {
  /** A few words for the account bar. */
  readonly name: string;
  readonly place: string;
  /** Tells two of them apart. */
  readonly id?: string;
  /** When it ends, if that is known. */
  readonly until?: string;
  /** What it may do; everything, if nothing is said. */
  readonly scopes?: readonly Scope[];
  /** Was it made elsewhere, and may be needed elsewhere still? */
  readonly isForeign?: boolean;
}
