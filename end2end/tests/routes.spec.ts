import { execFileSync } from "node:child_process";
import { expect, test } from "@playwright/test";
import { ENTRIES } from "../pages.ts";
import { folder, server } from "../support/server.ts";

/** The fields of a route in `vestibule routes --json` that this test reads. */
interface Route {
  readonly method: string;
  readonly path: string;
  readonly feature: string | null;
}

/** Pages that answer with a file to download. */
const DOWNLOADS = ["/account/export"];

/** What programs look for, the JSON of both doors, the scripts of the setup doctor, and the doors of the theft drill. */
const NO_PAGES = ["/.well-known/", "/session/v1/", "/api/v1/", "/fn/", "/lab/doctor/", "/lab/theft/"];

test("every page is looked at", () => {
  const output = execFileSync(server, ["routes", "--json"], { cwd: folder, encoding: "utf8" });
  const routes = JSON.parse(output) as readonly Route[];
  const isJson = (path: string) => NO_PAGES.some((start) => path.startsWith(start));
  const own = routes.filter(({ method, path, feature }) => method === "GET" && feature !== null && !isJson(path));
  const pages = own.map(({ path }) => path);
  expect(pages, "the command lists the pages").toEqual(expect.arrayContaining(["/", "/sign-in", "/dev/components"]));
  const looked = new Set([...ENTRIES.map(({ path }) => path), ...DOWNLOADS]);
  expect(
    pages.filter((path) => !looked.has(path)),
    "add an entry to end2end/pages.ts for each",
  ).toEqual([]);
});
