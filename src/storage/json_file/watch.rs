//! The data file kept open: what an open file is like costs half as much to ask as what the file of
//! a name is like, and reads ask at each call.

use std::sync::{PoisonError, RwLock};

use super::place::Place;
use crate::file::{File, Fingerprint, Metadata};

/// Where a file that was replaced, moved or removed tells it itself: the time of its last change
/// moves, and it has fewer links. Elsewhere (layers over other file systems, networks) an open file
/// may be another one than its name leads to.
const TELLING: [&str; 5] = ["ext4", "xfs", "btrfs", "f2fs", "tmpfs"];

/// The file, while it is as it was when it was opened.
#[derive(Default)]
pub(super) struct Watch(RwLock<Option<Watched>>);

struct Watched {
    file: Box<dyn File>,
    links: u64,
}

impl Watch {
    /// Whether the file that has the name is known to be as `seen`, since the open one is.
    pub(super) fn is_still(&self, seen: &Fingerprint) -> bool {
        let watched = self.0.read().unwrap_or_else(PoisonError::into_inner);
        watched.as_ref().is_some_and(|watched| {
            watched.file.metadata().is_ok_and(|now| watched.fits(&now, seen))
        })
    }

    /// Whether files of that place can be watched.
    pub(super) fn can_watch(place: &Place) -> bool {
        TELLING.contains(&place.directory.file_system_name())
    }

    /// Keeps a file that was just opened, if it is as `seen`, in the place of the one kept before.
    /// What cannot be opened is asked for by its name.
    pub(super) fn begin(&self, opened: Option<(Box<dyn File>, Metadata)>, seen: &Fingerprint) {
        let watched = opened.and_then(|(file, now)| {
            let watched = Watched { file, links: now.links };
            watched.fits(&now, seen).then_some(watched)
        });
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = watched;
    }

    /// Lets go of the file: it is about to be replaced, and would keep its space on the disk.
    pub(super) fn end(&self) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Watched {
    fn fits(&self, now: &Metadata, seen: &Fingerprint) -> bool {
        now.fingerprint() == *seen && now.links == self.links && now.links > 0
    }
}
