//! A queue for the threads of one process: who came first goes first.
//!
//! The lock of a descriptor does not tell threads apart, so they take turns here before they touch
//! it. Nothing else may be decided here.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// The queue. A thread has its turn until it leaves.
#[derive(Default)]
pub(crate) struct Turns(Mutex<Line>);

#[derive(Default)]
struct Line {
    /// Whether a thread has its turn.
    is_taken: bool,
    /// Those that wait, who came first in front. Each is woken alone, and only for its turn: waking
    /// one for nothing takes as long as deciding a commit.
    waiting: VecDeque<Arc<Condvar>>,
}

impl Turns {
    /// Waits for the turn; false when it did not come within `timeout`.
    pub(crate) fn enter(&self, timeout: Duration) -> bool {
        let mut line = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !line.is_taken {
            line.is_taken = true;
            return true;
        }
        let mine = Arc::new(Condvar::new());
        line.waiting.push_back(Arc::clone(&mine));
        let place = |line: &Line| line.waiting.iter().position(|other| Arc::ptr_eq(other, &mine));
        let waited = mine.wait_timeout_while(line, timeout, |line| place(line).is_some());
        let (mut line, _) = waited.unwrap_or_else(PoisonError::into_inner);
        match place(&line) {
            Some(place) => {
                line.waiting.remove(place);
                false
            }
            None => true,
        }
    }

    /// Ends the turn of the thread that has it.
    pub(crate) fn leave(&self) {
        let mut line = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Who is taken out of the line has its turn.
        let next = line.waiting.pop_front();
        line.is_taken = next.is_some();
        drop(line);
        if let Some(next) = next {
            next.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            while turns.0.lock().unwrap().waiting.len() < number + 1 {
                std::thread::yield_now();
            }
        }
        turns.leave();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(*order.lock().unwrap(), (0..8).collect::<Vec<_>>());
    }
}
