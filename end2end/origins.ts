/** The house. */
export const APP = "http://localhost:3100";
/** The example SPA, on an origin of its own: the same site, another port. */
export const SPA = "http://localhost:5174";
