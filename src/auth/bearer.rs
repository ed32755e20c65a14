//! The token door: authentication by a bearer token (RFC 6750 section 2.1), or by one that is bound to a key (RFC 9449
//! section 7.1).

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    middleware::Next,
    response::Response,
};
use time::Duration;
use tracing::field;
use uuid::Uuid;

use super::{
    Caller, Credential, PasswordRule,
    authorization::{self, NoToken, Scheme},
    cors::{self, AllowedOrigins},
    dpop::{self, BoundToken, Dpop},
    sign_in::SignIns,
};
use crate::{
    auth::{
        Account, IssuedBy, Token,
        activity::{Actor, Kind},
        rate_limit::requests::{Ending, Limits, RateLimitStatus, RequestAuthInfo},
        store::token_row::Row,
    },
    db::{Db, direct_row, execute, read},
    http::{
        client::Client,
        problem::{DPOP_ALGS, Problem},
    },
    metrics::Family,
    secret::Secret,
    timestamp::Timestamp,
};

/// "Last used" is stored to the minute, so that reads cost at most one write a minute.
const LAST_USED_STEP: Duration = Duration::minutes(1);

const REASONS: [&str; 10] = [
    "token_missing",
    "token_invalid",
    "token_expired",
    "token_revoked",
    "token_bound",
    "token_not_bound",
    "invalid_dpop_proof",
    "use_dpop_nonce",
    "rate_limited",
    "other",
];

/// Requests of the token door that a token did not open.
pub static REFUSED: Family<{ REASONS.len() }> = Family::new(
    "vestibule_tokens_refused_total",
    "Requests at the token door without a token that works, by the code of the problem.",
    "reason",
    REASONS,
);

/// Checks bearer tokens.
#[derive(Clone, Debug)]
pub struct TokenDoor {
    /// The database with the tokens.
    pub db: Db,
    /// The prefix of tokens.
    pub prefix: String,
    /// The origins whose pages can send tokens.
    pub origins: AllowedOrigins,
    /// The rate limits.
    pub limits: Limits,
    /// Checks the proofs of bound tokens.
    pub dpop: Dpop,
    /// Know which accounts have to set up a second factor first.
    pub sign_ins: SignIns,
    /// Whether calls may hold a password.
    pub passwords: PasswordRule,
}

impl TokenDoor {
    /// Authenticates the caller by the `Authorization` header. It takes one indexed query; the time of use is written
    /// in the background. A token that is bound to a key takes a write too: that its proof was used. Where the settings
    /// require a second factor of the account, the factors that it has are read as well.
    ///
    /// # Errors
    /// 401 with the reason in its code; 403 if the token does not work from the request's origin, or before the account
    /// has the second factor that it needs; 429; 503 if the database fails.
    pub async fn identify(&self, parts: &Parts) -> Result<Caller, Problem> {
        let result = self.caller(parts).await;
        if let Err(problem) = &result {
            let reason = REASONS.iter().position(|code| *code == problem.code());
            REFUSED.count(reason.unwrap_or(REASONS.len() - 1));
        }
        result
    }

    async fn caller(&self, parts: &Parts) -> Result<Caller, Problem> {
        let (headers, extensions, ending) = (&parts.headers, &parts.extensions, Ending::of(parts));
        let auth_info = extensions.get::<RequestAuthInfo>().cloned().unwrap_or_default();
        let client = Client::of(headers, extensions);
        let now = self.db.now();
        let (scheme, text) = sent_token(headers).map_err(|problem| match problem {
            Problem::CookieAtTokenDoor if self.origins.are_foreign(headers) => Problem::CredentialedCors,
            problem => problem,
        })?;
        let Some(secret) = Secret::parse(&self.prefix, text) else {
            auth_info.counted(self.limits.check_address(&client, now))?;
            return Err(Problem::TokenInvalid);
        };

        let hash = secret.digest();
        let known = self.limits.check_token(&hash, now, ending);
        let is_known = known.is_some();
        let counted = known.unwrap_or_else(|| self.limits.check_address_of(&client, now, ending));
        auth_info.counted(counted)?;
        let (token, account) = self.find(&secret).await?.ok_or(Problem::TokenInvalid)?;
        let span = tracing::Span::current();
        span.record("token", field::display(token.id)).record("account", field::display(account.id));
        if let Some(origin) = headers.get(header::ORIGIN) {
            auth_info.token_names(cors::token_allows(&token, origin));
        }
        if !token.works(now) {
            self.limits.forget(&hash);
            return Err(if token.revoked_at.is_some() { Problem::TokenRevoked } else { Problem::TokenExpired });
        }
        let ends = ending.is_some_and(|ending| ending.ends(token.id));
        let refused = counted.and_then(RateLimitStatus::within).err().filter(|_| !ends);
        if scheme == Scheme::DPoP || token.key_thumbprint.is_some() {
            if let Some(refused) = refused {
                auth_info.counted(Err(refused))?;
            }
            if let Err(problem) = self.check_key(parts, scheme, &token, &hash).await {
                // Whoever has no more than a copy of the token takes nothing from its owner's limit.
                if is_known {
                    self.limits.refund_token(&hash);
                    auth_info.counted(self.limits.check_address(&client, now))?;
                }
                return Err(problem);
            }
        }
        if !is_known {
            self.limits.refund_address(&client);
            auth_info.counted(self.limits.open_token(hash, now, ending))?;
        }
        if let Some(refused) = refused {
            auth_info.counted(Err(refused))?;
        }
        self.origins.check(&token, headers)?;
        // Also a token from before the settings required it. What ends a token stays possible.
        if !ends && self.sign_ins.must_set_up(&account).await? {
            return Err(Problem::FactorSetupRequired);
        }

        let before = token.last_used_at;
        let caller = Caller { account, credential: Credential::Token(token.clone()), stamp: None, proven_until: None };
        if before.is_none_or(|before| now - before >= LAST_USED_STEP) {
            self.touch(token, caller.acting(client), now);
        }
        Ok(caller)
    }

    /// Checks that a token is sent with the scheme that it was made for, and a bound one with a proof of its key.
    async fn check_key(&self, parts: &Parts, scheme: Scheme, token: &Token, hash: &[u8; 32]) -> Result<(), Problem> {
        match (scheme, &token.key_thumbprint) {
            (Scheme::Bearer, None) => Ok(()),
            (Scheme::Bearer, Some(_)) => Err(Problem::TokenBound),
            (Scheme::DPoP, None) => Err(Problem::TokenNotBound),
            (Scheme::DPoP, Some(key)) => self.dpop.check(parts, BoundToken { hash, key }).await,
        }
    }

    /// Finds the token and its account by the hash.
    async fn find(&self, secret: &Secret) -> sqlx::Result<Option<(Token, Account)>> {
        let row: Option<TokenRow> = read!(
            self.db,
            optional,
            "SELECT tokens.id, tokens.name, tokens.scopes, tokens.origins, tokens.issued_by, tokens.created_at,
                    tokens.expires_at, tokens.ends_at, tokens.renew_days, tokens.last_used_at, tokens.last_used_from,
                    tokens.revoked_at, tokens.jkt, accounts.id AS account_id, accounts.email, accounts.name AS account_name,
                    accounts.created_at AS account_created_at, accounts.email_verified_at AS account_email_verified_at,
                    accounts.disabled_at AS account_disabled_at, accounts.password_stamp AS account_password_stamp,
                    tokens.password_stamp
             FROM tokens JOIN accounts ON accounts.id = tokens.account_id
             WHERE tokens.hash = $1",
            secret.hash(),
        )?;
        Ok(row.map(TokenRow::parts))
    }

    /// Stores that `actor` used `token`, and renews it if each use does. Of many concurrent uses, one is stored.
    fn touch(&self, token: Token, actor: Actor, now: Timestamp) {
        let renewed = token.renew_days.map(|days| (now + Duration::days(days.into())).min(token.ends_at));
        // Never shortens the lifetime, even if the clock went back or the token was renewed meanwhile.
        let expires_at = renewed.unwrap_or(token.expires_at);
        let db = self.db.clone();
        self.db.spawn_detached(async move {
            let noted = execute!(
                db,
                affected,
                "UPDATE tokens SET last_used_at = $1, last_used_from = $2,
                    expires_at = CASE WHEN expires_at < $3 THEN $3 ELSE expires_at END
                 WHERE id = $4 AND revoked_at IS NULL AND expires_at > $1
                    AND (last_used_at IS NULL OR last_used_at <= $5)",
                now,
                actor.client.address(),
                expires_at,
                token.id,
                now + -LAST_USED_STEP,
            );
            match noted {
                Ok(0) => {}
                // An application gets a new one every few minutes.
                Ok(_) if token.last_used_at.is_none() && token.issued_by != IssuedBy::Client => {
                    actor.record(&db, Kind::TokenFirstUsed, Some((token.id, &token.name)));
                }
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, token = %token.id, "last use not stored"),
            }
        });
    }
}

/// The token that the request sends. What is said of a request without one depends on what it sends instead.
fn sent_token(headers: &HeaderMap) -> Result<(Scheme, &str), Problem> {
    authorization::token(headers).map_err(|reason| match reason {
        NoToken::Missing if headers.contains_key(header::COOKIE) => Problem::CookieAtTokenDoor,
        NoToken::Missing => Problem::TokenMissing,
        NoToken::OtherScheme => Problem::OtherScheme,
        NoToken::Unreadable => Problem::TokenInvalid,
        NoToken::Repeated => Problem::InvalidBody("Send a single Authorization header.".into()),
    })
}

/// Middleware that adds a challenge to every 401 of this door, also after a wrong password (RFC 9110 section 15.5.2).
/// No token was sent then, so the challenge has no `error`. The scheme that the client used is the one that says what is
/// wrong; the other is named without (RFC 9449 section 7.2). The answer to a proof has the nonce for the next one.
pub async fn challenge(State(dpop): State<Dpop>, request: Request, next: Next) -> Response {
    let has_proof = request.headers().contains_key(&dpop::HEADER);
    let proves_key = match authorization::token(request.headers()) {
        Ok((scheme, _)) => scheme == Scheme::DPoP,
        Err(_) => has_proof,
    };
    let mut response = next.run(request).await;
    let (status, headers) = (response.status(), response.headers_mut());
    let challenge = Problem::TokenMissing.challenge().and_then(|text| HeaderValue::from_str(&text).ok());
    if let (StatusCode::UNAUTHORIZED, Some(challenge)) = (status, challenge) {
        headers.entry(header::WWW_AUTHENTICATE).or_insert(challenge);
    }
    if proves_key || status == StatusCode::UNAUTHORIZED {
        name_both_schemes(headers, proves_key);
    }
    if has_proof
        && !headers.contains_key(&dpop::NONCE)
        && let Some(nonce) = dpop.next_nonce()
    {
        headers.insert(&dpop::NONCE, nonce);
        // A cache would give the nonce again when it is old (RFC 9449 section 8.2).
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// Turns the challenge into one of the scheme `DPoP` if the client `proves_key`, and adds that scheme otherwise.
fn name_both_schemes(headers: &mut HeaderMap, proves_key: bool) {
    let Some(bearer) = headers.get(header::WWW_AUTHENTICATE).and_then(|value| value.to_str().ok()) else { return };
    let Some(parameters) = bearer.strip_prefix("Bearer ") else { return };
    let dpop = if proves_key {
        format!(r#"DPoP {parameters}, algs="{DPOP_ALGS}""#)
    } else {
        format!(r#"DPoP algs="{DPOP_ALGS}""#)
    };
    let Ok(dpop) = HeaderValue::from_str(&dpop) else { return };
    if proves_key {
        headers.insert(header::WWW_AUTHENTICATE, dpop);
    } else {
        headers.append(header::WWW_AUTHENTICATE, dpop);
    }
}

/// A token with its account.
#[derive(sqlx::FromRow)]
struct TokenRow {
    #[sqlx(flatten)]
    token: Row,
    account_id: Uuid,
    email: String,
    account_name: String,
    account_created_at: Timestamp,
    account_email_verified_at: Option<Timestamp>,
    account_disabled_at: Option<Timestamp>,
    account_password_stamp: Vec<u8>,
    /// Set for login tokens and their descendants: the stamp of the password.
    password_stamp: Option<Vec<u8>>,
}

direct_row!(TokenRow {
    ..token,
    account_id,
    email,
    account_name,
    account_created_at,
    account_email_verified_at,
    account_disabled_at,
    account_password_stamp,
    password_stamp,
});

impl TokenRow {
    fn parts(self) -> (Token, Account) {
        let account = Account {
            id: self.account_id,
            email: self.email,
            email_confirmed: self.account_email_verified_at.is_some(),
            name: self.account_name,
            created_at: self.account_created_at,
        };
        let token: Token = self.token.into();
        let outdated = self.password_stamp.is_some_and(|stamp| stamp != self.account_password_stamp);
        // A login token ends with its password, even before `revoked_at` is written. If the account is disabled,
        // signing in again says so.
        let ended = token.revoked_at.or(self.account_disabled_at).or(outdated.then_some(token.created_at));
        (Token { revoked_at: ended, ..token }, account)
    }
}
