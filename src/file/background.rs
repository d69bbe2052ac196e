//! Threads of the library's own: no signal of the program ever runs on one.

use std::thread::{Builder, JoinHandle};

use nix::sys::signal::{SigSet, SigmaskHow};

/// Starts a thread; None where the system has no more of them.
pub(crate) fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Option<JoinHandle<()>> {
    // The new thread inherits the mask, so there is no moment in which it takes a signal.
    let mask = SigSet::all().thread_swap_mask(SigmaskHow::SIG_BLOCK).ok()?;
    let started = Builder::new().name(name.to_owned()).spawn(work);
    // It was the mask of this thread a moment ago, so it is a good one.
    let _ = mask.thread_set_mask();
    started.ok()
}
