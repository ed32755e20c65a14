import type { components } from "./schema";

type Schemas = components["schemas"];

/** The stable `code` of the server's problems, and those of our own for answers that are none of them. */
export type ProblemCode =
  | Schemas["ProblemCode"]
  /** No answer at all. */
  | "network"
  /** No network to send it over. */
  | "offline"
  /** No answer for so long that we gave up. */
  | "timeout"
  /** No answer yet, and the person did not want to wait for it. */
  | "stopped"
  /** An answer that is not the server's: the error page of a proxy in between, say. */
  | "foreign"
  /** A fault of this page's own. */
  | "unexpected"
  /** A code newer than this client. */
  | (string & {});

export type FieldError = Schemas["FieldError"];

interface Facts {
  status: number;
  code: ProblemCode;
  message: string;
  errors?: readonly FieldError[];
  requestId?: string | null;
  retryAfter?: number | null;
}

/** Everything that can go wrong with a call: the server's `application/problem+json` (RFC 9457), or no answer. */
export class Problem extends Error {
  override readonly name = "Problem";
  /** The HTTP status; 0 where there was no answer. */
  readonly status: number;
  readonly code: ProblemCode;
  /** What is wrong with which field, on a 422. */
  readonly errors: readonly FieldError[];
  readonly requestId: string | null;
  /** How many seconds to wait before the next try. */
  readonly retryAfter: number | null;

  private constructor(facts: Facts, cause?: unknown) {
    super(facts.message, { cause });
    this.status = facts.status;
    this.code = facts.code;
    this.errors = facts.errors ?? [];
    this.requestId = facts.requestId ?? null;
    this.retryAfter = facts.retryAfter ?? null;
  }

  /** Reads an answer outside 200–299. */
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
      requestId: text(fields.request_id) ?? headers.get("x-request-id"),
      retryAfter,
    });
  }

  /** Whatever was thrown, as a `Problem`. */
  static of(thrown: unknown): Problem {
    if (thrown instanceof Problem) return thrown;
    const code = codeOf(thrown);
    return new Problem({ status: 0, code, message: WORDS[code] ?? "" }, thrown);
  }

  /** The person did not want to wait any longer. */
  static stopped(): Problem {
    return Problem.of(new DOMException("stopped", "AbortError"));
  }

  /** Something that needs no server to be wrong. */
  static inField(field: string, message: string): Problem {
    return new Problem({ status: 0, code: "validation_failed", message, errors: [{ field, message }] });
  }

  /** May the same call succeed a little later? */
  get isPassing(): boolean {
    return this.isUnanswered || this.code === "offline" || this.status === 429 || this.status >= 500;
  }

  /** The server said nothing, so it may have done what it was asked to all the same. */
  get isUnanswered(): boolean {
    return this.code === "network" || this.code === "timeout" || this.code === "stopped";
  }

  /** What is wrong with this field. */
  field(name: string): string | undefined {
    return this.errors.find((error) => error.field === name)?.message;
  }

  /** Does every word of it stand beside one of these fields? Then nothing is left to say above the form. */
  isOnlyAbout(names: readonly string[]): boolean {
    return this.errors.length > 0 && this.errors.every((error) => names.includes(error.field));
  }
}

const WORDS: Readonly<Record<string, string>> = {
  not_signed_in: "You are not signed in any more: it was too long ago, or it was ended from another place.",
  rate_limited: "Too many tries.",
  // The browser does not tell a script whether the server is down or does not allow this origin to read its answers.
  network: "The server does not answer. It cannot be reached or, where it is on another origin, does not allow this one (CORS).",
  offline: "There is no network just now.",
  timeout: "The server did not answer in time.",
  stopped: "You stopped waiting for the server.",
  unexpected: "Something went wrong in this page.",
};

function codeOf(thrown: unknown): ProblemCode {
  if (thrown instanceof DOMException && thrown.name === "AbortError") return "stopped";
  if (thrown instanceof DOMException && thrown.name === "TimeoutError") return "timeout";
  // What `fetch` throws where no answer came, or one that broke off.
  if (thrown instanceof TypeError) return navigator.onLine ? "network" : "offline";
  return "unexpected";
}

/** An answer that does not come from the server itself. */
function foreign(status: number): string {
  return status >= 500
    ? `The server cannot be reached just now; what stands in front of it answered ${status}.`
    : `The server answered ${status}, which this page does not expect.`;
}

/** `Retry-After` is a number of seconds or a date. */
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

function isFieldError(value: unknown): value is FieldError {
  return isRecord(value) && typeof value.field === "string" && typeof value.message === "string";
}
