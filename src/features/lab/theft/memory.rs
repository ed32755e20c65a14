//! What is known of the drills under way: in memory, bounded, for a few minutes (S67).

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use time::Duration;
use uuid::Uuid;

use super::{accounts::LIFETIME, cells::Credential, sent::Sent};
use crate::{
    features::lab::sessions::random,
    http::problem::{Limit, Problem},
    timestamp::Timestamp,
};

/// The most drills at a time: a few thousand bytes each. A new one replaces the oldest.
const DRILLS: usize = 200;
/// The most drills of one address. A run of all sixteen cells has four.
const DRILLS_PER_ADDRESS: usize = 20;
/// The most requests of one drill, of its owner and of the thief.
const REQUESTS: u32 = 100;

/// All drills.
#[derive(Debug, Default)]
pub(super) struct Drills(Mutex<HashMap<Uuid, Drill>>);

/// One credential of one account.
#[derive(Clone)]
pub(super) struct Drill {
    /// What is stolen.
    pub(super) credential: Credential,
    /// The account that it is of.
    pub(super) account: Uuid,
    /// Its session, if it has one.
    pub(super) session: Option<Uuid>,
    /// Its token, if it has one.
    pub(super) token: Option<String>,
    /// The last request of the owner that had the credential, as a proxy in front of the door would log it.
    pub(super) log: Option<Sent>,
    address: Option<IpAddr>,
    begun_at: Timestamp,
    requests: u32,
}

/// Keeps the secrets out of logs.
impl std::fmt::Debug for Drill {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Drill").field("credential", &self.credential).finish_non_exhaustive()
    }
}

impl Drill {
    pub(super) fn of_session(credential: Credential, account: Uuid, session: Uuid, now: Timestamp) -> Self {
        Self { session: Some(session), ..Self::new(credential, account, now) }
    }

    pub(super) fn of_token(credential: Credential, account: Uuid, token: String, now: Timestamp) -> Self {
        Self { token: Some(token), ..Self::new(credential, account, now) }
    }

    fn new(credential: Credential, account: Uuid, begun_at: Timestamp) -> Self {
        Self { credential, account, session: None, token: None, log: None, address: None, begun_at, requests: 0 }
    }
}

impl Drills {
    /// Begins `drill` for `address`, and returns its id.
    ///
    /// # Errors
    /// If the operating system's random number generator fails.
    pub(super) fn begin(&self, drill: Drill, address: Option<IpAddr>) -> Result<Uuid, Problem> {
        let id = uuid::Builder::from_random_bytes(random()?).into_uuid();
        let mut drills = self.lock(drill.begun_at);
        let of_address = drills.values().filter(|known| known.address == address).count();
        if of_address >= DRILLS_PER_ADDRESS {
            remove_oldest(&mut drills, |known| known.address == address);
        }
        if drills.len() >= DRILLS {
            remove_oldest(&mut drills, |_| true);
        }
        drills.insert(id, Drill { address, ..drill });
        Ok(id)
    }

    /// Counts a request of the drill.
    ///
    /// # Errors
    /// [`Problem::NotFound`] if there is none; [`Problem::RateLimited`] if it has made too many.
    pub(super) fn count_request(&self, now: Timestamp, id: Uuid) -> Result<Drill, Problem> {
        let mut drills = self.lock(now);
        let drill = drills.get_mut(&id).ok_or(Problem::NotFound)?;
        drill.requests += 1;
        if drill.requests > REQUESTS {
            return Err(Problem::RateLimited { limit: Limit::Lab, network: false, seconds: 60 });
        }
        Ok(drill.clone())
    }

    /// Keeps what the owner has `sent` in the log of the drill.
    pub(super) fn log(&self, now: Timestamp, id: Uuid, sent: Sent) {
        if let Some(drill) = self.lock(now).get_mut(&id) {
            drill.log = Some(sent);
        }
    }

    /// Ends the drill.
    pub(super) fn end(&self, now: Timestamp, id: Uuid) -> Option<Drill> {
        self.lock(now).remove(&id)
    }

    /// Those that last. A poisoned lock is fine: every change under it is complete.
    fn lock(&self, now: Timestamp) -> MutexGuard<'_, HashMap<Uuid, Drill>> {
        let mut drills = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        drills.retain(|_, drill| (now - drill.begun_at).abs() < LIFETIME + Duration::minutes(1));
        drills
    }
}

fn remove_oldest(drills: &mut HashMap<Uuid, Drill>, which: impl Fn(&Drill) -> bool) {
    let matching = drills.iter().filter(|(_, drill)| which(drill));
    if let Some(oldest) = matching.min_by_key(|(_, drill)| drill.begun_at).map(|(id, _)| *id) {
        drills.remove(&oldest);
    }
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::new(OffsetDateTime::UNIX_EPOCH + Duration::seconds(seconds))
    }

    fn drill(seconds: i64) -> Drill {
        Drill::of_token(Credential::Token, Uuid::nil(), "a token".into(), at(seconds))
    }

    #[test]
    fn they_are_bounded_and_end() {
        let drills = Drills::default();
        let first = drills.begin(drill(0), None).unwrap();
        for second in 1..=20 {
            drills.begin(drill(second), None).unwrap();
        }
        assert!(matches!(drills.count_request(at(20), first), Err(Problem::NotFound)), "the oldest made room");
        for address in 0..=255 {
            drills.begin(drill(30), Some(IpAddr::from([192, 0, 2, address]))).unwrap();
        }
        assert_eq!(drills.lock(at(30)).len(), DRILLS);
        let last = drills.begin(drill(40), None).unwrap();
        for _ in 0..REQUESTS {
            drills.count_request(at(40), last).unwrap();
        }
        assert!(matches!(drills.count_request(at(40), last), Err(Problem::RateLimited { .. })));
        assert!(drills.lock(at(40 + 4 * 60)).is_empty());
    }
}
