import { existsSync, mkdtempSync, readFileSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

export const target = resolve(import.meta.dirname, "../../target");

/** `make e2e` names the single binary in `E2E_BINARY`; `cargo leptos end-to-end` has just built one of these. */
const built = ["release", "debug"].map((profile) => join(target, profile, "vestibule")).filter(existsSync);
const newest = built.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0];
const named = process.env.E2E_BINARY ?? newest;
if (!named) throw new Error("There is no server to test. Run `make e2e` in the root folder.");

/** The binary under test. */
export const server = named;

/** The server's working directory: a new, empty folder for each run. Workers inherit it from the runner. */
export const folder = (process.env.E2E_FOLDER ??= mkdtempSync(join(tmpdir(), "vestibule-")));

/** The file in `folder` that holds the server's standard output. */
export const OUTPUT = "stdout";

/** The address of the outbox, with the key of this run. */
export function outboxUrl(): string {
  const url = readFileSync(join(folder, OUTPUT), "utf8").match(/http\S+\/dev\/outbox\?key=\S+/)?.[0];
  if (!url) throw new Error("The server did not print the address of the outbox.");
  return url;
}
