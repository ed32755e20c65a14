/** What people type to sign in, by the name of the field. */
export interface Typed {
  readonly email?: string;
  readonly password?: string;
  readonly secret?: string;
}

/** A form to sign in with. */
export interface Way {
  /** The link that leads to it. */
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
  /** What can be said of it without asking the server. */
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
      hint: "Make one in the app, under Tokens. It is shown there once.",
      // A header carries printable ASCII only; `fetch` would throw on anything else.
      pattern: { test: /^[\x21-\x7e]+$/, complaint: "Paste the whole token: letters and digits without a space." },
    },
  ],
};
