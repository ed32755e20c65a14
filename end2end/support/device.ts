import { expect, type APIRequestContext } from "@playwright/test";
import { APP } from "./origins.ts";

/** The codes of a device (RFC 8628). */
export interface Device {
  readonly client_id: string;
  readonly device_code: string;
  readonly user_code: string;
  readonly verification_uri_complete: string;
}

/** Registers an application for devices, for the account that `http` is signed in to, and has a device ask for access. */
export async function deviceAsks(http: APIRequestContext): Promise<Device> {
  const scopes = { "scope-account-read": "on", "scope-notes-read": "on" };
  const form = { name: "Notes for TV", redirect_uris: "", device_grant: "on", ...scopes };
  const page = await http.post("/account/developer", { headers: { Origin: APP }, form });
  const client_id = (await page.text()).match(/Client ID <code>([0-9a-f-]{36})/)?.[1];
  if (!client_id) throw new Error("The application is not registered.");
  const asked = { client_id, scope: "account:read notes:read" };
  const answer = await http.post("/api/v1/oauth/device_authorization", { form: asked });
  expect(answer.status()).toBe(200);
  return { client_id, ...(await answer.json()) };
}

/** What the device gets that polls. */
export async function poll(http: APIRequestContext, { client_id, device_code }: Device) {
  const grant_type = "urn:ietf:params:oauth:grant-type:device_code";
  const answer = await http.post("/api/v1/oauth/token", { form: { grant_type, client_id, device_code } });
  return (await answer.json()) as { readonly error?: string; readonly access_token?: string };
}
