//! Knows whether this process is a fork child of the one that made a handle.
//!
//! A child inherits memory but not threads, and shares file locks with its parent, so a handle of
//! the parent must do nothing there. A counter that the child's fork handler raises makes the
//! check one atomic load. It must not do more in the handler than is safe after a fork.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, ErrorKind, Result};

static GENERATION: AtomicU64 = AtomicU64::new(0);

/// Counts the forks between the first process and this one, since [`watch`] was called.
pub(super) fn generation() -> u64 {
    GENERATION.load(Ordering::Relaxed)
}

extern "C" fn child() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
}

/// Begins to watch for forks; called before the first handle of the process is made.
pub(super) fn watch() -> Result<()> {
    static REGISTERED: OnceLock<i32> = OnceLock::new();
    let code = *REGISTERED.get_or_init(|| {
        // SAFETY: the handler is a plain function that lives as long as the library and does one
        // atomic addition, which is safe between fork and exec.
        unsafe { libc::pthread_atfork(None, None, Some(child)) }
    });
    if code == 0 {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Io, "cannot register the fork handler: out of memory")
        .named("NO_FORK_HANDLER")
        .hint("free memory and start the program again"))
}

/// The error of a call in a fork child on a handle of its parent.
#[cold]
pub(super) fn forked() -> Error {
    Error::new(ErrorKind::Forked, "this handle belongs to the parent process of a fork")
        .hint("close it here (that only frees memory) and open the store anew in this process")
}
