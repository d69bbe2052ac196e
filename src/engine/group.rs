//! The commits that wait for the disk together, and what becomes of them.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::engine::commit::{Tip, no_session};
use crate::engine::state::State;
use crate::engine::{Engine, load};
use crate::error::{Error, ErrorKind, Result};
use crate::storage::{Exclusive, Position};

/// The commits that wait for the disk.
#[derive(Default)]
pub(super) struct Group {
    waiting: Mutex<Waiting>,
    session_ended: Condvar,
}

#[derive(Default)]
struct Waiting {
    /// Some thread syncs.
    syncing: bool,
    /// All commits up to this one are on disk, or failed.
    done: u64,
    failed: BTreeMap<u64, Failure>,
    /// Threads that wait for their commits. Each is woken alone: waking one for nothing takes as
    /// long as deciding a commit.
    threads: Vec<Waiter>,
    /// Sessions that have ended.
    sessions: u64,
    /// Threads that wait for one to end.
    for_sessions: u32,
}

struct Waiter {
    ticket: u64,
    woken: Arc<Condvar>,
}

/// An error as each commit of a group gets it.
#[derive(Clone)]
struct Failure {
    kind: ErrorKind,
    name: &'static str,
    message: String,
    sys_errno: Option<i32>,
}

impl Waiting {
    /// Takes out the threads whose commits are settled, and one that will sync for the others.
    fn take_ready(&mut self) -> Vec<Waiter> {
        let (done, mut leads) = (self.done, !self.syncing);
        let is_ready = |it: &Waiter| it.ticket <= done || std::mem::take(&mut leads);
        let (ready, rest) = std::mem::take(&mut self.threads).into_iter().partition(is_ready);
        self.threads = rest;
        ready
    }
}

impl Group {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the commit of a ticket may be settled, or this thread may sync.
    fn wait<'a>(
        &self,
        mut waiting: MutexGuard<'a, Waiting>,
        ticket: u64,
    ) -> MutexGuard<'a, Waiting> {
        let woken = Arc::new(Condvar::new());
        waiting.threads.push(Waiter { ticket, woken: Arc::clone(&woken) });
        let is_waiting = |waiting: &mut Waiting| {
            waiting.threads.iter().any(|other| Arc::ptr_eq(&other.woken, &woken))
        };
        woken.wait_while(waiting, is_waiting).unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what threads wait for, and wakes those that it is for.
    fn change(&self, change: impl FnOnce(&mut Waiting)) {
        let mut waiting = self.lock();
        change(&mut waiting);
        let ready = waiting.take_ready();
        drop(waiting);
        ready.iter().for_each(|it| it.woken.notify_one());
    }

    /// How many sessions have ended so far.
    pub(super) fn sessions_ended(&self) -> u64 {
        self.lock().sessions
    }

    /// Notes that a session ended.
    pub(super) fn note_end(&self) {
        let mut waiting = self.lock();
        waiting.sessions += 1;
        // Waking nobody costs a system call, too.
        if waiting.for_sessions > 0 {
            self.session_ended.notify_all();
        }
    }

    /// Waits until another session ends than the first `ended`.
    pub(super) fn wait_for_end(&self, ended: u64) {
        let mut waiting = self.lock();
        waiting.for_sessions += 1;
        let has_ended = |waiting: &mut Waiting| waiting.sessions == ended;
        let waited = self.session_ended.wait_while(waiting, has_ended);
        waited.unwrap_or_else(PoisonError::into_inner).for_sessions -= 1;
    }
}

/// Some thread syncs for all; when it is through, whatever came of it, another one may.
struct Syncing<'a>(&'a Group);

impl Drop for Syncing<'_> {
    fn drop(&mut self) {
        self.0.change(|waiting| waiting.syncing = false);
    }
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

    fn into_error(self) -> Error {
        let hint = match self.kind {
            ErrorKind::UnknownOutcome => {
                "see to the disk, then open the store anew and look what it holds"
            }
            _ => "see to the disk; nothing of this call was kept",
        };
        let error = Error::new(self.kind, self.message).with_errno(self.sys_errno).hint(hint);
        if self.name == self.kind.name() { error } else { error.named(self.name) }
    }
}

impl Engine {
    /// Waits until commit `ticket` is on disk, or makes it so.
    pub(super) fn wait(&self, ticket: u64) -> Result<()> {
        let mut waiting = self.group.lock();
        loop {
            if let Some(failure) = waiting.failed.remove(&ticket) {
                return Err(self.at_path(failure.into_error()));
            }
            if waiting.done >= ticket {
                return Ok(());
            }
            if waiting.syncing {
                waiting = self.group.wait(waiting, ticket);
                continue;
            }
            waiting.syncing = true;
            drop(waiting);
            let syncing = Syncing(&self.group);
            self.sync_for_all();
            drop(syncing);
            waiting = self.group.lock();
        }
    }

    /// Syncs everything written so far, while others go on writing.
    fn sync_for_all(&self) {
        let tip = self.tip.lock().unwrap_or_else(PoisonError::into_inner);
        let (written, Some(session)) = (tip.written, &tip.session) else { return };
        let (exclusive, state) = (Arc::clone(&session.exclusive), session.state.clone());
        let position = exclusive.position();
        drop(tip);
        let synced = exclusive.sync();
        // Whoever ends the session gives the lock up, and must be the last to hold it.
        drop(exclusive);
        let mut tip = self.tip.lock().unwrap_or_else(PoisonError::into_inner);
        // A shared outcome is told to each commit, and not to this thread in particular.
        let _ = self.acknowledge(&mut tip, written, position, state, synced);
        self.leave(&mut tip);
    }

    /// Syncs everything written so far before something else happens.
    pub(super) fn flush_tip(&self, tip: &mut Tip) -> Result<()> {
        if tip.written == tip.durable {
            return Ok(());
        }
        let Some(session) = &tip.session else { return Err(no_session()) };
        let (exclusive, state) = (Arc::clone(&session.exclusive), session.state.clone());
        let synced = exclusive.sync();
        self.acknowledge(tip, tip.written, exclusive.position(), state, synced)
    }

    /// Acknowledges the first `written` commits, which made `state`, or lets them fail.
    fn acknowledge(
        &self,
        tip: &mut Tip,
        written: u64,
        position: Position,
        state: State,
        synced: Result<()>,
    ) -> Result<()> {
        if tip.durable >= written {
            return Ok(());
        }
        let Some(session) = &tip.session else { return Err(no_session()) };
        let exclusive = Arc::clone(&session.exclusive);
        match synced.and_then(|()| self.publish_log(&*exclusive, position, true, state)) {
            Ok(()) => {
                self.unsynced.clear();
                tip.durable = written;
                self.group.change(|waiting| waiting.done = written);
                Ok(())
            }
            Err(error) => Err(self.fail(tip, &*exclusive, error)),
        }
    }

    /// A sync failed: what it was to make durable is lost or not, nobody can tell, and the file is
    /// never asked again. (Or the header could not be written, so that nobody could be told.) The
    /// last acknowledged state goes to a fresh file; if that fails, too, the store refuses writes
    /// until it is opened anew and made good.
    pub(super) fn fail(&self, tip: &mut Tip, exclusive: &dyn Exclusive, error: Error) -> Error {
        let mut state = State::clone(&self.current());
        // The numbers of the commits that failed are not given out again.
        state.commit = state.commit.max(exclusive.position().seq);
        let saved = exclusive.rebase(state.commit, &load::write(&state), None);
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
        self.group.change(|waiting| {
            for ticket in tip.durable + 1..=tip.written {
                waiting.failed.insert(ticket, failure.clone());
            }
            waiting.done = tip.written;
        });
        tip.durable = tip.written;
        if let Some(session) = &mut tip.session {
            session.state = State::clone(&self.current());
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

    /// Makes everything durable that was committed, by whatever policy.
    ///
    /// # Errors
    /// Those of the lock and of the disk.
    pub(super) fn flush(&self, tip: &mut Tip) -> Result<()> {
        self.flush_tip(tip)?;
        let Some(session) = &tip.session else { return Err(no_session()) };
        let exclusive = Arc::clone(&session.exclusive);
        if exclusive.is_synced() {
            return Ok(());
        }
        let state = session.state.clone();
        let position = exclusive.position();
        let synced = exclusive.sync();
        match synced.and_then(|()| self.publish_log(&*exclusive, position, true, state)) {
            Ok(()) => {
                self.unsynced.clear();
                Ok(())
            }
            Err(error) => Err(self.fail(tip, &*exclusive, error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_are_woken_whose_commits_are_settled_and_one_that_syncs_for_the_others() {
        let ready = |tickets: &[u64], done, syncing| {
            let waiter = |&ticket: &u64| Waiter { ticket, woken: Arc::default() };
            let threads = tickets.iter().map(waiter).collect();
            let mut waiting = Waiting { syncing, done, threads, ..Waiting::default() };
            let tickets = |threads: &[Waiter]| threads.iter().map(|it| it.ticket).collect();
            let ready: Vec<u64> = tickets(&waiting.take_ready());
            let rest: Vec<u64> = tickets(&waiting.threads);
            (ready, rest)
        };
        assert_eq!(ready(&[3, 1, 4, 2], 2, true), (vec![1, 2], vec![3, 4]));
        assert_eq!(ready(&[3, 1, 4, 2], 2, false), (vec![3, 1, 2], vec![4]));
        assert_eq!(ready(&[1, 2], 2, false), (vec![1, 2], vec![]));
        assert_eq!(ready(&[], 2, false), (vec![], vec![]));
    }
}
