//! Writing: who decides when, and how commits that wait for the disk share one sync.
//!
//! One thread at a time decides, on the state that all commits before its own made, and writes its
//! record to the log. It then lets the next one decide and waits until its record is on disk. The
//! first that waits syncs for all whose records are written by then. Only then their state is
//! published: nobody sees what a crash could still take back.
//!
//! The exclusive lock of the store is held from the first of these commits to the last (a
//! [`Session`]), but not for long while others wait for it.

use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use crate::engine::draft::Draft;
use crate::engine::policy::{self, Checkpoint, Durability};
use crate::engine::state::State;
use crate::engine::{Engine, Limits, load};
use crate::error::{Error, ErrorKind, Result};
use crate::storage::Exclusive;

/// How often a write is decided anew because a person changed the file meanwhile.
const DECISIONS_MAX: u32 = 5;
/// How long new commits join a session; then other processes get their turn.
const SESSION: Duration = Duration::from_millis(20);

/// The end of the history, which readers do not see yet.
#[derive(Default)]
pub(super) struct Tip {
    pub(super) session: Option<Session>,
    /// Commits written to the log so far, and how many of them are on disk.
    pub(super) written: u64,
    pub(super) durable: u64,
    /// Commits made by this process.
    commits: u64,
    /// No checkpoint is tried before the log has so many bytes: the last one failed.
    checkpoint_from: u64,
}

/// The exclusive lock, held for one or more commits.
pub(super) struct Session {
    pub(super) exclusive: Arc<dyn Exclusive>,
    /// The state that the last of them made.
    pub(super) state: State,
    since: Duration,
    /// It has only just begun, with a look at what others wrote.
    is_new: bool,
}

/// How a commit was kept.
enum Kept {
    /// It is acknowledged.
    Done,
    /// It is once this many commits are on disk.
    Waits(u64),
}

impl Engine {
    /// Lets `decide` make the next commit and keeps it. `decide` may run more than once, each time
    /// on a draft of its own; one that changes nothing makes no commit.
    pub(crate) fn write<R>(
        &self,
        limits: &Limits,
        mut decide: impl FnMut(&mut Draft) -> Result<R>,
    ) -> Result<R> {
        self.check_writable()?;
        let written = {
            let mut joined = self.join(limits)?;
            self.write_on(&mut joined.tip, limits, &mut decide)
        };
        match written? {
            (result, Kept::Done) => Ok(result),
            (result, Kept::Waits(ticket)) => self.wait(ticket).map(|()| result),
        }
    }

    fn write_on<R>(
        &self,
        tip: &mut Tip,
        limits: &Limits,
        decide: &mut impl FnMut(&mut Draft) -> Result<R>,
    ) -> Result<(R, Kept)> {
        let mut attempt = 0;
        loop {
            self.catch_up_tip(tip)?;
            let mut draft = self.draft(tip, limits)?;
            let result = decide(&mut draft)?;
            if !draft.changed {
                // It may rest on commits that are not on disk yet.
                let kept = match tip.written > tip.durable {
                    true => Kept::Waits(tip.written),
                    false => Kept::Done,
                };
                return Ok((result, kept));
            }
            draft.finish();
            attempt += 1;
            match self.keep(tip, limits, draft) {
                Ok(kept) => return Ok((result, kept)),
                Err(error) if error.name() == "FILE_CHANGED" && attempt < DECISIONS_MAX => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Takes this thread's turn and the exclusive lock.
    pub(super) fn join(&self, limits: &Limits) -> Result<Joined<'_>> {
        let turn = self.turn(limits)?;
        Ok(Joined { tip: self.session(limits)?, turn })
    }

    fn turn(&self, limits: &Limits) -> Result<Turn<'_>> {
        if self.turns.enter(limits.lock_timeout) {
            return Ok(Turn(self));
        }
        let waited = limits.lock_timeout.as_millis();
        let message = format!("other threads were writing for more than {waited} ms");
        let error = Error::new(ErrorKind::Timeout, message)
            .named("LOCK_TIMEOUT")
            .hint("try again, or open with a larger lock_timeout_ms");
        Err(self.at_path(error))
    }

    /// The tip in a session that may be joined.
    fn session(&self, limits: &Limits) -> Result<MutexGuard<'_, Tip>> {
        loop {
            let mut tip = self.tip.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(session) = &tip.session else {
                let exclusive = Arc::from(self.storage.lock(limits.lock_timeout)?);
                let since = self.machine.monotonic();
                self.refresh(&*exclusive)?;
                let state = State::clone(&self.current());
                tip.session = Some(Session { exclusive, state, since, is_new: true });
                return Ok(tip);
            };
            if self.machine.monotonic().saturating_sub(session.since) < SESSION {
                return Ok(tip);
            }
            let ended = self.group.sessions_ended();
            drop(tip);
            self.group.wait_for_end(ended);
        }
    }

    /// Gives up the lock unless somebody waits for the disk, who will.
    pub(super) fn leave(&self, tip: &mut Tip) {
        if tip.written == tip.durable && tip.session.take().is_some() {
            self.group.note_end();
        }
    }

    /// Takes in what others wrote since the session began: a person's edit needs no lock.
    pub(super) fn catch_up_tip(&self, tip: &mut Tip) -> Result<()> {
        let Some(session) = &mut tip.session else { return Err(no_session()) };
        if std::mem::take(&mut session.is_new) && !self.is_stale() {
            return Ok(());
        }
        let exclusive = Arc::clone(&session.exclusive);
        if !self.is_stale() && !exclusive.changed()?.is_any() {
            return Ok(());
        }
        self.flush_tip(tip)?;
        self.refresh(&*exclusive)?;
        if let Some(session) = &mut tip.session {
            session.state = State::clone(&self.current());
        }
        Ok(())
    }

    fn draft(&self, tip: &Tip, limits: &Limits) -> Result<Draft> {
        let Some(session) = &tip.session else { return Err(no_session()) };
        let minter = self.minter.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let now = self.machine.now();
        Ok(Draft::new(session.state.clone(), minter, now, limits.document_bytes_max))
    }

    /// Keeps a finished draft in the way that the policy says.
    fn keep(&self, tip: &mut Tip, limits: &Limits, draft: Draft) -> Result<Kept> {
        let Some(session) = &tip.session else { return Err(no_session()) };
        let exclusive = Arc::clone(&session.exclusive);
        let (durability, checkpoint) = (limits.durability, limits.checkpoint);
        let replaces = !self.is_kept
            || policy::replaces(durability, checkpoint, exclusive.size(), tip.commits);
        if replaces {
            self.flush_tip(tip)?;
            let (state, number) = (&draft.state, draft.number);
            self.replace(&*exclusive, number, state)?;
        } else {
            if checkpoint == Checkpoint::Auto {
                self.checkpoint_if_due(tip, &exclusive)?;
            }
            let time = draft.state.envelope.updated_at.clone().unwrap_or_default();
            let synced = durability == Durability::Sync;
            exclusive.append(draft.number, &time, draft.operations.into_text(), synced)?;
        }
        *self.minter.lock().unwrap_or_else(PoisonError::into_inner) = draft.minter;
        tip.commits += 1;
        if let Some(session) = &mut tip.session {
            session.state = draft.state.clone();
        }
        if replaces {
            self.publish(draft.state);
            return Ok(Kept::Done);
        }
        if durability == Durability::Batched && tip.written == tip.durable {
            let position = exclusive.position();
            return match self.publish_log(&*exclusive, position, false, draft.state) {
                Ok(()) => {
                    self.note_unsynced(limits);
                    Ok(Kept::Done)
                }
                Err(error) => Err(self.fail(tip, &*exclusive, error)),
            };
        }
        tip.written += 1;
        Ok(Kept::Waits(tip.written))
    }

    /// Puts a state in the place of the file.
    pub(super) fn replace(
        &self,
        exclusive: &dyn Exclusive,
        commit: u64,
        state: &State,
    ) -> Result<()> {
        let replaced = exclusive.replace(commit, &mut || Ok(load::write(state)));
        if let Err(error) = &replaced {
            // What the file holds now is settled by the next load.
            if error.kind() == ErrorKind::UnknownOutcome || error.name() == "FILE_CHANGED" {
                self.stale.store(true, Ordering::SeqCst);
            }
        } else {
            self.unsynced.clear();
        }
        replaced
    }

    fn checkpoint_if_due(&self, tip: &mut Tip, exclusive: &Arc<dyn Exclusive>) -> Result<()> {
        let size = exclusive.size();
        let log_bytes = size.log_bytes.unwrap_or(0);
        let due = policy::log_bytes_max(size.file_bytes).max(tip.checkpoint_from);
        if log_bytes < due {
            return Ok(());
        }
        self.flush_tip(tip)?;
        let Some(session) = &tip.session else { return Err(no_session()) };
        let state = session.state.clone();
        match self.replace(&**exclusive, state.commit, &state) {
            Ok(()) => tip.checkpoint_from = 0,
            // The log goes on: a full disk may have room for a commit, if not for another file.
            Err(_) if !self.is_stale() => tip.checkpoint_from = log_bytes + log_bytes / 4,
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// What a thread holds while it decides.
pub(super) struct Joined<'a> {
    pub(super) tip: MutexGuard<'a, Tip>,
    turn: Turn<'a>,
}

impl Drop for Joined<'_> {
    fn drop(&mut self) {
        self.turn.0.leave(&mut self.tip);
    }
}

/// A thread's turn to decide.
struct Turn<'a>(&'a Engine);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.turns.leave();
    }
}

#[cold]
pub(super) fn no_session() -> Error {
    Error::new(ErrorKind::Internal, "a commit was decided without the lock")
}
