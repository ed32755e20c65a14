//! Hashing, verifying and rating passwords on dedicated threads.

use std::sync::Arc;

use argon2::{
    Algorithm, Argon2, Params, PasswordHash, Version,
    password_hash::{
        self, Output, ParamsString, Salt, SaltString,
        rand_core::{OsRng, RngCore},
    },
};
use secrecy::{ExposeSecret, SecretString};

use super::{
    PasswordContext, PasswordStrength, Rejection,
    breached::BreachedPasswords,
    normalize,
    pool::{Held, Load, Memory, Pool, Source},
    rules,
};
use crate::{
    http::{client::Client, problem::Problem},
    settings::Passwords,
};

/// Whether a password matches a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// It does not match.
    No,
    /// It matches.
    Yes,
    /// It matches as typed, without the normalization that is used now: the hash should be replaced.
    AsTyped,
}

/// Hashes, verifies and rates passwords on a bounded number of threads.
///
/// Argon2id takes about 20 ms and 19 MiB per password (OWASP's parameters). On the async threads it would stall every
/// other request, and unbounded it would exhaust the machine. When the queue, or a network's share of it, is full, the
/// answer is 503 (S23, S45, S62). Each thread keeps its memory once it was needed.
#[derive(Clone, Debug)]
pub struct Hasher {
    argon2: Argon2<'static>,
    /// Verified against if there is no such account, so that both cases take the same time (S25, T20).
    dummy: Arc<str>,
    /// The passwords that are refused because they are known from breaches, if there is a list of them.
    breached: Option<Arc<BreachedPasswords>>,
    source: Source,
    pool: Pool,
    /// Rating new passwords has a thread of its own, so that it does not delay sign-ins.
    ratings: Pool,
    /// So does the strength meter, which is not rate limited, so that a flood of its requests does not delay sign-ups.
    feedback: Pool,
}

impl Hasher {
    /// Creates a hasher with the parameters and limits of `settings`, for the operator: not limited to a share.
    ///
    /// # Errors
    /// Says which of the parameters Argon2 does not accept, that the file of breached passwords cannot be used, or that
    /// the threads could not be started.
    pub fn new(settings: &Passwords) -> Result<Self, String> {
        let params = Params::new(settings.memory_kib, settings.iterations, settings.parallelism, None)
            .map_err(|error| format!("passwords: {error}"))?;
        let blocks = params.block_count();
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let dummy = dummy(&argon2).map_err(|error| error.to_string())?;
        Ok(Self {
            argon2,
            dummy: dummy.into(),
            breached: BreachedPasswords::open(settings)?.map(Arc::new),
            source: Source::Operator,
            pool: Pool::new("hash", settings.workers, settings.queue, blocks)?,
            ratings: Pool::new("rate", 1, settings.queue, 0)?,
            feedback: Pool::new("feedback", 1, settings.queue, 0)?,
        })
    }

    /// The same hasher for `client`, limited to its network's share of the queue.
    #[must_use]
    pub fn of(&self, client: &Client) -> Self {
        Self { source: Source::Network(client.site()), ..self.clone() }
    }

    /// Hashes `password`, normalized, into a PHC string with the salt and the parameters.
    ///
    /// # Errors
    /// [`Problem::Unavailable`] if the queue, or the network's share of it, is full.
    pub async fn hash(&self, password: SecretString) -> Result<String, Problem> {
        let argon2 = self.argon2.clone();
        self.pool
            .run(self.source, move |memory| {
                let salt = SaltString::generate(&mut OsRng);
                let password = SecretString::from(normalize(password.expose_secret()));
                let hash = output(&argon2, password.expose_secret().as_bytes(), salt.as_salt(), memory)?;
                Ok(phc(&argon2, salt.as_salt(), hash)?.to_string())
            })
            .await?
            .map_err(|error: password_hash::Error| Problem::Internal(format!("argon2: {error}")))
    }

    /// Whether `password` matches `hash`. Without a hash it does the same work and returns `false`.
    ///
    /// # Errors
    /// [`Problem::Unavailable`] if the queue, or the network's share of it, is full.
    pub async fn verify(&self, password: SecretString, hash: Option<String>) -> Result<bool, Problem> {
        Ok(self.compare(password, hash).await? != Match::No)
    }

    /// Like [`Self::verify`], and also tells whether the hash was made before passwords were normalized. If the
    /// normalized password differs from the typed one, a wrong password costs two hashes, whether or not the account
    /// exists (S25).
    ///
    /// # Errors
    /// [`Problem::Unavailable`] if the queue, or the network's share of it, is full.
    pub async fn compare(&self, password: SecretString, hash: Option<String>) -> Result<Match, Problem> {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.dummy.to_string());
        let right = self.pool.run(self.source, move |memory| compared(password.expose_secret(), &hash, memory)).await?;
        let right = right.map_err(|error| Problem::Internal(format!("argon2: {error}")))?;
        Ok(if known { right } else { Match::No })
    }

    /// Whether `hash` was made with less memory or fewer iterations than the settings ask for now.
    pub fn is_outdated(&self, hash: &str) -> bool {
        let Ok(hash) = PasswordHash::new(hash) else { return false };
        let same = hash.algorithm == Algorithm::Argon2id.ident() && hash.version == Some(Version::V0x13.into());
        let asked = self.argon2.params();
        let enough = Params::try_from(&hash)
            .is_ok_and(|made| made.m_cost() >= asked.m_cost() && made.t_cost() >= asked.t_cost());
        !(same && enough)
    }

    /// Why `password` is rejected, by the checks that cost no noticeable time. `None` if they pass. Run these before
    /// counting an attempt (S62).
    pub fn quick_rejection(password: &SecretString, context: &PasswordContext) -> Option<Rejection> {
        rules::quick_rejection(password, context)
    }

    /// Why `password` is rejected; `None` if it is accepted (S24, S79).
    ///
    /// # Errors
    /// [`Problem::Unavailable`] if the queue, or the network's share of it, is full.
    pub async fn rejection(
        &self,
        password: &SecretString,
        context: PasswordContext,
    ) -> Result<Option<Rejection>, Problem> {
        let (password, breached) = (password.clone(), self.breached.clone());
        self.ratings.run(self.source, move |_| rules::rate(&password, &context, breached.as_deref()).rejection).await
    }

    /// Rates `password` while it is being typed.
    ///
    /// # Errors
    /// [`Problem::Unavailable`] if too many people, or too many on one network, are typing a new password.
    pub async fn feedback(
        &self,
        password: SecretString,
        context: PasswordContext,
    ) -> Result<PasswordStrength, Problem> {
        let breached = self.breached.clone();
        self.feedback.run(self.source, move |_| rules::rate(&password, &context, breached.as_deref()).into()).await
    }
}

/// For metrics.
impl Hasher {
    /// How busy the threads are that hash, that rate new passwords, and that answer the strength meter, each with the
    /// number of its jobs.
    pub fn loads(&self) -> [(&'static str, (&Load, usize)); 3] {
        [("hash", self.pool.load()), ("rate", self.ratings.load()), ("feedback", self.feedback.load())]
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

    /// Keeps the thread that rates passwords busy until the result is dropped.
    ///
    /// # Errors
    /// [`Problem::Unavailable`] if the queue is full.
    pub fn hold_feedback(&self) -> Result<Held, Problem> {
        self.feedback.hold()
    }
}

/// The Argon2 output for `password`.
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
    let normalized = SecretString::from(normalize(password));
    let normalized = normalized.expose_secret();
    if is_right(normalized.as_bytes(), hash, memory)? {
        return Ok(Match::Yes);
    }
    let as_typed = normalized != password && is_right(password.as_bytes(), hash, memory)?;
    Ok(if as_typed { Match::AsTyped } else { Match::No })
}

/// Whether `hash` was made from `password`, with the parameters in the hash (T20).
fn is_right(password: &[u8], hash: &str, memory: &mut Memory) -> password_hash::Result<bool> {
    let hash = PasswordHash::new(hash)?;
    let (Some(salt), Some(expected)) = (hash.salt, hash.hash) else { return Err(password_hash::Error::PhcStringField) };
    let version = hash.version.map(Version::try_from).transpose()?.unwrap_or_default();
    let argon2 = Argon2::new(Algorithm::try_from(hash.algorithm)?, version, Params::try_from(&hash)?);
    // `Output` compares in constant time.
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

/// A random hash that no known password matches.
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
        Hasher::new(&Passwords { workers, queue, ..Passwords::default() }).unwrap()
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
        let context = || PasswordContext::new("", "");
        let long = "a".repeat(64);
        let questions: Vec<_> = (0..8)
            .flat_map(|_| {
                let (one, other, long) = (hasher.clone(), hasher.clone(), long.clone());
                let judged = tokio::spawn(async move { one.rejection(&long.into(), context()).await.is_ok() });
                [judged, tokio::spawn(async move { other.feedback("a question".into(), context()).await.is_ok() })]
            })
            .collect();
        tokio::task::yield_now().await;
        assert!(hasher.verify("x".into(), None).await.is_ok());
        let mut refused = 0;
        for question in questions {
            refused += usize::from(!question.await.unwrap());
        }
        assert!(refused > 0, "some were refused, so the threads were busy");
    }

    #[tokio::test]
    async fn a_hash_is_outdated_by_more_only() {
        let with = |memory_kib, iterations| {
            Hasher::new(&Passwords { memory_kib, iterations, ..Passwords::default() }).unwrap()
        };
        let hash = with(16, 2).hash("correct horse battery".into()).await.unwrap();
        assert!(!with(16, 2).is_outdated(&hash));
        assert!(!with(8, 1).is_outdated(&hash), "never lowered");
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
