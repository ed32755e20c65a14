/** Where the server is: `VITE_API_URL`, or the starter's own address in development. Read by the page and by the build. */
export function apiUrl(env: { readonly VITE_API_URL?: string }): string {
  const url = env.VITE_API_URL?.trim();
  return (url === undefined || url === "" ? "http://localhost:3000" : url).replace(/\/+$/, "");
}
