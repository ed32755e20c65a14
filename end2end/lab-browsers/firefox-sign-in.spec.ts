import { delimiter, join } from "node:path";
import { existsSync } from "node:fs";
import { expect, test } from "@playwright/test";
import { HttpsServer } from "../support/https-server.ts";
import { until } from "../support/net.mjs";
import { WebDriver } from "./webdriver.ts";

const has = (program: string) =>
  (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, program)));

// Firefox binds no session to a key. It gets the same offer on https, and its session goes on as ever.
test("a browser that cannot bind sessions signs in and stays", async () => {
  test.skip(!has("geckodriver") || !(has("firefox-esr") || has("firefox")), "Firefox or geckodriver is not installed");
  const house = new HttpsServer();
  await house.start();
  const driver = await WebDriver.start(["geckodriver"], {
    browserName: "firefox",
    acceptInsecureCerts: true,
    "moz:firefoxOptions": { args: ["-headless"], ...(has("firefox-esr") && { binary: "/usr/bin/firefox-esr" }) },
  });
  try {
    await driver.open(`${house.origin}/sign-up`);
    await driver.run(`
      for (const [name, value] of [["name", "Ada"], ["email", "ada@example.org"], ["password", "three quiet words"]])
        document.querySelector("[name=" + name + "]").value = value;
      document.querySelector("main form").submit();`);
    const isIn = () => driver.run<boolean>(`return document.querySelector("form[action='/sign-out']") !== null`);
    await until(isIn, "Firefox does not sign in.");
    for (let time = 0; time < 3; time += 1) {
      await driver.open(`${house.origin}/account`);
      expect(await isIn()).toBe(true);
    }
    const page = await driver.run<string>("return document.body.innerText");
    expect(page).toContain("Firefox");
    expect(page).not.toContain("Bound to the device");
  } finally {
    await driver.quit();
    await house.stop();
  }
});
