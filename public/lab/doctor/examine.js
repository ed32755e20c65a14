// @ts-check
// The doctor, in the visitor's own page: makes the steps there, and shows what it makes of them. It comes from the Lab,
// and tells it nothing: the way back is a link, which the visitor may follow.

import { asText, make, report } from "./report.js";
import { run } from "./steps.js";

/** @import { Seen } from "./diagnosis.js" */
/** @import { Setup } from "./steps.js" */

const STYLE = `
  :host { all: initial; }
  section { color-scheme: light dark; position: fixed; z-index: 2147483647; inset-block-end: 1rem; inset-inline: 1rem;
    margin-inline-start: auto; max-inline-size: 34rem; max-block-size: 80vh; overflow: auto; box-sizing: border-box;
    padding: 1rem 1.2rem; font: 1rem/1.5 system-ui, sans-serif; color: light-dark(#1c2728, #ebe7dd);
    background: light-dark(#fffdf8, #1a2224); border: 2px solid light-dark(#0f4c4a, #7fcfc6); border-radius: 0.6rem; }
  h1 { margin: 0; font-size: 0.9rem; font-weight: 600; }
  h2 { margin: 0.4rem 0; font-size: 1.2rem; line-height: 1.3; }
  h3 { margin: 0.8rem 0 0; font-size: 1rem; }
  p { margin: 0.4rem 0; overflow-wrap: anywhere; }
  pre { margin: 0.2rem 0; padding: 0.5rem 0.7rem; white-space: pre-wrap; overflow-wrap: anywhere;
    background: light-dark(#f2eadb, #11181a); }
  textarea { display: block; inline-size: 100%; box-sizing: border-box; font: 0.85rem ui-monospace, monospace; }
  dl { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 0.2rem 1rem; }
  dd { margin: 0; } .hint { font-size: 0.9rem; } summary { padding-block: 0.3rem; cursor: pointer; }
  a, button { font: inherit; color: light-dark(#0f4c4a, #7fcfc6); }
  button { min-block-size: 2rem; } nav { display: flex; gap: 1rem; align-items: center; }
`;

/** Makes the steps, and shows the report. @param {Setup} setup @returns {Promise<Seen>} */
export async function examine(setup) {
  document.querySelector("vestibule-doctor")?.remove();
  const host = document.createElement("vestibule-doctor");
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets = [sheet];
  const status = make("p", { role: "status" }, "…");
  const box = make("section", { "aria-label": "Setup doctor" }, make("h1", {}, "Setup doctor"), status);
  root.append(box);
  document.body.append(host);
  const seen = await run(setup, (step) => status.replaceChildren(`${step} …`));
  const back = make("a", { target: "_blank", rel: "noreferrer" }, "Show this on the doctor's page");
  const { evidence: _, ...carried } = seen;
  const page = new URL("/lab/doctor", import.meta.url);
  page.hash = `seen=${encodeURIComponent(JSON.stringify(carried))}`;
  back.setAttribute("href", page.href);
  const close = make("button", { type: "button" }, "Close");
  close.addEventListener("click", () => host.remove());
  status.replaceWith(report(seen), make("nav", {}, back, close));
  console.log(`Setup doctor: ${asText(seen)}`);
  return seen;
}

// Included by a tag, the setup is in the fragment, which no server gets.
const fragment = new URL(import.meta.url).hash.slice(1);
if (fragment) {
  const setup = /** @type {Setup} */ (JSON.parse(decodeURIComponent(fragment)));
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", () => examine(setup));
  else examine(setup);
}
