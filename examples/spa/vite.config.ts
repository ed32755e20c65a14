import react from "@vitejs/plugin-react";
import { defineConfig, loadEnv, type Plugin } from "vite";
import { appUrl } from "./src/app-url.ts";

/**
 * The built page's policy names the scripts it runs and the one server it calls, so an injected script cannot send data
 * elsewhere by `fetch`. Only in builds, because hot reload needs inline scripts. Where you host the page, send the same
 * policy as a header, and add `frame-ancestors`.
 */
function contentSecurityPolicy(connect: string): Plugin {
  const policy = [
    "default-src 'self'",
    `connect-src ${connect}`,
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");

  return {
    name: "content-security-policy",
    apply: "build",
    transformIndexHtml: () => [
      {
        tag: "meta",
        attrs: { "http-equiv": "Content-Security-Policy", content: policy },
        injectTo: "head-prepend",
      },
    ],
  };
}

/** `--mode proxy` builds Solution 2, `--mode password` the variant that is not recommended, any other Solution 1. */
const AUTH: Readonly<Record<string, string>> = { proxy: "session", password: "password" };

export default defineConfig(({ mode }) => {
  const app = appUrl(loadEnv(mode, ".", "VITE_"));
  const isProxy = mode === "proxy";
  // `changeOrigin`: the app answers to its own host name only. No CORS: by default Vite lets every page on localhost
  // read the proxy's answers, and the proxy passes on a cookie.
  const proxy = { proxy: { "/session/v1": { target: app, changeOrigin: true } }, cors: false };
  return {
    plugins: [react(), contentSecurityPolicy(isProxy ? "'self'" : new URL(app).origin)],
    resolve: { alias: { "#auth": `/src/auth/${AUTH[mode] ?? "token"}.ts` } },
    server: isProxy ? proxy : {},
    preview: isProxy ? proxy : {},
  };
});
