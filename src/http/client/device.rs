//! The device cookie of a request: the id that the browser sent, and the id that the response sets. The cookie itself
//! is read and written by `crate::auth::device_cookie`, which explains its purpose.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::secret::Secret;

/// The prefix of a device's id.
const PREFIX: &str = "device";

/// The browser that sends a request to the session door. Clones share the state of that one request.
#[derive(Clone, Default)]
pub struct Device(Arc<State>);

#[derive(Default)]
struct State {
    received: Option<Secret>,
    known: AtomicBool,
    issued: Mutex<Option<String>>,
    last_way: Option<String>,
    used: Mutex<Option<&'static str>>,
}

/// Keeps the id out of logs.
impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Device(…)")
    }
}

impl Device {
    /// A browser that sent the cookie `value`, or no cookie, and in the cookie for it the way to sign in that was used
    /// last.
    pub fn new(value: Option<&str>, last_way: Option<&str>) -> Self {
        let received = value.and_then(|value| Secret::parse(PREFIX, value));
        Self(Arc::new(State { received, last_way: last_way.map(str::to_owned), ..State::default() }))
    }

    /// The way to sign in that was used last, as the browser says it.
    pub fn last_way(&self) -> Option<&str> {
        self.0.last_way.as_deref()
    }

    /// Records that somebody signed in by `way`.
    pub fn used(&self, way: &'static str) {
        *self.0.used.lock().unwrap_or_else(PoisonError::into_inner) = Some(way);
    }

    /// The way that the response must tell the browser, if it is another one. The second call returns `None`.
    pub fn newly_used(&self) -> Option<&'static str> {
        let used = self.0.used.lock().unwrap_or_else(PoisonError::into_inner).take();
        used.filter(|way| self.last_way() != Some(*way))
    }

    /// SHA-256 of the id that the browser sent, if it has the form of a device id.
    pub fn hash(&self) -> Option<Vec<u8>> {
        self.0.received.as_ref().map(Secret::hash)
    }

    /// Records that this browser has signed in to the account before.
    pub fn is_known(&self) {
        self.0.known.store(true, Ordering::Relaxed);
    }

    /// Sets the id that the response sends to the browser, and returns its hash. A known id is kept. Any other is
    /// replaced by a new one, so that an attacker cannot plant an id of their own (S2).
    ///
    /// # Errors
    /// If the operating system provides no randomness.
    pub fn give(&self) -> Result<Vec<u8>, String> {
        // Asked twice, it is one browser all the same.
        if let Some(issued) = &*self.0.issued.lock().unwrap_or_else(PoisonError::into_inner)
            && let Some(issued) = Secret::parse(PREFIX, issued)
        {
            return Ok(issued.hash());
        }
        let fresh;
        let id = match &self.0.received {
            Some(received) if self.0.known.load(Ordering::Relaxed) => received,
            _ => {
                fresh = Secret::generate(PREFIX).map_err(|error| error.to_string())?;
                &fresh
            }
        };
        *self.0.issued.lock().unwrap_or_else(PoisonError::into_inner) = Some(id.reveal().to_owned());
        Ok(id.hash())
    }

    /// The value that the response must set the cookie to, if any. The second call returns `None`.
    pub fn given(&self) -> Option<String> {
        self.0.issued.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_known_id_is_kept() {
        let new = Device::new(None, None);
        assert!(new.hash().is_none() && new.given().is_none());
        let hash = new.give().unwrap();
        let id = new.given().unwrap();
        assert!(new.given().is_none(), "once");

        let planted = Device::new(Some(&id), None);
        assert_eq!(planted.hash(), Some(hash.clone()));
        assert_ne!(planted.give().unwrap(), hash);
        assert_ne!(planted.given().unwrap(), id);

        let known = Device::new(Some(&id), None);
        known.is_known();
        assert_eq!((known.give().unwrap(), known.given().unwrap()), (hash, id.clone()));

        for nonsense in ["", "device_", &id[1..], &id.replace("device", "vst")] {
            assert!(Device::new(Some(nonsense), None).hash().is_none(), "{nonsense:?}");
        }
        assert!(!format!("{known:?}").contains(&id));
    }

    #[test]
    fn a_way_is_told_once_and_only_if_it_is_another() {
        let device = Device::new(None, Some("password"));
        assert_eq!((device.last_way(), device.newly_used()), (Some("password"), None));
        device.used("password");
        assert_eq!(device.newly_used(), None);
        device.used("passkey");
        assert_eq!((device.newly_used(), device.newly_used()), (Some("passkey"), None));
    }
}
