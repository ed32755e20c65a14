//! The columns of the `tokens` table that `POST token/renew` and `POST reauthenticate` write.

use uuid::Uuid;

use crate::{
    auth::{
        IssuedBy, Token,
        store::token_row::{Row, token_columns},
    },
    db::{Db, execute, fetch},
    timestamp::Timestamp,
};

/// By how many seconds a renewal prolongs a new token: by as many as it lasts without one. 0 if it has a fixed end.
pub(super) fn renew_seconds(token: &Token) -> i64 {
    match (token.issued_by, token.renew_days) {
        (IssuedBy::Login, _) => (token.expires_at - token.created_at).whole_seconds(),
        (_, days) => days.map_or(0, |days| i64::from(days) * 24 * 60 * 60),
    }
}

/// Prolongs an active token from `now` on, up to its end. It never ends sooner than before. `None` if it is no longer
/// active.
pub(crate) async fn renew(db: &Db, account: Uuid, id: Uuid, now: Timestamp) -> sqlx::Result<Option<Token>> {
    const SQLITE: &str = concat!(
        "UPDATE tokens SET expires_at = MAX(expires_at, MIN(ends_at, $3 + renew_seconds * 1000000))
         WHERE id = $1 AND account_id = $2 AND revoked_at IS NULL AND expires_at > $3
         RETURNING ",
        token_columns!()
    );
    const POSTGRES: &str = concat!(
        "UPDATE tokens SET expires_at = GREATEST(expires_at, LEAST(ends_at, $3 + renew_seconds * INTERVAL '1 second'))
         WHERE id = $1 AND account_id = $2 AND revoked_at IS NULL AND expires_at > $3
         RETURNING ",
        token_columns!()
    );
    let row: sqlx::Result<Option<Row>> = execute!(db, optional, db.dialect(SQLITE, POSTGRES), id, account, now);
    Ok(row?.map(Token::from))
}

/// When the account's current password was last given with the token. For a login, this starts as `created_at`.
pub(crate) async fn reauthenticated_at(db: &Db, id: Uuid, now: Timestamp) -> sqlx::Result<Option<Timestamp>> {
    let found: Option<(Option<Timestamp>,)> = fetch!(
        db,
        optional,
        "SELECT reauthenticated_at FROM tokens JOIN accounts ON accounts.id = account_id
         WHERE tokens.id = $1 AND revoked_at IS NULL AND expires_at > $2
            AND reauthentication_stamp = auth_stamp AND disabled_at IS NULL",
        id,
        now,
    )?;
    Ok(found.and_then(|(at,)| at))
}

/// Stores that the password was given with the token, if the account still has `stamp`, which belongs to the verified
/// password.
pub(crate) async fn reauthenticate(
    db: &Db,
    account: Uuid,
    stamp: Vec<u8>,
    id: Uuid,
    now: Timestamp,
) -> sqlx::Result<u64> {
    const SQLITE: &str = "UPDATE tokens SET reauthenticated_at = $1, reauthentication_stamp = $4
         WHERE id = $2 AND account_id = $3 AND revoked_at IS NULL AND expires_at > $1
            AND EXISTS (SELECT 1 FROM accounts WHERE id = $3 AND auth_stamp = $4 AND disabled_at IS NULL)";
    const POSTGRES: &str = "WITH owner AS
            (SELECT id FROM accounts WHERE id = $3 AND auth_stamp = $4 AND disabled_at IS NULL FOR SHARE)
         UPDATE tokens SET reauthenticated_at = $1, reauthentication_stamp = $4 FROM owner
         WHERE tokens.id = $2 AND account_id = owner.id AND revoked_at IS NULL AND expires_at > $1";
    execute!(db, affected, db.dialect(SQLITE, POSTGRES), now, id, account, stamp)
}
