// Signs in, changes a note, and meets three refusals, with the client of @hey-api/openapi-ts:
// flow.ts ORIGIN EMAIL PASSWORD
import { createNote, getMe, login, updateNote } from "./client";
import type { PreconditionFailedProblem, Problem, TooManyRequestsProblem, UnauthorizedProblem } from "./client";
import { client } from "./client/client.gen";

declare const process: { argv: string[] };
const [origin, email, password] = process.argv.slice(2) as [string, string, string];

function check(holds: boolean, claim: string, found?: unknown): asserts holds {
  if (!holds) throw new Error(`${claim}, but: ${JSON.stringify(found)}`);
}

const { baseUrl } = client.getConfig();
check(baseUrl === `${origin}/api/v1`, "calls go to the host of the document", baseUrl);

const signedIn = await login({ body: { email, password, name: "flow" } });
check(signedIn.data !== undefined, "signing in gives a token", signedIn.error);
const { token } = signedIn.data;
client.setConfig({ auth: () => token });

const created = await createNote({
  body: { title: "Groceries", body: "Oat milk" },
  headers: { "Idempotency-Key": crypto.randomUUID() },
});
check(created.data !== undefined, "a note is created", created.error);
const path = { id: created.data.id };
const etag = created.response?.headers.get("ETag") ?? "";

const changed = await updateNote({ path, headers: { "If-Match": etag }, body: { title: "Groceries for Friday" } });
check(changed.data?.title === "Groceries for Friday", "a note is changed", changed.error);

const { error } = await updateNote({ path, headers: { "If-Match": etag }, body: { title: "Too late" } });
check(error?.status === 412, "a stale version is 412", error);
const stale: PreconditionFailedProblem = error;
check(stale.code === "precondition_failed", "a problem has its code", stale);

const wrong = await getMe({ auth: () => "not-a-token" });
check(wrong.error?.status === 401, "a wrong token is 401", wrong.error);
const refused: UnauthorizedProblem = wrong.error;
check(refused.code === "token_invalid" && refused.detail !== "", "a problem has its code", refused);

let limited: TooManyRequestsProblem | undefined;
for (let calls = 0; calls < 100 && limited === undefined; calls += 1) {
  const { error, response } = await getMe();
  if (error?.status !== 429) continue;
  limited = error;
  check(Number(response?.headers.get("Retry-After")) >= 1, "a refusal says when to come back", limited);
}
check(limited?.code === "rate_limited", "too many requests are 429", limited);

// Whatever the status, a problem is a `Problem`.
const all: Problem[] = [stale, refused, limited];
check(
  all.every(({ request_id }) => request_id !== ""),
  "a problem names its request",
  all,
);
