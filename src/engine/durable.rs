//! Making durable what is not yet: on request, after a while, and at the end.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::engine::tip::Session;
use crate::engine::{Engine, Limits};
use crate::error::{Error, ErrorKind, Result};
use crate::threads::spawn;

/// Commits that are in the log and not known to be on disk, and the thread that sees to them.
#[derive(Default)]
pub(super) struct Unsynced {
    pending: Mutex<Pending>,
    changed: Condvar,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Default)]
struct Pending {
    commits: u64,
    /// When they are to be on disk.
    due: Option<Instant>,
    first: Option<Instant>,
    ended: bool,
}

impl Unsynced {
    /// Notes that everything is on disk.
    pub(super) fn clear(&self) {
        let mut pending = self.lock();
        (pending.commits, pending.due, pending.first) = (0, None, None);
    }

    /// The number of commits, and how long ago the first of them was made.
    pub(super) fn report(&self) -> (u64, Duration) {
        let pending = self.lock();
        (pending.commits, pending.first.map_or(Duration::ZERO, |first| first.elapsed()))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until something is due; false when the store is closed.
    fn wait(&self) -> bool {
        let mut pending = self.lock();
        loop {
            if pending.ended {
                return false;
            }
            let now = Instant::now();
            pending = match pending.due {
                Some(due) if due <= now => {
                    // Should the sync fail, it is for the next commit to tell.
                    pending.due = None;
                    return true;
                }
                Some(due) => {
                    let waited = self.changed.wait_timeout(pending, due - now);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.changed.wait(pending).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}

impl Engine {
    /// Makes everything durable that was committed.
    ///
    /// # Errors
    /// Those of the lock and of the disk.
    pub(crate) fn sync(&self, limits: &Limits) -> Result<()> {
        if self.description().read_only || !self.is_kept {
            return self.read(limits, |_| Ok(()));
        }
        let caller = Arc::default();
        let _turn = self.turn(limits, &caller)?;
        self.flush(self.join_to_sync(limits)?)
    }

    /// Begins a session. Where that fails (the file is gone, or is no store any more), what was
    /// written to the log gets to the disk all the same.
    fn join_to_sync(&self, limits: &Limits) -> Result<Session> {
        self.join(limits).inspect_err(|_| {
            let is_unsynced = self.unsynced.report().0 > 0;
            let Some(exclusive) =
                is_unsynced.then(|| self.storage.lock(limits.lock_timeout).ok()).flatten()
            else {
                return;
            };
            match exclusive.sync() {
                Ok(()) => self.unsynced.clear(),
                // It is never asked again, and never believed.
                Err(_) => exclusive.poison(),
            }
        })
    }

    /// Folds the log into the file, if there is one.
    ///
    /// # Errors
    /// Those of the lock and of writing the file.
    pub(crate) fn checkpoint(&self, limits: &Limits) -> Result<()> {
        if self.description().read_only || !self.is_kept {
            return self.read(limits, |_| Ok(()));
        }
        let caller = Arc::default();
        let _turn = self.turn(limits, &caller)?;
        let Session { exclusive, state, .. } = self.join_to_sync(limits)?;
        self.flush_tip()?;
        match exclusive.size().log_bytes {
            Some(_) => self.replace(&*exclusive, state.commit, &state),
            None => Ok(()),
        }
    }

    /// The last handle of this process goes: what is not on disk gets there, and the log is folded
    /// into the file unless another process goes on with it.
    ///
    /// # Errors
    /// Those of the disk, and FILE_GONE when commits wait in the log of a file that is not there;
    /// none when the lock is held for too long or somebody edits the file just now, since the log
    /// stays.
    pub(crate) fn close(&self, limits: &Limits) -> Result<()> {
        self.end_thread();
        if self.abandoned.load(Ordering::SeqCst) || self.check_writable().is_err() {
            return Ok(());
        }
        let unsynced = self.unsynced.report().0 > 0;
        if self.storage.log_bytes() == 0 {
            return Ok(());
        }
        // A file that cannot be read stays as it is, but what was promised is not forgotten.
        if self.is_stale() && !unsynced {
            match self.catch_up(limits) {
                Err(error) if error.name() == "FILE_GONE" => return Err(error),
                Err(_) => return Ok(()),
                Ok(()) => {}
            }
        }
        let ended = match self.storage.is_alone() {
            true => self.checkpoint(limits),
            false if unsynced => self.sync(limits),
            false => Ok(()),
        };
        match ended {
            Err(error) if !unsynced && is_for_later(&error) => Ok(()),
            other => other,
        }
    }

    /// Notes a commit that is in the log but not on disk, and sees to it that it gets there.
    pub(super) fn note_unsynced(&self, limits: &Limits) {
        let mut pending = self.unsynced.lock();
        let now = Instant::now();
        pending.commits += 1;
        pending.first.get_or_insert(now);
        let due = now + limits.interval;
        // Who waits for a moment that is not later need not be woken.
        let sooner = pending.due.is_none_or(|earlier| due < earlier);
        if sooner {
            pending.due = Some(due);
        }
        drop(pending);
        if sooner {
            self.unsynced.changed.notify_all();
        }
        self.begin_thread(limits);
    }

    /// Starts the thread that syncs batches.
    fn begin_thread(&self, limits: &Limits) {
        let mut thread = self.unsynced.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if thread.is_some() {
            return;
        }
        let (unsynced, me) =
            (Arc::clone(&self.unsynced), self.me.get().cloned().unwrap_or_default());
        let limits = limits.clone();
        let work = move || sync_batches(&unsynced, &me, &limits);
        // Without a thread the next sync, checkpoint or close does its work.
        *thread = spawn("nanostore-sync", work);
    }

    fn end_thread(&self) {
        self.unsynced.lock().ended = true;
        self.unsynced.changed.notify_all();
        let thread = self.unsynced.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // It catches no panic because it has nothing that panics; at worst it ended early.
            let _ = thread.join();
        }
        self.unsynced.lock().ended = false;
    }
}

/// Whether a checkpoint failed for a reason that a later one will not meet.
fn is_for_later(error: &Error) -> bool {
    error.kind() == ErrorKind::Timeout || error.name() == "FILE_CHANGED"
}

fn sync_batches(unsynced: &Unsynced, engine: &Weak<Engine>, limits: &Limits) {
    while unsynced.wait() {
        let Some(engine) = engine.upgrade() else { return };
        // Should it fail, the commits stay noted, and a sync that is asked for tells why.
        let _ = engine.sync(limits);
    }
}
