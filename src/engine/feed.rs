//! The feed: what was written since a revision.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;

use crate::engine::state::State;
use crate::engine::{Engine, Limits};
use crate::error::Result;

/// How often another process is asked for a commit while one waits.
const PAUSE: Duration = Duration::from_millis(20);

/// Told of each commit that is published.
#[derive(Default)]
pub(super) struct Commits {
    noted: Mutex<Noted>,
    more: Condvar,
}

#[derive(Default)]
struct Noted {
    commits: u64,
    /// Threads that wait for another one.
    threads: u32,
}

/// What was written since a revision.
#[derive(Serialize)]
pub(crate) struct Changes {
    changes: Vec<Changed>,
    next: u64,
    truncated: bool,
}

#[derive(Serialize)]
struct Changed {
    op: &'static str,
    uuid: String,
    id: Option<String>,
    rev: u64,
}

impl Commits {
    fn lock(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self) -> u64 {
        self.lock().commits
    }

    /// Notes a commit.
    pub(super) fn note(&self) {
        let mut noted = self.lock();
        noted.commits += 1;
        // Waking nobody costs a system call, too.
        if noted.threads > 0 {
            self.more.notify_all();
        }
    }

    /// Waits until there are more than `count`, but not for long.
    fn wait(&self, count: u64, at_most: Duration) {
        let mut noted = self.lock();
        noted.threads += 1;
        let is_known = |noted: &mut Noted| noted.commits == count;
        let waited = self.more.wait_timeout_while(noted, at_most.min(PAUSE), is_known);
        waited.unwrap_or_else(PoisonError::into_inner).0.threads -= 1;
    }
}

impl Engine {
    /// Tells what was written since revision `since`; where nothing was, waits for it for `wait`.
    ///
    /// # Errors
    /// Those of reading.
    pub(crate) fn changes(
        &self,
        limits: &Limits,
        since: u64,
        limit: usize,
        wait: Duration,
    ) -> Result<Changes> {
        let start = self.machine.monotonic();
        loop {
            let count = self.commits.count();
            let changes = self.read(limits, |state| Ok(changes(state, since, limit)))?;
            let waited = self.machine.monotonic().saturating_sub(start);
            if !changes.is_empty() || waited >= wait {
                return Ok(changes);
            }
            self.commits.wait(count, wait.saturating_sub(waited));
        }
    }
}

impl Changes {
    fn is_empty(&self) -> bool {
        self.changes.is_empty() && !self.truncated
    }
}

/// What was written since revision `since`, in the order of the commits; of one commit first what
/// is there. A commit is never split, so there may be more than `limit` changes.
pub(crate) fn changes(state: &State, since: u64, limit: usize) -> Changes {
    // Who has seen commits that this store never made starts again.
    let has_gone_back = since > state.commit;
    let since = if has_gone_back { 0 } else { since };
    let truncated = has_gone_back || since > 0 && since < state.envelope.removals_known_from();
    let mut puts = state.slots_since(since).peekable();
    // Who knows nothing yet has nothing to remove.
    let removed = state.envelope.removed_since(if since == 0 { u64::MAX } else { since });
    let mut removed = removed.peekable();
    let mut changes: Vec<Changed> = Vec::new();
    let mut next = state.commit;
    loop {
        let put_rev = puts.peek().map(|&slot| state.rev(slot));
        let removal_rev = removed.peek().map(|(_, commit)| *commit);
        let Some(rev) = [put_rev, removal_rev].into_iter().flatten().min() else { break };
        if let Some(last) = changes.last().filter(|last| changes.len() >= limit && last.rev < rev) {
            next = last.rev;
            break;
        }
        if put_rev == Some(rev) {
            let Some(slot) = puts.next() else { break };
            let id = state.forest().id(slot);
            changes.push(Changed { op: "put", uuid: state.uuid_text(slot), id, rev });
        } else {
            let Some((uuid, rev)) = removed.next() else { break };
            let uuid = uuid.hyphenated().to_string();
            changes.push(Changed { op: "delete", uuid, id: None, rev });
        }
    }
    Changes { changes, next, truncated }
}
