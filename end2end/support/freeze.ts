import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "@playwright/test";

const require = createRequire(import.meta.url);

/** A custom property of style/tokens.css, and the font that replaces those of the machine. */
const FONTS = [
  ["sans", "source-sans-3", ["normal", "italic"]],
  ["serif", "source-serif-4", ["normal", "italic"]],
  ["mono", "source-code-pro", ["normal"]],
] as const;

const faces = FONTS.flatMap(([name, font, styles]) =>
  styles.map((style) => {
    const file = require.resolve(`@fontsource-variable/${font}/files/${font}-latin-wght-${style}.woff2`);
    const data = readFileSync(file).toString("base64");
    return `@font-face { font-family: "frozen ${name}"; font-weight: 200 900; font-style: ${style};
      src: url("data:font/woff2;base64,${data}"); }`;
  }),
);
const properties = FONTS.map(([name]) => `--${name}: "frozen ${name}" !important;`);
// The width of a scrollbar, too, differs between machines.
const STYLE = `${faces.join("\n")}
  :root { ${properties.join(" ")} font-family: var(--sans) !important; scrollbar-gutter: auto !important; }`;

/** Replaces what differs between machines and runs: fonts, times, ids, secrets and addresses. */
export async function freeze(page: Page): Promise<void> {
  await page.addStyleTag({ content: STYLE });
  await page.evaluate(async () => {
    const fixed: readonly (readonly [RegExp, string])[] = [
      [new RegExp(`(localhost|127\\.0\\.0\\.1):(?!${location.port}\\b)\\d+`, "g"), "$1:3105"],
      [new RegExp(`:${location.port}\\b`, "g"), ":3100"],
      [/[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}@/g, "ada@"],
      [/[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}/g, "0".repeat(32)],
      [/\b([a-z]+)_[0-9A-Za-z]{38}\b/g, `$1_${"0".repeat(38)}`],
    ];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const text = texts.currentNode as Text;
      if (!text.parentElement?.closest("script"))
        text.data = fixed.reduce((text, [from, to]) => text.replace(from, to), text.data);
    }
    for (const time of document.querySelectorAll("time")) {
      // The page updates a time that has this attribute.
      time.removeAttribute("datetime");
      time.textContent = time.textContent.startsWith("in ") ? "in 30 days" : "5 minutes ago";
    }
    await Promise.all([...document.fonts].filter(({ family }) => family.includes("frozen")).map((font) => font.load()));
  });
}

/** Names the elements that use a font of the machine, because ours lack a letter. */
export async function systemFonts(page: Page): Promise<string[]> {
  const wire = await page.context().newCDPSession(page);
  await wire.send("DOM.enable");
  await wire.send("CSS.enable");
  const { root } = await wire.send("DOM.getDocument", { depth: -1, pierce: true });
  const nodes = [root];
  // The list grows while it is walked: by the insides of fields, and by what style sheets generate.
  for (const { children, shadowRoots, pseudoElements } of nodes) {
    nodes.push(...(children ?? []), ...(shadowRoots ?? []), ...(pseudoElements ?? []));
  }
  const found = await Promise.all(
    nodes.map(async ({ nodeId, nodeType, nodeName }) => {
      if (nodeType !== 1) return [];
      const { fonts } = await wire.send("CSS.getPlatformFontsForNode", { nodeId });
      return fonts.filter(({ isCustomFont }) => !isCustomFont).map(({ familyName }) => `${familyName} in ${nodeName}`);
    }),
  );
  return [...new Set(found.flat())];
}
