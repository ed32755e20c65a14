import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { join, resolve } from "node:path";
import type { Page } from "@playwright/test";
import { APP_PORT, SPA_PORT } from "./origins.ts";
import { PASSWORD, expect, test as base } from "./fixtures.ts";
import { answers, until } from "./net.mjs";
import { Person } from "./person.ts";
import { TestServer, terminate } from "./test-server.ts";

export { Person, expect };

const spaFolder = resolve(import.meta.dirname, "../../examples/spa");

/** The two solutions of the SPA, and the variant that takes passwords. */
export type Mode = "token" | "proxy" | "password";

/** Added to the ports of the other tests, whose server must not be stopped. */
const PLACE: Readonly<Record<Mode, number>> = { token: 1, proxy: 2, password: 7 };

interface Fixtures {
  /** A person with an account on the server. */
  readonly person: Person;
}

interface Worker {
  readonly mode: Mode;
  readonly server: TestServer;
  /** The origin of the SPA. */
  readonly spa: string;
}

/** Serves the built SPA, and runs a server of its own that a test may stop. */
export const test = base.extend<Fixtures, Worker>({
  mode: ["token", { option: true, scope: "worker" }],
  server: [
    async ({ mode }, use) => {
      const server = new TestServer(Number(APP_PORT) + PLACE[mode], {
        // The pages of an application of the site's own may call the API by that alone.
        ...(mode === "token"
          ? { VESTIBULE_OAUTH__CLIENTS: `spa ${spaOrigin(mode)}/` }
          : { VESTIBULE_CORS__ALLOWED_ORIGINS: spaOrigin(mode) }),
        // The second wrong password has to wait a second, the third two.
        VESTIBULE_THROTTLE__SIGN_INS_HERE: "1",
      });
      await server.start();
      await use(server);
      await server.stop();
    },
    { scope: "worker", timeout: 120_000 },
  ],
  spa: [
    async ({ mode, server }, use) => {
      const preview = await serveSpa(mode, server.origin);
      await use(spaOrigin(mode));
      await terminate(preview);
    },
    { scope: "worker", timeout: 120_000 },
  ],
  person: async ({ server }, use) => {
    await server.start();
    const person = await Person.signUp(server.origin);
    await use(person);
    await person.leave();
  },
});

const spaPort = (mode: Mode) => Number(SPA_PORT) + PLACE[mode];
const spaOrigin = (mode: Mode) => `http://localhost:${spaPort(mode)}`;

/** Fills in the SPA's sign-in form. */
export async function typeSignIn(page: Page, { email }: Person, password: string = PASSWORD): Promise<void> {
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

/** Signs in on the page that is open: in its form, or at the app, which knows this browser already. */
export async function signIn(page: Page, person: Person): Promise<void> {
  const button = page.getByRole("button", { name: "Sign in", exact: true });
  await expect(button).toBeVisible();
  if (await page.getByLabel("Password").isVisible()) return typeSignIn(page, person);
  await page.context().addCookies(await person.cookies());
  await button.click();
}

/** Opens the SPA and signs in. */
export async function enter(page: Page, spa: string, person: Person): Promise<void> {
  await page.goto(spa);
  await signIn(page, person);
  await expect(page.getByRole("heading", { name: "Notes", exact: true })).toBeVisible();
}

/** The entry of a note in the list. */
export function row(page: Page, title: string) {
  return page.getByRole("listitem").filter({ has: page.getByRole("button", { name: title, exact: true }) });
}

/** The part of the page that a note is read and written in. */
export function editor(page: Page) {
  return page.getByRole("region", { name: /^(Write a note|Edit note|Read note)$/ });
}

/** Opens an empty note, and types into it. */
export async function write(page: Page, title: string, body: string): Promise<void> {
  await page.getByRole("button", { name: "New note" }).click();
  await expect(page.getByRole("heading", { name: "Write a note" })).toBeVisible();
  await expect(page.getByLabel("Title")).toHaveValue("");
  await page.getByLabel("Title").fill(title);
  await page.getByLabel("Body").fill(body);
}

/** Holds back the calls to the server whose method and path match, until the function it answers with is called. */
export async function hold(page: Page, method: string, path: RegExp): Promise<() => Promise<void>> {
  let letGo = () => {};
  const gate = new Promise<void>((resolve) => (letGo = resolve));
  const matches = (url: URL) => path.test(url.pathname);
  await page.route(matches, async (route) => {
    if (route.request().method() !== method) return route.fallback();
    await gate;
    // A request that the page gave up cannot be continued.
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
  // It prints every call that the stopped server does not answer.
  const running = spawn(process.execPath, preview, {
    cwd: spaFolder,
    env: { ...process.env, ...environment },
    stdio: "ignore",
  });
  const origin = spaOrigin(mode);
  await until(() => answers(origin), `${origin} does not answer.`, 60_000);
  return running;
}

const VITE = join(spaFolder, "node_modules/vite/bin/vite.js");
const options = (mode: Mode, folder: string) => [
  "--mode",
  mode === "token" ? "production" : mode,
  "--outDir",
  folder,
];
