import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { SCHEMES, SIZES, atRest } from "./visit.ts";

// Each check returns its faults, one line for each, so that one visit to a page reports all of them.

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** The rules of axe whose result may differ between light and dark. */
const COLOURS = ["color-contrast", "link-in-text-block"];

/** Matches the elements that a person can press, follow or type into. */
const INTERACTIVE =
  'a[href], button, input:not([type="hidden"]), select, textarea, summary, [tabindex]:not([tabindex="-1"])';

/** Runs all checks, in light and dark, on a desktop and a phone, 320 px wide and at 200 %. Ends on a desktop. */
export async function faultsOf(page: Page): Promise<string[]> {
  const faults: string[] = [];
  const add = (where: string, found: string[]) => faults.push(...found.map((fault) => `${where}: ${fault}`));
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport);
    for (const colorScheme of SCHEMES) {
      await page.emulateMedia({ colorScheme });
      await atRest(page);
      add(`${size}, ${colorScheme}`, await axe(page, colorScheme === SCHEMES[0]));
    }
    add(size, await undersized(page));
    add(size, await sideways(page));
    add(size, await tabbing(page));
  }
  await page.setViewportSize({ width: 320, height: 640 });
  add("320 px wide", await sideways(page));

  // A window of 1280×800 at a zoom of 200 %.
  const wire = await page.context().newCDPSession(page);
  await wire.send("Emulation.setDeviceMetricsOverride", {
    width: 640,
    height: 400,
    deviceScaleFactor: 2,
    mobile: false,
  });
  add("at 200 %", await sideways(page));
  // Chromium takes the virtual authenticator of a page away when any session of it is detached.
  await wire.send("Emulation.clearDeviceMetricsOverride");
  await page.setViewportSize(SIZES.desktop);
  return faults;
}

async function axe(page: Page, everything: boolean): Promise<string[]> {
  // Of rules that hold, no element is described, which takes longest. axe would open a second page to join the results of
  // frames: there are none.
  const builder = new AxeBuilder({ page }).options({ resultTypes: ["violations"] }).setLegacyMode();
  const { violations } = await (everything ? builder.withTags(TAGS) : builder.withRules(COLOURS)).analyze();
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(" ")}: ${failureSummary?.replace(/\s+/g, " ")}`),
  );
}

/** Reading must not require scrolling in two directions (WCAG 1.4.10). */
function sideways(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const wide = [...document.body.querySelectorAll("*")].filter(
      (el) => el.getBoundingClientRect().right > clientWidth,
    );
    const tag = ({ outerHTML }: Element) => outerHTML.slice(0, outerHTML.indexOf(">") + 1);
    return [`scrolls sideways, ${scrollWidth} in ${clientWidth} px: ${wide.slice(0, 4).map(tag).join(" ")}`];
  });
}

/** Finds targets of less than 24×24 px, other than links within a sentence (WCAG 2.5.8). */
function undersized(page: Page): Promise<string[]> {
  return page.evaluate((interactive) => {
    const large = ({ width, height }: DOMRect) => width >= 24 && height >= 24;
    const inSentence = (el: Element) =>
      getComputedStyle(el).display === "inline" &&
      [...el.parentNode!.childNodes].some((node) => node instanceof Text && node.data.trim() !== "");
    // A target can extend beyond its box.
    const reaches = (el: Element) => {
      el.scrollIntoView({ block: "center" });
      const { x, y, width, height } = el.getBoundingClientRect();
      return [-11.5, 11.5].every((dx) =>
        [-11.5, 11.5].every((dy) => el.contains(document.elementFromPoint(x + width / 2 + dx, y + height / 2 + dy))),
      );
    };
    const faults: string[] = [];
    for (const el of document.querySelectorAll(interactive)) {
      if (!el.checkVisibility({ visibilityProperty: true })) continue;
      const labels = el instanceof HTMLInputElement ? [...(el.labels ?? [])] : [];
      if ([el, ...labels].some((target) => large(target.getBoundingClientRect())) || inSentence(el) || reaches(el))
        continue;
      const { width, height } = el.getBoundingClientRect();
      faults.push(`target of ${Math.round(width)}×${Math.round(height)} px: ${el.outerHTML.slice(0, 120)}`);
    }
    scrollTo(0, 0);
    return faults;
  }, INTERACTIVE);
}

/** Tabs through the page: every element is reached, in the order of the document, and shows that it has the focus. */
async function tabbing(page: Page): Promise<string[]> {
  const stops = await page.evaluateHandle((interactive) => {
    // Tabbing starts at the element that was focused last.
    const modal = document.querySelector<HTMLElement>("dialog:modal");
    const root = modal ?? document.body;
    root.tabIndex = -1;
    root.focus();
    root.removeAttribute("tabindex");
    // Tab stops at one radio button of a group only.
    const all = [...root.querySelectorAll(interactive)].filter(
      (el) => el.checkVisibility({ visibilityProperty: true }) && !el.matches(":disabled, [type=radio]:not(:checked)"),
    );
    // The looks of the element, and of its `::before` and `::after`.
    const looks = (el: Element) =>
      [undefined, "::before", "::after"].flatMap((part) => {
        const { outlineStyle, outlineWidth, outlineColor, boxShadow } = getComputedStyle(el, part);
        const outline =
          outlineStyle === "none" || outlineWidth === "0px"
            ? "none"
            : `${outlineStyle} ${outlineWidth} ${outlineColor}`;
        return [outline, boxShadow];
      });
    const before = new Map([...document.querySelectorAll("body *")].map((el) => [el, looks(el)]));
    const seen: { el: Element; shown: boolean }[] = [];
    document.addEventListener("focusin", ({ target }) => {
      const el = target as Element;
      // The parent element may show the focus in its place.
      const shown = [el, el.parentElement!].some((one) =>
        looks(one).some((is, i) => is !== "none" && is !== before.get(one)?.[i]),
      );
      seen.push({ el, shown });
    });
    return { all, seen };
  }, INTERACTIVE);
  const missing = () =>
    stops.evaluate(({ all, seen }) => all.filter((one) => !seen.some(({ el }) => el === one)).length);
  // Twice, since elements that scroll are stops as well and use up some of the presses.
  for (let times = 0; times < 2; times++) {
    for (let left = await missing(); left > 0; left--) await page.keyboard.press("Tab");
  }
  const faults = await stops.evaluate(({ all, seen }) => {
    const faults: string[] = [];
    const start = ({ outerHTML }: Element) => outerHTML.slice(0, 120);
    const reached = seen.map(({ el }) => el);
    for (const el of all) if (!reached.includes(el)) faults.push(`not reached by tab: ${start(el)}`);
    for (const { el, shown } of seen) if (!shown) faults.push(`focus does not show: ${start(el)}`);
    const order = reached.filter((el) => all.includes(el)).map((el) => all.indexOf(el));
    const astray = order.findIndex((at, i) => i > 0 && at < order[i - 1]!);
    if (astray > 0) faults.push(`tab goes back to ${start(all[order[astray]!]!)}`);
    return faults;
  });
  await page.evaluate(() => scrollTo(0, 0));
  return faults;
}
