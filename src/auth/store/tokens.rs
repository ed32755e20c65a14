//! The tokens table. It holds hashes; the doors look tokens up by them.

use serde::Serialize;
use uuid::Uuid;

use crate::{
    auth::{Token, store::token_row::Row},
    db::{Db, execute, fetch},
    timestamp::Timestamp,
};

/// A token to come.
pub(crate) struct New {
    pub account: Uuid,
    /// The account's stamp that whoever asks has proven; none where a token asks.
    pub stamp: Option<Vec<u8>>,
    /// The token that makes it.
    pub parent: Option<Uuid>,
    pub token: Token,
    pub hash: Vec<u8>,
    /// How many days before its end the owner is told.
    pub warn_days: i64,
    /// How many that work the account may have.
    pub limit: i64,
}

/// Makes the token, unless the account has as many as it may have, is disabled or has another stamp by now, or the
/// token that makes it has ended meanwhile or ends sooner.
///
/// It is one statement, so that of many at once only those are made for which there is room (S54), and none whose proof
/// is over (S59). SQLite has one writer. In PostgreSQL it waits for the account's row, as a change of the password
/// does, and decides by what stands there then; it counts when it has it.
pub(crate) async fn insert(db: &Db, new: New) -> sqlx::Result<Option<Token>> {
    const SQLITE: &str = "INSERT INTO tokens
            (id, account_id, parent_id, name, hash, scopes, origins, issued_by, created_at, expires_at, ends_at,
             renew_days, warn_days, password_stamp)
         SELECT $1, owner.id, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,
            CASE WHEN $8 = 'login' THEN owner.password_stamp ELSE parent.password_stamp END
         FROM accounts AS owner LEFT JOIN tokens AS parent
            ON parent.id = $3 AND parent.account_id = owner.id AND parent.revoked_at IS NULL AND parent.expires_at > $9
                AND parent.expires_at >= $11
                AND COALESCE(parent.password_stamp, owner.password_stamp) = owner.password_stamp
         WHERE owner.id = $2 AND owner.disabled_at IS NULL AND owner.auth_stamp = COALESCE($15, owner.auth_stamp)
            AND (SELECT count(*) FROM tokens
                 WHERE account_id = $2 AND issued_by <> 'login' AND revoked_at IS NULL AND expires_at > $9) < $14
            AND ($3 IS NULL OR parent.id IS NOT NULL)
         RETURNING id, name, scopes, origins, issued_by, created_at, expires_at, ends_at, renew_days, last_used_at,
             last_used_from, revoked_at";
    const POSTGRES: &str = "WITH
            owner AS (SELECT id, password_stamp FROM accounts
                WHERE id = $2 AND disabled_at IS NULL AND auth_stamp = COALESCE($15, auth_stamp) FOR NO KEY UPDATE),
            parent AS (SELECT id, password_stamp FROM tokens
                WHERE id = $3 AND account_id = $2 AND revoked_at IS NULL AND expires_at > $9 AND expires_at >= $11
                FOR SHARE)
         INSERT INTO tokens
            (id, account_id, parent_id, name, hash, scopes, origins, issued_by, created_at, expires_at, ends_at,
             renew_days, warn_days, password_stamp)
         SELECT $1, owner.id, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,
            CASE WHEN $8 = 'login' THEN owner.password_stamp ELSE parent.password_stamp END
         FROM owner LEFT JOIN parent ON COALESCE(parent.password_stamp, owner.password_stamp) = owner.password_stamp
         WHERE tokens_at_work(owner.id, $9) < $14 AND ($3 IS NULL OR parent.id IS NOT NULL)
         RETURNING id, name, scopes, origins, issued_by, created_at, expires_at, ends_at, renew_days, last_used_at,
             last_used_from, revoked_at";
    let New { account, stamp, parent, token, hash, warn_days, limit } = new;
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
    );
    Ok(row?.map(Token::from))
}

/// Whether the account may have what is made for it: it is not disabled, and has the stamp, if there is one.
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

/// Whether the account has the token, and it works.
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

/// The newest `limit` of those that work.
pub(crate) async fn at_work(db: &Db, account: Uuid, now: Timestamp, limit: i64) -> sqlx::Result<Vec<Token>> {
    let rows: Vec<Row> = fetch!(
        db,
        all,
        "SELECT id, name, scopes, origins, issued_by, created_at, expires_at, ends_at, renew_days, last_used_at,
            last_used_from, revoked_at
         FROM tokens WHERE account_id = $1 AND revoked_at IS NULL AND expires_at > $2 ORDER BY id DESC LIMIT $3",
        account,
        now,
        limit,
    )?;
    Ok(rows.into_iter().map(Token::from).collect())
}

/// The one with `hash`, if it works.
pub(crate) async fn find(db: &Db, account: Uuid, hash: Vec<u8>, now: Timestamp) -> sqlx::Result<Option<Token>> {
    let row: Option<Row> = fetch!(
        db,
        optional,
        "SELECT id, name, scopes, origins, issued_by, created_at, expires_at, ends_at, renew_days, last_used_at,
            last_used_from, revoked_at
         FROM tokens WHERE hash = $2 AND account_id = $1 AND revoked_at IS NULL AND expires_at > $3",
        account,
        hash,
        now,
    )?;
    Ok(row.map(Token::from))
}

/// The newest `limit` of those that have ended.
pub(crate) async fn ended(db: &Db, account: Uuid, now: Timestamp, limit: i64) -> sqlx::Result<Vec<Token>> {
    let rows: Vec<Row> = fetch!(
        db,
        all,
        "SELECT id, name, scopes, origins, issued_by, created_at, expires_at, ends_at, renew_days, last_used_at,
            last_used_from, revoked_at
         FROM tokens WHERE account_id = $1 AND (revoked_at IS NOT NULL OR expires_at <= $2) ORDER BY id DESC LIMIT $3",
        account,
        now,
        limit,
    )?;
    Ok(rows.into_iter().map(Token::from).collect())
}

/// Revokes those of the account that are chosen and all that they have made, at any remove and whatever has become of
/// what made it (S60), and gives those that worked until now.
macro_rules! with_descent {
    ($chosen:literal) => {
        concat!(
            "WITH RECURSIVE ended (id) AS (SELECT id FROM tokens WHERE account_id = $2 AND ",
            $chosen,
            " UNION SELECT tokens.id FROM tokens JOIN ended ON tokens.parent_id = ended.id)
             UPDATE tokens SET revoked_at = $1
             WHERE id IN (SELECT id FROM ended) AND revoked_at IS NULL AND expires_at > $1
             RETURNING id, name, scopes, origins, issued_by, created_at, expires_at, ends_at, renew_days, last_used_at,
                last_used_from, revoked_at"
        )
    };
}

/// The token, and what it has made.
pub(crate) async fn revoke(db: &Db, account: Uuid, id: Uuid, now: Timestamp) -> sqlx::Result<Vec<Token>> {
    let rows: sqlx::Result<Vec<Row>> = execute!(db, all, with_descent!("id = $3"), now, account, id);
    Ok(rows?.into_iter().map(Token::from).collect())
}

/// All that worked until now, but `kept`.
pub(crate) async fn revoke_all(db: &Db, account: Uuid, kept: Option<Uuid>, now: Timestamp) -> sqlx::Result<Vec<Token>> {
    let rows: sqlx::Result<Vec<Row>> = execute!(
        db,
        all,
        "UPDATE tokens SET revoked_at = $1
         WHERE account_id = $2 AND id <> $3 AND revoked_at IS NULL AND expires_at > $1
         RETURNING id, name, scopes, origins, issued_by, created_at, expires_at, ends_at, renew_days, last_used_at,
            last_used_from, revoked_at",
        now,
        account,
        kept.unwrap_or_default(),
    );
    Ok(rows?.into_iter().map(Token::from).collect())
}

/// Those of `POST login` but the newest `kept`, and what they have made.
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

/// Those of `POST login` for another password than that of `stamp`, and what they have made.
pub(crate) async fn revoke_outdated(
    db: &Db,
    account: Uuid,
    stamp: Vec<u8>,
    now: Timestamp,
) -> sqlx::Result<Vec<Token>> {
    let rows: sqlx::Result<Vec<Row>> = execute!(
        db,
        all,
        with_descent!("issued_by = 'login' AND (password_stamp IS NULL OR password_stamp <> $3)"),
        now,
        account,
        stamp,
    );
    Ok(rows?.into_iter().map(Token::from).collect())
}

/// A token and whom to tell about it.
#[derive(sqlx::FromRow)]
pub(crate) struct EndingToken {
    pub id: Uuid,
    pub account_id: Uuid,
    pub email: String,
    pub name: String,
    pub created_at: Timestamp,
    pub ends_at: Timestamp,
}

/// The token with this hash, whether it works or not.
pub(crate) async fn find_owned(db: &Db, hash: Vec<u8>) -> sqlx::Result<Option<EndingToken>> {
    fetch!(
        db,
        optional,
        "SELECT tokens.id, account_id, email, tokens.name, tokens.created_at, ends_at
         FROM tokens JOIN accounts ON accounts.id = account_id WHERE hash = $1",
        hash,
    )
}

/// Claims up to `batch` tokens that end between `from` and `until` and whose owners are still to be told so many days
/// before, and leaves `next` to come. The condition stands outside as well: of two instances that choose the same, the
/// second sees what the first has written.
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

/// A token that works, and whose it is.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub struct TokenWithOwner {
    /// Names it in `vestibule tokens revoke`.
    pub id: Uuid,
    /// Whose it is.
    pub account_id: Uuid,
    /// The account's address.
    pub email: String,
    /// Its owner's name for it.
    pub name: String,
    /// What it may do, separated by spaces.
    pub scopes: String,
    /// `person`, `login` or `token`.
    pub issued_by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working, unless it is renewed.
    pub expires_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// Where it was last used from, empty if that is not known.
    pub last_used_from: String,
}

/// Those that work, of `account` or of everybody, the newest first.
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

/// Whose it is.
pub(crate) async fn owner(db: &Db, id: Uuid) -> sqlx::Result<Option<Uuid>> {
    let found: Option<(Uuid,)> = fetch!(db, optional, "SELECT account_id FROM tokens WHERE id = $1", id)?;
    Ok(found.map(|(account,)| account))
}

/// Up to `batch` of those that work and were made until `now`: whose they were, and what they were called.
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

/// Those that expired before `before`, or were revoked before, and of which nothing is left that they have made: as
/// long as there is, it can be told from where it comes (S60).
pub(crate) async fn sweep(db: &Db, before: Timestamp, batch: i64) -> sqlx::Result<u64> {
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
