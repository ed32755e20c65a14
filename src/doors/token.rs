//! The token door: who a bearer token stands for (RFC 6750 section 2.1).

use axum::{
    http::{Extensions, HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use time::Duration;
use uuid::Uuid;

use super::{Caller, Credential};
use crate::{
    accounts::Account,
    activity::Kind,
    client::Client,
    db::{Db, change, columns, read},
    problem::Problem,
    timestamp::Timestamp,
    tokens::{Token, format::Secret},
};

/// "Last used" is kept to the minute, so that reading costs at most one write a minute.
const LAST_USED_STEP: Duration = Duration::minutes(1);

/// Checks bearer tokens.
#[derive(Clone, Debug)]
pub struct TokenDoor {
    /// Where tokens are kept.
    pub db: Db,
    /// What tokens begin with.
    pub prefix: String,
}

impl TokenDoor {
    /// Who is calling, by `Authorization`. One indexed query; the note of its use is written off the request's path.
    ///
    /// # Errors
    /// 401 with the reason in its code; 503 where the database does not answer.
    pub async fn identify(&self, headers: &HeaderMap, extensions: &Extensions) -> Result<Caller, Problem> {
        let secret = Secret::parse(&self.prefix, bearer(headers)?).ok_or(Problem::TokenInvalid)?;
        let row: Option<TokenRow> = read!(
            self.db,
            optional,
            "SELECT tokens.id, tokens.name, tokens.scopes, tokens.created_at, tokens.expires_at, tokens.last_used_at,
                    tokens.revoked_at, accounts.id AS account_id, accounts.email, accounts.name AS account_name,
                    accounts.created_at AS account_created_at, accounts.disabled_at AS account_disabled_at
             FROM tokens JOIN accounts ON accounts.id = tokens.account_id
             WHERE tokens.hash = $1",
            secret.hash(),
        )?;
        let row = row.ok_or(Problem::TokenInvalid)?;
        let now = self.db.now();
        // Where the account is disabled, signing in again says so.
        if row.revoked_at.is_some() || row.account_disabled_at.is_some() {
            return Err(Problem::TokenRevoked);
        }
        if row.expires_at <= now {
            return Err(Problem::TokenExpired);
        }
        let before = row.last_used_at;
        let caller = Caller::from(row);
        match before {
            None => self.note_first_use(&caller, Client::of(headers, extensions), now),
            Some(before) if now - before >= LAST_USED_STEP => self.note_use(&caller, now),
            Some(_) => {}
        }
        Ok(caller)
    }

    /// Of many uses at once, one is the first.
    fn note_first_use(&self, caller: &Caller, client: Client, now: Timestamp) {
        let Credential::Token(token) = caller.credential.clone() else { return };
        let (db, actor) = (self.db.clone(), caller.acting(client));
        self.db.later(async move {
            let first: sqlx::Result<u64> = change!(
                db,
                none,
                "UPDATE tokens SET last_used_at = $1 WHERE id = $2 AND last_used_at IS NULL",
                now,
                token.id,
            );
            match first {
                Ok(0) => {}
                Ok(_) => actor.did(&db, Kind::TokenFirstUsed, Some((token.id, &token.name))),
                Err(error) => tracing::warn!(%error, token = %token.id, "first use not noted"),
            }
        });
    }

    fn note_use(&self, caller: &Caller, now: Timestamp) {
        let Credential::Token(Token { id, .. }) = caller.credential else { return };
        let db = self.db.clone();
        self.db.later(async move {
            let noted = change!(db, none, "UPDATE tokens SET last_used_at = $1 WHERE id = $2", now, id);
            if let Err(error) = noted {
                tracing::warn!(%error, token = %id, "last use not noted");
            }
        });
    }
}

/// The token in a single `Authorization: Bearer` header; the scheme's case does not matter (RFC 9110 section 11.1).
fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = match (values.next(), values.next()) {
        (None, _) => return Err(Problem::TokenMissing),
        (Some(value), None) => value,
        (Some(_), Some(_)) => {
            return Err(Problem::InvalidBody("Send a single Authorization header.".into()));
        }
    };
    let (scheme, token) = split(value).ok_or(Problem::TokenInvalid)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Problem::TokenMissing);
    }
    Ok(token)
}

fn split(value: &HeaderValue) -> Option<(&str, &str)> {
    let text = value.to_str().ok()?;
    Some(text.split_once(' ').map_or((text, ""), |(scheme, token)| (scheme, token.trim_start_matches(' '))))
}

/// Every 401 of this door says how to come in, a wrong password's too (RFC 9110 section 15.5.2). No token was sent then,
/// so the challenge names no error.
pub async fn challenge(mut response: Response) -> Response {
    let challenge = Problem::TokenMissing.challenge().and_then(|text| HeaderValue::from_str(&text).ok());
    if let (StatusCode::UNAUTHORIZED, Some(challenge)) = (response.status(), challenge) {
        response.headers_mut().entry(header::WWW_AUTHENTICATE).or_insert(challenge);
    }
    response
}

struct TokenRow {
    id: Uuid,
    name: String,
    scopes: String,
    created_at: Timestamp,
    expires_at: Timestamp,
    last_used_at: Option<Timestamp>,
    revoked_at: Option<Timestamp>,
    account_id: Uuid,
    email: String,
    account_name: String,
    account_created_at: Timestamp,
    account_disabled_at: Option<Timestamp>,
}

columns!(TokenRow {
    id,
    name,
    scopes,
    created_at,
    expires_at,
    last_used_at,
    revoked_at,
    account_id,
    email,
    account_name,
    account_created_at,
    account_disabled_at,
});

impl From<TokenRow> for Caller {
    fn from(row: TokenRow) -> Self {
        Self {
            account: Account {
                id: row.account_id,
                email: row.email,
                name: row.account_name,
                created_at: row.account_created_at,
            },
            credential: Credential::Token(Token {
                id: row.id,
                name: row.name,
                scopes: row.scopes.into(),
                created_at: row.created_at,
                expires_at: row.expires_at,
                last_used_at: row.last_used_at,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&[u8]]) -> Result<String, &'static str> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::AUTHORIZATION, HeaderValue::from_bytes(line).unwrap());
        }
        bearer(&headers).map(str::to_owned).map_err(|problem| problem.code())
    }

    #[test]
    fn one_header_one_scheme() {
        assert_eq!(read(&[b"Bearer abc"]).as_deref(), Ok("abc"));
        assert_eq!(read(&[b"bEARER   abc"]).as_deref(), Ok("abc"));
        assert_eq!(read(&[]), Err("token_missing"));
        assert_eq!(read(&[b"Basic abc"]), Err("token_missing"));
        assert_eq!(read(&[b"Bearer"]).as_deref(), Ok(""));
        assert_eq!(read(&[b"Bearer \xff"]), Err("token_invalid"));
        assert_eq!(read(&[b"Bearer a", b"Bearer b"]), Err("invalid_body"));
    }
}
