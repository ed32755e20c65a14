//! Dedicated threads for CPU-bound work.

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::Instant,
};

use argon2::Block;
use tokio::sync::oneshot;

use crate::{
    http::{client::Network, problem::Problem},
    metrics::{Counter, Gauge, Histogram},
};

/// One network may take one in this many slots, so that it takes several networks to fill a pool (S62).
const SHARE: usize = 4;

/// On whose behalf the work is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Source {
    /// The operator, on the command line: not limited to a share.
    Operator,
    /// A client on this network; `None` if its address is unknown.
    Network(Option<Network>),
}

/// The Argon2 memory of one thread, allocated once. If it were allocated per password, the allocator would keep the
/// peak of every thread.
#[derive(Debug)]
pub(crate) struct Memory {
    blocks: Vec<Block>,
    kept: usize,
}

impl Memory {
    /// Runs `work` with `count` zeroed blocks and zeroes them again: what Argon2 leaves in memory would reveal a
    /// password faster than its hash does. Clearing takes a tenth of the time of Argon2.
    pub(crate) fn with<T>(&mut self, count: usize, work: impl FnOnce(&mut [Block]) -> T) -> T {
        self.blocks.resize(count, Block::new());
        let result = work(&mut self.blocks);
        self.blocks.fill(Block::new());
        // A hash made with higher settings needs more once, but that is no reason to keep it.
        self.blocks.truncate(self.kept);
        self.blocks.shrink_to(self.kept);
        result
    }
}

type Job = Box<dyn FnOnce(&mut Memory) + Send>;

/// A fixed number of threads with a bounded queue; work beyond that is refused with 503 (S45). The threads end when the
/// last clone of the pool is dropped.
#[derive(Clone, Debug)]
pub(crate) struct Pool {
    jobs: Sender<Job>,
    slots: Arc<Mutex<Slots>>,
    load: Arc<Load>,
}

/// How busy a pool is.
#[derive(Debug)]
pub struct Load {
    /// How many threads it has.
    pub workers: usize,
    /// How many jobs it takes, running and waiting ones.
    pub places: usize,
    /// Those of them that are running.
    pub running: Gauge,
    /// The jobs that it refused.
    pub refused: Counter,
    /// How long jobs waited for a thread.
    pub waits: Histogram,
    /// How long they took then.
    pub took: Histogram,
}

#[derive(Debug)]
struct Slots {
    free: usize,
    share: usize,
    taken: HashMap<Option<Network>, usize>,
}

/// A slot in the pool, freed on drop.
struct Slot {
    slots: Arc<Mutex<Slots>>,
    source: Source,
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.free += 1;
        if let Source::Network(network) = self.source
            && let Some(taken) = slots.taken.get_mut(&network)
        {
            *taken -= 1;
            if *taken == 0 {
                slots.taken.remove(&network);
            }
        }
    }
}

/// Keeps one thread of a pool busy until this is dropped.
#[derive(Debug)]
pub struct Held(#[expect(dead_code, reason = "the thread waits until this end is closed")] Sender<()>);

impl Pool {
    /// Starts `workers` threads called `name`, each keeping `kept` blocks of memory, with room for `queue` waiting
    /// jobs.
    ///
    /// # Errors
    /// If the system cannot start the threads.
    pub(crate) fn new(name: &str, workers: usize, queue: usize, kept: usize) -> Result<Self, String> {
        let (jobs, waiting) = channel();
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..workers {
            let waiting = waiting.clone();
            let thread = thread::Builder::new().name(name.into()).spawn(move || work(&waiting, kept));
            thread.map_err(|error| format!("could not start a password hashing thread: {error}"))?;
        }
        let free = workers.saturating_add(queue);
        let slots = Slots { free, share: (free / SHARE).max(1), taken: HashMap::new() };
        let load = Load {
            workers,
            places: free,
            running: Gauge::new(),
            refused: Counter::new(),
            waits: Histogram::new(),
            took: Histogram::new(),
        };
        Ok(Self { jobs, slots: Arc::new(Mutex::new(slots)), load: Arc::new(load) })
    }

    /// How busy it is, and how many jobs it has now, running and waiting ones.
    pub(crate) fn load(&self) -> (&Load, usize) {
        let free = self.slots.lock().unwrap_or_else(PoisonError::into_inner).free;
        (&self.load, self.load.places.saturating_sub(free))
    }

    /// Runs `work` on one of the threads. A client that disconnects stops waiting, but work that has started goes on
    /// and keeps its slot until it is done (T20).
    ///
    /// # Errors
    /// [`Problem::Unavailable`] if the pool, or the network's share of it, is full.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        source: Source,
        work: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let slot = self.slot(source)?;
        let (answer, answered) = oneshot::channel();
        let (load, asked) = (self.load.clone(), Instant::now());
        let job = move |memory: &mut Memory| {
            // Locals drop in reverse order: on a panic, the slot is freed before the caller is told.
            let answer = answer;
            let slot = slot;
            if answer.is_closed() {
                return;
            }
            let (_running, begun) = (load.running.raised(), Instant::now());
            load.waits.record(begun - asked);
            let result = work(memory);
            load.took.record(begun.elapsed());
            drop(slot);
            // The caller may be gone.
            let _ = answer.send(result);
        };
        let ended = |_| Problem::Internal("the password hashing thread has ended".into());
        self.jobs.send(Box::new(job)).map_err(|_| Problem::Internal("there is no password hashing thread".into()))?;
        answered.await.map_err(ended)
    }

    /// Keeps one thread busy, with a slot of its own.
    ///
    /// # Errors
    /// [`Problem::Unavailable`] if no slot is free.
    pub(crate) fn hold(&self) -> Result<Held, Problem> {
        let slot = self.slot(Source::Operator)?;
        let (release, held) = channel::<()>();
        let job = move |_: &mut Memory| {
            let _slot = slot;
            // Nothing is sent: waiting ends with an error when the other end is dropped.
            let _ = held.recv();
        };
        self.jobs.send(Box::new(job)).map_err(|_| Problem::Internal("there is no thread for passwords".into()))?;
        Ok(Held(release))
    }

    fn slot(&self, source: Source) -> Result<Slot, Problem> {
        self.free_slot(source).inspect_err(|_| self.load.refused.add_one())
    }

    fn free_slot(&self, source: Source) -> Result<Slot, Problem> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.free == 0 {
            return Err(Problem::Unavailable("too many passwords to check".into()));
        }
        if let Source::Network(network) = source {
            let share = slots.share;
            let taken = slots.taken.entry(network).or_default();
            if *taken >= share {
                return Err(Problem::Unavailable("too many passwords to check from one network".into()));
            }
            *taken += 1;
        }
        slots.free -= 1;
        Ok(Slot { slots: self.slots.clone(), source })
    }
}

/// By how much the system prefers the threads of requests, in steps of `nice`. The work of a pool fills a core for
/// milliseconds; without it, requests wait behind it for the scheduler's turn.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

/// Runs the jobs, one after the other.
fn work(waiting: &Mutex<Receiver<Job>>, kept: usize) {
    // Linux takes this for the thread, not for the process. If it is refused, requests wait a little longer.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::nice(NICE);
    let mut memory = Memory { blocks: Vec::new(), kept };
    loop {
        let job = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        // After a panic, the job's drop has already freed its slot and told the caller.
        let _ = catch_unwind(AssertUnwindSafe(|| job(&mut memory)));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn from(address: &str) -> Source {
        Source::Network(Some(Network::around(address.parse().unwrap(), 32, 48)))
    }

    fn busy<T>(result: &Result<T, Problem>) -> bool {
        matches!(result, Err(Problem::Unavailable(_)))
    }

    #[tokio::test]
    async fn one_source_has_a_quarter_of_the_places_and_the_operators_all() {
        let pool = Pool::new("test", 1, 7, 0).unwrap();
        let (release, held) = mpsc::channel::<()>();
        let first = pool.slot(from("192.0.2.1")).unwrap();
        let second = pool.slot(from("192.0.2.1")).unwrap();
        assert!(busy(&pool.slot(from("192.0.2.1"))));
        let others: Vec<_> = (2..5).map(|n| pool.slot(from(&format!("192.0.2.{n}"))).unwrap()).collect();
        let neighbours = ["2001:db8:1:2::3", "2001:db8:1:ffff::9"].map(|address| pool.slot(from(address)).unwrap());
        assert!(busy(&pool.slot(from("2001:db8:1:3::"))), "48 bits are one source");
        let ours = pool.slot(Source::Operator).unwrap();
        assert!(busy(&pool.slot(Source::Operator)) && busy(&pool.slot(Source::Network(None))), "it is full");
        drop((first, others));
        let unknown = [Source::Network(None); 2].map(|source| pool.slot(source).unwrap());
        assert!(busy(&pool.slot(Source::Network(None))), "clients without an address are one source");
        drop((second, neighbours, ours, unknown));

        // Running and waiting jobs both take a slot.
        let running = pool.run(from("192.0.2.1"), move |_| held.recv());
        let waiting = pool.run(from("192.0.2.1"), |_| ());
        let refused = pool.run(from("192.0.2.1"), |_| ());
        let elsewhere = pool.run(from("192.0.2.2"), |_| ());
        let release = async move { release.send(()).unwrap() };
        let (running, waiting, refused, elsewhere, ()) = tokio::join!(running, waiting, refused, elsewhere, release);
        assert!(running.is_ok() && waiting.is_ok() && busy(&refused) && elsewhere.is_ok());
        let slots = pool.slots.lock().unwrap();
        assert!(slots.free == 8 && slots.taken.is_empty(), "{slots:?}");
    }

    #[tokio::test]
    async fn a_panic_ends_neither_the_thread_nor_its_place() {
        let pool = Pool::new("test", 1, 0, 0).unwrap();
        for _ in 0..3 {
            let panicked = pool.run(Source::Operator, |_| panic!("a test")).await;
            assert!(matches!(panicked, Err::<(), _>(Problem::Internal(_))));
        }
        assert_eq!(pool.run(Source::Operator, |_| 7).await.unwrap(), 7);
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
