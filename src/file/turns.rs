//! A queue for the threads of one process: who came first goes first.
//!
//! The lock of a descriptor does not tell threads apart, so they take turns here before they touch
//! it. Nothing else may be decided here.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// The queue. The thread whose ticket is in front has its turn until it leaves.
#[derive(Default)]
pub(crate) struct Turns {
    line: Mutex<Line>,
    moved: Condvar,
}

#[derive(Default)]
struct Line {
    tickets: VecDeque<u64>,
    next: u64,
}

impl Turns {
    /// Waits for the turn; false when it did not come within `timeout`.
    pub(crate) fn enter(&self, timeout: Duration) -> bool {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        let ticket = line.next;
        line.next = line.next.wrapping_add(1);
        line.tickets.push_back(ticket);
        let (mut line, _) = self
            .moved
            .wait_timeout_while(line, timeout, |line| line.tickets.front() != Some(&ticket))
            .unwrap_or_else(PoisonError::into_inner);
        let mine = line.tickets.front() == Some(&ticket);
        if !mine {
            line.tickets.retain(|other| *other != ticket);
        }
        mine
    }

    /// Ends the turn of the thread that has it.
    pub(crate) fn leave(&self) {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        line.tickets.pop_front();
        // Waking nobody costs a system call, too.
        if !line.tickets.is_empty() {
            self.moved.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn a_second_thread_waits_and_gives_up_in_time() {
        let turns = Turns::default();
        assert!(turns.enter(Duration::ZERO));
        assert!(!turns.enter(Duration::from_millis(5)));
        turns.leave();
        assert!(turns.enter(Duration::ZERO));
    }

    #[test]
    fn threads_get_their_turns_in_the_order_they_came() {
        let turns = Arc::new(Turns::default());
        let order = Arc::new(Mutex::new(Vec::new()));
        assert!(turns.enter(Duration::ZERO));
        let mut threads = Vec::new();
        for number in 0..8 {
            let (queue, order) = (Arc::clone(&turns), Arc::clone(&order));
            threads.push(std::thread::spawn(move || {
                assert!(queue.enter(Duration::from_secs(20)));
                order.lock().unwrap().push(number);
                queue.leave();
            }));
            // The next one comes only once this one stands in the line.
            while turns.line.lock().unwrap().tickets.len() < number + 2 {
                std::thread::yield_now();
            }
        }
        turns.leave();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(*order.lock().unwrap(), (0..8).collect::<Vec<_>>());
    }
}
