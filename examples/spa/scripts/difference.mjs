// Builds both solutions and checks that they differ in few lines, and that the proxy's bundle knows nothing of tokens.
import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { build } from "vite";

const MAX_LINES = 60;
const TOKEN_WORDS = ["Bearer", "Authorization", "sessionStorage", "localStorage"];

const [token, proxy] = [await built("production"), await built("proxy")];
const differing = [...token.files, ...proxy.files].filter((file) => token.files.has(file) !== proxy.files.has(file));
const lines = differing.map((file) => [file, linesOfCode(readFileSync(file, "utf8"))]);
const total = lines.reduce((sum, [, count]) => sum + count, 0);
for (const [file, count] of lines) console.log(`${file}: ${count} lines of code`);
console.log(`All that differs: ${total} lines of code`);

const faults = [];
if (lines.length === 0) faults.push("The two solutions do not differ. Does the mode still choose #auth?");
if (total >= MAX_LINES) faults.push(`They should differ in fewer than ${MAX_LINES} lines.`);
for (const word of TOKEN_WORDS) {
  if (!token.code.includes(word) && word !== "localStorage") {
    faults.push(`Solution 1 no longer mentions ${word}. Update this list.`);
  }
  if (proxy.code.includes(word)) faults.push(`Solution 2 mentions ${word}.`);
}
for (const fault of faults) console.error(fault);
process.exitCode = faults.length === 0 ? 0 : 1;

async function built(mode) {
  const { output } = await build({ mode, logLevel: "warn", build: { write: false } });
  const chunks = output.filter(({ type }) => type === "chunk");
  const ours = chunks.flatMap(({ moduleIds }) => moduleIds).filter((id) => id.startsWith(`${process.cwd()}/src/`));
  return {
    files: new Set(ours.map((id) => relative(process.cwd(), id))),
    code: chunks.map(({ code }) => code).join("\n"),
  };
}

/** Counts lines without blank lines and comments. */
function linesOfCode(text) {
  const bare = text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
  return bare.split("\n").filter((line) => line.trim() !== "").length;
}
