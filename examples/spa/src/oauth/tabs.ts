/** An access token. It is in memory only, and passes between the tabs of this origin. */
export interface Access {
  readonly token: string;
  /** When it expires by this computer's clock, in milliseconds since 1970. */
  readonly until: number;
  /** The id of its sign-in. */
  readonly of: string;
  readonly nonce: string | undefined;
}

export type Change = "signed-in" | "signed-out";

type Message = { readonly ask: true } | { readonly access: Access | null } | { readonly change: Change };

/** How long to wait for other tabs, in milliseconds. The browser may have put them to sleep. */
const PATIENCE = 300;

/** The other tabs of this origin: they share a key and a refresh token, so only one of them may refresh at a time. */
export class Tabs {
  readonly #name: string;
  readonly #channel: BroadcastChannel;
  #answered: ((access: Access | null) => void) | null = null;

  constructor(name: string, access: () => Access | null, onChange: (change: Change) => void) {
    this.#name = name;
    this.#channel = new BroadcastChannel(name);
    this.#channel.onmessage = ({ data }: MessageEvent<Message>) => {
      if ("ask" in data) this.#post({ access: access() });
      else if ("access" in data) this.#answered?.(data.access);
      else onChange(data.change);
    };
    // Held as long as this page is there, so that others know whether there is anybody to ask.
    void navigator.locks.request(`${name} tab`, { mode: "shared" }, () => new Promise(() => undefined));
  }

  /** Runs `work` in one tab at a time. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    return navigator.locks.request(this.#name, work);
  }

  /** An access token of another tab that `isGood`. */
  async ask(isGood: (access: Access) => boolean): Promise<Access | null> {
    const { held = [] } = await navigator.locks.query();
    let others = held.filter(({ name }) => name === `${this.#name} tab`).length - 1;
    if (others <= 0) return null;
    return new Promise((resolve) => {
      this.#answered = (access) => {
        others -= 1;
        if (access !== null && isGood(access)) resolve(access);
        else if (others === 0) resolve(null);
      };
      setTimeout(() => resolve(null), PATIENCE);
      this.#post({ ask: true });
    });
  }

  tell(change: Change): void {
    this.#post({ change });
  }

  #post(message: Message): void {
    this.#channel.postMessage(message);
  }
}
