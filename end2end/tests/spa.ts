import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { request, type APIRequestContext, type Page } from "@playwright/test";
import initSql from "sql.js";
import { APP_PORT, SPA_PORT } from "../origins.ts";
import { server, target } from "../server.ts";
import { PASSWORD, expect, test as base } from "./support.ts";

export { expect };

const spaFolder = resolve(import.meta.dirname, "../../examples/spa");

/** The two solutions of the SPA. */
export type Mode = "token" | "proxy";

/** Ports beside those of the other tests, which need their server all the time. */
const PLACE: Readonly<Record<Mode, number>> = { token: 1, proxy: 2 };

interface Fixtures {
  /** Somebody who has an account in the house. */
  readonly person: Person;
}

interface Worker {
  readonly mode: Mode;
  readonly house: House;
  /** The origin of the SPA. */
  readonly spa: string;
}

/** The built SPA on an origin of its own, and a server of its own that a test may stop. */
export const test = base.extend<Fixtures, Worker>({
  mode: ["token", { option: true, scope: "worker" }],
  house: [
    async ({ mode }, use) => {
      const house = new House(Number(APP_PORT) + PLACE[mode], { VESTIBULE_CORS__ALLOWED_ORIGINS: spaOrigin(mode) });
      await house.start();
      await use(house);
      await house.stop();
    },
    { scope: "worker", timeout: 120_000 },
  ],
  spa: [
    async ({ mode, house }, use) => {
      const preview = await serveSpa(mode, house.origin);
      await use(spaOrigin(mode));
      await ended(preview);
    },
    { scope: "worker", timeout: 120_000 },
  ],
  person: async ({ house }, use) => {
    await house.start();
    const person = await Person.signUp(house);
    await use(person);
    await person.leave();
  },
});

const spaPort = (mode: Mode) => Number(SPA_PORT) + PLACE[mode];
const spaOrigin = (mode: Mode) => `http://localhost:${spaPort(mode)}`;

/** A server, which can be stopped and started again with what it has in its database. */
export class House {
  readonly origin: string;
  readonly #folder = mkdtempSync(join(tmpdir(), "vestibule-"));
  readonly #environment: NodeJS.ProcessEnv;
  #process: ChildProcess | null = null;

  constructor(port: number, settings: Readonly<Record<string, string>>) {
    this.origin = `http://localhost:${port}`;
    this.#environment = {
      ...process.env,
      LEPTOS_SITE_ADDR: `127.0.0.1:${port}`,
      LEPTOS_SITE_ROOT: join(target, "site"),
      VESTIBULE_SERVER__PUBLIC_URL: this.origin,
      VESTIBULE_THROTTLE__SIGN_UPS_PER_ADDRESS: "1000",
      VESTIBULE_THROTTLE__MAILS_PER_ADDRESS: "1000",
      // The second wrong password has to wait a second, the third two.
      VESTIBULE_THROTTLE__SIGN_INS_HERE: "1",
      RUST_LOG: "warn",
      ...settings,
    };
  }

  async start(): Promise<void> {
    if (this.#process !== null) return;
    this.#process = spawn(server, ["serve"], { cwd: this.#folder, env: this.#environment, stdio: "inherit" });
    await answers(`${this.origin}/readyz`);
  }

  async stop(): Promise<void> {
    const process = this.#process;
    this.#process = null;
    if (process !== null) await ended(process);
  }

  /** Lets everything that ends by itself, tokens or browser sessions, have ended already. */
  async age(table: "tokens" | "browser_sessions"): Promise<void> {
    await this.stop();
    const path = join(this.#folder, "vestibule.db");
    const file = readFileSync(path);
    // A server that ended has left nothing in the log beside it. sql.js knows no such logs: bytes 18 and 19 say there is none.
    file[18] = file[19] = 1;
    const { Database } = await initSql();
    const database = new Database(file);
    database.run(`UPDATE ${table} SET expires_at = created_at + 1`);
    writeFileSync(path, database.export());
    database.close();
    await this.start();
  }
}

/** Somebody with an account, who uses it without a browser as well. */
export class Person {
  readonly email = `${randomUUID()}@example.org`;
  readonly password = PASSWORD;
  readonly #http: APIRequestContext;

  private constructor(http: APIRequestContext) {
    this.#http = http;
  }

  static async signUp({ origin }: Pick<House, "origin">): Promise<Person> {
    const person = new Person(await request.newContext({ baseURL: origin, extraHTTPHeaders: { Origin: origin }, ignoreHTTPSErrors: true }));
    await person.#posted("/sign-up", { name: "Ada Lovelace", email: person.email, password: PASSWORD });
    return person;
  }

  async write(title: string, body = ""): Promise<string> {
    const response = await this.#http.post("/session/v1/notes", { data: { title, body } });
    expect(response.status()).toBe(201);
    return (await response.json()).id;
  }

  async change(id: string, text: { title?: string; body?: string }): Promise<void> {
    expect((await this.#http.patch(`/session/v1/notes/${id}`, { data: text })).status()).toBe(200);
  }

  async remove(id: string): Promise<void> {
    expect((await this.#http.delete(`/session/v1/notes/${id}`)).status()).toBe(204);
  }

  async titles(): Promise<string[]> {
    const { items } = await (await this.#http.get("/session/v1/notes")).json();
    return items.map(({ title }: { title: string }) => title);
  }

  /** Makes a token on the tokens page, where it is shown once. */
  async makeToken(name: string, ...scopes: string[]): Promise<string> {
    const ticked = Object.fromEntries(scopes.map((scope) => [`scope-${scope.replace(":", "-")}`, "on"]));
    const page = await this.#posted("/tokens", { name, days: "30", ...ticked });
    const [token] = /vst_[0-9A-Za-z]{38}/.exec(page) ?? [];
    if (token === undefined) throw new Error("The tokens page shows no token.");
    return token;
  }

  async revokeTokens(): Promise<void> {
    const { items } = await (await this.#http.get("/session/v1/tokens")).json();
    for (const { id } of items) expect((await this.#http.delete(`/session/v1/tokens/${id}`)).status()).toBe(204);
  }

  leave(): Promise<void> {
    return this.#http.dispose();
  }

  async #posted(path: string, form: Record<string, string>): Promise<string> {
    const response = await this.#http.post(path, { form });
    expect(response.ok(), `${path} answers ${response.status()}`).toBe(true);
    return response.text();
  }
}

/** Fills in the SPA's sign-in form. */
export async function typeSignIn(page: Page, { email }: Person, password: string = PASSWORD): Promise<void> {
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

/** Opens the SPA and signs in with the password. */
export async function enter(page: Page, spa: string, person: Person): Promise<void> {
  await page.goto(spa);
  await typeSignIn(page, person);
  await expect(page.getByRole("heading", { name: "Notes", exact: true })).toBeVisible();
}

/** Holds the calls to the server whose method and path match, until they are let go. */
export async function hold(page: Page, method: string, path: RegExp): Promise<() => Promise<void>> {
  let letGo = () => {};
  const gate = new Promise<void>((resolve) => (letGo = resolve));
  const matches = (url: URL) => path.test(url.pathname);
  await page.route(matches, async (route) => {
    if (route.request().method() !== method) return route.fallback();
    await gate;
    // Whoever stopped waiting has no use for the answer.
    await route.continue().catch(() => undefined);
  });
  return async () => {
    letGo();
    await page.unrouteAll({ behavior: "wait" });
  };
}

export function buildSpa(mode: Mode, folder: string, environment: Readonly<Record<string, string>>): void {
  execFileSync(process.execPath, [VITE, "build", ...options(mode, folder), "--emptyOutDir"], {
    cwd: spaFolder,
    env: { ...process.env, ...environment },
    stdio: "pipe",
  });
}

async function serveSpa(mode: Mode, app: string): Promise<ChildProcess> {
  const folder = `node_modules/.end2end-${spaPort(mode)}`;
  const environment = { VITE_API_URL: app };
  buildSpa(mode, folder, environment);
  const preview = [VITE, "preview", ...options(mode, folder), "--port", `${spaPort(mode)}`, "--strictPort"];
  // It tells of every call that the stopped server does not answer.
  const running = spawn(process.execPath, preview, { cwd: spaFolder, env: { ...process.env, ...environment }, stdio: "ignore" });
  await answers(spaOrigin(mode));
  return running;
}

const VITE = join(spaFolder, "node_modules/vite/bin/vite.js");
const options = (mode: Mode, folder: string) => ["--mode", mode === "proxy" ? "proxy" : "production", "--outDir", folder];

export async function answers(url: string): Promise<void> {
  await expect(async () => expect((await fetch(url)).ok).toBe(true)).toPass({ timeout: 60_000, intervals: [50] });
}

export async function ended(process: ChildProcess): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) return;
  const exit = new Promise((resolve) => process.once("exit", resolve));
  process.kill("SIGTERM");
  await exit;
}
