import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { until } from "./net.mjs";
import { terminate } from "./test-server.ts";

const DEBIAN = "/usr/lib/postgresql";

/** The folder with PostgreSQL's programs. Debian keeps them off the PATH. */
function programs(): string {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort().reverse() : [];
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), ...versions.map((one) => join(DEBIAN, one, "bin"))];
  const found = folders.find((folder) => ["initdb", "postgres"].every((name) => existsSync(join(folder, name))));
  if (found === undefined) throw new Error("PostgreSQL is not installed. Run `make test`: its set-up installs it.");
  return found;
}

/** A PostgreSQL in a folder of its own, reached by a socket. It keeps nothing safe, and goes away with the test. */
export class Postgres {
  readonly #folder = mkdtempSync(join(tmpdir(), "vestibule-postgres-"));
  #process: ChildProcess | null = null;

  /** The URL of its one database, for `DATABASE_URL`. */
  readonly url = `postgres://vestibule@localhost:5432/postgres?sslmode=disable&host=${this.#folder}`;

  async start(): Promise<void> {
    const [binaries, data] = [programs(), join(this.#folder, "data")];
    // PostgreSQL refuses to run as root.
    const owner = process.getuid?.() === 0 ? idsOf("postgres") : undefined;
    if (owner) chownSync(this.#folder, owner.uid, owner.gid);
    const options = { ...owner, cwd: this.#folder };
    const first = ["--username=vestibule", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"];
    execFileSync(join(binaries, "initdb"), ["--pgdata", data, ...first], { ...options, stdio: "ignore" });
    const settings = ["fsync=off", "full_page_writes=off", "autovacuum=off"].flatMap((setting) => ["-c", setting]);
    const places = ["-D", data, "-k", this.#folder, "-h", ""];
    const started = spawn(join(binaries, "postgres"), [...places, ...settings], { ...options, stdio: "ignore" });
    this.#process = started;
    const isReady = () => {
      if (started.exitCode !== null) throw new Error("PostgreSQL did not start.");
      return existsSync(join(this.#folder, ".s.PGSQL.5432"));
    };
    await until(isReady, "PostgreSQL does not start.");
  }

  async stop(): Promise<void> {
    if (this.#process !== null) await terminate(this.#process);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function idsOf(user: string): { uid: number; gid: number } {
  const [uid, gid] = ["-u", "-g"].map((flag) => Number(execFileSync("id", [flag, user], { encoding: "utf8" })));
  return { uid: uid!, gid: gid! };
}
