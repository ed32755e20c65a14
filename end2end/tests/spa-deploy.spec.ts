import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { APP_PORT, SPA_PORT } from "../support/origins.ts";
import { hydrated } from "../support/fixtures.ts";
import { Person, buildSpa, enter, expect, test } from "../support/spa.ts";
import { TestServer, terminate } from "../support/test-server.ts";

// Runs the configuration files that people copy. Only the name of the site, the ports and the folders are replaced.

test.describe.configure({ timeout: 60_000 });
test.use({ ignoreHTTPSErrors: true, expected: /status of 401/ });

const deploy = resolve(import.meta.dirname, "../../examples/spa/deploy");

interface Proxy {
  readonly name: string;
  readonly port: number;
  readonly app: number;
  /** Starts the proxy in `folder` with this configuration. */
  readonly start: (folder: string, config: string, proxy: Proxy) => ChildProcess;
  readonly file: string;
}

const PROXIES: readonly Proxy[] = [
  {
    name: "nginx",
    file: "nginx.conf",
    port: Number(SPA_PORT) + 3,
    app: Number(APP_PORT) + 3,
    start(folder, config, { port }) {
      const made = [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-subj",
        "/CN=localhost",
      ];
      execFileSync("openssl", [...made, "-keyout", join(folder, "key.pem"), "-out", join(folder, "fullchain.pem")], {
        stdio: "pipe",
      });
      const own = config
        .replaceAll("/etc/ssl/app.example.com", folder)
        .replace("listen 443 ssl", `listen 127.0.0.1:${port} ssl`)
        .replaceAll("app.example.com", "localhost");
      const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map((kind) => `${kind}_temp_path ${folder};`)
        .join(" ");
      const whole = `daemon off; master_process off; pid ${folder}/pid; error_log stderr; events {}
        http { include /etc/nginx/mime.types; access_log off; ${temporary} ${own} }`;
      writeFileSync(join(folder, "whole.conf"), whole);
      return spawn("nginx", ["-p", folder, "-c", join(folder, "whole.conf")], { stdio: "inherit" });
    },
  },
  {
    name: "caddy",
    file: "Caddyfile",
    port: Number(SPA_PORT) + 4,
    app: Number(APP_PORT) + 4,
    start(folder, config, { port }) {
      const site = config.replace("\napp.example.com {", `\nhttps://localhost:${port} {\n\ttls internal`);
      const own = `{\n\tadmin off\n\tauto_https disable_redirects\n\tskip_install_trust\n}\n${site}`;
      writeFileSync(join(folder, "Caddyfile"), own);
      const home = { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
      return spawn("caddy", ["run", "--config", join(folder, "Caddyfile"), "--adapter", "caddyfile"], {
        env: home,
        stdio: "ignore",
      });
    },
  },
];

for (const proxy of PROXIES) {
  test.describe(proxy.name, () => {
    test.skip(spawnSync(proxy.name, ["-v"]).error !== undefined, `${proxy.name} is not installed`);

    test("serves the SPA and the app on one origin", async ({ page, context }) => {
      const origin = `https://localhost:${proxy.port}`;
      const folder = mkdtempSync(join(tmpdir(), `vestibule-${proxy.name}-`));
      const files = join(folder, "spa");
      mkdirSync(files);
      // As its README says: no address of the app is built in, since it is on the same origin.
      buildSpa("proxy", files, {});
      const app = new TestServer(proxy.app, {
        VESTIBULE_SERVER__PUBLIC_URL: origin,
        VESTIBULE_SERVER__TRUSTED_PROXIES: "127.0.0.1",
      });
      await app.start();
      const config = readFileSync(join(deploy, proxy.file), "utf8");
      const running = proxy.start(
        folder,
        config.replaceAll("/srv/spa", files).replaceAll("127.0.0.1:3000", `127.0.0.1:${proxy.app}`),
        proxy,
      );
      try {
        await expect(async () => void (await context.request.get(`${origin}/healthz`))).toPass({ timeout: 10_000 });
        const person = await Person.signUp(origin);

        await enter(page, origin, person);
        const cookie = (await context.cookies(origin)).find(({ name }) => !/(device|last-way)$/.test(name));
        expect(cookie).toMatchObject({ name: "__Host-Http-session", secure: true, httpOnly: true, sameSite: "Lax" });
        await page.getByRole("button", { name: "New note" }).click();
        await page.getByLabel("Title").fill("Behind a proxy");
        await page.getByRole("button", { name: "Save" }).click();
        await expect(page.getByText("Saved.", { exact: true })).toBeVisible();
        await page.reload();
        await expect(page.getByText("Behind a proxy")).toBeVisible();

        // The app's own pages are on the same origin, so the cookie counts there as well.
        await page.goto(`${origin}/notes`);
        await expect(page.getByRole("link", { name: "Behind a proxy" })).toBeVisible();
        // The address that a client claims in a header is ignored.
        await context.setExtraHTTPHeaders({ "X-Forwarded-For": "203.0.113.7" });
        await page.goto(`${origin}/account`);
        await expect(page.getByText("127.0.0.1").first()).toBeVisible();
        await expect(page.getByText("203.0.113.7")).toHaveCount(0);
        await context.setExtraHTTPHeaders({});

        const answer = await context.request.get(origin);
        expect(answer.headers()["content-security-policy"]).toContain("frame-ancestors 'none'");
        expect(answer.headers()["cache-control"]).toBe("no-cache");
        await page.goto(origin);
        await page.getByRole("button", { name: "Sign out" }).click();
        await expect(page.getByText("You are signed out.")).toBeVisible();
        expect((await context.cookies(origin)).filter(({ name }) => !/(device|last-way)$/.test(name))).toEqual([]);
        await page.getByRole("link", { name: "Create an account" }).click();
        await expect(page).toHaveURL(`${origin}/sign-up`);
        await hydrated(page);
        await person.leave();
      } finally {
        await terminate(running);
        await app.stop();
      }
    });
  });
}
