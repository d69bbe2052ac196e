//! Writing: who decides when, and how a commit is kept.
//!
//! One thread at a time has the turn and decides, on the state that all commits before its own
//! made, and writes its record to the log. It then decides for those that wait in the line with a
//! single operation, passes the turn on and waits until its record is on disk. Only then its state
//! is published: nobody sees what a crash could still take back.
//!
//! The exclusive lock of the store is held from the first of these commits to the last (a
//! [`Session`]), but not for long while others wait for it.
//!
//! That one thread works through what the others ask for is flat combining (Hendler, Incze, Shavit
//! and Tzafrir, 2010).

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};

use crate::engine::draft::Draft;
use crate::engine::operation::Operation;
use crate::engine::policy::{self, Checkpoint, Durability};
use crate::engine::state::State;
use crate::engine::tip::{Asked, Caller, News, Session, Tip};
use crate::engine::{Engine, Limits, load};
use crate::error::{Error, ErrorKind, Result};
use crate::storage::{Exclusive, Size};

/// How often a write is decided anew because a person changed the file meanwhile.
pub(super) const DECISIONS_MAX: u32 = 5;

/// A thread's turn to decide.
pub(super) struct Turn<'a> {
    pub(super) engine: &'a Engine,
    pub(super) caller: &'a Arc<Caller>,
}

impl Engine {
    /// Lets `decide` make the next commit and keeps it. `decide` may run more than once, each time
    /// on a draft of its own; one that changes nothing makes no commit.
    pub(crate) fn write<R>(
        &self,
        limits: &Limits,
        mut decide: impl FnMut(&mut Draft) -> Result<R>,
    ) -> Result<R> {
        self.decide_again(|| {
            let caller = Arc::default();
            let turn = self.turn(limits, &caller)?;
            let mut result = None;
            turn.decide(limits, |draft| {
                result = Some(decide(draft)?);
                Ok(String::new())
            })?;
            result.ok_or_else(|| Error::new(ErrorKind::Internal, "a commit was not decided"))
        })
    }

    /// Does one operation and returns what [`Draft::answer`] says. Another thread may do it, so it
    /// must not take long; `read` gives it, anew for each decision.
    pub(crate) fn write_one(
        &self,
        limits: &Limits,
        read: impl Fn() -> Result<Operation>,
    ) -> Result<String> {
        self.decide_again(|| {
            let caller = Arc::default();
            let asked = Asked { operation: read()?, limits: limits.clone() };
            match self.line_up(limits, Some(asked), &caller)? {
                News::Turn(Some(Asked { operation, .. })) => {
                    let turn = Turn { engine: self, caller: &caller };
                    turn.decide(limits, |draft| draft.answer(operation))
                }
                news => self.wait(&caller, Some(news)),
            }
        })
    }

    fn decide_again<R>(&self, mut write: impl FnMut() -> Result<R>) -> Result<R> {
        self.check_writable()?;
        let mut attempt = 1;
        loop {
            match write() {
                Err(error) if error.name() == "FILE_CHANGED" && attempt < DECISIONS_MAX => {
                    attempt += 1;
                }
                other => return other,
            }
        }
    }

    pub(super) fn tip(&self) -> MutexGuard<'_, Tip> {
        self.tip.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for this thread's turn, or until another thread has done what it asks for.
    fn line_up(&self, limits: &Limits, asked: Option<Asked>, caller: &Arc<Caller>) -> Result<News> {
        let entered = self.tip().enter(asked, caller);
        if let Some(news) = entered.or_else(|| caller.wait(Some(limits.lock_timeout))) {
            return Ok(news);
        }
        if !self.tip().give_up(caller) {
            // Its turn came just now, or it is being decided for.
            return caller.wait(None).ok_or_else(no_session);
        }
        let waited = limits.lock_timeout.as_millis();
        let message = format!("other threads were writing for more than {waited} ms");
        let error = Error::new(ErrorKind::Timeout, message)
            .named("LOCK_TIMEOUT")
            .hint("try again, or open with a larger lock_timeout_ms");
        Err(self.at_path(error))
    }

    /// Takes this thread's turn.
    pub(super) fn turn<'a>(&'a self, limits: &Limits, caller: &'a Arc<Caller>) -> Result<Turn<'a>> {
        self.line_up(limits, None, caller).map(|_| Turn { engine: self, caller })
    }

    /// Decides one commit, with the turn, and tells its caller what came of it, now or when it is
    /// on disk.
    fn decide(
        &self,
        limits: &Limits,
        caller: &Arc<Caller>,
        decide: impl FnOnce(&mut Draft) -> Result<String>,
    ) {
        // What it leaves half done is not looked at again: the store takes no more writes.
        let decided = catch_unwind(AssertUnwindSafe(|| self.try_to_decide(limits, caller, decide)));
        match decided {
            Ok(Ok(None)) => {}
            Ok(Ok(Some(answer))) => caller.tell(News::Settled(Ok(answer))),
            Ok(Err(error)) => caller.tell(News::Settled(Err(error))),
            Err(panic) => {
                self.poison();
                caller.tell(News::Panicked(panic));
            }
        }
    }

    /// The answer, unless it has to wait for the disk.
    fn try_to_decide(
        &self,
        limits: &Limits,
        caller: &Arc<Caller>,
        decide: impl FnOnce(&mut Draft) -> Result<String>,
    ) -> Result<Option<String>> {
        self.check_writable()?;
        let session = self.join(limits)?;
        let minter = self.minter.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let now = self.machine.now();
        let mut draft = Draft::new(session.state, minter, now, limits.document_bytes_max);
        let answer = decide(&mut draft)?;
        if draft.changed {
            draft.finish();
            return self.keep(limits, &session.exclusive, draft, answer, caller);
        }
        // It may rest on commits that are not on disk yet.
        let mut tip = self.tip();
        if tip.is_settled() {
            return Ok(Some(answer));
        }
        tip.wait_for_disk(answer, caller);
        Ok(None)
    }

    /// Decides for those that waited in the line when this began: its own commit waits, too.
    fn decide_for_others(&self) {
        let in_line = self.tip().in_line();
        for _ in 0..in_line {
            let next = self.tip().next_asked(self.machine.monotonic());
            let Some((Asked { operation, limits }, caller)) = next else { return };
            self.decide(&limits, &caller, |draft| draft.answer(operation));
        }
    }

    /// Joins the session, or begins one, and takes in what others wrote.
    pub(super) fn join(&self, limits: &Limits) -> Result<Session> {
        self.see_to_failed_sync();
        let session = self.tip().session.clone();
        if let Some(session) = session {
            if session.is_young(self.machine.monotonic()) {
                return self.catch_up_session(session);
            }
            drop(session);
            // What came of its commits is told to those who made them.
            let _ = self.flush_tip();
            self.tip().session = None;
        }
        let exclusive = Arc::from(self.storage.lock(limits.lock_timeout)?);
        let since = self.machine.monotonic();
        self.refresh(&*exclusive)?;
        let session = Session::new(exclusive, State::clone(&self.current()), since);
        self.tip().session = Some(session.clone());
        Ok(session)
    }

    /// Takes in what others wrote since the session began: a person's edit needs no lock.
    fn catch_up_session(&self, mut session: Session) -> Result<Session> {
        let has_changed = self.is_stale() || {
            // Not while a sync is told of: the two would not fit.
            let _turn = self.loading.lock().unwrap_or_else(PoisonError::into_inner);
            session.exclusive.changed()?.is_any()
        };
        if has_changed {
            self.flush_tip()?;
            self.refresh(&*session.exclusive)?;
            session.state = State::clone(&self.current());
            session.position = session.exclusive.position();
            self.tip().session = Some(session.clone());
        }
        Ok(session)
    }

    /// Keeps a finished draft in the way that the policy says; the answer, unless it has to wait
    /// for the disk.
    fn keep(
        &self,
        limits: &Limits,
        exclusive: &Arc<dyn Exclusive>,
        mut draft: Draft,
        answer: String,
        caller: &Arc<Caller>,
    ) -> Result<Option<String>> {
        let (durability, checkpoint) = (limits.durability, limits.checkpoint);
        let commits = self.tip().commits;
        let size = exclusive.size();
        // What was taken in of a person's edit, its revisions above all, must be in the file that a
        // log starts from.
        let replaces = !self.is_kept || draft.reforms || draft.state.is_foreign;
        if replaces || policy::replaces(durability, checkpoint, size, commits) {
            self.flush_tip()?;
            self.replace(&**exclusive, draft.number, &draft.state)?;
            draft.state.is_foreign = false;
            self.note_minted(&draft);
            let before = self.tip().advance(draft.state.clone(), exclusive.position());
            self.publish(draft.state);
            drop(before);
            return Ok(Some(answer));
        }
        if checkpoint == Checkpoint::Auto {
            self.checkpoint_if_due(exclusive, size)?;
        }
        if policy::is_small(size) {
            self.note_logged(limits);
        }
        self.log(limits, exclusive, draft, answer, caller)
    }

    /// Writes a draft to the log.
    fn log(
        &self,
        limits: &Limits,
        exclusive: &Arc<dyn Exclusive>,
        mut draft: Draft,
        answer: String,
        caller: &Arc<Caller>,
    ) -> Result<Option<String>> {
        let time = draft.state.envelope.updated_at.clone().unwrap_or_default();
        let operations = std::mem::take(&mut draft.operations).into_text();
        let is_synced = limits.durability == Durability::Sync;
        // Not while a sync is told of: the log goes on where its header says that it ends.
        let loading = self.loading.lock().unwrap_or_else(PoisonError::into_inner);
        exclusive.append(draft.number, &time, operations, is_synced)?;
        self.note_minted(&draft);
        let position = exclusive.position();
        let mut tip = self.tip();
        // It is given up when nobody waits for it.
        let _before = tip.advance(draft.state.clone(), position);
        if is_synced || !tip.is_settled() {
            tip.note_written();
            tip.wait_for_disk(answer, caller);
            drop(tip);
            drop(loading);
            return Ok(None);
        }
        drop(tip);
        let published = exclusive.publish(position, false);
        if published.is_ok() {
            self.publish(draft.state);
        }
        drop(loading);
        match published {
            Ok(()) => {
                self.note_unsynced(limits);
                Ok(Some(answer))
            }
            Err(error) => Err(self.fail(&**exclusive, error)),
        }
    }

    fn note_minted(&self, draft: &Draft) {
        *self.minter.lock().unwrap_or_else(PoisonError::into_inner) = draft.minter.clone();
    }

    /// Puts a state in the place of the file.
    pub(super) fn replace(
        &self,
        exclusive: &dyn Exclusive,
        commit: u64,
        state: &State,
    ) -> Result<()> {
        let replaced = exclusive.replace(commit, &|out| load::write(state, out));
        if let Err(error) = &replaced {
            // What the file holds now is settled by the next load.
            if error.kind() == ErrorKind::UnknownOutcome || error.name() == "FILE_CHANGED" {
                self.stale.store(true, Ordering::SeqCst);
            }
        } else {
            self.upkeep.note_synced();
        }
        replaced
    }

    fn checkpoint_if_due(&self, exclusive: &Arc<dyn Exclusive>, size: Size) -> Result<()> {
        let log_bytes = size.log_bytes.unwrap_or(0);
        let checkpoint_from = self.tip().checkpoint_from;
        if log_bytes < policy::log_bytes_max(size.file_bytes).max(checkpoint_from) {
            return Ok(());
        }
        self.flush_tip()?;
        let Some(Session { state, .. }) = self.tip().session.clone() else {
            return Err(no_session());
        };
        match self.replace(&**exclusive, state.commit, &state) {
            Ok(()) => self.tip().checkpoint_from = 0,
            // The log goes on: a full disk may have room for a commit, if not for another file.
            Err(_) if !self.is_stale() => self.tip().checkpoint_from = log_bytes + log_bytes / 4,
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Waits until the commit of `caller` is settled, and looks after the disk if nobody else does.
    /// `news` is what it was told already.
    pub(super) fn wait(&self, caller: &Arc<Caller>, mut news: Option<News>) -> Result<String> {
        loop {
            match news.or_else(|| caller.news()) {
                Some(News::Settled(result)) => return result,
                Some(News::Panicked(panic)) => resume_unwind(panic),
                Some(News::Disk | News::Turn(_)) | None => {}
            }
            self.look_after_disk(caller);
            news = caller.wait(None);
        }
    }
}

impl Turn<'_> {
    /// Uses the turn up for one commit of its own, and waits until that is settled.
    fn decide(
        self,
        limits: &Limits,
        decide: impl FnOnce(&mut Draft) -> Result<String>,
    ) -> Result<String> {
        let Turn { engine, caller } = self;
        engine.decide(limits, caller, decide);
        engine.decide_for_others();
        drop(self);
        engine.wait(caller, None)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.engine.see_to_failed_sync();
        let mut tip = self.engine.tip();
        let next = tip.pass_turn();
        let syncer = tip.next_syncer(self.caller);
        drop(tip);
        if let Some((next, news)) = next {
            next.tell(news);
        }
        if let Some(syncer) = syncer {
            syncer.tell(News::Disk);
        }
    }
}

#[cold]
pub(super) fn no_session() -> Error {
    Error::new(ErrorKind::Internal, "a commit was decided without the lock")
}
