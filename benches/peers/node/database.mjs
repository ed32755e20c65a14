// The notes table and its statements on either database, with the application's settings for durability.

import Database from "better-sqlite3";
import pg from "pg";

const COLUMNS = "id, title, body, version, created_at, updated_at";
const LIST = `SELECT ${COLUMNS} FROM notes WHERE account_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3`;
const FIND = `SELECT ${COLUMNS} FROM notes WHERE id = $1 AND account_id = $2`;
const INSERT = `INSERT INTO notes (id, account_id, title, body, version, created_at, updated_at)
    VALUES ($1, $2, $3, $4, 1, $5, $6) RETURNING ${COLUMNS}`;

const table = (id, time, integer) => `
    CREATE TABLE notes (id ${id} PRIMARY KEY NOT NULL, account_id TEXT NOT NULL, title TEXT NOT NULL,
        body TEXT NOT NULL, version ${integer} NOT NULL, created_at ${time} NOT NULL, updated_at ${time} NOT NULL);
    CREATE INDEX notes_account ON notes (account_id, id);`;

function sqlite(url) {
    const connection = new Database(url.replace("sqlite:", ""), { timeout: 4000 });
    connection.pragma("journal_mode = WAL");
    connection.pragma("synchronous = FULL");
    connection.pragma("foreign_keys = ON");
    const statements = new Map();
    const run = (sql, values) => {
        let statement = statements.get(sql);
        if (!statement) {
            statement = connection.prepare(sql.replaceAll(/\$\d/g, "?"));
            statements.set(sql, statement);
        }
        return statement.all(...values);
    };
    return { handle: connection, run, create: () => connection.exec(table("TEXT", "TEXT", "INTEGER")) };
}

// Eight connections for each of the two workers: the application has sixteen.
function postgres(url) {
    // A version is far below 2^53, so it is a number as in the application's answers.
    pg.types.setTypeParser(pg.types.builtins.INT8, Number);
    const pool = new pg.Pool({ connectionString: url, max: 8 });
    const names = new Map([[LIST, "list"], [FIND, "find"], [INSERT, "insert"]]);
    const run = async (text, values) => (await pool.query({ name: names.get(text), text, values })).rows;
    return { handle: pool, run, create: () => pool.query(table("UUID", "TIMESTAMPTZ", "BIGINT")) };
}

export function open(url) {
    const { handle, run, create } = url.startsWith("sqlite:") ? sqlite(url) : postgres(url);
    return {
        handle,
        create,
        list: (account, before, limit) => run(LIST, [account, before, limit]),
        find: async (account, id) => (await run(FIND, [id, account]))[0],
        insert: async (account, { id, title, body, created_at, updated_at }) =>
            (await run(INSERT, [id, account, title, body, created_at, updated_at]))[0],
    };
}
