//! The descriptors of this process's lock files, for the child of a fork to let go of.
//!
//! A child shares the locks of its parent: if it kept the descriptor, the lock would outlive the
//! parent. In the child of a fork little may be done, no memory be taken and no lock be waited for,
//! so the descriptors stand in a fixed array.

use std::sync::atomic::{AtomicI32, Ordering};

/// So many lock files are noted at the same time; a child keeps the locks of any others.
const MAX: usize = 256;
const NONE: i32 = -1;

static DESCRIPTORS: [AtomicI32; MAX] = [const { AtomicI32::new(NONE) }; MAX];

/// A descriptor that is noted until this is dropped.
pub(crate) struct Noted(Option<&'static AtomicI32>);

impl Noted {
    /// Notes a descriptor.
    pub(crate) fn new(descriptor: Option<i32>) -> Noted {
        let Some(descriptor) = descriptor else { return Noted(None) };
        let take = |place: &&AtomicI32| {
            let taken =
                place.compare_exchange(NONE, descriptor, Ordering::SeqCst, Ordering::SeqCst);
            taken.is_ok()
        };
        Noted(DESCRIPTORS.iter().find(take))
    }
}

impl Drop for Noted {
    fn drop(&mut self) {
        if let Some(place) = self.0 {
            place.store(NONE, Ordering::SeqCst);
        }
    }
}

/// Lets `act` see each descriptor. Takes no lock and no memory.
pub(crate) fn each(act: impl Fn(i32)) {
    for place in &DESCRIPTORS {
        let descriptor = place.load(Ordering::SeqCst);
        if descriptor != NONE {
            act(descriptor);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[test]
    fn a_descriptor_is_seen_as_long_as_it_is_noted() {
        let seen = |wanted: i32| {
            let found = Mutex::new(false);
            each(|descriptor| *found.lock().unwrap() |= descriptor == wanted);
            found.into_inner().unwrap()
        };
        // No file of this process has so high a number.
        let noted = Noted::new(Some(1_000_000));
        assert!(seen(1_000_000));
        drop(noted);
        assert!(!seen(1_000_000));
        drop(Noted::new(None));
    }
}
