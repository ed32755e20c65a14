// @ts-check
// What the servers and the page observed, compared with the predictions and shown on the page.

import { element } from "./requests.js";

/** @import { Got, Origin, Step } from "./requests.js" */

/**
 * @typedef {"reached" | "sent" | "stored" | "read" | "site" | "done" | "count" | "access" | "granted" | "repeated"
 *   | "change" | "exposed" | "permission"} Question
 */
/** @typedef {"chromium" | "firefox" | "webkit"} Engine */

/**
 * The record of an experiment.
 * @typedef {object} Experiment
 * @property {string} id
 * @property {string} title
 * @property {[string, Step][]} steps
 * @property {Origin[]} targets
 * @property {Partial<Record<Question, [value: string, otherwise: string]>>} predicted
 * @property {[Engine, Question, string, string][]} exceptions
 */

/**
 * One request as the server received it.
 * @typedef {object} Seen
 * @property {string} step
 * @property {string} at
 * @property {string} line
 * @property {boolean} preflight
 * @property {[string, string][]} headers
 * @property {[string, string][]} cookies
 * @property {number} status
 * @property {[string, string][]} answer
 * @property {string | null} set
 * @property {boolean} side_effect
 */

/** @typedef {Partial<Record<Question, string>>} Observed */

/** The columns of the table in Markdown. @type {[Question, string][]} */
const COLUMNS = [
  ["reached", "Reached"],
  ["sent", "Cookie sent"],
  ["stored", "Stored"],
  ["read", "Readable"],
  ["site", "Sec-Fetch-Site"],
  ["done", "Done"],
];

/** The values that the page has other words for. @type {Record<string, string>} */
const SHOWN = { absent: "no header", unsupported: "not supported" };

/** The headings of the steps. Any other step comes before the request. @type {Record<string, string>} */
const HEADINGS = { request: "The request", probe: "A last request, to see which cookies are sent" };

/** The record of a card. @param {HTMLElement} card @returns {Experiment} */
export function record(card) {
  return JSON.parse(card.dataset.record ?? "");
}

/** The answers to the questions. @param {Experiment} experiment @param {Seen[]} seen @param {Map<string, Got>} got */
export function observe({ id, predicted }, seen, got) {
  const yes = (/** @type {unknown} */ is) => (is ? "yes" : "no");
  const requests = seen.filter(({ step, preflight }) => step === "request" && !preflight);
  const [request] = requests;
  const probe = seen.find(({ step }) => step === "probe");
  const last = seen.findLast(({ set }) => set)?.set ?? [...got.values()].findLast(({ set }) => set)?.set;
  const result = got.get("request");
  // A script that reads document.cookie could read the cookie if its value is there.
  const read = result?.read || (last && result?.lines.some((line) => line.includes(last)));
  const header = (/** @type {string} */ name) => request?.headers.find(([of]) => of === name)?.[1] ?? "absent";
  /** Those that only some experiments ask for. @type {Observed} */
  const more = {
    done: yes(request?.side_effect),
    count: `${request?.cookies.filter(([name]) => name.endsWith(`lab-${id}`)).length ?? 0}`,
    access: header("sec-fetch-storage-access"),
    repeated: yes(requests.length > 1),
    exposed: "no",
    ...result?.answers,
  };
  /** @type {Observed} */
  const observed = {
    reached: yes(request),
    sent: yes(requests.some(({ cookies }) => cookies.length)),
    stored: yes(last && probe?.cookies.some(([, value]) => value === last)),
    read: yes(read),
    site: header("sec-fetch-site"),
  };
  const asked = Object.entries(more).filter(([question]) => question in predicted);
  return { ...observed, ...Object.fromEntries(asked) };
}

/**
 * Shows the observed answers. `labels` has a label for each answer, as the page has for the predicted ones.
 * @param {HTMLElement} card @param {Experiment} experiment @param {Observed} observed
 * @param {Record<string, Record<string, string>>} labels
 */
export function showVerdicts(card, experiment, observed, labels) {
  const { engine, name } = browser();
  let different = 0;
  for (const [key, value] of Object.entries(observed)) {
    const question = /** @type {Question} */ (key);
    const [predicted, otherwise] = experiment.predicted[question] ?? [value, ""];
    const same = predicted === value;
    if (!same) different++;
    const mark = /** @type {HTMLElement | null} */ (card.querySelector(`.mark[data-question=${question}]`));
    const verdict = /** @type {HTMLElement | null} */ (card.querySelector(`.verdict[data-question=${question}]`));
    if (mark) {
      mark.textContent = labels[question]?.[value] ?? value;
      mark.dataset.value = value;
      mark.dataset.same = `${same}`;
    }
    if (!verdict) continue;
    verdict.dataset.same = `${same}`;
    setText(verdict, "observed", SHOWN[value] ?? value);
    const known = experiment.exceptions.find(([of, about, is]) => of === engine && about === question && is === value);
    setText(verdict, "difference", same ? "" : known ? `Known for ${name}: ${known[3]}` : otherwise);
    const difference = find(verdict, "difference");
    if (difference) difference.hidden = same;
  }
  card.querySelector(".marks")?.setAttribute("aria-label", "Observed");
  card.dataset.state = different ? "different" : "same";
  card.dataset.observed = JSON.stringify(observed);
  setText(card, "outcome", different ? `${different} not as predicted` : "as predicted");
}

/**
 * Shows the requests and responses, as the servers and as the page saw them.
 * @param {HTMLElement} card @param {Experiment} experiment @param {Seen[]} seen @param {Map<string, Got>} got
 */
export function showExchanges(card, { steps }, seen, got) {
  const wire = find(card, "wire");
  if (!wire) return;
  const lines = (/** @type {[string, string][]} */ headers) => headers.map((pair) => pair.join(": "));
  const block = (/** @type {string} */ title, /** @type {string[]} */ text) => {
    const code = element("code", {}, text.join("\n").trim());
    return element("div", {}, element("h5", {}, title), element("pre", { tabindex: "0" }, code));
  };
  const exchanges = steps.flatMap(([key]) => {
    const rows = seen.filter(({ step }) => step === key).map(({ line, headers, status, answer, preflight }) => [
      block(preflight ? "The server received a preflight" : "The server received", [line, ...lines(headers)]),
      block("The server responded", [`${status}`, ...lines(answer)]),
    ]);
    if (!rows.length) rows.push([block("The server received", ["Nothing."])]);
    rows.at(-1)?.push(block("The page got", got.get(key)?.lines ?? []));
    const heading = element("h4", {}, HEADINGS[key] ?? "Before the request");
    return [heading, ...rows.map((blocks) => element("div", { class: "exchange" }, ...blocks))];
  });
  wire.replaceChildren(element("details", {}, element("summary", {}, "Requests and responses"), ...exchanges));
  wire.hidden = false;
}

/** The number of verdicts as predicted. @param {HTMLElement[]} cards */
export function tally(cards) {
  const verdicts = cards.flatMap((card) => [...card.querySelectorAll(".verdict")]);
  const same = verdicts.filter((verdict) => /** @type {HTMLElement} */ (verdict).dataset.same === "true").length;
  if (same === verdicts.length) return `All ${same} verdicts are as predicted.`;
  const other = verdicts.length - same;
  return `${same} of ${verdicts.length} verdicts are as predicted; the other ${other} are explained next to them.`;
}

/** The results as a table to share. @param {HTMLElement[]} cards */
export function markdown(cards) {
  const rows = cards.map((card) => {
    const { title, predicted } = record(card);
    const observed = /** @type {Observed} */ (JSON.parse(card.dataset.observed ?? "{}"));
    const cells = COLUMNS.map(([question]) => {
      const value = observed[question];
      const [expected] = predicted[question] ?? [];
      return value === undefined ? "" : value === expected ? value : `**${value}** (predicted ${expected})`;
    });
    const known = COLUMNS.map(([question]) => `${question}`);
    const others = Object.entries(observed).filter(([question]) => !known.includes(question));
    const more = others.map(([question, value]) => {
      const [expected] = predicted[/** @type {Question} */ (question)] ?? [];
      return value === expected ? `${question}: ${value}` : `**${question}: ${value}** (predicted ${expected})`;
    });
    return `| ${[title, ...cells, more.join("<br>")].join(" | ")} |`;
  });
  return [
    `## The Lab in ${browser().name}, ${new Date().toISOString().slice(0, 10)}`,
    "",
    tally(cards),
    "",
    `| | ${COLUMNS.map(([, heading]) => heading).join(" | ")} | More |`,
    `|---|${COLUMNS.map(() => "---|").join("")}---|`,
    ...rows,
    "",
  ].join("\n");
}

/** This browser, by its user agent. @returns {{ engine: Engine, name: string }} */
export function browser() {
  const { userAgent } = navigator;
  /** @type {[RegExp, Engine, string][]} */
  const browsers = [
    [/Firefox\/(\d+)/, "firefox", "Firefox"],
    [/Edg\/(\d+)/, "chromium", "Edge"],
    [/OPR\/(\d+)/, "chromium", "Opera"],
    [/Chrom(?:e|ium)\/(\d+)/, "chromium", "Chrome"],
    [/Version\/([\d.]+).*Safari/, "webkit", /Linux/.test(userAgent) ? "WebKitGTK" : "Safari"],
  ];
  for (const [pattern, engine, name] of browsers) {
    const found = pattern.exec(userAgent);
    if (found) return { engine, name: `${name} ${found[1]}` };
  }
  return { engine: "webkit", name: "this browser" };
}

/** The element marked with `data-lab`. @param {ParentNode} parent @param {string} name */
export function find(parent, name) {
  return /** @type {HTMLElement | null} */ (parent.querySelector(`[data-lab="${name}"]`));
}

/** Sets the text of such an element. @param {ParentNode} parent @param {string} name @param {string} text */
export function setText(parent, name, text) {
  const target = find(parent, name);
  if (target) target.textContent = text;
}
