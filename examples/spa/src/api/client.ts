import createClient from "openapi-fetch";
import { Problem } from "./problem";
import type { paths } from "./schema";

/** A way into the house: where the JSON resources are, and what a call brings to be let in. */
export interface Door {
  readonly mount: string;
  /** Whether the browser may add a cookie by itself, or keep one. */
  readonly credentials: RequestCredentials;
  /** What this page adds, call by call. */
  readonly headers?: () => Readonly<Record<string, string>>;
}

/** How long a call may take in all, in milliseconds. */
const PATIENCE = 20_000;

export type Client = ReturnType<typeof connect>;

/**
 * A typed client of one door. The resources are the same behind both, so the token door's document serves for either; of
 * what `login` answers, the session door sends the account only.
 *
 * Whatever goes wrong is thrown as a `Problem`. `onRefused` hears of every 401 as well: from then on no call will succeed.
 */
export function connect({ mount, credentials, headers }: Door, onRefused?: (problem: Problem) => void) {
  const client = createClient<paths>({
    baseUrl: mount,
    credentials,
    // Nothing of somebody's notes stays in the browser's cache.
    cache: "no-store",
    fetch: (request) => fetch(request, { signal: AbortSignal.any([request.signal, AbortSignal.timeout(PATIENCE)]) }),
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
  });
  return client;
}

/** What a call answered with, or a `Problem`. */
export async function answer<T>(call: Promise<{ data?: T; response: Response }>): Promise<{ data: T; response: Response }> {
  try {
    const { data, response } = await call;
    return { data: data as T, response };
  } catch (error) {
    throw Problem.of(error);
  }
}
