const port = (variable: string, usual: string) => process.env[variable] ?? usual;

/** Two runs can go side by side, each on ports of its own. */
export const APP_PORT = port("E2E_PORT", "3100");
export const SPA_PORT = port("E2E_SPA_PORT", "5174");

/** The Lab's peer. Servers that tests start themselves take the ports in between. */
export const LAB_PORT = port("E2E_LAB_PORT", `${Number(APP_PORT) + 5}`);

/** The app. */
export const APP = `http://localhost:${APP_PORT}`;
/** The example SPA, on an origin of its own: the same site, another port. */
export const SPA = `http://localhost:${SPA_PORT}`;
