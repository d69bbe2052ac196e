//! Where deciding and keeping meet: the life of a commit, in order.
//!
//! 1. Take the exclusive lock, across threads and processes.
//! 2. Catch up with what others wrote, a person's edit included.
//! 3. Decide on a [`draft::Draft`]: resolve IDs, check revisions, validate, change its own state.
//! 4. Hand the storage a record for the log or a new file, and let it make that durable.
//! 5. Publish the state; release the lock.
//!
//! Nothing is visible before 4 returned, and everything of a batch is visible together after it.
//! Reads run on the published state; a cursor holds a clone of it.
//!
//! - [`state`]: documents, names and trees of one commit; [`load`]: from bytes and back;
//!   [`parents`]: those that people wrote in words of their own
//! - [`draft`], [`batch`], [`writes`], [`guard`], [`operation`]: deciding
//! - [`clock`]: times and UUIDs
//! - [`tip`], [`commit`], [`group`], [`durable`], [`upkeep`]: keeping what was decided;
//!   [`policy`]: how
//! - [`catch_up`]: taking in what others wrote; [`overridden`]: what an edit undid unseen
//! - [`replay`]: what a commit writes to the log, and back
//! - [`identify`], [`source`], [`listing`], [`stream`], [`place`]: reading; [`check`]: verify
//! - [`indexes`], [`facets`]: what leads to documents, made when it is first used ([`lazy`]);
//!   [`plan`], [`entry_walk`]: which way is taken
//! - [`snapshots`]: states that stay; [`feed`]: what was written since a revision
//! - [`merge`]: two versions of a file made one
//! - [`open`]: opening and the registry that lets handles of one process share an engine

mod batch;
mod catch_up;
pub(crate) mod check;
pub(crate) mod clock;
mod commit;
pub(crate) mod draft;
mod durable;
mod entry_walk;
mod facets;
pub(crate) mod feed;
mod group;
pub(crate) mod guard;
pub(crate) mod identify;
mod indexes;
mod lazy;
pub(crate) mod listing;
mod load;
pub(crate) mod merge;
pub(crate) mod open;
pub(crate) mod operation;
mod overridden;
mod parents;
mod place;
mod plan;
pub(crate) mod policy;
mod replay;
pub(crate) mod snapshots;
mod source;
pub(crate) mod state;
mod stream;
#[cfg(test)]
mod tests;
mod tip;
mod upkeep;
mod writes;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, Weak};
use std::time::Duration;

use crate::engine::clock::Minter;
use crate::engine::feed::Commits;
use crate::engine::policy::{Checkpoint, Durability};
use crate::engine::snapshots::Snapshots;
use crate::engine::state::State;
use crate::engine::tip::Tip;
use crate::engine::upkeep::Upkeep;
use crate::error::{Error, ErrorKind, Result};
use crate::model::schema::Schema;
use crate::model::time::Time;
use crate::storage::{Description, Machine, Storage};

/// What a handle asks of the engine it shares with others.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    pub(crate) lock_timeout: Duration,
    pub(crate) document_bytes_max: usize,
    pub(crate) durability: Durability,
    pub(crate) checkpoint: Checkpoint,
    /// How long a batched commit may wait for the disk.
    pub(crate) interval: Duration,
}

/// One store in this process.
pub(crate) struct Engine {
    storage: Box<dyn Storage>,
    machine: Machine,
    /// Whether anything is kept beyond the process.
    is_kept: bool,
    published: RwLock<Arc<State>>,
    /// What is decided and not yet published, and who waits for what.
    tip: Mutex<Tip>,
    upkeep: Arc<Upkeep>,
    minter: Mutex<Minter>,
    /// The schema of a read-only handle, which is not written.
    schema: Option<Arc<Schema>>,
    /// The file could not be read when it was last looked at, or was never read.
    stale: AtomicBool,
    /// Held while the state is exchanged for what the log or the file say, and while the log is
    /// written.
    loading: Mutex<()>,
    /// For the thread that does the upkeep.
    me: OnceLock<Weak<Engine>>,
    poisoned: AtomicBool,
    /// Its name in the registry, unless it is not shared.
    identity: Option<open::Identity>,
    snapshots: Snapshots,
    commits: Commits,
    /// Open handles; the last one ends what is unfinished.
    handles: AtomicUsize,
    /// A fork has left it in a child, where nothing but memory is given up.
    abandoned: AtomicBool,
}

/// What is not in the data file.
pub(crate) struct Backlog {
    pub(crate) log_bytes: u64,
    pub(crate) unsynced: u64,
    pub(crate) unsynced_age: Duration,
    pub(crate) kept_aside: Vec<PathBuf>,
}

impl Drop for Engine {
    fn drop(&mut self) {
        // In the child of a fork another thread may have held the registry, and never lets go.
        if let (Some(identity), false) = (self.identity, self.abandoned.load(Ordering::SeqCst)) {
            open::unregister(identity);
        }
    }
}

impl Engine {
    fn new(
        storage: Box<dyn Storage>,
        machine: Machine,
        minter: Minter,
        schema: Option<Arc<Schema>>,
    ) -> Engine {
        Engine {
            is_kept: storage.description().path.is_some(),
            storage,
            machine,
            tip: Mutex::default(),
            upkeep: Arc::default(),
            me: OnceLock::new(),
            published: RwLock::new(Arc::new(State::new(schema.clone().unwrap_or_default()))),
            minter: Mutex::new(minter),
            schema,
            stale: AtomicBool::new(true),
            loading: Mutex::new(()),
            poisoned: AtomicBool::new(false),
            identity: None,
            snapshots: Snapshots::default(),
            commits: Commits::default(),
            handles: AtomicUsize::new(0),
            abandoned: AtomicBool::new(false),
        }
    }

    /// Makes it an engine that handles share.
    fn shared(self) -> Arc<Engine> {
        let engine = Arc::new(self);
        // It was made just now, so it is set once.
        let _ = engine.me.set(Arc::downgrade(&engine));
        engine
    }

    /// What and where the store is.
    pub(crate) fn description(&self) -> Description {
        self.storage.description()
    }

    /// Refuses writes from now on: a panic may have left something half done.
    pub(crate) fn poison(&self) {
        self.poisoned.store(true, Ordering::SeqCst);
    }

    /// Counts a handle that was opened.
    pub(crate) fn enter(&self) {
        self.handles.fetch_add(1, Ordering::SeqCst);
    }

    /// Counts a handle that goes; true for the last one.
    pub(crate) fn exit(&self) -> bool {
        self.handles.fetch_sub(1, Ordering::SeqCst) == 1
    }

    /// Gives up memory only when it goes: this is the child of a fork.
    pub(crate) fn abandon(&self) {
        self.abandoned.store(true, Ordering::SeqCst);
    }

    /// Catches up and lets `look` see the state.
    pub(crate) fn read<R>(
        &self,
        limits: &Limits,
        look: impl FnOnce(&State) -> Result<R>,
    ) -> Result<R> {
        self.catch_up(limits)?;
        look(&self.current())
    }

    fn at_path(&self, error: Error) -> Error {
        match self.description().path {
            Some(path) => error.path(&path),
            None => error,
        }
    }

    /// The bytes of the file as they are now.
    fn image(&self, limits: &Limits) -> Result<Option<Vec<u8>>> {
        if self.description().path.is_none() {
            return Ok(None);
        }
        self.stale.store(true, Ordering::SeqCst);
        let image = self.storage.load(limits.lock_timeout)?.image;
        // What they mean is taken in at once, since the store may be closed next. Bytes that mean
        // nothing are for the caller to judge.
        let _ = self.catch_up(limits);
        Ok(image)
    }

    /// Bytes of the log that are in use, commits not on disk yet, the age of the oldest of them,
    /// and files with what could not be kept in the store.
    pub(crate) fn backlog(&self) -> Backlog {
        let (unsynced, age) = self.upkeep.unsynced();
        Backlog {
            log_bytes: self.storage.log_bytes(),
            unsynced,
            unsynced_age: age,
            kept_aside: self.storage.kept_aside(),
        }
    }

    /// The state that everybody sees. Whoever looks at it holds no lock: nobody waits for a long
    /// look, and a look may ask for the state again.
    fn current(&self) -> Arc<State> {
        Arc::clone(&self.published.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn publish(&self, state: State) {
        if let Some(time) = state.envelope.updated_at.as_deref().and_then(|t| Time::parse(t).ok()) {
            self.minter.lock().unwrap_or_else(PoisonError::into_inner).pass(time);
        }
        let state = Arc::new(state);
        let mut published = self.published.write().unwrap_or_else(PoisonError::into_inner);
        let old = std::mem::replace(&mut *published, state);
        drop(published);
        // It may be the last to hold much memory, which takes a while to give up.
        drop(old);
        self.stale.store(false, Ordering::SeqCst);
        self.commits.note();
    }

    fn check_writable(&self) -> Result<()> {
        if self.poisoned.load(Ordering::SeqCst) {
            let message = "a call panicked on this store, so it is not written any more";
            return Err(Error::new(ErrorKind::Panic, message).hint("close it and open it anew"));
        }
        if self.description().read_only {
            let error = Error::new(ErrorKind::ReadOnly, "the store is open for reading only")
                .hint("open it without read_only");
            return Err(self.at_path(error));
        }
        Ok(())
    }
}
