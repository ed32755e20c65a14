import { readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "@playwright/test";
import { ENTRIES } from "../pages.ts";

const src = resolve(import.meta.dirname, "../../src");
const dev = readdirSync(join(src, "dev")).filter((name) => name.endsWith(".rs"));

/** Files to keep, not pages to look at. */
const DOWNLOADS = ["/account/export"];

// `.route("/path", get(…))`, also where `post(…).` stands before `get`.
const ROUTE = /\.route\(\s*"([^"]+)",\s*(?:\w+\([\w:]+\)\s*\.)*get\(/g;

for (const file of ["app.rs", ...dev.map((name) => join("dev", name))]) {
  test(`every page in src/${file} is looked at`, () => {
    const routes = [...readFileSync(join(src, file), "utf8").matchAll(ROUTE)].map(([, path]) => path!);
    const looked = new Set(ENTRIES.map((entry) => entry.path));
    if (file === "app.rs") expect(routes, "the pattern still finds the pages").toContain("/notes/{id}");
    expect(routes.filter((path) => !looked.has(path) && !DOWNLOADS.includes(path)), "add an entry to end2end/pages.ts for each").toEqual([]);
  });
}
