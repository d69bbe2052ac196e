//! What is done a while after commits, by a thread of the store: batched ones are synced, and the
//! log of a small file is folded into it when nobody has written for some time.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::engine::{Engine, Limits};
use crate::threads::spawn;

/// How long what failed waits at least before it is tried again.
const PAUSE_MIN: Duration = Duration::from_secs(1);

/// What waits to be done, and the thread that does it.
#[derive(Default)]
pub(super) struct Upkeep {
    pending: Mutex<Pending>,
    changed: Condvar,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Default)]
struct Pending {
    /// Commits that are in the log and not known to be on disk.
    unsynced: u64,
    /// When the first of them was made.
    first: Option<Instant>,
    sync_at: Option<Instant>,
    fold_at: Option<Instant>,
    /// When the thread looks again.
    wakes_at: Option<Instant>,
    ended: bool,
}

/// What the thread has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Duty {
    Sync,
    Fold,
}

impl Pending {
    /// What is due, or when that will be.
    fn next(&mut self, now: Instant) -> Result<Duty, Option<Instant>> {
        let duties = [(self.sync_at, Duty::Sync), (self.fold_at, Duty::Fold)];
        let first = duties.into_iter().filter_map(|(at, duty)| Some((at?, duty)));
        let Some((at, duty)) = first.min_by_key(|(at, _)| *at) else { return Err(None) };
        if at > now {
            return Err(Some(at));
        }
        match duty {
            Duty::Sync => self.sync_at = None,
            Duty::Fold => self.fold_at = None,
        }
        Ok(duty)
    }
}

impl Upkeep {
    /// Notes that everything is on disk.
    pub(super) fn note_synced(&self) {
        let mut pending = self.lock();
        (pending.unsynced, pending.first, pending.sync_at) = (0, None, None);
    }

    /// The number of commits that are not on disk, and how long ago the first of them was made.
    pub(super) fn unsynced(&self) -> (u64, Duration) {
        let pending = self.lock();
        (pending.unsynced, pending.first.map_or(Duration::ZERO, |first| first.elapsed()))
    }

    /// Ends the thread.
    pub(super) fn end(&self) {
        self.lock().ended = true;
        self.changed.notify_all();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // It catches no panic because it has nothing that panics; at worst it ended early.
            let _ = thread.join();
        }
        self.lock().ended = false;
    }

    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Plans, and wakes the thread if it has to look earlier than it would.
    fn plan(&self, change: impl FnOnce(&mut Pending, Instant)) {
        let mut pending = self.lock();
        change(&mut pending, Instant::now());
        let first = pending.sync_at.into_iter().chain(pending.fold_at).min();
        let is_sooner = first.is_some_and(|at| pending.wakes_at.is_none_or(|wakes| at < wakes));
        if is_sooner {
            pending.wakes_at = first;
        }
        drop(pending);
        if is_sooner {
            self.changed.notify_all();
        }
    }

    /// Waits until something is due; None when the store is closed.
    fn wait(&self) -> Option<Duty> {
        let mut pending = self.lock();
        loop {
            if pending.ended {
                return None;
            }
            let now = Instant::now();
            let at = match pending.next(now) {
                Ok(duty) => return Some(duty),
                Err(at) => at,
            };
            pending.wakes_at = at;
            pending = match at {
                Some(at) => {
                    let waited = self.changed.wait_timeout(pending, at - now);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.changed.wait(pending).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}

impl Engine {
    /// Notes a commit that is in the log but not on disk, and sees to it that it gets there.
    pub(super) fn note_unsynced(&self, limits: &Limits) {
        self.upkeep.plan(|pending, now| {
            pending.unsynced += 1;
            pending.first.get_or_insert(now);
            let due = now + limits.interval;
            pending.sync_at = Some(pending.sync_at.map_or(due, |earlier| earlier.min(due)));
        });
        self.begin_upkeep(limits);
    }

    /// Notes that somebody wrote to the log: it is folded into a small file once nobody has for a
    /// while.
    pub(super) fn note_logged(&self, limits: &Limits) {
        self.upkeep.plan(|pending, now| pending.fold_at = Some(now + limits.interval));
        self.begin_upkeep(limits);
    }

    /// Starts the thread, unless it runs.
    fn begin_upkeep(&self, limits: &Limits) {
        let mut thread = self.upkeep.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if thread.is_some() {
            return;
        }
        let (upkeep, me) = (Arc::clone(&self.upkeep), self.me.get().cloned().unwrap_or_default());
        let limits = limits.clone();
        let work = move || keep_up(&upkeep, &me, &limits);
        // Without a thread the next sync, checkpoint or close does its work.
        *thread = spawn("nanostore-upkeep", work);
    }
}

fn keep_up(upkeep: &Upkeep, engine: &Weak<Engine>, limits: &Limits) {
    while let Some(duty) = upkeep.wait() {
        let Some(engine) = engine.upgrade() else { return };
        // What fails is tried again, and a sync that is asked for tells why.
        match duty {
            Duty::Sync => {
                if engine.sync(limits).is_err() && upkeep.unsynced().0 > 0 {
                    let pause = limits.interval.max(PAUSE_MIN);
                    upkeep.plan(|pending, now| pending.sync_at = Some(now + pause));
                }
            }
            Duty::Fold => {
                if engine.fold_small(limits).is_err() {
                    let pause = limits.interval.max(PAUSE_MIN);
                    upkeep.plan(|pending, now| pending.fold_at = Some(now + pause));
                }
            }
        }
    }
}
