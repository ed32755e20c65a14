// @ts-check
// The peer's page, in a frame of the app's page. It makes the requests that the app's page asks for, and no others.

import { perform } from "./requests.js";

/** @param {string} app The only origin to take orders from. */
function initFrame(app) {
  addEventListener("message", async ({ origin, data, ports: [port] }) => {
    if (origin !== app || !port) return;
    port.postMessage(await perform(data));
  });
}

initFrame(document.documentElement.dataset.app ?? "");
