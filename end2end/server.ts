import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";

export const target = resolve(import.meta.dirname, "../target");

/** `make e2e` names the single binary; `cargo leptos end-to-end` has just built one of these. */
const built = ["release", "debug"].map((profile) => join(target, profile, "vestibule")).filter(existsSync);
const newest = built.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0];
const named = process.env.E2E_BINARY ?? newest;
if (!named) throw new Error("There is no server to test. Run `make e2e` in the folder above.");

/** The server under test. */
export const server = named;
