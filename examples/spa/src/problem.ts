/** The stable `code` of the server's problems, and two of our own for answers that are none of them. */
export type ProblemCode =
  | "token_missing"
  | "token_invalid"
  | "token_expired"
  | "token_revoked"
  | "invalid_credentials"
  | "not_signed_in"
  | "scope_missing"
  | "cross_origin_request"
  | "not_found"
  | "method_not_allowed"
  | "conflict"
  | "precondition_failed"
  | "body_too_large"
  | "unsupported_media_type"
  | "invalid_body"
  | "validation_failed"
  | "rate_limited"
  | "internal"
  | "unavailable"
  /** No answer at all. */
  | "network"
  /** An answer that is not the server's: a proxy's error page, say. */
  | "unexpected"
  /** A code newer than this client. */
  | (string & {});

export interface FieldError {
  readonly field: string;
  readonly message: string;
}

interface Facts {
  status: number;
  code: ProblemCode;
  message: string;
  errors?: readonly FieldError[];
  requestId?: string | null;
  retryAfter?: number | null;
  scope?: string | null;
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
  /** The scope that was missing, on a 403 `scope_missing`. */
  readonly scope: string | null;

  private constructor(facts: Facts, cause?: unknown) {
    super(facts.message, { cause });
    this.status = facts.status;
    this.code = facts.code;
    this.errors = facts.errors ?? [];
    this.requestId = facts.requestId ?? null;
    this.retryAfter = facts.retryAfter ?? null;
    this.scope = facts.scope ?? null;
  }

  /** Reads an answer outside 200–299. */
  static async from(response: Response): Promise<Problem> {
    const { status, headers } = response;
    const isProblem = headers.get("Content-Type")?.startsWith("application/problem+json") ?? false;
    const body: unknown = isProblem ? await response.json().catch(() => null) : null;
    const fields = isRecord(body) ? body : {};

    const code = text(fields.code) ?? "unexpected";
    const detail = text(fields.detail) ?? text(fields.title) ?? `The server answered ${status}.`;
    const retryAfter = seconds(headers.get("Retry-After"));
    const scope = code === "scope_missing" ? (text(fields.scope) ?? scopeIn(detail)) : null;

    return new Problem({
      status,
      code,
      message: explain(code, detail, retryAfter, scope),
      errors: Array.isArray(fields.errors) ? fields.errors.filter(isFieldError) : [],
      requestId: text(fields.request_id) ?? headers.get("x-request-id"),
      retryAfter,
      scope,
    });
  }

  /** No answer. The browser does not tell a script whether the server is down or does not allow this origin. */
  static network(api: string, cause: unknown): Problem {
    const message =
      `No answer from ${api}. Either it cannot be reached, or it does not allow ${location.origin} ` +
      `to read its answers (CORS); a browser does not say which.`;
    return new Problem({ status: 0, code: "network", message }, cause);
  }

  /** Whatever was thrown, as a `Problem`. */
  static of(thrown: unknown): Problem {
    if (thrown instanceof Problem) return thrown;
    return new Problem({ status: 0, code: "unexpected", message: "Something went wrong in this page." }, thrown);
  }

  /** What is wrong with this field. */
  field(name: string): string | undefined {
    return this.errors.find((error) => error.field === name)?.message;
  }

  /** Does every word of it stand beside one of these fields? Then nothing is left to say above the form. */
  isOnlyAbout(...names: string[]): boolean {
    return this.errors.length > 0 && this.errors.every((error) => names.includes(error.field));
  }
}

function explain(code: ProblemCode, detail: string, retryAfter: number | null, scope: string | null): string {
  switch (code) {
    case "rate_limited":
      return retryAfter === null
        ? "Too many requests. Wait a little, then try again."
        : `Too many requests. Try again in ${duration(retryAfter)}.`;
    case "scope_missing":
      return scope === null ? detail : `This token does not have the scope ${scope}, which this needs.`;
    default:
      return detail;
  }
}

function duration(seconds: number): string {
  const [count, unit] = seconds < 120 ? [seconds, "second"] : [Math.ceil(seconds / 60), "minute"];
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

/** `Retry-After` is a number of seconds or a date. */
function seconds(header: string | null): number | null {
  if (header === null) return null;
  const wait = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isNaN(wait) ? null : Math.max(1, Math.ceil(wait));
}

/** The server names the scope in its sentence; the header that names it too is not readable across origins. */
function scopeIn(detail: string): string | null {
  return /\b[a-z]+:[a-z]+\b/.exec(detail)?.[0] ?? null;
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
