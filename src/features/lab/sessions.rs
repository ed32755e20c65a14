//! The Lab sessions and what the servers recorded of them: in memory, bounded, one experiment at a time.

use std::{
    collections::{HashMap, VecDeque},
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use rand::{TryRngCore, rngs::OsRng};
use serde::Serialize;
use time::Duration;
use uuid::Uuid;

use crate::{
    http::problem::{Limit, Problem},
    timestamp::Timestamp,
};

/// How long a session lives after its last experiment began.
const LIFETIME: Duration = Duration::minutes(15);
/// The most sessions at a time. A new one replaces the oldest.
const SESSIONS: usize = 500;
/// The most sessions of one address.
const SESSIONS_PER_ADDRESS: usize = 20;
/// The most bytes recorded of one session. A new request, of a few thousand bytes, replaces the oldest.
const BYTES_PER_SESSION: usize = 128 * 1024;
/// The most bytes recorded of all sessions. The oldest session is dropped first (S67).
const BYTES: usize = 16 * 1024 * 1024;
/// The most requests of one experiment.
const REQUESTS: usize = 24;
/// The most requests of one session in its lifetime. All experiments together make a few hundred.
const REQUESTS_PER_SESSION: u32 = 10_000;

/// All sessions of the Lab.
#[derive(Debug, Default)]
pub struct LabSessions(Mutex<HashMap<Uuid, LabSession>>);

/// One visitor's session.
#[derive(Debug)]
struct LabSession {
    token: String,
    address: Option<IpAddr>,
    seen_at: Timestamp,
    requests: u32,
    run: Option<Run>,
}

/// A run of an experiment that has not ended.
#[derive(Debug)]
struct Run {
    experiment: &'static str,
    values: Vec<String>,
    /// How many requests it has made, whether they are still in `seen` or not.
    requests: usize,
    seen: VecDeque<Seen>,
    /// The size of `seen`.
    bytes: usize,
}

impl Run {
    fn record(&mut self, seen: Seen) {
        self.requests += 1;
        self.values.extend(seen.set.clone());
        self.bytes += seen.bytes();
        self.seen.push_back(seen);
        while self.bytes > BYTES_PER_SESSION
            && let Some(oldest) = self.seen.pop_front()
        {
            self.bytes -= oldest.bytes();
        }
    }
}

/// One request as the server received it, and its response.
#[derive(Clone, Debug, Serialize)]
pub struct Seen {
    /// The key of the step.
    pub step: String,
    /// The origin it was addressed to.
    pub at: String,
    /// The method and the path.
    pub line: String,
    /// Whether it is a preflight.
    pub preflight: bool,
    /// The request headers that matter here. Only cookies of the Lab and the token of the session are recorded.
    pub headers: Vec<(&'static str, String)>,
    /// The Lab's cookies that came with it: names and values.
    pub cookies: Vec<(String, String)>,
    /// The status of the response.
    pub status: u16,
    /// The response headers that matter here.
    pub answer: Vec<(&'static str, String)>,
    /// The value of the cookie that the response set.
    pub set: Option<String>,
    /// Whether the action was carried out.
    pub side_effect: bool,
}

impl Seen {
    /// Its size in memory.
    fn bytes(&self) -> usize {
        let texts = [&self.step, &self.at, &self.line].map(String::capacity).iter().sum::<usize>();
        let named = |list: &Vec<(&'static str, String)>| {
            let items = list.capacity() * size_of::<(&str, String)>();
            items + list.iter().map(|(_, text)| text.capacity()).sum::<usize>()
        };
        let cookies = self.cookies.capacity() * size_of::<(String, String)>()
            + self.cookies.iter().map(|(name, value)| name.capacity() + value.capacity()).sum::<usize>();
        let set = self.set.as_ref().map_or(0, String::capacity);
        size_of::<Self>() + texts + named(&self.headers) + named(&self.answer) + cookies + set
    }
}

/// What a response may depend on.
#[derive(Clone, Debug, Default)]
pub struct Visitor {
    /// The token of the session.
    pub token: String,
    /// The values of the cookies that this run has set.
    pub values: Vec<String>,
}

/// A new session, as the page receives it.
#[derive(Clone, Debug, Serialize)]
pub struct NewSession {
    /// The random id that stands for the session in URLs.
    pub session: Uuid,
    /// A token for the experiments of this session. It opens nothing else.
    pub token: String,
}

impl LabSessions {
    /// Creates a session for a visitor from `address`.
    ///
    /// # Errors
    /// [`Problem::Internal`] if the operating system's random number generator fails.
    pub fn create(&self, now: Timestamp, address: Option<IpAddr>) -> Result<NewSession, Problem> {
        let (id, token) = (Uuid::from_bytes(random()?), format!("lab_{}", Uuid::from_bytes(random()?).simple()));
        let mut sessions = self.lock(now);
        let of_address = |all: &HashMap<_, LabSession>| all.values().filter(|one| one.address == address).count();
        while of_address(&sessions) >= SESSIONS_PER_ADDRESS {
            evict_oldest(&mut sessions, |session| session.address == address);
        }
        while sessions.len() >= SESSIONS {
            evict_oldest(&mut sessions, |_| true);
        }
        sessions.insert(id, LabSession { token: token.clone(), address, seen_at: now, requests: 0, run: None });
        Ok(NewSession { session: id, token })
    }

    /// Begins a run of `experiment`, in place of a run that has not ended.
    ///
    /// # Errors
    /// [`Problem::NotFound`] if there is no such session or it has expired.
    pub fn begin(&self, now: Timestamp, session: Uuid, experiment: &'static str) -> Result<(), Problem> {
        let mut sessions = self.lock(now);
        let session = sessions.get_mut(&session).ok_or(Problem::NotFound)?;
        session.seen_at = now;
        session.run = Some(Run { experiment, values: Vec::new(), requests: 0, seen: VecDeque::new(), bytes: 0 });
        Ok(())
    }

    /// Ends the run of `experiment` and returns the requests that were recorded.
    ///
    /// # Errors
    /// [`Problem::NotFound`] if it is not running.
    pub fn end(&self, now: Timestamp, session: Uuid, experiment: &str) -> Result<Vec<Seen>, Problem> {
        let mut sessions = self.lock(now);
        let seen = std::mem::take(&mut running(&mut sessions, session, experiment)?.seen);
        sessions.entry(session).and_modify(|session| session.run = None);
        Ok(seen.into())
    }

    /// Counts a request of `experiment` and returns what its response may depend on.
    ///
    /// # Errors
    /// [`Problem::NotFound`] if it is not running; [`Problem::RateLimited`] if it has made too many requests.
    pub fn count_request(&self, now: Timestamp, session: Uuid, experiment: &str) -> Result<Visitor, Problem> {
        let mut sessions = self.lock(now);
        let run = running(&mut sessions, session, experiment)?;
        let (values, requests) = (run.values.clone(), run.requests);
        let session = sessions.get_mut(&session).ok_or(Problem::NotFound)?;
        session.requests += 1;
        if requests >= REQUESTS || session.requests > REQUESTS_PER_SESSION {
            return Err(Problem::rate_limited(Limit::Lab, 60));
        }
        Ok(Visitor { token: session.token.clone(), values })
    }

    /// Records a request, if `experiment` is running.
    pub fn record(&self, now: Timestamp, session: Uuid, experiment: &str, seen: Seen) {
        let mut sessions = self.lock(now);
        if let Ok(run) = running(&mut sessions, session, experiment)
            && run.requests < REQUESTS
        {
            run.record(seen);
        }
        while bytes(&sessions) > BYTES {
            evict_oldest(&mut sessions, |session| session.run.is_some());
        }
    }

    /// The sessions that have not expired at `now`. A poisoned lock is fine: every change under it is complete.
    fn lock(&self, now: Timestamp) -> MutexGuard<'_, HashMap<Uuid, LabSession>> {
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|_, session| (now - session.seen_at).abs() < LIFETIME);
        sessions
    }
}

fn running<'a>(
    sessions: &'a mut HashMap<Uuid, LabSession>,
    session: Uuid,
    experiment: &str,
) -> Result<&'a mut Run, Problem> {
    let run = sessions.get_mut(&session).and_then(|session| session.run.as_mut());
    run.filter(|run| run.experiment == experiment).ok_or(Problem::NotFound)
}

fn bytes(sessions: &HashMap<Uuid, LabSession>) -> usize {
    sessions.values().filter_map(|session| session.run.as_ref()).map(|run| run.bytes).sum()
}

fn evict_oldest(sessions: &mut HashMap<Uuid, LabSession>, which: impl Fn(&LabSession) -> bool) {
    let matching = sessions.iter().filter(|(_, session)| which(session));
    if let Some(oldest) = matching.min_by_key(|(_, session)| session.seen_at).map(|(id, _)| *id) {
        sessions.remove(&oldest);
    }
}

/// 128 random bits.
///
/// # Errors
/// [`Problem::Internal`] if the operating system's random number generator fails.
pub(super) fn random() -> Result<[u8; 16], Problem> {
    let mut bytes = [0; 16];
    OsRng.try_fill_bytes(&mut bytes).map_err(|error| Problem::Internal(error.to_string()))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::new(OffsetDateTime::UNIX_EPOCH + Duration::seconds(seconds))
    }

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    fn seen() -> Seen {
        Seen {
            step: "request".into(),
            at: String::new(),
            line: String::new(),
            preflight: false,
            headers: Vec::new(),
            cookies: Vec::new(),
            status: 200,
            answer: Vec::new(),
            set: Some("a value".into()),
            side_effect: false,
        }
    }

    #[test]
    fn the_oldest_make_room() {
        let sessions = LabSessions::default();
        let first = sessions.create(at(0), Some(address(1))).unwrap().session;
        for second in 1..=20 {
            sessions.create(at(second), Some(address(1))).unwrap();
        }
        assert!(matches!(sessions.begin(at(21), first, "x"), Err(Problem::NotFound)));
        for second in 0..1000 {
            sessions.create(at(21 + second % 5), Some(address(u8::try_from(second % 200).unwrap()))).unwrap();
        }
        assert_eq!(sessions.lock(at(30)).len(), SESSIONS);
    }

    #[test]
    fn a_session_expires() {
        let sessions = LabSessions::default();
        let session = sessions.create(at(0), None).unwrap().session;
        sessions.begin(at(14 * 60), session, "x").unwrap();
        sessions.count_request(at(28 * 60), session, "x").unwrap();
        assert!(sessions.count_request(at(29 * 60), session, "x").is_err());
        assert!(sessions.lock(at(29 * 60)).is_empty());
    }

    #[test]
    fn one_experiment_at_a_time() {
        let sessions = LabSessions::default();
        let session = sessions.create(at(0), None).unwrap().session;
        assert!(sessions.count_request(at(0), session, "x").is_err());
        sessions.begin(at(0), session, "x").unwrap();
        sessions.record(at(0), session, "x", seen());
        sessions.record(at(0), session, "y", seen());
        assert_eq!(sessions.count_request(at(0), session, "x").unwrap().values, ["a value"]);
        sessions.begin(at(0), session, "y").unwrap();
        assert!(sessions.count_request(at(0), session, "x").is_err());
        assert!(sessions.end(at(0), session, "y").unwrap().is_empty());
        assert!(sessions.end(at(0), session, "y").is_err());
    }

    #[test]
    fn what_is_kept_is_bounded_in_bytes() {
        let sessions = LabSessions::default();
        let large = || Seen { cookies: vec![("n".repeat(4_000), "v".repeat(4_000)); 4], ..seen() };
        assert!(large().bytes() > 32_000 && large().bytes() > 8 * size_of::<String>() + 32_000);
        let mut all = Vec::new();
        for number in 0..200 {
            let session = sessions.create(at(number), Some(address(u8::try_from(number).unwrap()))).unwrap().session;
            sessions.begin(at(number), session, "x").unwrap();
            for nth in 0..REQUESTS {
                sessions.count_request(at(number), session, "x").unwrap();
                sessions.record(at(number), session, "x", Seen { status: u16::try_from(nth).unwrap(), ..large() });
                assert!(bytes(&sessions.lock(at(number))) <= BYTES);
            }
            assert!(sessions.count_request(at(number), session, "x").is_err(), "what makes room is counted still");
            all.push(session);
        }
        let held = sessions.lock(at(200)).values().filter_map(|v| v.run.as_ref()).map(|u| u.bytes).max();
        assert!(held.is_some_and(|held| held <= BYTES_PER_SESSION && held > BYTES_PER_SESSION / 2), "{held:?}");
        assert!(matches!(sessions.end(at(200), all[0], "x"), Err(Problem::NotFound)), "the oldest made room");
        let last = sessions.end(at(200), all[199], "x").unwrap();
        assert_eq!(last.last().unwrap().status, u16::try_from(REQUESTS - 1).unwrap(), "the newest is there");
        assert!((1..REQUESTS).contains(&last.len()));
    }

    #[test]
    fn an_experiment_asks_only_so_often() {
        let sessions = LabSessions::default();
        let session = sessions.create(at(0), None).unwrap().session;
        sessions.begin(at(0), session, "x").unwrap();
        for _ in 0..REQUESTS {
            sessions.count_request(at(0), session, "x").unwrap();
            sessions.record(at(0), session, "x", seen());
        }
        assert!(matches!(sessions.count_request(at(0), session, "x"), Err(Problem::RateLimited { .. })));
        assert_eq!(sessions.end(at(0), session, "x").unwrap().len(), REQUESTS);
    }
}
