//! Work that takes the processor, on threads of its own.

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
};

use argon2::Block;
use tokio::sync::oneshot;

use crate::http::{client::Network, problem::Problem};

/// One source may have one place in so many: it takes several to fill a pool (S62).
const SHARE: usize = 4;

/// Whose work it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Whose {
    /// The operators': no share bounds it.
    Ours,
    /// Somebody's who comes from there, if it is known where that is.
    From(Option<Network>),
}

/// What a thread works with: Argon2's memory is asked of the system once, not for each password, of which the allocator
/// would keep as much as was ever needed at once for each thread.
#[derive(Debug)]
pub(crate) struct Memory {
    blocks: Vec<Block>,
    kept: usize,
}

impl Memory {
    /// Does `work` with `count` blocks, which are zero before and after it: what a password leaves there would tell it in
    /// less time than its hash does. Clearing takes a tenth of the time that Argon2 does.
    pub(crate) fn with<T>(&mut self, count: usize, work: impl FnOnce(&mut [Block]) -> T) -> T {
        self.blocks.resize(count, Block::new());
        let result = work(&mut self.blocks);
        self.blocks.fill(Block::new());
        // A hash that was made when the settings asked for more is no reason to keep more.
        self.blocks.truncate(self.kept);
        self.blocks.shrink_to(self.kept);
        result
    }
}

type Job = Box<dyn FnOnce(&mut Memory) + Send>;

/// So many threads, and so many places for what they do and what waits for them; past that, 503 (S45). The threads end with
/// the last copy of the pool.
#[derive(Clone, Debug)]
pub(crate) struct Pool {
    jobs: Sender<Job>,
    places: Arc<Mutex<Places>>,
}

#[derive(Debug)]
struct Places {
    free: usize,
    share: usize,
    taken: HashMap<Option<Network>, usize>,
}

/// A place in the pool; it is free again when this goes.
struct Place {
    places: Arc<Mutex<Places>>,
    whose: Whose,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.free += 1;
        if let Whose::From(network) = self.whose
            && let Some(taken) = places.taken.get_mut(&network)
        {
            *taken -= 1;
            if *taken == 0 {
                places.taken.remove(&network);
            }
        }
    }
}

/// Keeps one thread of a pool busy until this is dropped.
#[derive(Debug)]
pub struct Held(#[expect(dead_code, reason = "the thread waits until this end is closed")] Sender<()>);

impl Pool {
    /// A pool of `workers` threads called `name`, for each of which `kept` blocks are kept, where `queue` more may wait.
    ///
    /// # Errors
    /// Where the system starts no more threads.
    pub(crate) fn new(name: &str, workers: usize, queue: usize, kept: usize) -> Result<Self, String> {
        let (jobs, waiting) = channel();
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..workers {
            let waiting = waiting.clone();
            let thread = thread::Builder::new().name(name.into()).spawn(move || work(&waiting, kept));
            thread.map_err(|error| format!("no thread for passwords: {error}"))?;
        }
        let free = workers.saturating_add(queue);
        let places = Places { free, share: (free / SHARE).max(1), taken: HashMap::new() };
        Ok(Self { jobs, places: Arc::new(Mutex::new(places)) })
    }

    /// The place goes with the work: a client that hangs up stops waiting, but not the work that has begun (T20).
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        whose: Whose,
        work: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let place = self.place(whose)?;
        let (answer, answered) = oneshot::channel();
        let job = move |memory: &mut Memory| {
            // In this order: what panics gives its place back before it tells whoever waits.
            let answer = answer;
            let place = place;
            if answer.is_closed() {
                return;
            }
            let result = work(memory);
            drop(place);
            // Nobody may be waiting any more.
            let _ = answer.send(result);
        };
        let ended = |_| Problem::Internal("the thread for passwords has ended".into());
        self.jobs.send(Box::new(job)).map_err(|_| Problem::Internal("there is no thread for passwords".into()))?;
        answered.await.map_err(ended)
    }

    /// Keeps one thread busy, with a place of its own.
    ///
    /// # Errors
    /// [`Problem::Unavailable`] if no place is free.
    pub(crate) fn hold(&self) -> Result<Held, Problem> {
        let place = self.place(Whose::Ours)?;
        let (release, held) = channel::<()>();
        let job = move |_: &mut Memory| {
            let _place = place;
            // Nothing is sent: waiting ends with an error when the other end is dropped.
            let _ = held.recv();
        };
        self.jobs.send(Box::new(job)).map_err(|_| Problem::Internal("there is no thread for passwords".into()))?;
        Ok(Held(release))
    }

    fn place(&self, whose: Whose) -> Result<Place, Problem> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if places.free == 0 {
            return Err(Problem::Unavailable("too many passwords to check".into()));
        }
        if let Whose::From(network) = whose {
            let share = places.share;
            let taken = places.taken.entry(network).or_default();
            if *taken >= share {
                return Err(Problem::Unavailable("too many passwords to check for one network".into()));
            }
            *taken += 1;
        }
        places.free -= 1;
        Ok(Place { places: self.places.clone(), whose })
    }
}

fn work(waiting: &Mutex<Receiver<Job>>, kept: usize) {
    let mut memory = Memory { blocks: Vec::new(), kept };
    loop {
        let job = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        // What panics has been answered by then: its place and the end of its answer went with it.
        let _ = catch_unwind(AssertUnwindSafe(|| job(&mut memory)));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn from(address: &str) -> Whose {
        Whose::From(Some(Network::around(address.parse().unwrap(), 32, 48)))
    }

    fn busy<T>(result: &Result<T, Problem>) -> bool {
        matches!(result, Err(Problem::Unavailable(_)))
    }

    #[tokio::test]
    async fn one_source_has_a_quarter_of_the_places_and_the_operators_all() {
        let pool = Pool::new("test", 1, 7, 0).unwrap();
        let (release, held) = mpsc::channel::<()>();
        let first = pool.place(from("192.0.2.1")).unwrap();
        let second = pool.place(from("192.0.2.1")).unwrap();
        assert!(busy(&pool.place(from("192.0.2.1"))));
        let others: Vec<_> = (2..5).map(|n| pool.place(from(&format!("192.0.2.{n}"))).unwrap()).collect();
        let neighbours = [from("2001:db8:1:2::3"), from("2001:db8:1:ffff::9")].map(|whose| pool.place(whose).unwrap());
        assert!(busy(&pool.place(from("2001:db8:1:3::"))), "48 bits are one source");
        let ours = pool.place(Whose::Ours).unwrap();
        assert!(busy(&pool.place(Whose::Ours)) && busy(&pool.place(Whose::From(None))), "it is full");
        drop((first, others));
        let unknown = [Whose::From(None); 2].map(|whose| pool.place(whose).unwrap());
        assert!(busy(&pool.place(Whose::From(None))), "who comes from nowhere is one source");
        drop((second, neighbours, ours, unknown));

        // What runs and what waits have a place alike.
        let running = pool.run(from("192.0.2.1"), move |_| held.recv());
        let waiting = pool.run(from("192.0.2.1"), |_| ());
        let refused = pool.run(from("192.0.2.1"), |_| ());
        let elsewhere = pool.run(from("192.0.2.2"), |_| ());
        let release = async move { release.send(()).unwrap() };
        let (running, waiting, refused, elsewhere, ()) = tokio::join!(running, waiting, refused, elsewhere, release);
        assert!(running.is_ok() && waiting.is_ok() && busy(&refused) && elsewhere.is_ok());
        let places = pool.places.lock().unwrap();
        assert!(places.free == 8 && places.taken.is_empty(), "{places:?}");
    }

    #[tokio::test]
    async fn a_panic_ends_neither_the_thread_nor_its_place() {
        let pool = Pool::new("test", 1, 0, 0).unwrap();
        for _ in 0..3 {
            assert!(matches!(pool.run(Whose::Ours, |_| panic!("a test")).await, Err::<(), _>(Problem::Internal(_))));
        }
        assert_eq!(pool.run(Whose::Ours, |_| 7).await.unwrap(), 7);
    }

    #[test]
    fn memory_is_cleared_and_no_more_is_kept_than_usual() {
        let mut memory = Memory { blocks: Vec::new(), kept: 8 };
        for count in [8, 64, 4, 8] {
            let found = memory.with(count, |blocks| {
                let zero = blocks.iter().all(|block| block.as_ref().iter().all(|word| *word == 0));
                for block in blocks.iter_mut() {
                    block.as_mut().fill(7);
                }
                (blocks.len(), zero)
            });
            assert_eq!(found, (count, true));
            assert!(memory.blocks.capacity() <= 8 && memory.blocks.iter().all(|block| block.as_ref()[0] == 0));
        }
    }
}
