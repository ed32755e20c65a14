//! Argon2id, and what else takes the processor long enough to count, on threads of its own.

use std::sync::Arc;

use argon2::{
    Algorithm, Argon2, Params, PasswordHash, Version,
    password_hash::{
        self, Output, ParamsString, Salt, SaltString,
        rand_core::{OsRng, RngCore},
    },
};

use super::{
    About, Verdict, normalize,
    pool::{Held, Memory, Pool, Whose},
    rules,
};
use crate::{
    http::{client::Client, problem::Problem},
    settings::Passwords as Settings,
};

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

/// Hashes, verifies and judges passwords on a bounded number of threads.
///
/// Argon2id takes about 20 ms and 19 MiB each time (OWASP's parameters), which would stall every other request if it
/// ran on the async threads, and the machine if it were unbounded. Past the queue, and past a network's share of it, the
/// answer is 503 (S23, S45, S62). Memory is that of so many passwords as are hashed at once, from then on for good.
#[derive(Clone, Debug)]
pub struct Hasher {
    argon2: Argon2<'static>,
    /// Verified against where there is no account, so that both take the same work (S25, T20).
    dummy: Arc<str>,
    whose: Whose,
    pool: Pool,
    /// Judging new passwords has a thread of its own, so that it keeps nobody from signing in.
    judges: Pool,
    /// And so has advice to whoever types, which is not counted, so that a flood of questions keeps nobody from signing up.
    advice: Pool,
}

impl Hasher {
    /// A hasher with the strength and the bounds of `settings`, for the operators: no share bounds it.
    ///
    /// # Errors
    /// Says which of the parameters Argon2 does not take.
    pub fn new(settings: &Settings) -> Result<Self, String> {
        let params = Params::new(settings.memory_kib, settings.iterations, settings.parallelism, None)
            .map_err(|error| format!("passwords: {error}"))?;
        let blocks = params.block_count();
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let dummy = dummy(&argon2).map_err(|error| error.to_string())?;
        Ok(Self {
            argon2,
            dummy: dummy.into(),
            whose: Whose::Ours,
            pool: Pool::new("hash", settings.workers, settings.queue, blocks)?,
            judges: Pool::new("judge", 1, settings.queue, 0)?,
            advice: Pool::new("advise", 1, settings.queue, 0)?,
        })
    }

    /// The same hasher for `client`, whose network has its share of it.
    #[must_use]
    pub fn of(&self, client: &Client) -> Self {
        Self { whose: Whose::From(client.site()), ..self.clone() }
    }

    /// A PHC string for `password`, normalised, with a salt and the parameters inside.
    ///
    /// # Errors
    /// [`Problem::Unavailable`] where the queue is full, or the network's share of it.
    pub async fn hash(&self, password: String) -> Result<String, Problem> {
        let argon2 = self.argon2.clone();
        self.pool
            .run(self.whose, move |memory| {
                let salt = SaltString::generate(&mut OsRng);
                let hash = output(&argon2, normalize(&password).as_bytes(), salt.as_salt(), memory)?;
                Ok(phc(&argon2, salt.as_salt(), hash)?.to_string())
            })
            .await?
            .map_err(|error: password_hash::Error| Problem::Internal(format!("argon2: {error}")))
    }

    /// Whether `password` is the one `hash` was made of. Without a hash the same work is done for a certain no.
    ///
    /// # Errors
    /// [`Problem::Unavailable`] where the queue is full, or the network's share of it.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, Problem> {
        Ok(self.compare(password, hash).await? != Match::No)
    }

    /// The same, and whether the hash is of the password as it was typed, from before passwords were normalised. Where that
    /// differs, whoever is wrong is refused after two hashes, with an account or without (S25).
    ///
    /// # Errors
    /// [`Problem::Unavailable`] where the queue is full, or the network's share of it.
    pub async fn compare(&self, password: String, hash: Option<String>) -> Result<Match, Problem> {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.dummy.to_string());
        let right = self.pool.run(self.whose, move |memory| compared(&password, &hash, memory)).await?;
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

    /// Why `password` is refused, if what is told at sight will do for that: before anything is counted (S62).
    pub fn objection_at_sight(password: &str, about: &About) -> Option<String> {
        rules::objection_at_sight(password, about)
    }

    /// Why `password` is refused, if it is (S24).
    ///
    /// # Errors
    /// [`Problem::Unavailable`] where the queue is full, or the network's share of it.
    pub async fn objection(&self, password: &str, about: About) -> Result<Option<String>, Problem> {
        let password = password.to_owned();
        self.judges.run(self.whose, move |_| rules::verdict(&password, &about).objection).await
    }

    /// What there is to say of `password` to whoever is still typing it.
    ///
    /// # Errors
    /// [`Problem::Unavailable`] where too many others are, or too many of one network.
    pub async fn advise(&self, password: String, about: About) -> Result<Verdict, Problem> {
        self.advice.run(self.whose, move |_| rules::verdict(&password, &about)).await
    }
}

/// Holding a thread back, so that a test sees a full queue without a password that takes long.
impl Hasher {
    /// Keeps one of the threads that hash busy until the result is dropped.
    ///
    /// # Errors
    /// [`Problem::Unavailable`] if the queue is full.
    pub fn hold_hashing(&self) -> Result<Held, Problem> {
        self.pool.hold()
    }

    /// Keeps the thread that advises busy until the result is dropped.
    ///
    /// # Errors
    /// [`Problem::Unavailable`] if the queue is full.
    pub fn hold_advice(&self) -> Result<Held, Problem> {
        self.advice.hold()
    }
}

/// What Argon2 makes of `password`.
fn output(argon2: &Argon2<'_>, password: &[u8], salt: Salt<'_>, memory: &mut Memory) -> password_hash::Result<Output> {
    let params = argon2.params();
    let mut bytes = [0; Salt::MAX_LENGTH];
    let salt = salt.decode_b64(&mut bytes)?;
    Output::init_with(params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN), |out| {
        memory.with(params.block_count(), |blocks| {
            Ok(argon2.hash_password_into_with_memory(password, salt, out, blocks)?)
        })
    })
}

fn compared(password: &str, hash: &str, memory: &mut Memory) -> password_hash::Result<Match> {
    let normalized = normalize(password);
    if is_right(normalized.as_bytes(), hash, memory)? {
        return Ok(Match::Yes);
    }
    let as_typed = normalized != password && is_right(password.as_bytes(), hash, memory)?;
    Ok(if as_typed { Match::AsTyped } else { Match::No })
}

/// Whether `hash` was made of `password`, with what it was made with (T20).
fn is_right(password: &[u8], hash: &str, memory: &mut Memory) -> password_hash::Result<bool> {
    let hash = PasswordHash::new(hash)?;
    let (Some(salt), Some(expected)) = (hash.salt, hash.hash) else { return Err(password_hash::Error::PhcStringField) };
    let version = hash.version.map(Version::try_from).transpose()?.unwrap_or_default();
    let argon2 = Argon2::new(Algorithm::try_from(hash.algorithm)?, version, Params::try_from(&hash)?);
    // Compared in constant time.
    Ok(output(&argon2, password, salt, memory)? == expected)
}

fn phc<'a>(argon2: &Argon2<'_>, salt: Salt<'a>, hash: Output) -> password_hash::Result<PasswordHash<'a>> {
    Ok(PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(argon2.params())?,
        salt: Some(salt),
        hash: Some(hash),
    })
}

/// A hash that nobody knows a password for.
fn dummy(argon2: &Argon2<'_>) -> password_hash::Result<String> {
    let salt = SaltString::generate(&mut OsRng);
    let hash = Output::init_with(Params::DEFAULT_OUTPUT_LEN, |bytes| {
        OsRng.try_fill_bytes(bytes).map_err(|_| password_hash::Error::Crypto)
    })?;
    Ok(phc(argon2, salt.as_salt(), hash)?.to_string())
}

#[cfg(test)]
mod tests {
    use argon2::PasswordHasher as _;

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
    async fn hashes_are_those_of_the_crate_and_verified_with_what_they_were_made_with() {
        use argon2::{PasswordHasher, PasswordVerifier};
        let hasher = hasher(1, 8);
        let params = Params::new(64, 3, 2, Some(24)).unwrap();
        for argon2 in [
            Argon2::default(),
            Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone()),
            Argon2::new(Algorithm::Argon2i, Version::V0x10, params),
        ] {
            let salt = SaltString::generate(&mut OsRng);
            let theirs = argon2.hash_password(b"correct horse", &salt).unwrap().to_string();
            assert!(hasher.verify("correct horse".into(), Some(theirs.clone())).await.unwrap(), "{theirs}");
            assert!(!hasher.verify("correct horsE".into(), Some(theirs)).await.unwrap());
        }
        let ours = hasher.hash("correct horse".into()).await.unwrap();
        assert!(Argon2::default().verify_password(b"correct horse", &PasswordHash::new(&ours).unwrap()).is_ok());
        assert_eq!(PasswordHash::new(&hasher.dummy).unwrap().params, PasswordHash::new(&ours).unwrap().params);
        for broken in ["", "$argon2id$v=19$m=64,t=3,p=2", &ours[..ours.len() - 44]] {
            assert!(
                matches!(hasher.verify("x".into(), Some(broken.into())).await, Err(Problem::Internal(_))),
                "{broken}"
            );
        }
    }

    #[tokio::test]
    async fn judging_and_advice_keep_nobody_from_signing_in() {
        let hasher = hasher(1, 1);
        let about = || About::new("", "");
        let long = "a".repeat(64);
        let questions: Vec<_> = (0..8)
            .flat_map(|_| {
                let (one, other, long) = (hasher.clone(), hasher.clone(), long.clone());
                let judged = tokio::spawn(async move { one.objection(&long, about()).await.is_ok() });
                [judged, tokio::spawn(async move { other.advise("a question".into(), about()).await.is_ok() })]
            })
            .collect();
        tokio::task::yield_now().await;
        assert!(hasher.verify("x".into(), None).await.is_ok());
        let mut refused = 0;
        for question in questions {
            refused += usize::from(!question.await.unwrap());
        }
        assert!(refused > 0, "they were at it");
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
