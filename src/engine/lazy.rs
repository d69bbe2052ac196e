//! [`Lazy`]: a value that is made when somebody first asks for it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// A value that follows from its state and is made when it is first wanted.
///
/// A clone belongs to a state that is going to change: it has the value if that was made by then.
/// That somebody wanted it all clones know, so that the states to come have it in time (see
/// `State::own_indexes`): otherwise readers would make it anew for each of them.
#[derive(Clone)]
pub(super) struct Lazy<T> {
    value: OnceLock<T>,
    wanted: Arc<AtomicBool>,
}

impl<T> Default for Lazy<T> {
    fn default() -> Lazy<T> {
        Lazy { value: OnceLock::new(), wanted: Arc::default() }
    }
}

impl<T> Lazy<T> {
    /// The value. Where it is not there yet, `make` makes it; who asks meanwhile waits for that.
    pub(super) fn get(&self, make: impl FnOnce() -> T) -> &T {
        self.value.get_or_init(|| {
            // Nothing else follows from the flag, and to see it late costs time alone.
            self.wanted.store(true, Ordering::Relaxed);
            make()
        })
    }

    /// The value, if it was made.
    pub(super) fn made(&self) -> Option<&T> {
        self.value.get()
    }

    /// The value, if it was made, to bring it up to date.
    pub(super) fn made_mut(&mut self) -> Option<&mut T> {
        self.value.get_mut()
    }

    /// Whether somebody asked for the value, of whichever clone.
    pub(super) fn is_wanted(&self) -> bool {
        self.wanted.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_made_once_and_clones_know_that_it_is_wanted() {
        let lazy = Lazy::default();
        let before = lazy.clone();
        assert!(lazy.made().is_none() && !before.is_wanted());
        assert_eq!(lazy.get(|| 1), &1);
        assert_eq!(lazy.get(|| 2), &1, "it is made once");
        let mut after = lazy.clone();
        assert!(before.is_wanted() && before.made().is_none());
        *after.made_mut().unwrap() += 1;
        assert_eq!((lazy.made(), after.made()), (Some(&1), Some(&2)));
    }
}
