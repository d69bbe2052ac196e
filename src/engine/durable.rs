//! Making durable what is not yet, and folding the log into the file: on request, when nobody has
//! written for a while, and at the end.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::engine::tip::Session;
use crate::engine::{Engine, Limits, policy};
use crate::error::{Error, ErrorKind, Result};
use crate::storage::Change;

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
            let is_unsynced = self.upkeep.unsynced().0 > 0;
            let Some(exclusive) =
                is_unsynced.then(|| self.storage.lock(limits.lock_timeout).ok()).flatten()
            else {
                return;
            };
            match exclusive.sync() {
                Ok(()) => self.upkeep.note_synced(),
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
        self.upkeep.end();
        if self.abandoned.load(Ordering::SeqCst) || self.check_writable().is_err() {
            return Ok(());
        }
        let unsynced = self.upkeep.unsynced().0 > 0;
        let is_alone = self.storage.leave();
        if self.storage.log_bytes() == 0 {
            // Somebody may have saved an older text over what was written: only this one knows.
            // And the last one folds a log that it has not seen yet.
            let has_changed = || self.storage.changed().is_ok_and(Change::is_any);
            if self.tip().has_written || is_alone && has_changed() {
                drop(self.catch_up(limits));
            }
            if self.storage.log_bytes() == 0 {
                return Ok(());
            }
        }
        // A file that cannot be read stays as it is, but what was promised is not forgotten.
        if self.is_stale() && !unsynced {
            match self.catch_up(limits) {
                Err(error) if error.name() == "FILE_GONE" => return Err(error),
                Err(_) => return Ok(()),
                Ok(()) => {}
            }
        }
        let ended = match is_alone {
            true => self.checkpoint(limits),
            false if unsynced => self.sync(limits),
            false => Ok(()),
        };
        match ended {
            Err(error) if !unsynced && is_for_later(&error) => Ok(()),
            other => other,
        }
    }

    /// Nobody has written for a while: a small file is brought up to date, so that a person who
    /// opens it finds what is there. The commits to come replace it again, as the first ones did.
    pub(super) fn fold_small(&self, limits: &Limits) -> Result<()> {
        let caller = Arc::default();
        let _turn = self.turn(limits, &caller)?;
        let Session { exclusive, state, .. } = self.join(limits)?;
        let size = exclusive.size();
        if size.log_bytes.is_none() || !policy::is_small(size) {
            return Ok(());
        }
        self.flush_tip()?;
        self.replace(&*exclusive, state.commit, &state)?;
        self.tip().commits = 0;
        Ok(())
    }
}

/// Whether a checkpoint failed for a reason that a later one will not meet.
fn is_for_later(error: &Error) -> bool {
    error.kind() == ErrorKind::Timeout || error.name() == "FILE_CHANGED"
}
