/** The values of the sign-in fields, by name. */
export interface Typed {
  readonly email?: string;
  readonly password?: string;
  readonly secret?: string;
}

/** A sign-in form. */
export interface Way {
  /** The text of the link to this form. */
  readonly name: string;
  readonly submit: string;
  readonly fields: readonly TextField[];
}

interface TextField {
  readonly name: keyof Typed;
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
