// better-auth and Hono on a cluster of two: node server.mjs. Environment: PORT, DATABASE_URL.

import cluster from "node:cluster";
import { randomBytes } from "node:crypto";

import { serve } from "@hono/node-server";
import { Hono } from "hono";

import { authentication } from "./auth.mjs";
import { open } from "./database.mjs";

const LIMIT = 20;
const LAST = "ffffffff-ffff-ffff-ffff-ffffffffffff";

if (cluster.isPrimary) {
    cluster.fork();
    cluster.fork();
    process.on("SIGTERM", () => process.exit(0));
} else {
    work();
}

function work() {
    const port = Number(process.env.PORT);
    const database = open(process.env.DATABASE_URL);
    const auth = authentication(database, `http://127.0.0.1:${port}`);
    const app = new Hono();
    app.on(["GET", "POST"], "/api/auth/*", (c) => auth.handler(c.req.raw));
    app.get("/ready", (c) => c.json({ status: "ok" }));

    const signedIn = async (c, next) => {
        const session = await auth.api.getSession({ headers: c.req.raw.headers });
        if (!session) {
            return c.json({ code: "not_signed_in" }, 401);
        }
        c.set("user", session.user);
        await next();
    };
    app.get("/me", signedIn, (c) => {
        const { id, email, emailVerified, name, createdAt } = c.get("user");
        return c.json({ id, email, email_confirmed: emailVerified, name, created_at: createdAt });
    });
    app.get("/notes", signedIn, async (c) => {
        const items = await database.list(c.get("user").id, c.req.query("cursor") ?? LAST, LIMIT + 1);
        const more = items.length > LIMIT;
        items.length = Math.min(items.length, LIMIT);
        return c.json({ items, next_cursor: more ? items[LIMIT - 1].id : null, total: null });
    });
    app.get("/notes/:id", signedIn, async (c) => {
        const note = await database.find(c.get("user").id, c.req.param("id"));
        if (!note) {
            return c.json({ code: "not_found" }, 404);
        }
        return c.json(note, 200, { ETag: `"${note.version}"` });
    });
    app.post("/notes", signedIn, async (c) => {
        const { title, body } = await c.req.json();
        if (typeof title !== "string" || typeof body !== "string" || !title.trim() || title.length > 200) {
            return c.json({ code: "validation_failed" }, 422);
        }
        const now = new Date().toISOString();
        const note = { id: uuidV7(), title, body, created_at: now, updated_at: now };
        return c.json(await database.insert(c.get("user").id, note), 201);
    });
    serve({ fetch: app.fetch, hostname: "127.0.0.1", port });
}

function uuidV7() {
    const hex = Date.now().toString(16).padStart(12, "0") + randomBytes(10).toString("hex");
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
}
