// @ts-check
// The script of every page: dialogs, copy buttons, times, the search term in the URL, and hydrating the islands, which
// are wasm. If any of it fails, links and forms still work.

/** How long a toast is shown, in milliseconds. */
const SHOWN = 6000;
/** The delay before the URL follows the search field, in milliseconds: browsers limit changes to three a second. */
const URL_DELAY = 400;
/** The longest wait for the first paint, in milliseconds. Some browsers support the event but never send it. */
const PAINT_TIMEOUT = 2000;

/** @typedef {[name: string, inside?: Shape[]]} Shape A node as the server sent it. Leaves have no `inside`. */

// Trusted Types (docs/reports.md): no script turns text into code, nor into HTML, unless it is harmless: tags without a
// way to run anything or to load another document. The static parts of islands come this way.

/** Elements that hold code or another document, or whose content is parsed by other rules. */
const ODD = [
  "animate\\w*|base|embed|frame|frameset|iframe|link|math|meta|noembed|noframes|noscript",
  "object|plaintext|script|set|style|template|xmp",
].join("|");
const SPACE = "[ \\t\\n\\f\\r]";
const URLS = '(?:href|src|action|formaction)="(?:(?:https?://|mailto:|[/?#])[^"<>]*|[^"<>:&]*)"';
const ATTRIBUTE = `(?!on|style|srcdoc|href|src|action|formaction|xlink)[a-z][a-z0-9:-]*(?:="[^"<>]*")?`;
const NAME = `(?!(?:${ODD})(?:${SPACE}|[/>]))[a-z][a-z0-9-]*`;
const TAG = `</?${NAME}(?:${SPACE}+(?:${URLS}|${ATTRIBUTE}))*${SPACE}*/?>`;
const HARMLESS = new RegExp(`^(?:[^<]|<!(?:----)?>|${TAG})*$`, "i");

const { trustedTypes } = /** @type {{ trustedTypes?: { createPolicy: (name: string, rules: object) => void } }} */ (
  globalThis
);
trustedTypes?.createPolicy("default", {
  createHTML: (/** @type {string} */ html) => (HARMLESS.test(html) ? html : null),
});

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("button") : null;
  if (button?.hasAttribute("commandfor")) command(button, event);
  if (button?.hasAttribute("data-copy")) void copy(button);
});

/**
 * Opens or closes a dialog, for browsers that do not support the attribute `command`.
 * @param {Element} button
 * @param {Event} event
 */
function command(button, event) {
  const dialog = document.getElementById(button.getAttribute("commandfor") ?? "");
  if (!(dialog instanceof HTMLDialogElement)) return;
  event.preventDefault();
  if (button.getAttribute("command") === "close") dialog.close();
  else if (!dialog.open) dialog.showModal();
}

/** @param {HTMLButtonElement} button */
async function copy(button) {
  const code = /** @type {Element} */ (button.parentElement?.querySelector("code"));
  const done = await copied(code);
  button.textContent = done ? "Copied" : "Copy";
  const keys = /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘C" : "Ctrl+C";
  toast(done ? "Copied" : `The browser blocked copying. The text is selected: press ${keys} to copy it.`);
}

/**
 * Copies the text of `code`. The clipboard API needs https; the older command copies the selection.
 * @param {Element} code
 */
async function copied(code) {
  try {
    await navigator.clipboard.writeText(code.textContent ?? "");
    return true;
  } catch {
    getSelection()?.selectAllChildren(code);
    try {
      return document.execCommand("copy");
    } catch {
      return false;
    }
  }
}

/**
 * Shows a message for a few seconds, like `ui::toast`.
 * @param {string} text
 */
function toast(text) {
  const shown = document.createElement("p");
  shown.textContent = text;
  document.querySelector("#toasts")?.replaceChildren(shown);
  setTimeout(() => shown.remove(), SHOWN);
}

// The search. The URL follows the field while the person types; each finished search gets its own history entry.

/** The search field of a hydrated island. Without hydration, the form navigates by itself. */
const searchField = () =>
  /** @type {HTMLInputElement | null} */ (document.querySelector("leptos-island[data-alive] input[type=search]"));

let finished = true;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let pause;

document.addEventListener("input", (event) => {
  if (event.target !== searchField()) return;
  clearTimeout(pause);
  pause = setTimeout(updateUrl, URL_DELAY);
});

// A search is finished when the person leaves the field or presses Enter.
document.addEventListener("change", (event) => {
  if (event.target !== searchField()) return;
  updateUrl();
  finished = true;
});

addEventListener("popstate", () => {
  clearTimeout(pause);
  finished = true;
  const field = searchField();
  const q = new URLSearchParams(location.search).get("q") ?? "";
  if (!field || field.value === q) return;
  field.value = q;
  field.dispatchEvent(new Event("input", { bubbles: true }));
});

function updateUrl() {
  clearTimeout(pause);
  const field = searchField();
  if (!field) return;
  const url = new URL(location.href);
  const current = url.searchParams.get("q") ?? "";
  if (field.value === current) return;
  url.search = field.value ? String(new URLSearchParams({ q: field.value })) : "";
  if (finished) history.pushState(null, "", url);
  else history.replaceState(null, "", url);
  finished = false;
}

// Times: kept up to date as "5 minutes ago", with the exact time in the visitor's time zone in the tooltip.

/** How often times are brought up to date, in milliseconds. */
const TIMES_INTERVAL = 20_000;
/** From how many seconds on a time is said in each unit, and up to how many of it. As in `src/ui/time.rs`. */
const UNITS = /** @type {const} */ ([
  [60, 60, "minute"],
  [3_600, 24, "hour"],
  [86_400, 60, "day"],
  [2_629_800, 12, "month"],
  [31_557_600, Infinity, "year"],
]);

updateTimes();
setInterval(updateTimes, TIMES_INTERVAL);
// Islands add times. An update changes only text, which is not observed.
new MutationObserver(updateTimes).observe(document.body, { childList: true, subtree: true });

function updateTimes() {
  for (const time of /** @type {NodeListOf<HTMLTimeElement>} */ (document.querySelectorAll("time[datetime]"))) {
    const at = new Date(time.dateTime);
    const text = time.firstChild;
    if (Number.isNaN(at.valueOf()) || !text) continue;
    const said = relative(Math.round((at.valueOf() - Date.now()) / 1000));
    if (text.nodeValue !== said) text.nodeValue = said;
    time.title = at.toLocaleString("default", { dateStyle: "full", timeStyle: "long" });
  }
}

/**
 * A time `seconds` from now (in the past if negative) in words, to the nearest unit.
 * @param {number} seconds
 */
function relative(seconds) {
  const distance = Math.abs(seconds);
  if (distance < 45) return seconds > 0 ? "in a moment" : "just now";
  let said = "";
  for (const [length, until, name] of UNITS) {
    const count = Math.max(1, Math.floor((distance + Math.floor(length / 2)) / length));
    said = `${count} ${name}${count === 1 ? "" : "s"}`;
    if (count < until) break;
  }
  return seconds > 0 ? `in ${said}` : `${said} ago`;
}

// The islands.

/** @typedef {Record<string, (island: Element) => void>} Islands */
/** @typedef {Islands & { default: (options: object) => Promise<void>, hydrate: () => void }} Site */

const { js = "", wasm = "" } = /** @type {HTMLElement} */ (document.querySelector("script[data-wasm]")).dataset;

/** @type {NodeListOf<HTMLElement>} */
const islands = document.querySelectorAll("leptos-island");
if (islands.length > 0) {
  // Load the wasm after the first paint, so that on a slow line it does not compete with styles and font; a background
  // tab is not painted at all. Each step runs in a task of its own, so that typing never waits long.
  if (!document.hidden && globalThis.PerformanceObserver?.supportedEntryTypes?.includes("paint")) await painted();
  let site = await start(js);
  for (const [index, island] of islands.entries()) {
    await nextTask();
    // Wasm that panicked may be in an inconsistent state, so the next island gets an instance of its own.
    if (!hydrate(site, island)) site = await start(`${js}?after=${index}`);
  }
}
document.documentElement.dataset.hydrated = "";

/**
 * Starts an instance of the wasm. Each URL of its JavaScript module makes a new one.
 * @param {string} address
 */
async function start(address) {
  const bytes = fetch(wasm);
  // What Leptos would read of resources; the islands have none.
  Object.assign(globalThis, { __RESOLVED_RESOURCES: [], __SERIALIZED_ERRORS: [], __INCOMPLETE_CHUNKS: [] });
  const site = /** @type {Site} */ (await import(address));
  await site.default({ module_or_path: bytes });
  await nextTask();
  site.hydrate();
  return site;
}

function painted() {
  return new Promise((done) => {
    new PerformanceObserver(done).observe({ type: "paint", buffered: true });
    setTimeout(done, PAINT_TIMEOUT);
  });
}

function nextTask() {
  return new Promise((done) => setTimeout(done));
}

/**
 * Hydrates an island, unless its HTML has changed since the server sent it. Nodes that extensions added are removed for
 * the time being and put back. After other changes, by a translation for instance, the wasm would panic half-way and
 * leave listeners that do nothing; such an island stays as it is. Returns whether `site` can be used again.
 * @param {Islands} site
 * @param {HTMLElement} island
 */
function hydrate(site, island) {
  const { component = "", shape = "" } = island.dataset;
  const added = addedTo(island, parsed(shape));
  if (!added) {
    console.info(`${component} was changed before it was hydrated. Its links and forms work without it.`);
    return true;
  }
  const places = added.map((node) => {
    const place = { node, parent: node.parentNode, before: node.previousSibling };
    node.remove();
    return place;
  });
  let sound = true;
  try {
    site[component]?.(island);
    island.dataset.alive = "";
  } catch (error) {
    sound = false;
    console.info(component, error);
    // Replace the nodes with copies, which have no listeners.
    island.replaceChildren(...[...island.childNodes].map((node) => node.cloneNode(true)));
  }
  for (const { node, parent, before } of places.reverse()) {
    if (before?.parentNode) before.after(node);
    else if (!before) parent?.prepend(node);
  }
  // Search for what was typed before hydration.
  const field = searchField();
  if (field && island.contains(field) && field.value !== field.defaultValue) {
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  return sound;
}

/**
 * The nodes in `parent` that the server did not send; `undefined` if nodes are missing, or if the added nodes cannot be
 * told apart.
 * @param {Node} parent
 * @param {Shape[]} shapes
 * @returns {ChildNode[] | undefined}
 */
function addedTo(parent, shapes) {
  const added = /** @type {ChildNode[]} */ ([]);
  const deeper = /** @type {ChildNode[]} */ ([]);
  let node = parent.firstChild;
  for (const [name, inside] of shapes) {
    while (node && nameOf(node) !== name) {
      added.push(node);
      node = node.nextSibling;
    }
    const found = node && (inside ? addedTo(node, inside) : []);
    if (!node || !found) return undefined;
    deeper.push(...found);
    node = node.nextSibling;
  }
  for (; node; node = node.nextSibling) added.push(node);
  const ambiguous = added.some((one) => shapes.some(([name]) => name === nameOf(one)));
  return ambiguous ? undefined : [...added, ...deeper];
}

/** @param {Node} node */
function nameOf(node) {
  if (node.nodeType === Node.TEXT_NODE) return ".";
  return node.nodeType === Node.COMMENT_NODE ? "!" : node.nodeName.toLowerCase();
}

/**
 * Parses the shape that `ui::shape` wrote.
 * @param {string} text
 * @returns {Shape[]}
 */
function parsed(text) {
  const top = /** @type {Shape[]} */ ([]);
  const open = [top];
  for (const [part] of text.matchAll(/[^.!();]+[(;]|[.!)]/g)) {
    const shapes = /** @type {Shape[]} */ (open.at(-1));
    if (part === ")") open.pop();
    else if (part.endsWith("(")) {
      const inside = /** @type {Shape[]} */ ([]);
      shapes.push([part.slice(0, -1), inside]);
      open.push(inside);
    } else shapes.push([part.replace(";", "")]);
  }
  return top;
}

// Changes in other tabs, on other devices and by other clients (docs/events.md).

/** The wait before a stream that was refused is opened again, in milliseconds; longer each time, up to the longest. */
const REOPEN = 5_000;
const REOPEN_LONGEST = 300_000;
/** How long the answer to saving may come after the event that tells of it, in milliseconds. */
const SAVING = 2_000;

listen();

/**
 * Listens for changes to what the page shows, while it is visible: hidden tabs hold none of the few connections that a
 * browser opens to a host. The stream goes on where it ended, so that nothing is missed meanwhile.
 */
function listen() {
  const events = /** @type {HTMLElement | null} */ (document.querySelector("[data-events]"))?.dataset.events;
  const main = document.querySelector("main");
  if (!events || !main || !globalThis.EventSource) return;
  let after = main.dataset.lastEventId ?? "";
  let wait = REOPEN;
  let isOver = false;
  /** @type {EventSource | undefined} */
  let stream;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let later;

  const close = () => {
    clearTimeout(later);
    stream?.close();
    stream = undefined;
  };
  const open = () => {
    close();
    if (document.hidden || isOver) return;
    const opened = new EventSource(`/session/v1/events?${new URLSearchParams({ last_event_id: after })}`);
    stream = opened;
    for (const kind of ["ready", "reset", "created", "updated", "deleted"]) {
      opened.addEventListener(kind, ({ data, lastEventId }) => {
        after = lastEventId;
        wait = REOPEN;
        const { resource, id, version } = JSON.parse(data);
        if (kind === "reset" || resource === events) showList();
        if (resource !== events) return;
        setTimeout(markItem, SAVING, `/${resource}/${id}`, kind === "deleted" ? Infinity : version);
      });
    }
    opened.addEventListener("end", () => {
      isOver = true;
      close();
    });
    // The browser opens an interrupted stream again by itself, but not one that was refused.
    opened.addEventListener("error", () => {
      if (stream !== opened || opened.readyState !== EventSource.CLOSED) return;
      later = setTimeout(open, wait);
      wait = Math.min(2 * wait, REOPEN_LONGEST);
    });
  };
  document.addEventListener("visibilitychange", open);
  addEventListener("pagehide", close);
  addEventListener("pageshow", ({ persisted }) => persisted && open());
  open();
}

/** Has the list of a hydrated island loaded again, as by its search. */
function showList() {
  searchField()?.dispatchEvent(new Event("input", { bubbles: true }));
}

/**
 * Marks an item that is being edited, if it has this `version` by now and the form a lower one. What was typed stays,
 * and is refused if it is saved all the same.
 * @param {string} path
 * @param {number} version
 */
function markItem(path, version) {
  const form = document.querySelector(`form[action="${path}"]`);
  const field = form?.querySelector("input[name=version]");
  if (!(field instanceof HTMLInputElement) || Number(field.value) >= version) return;
  const place = field.closest("leptos-island") ?? form;
  if (place?.previousElementSibling?.hasAttribute("data-changed")) return;
  const mark = document.createElement("p");
  mark.className = "notice";
  mark.setAttribute("role", "status");
  mark.dataset.changed = "";
  mark.textContent =
    version === Infinity
      ? "This was deleted in another tab or on another device. What you typed is still here."
      : "This was changed in another tab or on another device. Copy what you typed, then reload the page.";
  place?.before(mark);
}
