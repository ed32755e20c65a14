//! What a browser brings in its device cookie, and what it gets. The cookie itself is read and written by
//! `doors::device`; what it is for stands in `throttle`.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::secret::Secret;

/// What a device's id begins with.
const PREFIX: &str = "device";

/// A browser at the session door. Copies are of one and the same request.
#[derive(Clone, Default)]
pub struct Device(Arc<Inside>);

#[derive(Default)]
struct Inside {
    brought: Option<Secret>,
    known: AtomicBool,
    given: Mutex<Option<String>>,
}

/// The id stays out of logs.
impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Device(…)")
    }
}

impl Device {
    /// A browser that brought the cookie `value`, or none.
    pub fn new(value: Option<&str>) -> Self {
        let brought = value.and_then(|value| Secret::parse(PREFIX, value));
        Self(Arc::new(Inside { brought, ..Inside::default() }))
    }

    /// SHA-256 of the id it brought, if that is one of ours.
    pub fn hash(&self) -> Option<Vec<u8>> {
        self.0.brought.as_ref().map(Secret::hash)
    }

    /// Remembers that somebody has signed in here before to the account that is being signed in to.
    pub fn is_known(&self) {
        self.0.known.store(true, Ordering::Relaxed);
    }

    /// The id that the browser has from now on goes into the answer: the one it brought, if that is known, or else a new
    /// one, so that nobody can plant theirs (S2). Gives its hash.
    ///
    /// # Errors
    /// Where the operating system has no randomness.
    pub fn give(&self) -> Result<Vec<u8>, String> {
        let fresh;
        let id = match &self.0.brought {
            Some(brought) if self.0.known.load(Ordering::Relaxed) => brought,
            _ => {
                fresh = Secret::generate(PREFIX).map_err(|error| error.to_string())?;
                &fresh
            }
        };
        *self.0.given.lock().unwrap_or_else(PoisonError::into_inner) = Some(id.reveal().to_owned());
        Ok(id.hash())
    }

    /// What the answer has to set the cookie to, if to anything.
    pub fn given(&self) -> Option<String> {
        self.0.given.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_known_id_is_kept() {
        let new = Device::new(None);
        assert!(new.hash().is_none() && new.given().is_none());
        let hash = new.give().unwrap();
        let id = new.given().unwrap();
        assert!(new.given().is_none(), "once");

        let planted = Device::new(Some(&id));
        assert_eq!(planted.hash(), Some(hash.clone()));
        assert_ne!(planted.give().unwrap(), hash);
        assert_ne!(planted.given().unwrap(), id);

        let known = Device::new(Some(&id));
        known.is_known();
        assert_eq!((known.give().unwrap(), known.given().unwrap()), (hash, id.clone()));

        for nonsense in ["", "device_", &id[1..], &id.replace("device", "vst")] {
            assert!(Device::new(Some(nonsense)).hash().is_none(), "{nonsense:?}");
        }
        assert!(!format!("{known:?}").contains(&id));
    }
}
