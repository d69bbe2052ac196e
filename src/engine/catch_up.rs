//! Taking in what other processes and people wrote.
//!
//! Commits in the log are put on top of the state without the lock. Anything else is loaded: under
//! the exclusive lock, so that a person's edit gets one commit number whoever sees it first.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use crate::engine::commit::DECISIONS_MAX;
use crate::engine::load::Foreign;
use crate::engine::replay::Replay;
use crate::engine::state::State;
use crate::engine::{Engine, Limits, load, overridden};
use crate::error::{Error, ErrorKind, Result};
use crate::model::data_file::{NOT_A_STORE, salvage};
use crate::model::schema::Schema;
use crate::storage::{Change, Exclusive, Kept, LeftOver, Loaded, Record, file_gone};

/// How long a file that somebody is just writing is waited for, and how often it is looked at.
const HALF_WRITTEN_WAIT: Duration = Duration::from_secs(3);
const HALF_WRITTEN_PAUSE: Duration = Duration::from_millis(20);

/// What a load came to.
struct Found {
    state: State,
    /// A person edited the file, and nobody took that in yet.
    is_new_edit: bool,
    /// A log was merged into a file that it was not made for.
    merged: bool,
    /// What of it found no place.
    left: Option<LeftOver>,
    /// What a person's edit undid that they had not seen, one operation a line.
    overridden: String,
    poisoned: bool,
    /// The bytes of the file, if they could not be understood: the state is what could be salvaged.
    damaged: Option<Vec<u8>>,
}

impl Engine {
    pub(super) fn is_stale(&self) -> bool {
        self.stale.load(Ordering::SeqCst)
    }

    pub(super) fn catch_up(&self, limits: &Limits) -> Result<()> {
        if !self.is_stale() {
            match self.storage.changed()? {
                Change::None => return Ok(()),
                Change::Log if self.read_log(|| self.storage.records())? => {
                    if !self.description().read_only {
                        self.note_logged(limits);
                    }
                    return Ok(());
                }
                Change::Log | Change::All => {}
            }
        }
        if self.description().read_only {
            let _turn = self.loading.lock().unwrap_or_else(PoisonError::into_inner);
            let known = self.current();
            let load = || self.storage.load(limits.lock_timeout);
            self.publish(self.load(load, Some(&known), self.schema.clone(), true)?.state);
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
        let mut state = State::clone(&self.current());
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
    pub(super) fn refresh(&self, exclusive: &dyn Exclusive) -> Result<()> {
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
    /// counts where the stored one breaks the rules; `repair` makes a poisoned store good, and a
    /// damaged file where that was asked for: never one that somebody breaks while it is in use.
    pub(super) fn take_in(
        &self,
        exclusive: &dyn Exclusive,
        loaded: Loaded,
        schema: Option<Arc<Schema>>,
        repair: bool,
    ) -> Result<()> {
        let mut taken = self.take_in_once(exclusive, loaded, schema.clone(), repair);
        for _ in 1..DECISIONS_MAX {
            if !taken.as_ref().is_err_and(|error| error.name() == "FILE_CHANGED") {
                break;
            }
            // Somebody saved the file again, just before it was written.
            taken = self.take_in_once(exclusive, exclusive.load()?, schema.clone(), repair);
        }
        taken
    }

    fn take_in_once(
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
        let mut found = self.load(load, Some(&known), schema, repair)?;
        if let Some(damaged) = &found.damaged {
            exclusive.keep(Kept::Damaged(damaged))?;
        }
        if !found.overridden.is_empty() {
            exclusive.keep(Kept::Overridden(&found.overridden))?;
        }
        if found.merged || found.damaged.is_some() || found.poisoned && repair {
            let image = |out: &mut dyn FnMut(&[u8]) -> Result<()>| load::write(&found.state, out);
            exclusive.rebase(found.state.commit, &image, found.left)?;
            found.state.is_foreign = false;
        } else if found.is_new_edit {
            exclusive.reserve(found.state.commit)?;
        }
        self.publish(found.state);
        Ok(())
    }

    /// Loads until what is there can be read; what was changed just now gets some time. With
    /// `repair`, what can be read of a damaged file counts, where that was asked for.
    fn load(
        &self,
        mut load: impl FnMut() -> Result<Loaded>,
        known: Option<&State>,
        schema: Option<Arc<Schema>>,
        repair: bool,
    ) -> Result<Found> {
        self.stale.store(true, Ordering::SeqCst);
        // A state that was never loaded says nothing of what the file held before.
        let known = known.filter(|known| known.commit > 0);
        let start = self.machine.monotonic();
        loop {
            let loaded = load()?;
            let error = match self.understand(&loaded, known, schema.clone()) {
                Ok(found) => return Ok(found),
                Err(error) => error,
            };
            let waited = self.machine.monotonic().saturating_sub(start);
            // What is no store is neither half of one nor mended.
            let is_corrupt = error.kind() == ErrorKind::Corrupt && error.name() != NOT_A_STORE;
            if is_corrupt && loaded.fresh && waited <= HALF_WRITTEN_WAIT {
                self.machine.sleep(HALF_WRITTEN_PAUSE);
                continue;
            }
            let found = match is_corrupt && repair && loaded.salvage {
                true => self.understand_damaged(loaded, known, schema)?,
                false => None,
            };
            return found.ok_or_else(|| self.at_path(error));
        }
    }

    /// Makes a state of what can be read of a damaged file; None when that is nothing.
    fn understand_damaged(
        &self,
        mut loaded: Loaded,
        known: Option<&State>,
        schema: Option<Arc<Schema>>,
    ) -> Result<Option<Found>> {
        let damaged = loaded.image.take().unwrap_or_default();
        let Some(salvaged) = salvage(&damaged) else { return Ok(None) };
        loaded.image = Some(salvaged.text.into_bytes());
        let found = self.understand(&loaded, known, schema).map_err(|error| self.at_path(error))?;
        Ok(Some(Found { damaged: Some(damaged), ..found }))
    }

    /// Makes a state of bytes and records.
    fn understand(
        &self,
        loaded: &Loaded,
        known: Option<&State>,
        schema: Option<Arc<Schema>>,
    ) -> Result<Found> {
        let image = loaded.image.as_deref().ok_or_else(|| self.gone(loaded))?;
        let stored = load::read(image, None, 0);
        let stored = match (stored, &schema) {
            (Err(error), Some(schema)) if error.name() == load::BROKEN_SCHEMA => {
                load::read(image, Some(schema.clone()), 0)
            }
            (stored, _) => stored,
        };
        let mut state = stored.map_err(|error| self.in_file(error))?;
        let base = state.commit;
        let written = state.envelope.updated_at.clone();
        state.commit = base.max(loaded.commit_floor);
        let mut replay = Replay::new(loaded.merge);
        for record in &loaded.records {
            replay.run(&mut state, record)?;
        }
        let overridden = known.map(|known| {
            // What the log has was replayed, or is left over. Numbers of edits are those of people.
            let end = loaded.records.first().map_or(u64::MAX, |record| record.seq);
            let is_latest = written == known.envelope.updated_at;
            let unseen = if is_latest { 0..0 } else { base + 1..end };
            overridden::overridden(known, &state, loaded.foreign.then_some(unseen))
        });
        let overridden = overridden.transpose()?.unwrap_or_default();
        if loaded.foreign {
            let found = Foreign { edit: loaded.edit, commit_floor: loaded.commit_floor };
            load::mark_edit(&mut state, &found, known)?;
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
            overridden,
            poisoned: loaded.poisoned,
            damaged: None,
        })
    }

    /// Names the file before what is wrong in it.
    fn in_file(&self, error: Error) -> Error {
        match self.description().path {
            Some(path) => error.in_text(&path.display().to_string()).path(&path),
            None => error,
        }
    }

    /// The error for a store whose data file is not there, although it was, or its log is.
    pub(super) fn gone(&self, loaded: &Loaded) -> Error {
        let path = self.description().path.unwrap_or_default();
        file_gone(&path, !loaded.records.is_empty())
    }
}
