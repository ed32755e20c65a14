import { deviceAsks, poll } from "../support/device.ts";
import { expect, signIn, signUp, test } from "../support/fixtures.ts";

// The phone of somebody who connects a television.
for (const javaScriptEnabled of [true, false]) {
  test.describe(`with JavaScript ${javaScriptEnabled ? "on" : "off"}`, () => {
    test.use({ javaScriptEnabled, viewport: { width: 390, height: 844 }, hasTouch: true });

    test("a device gets in by the link with its code, after the person has compared it", async ({ page, request }) => {
      const person = await signUp(page);
      const device = await deviceAsks(page.request);
      await page.context().clearCookies();

      await page.goto(device.verification_uri_complete);
      await signIn(page, person);
      await expect(page.locator(".user-code")).toHaveText(device.user_code);
      expect(await poll(request, device)).toMatchObject({ error: "authorization_pending" });
      await page.getByRole("button", { name: "Yes, it shows this code" }).click();

      await expect(page.getByRole("main")).toContainText("Approve only if you started this yourself");
      await expect(page.getByRole("button", { name: /^Authorize/ })).not.toBeFocused();
      await page.getByRole("button", { name: "Authorize Notes for TV" }).click();
      await expect(page.getByRole("heading", { level: 1 })).toHaveText("Device connected");
      await page.reload();
      await expect(page.getByRole("heading", { level: 1 })).toHaveText("Connect a device");

      const { access_token } = await poll(request, device);
      const authorization = { headers: { Authorization: `Bearer ${access_token}` } };
      expect((await request.get("/api/v1/me", authorization)).status()).toBe(200);
      await page.goto("/account/apps");
      await expect(page.getByText("On a device that you connected with a code", { exact: true })).toBeVisible();
      await page.getByRole("button", { name: "Remove access of Notes for TV" }).click();
      await expect(page.getByText("No authorized apps.")).toBeVisible();
      expect((await request.get("/api/v1/me", authorization)).status()).toBe(401);
    });
  });
}
