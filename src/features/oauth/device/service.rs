//! The rules of devices: their codes, what they get that poll, and the answer of the person.

use time::Duration;
use uuid::Uuid;

use super::{
    store::{self, By, DeviceRow, NewDevice, WaitingRow},
    user_code::UserCode,
};
use crate::{
    auth::{
        activity::{Actor, ActorCredential, Kind},
        session::CurrentSession,
        store::device_grants,
    },
    db::Db,
    features::oauth::{
        client::Client, error::OAuthError, refresh::Granted, refresh_token::RefreshToken, store::insert_refresh_token,
    },
    http::{client::Client as Somewhere, problem::Problem},
    secret::Secret,
    settings::OAuth,
    timestamp::Timestamp,
};

/// The `grant_type` (RFC 8628 section 3.4).
pub const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// The prefix of a `device_code`, which has the format and the checksum of a token.
const PREFIX: &str = "device";
/// How long a device waits between two polls at first, and by how much longer after each that comes too soon, in
/// seconds (sections 3.2 and 3.5).
pub(super) const INTERVAL: i64 = 5;
/// The longest that it has to wait, in seconds.
const LONGEST_INTERVAL: i64 = 300;
/// By how much a poll may come too soon: the network does not take the same time for each.
const SLACK: Duration = Duration::seconds(1);
/// How long codes are remembered after they have expired, so that the device is told so.
const REMEMBERED: Duration = Duration::hours(1);
/// How many codes are kept. More displace the oldest.
const WAITING: i64 = 10_000;
/// On how many devices an account can use an application. One more ends the access of the oldest.
const DEVICES: i64 = 20;

/// What a device asks for.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub scopes: String,
    pub jkt: Option<String>,
}

/// The codes of a device.
#[derive(Clone, Debug)]
pub(super) struct Codes {
    pub device: Secret,
    pub user: UserCode,
}

/// Stores what a device asks for, and returns its codes.
///
/// # Errors
/// If the database fails.
pub(super) async fn issue(
    db: &Db,
    settings: &OAuth,
    (client, from): (&Client, Somewhere),
    wanted: Wanted,
) -> Result<Codes, Problem> {
    // Another device has the same code once in millions of requests.
    for _ in 0..5 {
        let device = Secret::generate(PREFIX).map_err(|error| Problem::Internal(error.to_string()))?;
        let (user, now) = (UserCode::generate()?, db.now());
        let new = NewDevice {
            hash: device.hash(),
            user_hash: user.hash(),
            client_id: client.id.clone(),
            scopes: wanted.scopes.clone(),
            jkt: wanted.jkt.clone(),
            address: from.address(),
            user_agent: from.user_agent.clone(),
            created_at: now,
            expires_at: now + settings.device_code_lifetime(),
            poll_seconds: INTERVAL,
        };
        if store::insert(db, new).await? > 0 {
            store::delete_oldest(db, WAITING).await?;
            return Ok(Codes { device, user });
        }
    }
    Err(Problem::Internal("no user code is free".into()))
}

/// Checks that the client may be used on devices.
///
/// # Errors
/// `unauthorized_client` if it is not registered for that.
pub(super) fn must_be_allowed(client: &Client) -> Result<(), OAuthError> {
    if client.device_grant {
        return Ok(());
    }
    Err(OAuthError::new("unauthorized_client", "The client is not registered for devices (RFC 8628)."))
}

/// Exchanges a `device_code` for a grant, once the device was approved. `key` is the thumbprint of the key that the
/// request proves.
///
/// # Errors
/// `authorization_pending`, `slow_down`, `access_denied`, `expired_token` (RFC 8628 section 3.5); `invalid_grant`;
/// `unauthorized_client`
pub async fn exchange(
    db: &Db,
    settings: &OAuth,
    (client, from): (&Client, Somewhere),
    code: &str,
    key: Option<&str>,
) -> Result<Granted, OAuthError> {
    must_be_allowed(client)?;
    let unknown = || OAuthError::grant("The device_code is unknown, was used, or has expired.");
    let hash = Secret::parse(PREFIX, code).ok_or_else(unknown)?.hash();
    let row = store::find(db, hash.clone()).await?.ok_or_else(unknown)?;
    if row.client_id != client.id {
        return Err(OAuthError::grant("The device_code belongs to another client_id."));
    }
    if row.jkt.is_some() && row.jkt.as_deref() != key {
        return Err(OAuthError::grant("The device_code is for another key (DPoP)."));
    }
    if row.grant_id.is_some() {
        return Err(unknown());
    }
    if row.expires_at <= db.now() {
        return Err(OAuthError::new("expired_token", "The device_code has expired. Ask for another one."));
    }
    if row.denied_at.is_some() {
        return Err(OAuthError::new("access_denied", "The person did not give access."));
    }
    let Some(account) = row.account_id else { return Err(waits(db, hash, &row).await?) };
    client.demand_key(db, account, key).await?;

    let (ours, id, now) = (db.clone(), Uuid::now_v7(), db.now());
    // Those of a client with a secret are bound to the client already (RFC 9449 section 5).
    let jkt = key.filter(|_| !client.is_confidential()).map(str::to_owned);
    let token = RefreshToken::first(&settings.refresh_prefix)?;
    let ends_at = now + settings.refresh_lifetime();
    let (name, approved_in) = (client.name.clone(), row.session_id.unwrap_or_default());
    // Run to completion, so that a device that disconnects leaves no grant without a token.
    db.run_to_completion(async move {
        // A second poll with the same code gets nothing, and ends nothing: devices poll again after a lost answer.
        if store::take(&ours, hash.clone(), id, now).await? == 0 {
            return Err(unknown());
        }
        let new = device_grants::New { id, code: hash, family_hash: token.family_hash(), jkt, ends_at };
        let grant = device_grants::insert(&ours, new, now).await?;
        let grant = grant.ok_or_else(|| OAuthError::grant("The account has changed since the device was approved."))?;
        insert_refresh_token(&ours, token.hash(), id).await?;
        device_grants::delete_old(&ours, &grant, DEVICES).await?;
        let actor = Actor { account, means: ActorCredential::Session(approved_in), client: from, stamp: None };
        actor.record(&ours, Kind::DeviceAuthorized, Some((id, &name)));
        Ok(Granted { grant, token })
    })
    .await
}

/// What a device is told that polls before anybody has answered: to go on, and slower if it polls too often.
async fn waits(db: &Db, hash: Vec<u8>, row: &DeviceRow) -> Result<OAuthError, OAuthError> {
    let now = db.now();
    let is_soon = now + SLACK < row.poll_at;
    let seconds = if is_soon { (row.poll_seconds + INTERVAL).min(LONGEST_INTERVAL) } else { row.poll_seconds };
    let next = now + Duration::seconds(seconds);
    let is_alone = store::polled(db, hash, (row.poll_at, next), seconds).await? > 0;
    if is_soon || !is_alone {
        let description = format!("Poll at most every {seconds} seconds.");
        return Ok(OAuthError::new("slow_down", description));
    }
    Ok(OAuthError::new("authorization_pending", "The person has not answered yet."))
}

/// The device that shows `code`, if it waits for an answer.
///
/// # Errors
/// If the database fails.
pub(super) async fn find(db: &Db, code: &UserCode) -> Result<Option<WaitingRow>, Problem> {
    Ok(store::find_waiting(db, code.hash(), db.now()).await?)
}

/// Approves the device that shows `code`. Returns whether it still waited.
///
/// # Errors
/// If the database fails.
pub(super) async fn approve(db: &Db, code: &UserCode, signed_in: &CurrentSession) -> Result<bool, Problem> {
    let by = By { account: signed_in.account.id, session: signed_in.id, auth_stamp: signed_in.stamp.0.clone() };
    Ok(store::approve(db, code.hash(), by, db.now()).await? > 0)
}

/// Denies the device that shows `code`. Returns whether it still waited.
///
/// # Errors
/// If the database fails.
pub(super) async fn deny(db: &Db, code: &UserCode) -> Result<bool, Problem> {
    Ok(store::deny(db, code.hash(), db.now()).await? > 0)
}

/// Deletes codes that need not be remembered.
///
/// # Errors
/// If the database fails.
pub async fn delete_expired(db: &Db, batch: i64) -> sqlx::Result<u64> {
    let before: Timestamp = db.now() + -REMEMBERED;
    store::delete_expired(db, before, batch).await
}
