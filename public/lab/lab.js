// @ts-check
// The Lab's page: it runs the experiments on the page, as their records say. It refers to no experiment by name.

import { FRAME_TIMEOUT, element, perform } from "./requests.js";
import { browser, find, markdown, observe, record, setText, showExchanges, showVerdicts, tally } from "./results.js";

/** @import { Got, Origin, Step, Task } from "./requests.js" */
/** @import { Experiment, Observed, Seen } from "./results.js" */

/** @param {HTMLElement} root */
function initPage(root) {
  const { app = "", sameSite = "", crossSite = "", labels = "{}" } = root.dataset;
  const lab = new Lab({ app, "same-site": sameSite, "cross-site": crossSite });
  const labelsByQuestion = JSON.parse(labels);
  const runAllButton = find(root, "run-all");
  const copyButton = find(root, "copy");
  const progress = /** @type {HTMLProgressElement | null} */ (find(root, "progress"));
  const cards = () =>
    /** @type {HTMLDetailsElement[]} */ ([...root.querySelectorAll(".experiment:not([data-lab=bench] *)")]);
  let busy = false;

  /** @param {string} text */
  const setStatus = (text) => setText(root, "status", text);

  /**
   * Runs experiments one after the other. False if others are running or one could not be run.
   * @param {HTMLDetailsElement[]} cards @param {(done: number) => void} [onProgress]
   */
  async function run(cards, onProgress) {
    if (busy) return false;
    busy = true;
    root.setAttribute("aria-busy", "true");
    try {
      for (const [index, card] of cards.entries()) {
        card.dataset.state = "running";
        const experiment = record(card);
        const { observed, seen, got } = await lab.run(experiment);
        showVerdicts(card, experiment, observed, labelsByQuestion);
        showExchanges(card, experiment, seen, got);
        onProgress?.(index + 1);
      }
      return true;
    } catch (error) {
      for (const card of cards) if (card.dataset.state === "running") card.dataset.state = "failed";
      setStatus(`Stopped: ${error instanceof Error ? error.message : error} Try again in a moment.`);
      return false;
    } finally {
      lab.removeFrames();
      busy = false;
      root.removeAttribute("aria-busy");
    }
  }

  /** @param {HTMLDetailsElement} card */
  async function runOne(card) {
    const button = find(card, "run");
    button?.setAttribute("aria-busy", "true");
    const ended = await run([card]);
    button?.removeAttribute("aria-busy");
    if (!ended) return;
    setStatus(`“${record(card).title}” has been run. ${tally([card])}`);
    if (copyButton && cards().every(({ dataset }) => dataset.observed)) copyButton.hidden = false;
  }

  async function runAll() {
    const all = cards();
    const began = performance.now();
    runAllButton?.setAttribute("aria-busy", "true");
    if (progress) progress.hidden = false;
    const ended = await run(all, (done) => {
      if (progress) progress.value = done;
      setStatus(`${done} of ${all.length} experiments have been run.`);
    });
    runAllButton?.removeAttribute("aria-busy");
    if (progress) progress.hidden = true;
    if (!ended) return;
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    setStatus(`${all.length} experiments in ${seconds} s, in ${browser().name}. ${tally(all)}`);
    if (copyButton) copyButton.hidden = false;
    root.dataset.ran = seconds;
  }

  /** Shows and runs the experiment for the current switches. @param {HTMLFormElement} form */
  async function flip(form) {
    const bench = form.closest("[data-lab=bench]");
    const switches = () => `${new URLSearchParams(/** @type {[string, string][]} */ ([...new FormData(form)]))}`;
    const query = switches();
    const page = await loaded(`/lab?${query}`);
    if (!page || !bench) return setStatus("The Lab does not respond. Try again in a moment.");
    const next = page.querySelector("[data-lab=bench] .experiment");
    // Another switch may have been flipped in the meantime.
    if (!next || switches() !== query) return;
    const card = /** @type {HTMLDetailsElement} */ (document.adoptNode(next));
    bench.querySelector(".experiment")?.replaceWith(card);
    enableButtons(card);
    await runOne(card);
  }

  async function copy() {
    const text = markdown(cards());
    const copied = await navigator.clipboard?.writeText(text).then(() => true, () => false);
    if (!copied) showText(root, text);
    toast(copied ? "Copied" : "Your browser does not allow copying here. Select the text and copy it.");
  }

  runAllButton?.addEventListener("click", runAll);
  copyButton?.addEventListener("click", copy);
  root.addEventListener("click", ({ target }) => {
    const button = target instanceof Element ? target.closest("[data-lab=run]") : null;
    const card = /** @type {HTMLDetailsElement | null} */ (button?.closest(".experiment") ?? null);
    if (card) return runOne(card);
  });
  root.addEventListener("change", ({ target }) => {
    const form = target instanceof Element ? target.closest("form") : null;
    if (form?.dataset.lab === "switches") return flip(form);
  });
  enableButtons(root);
  openByHash(root);
  addEventListener("hashchange", () => openByHash(root));
  root.dataset.ready = "";
}

/** Runs experiments against the app and its peer. */
class Lab {
  /** @type {{ session: string, token: string } | undefined} */
  #session;
  /** The pages of other origins, by their URL. @type {Map<string, Promise<HTMLIFrameElement>>} */
  #frames = new Map();

  /** @param {Record<Origin, string>} origins */
  constructor(origins) {
    this.origins = origins;
  }

  /**
   * @param {Experiment} experiment
   * @returns {Promise<{ observed: Observed, seen: Seen[], got: Map<string, Got> }>}
   */
  async run(experiment) {
    this.#session ??= await this.#createSession();
    await Promise.all([this.#begin(experiment.id), this.#clean(experiment)]);
    /** @type {Map<string, Got>} */
    const got = new Map();
    for (const [key, step] of experiment.steps) got.set(key, await this.#make(experiment.id, key, step));
    const [ended] = await Promise.all([this.#post(`${experiment.id}/end`), this.#clean(experiment)]);
    const seen = /** @type {Seen[]} */ (await ended.json());
    return { observed: observe(experiment, seen, got), seen, got };
  }

  removeFrames() {
    for (const frame of this.#frames.values()) frame.then((frame) => frame.remove(), () => {});
    this.#frames.clear();
  }

  /** @param {string} id */
  async #begin(id) {
    const begun = await this.#post(`${id}/begin`, [404]);
    if (begun.ok) return;
    // The session has expired.
    this.#session = await this.#createSession();
    await this.#post(`${id}/begin`);
  }

  /** @returns {Promise<{ session: string, token: string }>} */
  async #createSession() {
    const response = await fetch("/lab/sessions", { method: "POST" });
    if (!response.ok) throw new Error("The Lab could not start a session.");
    return response.json();
  }

  /** @param {string} path @param {number[]} [expected] */
  async #post(path, expected = []) {
    const response = await fetch(`/lab/sessions/${this.#session?.session}/${path}`, { method: "POST" });
    if (!response.ok && !expected.includes(response.status)) {
      throw new Error(`The Lab responded with ${response.status}.`);
    }
    return response;
  }

  /** Removes the cookies that the peer has set. Only the host that set them can. @param {Experiment} experiment */
  async #clean({ id, targets }) {
    const peers = targets.filter((origin) => origin !== "app");
    const clean = (/** @type {Origin} */ origin) =>
      fetch(`${this.origins[origin]}/lab/clean/${this.#session?.session}/${id}`, {
        method: "POST",
        credentials: "include",
      });
    await Promise.all(peers.map(clean)).catch(() => {
      throw new Error("The Lab's peer does not respond.");
    });
  }

  /** @param {string} id @param {string} key @param {Step} step @returns {Promise<Got>} */
  async #make(id, key, step) {
    const { session = "", token = "" } = this.#session ?? {};
    const url = `${this.origins[step.to]}/lab/${step.endpoint}/${session}/${id}/${key}`;
    const task = { step, url, token, cookie: `lab-${id}` };
    return step.from === "app" ? perform(task) : this.#performInFrame(task);
  }

  /** Has a page of another origin make a request. @param {Task} task @returns {Promise<Got>} */
  async #performInFrame(task) {
    const { from: origin, page } = task.step;
    const frame = await this.#frame(origin, page);
    const { port1, port2 } = new MessageChannel();
    return new Promise((resolve, reject) => {
      setTimeout(() => reject(new Error("The page in the frame does not respond.")), FRAME_TIMEOUT);
      port1.onmessage = ({ data }) => resolve(data);
      frame.contentWindow?.postMessage(task, this.origins[origin], [port2]);
    });
  }

  /** @param {Origin} origin @param {Step["page"]} page */
  #frame(origin, page) {
    const src = `${this.origins[origin]}/lab/frame${page === "open" ? "" : `/${page}`}`;
    let frame = this.#frames.get(src);
    if (!frame) {
      frame = new Promise((resolve) => {
        const frame = element("iframe", {
          src,
          title: `A ${origin} page`,
          class: "unseen",
          tabindex: "-1",
          "aria-hidden": "true",
        });
        frame.addEventListener("load", () => resolve(frame), { once: true });
        document.body.append(frame);
      });
      this.#frames.set(src, frame);
    }
    return frame;
  }
}

/** Enables the buttons, which do nothing without this script. @param {Element} parent */
function enableButtons(parent) {
  for (const button of parent.querySelectorAll("button[disabled]")) button.removeAttribute("disabled");
}

/**
 * The page at `url`; `null` if there is none. With Trusted Types, `DOMParser` takes no HTML that has scripts, but a
 * request may be answered with a document, in which nothing runs.
 * @param {string} url @returns {Promise<Document | null>}
 */
function loaded(url) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("GET", url);
    request.responseType = "document";
    request.onload = () => resolve(request.status === 200 ? request.responseXML : null);
    request.onerror = () => resolve(null);
    request.send();
  });
}

/** Opens the experiment that the address names. @param {HTMLElement} root */
function openByHash(root) {
  if (!location.hash) return;
  const card = root.querySelector(`#${CSS.escape(location.hash.slice(1))}`);
  if (card instanceof HTMLDetailsElement) card.open = true;
}

/** Shows a text to copy by hand. @param {HTMLElement} root @param {string} text */
function showText(root, text) {
  const attributes = { readonly: "", rows: "14", "aria-label": "The results as Markdown" };
  const field = root.querySelector("textarea") ?? element("textarea", attributes);
  field.value = text;
  find(root, "status")?.after(field);
  field.select();
}

/** @param {string} text */
function toast(text) {
  const toasts = document.querySelector("#toasts");
  if (!toasts) return;
  toasts.replaceChildren(element("p", {}, text));
  setTimeout(() => toasts.replaceChildren(), 4000);
}

const root = /** @type {HTMLElement | null} */ (document.querySelector("[data-lab=page]"));
if (root) initPage(root);
