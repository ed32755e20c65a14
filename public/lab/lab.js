// @ts-check
// The Lab's engine. It makes the requests that an experiment's record describes, on the page of the house and, in frames, on
// pages of the two other origins, and sets what came of them beside what was predicted. It knows no experiment by name.

/** @typedef {"house" | "neighbour" | "stranger"} Place */
/** @typedef {"reached" | "sent" | "stored" | "read" | "site" | "done"} What */
/** @typedef {"chromium" | "firefox" | "webkit"} Engine */

/**
 * One request.
 * @typedef {object} Step
 * @property {Place} from
 * @property {Place} to
 * @property {"at" | "guarded" | "proxy"} door
 * @property {"fetch" | "form" | "script"} how
 * @property {"GET" | "POST"} method
 * @property {RequestCredentials} credentials
 * @property {RequestMode} mode
 * @property {[string, string][]} headers
 */

/**
 * What there is to know of an experiment before it is run.
 * @typedef {object} Experiment
 * @property {string} id
 * @property {string} title
 * @property {[string, Step][]} steps
 * @property {Place[]} places
 * @property {Partial<Record<What, [value: string, otherwise: string]>>} foreseen
 * @property {[Engine, What, string, string][]} exceptions
 */

/**
 * One request as the server saw it.
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
 * @property {boolean} deed
 */

/**
 * What the page got of an answer.
 * @typedef {object} Got
 * @property {boolean} read
 * @property {string[]} lines
 */

/** @typedef {Partial<Record<What, string>>} Observed */
/** @typedef {{ step: Step, url: string, token: string }} Errand */

/** The headers of an answer that have to do with any of this. */
const MATTERS = /^(access-control-|content-type$|vary$|www-authenticate$)/;

/** How long a page in a frame may take, in milliseconds. */
const PATIENCE = 4000;

/* Making a request, on whatever page this is. */

/** @param {Errand} errand @returns {Promise<Got>} */
function perform({ step, url, token }) {
  if (step.how === "form") return byForm(url, step);
  if (step.how === "script") return Promise.resolve({ read: false, lines: [document.cookie || "(no cookie)"] });
  return byFetch(url, step, token);
}

/** @param {string} url @param {Step} step @param {string} token @returns {Promise<Got>} */
async function byFetch(url, { method, mode, credentials, headers }, token) {
  const own = headers.map(([name, value]) => /** @type {[string, string]} */ ([name, value.replace("{token}", token)]));
  // A body of the one kind that forms have needs no preflight.
  const body = method === "POST" ? new URLSearchParams({ lab: "1" }) : undefined;
  try {
    const response = await fetch(url, { method, mode, credentials, headers: own, body, cache: "no-store" });
    if (response.type === "opaque") return { read: false, lines: ["An opaque answer: no status, no headers, no body."] };
    const text = await response.text();
    const lines = [...response.headers].filter(([name]) => MATTERS.test(name)).map(([name, value]) => `${name}: ${value}`);
    return { read: true, lines: [`${response.status} ${response.statusText}`, ...lines, "", text.trim().slice(0, 300)] };
  } catch (error) {
    return { read: false, lines: [String(error), "The page is not told why."] };
  }
}

/** @param {string} url @param {Step} step @returns {Promise<Got>} */
async function byForm(url, { method }) {
  const frame = element("iframe", { name: "answer" });
  const form = element("form", { action: url, method, target: "answer" }, element("input", { type: "hidden", name: "lab", value: "1" }));
  document.body.append(frame, form);
  /** The answer's document, if the browser lets us have it. The frame's first one is nobody's. */
  const inside = () => {
    try {
      const { contentDocument } = frame;
      return contentDocument?.URL === "about:blank" ? undefined : contentDocument;
    } catch {
      return null;
    }
  };
  const answered = new Promise((resolve) => {
    frame.addEventListener("load", () => inside() !== undefined && resolve(null));
    setTimeout(resolve, PATIENCE / 2);
  });
  form.submit();
  await answered;
  const text = inside()?.body?.textContent?.trim();
  frame.remove();
  form.remove();
  return text ? { read: true, lines: [text.slice(0, 300)] } : { read: false, lines: ["A frame with a document of another origin."] };
}

/* A page of another origin: it does what the page of the house says, and nobody else. */

/** @param {string} house */
function beFrame(house) {
  addEventListener("message", async ({ origin, data, ports: [port] }) => {
    if (origin !== house || !port) return;
    port.postMessage(await perform(data));
  });
}

/* The page of the house. */

/** @param {HTMLElement} root */
function bePage(root) {
  const lab = new Lab(/** @type {Record<Place, string>} */ ({ ...root.dataset }));
  const runAll = find(root, "run-all");
  const copy = find(root, "copy");
  const status = find(root, "status");
  const progress = /** @type {HTMLProgressElement | null} */ (find(root, "progress"));
  const all = () => /** @type {HTMLDetailsElement[]} */ ([...root.querySelectorAll(".experiment:not([data-lab=bench] *)")]);
  let busy = false;

  /** @param {string} text */
  const say = (text) => {
    if (status) status.textContent = text;
  };

  /** Runs one after the other, unless some are running. @param {HTMLDetailsElement[]} cards @param {(done: number) => void} [tell] */
  async function run(cards, tell) {
    if (busy) return false;
    busy = true;
    root.setAttribute("aria-busy", "true");
    try {
      for (const [index, card] of cards.entries()) {
        card.dataset.state = "running";
        const experiment = record(card);
        const { observed, seen, got } = await lab.run(experiment);
        show(card, experiment, observed);
        showWire(card, experiment, seen, got);
        tell?.(index + 1);
      }
      return true;
    } catch (error) {
      for (const card of cards) if (card.dataset.state === "running") card.dataset.state = "failed";
      say(`Stopped: ${error instanceof Error ? error.message : error} Try again in a moment.`);
      return false;
    } finally {
      lab.leave();
      busy = false;
      root.removeAttribute("aria-busy");
    }
  }

  runAll?.addEventListener("click", async () => {
    const cards = all();
    const began = performance.now();
    runAll.setAttribute("aria-busy", "true");
    if (progress) progress.hidden = false;
    const ended = await run(cards, (done) => {
      if (progress) progress.value = done;
      say(`${done} of ${cards.length} experiments run.`);
    });
    runAll.removeAttribute("aria-busy");
    if (progress) progress.hidden = true;
    if (!ended) return;
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    say(`${cards.length} experiments in ${seconds} s, in ${browser().name}. ${tally(cards)}`);
    if (copy) copy.hidden = false;
    root.dataset.ran = seconds;
  });

  copy?.addEventListener("click", async () => {
    const text = markdown(all());
    const done = await navigator.clipboard?.writeText(text).then(() => true, () => false);
    if (!done) showText(root, text);
    toast(done ? "Copied" : "The browser did not let us copy. Select the text and copy it by hand.");
  });

  root.addEventListener("click", async ({ target }) => {
    const button = target instanceof Element ? target.closest("[data-lab=run]") : null;
    const card = /** @type {HTMLDetailsElement | null} */ (button?.closest(".experiment") ?? null);
    if (!button || !card) return;
    button.setAttribute("aria-busy", "true");
    const ended = await run([card]);
    button.removeAttribute("aria-busy");
    if (ended) say(`“${record(card).title}” was run. ${tally([card])}`);
    if (ended && all().every(({ dataset }) => dataset.observed) && copy) copy.hidden = false;
  });

  root.addEventListener("change", async ({ target }) => {
    const form = target instanceof Element ? target.closest("form") : null;
    if (form?.dataset.lab === "switches") await flip(form);
  });

  /** Shows the experiment of the switches as they stand now, and runs it. @param {HTMLFormElement} form */
  async function flip(form) {
    const bench = form.closest("[data-lab=bench]");
    const query = new URLSearchParams(/** @type {[string, string][]} */ ([...new FormData(form)]));
    const response = await fetch(`/lab?${query}`).catch(() => null);
    if (!response?.ok || !bench) return say("The Lab does not answer. Try again in a moment.");
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const next = page.querySelector("[data-lab=bench] .experiment");
    const now = new URLSearchParams(/** @type {[string, string][]} */ ([...new FormData(form)]));
    // Somebody who flips fast sees the last position only.
    if (!next || `${now}` !== `${query}`) return;
    const card = /** @type {HTMLDetailsElement} */ (document.adoptNode(next));
    bench.querySelector(".experiment")?.replaceWith(card);
    ready(card);
    if (await run([card])) say(`“${record(card).title}” was run. ${tally([card])}`);
  }

  /** @param {Element} within */
  const ready = (within) => {
    for (const button of within.querySelectorAll("button[disabled]")) button.removeAttribute("disabled");
  };
  ready(root);
  if (location.hash) openNamed(root);
  addEventListener("hashchange", () => openNamed(root));
  root.dataset.ready = "";
}

/** Runs experiments against the two servers. */
class Lab {
  /** @type {{ visit: string, token: string } | undefined} */
  #visit;
  /** @type {Map<Place, Promise<HTMLIFrameElement>>} */
  #frames = new Map();

  /** @param {Record<Place, string>} origins */
  constructor(origins) {
    this.origins = origins;
  }

  /** @param {Experiment} experiment @returns {Promise<{ observed: Observed, seen: Seen[], got: Map<string, Got> }>} */
  async run(experiment) {
    this.#visit ??= await this.#admit();
    await Promise.all([this.#begin(experiment.id), this.#clean(experiment)]);
    /** @type {Map<string, Got>} */
    const got = new Map();
    for (const [key, step] of experiment.steps) got.set(key, await this.#make(experiment.id, key, step));
    const [ended] = await Promise.all([this.#ask(`${experiment.id}/end`), this.#clean(experiment)]);
    const seen = /** @type {Seen[]} */ (await ended.json());
    return { observed: observe(experiment, seen, got), seen, got };
  }

  /** Takes the frames away. */
  leave() {
    for (const frame of this.#frames.values()) frame.then((frame) => frame.remove(), () => {});
    this.#frames.clear();
  }

  /** @param {string} id */
  async #begin(id) {
    const begun = await this.#ask(`${id}/begin`, [404]);
    if (begun.ok) return;
    // The visit is over.
    this.#visit = await this.#admit();
    await this.#ask(`${id}/begin`);
  }

  /** @returns {Promise<{ visit: string, token: string }>} */
  async #admit() {
    const response = await fetch("/lab/visits", { method: "POST" });
    if (!response.ok) throw new Error("The Lab lets nobody in.");
    return response.json();
  }

  /** @param {string} path @param {number[]} [expected] */
  async #ask(path, expected = []) {
    const response = await fetch(`/lab/visits/${this.#visit?.visit}/${path}`, { method: "POST" });
    if (!response.ok && !expected.includes(response.status)) throw new Error(`The Lab answers with ${response.status}.`);
    return response;
  }

  /** What other hosts set, they take back themselves. @param {Experiment} experiment */
  async #clean({ id, places }) {
    const others = places.filter((place) => place !== "house");
    const ask = (/** @type {Place} */ place) =>
      fetch(`${this.origins[place]}/lab/clean/${this.#visit?.visit}/${id}`, { method: "POST", credentials: "include" });
    await Promise.all(others.map(ask)).catch(() => {
      throw new Error("The Lab's peer does not answer.");
    });
  }

  /** @param {string} id @param {string} key @param {Step} step @returns {Promise<Got>} */
  async #make(id, key, step) {
    const { visit = "", token = "" } = this.#visit ?? {};
    const errand = { step, url: `${this.origins[step.to]}/lab/${step.door}/${visit}/${id}/${key}`, token };
    if (step.from === "house") return perform(errand);
    return this.#send(step.from, errand);
  }

  /** Has a page of another origin do it. @param {Place} place @param {Errand} errand @returns {Promise<Got>} */
  async #send(place, errand) {
    const frame = await this.#frame(place);
    const { port1, port2 } = new MessageChannel();
    return new Promise((resolve, reject) => {
      setTimeout(() => reject(new Error("The page in the frame does not answer.")), PATIENCE);
      port1.onmessage = ({ data }) => resolve(data);
      frame.contentWindow?.postMessage(errand, this.origins[place], [port2]);
    });
  }

  /** @param {Place} place */
  #frame(place) {
    let frame = this.#frames.get(place);
    if (!frame) {
      frame = new Promise((resolve) => {
        const frame = element("iframe", { src: `${this.origins[place]}/lab/frame`, title: `A page of the ${place}`, class: "unseen", tabindex: "-1" });
        frame.setAttribute("aria-hidden", "true");
        frame.addEventListener("load", () => resolve(frame), { once: true });
        document.body.append(frame);
      });
      this.#frames.set(place, frame);
    }
    return frame;
  }
}

/** @param {Experiment} experiment @param {Seen[]} seen @param {Map<string, Got>} got @returns {Observed} */
function observe({ foreseen }, seen, got) {
  const yes = (/** @type {unknown} */ is) => (is ? "yes" : "no");
  const request = seen.find(({ step, preflight }) => step === "request" && !preflight);
  const probe = seen.find(({ step }) => step === "probe");
  const last = seen.findLast(({ set }) => set)?.set;
  const result = got.get("request");
  // A script that reads document.cookie has read it if what the server set is there.
  const read = result?.read || (last && result?.lines.some((line) => line.includes(last)));
  return {
    reached: yes(request),
    sent: yes(request?.cookies.length),
    stored: yes(last && probe?.cookies.some(([, value]) => value === last)),
    read: yes(read),
    site: request?.headers.find(([name]) => name === "sec-fetch-site")?.[1] ?? "absent",
    ...(foreseen.done && { done: yes(request?.deed) }),
  };
}

/* Showing it. */

/** As the page has them from the start. @type {Record<What, [yes: string, no: string]>} */
const WORDS = {
  reached: ["reached", "not reached"],
  sent: ["cookie sent", "no cookie sent"],
  stored: ["stored", "not stored"],
  read: ["readable", "not readable"],
  done: ["done", "not done"],
  site: ["", "no Sec-Fetch-Site"],
};

/** @param {What} what @param {string} value */
function word(what, value) {
  if (what === "site" && value !== "absent") return value;
  return WORDS[what][value === "yes" ? 0 : 1];
}

/** @param {HTMLElement} card @returns {Experiment} */
function record(card) {
  return JSON.parse(card.dataset.record ?? "");
}

/** @param {HTMLElement} card @param {Experiment} experiment @param {Observed} observed */
function show(card, experiment, observed) {
  const { engine, name } = browser();
  let different = 0;
  for (const [key, value] of Object.entries(observed)) {
    const what = /** @type {What} */ (key);
    const [foreseen, otherwise] = experiment.foreseen[what] ?? [value, ""];
    const same = foreseen === value;
    if (!same) different++;
    const mark = /** @type {HTMLElement | null} */ (card.querySelector(`.mark[data-what=${what}]`));
    const verdict = /** @type {HTMLElement | null} */ (card.querySelector(`.verdict[data-what=${what}]`));
    if (mark) {
      mark.textContent = word(what, value);
      mark.dataset.value = value;
      mark.dataset.same = `${same}`;
    }
    if (!verdict) continue;
    verdict.dataset.same = `${same}`;
    const said = find(verdict, "observed");
    if (said) said.textContent = value === "absent" ? "nothing" : value;
    const difference = find(verdict, "difference");
    if (!difference) continue;
    const known = experiment.exceptions.find(([of, about, is]) => of === engine && about === what && is === value);
    difference.hidden = same;
    difference.textContent = same ? "" : known ? `Known of ${name}: ${known[3]}` : otherwise;
  }
  card.querySelector(".marks")?.setAttribute("aria-label", "Observed");
  card.dataset.state = different ? "different" : "same";
  card.dataset.observed = JSON.stringify(observed);
  const outcome = find(card, "outcome");
  if (outcome) outcome.textContent = different ? `${different} otherwise than predicted` : "as predicted";
}

/** @param {HTMLElement} card @param {Experiment} experiment @param {Seen[]} seen @param {Map<string, Got>} got */
function showWire(card, { steps }, seen, got) {
  const wire = find(card, "wire");
  if (!wire) return;
  const lines = (/** @type {[string, string][]} */ headers) => headers.map(([name, value]) => `${name}: ${value}`);
  const block = (/** @type {string} */ title, /** @type {string[]} */ text) =>
    element("div", {}, element("h5", {}, title), element("pre", { tabindex: "0" }, element("code", {}, text.join("\n").trim())));
  const names = new Map(steps.map(([key]) => [key, key === "request" ? "The request" : key === "probe" ? "Looking which cookies arrive" : "First"]));
  const exchanges = steps.flatMap(([key]) => {
    const theirs = seen.filter(({ step }) => step === key);
    const asked = theirs.map(({ line, headers, status, answer, preflight }) => [
      block(preflight ? "The server was asked" : "The server saw", [line, ...lines(headers)]),
      block("The server answered", [`${status}`, ...lines(answer)]),
    ]);
    const page = block("The page got", got.get(key)?.lines ?? []);
    return [element("h4", {}, names.get(key) ?? ""), ...(asked.length ? asked : [[block("The server saw", ["Nothing."])]]).map((blocks, index, all) =>
      element("div", { class: "exchange" }, ...blocks, ...(index === all.length - 1 ? [page] : [])))];
  });
  wire.replaceChildren(element("details", {}, element("summary", {}, "On the wire"), ...exchanges));
  wire.hidden = false;
}

/** @param {HTMLElement[]} cards */
function tally(cards) {
  const verdicts = cards.flatMap((card) => [...card.querySelectorAll(".verdict")]);
  const same = verdicts.filter((verdict) => /** @type {HTMLElement} */ (verdict).dataset.same === "true").length;
  const other = verdicts.length - same;
  return other ? `${same} of ${verdicts.length} verdicts are as predicted; the other ${other} have their reasons beside them.` : `All ${same} verdicts are as predicted.`;
}

/** The results as a table to share. @param {HTMLElement[]} cards */
function markdown(cards) {
  const { name } = browser();
  const rows = cards.map((card) => {
    const { title, foreseen } = record(card);
    const observed = /** @type {Observed} */ (JSON.parse(card.dataset.observed ?? "{}"));
    const cell = (/** @type {What} */ what) => {
      const [predicted] = foreseen[what] ?? [];
      const value = observed[what];
      return value === undefined ? "" : value === predicted ? value : `**${value}** (predicted ${predicted})`;
    };
    return `| ${[title, ...(/** @type {const} */ (["reached", "sent", "stored", "read", "site", "done"])).map(cell)].join(" | ")} |`;
  });
  return [
    `## The Lab in ${name}, ${new Date().toISOString().slice(0, 10)}`,
    "",
    tally(cards),
    "",
    "| | Reached | Cookie sent | Stored | Readable | Sec-Fetch-Site | Done |",
    "|---|---|---|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}

/** @param {HTMLElement} root @param {string} text */
function showText(root, text) {
  const field = root.querySelector("textarea") ?? element("textarea", { readonly: "", rows: "14", "aria-label": "The results as Markdown" });
  /** @type {HTMLTextAreaElement} */ (field).value = text;
  find(root, "status")?.after(field);
  /** @type {HTMLTextAreaElement} */ (field).select();
}

/** @param {string} text */
function toast(text) {
  const toasts = document.querySelector("#toasts");
  if (!toasts) return;
  toasts.replaceChildren(element("p", {}, text));
  setTimeout(() => toasts.replaceChildren(), 4000);
}

/** What this browser is, as it says itself. @returns {{ engine: Engine, name: string }} */
function browser() {
  const { userAgent } = navigator;
  /** @type {[RegExp, Engine, string][]} */
  const known = [
    [/Firefox\/(\d+)/, "firefox", "Firefox"],
    [/Edg\/(\d+)/, "chromium", "Edge"],
    [/OPR\/(\d+)/, "chromium", "Opera"],
    [/Chrom(?:e|ium)\/(\d+)/, "chromium", "Chrome"],
    [/Version\/([\d.]+).*Safari/, "webkit", /Linux/.test(userAgent) ? "WebKitGTK" : "Safari"],
  ];
  for (const [pattern, engine, name] of known) {
    const found = pattern.exec(userAgent);
    if (found) return { engine, name: `${name} ${found[1]}` };
  }
  return { engine: "webkit", name: "this browser" };
}

/** Opens the experiment that the address names. @param {HTMLElement} root */
function openNamed(root) {
  const named = root.querySelector(`#${CSS.escape(location.hash.slice(1))}`);
  if (named instanceof HTMLDetailsElement) named.open = true;
}

/** @param {ParentNode} within @param {string} name */
function find(within, name) {
  return /** @type {HTMLElement | null} */ (within.querySelector(`[data-lab="${name}"]`));
}

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} name @param {Record<string, string>} attributes @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[T]}
 */
function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

const root = /** @type {HTMLElement | null} */ (document.querySelector("[data-lab=page]"));
if (root) bePage(root);
else beFrame(document.documentElement.dataset.house ?? "");
