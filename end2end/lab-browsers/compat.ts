import type { Engine } from "../support/lab.ts";
import { compareVersions, type VerdictFile } from "./verdicts.ts";

/** A support statement of browser-compat-data, as far as it is read here. */
export interface Statement {
  readonly version_added: string | boolean | null;
  readonly version_removed?: string | boolean | null;
  readonly flags?: readonly unknown[];
}

/** A tree of features; `__compat` of each holds its support by browser. */
export interface Features {
  readonly __compat?: { readonly support: Readonly<Record<string, Statement | readonly Statement[]>> };
  readonly [name: string]: unknown;
}

/** What an experiment says about a feature that browser-compat-data has, too. */
interface Feature {
  /** Its path in browser-compat-data. */
  readonly key: string;
  readonly experiment: string;
  readonly question: string;
  /** The verdicts of a browser that has it. */
  readonly has: readonly string[];
  /** The verdicts of one that lacks it. Any other says nothing about it. */
  readonly lacks: readonly string[];
  /** The verdict of another experiment without which this one says nothing. */
  readonly given?: readonly [experiment: string, question: string, value: string];
}

const COOKIE = "http.headers.Set-Cookie";
/** Where a cookie of another site is refused anyway, its attributes say nothing. */
const ACROSS = ["cross-site-none-secure", "stored", "yes"] as const;

export const FEATURES: readonly Feature[] = [
  feature("http.headers.Sec-Fetch-Site", "reading-own", "site", ["same-origin"], ["absent"]),
  feature(
    "http.headers.Sec-Fetch-Storage-Access",
    "frame-activate",
    "access",
    ["active", "inactive", "none"],
    ["absent"],
  ),
  feature("http.headers.Access-Control-Expose-Headers", "reading-exposed", "exposed", ["yes"], ["no"]),
  feature(`${COOKIE}.SameSite.Strict`, "cross-site-strict", "stored", ["no"], ["yes"], ACROSS),
  feature(`${COOKIE}.SameSite.Lax`, "csrf-cross-site-lax", "sent", ["no"], ["yes"]),
  feature(`${COOKIE}.SameSite.Lax_default`, "cross-site-unset", "stored", ["no"], ["yes"], ACROSS),
  feature(`${COOKIE}.SameSite.none_requires_secure`, "cross-site-none", "stored", ["no"], ["yes"], ACROSS),
  feature(`${COOKIE}.Partitioned`, "partitioned-beside", "count", ["2"], ["1"]),
  feature(`${COOKIE}.host_secure_prefixes`, "host-prefix-insecure", "stored", ["no"], ["yes"]),
  feature(`${COOKIE}.http_host-http_prefixes`, "host-http-prefix-readable", "stored", ["no"], ["yes"], [
    "host-http-prefix",
    "stored",
    "yes",
  ]),
  feature("api.CookieStore.change_event", "change-readable", "change", ["yes"], ["no", "unsupported"]),
  feature("api.Document.hasStorageAccess", "frame-none", "granted", ["yes", "no"], ["unsupported"]),
  feature(
    "api.Permissions.permission_loopback-network",
    "network-public",
    "permission",
    ["granted", "denied", "prompt"],
    ["unsupported"],
  ),
];

/** Why the Lab and browser-compat-data disagree, by engine and feature. Anything else that differs is an error. */
export const KNOWN: Readonly<Partial<Record<Engine, Readonly<Record<string, string>>>>> = {
  firefox: {
    [`${COOKIE}.Partitioned`]:
      "Firefox keeps every cookie of another site in a partition, so the experiment, which tells a partitioned cookie " +
      "from another one of its name, finds one cookie where the attribute is known as well.",
  },
  webkit: {
    [`${COOKIE}.host_secure_prefixes`]:
      "WebKitGTK keeps its cookies by libsoup, which does not enforce the prefix. browser-compat-data is about Safari, " +
      "which was not run.",
    [`${COOKIE}.SameSite.Lax`]:
      "WebKitGTK sends a Lax cookie with a form of another site if that page is in a frame of this app. It seems to " +
      "go by the page at the top. browser-compat-data is about Safari, which was not run.",
  },
};

/** One feature in one browser. */
export interface Comparison {
  readonly engine: Engine;
  readonly key: string;
  readonly experiment: string;
  /** Undefined if the experiment says nothing about the feature there, or was not run. */
  readonly observed: boolean | undefined;
  /** Undefined if browser-compat-data does not know. */
  readonly documented: boolean | undefined;
}

/** The browsers of browser-compat-data. WebKitGTK is not among them: Safari of the same engine stands for it. */
const BROWSERS: Readonly<Record<Engine, string>> = { chromium: "chrome", firefox: "firefox", webkit: "safari" };

function feature(
  key: string,
  experiment: string,
  question: string,
  has: readonly string[],
  lacks: readonly string[],
  given?: Feature["given"],
): Feature {
  return { key, experiment, question, has, lacks, ...(given && { given }) };
}

/** Every feature as a browser's verdicts have it, beside what browser-compat-data says of its version. */
export function compare(file: VerdictFile, data: Features, features = FEATURES): readonly Comparison[] {
  const version = file.engine === "webkit" ? file.safari : file.version;
  return features.map((feature) => {
    const { key, experiment } = feature;
    const support = find(data, key)?.__compat?.support[BROWSERS[file.engine]];
    const documented = support && version ? isSupported(support, version) : undefined;
    return { engine: file.engine, key, experiment, observed: observed(file, feature), documented };
  });
}

/** The comparisons of which both sides say something, and not the same. */
export function disagreements(comparisons: readonly Comparison[]): readonly Comparison[] {
  return comparisons.filter(
    ({ observed, documented }) => observed !== undefined && documented !== undefined && observed !== documented,
  );
}

/** The disagreements without a reason, and the reasons without a disagreement, one line for each. */
export function unexplained(comparisons: readonly Comparison[], known = KNOWN): string[] {
  const differ = disagreements(comparisons);
  const silent = differ
    .filter(({ engine, key }) => !known[engine]?.[key])
    .map(({ engine, key, experiment, observed, documented }) => {
      const [saw, says] = [observed, documented].map((has) => (has ? "has" : "lacks"));
      return `${engine} ${saw} ${key} by ${experiment}; browser-compat-data says that it ${says} it`;
    });
  const stale = comparisons
    .filter(({ engine, key, observed, documented }) => {
      return observed !== undefined && observed === documented && known[engine]?.[key];
    })
    .map(({ engine, key }) => `${engine} and browser-compat-data agree on ${key} by now`);
  return [...silent, ...stale];
}

function observed({ experiments }: VerdictFile, { experiment, question, has, lacks, given }: Feature) {
  if (given && experiments[given[0]]?.[given[1]] !== given[2]) return undefined;
  const value = experiments[experiment]?.[question];
  if (value === undefined) return undefined;
  return has.includes(value) ? true : lacks.includes(value) ? false : undefined;
}

function find(data: Features, key: string): Features | undefined {
  return key.split(".").reduce<Features | undefined>((tree, name) => tree?.[name] as Features | undefined, data);
}

/** Whether a version has a feature without a flag. Undefined if no statement says. */
function isSupported(support: Statement | readonly Statement[], version: string): boolean | undefined {
  const statements = [support].flat() as readonly Statement[];
  const unflagged = statements.filter(({ flags }) => !flags?.length);
  if (unflagged.some(({ version_added }) => version_added === null)) return undefined;
  return unflagged.some(({ version_added, version_removed }) => {
    if (typeof version_added !== "string" || version_added === "preview") return version_added === true;
    const isAdded = compareVersions(version, version_added.replace("≤", "")) >= 0;
    const isRemoved = typeof version_removed === "string" && compareVersions(version, version_removed) >= 0;
    return isAdded && !isRemoved;
  });
}
