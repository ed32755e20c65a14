import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium } from "@playwright/test";
import { chromiumPath } from "./chromium.mjs";
import { freePort, until } from "./net.mjs";
import { server, target } from "./server.ts";
import { terminate } from "./test-server.ts";

/** What binds sessions to a key in software, on Linux. */
const FEATURES = [
  "DeviceBoundSessions:ForceEnableForTesting/true",
  "EnableBoundSessionCredentialsSoftwareKeysForManualTesting",
].join(",");

/** A server at `https://localhost`, with a home folder of its own: in it are its authority and the browsers' trust. */
export class HttpsServer {
  readonly home = mkdtempSync(join(tmpdir(), "vestibule-home-"));
  /** Its working directory, with the database. */
  readonly folder = mkdtempSync(join(tmpdir(), "vestibule-"));
  #process: ChildProcess | null = null;
  #output = "";
  /** Environment variables of the server. */
  readonly settings: Record<string, string> = {};
  port = 0;

  async start(settings: Readonly<Record<string, string>> = {}): Promise<void> {
    this.port = await freePort();
    const env = {
      ...process.env,
      HOME: this.home,
      XDG_DATA_HOME: "",
      LEPTOS_SITE_ADDR: `127.0.0.1:${this.port}`,
      VESTIBULE_LAB__ADDRESS: `127.0.0.1:${await freePort()}`,
      LEPTOS_SITE_ROOT: join(target, "site"),
      RUST_LOG: "warn",
      ...this.settings,
      ...settings,
    };
    const started = spawn(server, ["serve", "--local-https"], { cwd: this.folder, env });
    this.#process = started;
    started.stdout.on("data", (text: Buffer) => (this.#output += text.toString()));
    started.stderr.pipe(process.stderr);
    await until(() => this.#output.includes("certutil -d"), "The server did not start.", 60_000);
    this.#trust();
  }

  async stop(): Promise<void> {
    if (this.#process !== null) await terminate(this.#process);
  }

  get origin(): string {
    return `https://localhost:${this.port}`;
  }

  /** Runs the line that the server prints for Linux, where there is such a command. */
  #trust(): void {
    const line = this.#output.match(/^ *Linux +(certutil .*)$/m)?.[1];
    if (line === undefined) throw new Error(this.#output);
    if (!hasCertutil()) return;
    const env = { ...process.env, HOME: this.home };
    mkdirSync(join(this.home, ".pki/nssdb"), { recursive: true });
    execFileSync("sh", ["-c", `certutil -d sql:$HOME/.pki/nssdb -N --empty-password && ${line}`], { env });
  }

  /** A Chromium that trusts the server, with these switches; it binds sessions or does not know how to. */
  async browser(binds: boolean, ...switches: string[]): Promise<Browser> {
    const args = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", ...switches];
    if (binds) args.push(`--enable-features=${FEATURES}`);
    if (!hasCertutil()) {
      const file = join(this.home, ".local/share/vestibule/local-https/localhost.pem");
      const key = new X509Certificate(readFileSync(file)).publicKey.export({ type: "spki", format: "der" });
      args.push(`--ignore-certificate-errors-spki-list=${createHash("sha256").update(key).digest("base64")}`);
    }
    return chromium.launch({ executablePath: chromiumPath, args, env: { ...process.env, HOME: this.home } });
  }
}

function hasCertutil(): boolean {
  try {
    execFileSync("sh", ["-c", "command -v certutil"]);
    return true;
  } catch {
    return false;
  }
}
