//! States that somebody reads on, and what they hold in memory beyond the present one.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use serde::Serialize;

use crate::engine::state::State;
use crate::engine::{Engine, Limits};
use crate::error::Result;

/// The snapshots and cursors in use.
#[derive(Default)]
pub(super) struct Snapshots(Mutex<Vec<Weak<State>>>);

/// What the snapshots and cursors in use come to.
#[derive(Serialize)]
pub(crate) struct SnapshotReport {
    open: usize,
    oldest_commit: Option<u64>,
    held_bytes: usize,
}

impl Engine {
    /// Catches up and gives the state, to keep.
    ///
    /// # Errors
    /// Those of reading.
    pub(crate) fn snapshot(&self, limits: &Limits) -> Result<Arc<State>> {
        let state = Arc::new(self.read(limits, |state| Ok(state.clone()))?);
        let mut snapshots = self.snapshots.0.lock().unwrap_or_else(PoisonError::into_inner);
        snapshots.retain(|snapshot| snapshot.strong_count() > 0);
        snapshots.push(Arc::downgrade(&state));
        Ok(state)
    }

    /// Tells of the snapshots and cursors in use; costs what changed since the oldest was taken.
    pub(crate) fn snapshot_report(&self) -> SnapshotReport {
        let snapshots = self.snapshots.0.lock().unwrap_or_else(PoisonError::into_inner);
        let snapshots: Vec<Arc<State>> = snapshots.iter().filter_map(Weak::upgrade).collect();
        let current = self.current();
        // What several hold is counted with the first: the newer ones share it mostly.
        let oldest = snapshots.iter().min_by_key(|state| state.commit);
        SnapshotReport {
            open: snapshots.len(),
            oldest_commit: oldest.map(|state| state.commit),
            held_bytes: oldest.map_or(0, |state| state.bytes_beyond(&current)),
        }
    }
}
