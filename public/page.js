// @ts-check
// What every page does in the browser: its dialogs, its copy buttons, the address of its search, and its islands, which
// live in wasm. Whatever fails here leaves links and forms that work by themselves.

/** How long a toast is shown, in milliseconds. */
const SHOWN = 6000;
/** How long a typist may pause before the address follows: browsers refuse more than three changes a second. */
const PAUSE = 400;
/** How long the wasm waits for the first paint, in milliseconds. Some browsers promise to tell of it and never do. */
const PATIENCE = 2000;

/** @typedef {[name: string, inside?: Shape[]]} Shape A node as the server sent it; without `inside` it is a leaf. */

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("button") : null;
  if (button?.hasAttribute("commandfor")) command(button, event);
  if (button?.hasAttribute("data-copy")) void copy(button);
});

/**
 * Opens or closes a dialog, for browsers that do not know the attribute `command`.
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
  toast(done ? "Copied" : `The browser did not let us copy. The text is selected: press ${keys} to copy it.`);
}

/**
 * Over plain http there is no clipboard for scripts, but there is the older command, which copies what is selected.
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
 * Like `ui::toast`.
 * @param {string} text
 */
function toast(text) {
  const shown = document.createElement("p");
  shown.textContent = text;
  document.querySelector("#toasts")?.replaceChildren(shown);
  setTimeout(() => shown.remove(), SHOWN);
}

// The search. While it is typed the address follows; a finished one gets an entry of its own in the history.

/** The field of a search that answers in place. Without its island the form leads to the address by itself. */
const searchField = () =>
  /** @type {HTMLInputElement | null} */ (document.querySelector("leptos-island[data-alive] input[type=search]"));

let finished = true;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let pause;

document.addEventListener("input", (event) => {
  if (event.target !== searchField()) return;
  clearTimeout(pause);
  pause = setTimeout(follow, PAUSE);
});

// It is finished where the field is left, or by Enter.
document.addEventListener("change", (event) => {
  if (event.target !== searchField()) return;
  follow();
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

function follow() {
  clearTimeout(pause);
  const field = searchField();
  if (!field) return;
  const url = new URL(location.href);
  const sought = url.searchParams.get("q") ?? "";
  if (field.value === sought) return;
  url.search = field.value ? String(new URLSearchParams({ q: field.value })) : "";
  if (finished) history.pushState(null, "", url);
  else history.replaceState(null, "", url);
  finished = false;
}

// The islands.

/** @typedef {Record<string, (island: Element) => void>} Islands */
/** @typedef {Islands & { default: (options: object) => Promise<void>, hydrate: () => void }} Site */

const { js = "", wasm = "" } = /** @type {HTMLElement} */ (document.querySelector("script[data-wasm]")).dataset;

// The page is painted first, for which the wasm would compete with the styles and the font on a slow line; a tab in the
// background is not painted at all. Each step has a turn of the event loop to itself, so that typing never waits long.
if (!document.hidden && globalThis.PerformanceObserver?.supportedEntryTypes?.includes("paint")) await painted();
let site = await started(js);
for (const [index, island] of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("leptos-island")).entries()) {
  await turn();
  // Wasm that was cut off half-way may hold what the next island needs: that one gets an instance of its own.
  if (!bringToLife(site, island)) site = await started(`${js}?after=${index}`);
}
document.documentElement.dataset.hydrated = "";

/**
 * An instance of the wasm. Each address of the glue makes one.
 * @param {string} address
 */
async function started(address) {
  const bytes = fetch(wasm);
  const site = /** @type {Site} */ (await import(address));
  await site.default({ module_or_path: bytes });
  await turn();
  site.hydrate();
  return site;
}

function painted() {
  return new Promise((done) => {
    new PerformanceObserver(done).observe({ type: "paint", buffered: true });
    setTimeout(done, PATIENCE);
  });
}

function turn() {
  return new Promise((done) => setTimeout(done));
}

/**
 * Hydrates an island, if it is as the server sent it but for nodes that extensions added. They are set aside meanwhile.
 * Where more has changed, by a translation for instance, the wasm would panic half-way, with its listeners in place and
 * nothing behind them: that island stays as it is. Says whether `site` can be used again.
 * @param {Islands} site
 * @param {HTMLElement} island
 */
function bringToLife(site, island) {
  const { component = "", shape = "" } = island.dataset;
  const added = addedTo(island, parsed(shape));
  if (!added) {
    console.info(`${component} was changed before it came alive: its links and forms work without it.`);
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
    // Copies have no listeners.
    island.replaceChildren(...[...island.childNodes].map((node) => node.cloneNode(true)));
  }
  for (const { node, parent, before } of places.reverse()) {
    if (before?.parentNode) before.after(node);
    else if (!before) parent?.prepend(node);
  }
  // What was sought before the page came alive.
  const field = searchField();
  if (field && island.contains(field) && field.value !== field.defaultValue) {
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  return sound;
}

/**
 * What is in `parent` besides what the server sent; nothing where any of that is missing, or cannot be told from what
 * was added.
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
  return node.nodeType === Node.TEXT_NODE ? "." : node.nodeType === Node.COMMENT_NODE ? "!" : node.nodeName.toLowerCase();
}

/**
 * Reads what `ui::shape` wrote.
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
