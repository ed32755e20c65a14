// better-auth as its documentation sets it up: e-mail and password, sessions in the database, the bearer plugin.

import { betterAuth } from "better-auth";
import { bearer } from "better-auth/plugins";

export function authentication(database, origin) {
    return betterAuth({
        database: database.handle,
        baseURL: origin,
        secret: "a secret of the bench, which guards nothing",
        emailAndPassword: { enabled: true },
        // All requests come from one address.
        rateLimit: { enabled: false },
        telemetry: { enabled: false },
        plugins: [bearer()],
    });
}
