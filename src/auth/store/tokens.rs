//! The `tokens` table. It holds hashes, by which tokens are looked up.

use serde::Serialize;
use uuid::Uuid;

use crate::{
    auth::{
        Token,
        store::{
            token_renewal::renew_seconds,
            token_row::{Row, token_columns},
        },
    },
    db::{Db, execute, fetch},
    metrics::Family,
    timestamp::Timestamp,
};

/// A new token.
pub(crate) struct New {
    pub account: Uuid,
    /// The account's stamp when the person authenticated; `None` if another token creates this one.
    pub stamp: Option<Vec<u8>>,
    /// The token that creates it.
    pub parent: Option<Uuid>,
    pub token: Token,
    pub hash: Vec<u8>,
    /// How many days before it expires the owner is told; 0 for never.
    pub warn_days: i64,
    /// How many active tokens the account can have, login tokens not counted.
    pub limit: i64,
}

/// Tokens that were issued, by who or what asked for them, in the order of [`IssuedBy`].
pub static ISSUED: Family<4> = Family::new(
    "vestibule_tokens_issued_total",
    "Access tokens issued.",
    "issued_by",
    ["person", "login", "token", "client"],
);

/// Stores the token, unless the account has reached its limit, is disabled, has another stamp by now, or demands a key and
/// the token has none, or the parent token is no longer active or expires sooner.
/// One statement, so that concurrent calls cannot exceed the limit (S54) or use an outdated stamp (S59). SQLite has one
/// writer. PostgreSQL locks the account's row first, as a password change does, then counts and compares.
pub(crate) async fn insert(db: &Db, new: New) -> sqlx::Result<Option<Token>> {
    const SQLITE: &str = concat!(
        "INSERT INTO tokens
            (id, account_id, parent_id, name, hash, scopes, origins, issued_by, created_at, expires_at, ends_at,
             renew_days, warn_days, password_stamp, renew_seconds, reauthenticated_at, reauthentication_stamp, jkt)
         SELECT $1, owner.id, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,
            CASE WHEN $8 = 'login' THEN owner.password_stamp ELSE parent.password_stamp END, $16,
            CASE WHEN $8 = 'login' THEN $9 END, CASE WHEN $8 = 'login' THEN owner.auth_stamp END, $17
         FROM accounts AS owner LEFT JOIN tokens AS parent
            ON parent.id = $3 AND parent.account_id = owner.id AND parent.revoked_at IS NULL AND parent.expires_at > $9
                AND parent.expires_at >= $11
                AND COALESCE(parent.password_stamp, owner.password_stamp) = owner.password_stamp
         WHERE owner.id = $2 AND owner.disabled_at IS NULL AND owner.auth_stamp = COALESCE($15, owner.auth_stamp)
            AND (SELECT count(*) FROM tokens
                 WHERE account_id = $2 AND issued_by NOT IN ('login', 'client') AND revoked_at IS NULL
                    AND expires_at > $9) < $14
            AND ($3 IS NULL OR parent.id IS NOT NULL) AND (NOT owner.requires_key OR $17 IS NOT NULL)
         RETURNING ",
        token_columns!()
    );
    const POSTGRES: &str = concat!(
        "WITH
            owner AS (SELECT id, auth_stamp, password_stamp, requires_key FROM accounts
                WHERE id = $2 AND disabled_at IS NULL AND auth_stamp = COALESCE($15, auth_stamp) FOR NO KEY UPDATE),
            parent AS (SELECT id, password_stamp FROM tokens
                WHERE id = $3 AND account_id = $2 AND revoked_at IS NULL AND expires_at > $9 AND expires_at >= $11
                FOR SHARE)
         INSERT INTO tokens
            (id, account_id, parent_id, name, hash, scopes, origins, issued_by, created_at, expires_at, ends_at,
             renew_days, warn_days, password_stamp, renew_seconds, reauthenticated_at, reauthentication_stamp, jkt)
         SELECT $1, owner.id, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,
            CASE WHEN $8 = 'login' THEN owner.password_stamp ELSE parent.password_stamp END, $16,
            CASE WHEN $8 = 'login' THEN $9 END, CASE WHEN $8 = 'login' THEN owner.auth_stamp END, $17
         FROM owner LEFT JOIN parent ON COALESCE(parent.password_stamp, owner.password_stamp) = owner.password_stamp
         WHERE tokens_at_work(owner.id, $9) < $14 AND ($3 IS NULL OR parent.id IS NOT NULL)
            AND (NOT owner.requires_key OR $17 IS NOT NULL)
         RETURNING ",
        token_columns!()
    );
    let New { account, stamp, parent, token, hash, warn_days, limit } = new;
    let renew_seconds = renew_seconds(&token);
    let row: sqlx::Result<Option<Row>> = execute!(
        db,
        optional,
        db.dialect(SQLITE, POSTGRES),
        token.id,
        account,
        parent,
        token.name,
        hash,
        token.scopes.to_string(),
        token.origins.join(" "),
        token.issued_by.as_str(),
        token.created_at,
        token.expires_at,
        token.ends_at,
        token.renew_days.map_or(0, i64::from),
        warn_days,
        limit,
        stamp,
        renew_seconds,
        token.key_thumbprint,
    );
    let stored = row?.map(Token::from);
    if let Some(token) = &stored {
        ISSUED.count(token.issued_by as usize);
    }
    Ok(stored)
}

/// Whether the account is enabled and has the stamp, if one is given.
pub(crate) async fn stands(db: &Db, account: Uuid, stamp: Option<Vec<u8>>) -> sqlx::Result<bool> {
    let found: Option<(i32,)> = fetch!(
        db,
        optional,
        "SELECT 1 FROM accounts WHERE id = $1 AND disabled_at IS NULL AND auth_stamp = COALESCE($2, auth_stamp)",
        account,
        stamp,
    )?;
    Ok(found.is_some())
}

/// Whether the account has the token and it is active.
pub(crate) async fn works(db: &Db, account: Uuid, id: Uuid, now: Timestamp) -> sqlx::Result<bool> {
    let found: Option<(i32,)> = fetch!(
        db,
        optional,
        "SELECT 1 FROM tokens WHERE id = $1 AND account_id = $2 AND revoked_at IS NULL AND expires_at > $3",
        id,
        account,
        now,
    )?;
    Ok(found.is_some())
}

/// The newest `limit` active tokens, but for those of applications.
pub(crate) async fn at_work(db: &Db, account: Uuid, now: Timestamp, limit: i64) -> sqlx::Result<Vec<Token>> {
    let rows: Vec<Row> = fetch!(
        db,
        all,
        concat!(
            "SELECT ",
            token_columns!(),
            " FROM tokens WHERE account_id = $1 AND issued_by <> 'client' AND revoked_at IS NULL AND expires_at > $2
             ORDER BY id DESC LIMIT $3"
        ),
        account,
        now,
        limit,
    )?;
    Ok(rows.into_iter().map(Token::from).collect())
}

/// The token with `hash`, if it is active.
pub(crate) async fn find(db: &Db, account: Uuid, hash: Vec<u8>, now: Timestamp) -> sqlx::Result<Option<Token>> {
    let row: Option<Row> = fetch!(
        db,
        optional,
        concat!(
            "SELECT ",
            token_columns!(),
            " FROM tokens WHERE hash = $2 AND account_id = $1 AND revoked_at IS NULL AND expires_at > $3"
        ),
        account,
        hash,
        now,
    )?;
    Ok(row.map(Token::from))
}

/// The newest `limit` tokens that expired or were revoked, but for those of applications.
pub(crate) async fn ended(db: &Db, account: Uuid, now: Timestamp, limit: i64) -> sqlx::Result<Vec<Token>> {
    let rows: Vec<Row> = fetch!(
        db,
        all,
        concat!(
            "SELECT ",
            token_columns!(),
            " FROM tokens WHERE account_id = $1 AND issued_by <> 'client'
                AND (revoked_at IS NOT NULL OR expires_at <= $2) ORDER BY id DESC LIMIT $3"
        ),
        account,
        now,
        limit,
    )?;
    Ok(rows.into_iter().map(Token::from).collect())
}

/// Revokes the chosen tokens of the account and all their descendants, even if tokens in between are no longer active
/// (S60). Returns those that were active.
macro_rules! with_descent {
    ($chosen:literal) => {
        concat!(
            "WITH RECURSIVE ended (id) AS (SELECT id FROM tokens WHERE account_id = $2 AND ",
            $chosen,
            " UNION SELECT tokens.id FROM tokens JOIN ended ON tokens.parent_id = ended.id)
             UPDATE tokens SET revoked_at = $1
             WHERE id IN (SELECT id FROM ended) AND revoked_at IS NULL AND expires_at > $1
             RETURNING ",
            token_columns!()
        )
    };
}

/// Revokes the token and its descendants.
pub(crate) async fn revoke(db: &Db, account: Uuid, id: Uuid, now: Timestamp) -> sqlx::Result<Vec<Token>> {
    let rows: sqlx::Result<Vec<Row>> = execute!(db, all, with_descent!("id = $3"), now, account, id);
    Ok(rows?.into_iter().map(Token::from).collect())
}

/// Revokes all active tokens but `kept`.
pub(crate) async fn revoke_all(db: &Db, account: Uuid, kept: Option<Uuid>, now: Timestamp) -> sqlx::Result<Vec<Token>> {
    let rows: sqlx::Result<Vec<Row>> = execute!(
        db,
        all,
        concat!(
            "UPDATE tokens SET revoked_at = $1
         WHERE account_id = $2 AND id <> $3 AND revoked_at IS NULL AND expires_at > $1
         RETURNING ",
            token_columns!()
        ),
        now,
        account,
        kept.unwrap_or_default(),
    );
    Ok(rows?.into_iter().map(Token::from).collect())
}

/// Revokes all login tokens but the newest `kept`, and their descendants.
pub(crate) async fn revoke_old_logins(db: &Db, account: Uuid, kept: i64, now: Timestamp) -> sqlx::Result<Vec<Token>> {
    let rows: sqlx::Result<Vec<Row>> = execute!(
        db,
        all,
        with_descent!(
            "issued_by = 'login' AND revoked_at IS NULL AND expires_at > $1
            AND id NOT IN (
                SELECT id FROM tokens
                WHERE account_id = $2 AND issued_by = 'login' AND revoked_at IS NULL AND expires_at > $1
                ORDER BY id DESC LIMIT $3)"
        ),
        now,
        account,
        kept,
    );
    Ok(rows?.into_iter().map(Token::from).collect())
}

/// Revokes the tokens of logins and of applications from another password than that of `stamp`, and their descendants.
pub(crate) async fn revoke_outdated(
    db: &Db,
    account: Uuid,
    stamp: Vec<u8>,
    now: Timestamp,
) -> sqlx::Result<Vec<Token>> {
    let rows: sqlx::Result<Vec<Row>> = execute!(
        db,
        all,
        with_descent!("issued_by IN ('login', 'client') AND (password_stamp IS NULL OR password_stamp <> $3)"),
        now,
        account,
        stamp,
    );
    Ok(rows?.into_iter().map(Token::from).collect())
}

/// A token and its owner's address.
#[derive(sqlx::FromRow)]
pub(crate) struct EndingToken {
    pub id: Uuid,
    pub account_id: Uuid,
    pub email: String,
    pub name: String,
    pub created_at: Timestamp,
    pub ends_at: Timestamp,
}

/// The token with this hash, active or not.
pub(crate) async fn find_owned(db: &Db, hash: Vec<u8>) -> sqlx::Result<Option<EndingToken>> {
    fetch!(
        db,
        optional,
        "SELECT tokens.id, account_id, email, tokens.name, tokens.created_at, ends_at
         FROM tokens JOIN accounts ON accounts.id = account_id WHERE hash = $1",
        hash,
    )
}

/// Claims up to `batch` tokens that expire between `from` and `until` and whose owners have not been told `days`
/// before, and sets `next` as the next warning. The outer condition is repeated so that, if two instances select the
/// same token, the second one sees what the first has written.
pub(crate) async fn claim_warnings(
    db: &Db,
    days: i64,
    next: i64,
    (from, until): (Timestamp, Timestamp),
    batch: i64,
) -> sqlx::Result<Vec<EndingToken>> {
    execute!(
        db,
        all,
        "UPDATE tokens SET warn_days = $2
         WHERE warn_days >= $1 AND id IN (
            SELECT id FROM tokens
            WHERE warn_days > 0 AND warn_days >= $1 AND ends_at > $3 AND ends_at <= $4 AND revoked_at IS NULL
                AND expires_at > $3
            ORDER BY ends_at LIMIT $5)
         RETURNING id, account_id, name, created_at, ends_at,
            (SELECT email FROM accounts WHERE accounts.id = tokens.account_id) AS email",
        days,
        next,
        from,
        until,
        batch,
    )
}

/// An active token and its owner.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub struct TokenWithOwner {
    /// The id of the token, for `vestibule tokens revoke`.
    pub id: Uuid,
    /// The account it belongs to.
    pub account_id: Uuid,
    /// The account's email address.
    pub email: String,
    /// The name its owner gave it.
    pub name: String,
    /// Its scopes, separated by spaces.
    pub scopes: String,
    /// `person`, `login`, `token` or `client`.
    pub issued_by: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it expires, unless it is renewed.
    pub expires_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// The address it was last used from; empty if unknown.
    pub last_used_from: String,
}

/// The active tokens of `account`, or of all accounts; newest first.
pub(crate) async fn list_all(
    db: &Db,
    account: Option<Uuid>,
    now: Timestamp,
    limit: i64,
) -> sqlx::Result<Vec<TokenWithOwner>> {
    fetch!(
        db,
        all,
        "SELECT tokens.id, account_id, email, tokens.name, scopes, issued_by, tokens.created_at, expires_at,
                last_used_at, last_used_from
         FROM tokens JOIN accounts ON accounts.id = account_id
         WHERE revoked_at IS NULL AND expires_at > $1 AND account_id = COALESCE($2, account_id)
         ORDER BY tokens.id DESC LIMIT $3",
        now,
        account,
        limit,
    )
}

/// The account that owns the token.
pub(crate) async fn owner(db: &Db, id: Uuid) -> sqlx::Result<Option<Uuid>> {
    let found: Option<(Uuid,)> = fetch!(db, optional, "SELECT account_id FROM tokens WHERE id = $1", id)?;
    Ok(found.map(|(account,)| account))
}

/// Revokes up to `batch` active tokens created until `now`. Returns their ids, accounts and names.
pub(crate) async fn revoke_before(db: &Db, now: Timestamp, batch: i64) -> sqlx::Result<Vec<(Uuid, Uuid, String)>> {
    execute!(
        db,
        all,
        "UPDATE tokens SET revoked_at = $1 WHERE id IN (
            SELECT id FROM tokens WHERE revoked_at IS NULL AND expires_at > $1 AND created_at <= $1
            ORDER BY id LIMIT $2)
         RETURNING id, account_id, name",
        now,
        batch,
    )
}

/// Deletes tokens that expired or were revoked before `before` and have no descendants left: until then, the origin of
/// a descendant can be traced (S60).
pub(crate) async fn delete_expired(db: &Db, before: Timestamp, batch: i64) -> sqlx::Result<u64> {
    let revoked = execute!(
        db,
        affected,
        "DELETE FROM tokens WHERE id IN
            (SELECT id FROM tokens WHERE revoked_at < $1
                AND NOT EXISTS (SELECT 1 FROM tokens AS made WHERE made.parent_id = tokens.id)
             ORDER BY revoked_at LIMIT $2)",
        before,
        batch,
    )?;
    let expired = execute!(
        db,
        affected,
        "DELETE FROM tokens WHERE id IN
            (SELECT id FROM tokens WHERE expires_at < $1
                AND NOT EXISTS (SELECT 1 FROM tokens AS made WHERE made.parent_id = tokens.id)
             ORDER BY expires_at LIMIT $2)",
        before,
        batch,
    )?;
    Ok(revoked.max(expired))
}
