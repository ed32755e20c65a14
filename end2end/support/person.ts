import { randomUUID } from "node:crypto";
import { expect, request, type APIRequestContext } from "@playwright/test";
import { code } from "./totp.ts";

export const PASSWORD = "three quiet words";

/** What a new account's form of `/sign-up` holds. */
export const newAccount = () => ({ name: "Ada Lovelace", email: `${randomUUID()}@example.org`, password: PASSWORD });

export type Cookies = Awaited<ReturnType<APIRequestContext["storageState"]>>["cookies"];

/** The fields of a new token, as `/session/v1/tokens` takes them. */
export interface NewToken {
  readonly name: string;
  readonly scopes?: readonly string[];
  readonly days?: number;
  readonly renew?: boolean;
  readonly origins?: readonly string[];
}

/** Makes a token for the account that `http` is signed in to, which sends `Origin` with its requests. */
export async function createToken(
  http: APIRequestContext,
  fields: NewToken,
  headers: Readonly<Record<string, string>> = {},
) {
  const data = { days: 30, scopes: ["notes:read"], ...fields };
  const response = await http.post("/session/v1/tokens", { data, headers });
  expect(response.status()).toBe(201);
  return (await response.json()) as { readonly id: string; readonly token: string };
}

/** A person with an account, who uses the site by HTTP, without a browser. */
export class Person {
  readonly email: string;
  readonly password: string;
  readonly #origin: string;
  readonly #http: APIRequestContext;

  private constructor(origin: string, http: APIRequestContext, { email, password } = newAccount()) {
    this.email = email;
    this.password = password;
    this.#origin = origin;
    this.#http = http;
  }

  /** Makes a new account on the site, in a browser of this name. */
  static async signUp(origin: string, browser = "Firefox"): Promise<Person> {
    const person = new Person(origin, await connect(origin, browser));
    await post(person.#http, "/sign-up", { ...newAccount(), email: person.email });
    return person;
  }

  /** Signs in with another browser as well. */
  async signInWith(browser: string): Promise<void> {
    const http = await connect(this.#origin, browser);
    await post(http, "/sign-in", { email: this.email, password: this.password });
    await http.dispose();
  }

  /** The cookies that a browser of this person's would hold. */
  async cookies(): Promise<Cookies> {
    return (await this.#http.storageState()).cookies;
  }

  /** Writes a note, and answers with its id. */
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

  /** The titles of this person's notes, the newest first. */
  async titles(): Promise<string[]> {
    const { items } = await (await this.#http.get("/session/v1/notes")).json();
    return items.map(({ title }: { title: string }) => title);
  }

  async createToken(name: string, ...scopes: string[]): Promise<string> {
    return (await createToken(this.#http, { name, scopes })).token;
  }

  async revokeTokens(): Promise<void> {
    const { items } = await (await this.#http.get("/session/v1/tokens")).json();
    for (const { id } of items) expect((await this.#http.delete(`/session/v1/tokens/${id}`)).status()).toBe(204);
  }

  /** The ids of the applications that this person let in. */
  async apps(): Promise<string[]> {
    const page = await (await this.#http.get("/account/apps")).text();
    const fields = [...page.matchAll(/<input[^>]*name="client_id"[^>]*>/g)];
    return fields.map(([field]) => /value="([^"]*)"/.exec(field)?.[1] ?? "");
  }

  /** Ends the access of an application. */
  async endApp(id: string): Promise<void> {
    await post(this.#http, "/account/apps/revoke", { client_id: id });
  }

  /** Sets up an authenticator app, and answers with its key. */
  async turnOnTotp(): Promise<string> {
    await post(this.#http, "/account/security/totp", {});
    const page = await (await this.#http.get("/account/security/totp")).text();
    const [, key = ""] = /id="totp-secret"[^>]*>([A-Z2-7 ]+)</.exec(page) ?? [];
    const secret = key.replaceAll(" ", "");
    await post(this.#http, "/account/security/totp/confirm", { code: code(secret) });
    return secret;
  }

  /** Closes the connection. */
  leave(): Promise<void> {
    return this.#http.dispose();
  }
}

function connect(origin: string, browser: string): Promise<APIRequestContext> {
  return request.newContext({
    baseURL: origin,
    userAgent: `Mozilla/5.0 (an old computer) ${browser}/1.0`,
    extraHTTPHeaders: { Origin: origin },
    ignoreHTTPSErrors: true,
  });
}

async function post(http: APIRequestContext, path: string, form: Record<string, string>): Promise<void> {
  const response = await http.post(path, { form });
  expect(response.ok(), `${path} is answered with ${response.status()}`).toBe(true);
}
