// Makes PNG files smaller without changing a pixel: node squeeze.mjs FILE… (`make snapshots` does).

import { createRequire } from "node:module";
import { readFileSync, writeFileSync } from "node:fs";
import init, { optimise } from "@jsquash/oxipng/codec/pkg/squoosh_oxipng.js";

/** oxipng's presets go from 0 to 6. A higher one takes many times as long for one or two percent. */
const LEVEL = 2;

const wasm = createRequire(import.meta.url).resolve("@jsquash/oxipng/codec/pkg/squoosh_oxipng_bg.wasm");
await init(readFileSync(wasm));

let [before, after] = [0, 0];
for (const file of process.argv.slice(2)) {
  const png = readFileSync(file);
  const squeezed = isSqueezed(png) ? png : optimise(png, LEVEL, false, false);
  if (squeezed.length < png.length) writeFileSync(file, squeezed);
  before += png.length;
  after += Math.min(png.length, squeezed.length);
}
const megabytes = (/** @type {number} */ bytes) => `${(bytes / 1_000_000).toFixed(1)} MB`;
console.log(`${process.argv.length - 2} screenshots, ${megabytes(before)} before and ${megabytes(after)} now`);

/**
 * Whether the image data was compressed as much as possible before: both flags of the zlib header's level are set
 * (RFC 1950, FLEVEL). Browsers compress faster than that.
 *
 * @param {Buffer} png
 */
function isSqueezed(png) {
  const data = png.indexOf("IDAT") + "IDAT".length;
  return (png.readUInt8(data + 1) & 0b1100_0000) === 0b1100_0000;
}
