import react from "@vitejs/plugin-react";
import { defineConfig, loadEnv, type Plugin } from "vite";
import { apiUrl } from "./src/api-url.ts";

/**
 * A built page says which scripts it runs and which one server it talks to: a script that slips in anyway
 * cannot send the token to a server of its own by fetch. Only in the build, because the dev server's hot
 * reload needs inline scripts. Where you host the page, send the same as a header and add `frame-ancestors`.
 */
function contentSecurityPolicy(api: string): Plugin {
  const policy = [
    "default-src 'self'",
    `connect-src ${api}`,
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

export default defineConfig(({ mode }) => {
  const env = loadEnv(mode, ".", "VITE_");
  return {
    plugins: [react(), contentSecurityPolicy(new URL(apiUrl(env)).origin)],
  };
});
