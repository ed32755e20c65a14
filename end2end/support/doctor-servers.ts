import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { freePort, until } from "./net.mjs";
import { terminate } from "./test-server.ts";

// Servers that are not ours, for the setup doctor: each is wrong in one way, and right with the line that it names.

const folder = resolve(import.meta.dirname, "../servers");
const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
const tools = process.env["VESTIBULE_TOOLS"] ?? join(cache, "vestibule/tools");
const unpacked = join(tools, "nginx/usr/sbin/nginx");

/** nginx on the PATH, or as scripts/setup unpacks it. */
export const nginx = spawnSync("nginx", ["-v"]).error === undefined ? "nginx" : existsSync(unpacked) ? unpacked : null;
/** A Python that has Django: scripts/setup has several. */
export const python =
  (process.env["PATH"] ?? "")
    .split(delimiter)
    .map((folder) => join(folder, "python3"))
    .find((program) => existsSync(program) && spawnSync(program, ["-c", "import corsheaders"]).status === 0) ?? null;

/** A server of another make. */
export class LittleServer {
  readonly #process: ChildProcess;

  private constructor(
    readonly origin: string,
    process: ChildProcess,
  ) {
    this.#process = process;
  }

  /** Starts what `command` makes of a free port. */
  static async start(
    command: (port: number) => readonly [program: string, ...args: string[]],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<LittleServer> {
    const port = await freePort();
    const [program, ...args] = command(port);
    const env = { ...process.env, ...environment };
    const started = spawn(program, args, { env, stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    started.stderr.on("data", (data) => (said += data));
    const origin = `http://localhost:${port}`;
    const isReady = () => {
      if (started.exitCode !== null) throw new Error(`${program} did not start: ${said}`);
      return fetch(origin).then(() => true, () => false);
    };
    await until(isReady, `${program} does not answer.`);
    return new LittleServer(origin, started);
  }

  stop(): Promise<void> {
    return terminate(this.#process);
  }
}

/** Express, which allows every origin, unless `LINE` says otherwise. */
export function express(environment: Readonly<Record<string, string>> = {}): Promise<LittleServer> {
  return LittleServer.start((port) => [process.execPath, join(folder, "express.mjs"), `${port}`], environment);
}

/** Django, which allows `page`, but no credentials, unless `line` says otherwise. */
export function django(page: string, line = ""): Promise<LittleServer> {
  const environment = { PAGE: page, LINE: line, PYTHONDONTWRITEBYTECODE: "1" };
  return LittleServer.start((port) => [python ?? "python3", join(folder, "django_api.py"), `${port}`], environment);
}

/** nginx, which names `page` and refuses preflights, unless `line` says otherwise. */
export function nginxServer(page: string, line = ""): Promise<LittleServer> {
  return LittleServer.start((port) => {
    const own = mkdtempSync(join(tmpdir(), "vestibule-nginx-"));
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${own};`);
    writeFileSync(
      join(own, "nginx.conf"),
      `daemon off; master_process off; pid ${own}/pid; error_log stderr; events {}
       http {
         access_log off; default_type application/json; ${temporary.join(" ")}
         server {
           listen 127.0.0.1:${port}; listen [::1]:${port};
           location / {
             add_header Access-Control-Allow-Origin "${page}" always;
             add_header Access-Control-Allow-Headers "authorization, content-type" always;
             ${line}
             if ($request_method = OPTIONS) { return 405; }
             return 401 "{}";
           }
         }
       }`,
    );
    return [nginx ?? "nginx", "-p", own, "-c", join(own, "nginx.conf")];
  });
}
