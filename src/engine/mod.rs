//! Where deciding and keeping meet: the life of a commit, in order.
//!
//! 1. Take the exclusive lock, across threads and processes.
//! 2. Catch up with what others wrote, a person's edit included.
//! 3. Decide on a [`draft::Draft`]: resolve IDs, check revisions, validate, change its own state.
//! 4. Hand the bytes to the storage, which makes them durable.
//! 5. Publish the state; release the lock.
//!
//! Nothing is visible before 4 returned, and everything of a batch is visible together after it.
//! Reads run on the published state; a cursor holds a clone of it.
//!
//! - [`state`]: documents, names and trees of one commit; [`load`]: from bytes and back
//! - [`draft`], [`writes`], [`operation`]: writing; [`clock`]: times and UUIDs
//! - [`identify`], [`source`], [`listing`], [`place`]: reading; [`check`]: verify
//! - [`open`]: opening and the registry that lets handles of one process share an engine

pub(crate) mod check;
pub(crate) mod clock;
pub(crate) mod draft;
pub(crate) mod identify;
pub(crate) mod listing;
mod load;
pub(crate) mod open;
pub(crate) mod operation;
mod place;
mod source;
pub(crate) mod state;
#[cfg(test)]
mod tests;
mod writes;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use crate::engine::clock::Minter;
use crate::engine::draft::Draft;
use crate::engine::load::Revisions;
use crate::engine::state::State;
use crate::error::{Error, ErrorKind, Result};
use crate::model::schema::Schema;
use crate::model::time::Time;
use crate::storage::{Description, Exclusive, Loaded, Machine, Storage};

/// How long a file that somebody is just writing is waited for, and how often it is looked at.
const HALF_WRITTEN_WAIT: Duration = Duration::from_secs(3);
const HALF_WRITTEN_PAUSE: Duration = Duration::from_millis(20);
/// How often a write is decided anew because a person changed the file meanwhile.
const DECISIONS_MAX: u32 = 5;

/// What a handle asks of the engine it shares with others.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    pub(crate) lock_timeout: Duration,
    pub(crate) document_bytes_max: usize,
}

/// One store in this process.
pub(crate) struct Engine {
    storage: Box<dyn Storage>,
    machine: Machine,
    published: RwLock<State>,
    minter: Mutex<Minter>,
    /// The schema of a read-only handle, which is not written.
    schema: Option<Arc<Schema>>,
    /// The file could not be read when it was last looked at, or was never read.
    stale: AtomicBool,
    /// Loads of a read-only store take turns; those of others have the exclusive lock.
    loading: Mutex<()>,
    poisoned: AtomicBool,
    /// Its name in the registry, unless it is not shared.
    identity: Option<open::Identity>,
    /// A fork has left it in a child, where nothing but memory is given up.
    abandoned: AtomicBool,
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
            storage,
            machine,
            published: RwLock::new(State::new(schema.clone().unwrap_or_default())),
            minter: Mutex::new(minter),
            schema,
            stale: AtomicBool::new(true),
            loading: Mutex::new(()),
            poisoned: AtomicBool::new(false),
            identity: None,
            abandoned: AtomicBool::new(false),
        }
    }

    /// What and where the store is.
    pub(crate) fn description(&self) -> Description {
        self.storage.description()
    }

    /// Refuses writes from now on: a panic may have left something half done.
    pub(crate) fn poison(&self) {
        self.poisoned.store(true, Ordering::SeqCst);
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

    fn catch_up(&self, limits: &Limits) -> Result<()> {
        if !self.stale.load(Ordering::SeqCst) && !self.storage.changed()? {
            return Ok(());
        }
        if self.description().read_only {
            let _turn = self.loading.lock().unwrap_or_else(PoisonError::into_inner);
            let known = self.current();
            let load = || self.storage.load(limits.lock_timeout);
            let (state, _) = self.load(load, Some(&known), self.schema.clone())?;
            self.publish(state);
            return Ok(());
        }
        let mut exclusive = self.storage.lock(limits.lock_timeout)?;
        self.refresh(&mut *exclusive)
    }

    /// Reads what others wrote since, under the exclusive lock.
    fn refresh(&self, exclusive: &mut dyn Exclusive) -> Result<()> {
        if !self.stale.load(Ordering::SeqCst) && !exclusive.changed()? {
            return Ok(());
        }
        let loaded = exclusive.load()?;
        self.take_in(exclusive, loaded, None)
    }

    /// Makes what was loaded the state, a person's edit under a number of its own. `schema`
    /// overrides the stored one.
    fn take_in(
        &self,
        exclusive: &mut dyn Exclusive,
        loaded: Loaded,
        schema: Option<Arc<Schema>>,
    ) -> Result<()> {
        let known = self.current();
        let mut first = Some(loaded);
        let load = || first.take().map_or_else(|| exclusive.load(), Ok);
        let (state, is_new_edit) = self.load(load, Some(&known), schema)?;
        if is_new_edit {
            exclusive.reserve(state.commit)?;
        }
        self.publish(state);
        Ok(())
    }

    /// Loads until what is there can be read; what was changed just now gets some time.
    fn load(
        &self,
        mut load: impl FnMut() -> Result<Loaded>,
        known: Option<&State>,
        schema: Option<Arc<Schema>>,
    ) -> Result<(State, bool)> {
        self.stale.store(true, Ordering::SeqCst);
        // A state that was never loaded says nothing of what the file held before.
        let known = known.filter(|known| known.commit > 0);
        let start = self.machine.monotonic();
        loop {
            let loaded = load()?;
            let image = loaded.image.as_deref().ok_or_else(|| self.gone())?;
            let rev = loaded.edit.unwrap_or(loaded.commit_floor + 1);
            let revisions = match loaded.foreign {
                true => Revisions::Edited { rev, known },
                false => Revisions::AsWritten,
            };
            match load::read(image, schema.clone(), loaded.commit_floor, revisions) {
                Ok(state) => {
                    let is_new_edit = loaded.foreign && state.commit > loaded.commit_floor;
                    return Ok((state, is_new_edit));
                }
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

    /// Lets `decide` make the next commit and keeps it. `decide` may run more than once, each time
    /// on a draft of its own; one that changes nothing makes no commit.
    pub(crate) fn write<R>(
        &self,
        limits: &Limits,
        mut decide: impl FnMut(&mut Draft) -> Result<R>,
    ) -> Result<R> {
        self.check_writable()?;
        let mut exclusive = self.storage.lock(limits.lock_timeout)?;
        let mut attempt = 0;
        loop {
            self.refresh(&mut *exclusive)?;
            let mut draft = self.draft(limits);
            let result = decide(&mut draft)?;
            if !draft.changed {
                return Ok(result);
            }
            draft.finish();
            attempt += 1;
            match self.keep(&mut *exclusive, draft) {
                Ok(()) => return Ok(result),
                Err(error) if error.name() == "FILE_CHANGED" && attempt < DECISIONS_MAX => {}
                Err(error) => return Err(error),
            }
        }
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

    fn draft(&self, limits: &Limits) -> Draft {
        let minter = self.minter.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Draft::new(self.current(), minter, self.machine.now(), limits.document_bytes_max)
    }

    /// Makes a finished draft durable, then visible.
    fn keep(&self, exclusive: &mut dyn Exclusive, draft: Draft) -> Result<()> {
        let state = &draft.state;
        let kept = exclusive.replace(draft.number, &mut || load::write(state));
        if let Err(error) = kept {
            // What the file holds now is settled by the next load.
            if error.kind() == ErrorKind::UnknownOutcome || error.name() == "FILE_CHANGED" {
                self.stale.store(true, Ordering::SeqCst);
            }
            return Err(error);
        }
        *self.minter.lock().unwrap_or_else(PoisonError::into_inner) = draft.minter;
        *self.published.write().unwrap_or_else(PoisonError::into_inner) = draft.state;
        Ok(())
    }
}
