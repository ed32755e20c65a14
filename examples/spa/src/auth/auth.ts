import type { Api, Scope } from "../api/calls";
import type { Door } from "../api/client";
import type { Typed, Way } from "./ways";

/**
 * How people sign in, and how calls are authenticated: everything that differs between the two solutions. `#auth` is
 * one of them, chosen at build time; the other one is not in the bundle.
 */
export interface Auth {
  readonly door: Door;
  /** The end of the sentence “It calls …”: how calls are authenticated. */
  readonly story: string;
  /** The origin of the app's own pages, or nothing if it is that of this page. */
  readonly site: string;
  /** The sign-in forms, the usual one first. */
  readonly ways: readonly [Way, ...Way[]];
  /** The checkbox to stay signed in, if there is one, and its explanation when it is ticked and when it is not. */
  readonly keep?: { readonly label: string; readonly yes: string; readonly no: string };
  /** Exchanges what was typed for a credential, or leaves this page to get one. Throws a `Problem`. */
  readonly enter: (typed: Typed, keep: boolean, signal: AbortSignal) => Promise<void>;
  /** Comes back from where `enter` has led, or finds the credential of an earlier visit. Throws a `Problem`. */
  readonly resume?: (signal: AbortSignal) => Promise<void>;
  /** Ends the credential on the server, if `POST logout` is not enough. Throws a `Problem`. */
  readonly signOut?: () => Promise<void>;
  /** What the person reads then, if there is more to it. */
  readonly signedOut?: string;
  /** Describes the credential. Throws a `Problem`. */
  readonly credential: (api: Api, signal: AbortSignal) => Promise<Credential>;
  /** The credential that this page stores, if it stores one. */
  readonly held?: {
    readonly noun: string;
    readonly isThere: () => boolean;
    /** Forgets the credential in this page; on the server it stays valid. */
    readonly drop: () => void;
  };
  /** Calls `changed` when another tab has signed in or out, if that concerns this one. Returns what ends that. */
  readonly watch?: (changed: (change: "signed-in" | "signed-out") => void) => () => void;
  /** What was typed, for the time that `enter` leads away from this page. */
  readonly luggage?: {
    /** Keeps a text if the page is about to leave for that. Returns whether it is. */
    readonly keep: (text: string) => boolean;
    readonly take: () => string | null;
  };
}

export interface Credential {
  /** The name in the account bar. */
  readonly name: string;
  readonly place: string;
  /** The credential's id, if it has one. */
  readonly id?: string;
  /** When it expires, if known. */
  readonly until?: string;
  /** Its scopes; without them it may do everything. */
  readonly scopes?: readonly Scope[];
  /** Whether it was created elsewhere and may be in use there. */
  readonly isForeign?: boolean;
}
