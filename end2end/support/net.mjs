import { createServer } from "node:net";

/**
 * Waits until `isSo` answers true, asking every 50 ms.
 *
 * @param {() => boolean | Promise<boolean>} isSo
 * @param {string} otherwise the message of the error that is thrown once the time is up
 * @param {number} [milliseconds] how long to wait
 */
export async function until(isSo, otherwise, milliseconds = 30_000) {
  for (const end = Date.now() + milliseconds; Date.now() < end;) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(otherwise);
}

/**
 * Whether a GET of the URL is answered with a status of 2xx.
 *
 * @param {string} url
 * @returns {Promise<boolean>}
 */
export function answers(url) {
  return fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );
}

/**
 * A TCP port of 127.0.0.1 that nothing listens on.
 *
 * @returns {Promise<number>}
 */
export function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer().on("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}
