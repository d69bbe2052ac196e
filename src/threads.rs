//! Threads of the library's own: no signal of the program ever runs on one.

use std::io;
use std::num::NonZero;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::{self, Builder, JoinHandle, available_parallelism};

use nix::sys::signal::{SigSet, SigmaskHow};

/// More threads than these would wait for the one that takes what they make.
const THREADS_MAX: usize = 4;
/// How many pieces a thread makes before it waits until one is taken.
const PIECES_WAITING: usize = 4;

/// Starts a thread; None where the system has no more of them.
pub(crate) fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Option<JoinHandle<()>> {
    without_signals(|| Builder::new().name(name.to_owned()).spawn(work))
}

fn without_signals<T>(start: impl FnOnce() -> io::Result<T>) -> Option<T> {
    // The new thread inherits the mask, so there is no moment in which it takes a signal.
    let mask = SigSet::all().thread_swap_mask(SigmaskHow::SIG_BLOCK).ok()?;
    let started = start();
    // It was the mask of this thread a moment ago, so it is a good one.
    let _ = mask.thread_set_mask();
    started.ok()
}

/// Lets `take` have the pieces `make(0)`, `make(1)` and so on, as many as there are, which threads
/// make meanwhile, as many as the machine runs at once. They end with the call.
pub(crate) fn in_order<T: Send, R>(
    pieces: usize,
    make: &(impl Fn(usize) -> T + Sync),
    take: impl FnOnce(InOrder<'_, T>) -> R,
) -> R {
    let at_once = available_parallelism().map_or(1, NonZero::get).min(THREADS_MAX);
    in_order_by(at_once.min(pieces), pieces, make, take)
}

fn in_order_by<T: Send, R>(
    count: usize,
    pieces: usize,
    make: &(impl Fn(usize) -> T + Sync),
    take: impl FnOnce(InOrder<'_, T>) -> R,
) -> R {
    thread::scope(|scope| {
        let mut threads = Vec::new();
        let mut made = Vec::new();
        // One alone takes no less time than who takes the pieces.
        for first in (0..count).filter(|_| count > 1) {
            let (send, receive) = sync_channel(PIECES_WAITING);
            let work = move || {
                let mut own = (first..pieces).step_by(count);
                while own.next().is_some_and(|piece| send.send(make(piece)).is_ok()) {}
            };
            let name = "nanostore-piece".to_owned();
            let start = || Builder::new().name(name).spawn_scoped(scope, work);
            threads.extend(without_signals(start));
            made.push(receive);
        }
        let taken = take(InOrder { made, next: 0, pieces, make });
        for thread in threads {
            // What one that panicked did not make was made by who takes the pieces.
            let _ = thread.join();
        }
        taken
    })
}

/// Pieces that threads make, in their order.
pub(crate) struct InOrder<'m, T> {
    /// What each of the threads makes: the pieces whose numbers leave its own number as the rest.
    made: Vec<Receiver<T>>,
    next: usize,
    pieces: usize,
    make: &'m dyn Fn(usize) -> T,
}

impl<T> InOrder<'_, T> {
    /// The number of the piece that comes next.
    pub(crate) fn number(&self) -> usize {
        self.next
    }
}

impl<T> Iterator for InOrder<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        if self.next >= self.pieces {
            return None;
        }
        let piece = self.next;
        self.next += 1;
        let thread = piece.checked_rem(self.made.len()).and_then(|place| self.made.get(place));
        // A thread that could not be started makes nothing.
        let made = thread.and_then(|made| made.recv().ok());
        Some(made.unwrap_or_else(|| (self.make)(piece)))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn pieces_come_in_their_order_each_once_and_whoever_has_enough_may_stop() {
        for count in [0, 1, 2, 3, 4] {
            for pieces in [0, 1, 2, 3, 50] {
                let calls = AtomicUsize::new(0);
                let make = |piece| {
                    calls.fetch_add(1, Ordering::Relaxed);
                    piece * piece
                };
                let all: Vec<usize> = in_order_by(count, pieces, &make, |all| all.collect());
                assert_eq!(all, (0..pieces).map(|it| it * it).collect::<Vec<_>>());
                assert_eq!(calls.load(Ordering::Relaxed), pieces);
                let some = in_order_by(count, pieces, &make, |mut pieces| {
                    (pieces.next(), pieces.number())
                });
                assert_eq!(some, ((pieces > 0).then_some(0), pieces.min(1)));
            }
        }
    }

    #[test]
    fn what_a_thread_does_not_make_is_made_by_who_takes_it() {
        let taker = thread::current().id();
        let make = |piece| {
            assert!(piece % 3 != 1 || thread::current().id() == taker, "a thread that ends early");
            piece
        };
        let all: Vec<usize> = in_order_by(2, 20, &make, |all| all.collect());
        assert_eq!(all, (0..20).collect::<Vec<_>>());
    }
}
