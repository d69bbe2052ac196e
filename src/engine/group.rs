//! The commits that wait for the disk together, and what becomes of them.
//!
//! The first thread that waits syncs for all whose records are written by then, while others decide
//! and write on.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use crate::engine::commit::Turn;
use crate::engine::state::State;
use crate::engine::tip::{Caller, News, Session};
use crate::engine::{Engine, load};
use crate::error::{Error, ErrorKind, Result};
use crate::storage::{Exclusive, Position};

/// An error as each commit of a group gets it.
struct Failure {
    kind: ErrorKind,
    name: &'static str,
    message: String,
    sys_errno: Option<i32>,
}

impl Failure {
    fn of(error: &Error) -> Failure {
        Failure {
            kind: error.kind(),
            name: error.name(),
            message: error.message().to_owned(),
            sys_errno: error.sys_errno(),
        }
    }

    fn error(&self) -> Error {
        let hint = match self.kind {
            ErrorKind::UnknownOutcome => {
                "see to the disk, then open the store anew and look what it holds"
            }
            _ => "see to the disk; nothing of this call was kept",
        };
        let error =
            Error::new(self.kind, self.message.clone()).with_errno(self.sys_errno).hint(hint);
        if self.name == self.kind.name() { error } else { error.named(self.name) }
    }
}

impl Engine {
    /// Syncs what was written, unless somebody does, and sees to a sync that failed, unless a
    /// thread has the turn, which will.
    pub(super) fn look_after_disk(&self, caller: &Arc<Caller>) {
        self.sync_if_nobody_does();
        if self.tip().take_turn_for_failure() {
            drop(Turn { engine: self, caller });
        }
    }

    fn sync_if_nobody_does(&self) {
        let Some((session, written)) = self.tip().begin_sync() else { return };
        let Session { exclusive, state, position, .. } = session;
        // Whatever happens here, those who wait are told.
        let synced = catch_unwind(AssertUnwindSafe(|| {
            exclusive.sync()?;
            self.publish_log(&*exclusive, position, true, state)
        }));
        let synced = synced.unwrap_or_else(|_| {
            self.poison();
            Err(Error::new(ErrorKind::Panic, "a defect of the library was met in a sync"))
        });
        // Whoever ends the session gives the lock up, and must be the last to hold it.
        drop(exclusive);
        let told = match synced {
            Ok(()) => {
                self.upkeep.note_synced();
                self.tip().end_sync(written)
            }
            Err(error) => self.tip().fail_sync(error),
        };
        told.into_iter().for_each(|(caller, news)| caller.tell(news));
    }

    /// With the turn, settles everything written so far before something else happens.
    pub(super) fn flush_tip(&self) -> Result<()> {
        let caller = Arc::default();
        {
            let mut tip = self.tip();
            if tip.is_settled() {
                return Ok(());
            }
            tip.wait_for_disk(String::new(), &caller);
        }
        loop {
            self.sync_if_nobody_does();
            self.see_to_failed_sync();
            if let Some(News::Settled(result)) = caller.wait(None) {
                return result.map(drop);
            }
        }
    }

    /// With the turn, does what has to be done when a sync has failed.
    pub(super) fn see_to_failed_sync(&self) {
        let failed = self.tip().begin_to_mend();
        if let Some((error, exclusive)) = failed {
            self.fail(&*exclusive, error);
        }
    }

    /// A sync failed: what it was to make durable is lost or not, nobody can tell, and the file is
    /// never asked again. (Or the header could not be written, so that nobody could be told.) The
    /// last acknowledged state goes to a fresh file; if that fails, too, the store refuses writes
    /// until it is opened anew and made good.
    pub(super) fn fail(&self, exclusive: &dyn Exclusive, error: Error) -> Error {
        let mut state = State::clone(&self.current());
        // The numbers of the commits that failed are not given out again.
        state.commit = state.commit.max(exclusive.position().seq);
        let saved = exclusive.rebase(state.commit, &|out| load::write(&state, out), None);
        let error = match saved {
            Ok(()) => {
                let _turn = self.loading.lock().unwrap_or_else(PoisonError::into_inner);
                self.publish(state);
                error
            }
            Err(_) => {
                exclusive.poison();
                self.stale.store(true, Ordering::SeqCst);
                error.with_kind(ErrorKind::UnknownOutcome)
            }
        };
        let failure = Failure::of(&error);
        let lost = self.tip().go_back(State::clone(&self.current()));
        for caller in lost {
            caller.tell(News::Settled(Err(self.at_path(failure.error()))));
        }
        error
    }

    /// Lets everybody see what is in the log up to `position`, which made `state`.
    pub(super) fn publish_log(
        &self,
        exclusive: &dyn Exclusive,
        position: Position,
        durable: bool,
        state: State,
    ) -> Result<()> {
        // Nobody of this process may take the record for another's meanwhile.
        let _turn = self.loading.lock().unwrap_or_else(PoisonError::into_inner);
        exclusive.publish(position, durable)?;
        self.publish(state);
        Ok(())
    }

    /// With the turn, makes everything durable that was committed, by whatever policy.
    ///
    /// # Errors
    /// Those of the disk.
    pub(super) fn flush(&self, session: Session) -> Result<()> {
        self.flush_tip()?;
        let Session { exclusive, state, position, .. } = session;
        if exclusive.is_synced() {
            return Ok(());
        }
        let synced = exclusive.sync();
        match synced.and_then(|()| self.publish_log(&*exclusive, position, true, state)) {
            Ok(()) => {
                self.upkeep.note_synced();
                Ok(())
            }
            Err(error) => Err(self.fail(&*exclusive, error)),
        }
    }
}
