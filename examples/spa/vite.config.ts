import react from "@vitejs/plugin-react";
import { defineConfig, loadEnv, type Plugin } from "vite";
import { appUrl } from "./src/app-url.ts";

/**
 * A built page says which scripts it runs and which one server it talks to: a script that slips in anyway
 * cannot send what it found to a server of its own by fetch. Only in the build, because the dev server's hot
 * reload needs inline scripts. Where you host the page, send the same as a header and add `frame-ancestors`.
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

/** `--mode proxy` makes Solution 2 of the same page; any other mode makes Solution 1. */
export default defineConfig(({ mode }) => {
  const app = appUrl(loadEnv(mode, ".", "VITE_"));
  const isProxy = mode === "proxy";
  // `changeOrigin`: the app answers for its own name only, so that is the `Host` it gets. No CORS: by default Vite lets
  // every page on localhost read what passes here, and what passes here goes by a cookie.
  const proxy = { proxy: { "/session/v1": { target: app, changeOrigin: true } }, cors: false };
  return {
    plugins: [react(), contentSecurityPolicy(isProxy ? "'self'" : new URL(app).origin)],
    resolve: { alias: { "#auth": `/src/auth/${isProxy ? "session" : "token"}.ts` } },
    server: isProxy ? proxy : {},
    preview: isProxy ? proxy : {},
  };
});
