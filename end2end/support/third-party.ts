import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type BrowserContext } from "@playwright/test";

export type ThirdParty = "allowed" | "blocked";
type Options = NonNullable<Parameters<typeof chromium.launchPersistentContext>[1]>;

/**
 * A Chromium of its own whose setting for third-party cookies is known: Google's builds allow them, Debian's builds
 * and private windows do not.
 */
export async function inChromium(
  thirdParty: ThirdParty,
  options: Options,
  use: (context: BrowserContext) => Promise<void>,
): Promise<void> {
  const profile = mkdtempSync(join(tmpdir(), "vestibule-chromium-"));
  const blocked = thirdParty === "blocked";
  mkdirSync(join(profile, "Default"));
  const preferences = { profile: { cookie_controls_mode: blocked ? 1 : 0, block_third_party_cookies: blocked } };
  writeFileSync(join(profile, "Default", "Preferences"), JSON.stringify(preferences));
  const context = await chromium.launchPersistentContext(profile, options);
  try {
    await use(context);
  } finally {
    await context.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
