//! Knows whether this process is a fork child of the one that made a handle.
//!
//! A child inherits memory but not threads, and shares file locks with its parent, so a handle of
//! the parent must do nothing there. A counter that the child's fork handler raises makes the
//! check one atomic load. The handler also lets go of the descriptors of lock files, with which the
//! child would keep a lock that its parent had when it died. It must not do more than is safe after
//! a fork.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};

use crate::error::{Error, ErrorKind, Result};
use crate::store::lock_descriptors;

static GENERATION: AtomicU64 = AtomicU64::new(0);
/// An open descriptor of nothing, to be put in the place of others; negative without one.
static NOTHING: AtomicI32 = AtomicI32::new(-1);

/// Counts the forks between the first process and this one, since [`watch`] was called.
pub(super) fn generation() -> u64 {
    GENERATION.load(Ordering::Relaxed)
}

extern "C" fn child() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
    let nothing = NOTHING.load(Ordering::SeqCst);
    if nothing >= 0 {
        // Their numbers stay taken: the memory of the parent's handles still names them, and
        // closes them when they are given up.
        lock_descriptors::each(|descriptor| let_go(nothing, descriptor));
    }
}

fn let_go(nothing: i32, descriptor: i32) {
    // SAFETY: both are numbers of open descriptors, `descriptor` one of this library's own, and
    // both functions may be called between fork and exec.
    unsafe {
        if libc::dup2(nothing, descriptor) >= 0 {
            libc::fcntl(descriptor, libc::F_SETFD, libc::FD_CLOEXEC);
        }
    }
}

/// Begins to watch for forks; called before the first handle of the process is made.
pub(super) fn watch() -> Result<()> {
    static REGISTERED: OnceLock<i32> = OnceLock::new();
    let code = *REGISTERED.get_or_init(|| {
        // SAFETY: the name is a C string. Without the file a child keeps descriptors, nothing
        // worse.
        let nothing = unsafe { libc::open(c"/dev/null".as_ptr(), libc::O_RDWR | libc::O_CLOEXEC) };
        NOTHING.store(nothing, Ordering::SeqCst);
        // SAFETY: the handler is a plain function that lives as long as the library and does
        // nothing that is not safe between fork and exec.
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
