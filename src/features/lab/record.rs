//! What the servers saw, in memory: one visit, one experiment at a time, and not for long.

use std::{
    collections::{HashMap, VecDeque},
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use rand::{TryRngCore, rngs::OsRng};
use serde::Serialize;
use time::Duration;
use uuid::Uuid;

use crate::{http::problem::Problem, timestamp::Timestamp};

/// How long a visit is remembered after its last experiment began.
const LIFETIME: Duration = Duration::minutes(15);
/// How many visits are remembered; the oldest makes room.
const VISITS: usize = 500;
/// How many of them may come from one address.
const VISITS_PER_ADDRESS: usize = 20;
/// How many bytes of what was seen are kept of one visit; the oldest requests make room. A request takes a few thousand.
const BYTES_PER_VISIT: usize = 128 * 1024;
/// How many are kept of all visits; the oldest visit makes room (S67).
const BYTES: usize = 16 * 1024 * 1024;
/// How many requests one experiment may make.
const REQUESTS: usize = 24;
/// How many requests one visit may make in its lifetime. All experiments together make a few hundred.
const REQUESTS_PER_VISIT: u32 = 10_000;

/// Those who are in the Lab.
#[derive(Debug, Default)]
pub struct Visits(Mutex<HashMap<Uuid, Visit>>);

#[derive(Debug)]
struct Visit {
    token: String,
    address: Option<IpAddr>,
    seen_at: Timestamp,
    requests: u32,
    under_way: Option<UnderWay>,
}

/// The experiment that is being made.
#[derive(Debug)]
struct UnderWay {
    experiment: &'static str,
    values: Vec<String>,
    /// How many requests it has made.
    noted: usize,
    seen: VecDeque<Seen>,
    /// What `seen` takes.
    bytes: usize,
}

impl UnderWay {
    fn note(&mut self, seen: Seen) {
        self.noted += 1;
        self.values.extend(seen.set.clone());
        self.bytes += seen.bytes();
        self.seen.push_back(seen);
        while self.bytes > BYTES_PER_VISIT
            && let Some(oldest) = self.seen.pop_front()
        {
            self.bytes -= oldest.bytes();
        }
    }
}

/// One request as the server saw it, and what it answered.
#[derive(Clone, Debug, Serialize)]
pub struct Seen {
    /// The step's key.
    pub step: String,
    /// The origin it was addressed to.
    pub at: String,
    /// Method and path.
    pub line: String,
    /// Whether the browser only asked whether it may.
    pub preflight: bool,
    /// The headers that matter here. Of cookies, the Lab's own; of tokens, the visit's own.
    pub headers: Vec<(&'static str, String)>,
    /// The Lab's cookies that came along, name and value.
    pub cookies: Vec<(String, String)>,
    /// The status of the answer.
    pub status: u16,
    /// The headers of the answer that matter here.
    pub answer: Vec<(&'static str, String)>,
    /// The value of the cookie it set.
    pub set: Option<String>,
    /// Whether the server did what it was asked.
    pub deed: bool,
}

impl Seen {
    /// What it takes in memory.
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

/// What the answer depends on.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The token of the visit.
    pub token: String,
    /// The values of the cookies that this experiment has set.
    pub values: Vec<String>,
}

/// A new visit, as its page gets to know it.
#[derive(Clone, Debug, Serialize)]
pub struct Admitted {
    /// Its name in URLs, which nobody else knows.
    pub visit: Uuid,
    /// A token that is good for nothing but the experiments of this visit.
    pub token: String,
}

impl Visits {
    /// Lets somebody in who comes from `address`.
    ///
    /// # Errors
    /// [`Problem::Internal`] where the operating system has no randomness.
    pub fn admit(&self, now: Timestamp, address: Option<IpAddr>) -> Result<Admitted, Problem> {
        let (visit, token) = (Uuid::from_bytes(random()?), format!("lab_{}", Uuid::from_bytes(random()?).simple()));
        let mut visits = self.lock(now);
        let of_address = |visits: &HashMap<_, Visit>| visits.values().filter(|visit| visit.address == address).count();
        while of_address(&visits) >= VISITS_PER_ADDRESS {
            forget_oldest(&mut visits, |visit| visit.address == address);
        }
        while visits.len() >= VISITS {
            forget_oldest(&mut visits, |_| true);
        }
        visits.insert(visit, Visit { token: token.clone(), address, seen_at: now, requests: 0, under_way: None });
        Ok(Admitted { visit, token })
    }

    /// Begins `experiment`. What was written down of the one before is gone.
    ///
    /// # Errors
    /// [`Problem::NotFound`] where there is no such visit, or it is over.
    pub fn begin(&self, now: Timestamp, visit: Uuid, experiment: &'static str) -> Result<(), Problem> {
        let mut visits = self.lock(now);
        let visit = visits.get_mut(&visit).ok_or(Problem::NotFound)?;
        visit.seen_at = now;
        visit.under_way = Some(UnderWay { experiment, values: Vec::new(), noted: 0, seen: VecDeque::new(), bytes: 0 });
        Ok(())
    }

    /// Ends `experiment` and gives what was seen of it.
    ///
    /// # Errors
    /// [`Problem::NotFound`] where it is not under way.
    pub fn end(&self, now: Timestamp, visit: Uuid, experiment: &str) -> Result<Vec<Seen>, Problem> {
        let mut visits = self.lock(now);
        let under_way = under_way(&mut visits, visit, experiment)?;
        let seen = std::mem::take(&mut under_way.seen);
        visits.entry(visit).and_modify(|visit| visit.under_way = None);
        Ok(seen.into())
    }

    /// What an answer to a request of `experiment` depends on. It counts as one request.
    ///
    /// # Errors
    /// [`Problem::NotFound`] where it is not under way; [`Problem::RateLimited`] where it asks too often.
    pub fn know(&self, now: Timestamp, visit: Uuid, experiment: &str) -> Result<Known, Problem> {
        let mut visits = self.lock(now);
        let (values, seen) = {
            let under_way = under_way(&mut visits, visit, experiment)?;
            (under_way.values.clone(), under_way.noted)
        };
        let visit = visits.get_mut(&visit).ok_or(Problem::NotFound)?;
        visit.requests += 1;
        if seen >= REQUESTS || visit.requests > REQUESTS_PER_VISIT {
            return Err(Problem::RateLimited(60));
        }
        Ok(Known { token: visit.token.clone(), values })
    }

    /// Writes down what was seen.
    pub fn note(&self, now: Timestamp, visit: Uuid, experiment: &str, seen: Seen) {
        let mut visits = self.lock(now);
        if let Ok(under_way) = under_way(&mut visits, visit, experiment)
            && under_way.noted < REQUESTS
        {
            under_way.note(seen);
        }
        while bytes(&visits) > BYTES {
            forget_oldest(&mut visits, |visit| visit.under_way.is_some());
        }
    }

    /// Those who are here at `now`. A panic of another request leaves nothing half done in here.
    fn lock(&self, now: Timestamp) -> MutexGuard<'_, HashMap<Uuid, Visit>> {
        let mut visits = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        visits.retain(|_, visit| (now - visit.seen_at).abs() < LIFETIME);
        visits
    }
}

fn under_way<'a>(
    visits: &'a mut HashMap<Uuid, Visit>,
    visit: Uuid,
    experiment: &str,
) -> Result<&'a mut UnderWay, Problem> {
    let under_way = visits.get_mut(&visit).and_then(|visit| visit.under_way.as_mut());
    under_way.filter(|under_way| under_way.experiment == experiment).ok_or(Problem::NotFound)
}

fn bytes(visits: &HashMap<Uuid, Visit>) -> usize {
    visits.values().filter_map(|visit| visit.under_way.as_ref()).map(|under_way| under_way.bytes).sum()
}

fn forget_oldest(visits: &mut HashMap<Uuid, Visit>, which: impl Fn(&Visit) -> bool) {
    let theirs = visits.iter().filter(|(_, visit)| which(visit));
    if let Some(oldest) = theirs.min_by_key(|(_, visit)| visit.seen_at).map(|(id, _)| *id) {
        visits.remove(&oldest);
    }
}

/// 128 bits nobody guesses.
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
            deed: false,
        }
    }

    #[test]
    fn the_oldest_make_room() {
        let visits = Visits::default();
        let first = visits.admit(at(0), Some(address(1))).unwrap().visit;
        for second in 1..=20 {
            visits.admit(at(second), Some(address(1))).unwrap();
        }
        assert!(matches!(visits.begin(at(21), first, "x"), Err(Problem::NotFound)));
        for second in 0..1000 {
            visits.admit(at(21 + second % 5), Some(address(u8::try_from(second % 200).unwrap()))).unwrap();
        }
        assert_eq!(visits.lock(at(30)).len(), VISITS);
    }

    #[test]
    fn a_visit_ends_by_the_clock() {
        let visits = Visits::default();
        let visit = visits.admit(at(0), None).unwrap().visit;
        visits.begin(at(14 * 60), visit, "x").unwrap();
        visits.know(at(28 * 60), visit, "x").unwrap();
        assert!(visits.know(at(29 * 60), visit, "x").is_err());
        assert!(visits.lock(at(29 * 60)).is_empty());
    }

    #[test]
    fn one_experiment_at_a_time() {
        let visits = Visits::default();
        let visit = visits.admit(at(0), None).unwrap().visit;
        assert!(visits.know(at(0), visit, "x").is_err());
        visits.begin(at(0), visit, "x").unwrap();
        visits.note(at(0), visit, "x", seen());
        visits.note(at(0), visit, "y", seen());
        assert_eq!(visits.know(at(0), visit, "x").unwrap().values, ["a value"]);
        visits.begin(at(0), visit, "y").unwrap();
        assert!(visits.know(at(0), visit, "x").is_err());
        assert!(visits.end(at(0), visit, "y").unwrap().is_empty());
        assert!(visits.end(at(0), visit, "y").is_err());
    }

    #[test]
    fn what_is_kept_is_bounded_in_bytes() {
        let visits = Visits::default();
        let large = || Seen { cookies: vec![("n".repeat(4_000), "v".repeat(4_000)); 4], ..seen() };
        assert!(large().bytes() > 32_000 && large().bytes() > 8 * size_of::<String>() + 32_000);
        let mut all = Vec::new();
        for number in 0..200 {
            let visit = visits.admit(at(number), Some(address(u8::try_from(number).unwrap()))).unwrap().visit;
            visits.begin(at(number), visit, "x").unwrap();
            for nth in 0..REQUESTS {
                visits.know(at(number), visit, "x").unwrap();
                visits.note(at(number), visit, "x", Seen { status: u16::try_from(nth).unwrap(), ..large() });
                assert!(bytes(&visits.lock(at(number))) <= BYTES);
            }
            assert!(visits.know(at(number), visit, "x").is_err(), "what makes room is counted still");
            all.push(visit);
        }
        let held = visits.lock(at(200)).values().filter_map(|v| v.under_way.as_ref()).map(|u| u.bytes).max();
        assert!(held.is_some_and(|held| held <= BYTES_PER_VISIT && held > BYTES_PER_VISIT / 2), "{held:?}");
        assert!(matches!(visits.end(at(200), all[0], "x"), Err(Problem::NotFound)), "the oldest made room");
        let last = visits.end(at(200), all[199], "x").unwrap();
        assert_eq!(last.last().unwrap().status, u16::try_from(REQUESTS - 1).unwrap(), "the newest is there");
        assert!((1..REQUESTS).contains(&last.len()));
    }

    #[test]
    fn an_experiment_asks_only_so_often() {
        let visits = Visits::default();
        let visit = visits.admit(at(0), None).unwrap().visit;
        visits.begin(at(0), visit, "x").unwrap();
        for _ in 0..REQUESTS {
            visits.know(at(0), visit, "x").unwrap();
            visits.note(at(0), visit, "x", seen());
        }
        assert!(matches!(visits.know(at(0), visit, "x"), Err(Problem::RateLimited(_))));
        assert_eq!(visits.end(at(0), visit, "x").unwrap().len(), REQUESTS);
    }
}
