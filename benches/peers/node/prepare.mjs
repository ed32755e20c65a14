// Creates the tables, the accounts and their credentials. Reads the rows as JSON from standard input, and prints the
// headers that each credential is sent in. Environment: PORT, DATABASE_URL.

import { text } from "node:stream/consumers";

import { getMigrations } from "better-auth/db/migration";

import { authentication } from "./auth.mjs";
import { open } from "./database.mjs";

const { password, accounts } = JSON.parse(await text(process.stdin));
const origin = `http://127.0.0.1:${process.env.PORT}`;
const database = open(process.env.DATABASE_URL);
const auth = authentication(database, origin);
await (await getMigrations(auth.options)).runMigrations();
await database.create();

const result = {};
for (const { name, email, notes } of accounts) {
    const { response, headers } = await auth.api.signUpEmail({ body: { name, email, password }, returnHeaders: true });
    for (const note of notes) {
        await database.insert(response.user.id, note);
    }
    const cookies = headers.getSetCookie().map((cookie) => cookie.split(";")[0]);
    result[name] = {
        id: response.user.id,
        token: { Authorization: `Bearer ${response.token}` },
        session: { Cookie: cookies.join("; "), Origin: origin },
    };
}
console.log(JSON.stringify(result));
process.exit(0);
