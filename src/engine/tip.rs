//! The tip: the end of the history, which readers do not see yet, and the threads that wait there.
//!
//! A thread that writes waits in the line for its turn and then, its record being written, for the
//! disk. It is woken when there is news for it, and for nothing else: waking a thread takes as long
//! as deciding a commit.

use std::any::Any;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::engine::Limits;
use crate::engine::operation::Operation;
use crate::engine::state::State;
use crate::error::{Error, Result};
use crate::storage::{Exclusive, Position};

/// How long new commits join a session; then other processes get their turn.
const SESSION: Duration = Duration::from_millis(20);

/// The end of the history.
#[derive(Default)]
pub(super) struct Tip {
    pub(super) session: Option<Session>,
    /// Some thread has the turn.
    is_taken: bool,
    /// Threads that wait for their turn, who came first in front.
    line: VecDeque<InLine>,
    /// Commits written to the log so far.
    written: u64,
    /// Those that are not known to be on disk, the oldest in front.
    waiting: VecDeque<Waiting>,
    /// Some thread syncs.
    is_syncing: bool,
    /// Why the last sync failed. It is for the thread that has the turn to see to it.
    sync_error: Option<Error>,
    /// Commits made by this process since the log was last folded for want of others.
    pub(super) commits: u64,
    /// This process has made commits.
    pub(super) has_written: bool,
    /// No checkpoint is tried before the log has so many bytes: the last one failed.
    pub(super) checkpoint_from: u64,
}

/// The exclusive lock, held for one or more commits.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) exclusive: Arc<dyn Exclusive>,
    /// The state that the last of them made, and where the log ends with it.
    pub(super) state: State,
    pub(super) position: Position,
    since: Duration,
}

/// A single operation, as one thread asks another one to do it.
pub(super) struct Asked {
    pub(super) operation: Operation,
    pub(super) limits: Limits,
}

/// A thread in the line. What it asks for may be done by whoever has the turn.
struct InLine {
    asked: Option<Asked>,
    caller: Arc<Caller>,
}

/// A commit that waits for the disk, or a thread that waits for all up to this one.
struct Waiting {
    ticket: u64,
    /// What its caller gets.
    answer: String,
    caller: Arc<Caller>,
}

/// What a thread is told.
pub(super) enum News {
    /// It has the turn, and does itself what it asked for.
    Turn(Option<Asked>),
    /// It has to look after the disk, or after what a sync failed for.
    Disk,
    /// What came of its commit.
    Settled(Result<String>),
    /// Another thread panicked deciding its commit.
    Panicked(Box<dyn Any + Send>),
}

/// A thread that writes.
#[derive(Default)]
pub(super) struct Caller {
    mailbox: Mutex<Mailbox>,
    told: Condvar,
}

#[derive(Default)]
struct Mailbox {
    news: Option<News>,
    is_waiting: bool,
}

impl Session {
    pub(super) fn new(exclusive: Arc<dyn Exclusive>, state: State, since: Duration) -> Session {
        let position = exclusive.position();
        Session { exclusive, state, position, since }
    }

    /// Whether new commits may join it.
    pub(super) fn is_young(&self, now: Duration) -> bool {
        now.saturating_sub(self.since) < SESSION
    }
}

impl Caller {
    fn lock(&self) -> MutexGuard<'_, Mailbox> {
        self.mailbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives it news, which may come late: others have seen to the disk meanwhile, and settled its
    /// commit.
    pub(super) fn tell(&self, news: News) {
        let mut mailbox = self.lock();
        if matches!(news, News::Disk) && mailbox.news.is_some() {
            return;
        }
        mailbox.news = Some(news);
        // Waking nobody costs a system call, too.
        let is_waiting = mailbox.is_waiting;
        drop(mailbox);
        if is_waiting {
            self.told.notify_one();
        }
    }

    /// The news there are.
    pub(super) fn news(&self) -> Option<News> {
        self.lock().news.take()
    }

    /// Waits for news, and no longer than `timeout` if there is one.
    pub(super) fn wait(&self, timeout: Option<Duration>) -> Option<News> {
        // A moment that no clock reaches is none.
        let end = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut mailbox = self.lock();
        mailbox.is_waiting = true;
        while mailbox.news.is_none() {
            let left = end.map(|end| end.saturating_duration_since(Instant::now()));
            mailbox = match left {
                None => self.told.wait(mailbox).unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => break,
                Some(left) => {
                    let waited = self.told.wait_timeout(mailbox, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        mailbox.is_waiting = false;
        mailbox.news.take()
    }
}

impl Tip {
    /// Takes the turn, or puts the thread in the line; then it has nothing yet.
    pub(super) fn enter(&mut self, asked: Option<Asked>, caller: &Arc<Caller>) -> Option<News> {
        if !self.is_taken {
            self.is_taken = true;
            return Some(News::Turn(asked));
        }
        self.line.push_back(InLine { asked, caller: Arc::clone(caller) });
        None
    }

    /// Takes a thread out of the line; false when it does not stand there any more.
    pub(super) fn give_up(&mut self, caller: &Arc<Caller>) -> bool {
        let place = self.line.iter().position(|other| Arc::ptr_eq(&other.caller, caller));
        place.is_some_and(|place| self.line.remove(place).is_some())
    }

    pub(super) fn in_line(&self) -> usize {
        self.line.len()
    }

    /// What the first thread in the line asks for, if it can be done at once: in the session that
    /// there is, and by whoever has the turn.
    pub(super) fn next_asked(&mut self, now: Duration) -> Option<(Asked, Arc<Caller>)> {
        let is_open = self.session.as_ref().is_some_and(|session| session.is_young(now));
        if !is_open || self.sync_error.is_some() {
            return None;
        }
        self.line.front()?.asked.as_ref()?;
        let InLine { asked, caller } = self.line.pop_front()?;
        asked.map(|asked| (asked, caller))
    }

    /// Takes the turn, if nobody has it, to see to a sync that failed.
    pub(super) fn take_turn_for_failure(&mut self) -> bool {
        let takes = self.sync_error.is_some() && !self.is_taken;
        self.is_taken |= takes;
        takes
    }

    /// Ends a turn and gives it to the first in the line, who is to be told.
    pub(super) fn pass_turn(&mut self) -> Option<(Arc<Caller>, News)> {
        let next = self.line.pop_front();
        self.is_taken = next.is_some();
        self.end_session();
        next.map(|next| (next.caller, News::Turn(next.asked)))
    }

    /// Ends the session unless somebody decides or waits for the disk, who will.
    fn end_session(&mut self) {
        if !self.is_taken && self.waiting.is_empty() {
            self.session = None;
        }
    }

    /// Notes that a commit was written, and gives back the state before it.
    pub(super) fn advance(&mut self, state: State, position: Position) -> Option<State> {
        self.commits += 1;
        self.has_written = true;
        let session = self.session.as_mut()?;
        session.position = position;
        Some(std::mem::replace(&mut session.state, state))
    }

    /// Notes that a commit was written that will be told of when it is on disk.
    pub(super) fn note_written(&mut self) {
        self.written += 1;
    }

    /// Lets a thread wait until everything written so far is on disk.
    pub(super) fn wait_for_disk(&mut self, answer: String, caller: &Arc<Caller>) {
        let (ticket, caller) = (self.written, Arc::clone(caller));
        self.waiting.push_back(Waiting { ticket, answer, caller });
    }

    /// Whether everything written is on disk, or as far there as its policy asks for.
    pub(super) fn is_settled(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Begins to sync everything written so far, if there is something and nobody else does.
    pub(super) fn begin_sync(&mut self) -> Option<(Session, u64)> {
        if self.is_syncing || self.sync_error.is_some() || self.waiting.is_empty() {
            return None;
        }
        let session = self.session.clone()?;
        self.is_syncing = true;
        Some((session, self.written))
    }

    /// Notes that the first `written` commits are on disk: who is to be told, and what.
    pub(super) fn end_sync(&mut self, written: u64) -> Vec<(Arc<Caller>, News)> {
        self.is_syncing = false;
        let settled = self.waiting.iter().take_while(|it| it.ticket <= written).count();
        // The next sync begins while these are told.
        let syncs = self.waiting.iter().skip(settled).next_back();
        let mut news: Vec<_> =
            syncs.map(|it| (Arc::clone(&it.caller), News::Disk)).into_iter().collect();
        let settled = self.waiting.drain(..settled);
        news.extend(settled.map(|it| (it.caller, News::Settled(Ok(it.answer)))));
        self.end_session();
        news
    }

    /// Notes that a sync failed: who is to be told. One of them sees to it.
    pub(super) fn fail_sync(&mut self, error: Error) -> Vec<(Arc<Caller>, News)> {
        (self.is_syncing, self.sync_error) = (false, Some(error));
        self.waiting.iter().map(|it| (Arc::clone(&it.caller), News::Disk)).collect()
    }

    /// Whom to tell that the disk has to be looked after, unless that is `caller` itself or
    /// somebody does.
    pub(super) fn next_syncer(&self, caller: &Arc<Caller>) -> Option<Arc<Caller>> {
        let is_own = |it: &Waiting| Arc::ptr_eq(&it.caller, caller);
        if self.is_syncing || self.waiting.iter().any(is_own) {
            return None;
        }
        self.waiting.back().map(|it| Arc::clone(&it.caller))
    }

    /// Begins to see to a sync that failed; nobody syncs until that is done.
    pub(super) fn begin_to_mend(&mut self) -> Option<(Error, Arc<dyn Exclusive>)> {
        let exclusive = Arc::clone(&self.session.as_ref()?.exclusive);
        let error = self.sync_error.take()?;
        self.is_syncing = true;
        Some((error, exclusive))
    }

    /// Goes back to the last state that was acknowledged: whose commits are lost.
    pub(super) fn go_back(&mut self, state: State) -> Vec<Arc<Caller>> {
        self.is_syncing = false;
        if let Some(session) = &mut self.session {
            (session.position, session.state) = (session.exclusive.position(), state);
        }
        std::mem::take(&mut self.waiting).into_iter().map(|it| it.caller).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Limits;
    use crate::engine::tests::drafts::limits;
    use crate::error::ErrorKind;
    use crate::model::json::JsonText;
    use crate::storage::Storage;
    use crate::storage::memory::Memory;

    fn callers<const N: usize>() -> [Arc<Caller>; N] {
        std::array::from_fn(|_| Arc::default())
    }

    fn asked() -> Option<Asked> {
        let operation = Operation::Add { document: JsonText::EMPTY_OBJECT, name: None };
        Some(Asked { operation, limits: Limits { lock_timeout: Duration::ZERO, ..limits() } })
    }

    fn with_session() -> Tip {
        let exclusive = Arc::from(Memory::default().lock(Duration::ZERO).unwrap());
        let session = Session::new(exclusive, State::new(Arc::default()), Duration::ZERO);
        Tip { session: Some(session), ..Tip::default() }
    }

    /// Which of the callers are told, and whether their commits are settled.
    fn told(callers: &[Arc<Caller>], news: Vec<(Arc<Caller>, News)>) -> Vec<(usize, bool)> {
        let place = |it: &Arc<Caller>| callers.iter().position(|other| Arc::ptr_eq(it, other));
        let is_settled = |news: &News| matches!(news, News::Settled(Ok(_)));
        news.iter().map(|(it, news)| (place(it).unwrap(), is_settled(news))).collect()
    }

    #[test]
    fn a_sync_settles_what_was_written_before_it_and_one_of_the_rest_syncs_next() {
        let (mut tip, callers) = (with_session(), callers::<4>());
        let write = |tip: &mut Tip, nth: usize| {
            tip.note_written();
            tip.wait_for_disk(String::new(), &callers[nth]);
        };
        assert!(tip.begin_sync().is_none(), "nothing waits");
        write(&mut tip, 0);
        tip.wait_for_disk(String::new(), &callers[1]);
        let (_, written) = tip.begin_sync().unwrap();
        write(&mut tip, 2);
        write(&mut tip, 3);
        assert!(tip.begin_sync().is_none(), "one syncs at a time");
        assert!(tip.next_syncer(&Arc::default()).is_none());
        let first = tip.end_sync(written);
        assert_eq!(told(&callers, first), [(3, false), (0, true), (1, true)]);
        let next = |caller| tip.next_syncer(caller).map(|it| Arc::ptr_eq(&it, &callers[3]));
        assert_eq!(next(&callers[0]), Some(true));
        assert_eq!(next(&callers[2]), None, "it looks after the disk itself");
        let (_, written) = tip.begin_sync().unwrap();
        assert_eq!(told(&callers, tip.end_sync(written)), [(2, true), (3, true)]);
        assert!(tip.is_settled() && tip.session.is_none(), "nobody decides or waits");
    }

    #[test]
    fn nobody_syncs_after_a_failed_sync_before_it_was_seen_to() {
        let (mut tip, callers) = (with_session(), callers::<2>());
        tip.note_written();
        tip.wait_for_disk(String::new(), &callers[0]);
        tip.begin_sync().unwrap();
        tip.note_written();
        tip.wait_for_disk(String::new(), &callers[1]);
        let news = tip.fail_sync(Error::new(ErrorKind::Io, "it failed"));
        assert_eq!(told(&callers, news), [(0, false), (1, false)]);
        assert!(tip.begin_sync().is_none());
        assert!(tip.take_turn_for_failure() && !tip.take_turn_for_failure());
        tip.begin_to_mend().unwrap();
        assert!(tip.begin_sync().is_none() && tip.begin_to_mend().is_none());
        assert_eq!(tip.go_back(State::new(Arc::default())).len(), 2);
        assert!(tip.is_settled());
    }

    #[test]
    fn who_has_the_turn_does_what_others_ask_for_while_its_session_is_young() {
        let (mut tip, callers) = (with_session(), callers::<3>());
        assert!(matches!(tip.enter(None, &callers[0]), Some(News::Turn(None))));
        assert!(tip.enter(asked(), &callers[1]).is_none());
        assert!(tip.enter(None, &callers[2]).is_none());
        assert!(tip.next_asked(SESSION).is_none(), "others get their turn");
        let (_, caller) = tip.next_asked(Duration::ZERO).unwrap();
        assert!(Arc::ptr_eq(&caller, &callers[1]));
        assert!(tip.next_asked(Duration::ZERO).is_none(), "it wants the turn itself");
        assert!(tip.give_up(&callers[2]) && !tip.give_up(&callers[2]));
        assert!(tip.pass_turn().is_none() && tip.session.is_none());
    }

    #[test]
    fn late_news_of_the_disk_do_not_hide_what_came_of_a_commit() {
        let caller = Caller::default();
        caller.tell(News::Settled(Ok("an answer".to_owned())));
        caller.tell(News::Disk);
        assert!(matches!(caller.wait(None), Some(News::Settled(Ok(_)))));
        assert!(caller.wait(Some(Duration::ZERO)).is_none());
    }
}
