import type { components } from "./schema";

type Schemas = components["schemas"];

/** The stable `code` of the server's problems, and codes of our own for everything else. */
export type ProblemCode =
  /** No answer. */
  | "network"
  /** The browser is offline. */
  | "offline"
  /** No answer in time. */
  | "timeout"
  /** The person stopped waiting. */
  | "stopped"
  /** An answer that is not the server's, such as a proxy's error page. */
  | "foreign"
  /** A bug in this page. */
  | "unexpected"
  /** The server's; later versions of it may add others. */
  | (string & {});

export type FieldError = Schemas["FieldError"];

interface Facts {
  status: number;
  code: ProblemCode;
  message: string;
  errors?: readonly FieldError[];
  limit?: string | null;
  pending?: string | null;
  next?: readonly string[];
  requestId?: string | null;
  retryAfter?: number | null;
}

/** Why a call failed: the server's `application/problem+json` (RFC 9457), or no answer. */
export class Problem extends Error {
  override readonly name = "Problem";
  /** The HTTP status; 0 without an answer. */
  readonly status: number;
  readonly code: ProblemCode;
  /** The errors of fields, on a 422. */
  readonly errors: readonly FieldError[];
  /** Which limit was met, on a 429, such as `token` or `password`. */
  readonly limit: string | null;
  /** The handle of the sign-in that waits for a second factor; at the session door it is in a cookie. */
  readonly pending: string | null;
  /** The steps with which that sign-in may go on. */
  readonly next: readonly string[];
  readonly requestId: string | null;
  /** How many seconds to wait before trying again. */
  readonly retryAfter: number | null;

  private constructor(facts: Facts, cause?: unknown) {
    super(facts.message, { cause });
    this.status = facts.status;
    this.code = facts.code;
    this.errors = facts.errors ?? [];
    this.limit = facts.limit ?? null;
    this.pending = facts.pending ?? null;
    this.next = facts.next ?? [];
    this.requestId = facts.requestId ?? null;
    this.retryAfter = facts.retryAfter ?? null;
  }

  /** Reads an error from a response. */
  static async from(response: Response): Promise<Problem> {
    const { status, headers } = response;
    const isProblem = headers.get("Content-Type")?.startsWith("application/problem+json") ?? false;
    const body: unknown = isProblem ? await response.json().catch(() => null) : null;
    const fields = isRecord(body) ? body : {};

    const code = text(fields.code) ?? "foreign";
    const detail = text(fields.detail) ?? text(fields.title) ?? foreign(status);
    const retryAfter = seconds(headers.get("Retry-After"));

    return new Problem({
      status,
      code,
      message: WORDS[code] ?? detail,
      errors: Array.isArray(fields.errors) ? fields.errors.filter(isFieldError) : [],
      limit: text(fields.limit),
      pending: text(fields.pending),
      next: Array.isArray(fields.next) ? fields.next.filter(isStep).map(({ step }) => step) : [],
      requestId: text(fields.request_id) ?? headers.get("x-request-id"),
      retryAfter,
    });
  }

  /** Converts anything that was thrown. */
  static of(thrown: unknown): Problem {
    if (thrown instanceof Problem) return thrown;
    const code = codeOf(thrown);
    return new Problem({ status: 0, code, message: WORDS[code] ?? "" }, thrown);
  }

  /** The person stopped waiting. */
  static stopped(): Problem {
    return Problem.of(new DOMException("stopped", "AbortError"));
  }

  /** Nobody is signed in any more, which was found without a response of the API. */
  static refused(code: ProblemCode, message: string): Problem {
    return new Problem({ status: 401, code, message });
  }

  /** An invalid field that was found without the server. */
  static inField(field: string, message: string): Problem {
    const errors = [{ field, code: "invalid", message, params: {} }];
    return new Problem({ status: 0, code: "validation_failed", message, errors });
  }

  /** Whether the same call may succeed later. */
  get isPassing(): boolean {
    return this.isUnanswered || this.code === "offline" || this.status === 429 || this.status >= 500;
  }

  /** Whether no answer came, so that the server may have processed the call or not. */
  get isUnanswered(): boolean {
    return this.code === "network" || this.code === "timeout" || this.code === "stopped";
  }

  /** The error message of a field. */
  field(name: string): string | undefined {
    return this.errors.find((error) => error.field === name)?.message;
  }

  /** Whether all errors are about these fields, so that no message is needed above the form. */
  isOnlyAbout(names: readonly string[]): boolean {
    return this.errors.length > 0 && this.errors.every((error) => names.includes(error.field));
  }
}

const WORDS: Readonly<Record<string, string>> = {
  not_signed_in: "You are no longer signed in. The session has expired, or was ended from another browser.",
  rate_limited: "Too many requests.",
  // Browsers do not tell scripts whether the server is down, or does not allow this origin.
  network: "The server does not answer. It is down, or does not allow calls from this origin (CORS).",
  offline: "You are offline.",
  timeout: "The server did not answer in time.",
  stopped: "You stopped waiting for the server.",
  unexpected: "Something went wrong in this page.",
};

function codeOf(thrown: unknown): ProblemCode {
  if (thrown instanceof DOMException && thrown.name === "AbortError") return "stopped";
  if (thrown instanceof DOMException && thrown.name === "TimeoutError") return "timeout";
  // `fetch` throws this if no answer came, or an incomplete one.
  if (thrown instanceof TypeError) return navigator.onLine ? "network" : "offline";
  return "unexpected";
}

/** The message for an answer that does not come from the server itself. */
function foreign(status: number): string {
  if (status === 429) return "Too many requests.";
  return status >= 500
    ? `The server cannot be reached right now. Its proxy answered ${status}.`
    : `The server sent an unexpected answer (${status}).`;
}

/** The seconds in `Retry-After`, which is a number or a date. */
function seconds(header: string | null): number | null {
  if (header === null) return null;
  const wait = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isNaN(wait) ? null : Math.max(1, Math.ceil(wait));
}

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isStep(value: unknown): value is Schemas["NextStep"] {
  return isRecord(value) && typeof value.step === "string";
}

function isFieldError(value: unknown): value is FieldError {
  return isRecord(value) && typeof value.field === "string" && typeof value.message === "string";
}
