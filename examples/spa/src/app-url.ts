/** The app's origin: `VITE_API_URL`, or its address in development. Used by the page and by the build. */
export function appUrl(env: { readonly VITE_API_URL?: string }, usual = "http://localhost:3000"): string {
  const url = env.VITE_API_URL?.trim();
  return (url === undefined || url === "" ? usual : url).replace(/\/+$/, "");
}
