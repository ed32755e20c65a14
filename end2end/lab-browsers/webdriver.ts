import { spawn, type ChildProcess } from "node:child_process";
import { freePort, until } from "../support/net.mjs";

/** The part of the W3C's WebDriver protocol that opens a page and runs a script in it. */
export class WebDriver {
  readonly #driver: ChildProcess;
  readonly #address: string;
  #session = "";

  private constructor(driver: ChildProcess, address: string) {
    this.#driver = driver;
    this.#address = address;
  }

  /** Starts the driver `command`, which takes `--port=…`, and a browser with it. */
  static async start([command, ...args]: readonly [string, ...string[]], capabilities: object): Promise<WebDriver> {
    const port = await freePort();
    // A process group of its own, so that the browser it starts ends with it.
    const driver = spawn(command, [...args, `--port=${port}`], { stdio: "ignore", detached: true });
    const started = new WebDriver(driver, `http://127.0.0.1:${port}`);
    try {
      await until(
        async () => (await started.#send("GET", "/status").catch(() => null)) !== null,
        "The driver does not start.",
      );
      const { sessionId, capabilities: given } = await started.#send<Session>("POST", "/session", {
        capabilities: { alwaysMatch: capabilities },
      });
      started.#session = `/session/${sessionId}`;
      started.version = given.browserVersion;
      return started;
    } catch (error) {
      started.#kill();
      throw error;
    }
  }

  /** The version of the browser, as the driver reports it. */
  version = "";

  async open(url: string): Promise<void> {
    await this.#send("POST", `${this.#session}/url`, { url });
  }

  /** Runs the script as the body of a function, and answers with what it returns. */
  run<T>(script: string): Promise<T> {
    return this.#send<T>("POST", `${this.#session}/execute/sync`, { script, args: [] });
  }

  async quit(): Promise<void> {
    await this.#send("DELETE", this.#session).catch(() => undefined);
    this.#kill();
  }

  #kill(): void {
    if (this.#driver.pid !== undefined && this.#driver.exitCode === null) process.kill(-this.#driver.pid, "SIGTERM");
  }

  async #send<T>(method: string, path: string, body?: object): Promise<T> {
    const init = body && { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
    const response = await fetch(this.#address + path, { method, signal: AbortSignal.timeout(60_000), ...init });
    const { value } = (await response.json()) as { value: T & { error?: string; message?: string } };
    if (!response.ok) throw new Error(`${value.error}: ${value.message}`);
    return value;
  }
}

interface Session {
  readonly sessionId: string;
  readonly capabilities: { readonly browserVersion: string };
}
