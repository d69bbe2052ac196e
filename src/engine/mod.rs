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
//! - [`state`]: documents, names and trees of one commit; [`load`]: from bytes and back
//! - [`draft`], [`writes`], [`operation`]: deciding; [`clock`]: times and UUIDs
//! - [`commit`], [`group`], [`durable`]: keeping what was decided; [`policy`]: how
//! - [`replay`]: what a commit writes to the log, and back
//! - [`identify`], [`source`], [`listing`], [`place`]: reading; [`check`]: verify
//! - [`open`]: opening and the registry that lets handles of one process share an engine

pub(crate) mod check;
pub(crate) mod clock;
mod commit;
pub(crate) mod draft;
mod durable;
mod group;
pub(crate) mod identify;
pub(crate) mod listing;
mod load;
pub(crate) mod open;
pub(crate) mod operation;
mod place;
pub(crate) mod policy;
mod replay;
mod source;
pub(crate) mod state;
#[cfg(test)]
mod tests;
mod writes;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, Weak};
use std::time::Duration;

use crate::engine::clock::Minter;
use crate::engine::commit::Tip;
use crate::engine::durable::Unsynced;
use crate::engine::group::Group;
use crate::engine::policy::{Checkpoint, Durability};
use crate::engine::replay::Replay;
use crate::engine::state::State;
use crate::error::{Error, ErrorKind, Result};
use crate::model::schema::Schema;
use crate::model::time::Time;
use crate::storage::{
    Change, Description, Exclusive, LeftOver, Loaded, Machine, Record, Storage, Turns,
};

/// How long a file that somebody is just writing is waited for, and how often it is looked at.
const HALF_WRITTEN_WAIT: Duration = Duration::from_secs(3);
const HALF_WRITTEN_PAUSE: Duration = Duration::from_millis(20);

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
    published: RwLock<State>,
    /// Threads that write take turns at the tip.
    turns: Turns,
    tip: Mutex<Tip>,
    group: Group,
    unsynced: Arc<Unsynced>,
    minter: Mutex<Minter>,
    /// The schema of a read-only handle, which is not written.
    schema: Option<Arc<Schema>>,
    /// The file could not be read when it was last looked at, or was never read.
    stale: AtomicBool,
    /// Held while the state is exchanged for what the log or the file say.
    loading: Mutex<()>,
    /// For the thread that syncs batches.
    me: OnceLock<Weak<Engine>>,
    poisoned: AtomicBool,
    /// Its name in the registry, unless it is not shared.
    identity: Option<open::Identity>,
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

/// What a load came to.
struct Found {
    state: State,
    /// A person edited the file, and nobody took that in yet.
    is_new_edit: bool,
    /// A log was merged into a file that it was not made for.
    merged: bool,
    /// What of it found no place.
    left: Option<LeftOver>,
    poisoned: bool,
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
            turns: Turns::default(),
            tip: Mutex::default(),
            group: Group::default(),
            unsynced: Arc::default(),
            me: OnceLock::new(),
            published: RwLock::new(State::new(schema.clone().unwrap_or_default())),
            minter: Mutex::new(minter),
            schema,
            stale: AtomicBool::new(true),
            loading: Mutex::new(()),
            poisoned: AtomicBool::new(false),
            identity: None,
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
        look(&self.published.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Catches up and gives the state, to keep.
    pub(crate) fn snapshot(&self, limits: &Limits) -> Result<State> {
        self.read(limits, |state| Ok(state.clone()))
    }

    fn is_stale(&self) -> bool {
        self.stale.load(Ordering::SeqCst)
    }

    fn catch_up(&self, limits: &Limits) -> Result<()> {
        if !self.is_stale() {
            match self.storage.changed()? {
                Change::None => return Ok(()),
                Change::Log if self.read_log(|| self.storage.records())? => return Ok(()),
                Change::Log | Change::All => {}
            }
        }
        if self.description().read_only {
            let _turn = self.loading.lock().unwrap_or_else(PoisonError::into_inner);
            let known = self.current();
            let load = || self.storage.load(limits.lock_timeout);
            self.publish(self.load(load, Some(&known), self.schema.clone())?.state);
            return Ok(());
        }
        let exclusive = self.storage.lock(limits.lock_timeout)?;
        self.refresh(&*exclusive)
    }

    /// Takes in what others appended to the log; false when everything has to be loaded.
    fn read_log(&self, read: impl FnOnce() -> Result<Option<Vec<Record>>>) -> Result<bool> {
        let _turn = self.loading.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(records) = read()? else { return Ok(false) };
        if records.is_empty() {
            return Ok(true);
        }
        // Should anything go wrong from here on, what was read is lost but for a load.
        self.stale.store(true, Ordering::SeqCst);
        let mut state = self.current();
        let mut replay = Replay::new(false);
        for record in &records {
            replay.run(&mut state, record)?;
        }
        let is_overridden = self.schema.as_ref().is_some_and(|schema| *schema != state.schema);
        if is_overridden {
            return Ok(false);
        }
        self.publish(state);
        Ok(true)
    }

    /// Reads what others wrote since, under the exclusive lock.
    fn refresh(&self, exclusive: &dyn Exclusive) -> Result<()> {
        if !self.is_stale() {
            match exclusive.changed()? {
                Change::None => return Ok(()),
                Change::Log if self.read_log(|| exclusive.records())? => return Ok(()),
                Change::Log | Change::All => {}
            }
        }
        let loaded = exclusive.load()?;
        self.take_in(exclusive, loaded, None, false)
    }

    /// Makes what was loaded the state, a person's edit under a number of its own. `schema`
    /// counts where the stored one breaks the rules; `repair` makes a poisoned store good.
    fn take_in(
        &self,
        exclusive: &dyn Exclusive,
        loaded: Loaded,
        schema: Option<Arc<Schema>>,
        repair: bool,
    ) -> Result<()> {
        let _turn = self.loading.lock().unwrap_or_else(PoisonError::into_inner);
        let known = self.current();
        let mut first = Some(loaded);
        let load = || first.take().map_or_else(|| exclusive.load(), Ok);
        let found = self.load(load, Some(&known), schema)?;
        if found.merged || found.poisoned && repair {
            let image = load::write(&found.state)?;
            exclusive.rebase(found.state.commit, &image, found.left)?;
        } else if found.is_new_edit {
            exclusive.reserve(found.state.commit)?;
        }
        self.publish(found.state);
        Ok(())
    }

    /// Loads until what is there can be read; what was changed just now gets some time.
    fn load(
        &self,
        mut load: impl FnMut() -> Result<Loaded>,
        known: Option<&State>,
        schema: Option<Arc<Schema>>,
    ) -> Result<Found> {
        self.stale.store(true, Ordering::SeqCst);
        // A state that was never loaded says nothing of what the file held before.
        let known = known.filter(|known| known.commit > 0);
        let start = self.machine.monotonic();
        loop {
            let loaded = load()?;
            match self.understand(&loaded, known, schema.clone()) {
                Ok(found) => return Ok(found),
                Err(error) if loaded.fresh && error.kind() == ErrorKind::Corrupt => {
                    if self.machine.monotonic().saturating_sub(start) > HALF_WRITTEN_WAIT {
                        return Err(self.at_path(error));
                    }
                    self.machine.sleep(HALF_WRITTEN_PAUSE);
                }
                Err(error) => return Err(self.at_path(error)),
            }
        }
    }

    /// Makes a state of bytes and records.
    fn understand(
        &self,
        loaded: &Loaded,
        known: Option<&State>,
        schema: Option<Arc<Schema>>,
    ) -> Result<Found> {
        let image = loaded.image.as_deref().ok_or_else(|| self.gone())?;
        let stored = load::read(image, None, loaded.commit_floor);
        let mut state = match (stored, &schema) {
            (Err(error), Some(schema)) if error.name() == load::BROKEN_SCHEMA => {
                load::read(image, Some(schema.clone()), loaded.commit_floor)?
            }
            (stored, _) => stored?,
        };
        let mut replay = Replay::new(loaded.merge);
        for record in &loaded.records {
            replay.run(&mut state, record)?;
        }
        if loaded.foreign {
            let rev = loaded.edit.unwrap_or(loaded.commit_floor + 1);
            load::mark_edit(&mut state, rev, known)?;
        }
        let is_new_edit = loaded.foreign && state.commit > loaded.commit_floor;
        if let Some(schema) = self.schema.as_ref().filter(|schema| **schema != state.schema) {
            state = state.with_schema(schema.clone())?;
        }
        Ok(Found {
            state,
            is_new_edit,
            merged: loaded.merge,
            left: replay.into_left_over(),
            poisoned: loaded.poisoned,
        })
    }

    fn at_path(&self, error: Error) -> Error {
        match self.description().path {
            Some(path) => error.path(&path),
            None => error,
        }
    }

    fn gone(&self) -> Error {
        let error = Error::new(ErrorKind::NotFound, "the data file of the open store has gone")
            .named("FILE_GONE")
            .hint("put it back, or close the store and open it anew");
        self.at_path(error)
    }

    /// The bytes of the file as they are now; what they mean is caught up with at the next call.
    fn image(&self, limits: &Limits) -> Result<Option<Vec<u8>>> {
        if self.description().path.is_none() {
            return Ok(None);
        }
        self.stale.store(true, Ordering::SeqCst);
        Ok(self.storage.load(limits.lock_timeout)?.image)
    }

    /// Bytes of the log that are in use, commits not on disk yet, the age of the oldest of them,
    /// and files with what could not be kept in the store.
    pub(crate) fn backlog(&self) -> Backlog {
        let (unsynced, age) = self.unsynced.report();
        Backlog {
            log_bytes: self.storage.log_bytes(),
            unsynced,
            unsynced_age: age,
            kept_aside: self.storage.kept_aside(),
        }
    }

    fn current(&self) -> State {
        self.published.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn publish(&self, state: State) {
        if let Some(time) = state.envelope.updated_at.as_deref().and_then(|t| Time::parse(t).ok()) {
            self.minter.lock().unwrap_or_else(PoisonError::into_inner).pass(time);
        }
        *self.published.write().unwrap_or_else(PoisonError::into_inner) = state;
        self.stale.store(false, Ordering::SeqCst);
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
