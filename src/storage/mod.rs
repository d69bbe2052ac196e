//! Where the bytes of a store are kept, and how processes take turns at them.
//!
//! A backend is one file here and one line in `conformance`. It never interprets a document: it
//! hands over whole images and tells whether somebody else changed them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::error::Result;
use crate::file::FileSystem;
use crate::file::os::OsFileSystem;

#[cfg(test)]
mod conformance;
#[cfg(test)]
#[cfg(feature = "testing")]
mod crash_tests;
pub(crate) mod json_file;
#[cfg(test)]
mod json_file_edit_tests;
#[cfg(test)]
mod json_file_tests;
pub(crate) mod memory;
#[cfg(test)]
mod process_tests;
mod seen;

/// The disk and the clocks that a store runs on.
pub(crate) type Machine = Arc<dyn FileSystem>;

#[cfg(feature = "testing")]
pub(crate) use crate::file::simulated::SimulatedProcess;

/// The machine this process runs on.
pub(crate) fn this_machine() -> Machine {
    Arc::new(OsFileSystem::new())
}

/// What a load found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Loaded {
    /// The bytes; None: there is no file (or the store is in memory).
    pub(crate) image: Option<Vec<u8>>,
    /// The highest commit number that any process gave out; 0 when unknown. No number up to it may
    /// be given out again.
    pub(crate) commit_floor: u64,
    /// The file is not the one a store last wrote: a person edited, replaced or removed it.
    pub(crate) foreign: bool,
    /// For a foreign file: the number under which exactly these bytes were taken in before.
    pub(crate) edit: Option<u64>,
    /// The file changed in the last 500 ms: what cannot be parsed may still be being written.
    pub(crate) fresh: bool,
}

/// What a backend tells of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Description {
    /// `memory` or `file`.
    pub(crate) engine: &'static str,
    /// The file, links resolved.
    pub(crate) path: Option<PathBuf>,
    /// The kind of file system it is on.
    pub(crate) file_system: Option<String>,
    /// Whether writing is refused.
    pub(crate) read_only: bool,
}

/// One store's bytes. Handles of one process on one store share one.
pub(crate) trait Storage: Send + Sync {
    /// What and where this is.
    fn description(&self) -> Description;

    /// Whether the bytes may differ from what was last loaded or written here. Cheap: asked at
    /// each call, without the lock.
    fn changed(&self) -> Result<bool>;

    /// Reads everything under the shared lock, and remembers what it saw.
    fn load(&self, timeout: Duration) -> Result<Loaded>;

    /// Waits for the exclusive lock across processes; dropping the result gives it up.
    fn lock(&self, timeout: Duration) -> Result<Box<dyn Exclusive + '_>>;
}

/// The exclusive lock, held.
pub(crate) trait Exclusive {
    /// As [`Storage::changed`]; also true when another process raised the commit numbers.
    fn changed(&self) -> Result<bool>;

    /// Reads everything, and remembers what it saw.
    fn load(&mut self) -> Result<Loaded>;

    /// Puts what `image` gives in the place of the file, as commit `commit`. An error means that
    /// nothing was done, but for the kind `UnknownOutcome`, after which the next call loads anew.
    /// Kind `Busy` named `FILE_CHANGED`: somebody changed the file since it was loaded; load and
    /// decide again. A backend that keeps nothing never calls `image`.
    fn replace(&mut self, commit: u64, image: &mut dyn FnMut() -> Result<Vec<u8>>) -> Result<()>;

    /// Notes that the person's edit loaded last was taken in as `commit`, without writing the file:
    /// no number up to it is given out again, and who loads the same edit is told.
    fn reserve(&mut self, commit: u64) -> Result<()>;
}
