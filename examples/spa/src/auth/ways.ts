import type { SecondStep, Step } from "../api/calls";

/** The values of the sign-in fields, by name. */
export interface Typed {
  readonly email?: string;
  readonly password?: string;
  readonly secret?: string;
  readonly code?: string;
  /** The answer to the step after the password. */
  readonly second?: SecondStep;
}

/** A sign-in form. */
export interface Way {
  /** The text of the link to this form. */
  readonly name: string;
  readonly submit: string;
  /** What happens, in place of or above the fields. */
  readonly text?: string;
  readonly warning?: string;
  readonly fields: readonly TextField[];
  /** The step that its code answers, if it is one after the password. */
  readonly step?: Step;
}

interface TextField {
  readonly name: Exclude<keyof Typed, "second">;
  readonly label: string;
  readonly type: "email" | "password" | "text";
  readonly autoComplete: string;
  readonly hint?: string;
  /** A check that needs no server. */
  readonly pattern?: { readonly test: RegExp; readonly complaint: string };
}

export const EMAIL_AND_PASSWORD: Way = {
  name: "Use e-mail and password",
  submit: "Sign in",
  fields: [
    { name: "email", label: "E-mail", type: "email", autoComplete: "username" },
    { name: "password", label: "Password", type: "password", autoComplete: "current-password" },
  ],
};

export const ACCESS_TOKEN: Way = {
  name: "Paste a token",
  submit: "Use token",
  fields: [
    {
      name: "secret",
      label: "Access token",
      type: "text",
      autoComplete: "off",
      hint: "Create one in the app, under Tokens. It is shown only once.",
      // A header can contain printable ASCII only; `fetch` throws on anything else.
      pattern: { test: /^[\x21-\x7e]+$/, complaint: "Paste the whole token. It has no spaces." },
    },
  ],
};

/** The forms of the steps after the password, the usual one first. */
export const SECOND_WAYS: readonly Way[] = [
  {
    name: "Use your authenticator app",
    submit: "Sign in",
    step: "totp",
    fields: [
      {
        name: "code",
        label: "Code",
        type: "text",
        autoComplete: "one-time-code",
        hint: "The six digits that your authenticator app shows.",
      },
    ],
  },
  {
    name: "Use a recovery code",
    submit: "Sign in",
    step: "recovery_code",
    fields: [{ name: "code", label: "Recovery code", type: "text", autoComplete: "off" }],
  },
];
