//! Argon2id, and what else takes the processor long enough to count, on threads of its own.

use std::sync::Arc;

use argon2::{
    Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version,
    password_hash::{SaltString, rand_core::OsRng},
};

use super::{About, Verdict, normalize, pool::Pool, rules};
use crate::{problem::Problem, settings::Passwords as Settings};

/// Whether a password is the one a hash was made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// It is another.
    No,
    /// It is.
    Yes,
    /// It is as it was typed, not as passwords are hashed now: the hash is to be made anew.
    AsTyped,
}

/// Hashes, verifies and judges passwords on a bounded number of blocking threads.
///
/// Argon2id takes about 20 ms and 19 MiB each time (OWASP's parameters), which would stall every other request if it
/// ran on the async threads, and the machine if it were unbounded. Past the queue the answer is 503 (S23, S45).
#[derive(Clone, Debug)]
pub struct Hasher {
    argon2: Argon2<'static>,
    /// Verified against where there is no account, so that both take the same work (S25, T20).
    dummy: Arc<str>,
    pool: Pool,
    /// Advice to whoever types has threads of its own, so that a flood of questions keeps nobody from signing in.
    advice: Pool,
}

impl Hasher {
    /// A hasher with the strength and the bounds of `settings`.
    ///
    /// # Errors
    /// Says which of the parameters Argon2 does not take.
    pub fn new(settings: &Settings) -> Result<Self, String> {
        let params = Params::new(settings.memory_kib, settings.iterations, settings.parallelism, None)
            .map_err(|error| format!("passwords: {error}"))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let salt = SaltString::generate(&mut OsRng);
        let dummy = argon2.hash_password(b"nobody's password", &salt).map_err(|error| error.to_string())?.to_string();
        Ok(Self {
            argon2,
            dummy: dummy.into(),
            pool: Pool::new(settings.workers, settings.queue),
            advice: Pool::new(1, settings.queue),
        })
    }

    /// A PHC string for `password`, normalised, with a salt and the parameters inside.
    ///
    /// # Errors
    /// [`Problem::Unavailable`] where the queue is full.
    pub async fn hash(&self, password: String) -> Result<String, Problem> {
        let argon2 = self.argon2.clone();
        self.pool
            .run(move || {
                let salt = SaltString::generate(&mut OsRng);
                argon2.hash_password(normalize(&password).as_bytes(), &salt).map(|hash| hash.to_string())
            })
            .await?
            .map_err(|error| Problem::Internal(format!("argon2: {error}")))
    }

    /// Whether `password` is the one `hash` was made of. Without a hash the same work is done for a certain no.
    ///
    /// # Errors
    /// [`Problem::Unavailable`] where the queue is full.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, Problem> {
        Ok(self.compare(password, hash).await? != Match::No)
    }

    /// The same, and whether the hash is of the password as it was typed, from before passwords were normalised. Where that
    /// differs, whoever is wrong is refused after two hashes, with an account or without (S25).
    ///
    /// # Errors
    /// [`Problem::Unavailable`] where the queue is full.
    pub async fn compare(&self, password: String, hash: Option<String>) -> Result<Match, Problem> {
        let argon2 = self.argon2.clone();
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.dummy.to_string());
        let right = self.pool.run(move || compared(&argon2, &password, &hash)).await?;
        let right = right.map_err(|error| Problem::Internal(format!("argon2: {error}")))?;
        Ok(if known { right } else { Match::No })
    }

    /// Whether `hash` was made with less than what is asked for now, in memory or in passes.
    pub fn is_outdated(&self, hash: &str) -> bool {
        let Ok(hash) = PasswordHash::new(hash) else { return false };
        let same = hash.algorithm == Algorithm::Argon2id.ident() && hash.version == Some(Version::V0x13.into());
        let asked = self.argon2.params();
        let enough = Params::try_from(&hash)
            .is_ok_and(|made| made.m_cost() >= asked.m_cost() && made.t_cost() >= asked.t_cost());
        !(same && enough)
    }

    /// Why `password` is refused, if it is (S24).
    ///
    /// # Errors
    /// [`Problem::Unavailable`] where the queue is full.
    pub async fn objection(&self, password: &str, about: About) -> Result<Option<String>, Problem> {
        let password = password.to_owned();
        self.pool.run(move || rules::verdict(&password, &about).objection).await
    }

    /// What there is to say of `password` to whoever is still typing it.
    ///
    /// # Errors
    /// [`Problem::Unavailable`] where too many others are.
    pub async fn advise(&self, password: String, about: About) -> Result<Verdict, Problem> {
        self.advice.run(move || rules::verdict(&password, &about)).await
    }
}

fn compared(argon2: &Argon2, password: &str, hash: &str) -> argon2::password_hash::Result<Match> {
    let hash = PasswordHash::new(hash)?;
    let is = |password: &str| match argon2.verify_password(password.as_bytes(), &hash) {
        Ok(()) => Ok(true),
        Err(argon2::password_hash::Error::Password) => Ok(false),
        Err(error) => Err(error),
    };
    let normalized = normalize(password);
    if is(&normalized)? {
        return Ok(Match::Yes);
    }
    Ok(if normalized != password && is(password)? { Match::AsTyped } else { Match::No })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hasher(workers: usize, queue: usize) -> Hasher {
        Hasher::new(&Settings { workers, queue, ..Settings::default() }).unwrap()
    }

    #[tokio::test]
    async fn verifies_what_it_hashed() {
        let hasher = hasher(2, 8);
        let hash = hasher.hash("correct horse battery".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(hasher.verify("correct horse battery".into(), Some(hash.clone())).await.unwrap());
        assert!(!hasher.verify("correct horse batterY".into(), Some(hash)).await.unwrap());
    }

    #[tokio::test]
    async fn a_hash_is_outdated_by_more_only() {
        let with =
            |memory_kib, iterations| Hasher::new(&Settings { memory_kib, iterations, ..Settings::default() }).unwrap();
        let hash = with(16, 2).hash("correct horse battery".into()).await.unwrap();
        assert!(!with(16, 2).is_outdated(&hash));
        assert!(!with(8, 1).is_outdated(&hash), "nothing is lowered");
        assert!(with(32, 2).is_outdated(&hash));
        assert!(with(16, 3).is_outdated(&hash));
        assert!(with(32, 1).is_outdated(&hash), "more of one is not less of the other");
        let other = hash.replace("argon2id", "argon2i");
        assert!(with(16, 2).is_outdated(&other));
        assert!(!with(16, 2).is_outdated("no hash at all"));
    }

    #[tokio::test]
    async fn nobody_has_no_password() {
        assert!(!hasher(1, 1).verify("nobody's password".into(), None).await.unwrap());
    }

    #[tokio::test]
    async fn a_password_is_one_however_it_is_composed_and_old_hashes_go_on() {
        let (hasher, composed, decomposed) = (hasher(1, 1), "été à la mer", "e\u{301}te\u{301} a\u{300} la mer");
        let salt = SaltString::generate(&mut OsRng);
        let old = hasher.argon2.hash_password(decomposed.as_bytes(), &salt).unwrap();
        let (old, new) = (old.to_string(), hasher.hash(decomposed.into()).await.unwrap());
        for (password, hash, expected) in [
            (composed, &new, Match::Yes),
            (decomposed, &new, Match::Yes),
            (decomposed, &old, Match::AsTyped),
            (composed, &old, Match::No),
            ("E\u{301}te\u{301} a\u{300} la mer", &new, Match::No),
        ] {
            assert_eq!(hasher.compare(password.into(), Some(hash.clone())).await.unwrap(), expected, "{password:?}");
        }
        assert_eq!(hasher.compare(decomposed.into(), None).await.unwrap(), Match::No);
    }

    #[tokio::test]
    async fn past_the_queue_it_refuses_and_recovers() {
        let hasher = hasher(1, 1);
        let tries = (0..8).map(|_| {
            let hasher = hasher.clone();
            tokio::spawn(async move { hasher.verify("x".into(), None).await })
        });
        let mut refused = 0;
        for attempt in tries.collect::<Vec<_>>() {
            refused += usize::from(attempt.await.unwrap().is_err());
        }
        assert_eq!(refused, 6, "one works, one waits");
        assert!(hasher.verify("x".into(), None).await.is_ok());
    }
}
