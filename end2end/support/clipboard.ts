import type { Page } from "@playwright/test";

/** What is in the clipboard. It is pasted, as a person does: the pages' Permissions-Policy lets no script read it. */
export async function pasted(page: Page): Promise<string> {
  await page.evaluate(() => {
    const field = document.createElement("textarea");
    field.id = "pasted";
    document.body.append(field);
    field.focus();
  });
  await page.keyboard.press("ControlOrMeta+V");
  const field = page.locator("#pasted");
  const text = await field.inputValue();
  await field.evaluate((field) => field.remove());
  return text;
}
