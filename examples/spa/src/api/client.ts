import createClient from "openapi-fetch";
import { Problem } from "./problem";
import type { paths } from "./schema";

/** A door of the app: where the JSON resources are, and how calls are authenticated. */
export interface Door {
  readonly mount: string;
  /** Whether the browser may send and store cookies. */
  readonly credentials: RequestCredentials;
  /** The headers that this page adds to each call. */
  readonly headers?: () => Readonly<Record<string, string>>;
  /** In place of `fetch`, for more than a header. */
  readonly send?: (request: Request) => Promise<Response>;
}

/** How long a call may take, in milliseconds. */
const TIMEOUT = 20_000;

export type Client = ReturnType<typeof connect>;

/**
 * A typed client of one door. Both doors have the same resources, so the token door's document describes either; the
 * session door answers `login` with the account only.
 *
 * Every error is thrown as a `Problem`. `onRefused` is also called on every 401: from then on no call will succeed.
 */
export function connect({ mount, credentials, headers, send = fetch }: Door, onRefused?: (problem: Problem) => void) {
  const client = createClient<paths>({
    baseUrl: mount,
    credentials,
    // Keep personal data out of the browser's cache.
    cache: "no-store",
    fetch: (request) => {
      const signal = AbortSignal.any([request.signal, AbortSignal.timeout(TIMEOUT)]);
      return send(new Request(request, { signal }));
    },
  });

  client.use({
    onRequest({ request }) {
      for (const [name, value] of Object.entries(headers?.() ?? {})) request.headers.set(name, value);
    },
    async onResponse({ response }) {
      if (response.ok) return;
      const problem = await Problem.from(response);
      if (problem.status === 401) onRefused?.(problem);
      throw problem;
    },
    onError({ error }) {
      if (error instanceof Problem && error.status === 401) onRefused?.(error);
    },
  });
  return client;
}

/** The answer of a call. Throws a `Problem`. */
export async function answer<T>(
  call: Promise<{ data?: T; response: Response }>,
): Promise<{ data: T; response: Response }> {
  try {
    const { data, response } = await call;
    return { data: data as T, response };
  } catch (error) {
    throw Problem.of(error);
  }
}
