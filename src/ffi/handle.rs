//! What C holds of a store and of a cursor, and the checks before each use.
//!
//! A handle remembers in which process it was made. It adds nothing else to what the facade gives:
//! how long a store lives is the facade's affair.

use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use super::fork::{forked, generation};
use super::text::null;
use crate::error::{Error, ErrorKind, Result};
use crate::store::{Cursor, Store};

/// An open store. Handles are independent of each other: the store shuts down with its last
/// handle and cursor, whichever is closed last. Any function may use a handle from any thread, and
/// several threads may use one handle at the same time: readers run side by side, writers one
/// after the other.
pub struct StoreHandle {
    generation: u64,
    store: Store,
}

/// The result of a query, pulled document by document from the state at which it was opened. It
/// keeps its store alive. A cursor belongs to one thread at a time; it may move between threads.
pub struct CursorHandle {
    generation: u64,
    // The lock is never waited for: it notices two threads that use one cursor, and remembers a
    // panic, after which the cursor is not to be used.
    cursor: Mutex<Cursor>,
}

const fn is_shared<T: Send + Sync>() {}
const _: () = is_shared::<StoreHandle>();
const _: () = is_shared::<CursorHandle>();

impl StoreHandle {
    /// Wraps a store that was opened in this process.
    pub(super) fn new(store: Store) -> StoreHandle {
        StoreHandle { generation: generation(), store }
    }

    /// The store behind a handle that C passed.
    ///
    /// # Safety
    /// `handle` is NULL or a handle that is not closed before `'a` ends.
    pub(super) unsafe fn store<'a>(handle: *const StoreHandle) -> Result<&'a Store> {
        // SAFETY: as the caller says.
        let handle = unsafe { handle.as_ref() }.ok_or_else(|| null("store"))?;
        if handle.generation == generation() { Ok(&handle.store) } else { Err(forked()) }
    }

    /// Closes the handle; in a fork child this frees memory and does nothing else.
    pub(super) fn close(self) -> Result<()> {
        if self.generation == generation() {
            return self.store.close();
        }
        self.store.abandon();
        Ok(())
    }
}

impl CursorHandle {
    /// Wraps a cursor that was opened in this process.
    pub(super) fn new(cursor: Cursor) -> CursorHandle {
        CursorHandle { generation: generation(), cursor: Mutex::new(cursor) }
    }

    /// The cursor behind a handle that C passed, for the length of one call.
    ///
    /// # Safety
    /// `handle` is NULL or a cursor that is not closed before `'a` ends.
    pub(super) unsafe fn cursor<'a>(handle: *mut CursorHandle) -> Result<MutexGuard<'a, Cursor>> {
        // SAFETY: as the caller says.
        let handle = unsafe { handle.as_ref() }.ok_or_else(|| null("cursor"))?;
        if handle.generation != generation() {
            return Err(forked());
        }
        handle.cursor.try_lock().map_err(|refusal| match refusal {
            TryLockError::WouldBlock => {
                Error::new(ErrorKind::Misuse, "another thread is using this cursor")
                    .named("CURSOR_IN_USE")
                    .hint("open one cursor for each thread, or take turns")
            }
            TryLockError::Poisoned(_) => {
                Error::new(ErrorKind::Panic, "an earlier call on this cursor met a defect")
                    .named("CURSOR_ENDED")
                    .hint("close the cursor and open another")
            }
        })
    }

    /// Closes the cursor; in a fork child this frees memory and does nothing else.
    pub(super) fn close(self) {
        let cursor = self.cursor.into_inner().unwrap_or_else(PoisonError::into_inner);
        if self.generation != generation() {
            cursor.abandon();
        }
    }
}
