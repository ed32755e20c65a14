import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { answers, until } from "./net.mjs";
import { server, target } from "./server.ts";

/** Sets `expires_at` of every row of a table to just after `created_at`. In Python, since Node 20 has no SQLite. */
const EXPIRE = `
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], timeout=10)
database.execute(f"UPDATE {sys.argv[2]} SET expires_at = created_at + 1")
database.commit()
`;

/** A server with a database of its own, which a test can stop and start again. */
export class TestServer {
  readonly origin: string;
  /** Its working directory, with the database and the outbox. */
  readonly folder = mkdtempSync(join(tmpdir(), "vestibule-"));
  readonly #ready: string;
  readonly #environment: NodeJS.ProcessEnv;
  #process: ChildProcess | null = null;

  /** Listens on `port` of 127.0.0.1; `settings` are environment variables. */
  constructor(port: number, settings: Readonly<Record<string, string>>) {
    this.origin = `http://localhost:${port}`;
    this.#ready = `http://127.0.0.1:${port}/readyz`;
    this.#environment = {
      ...process.env,
      LEPTOS_SITE_ADDR: `127.0.0.1:${port}`,
      LEPTOS_SITE_ROOT: join(target, "site"),
      VESTIBULE_SERVER__PUBLIC_URL: this.origin,
      VESTIBULE_THROTTLE__PASSKEYS_PER_ADDRESS: "10000",
      VESTIBULE_THROTTLE__SIGN_UPS_PER_ADDRESS: "1000",
      VESTIBULE_THROTTLE__MAILS_PER_ADDRESS: "1000",
      RUST_LOG: "warn",
      ...settings,
    };
  }

  /** Starts the server, unless it runs already, and waits until it is ready. */
  async start(): Promise<void> {
    if (this.#process !== null) return;
    const started = spawn(server, ["serve"], { cwd: this.folder, env: this.#environment, stdio: "inherit" });
    this.#process = started;
    const isReady = () => {
      if (started.exitCode !== null) throw new Error("The server did not start.");
      return answers(this.#ready);
    };
    await until(isReady, `${this.#ready} does not answer.`, 60_000);
  }

  async stop(): Promise<void> {
    const process = this.#process;
    this.#process = null;
    if (process !== null) await terminate(process);
  }

  /** Lets every token, or every browser session, have expired already. */
  expire(table: "tokens" | "browser_sessions"): void {
    execFileSync("python3", ["-c", EXPIRE, join(this.folder, "vestibule.db"), table]);
  }
}

/** Sends SIGTERM to a process, and waits until it has ended. */
export async function terminate(process: ChildProcess): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) return;
  const exit = new Promise((resolve) => process.once("exit", resolve));
  process.kill("SIGTERM");
  await exit;
}
