import * as oauth from "oauth4webapi";

type Reason =
  /** Nobody is signed in. */
  | "none"
  /** The sign-in has ended: it expired, or was ended elsewhere. */
  | "ended"
  /** The server, or the person, said no. */
  | "refused"
  /** This browser cannot: it stores nothing, or the page is not on https. */
  | "blocked"
  /** The server failed; `response` says how. */
  | "failed";

/** Why nobody is signed in. A missing network is the `TypeError` of `fetch` instead. */
export class SignInError extends Error {
  override readonly name = "SignInError";
  readonly reason: Reason;
  readonly response: Response | null;

  constructor(reason: Reason, message: string, response: Response | null = null) {
    super(message);
    this.reason = reason;
    this.response = response;
  }
}

export const ENDED = "You are no longer signed in. It has expired, or the access of this app was removed.";

/** What `oauth4webapi` threw while it asked for tokens, in words for people. */
export function explained(thrown: unknown): unknown {
  if (thrown instanceof oauth.AuthorizationResponseError) {
    const { error, error_description: description } = thrown;
    const message = error === "access_denied" ? "You did not give this app access." : (description ?? error);
    return new SignInError("refused", message);
  }
  if (thrown instanceof oauth.ResponseBodyError) {
    const { error, error_description: description, status, response } = thrown;
    if (status === 429 || status >= 500) return new SignInError("failed", description ?? error, response);
    if (error === "invalid_grant") return new SignInError("ended", ENDED);
    return new SignInError("refused", description ?? error);
  }
  if (thrown instanceof oauth.WWWAuthenticateChallengeError) {
    return new SignInError("refused", "The server does not know this app, or not on this origin.");
  }
  if (thrown instanceof oauth.OperationProcessingError) {
    const { cause } = thrown;
    if (cause instanceof Response) return new SignInError("failed", thrown.message, cause);
    return new SignInError("refused", `The answer is not one that this app can trust: ${thrown.message}.`);
  }
  return thrown;
}
