//! Threads of the library's own: no signal of the program ever runs on one.

use std::io;
use std::num::NonZero;
use std::thread::{Builder, JoinHandle, Scope, ScopedJoinHandle, available_parallelism};

use nix::sys::signal::{SigSet, SigmaskHow};

/// Starts a thread; None where the system has no more of them.
pub(crate) fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Option<JoinHandle<()>> {
    without_signals(|| Builder::new().name(name.to_owned()).spawn(work))
}

/// Starts a thread that ends with the scope; None where the system has no more of them.
pub(crate) fn spawn_scoped<'scope>(
    scope: &'scope Scope<'scope, '_>,
    name: &str,
    work: impl FnOnce() + Send + 'scope,
) -> Option<ScopedJoinHandle<'scope, ()>> {
    without_signals(|| Builder::new().name(name.to_owned()).spawn_scoped(scope, work))
}

/// How many threads the machine runs at once, as far as it says.
pub(crate) fn at_once() -> usize {
    available_parallelism().map_or(1, NonZero::get)
}

fn without_signals<T>(start: impl FnOnce() -> io::Result<T>) -> Option<T> {
    // The new thread inherits the mask, so there is no moment in which it takes a signal.
    let mask = SigSet::all().thread_swap_mask(SigmaskHow::SIG_BLOCK).ok()?;
    let started = start();
    // It was the mask of this thread a moment ago, so it is a good one.
    let _ = mask.thread_set_mask();
    started.ok()
}
