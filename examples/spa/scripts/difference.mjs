// Builds the page in its three variants, and checks that each differs from the others in one file and what only that
// needs: few lines. Also that the proxy's bundle knows nothing of tokens, and that of Solution 1 nothing of passwords.
import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { build } from "vite";

const MAX_LINES = 60;
/** What Solution 1 needs beside its file: an OAuth client, which knows nothing of this page. */
const LIBRARY = "src/oauth/";
const MAX_LIBRARY_LINES = 480;
const TOKEN_WORDS = ["Bearer", "Authorization", "sessionStorage", "localStorage", "indexedDB", "dpop", "code_challenge"];
const PASSWORD_WORDS = ["current-password", "localStorage"];

const [token, proxy, password] = [await built("production"), await built("proxy"), await built("password")];
const faults = [];

compare("Solution 1 and Solution 2", token, proxy);
compare("The variant with a password and Solution 2", password, proxy);
for (const word of TOKEN_WORDS) {
  if (!`${token.code}${password.code}`.includes(word) && word !== "localStorage") {
    faults.push(`No bundle mentions ${word} any more. Update this list.`);
  }
  if (proxy.code.includes(word)) faults.push(`Solution 2 mentions ${word}.`);
}
for (const word of PASSWORD_WORDS) if (token.code.includes(word)) faults.push(`Solution 1 mentions ${word}.`);
for (const fault of faults) console.error(fault);
process.exitCode = faults.length === 0 ? 0 : 1;

function compare(what, one, other) {
  const differing = [...one.files, ...other.files].filter((file) => one.files.has(file) !== other.files.has(file));
  const lines = differing.map((file) => [file, linesOfCode(readFileSync(file, "utf8"))]);
  const sum = (files) => files.reduce((total, [, count]) => total + count, 0);
  const library = lines.filter(([file]) => file.startsWith(LIBRARY));
  const rest = lines.filter(([file]) => !file.startsWith(LIBRARY));
  for (const [file, count] of lines) console.log(`${file}: ${count} lines of code`);
  console.log(`${what} differ in ${sum(rest)} lines of code`);
  if (library.length > 0) console.log(`${LIBRARY}: ${sum(library)} lines of code`);
  if (rest.length !== 2) faults.push(`${what} should differ in two files, not in ${rest.length}.`);
  if (sum(rest) >= MAX_LINES) faults.push(`${what} should differ in fewer than ${MAX_LINES} lines.`);
  if (sum(library) >= MAX_LIBRARY_LINES) faults.push(`${LIBRARY} should have fewer than ${MAX_LIBRARY_LINES} lines.`);
}

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
