//! Where the bytes of a store are kept, and how processes take turns at them.
//!
//! A backend is one file here and one line in `conformance`. It never interprets a document: it
//! hands over whole images and records of commits, and tells whether somebody else changed them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
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

pub(crate) use crate::file::lock_descriptors;
pub(crate) use crate::wal::record::{Body, Record};

/// The disk and the clocks that a store runs on.
pub(crate) type Machine = Arc<dyn FileSystem>;

#[cfg(feature = "testing")]
pub(crate) use crate::file::simulated::SimulatedProcess;

/// The machine this process runs on.
pub(crate) fn this_machine() -> Machine {
    Arc::new(OsFileSystem::new())
}

/// What somebody else did since the last look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Nothing.
    None,
    /// Commits came into the log; [`Storage::records`] has them.
    Log,
    /// Anything: load.
    All,
}

impl Change {
    /// Whether anything was done.
    pub(crate) fn is_any(self) -> bool {
        self != Change::None
    }
}

/// What a load found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Loaded {
    /// The bytes; None: there is no file (or the store is in memory).
    pub(crate) image: Option<Vec<u8>>,
    /// The commits of the log, which belong on top of the image.
    pub(crate) records: Vec<Record>,
    /// The image is not the one that the log goes with (a person edited it, or restored a backup),
    /// or the log is damaged: each operation holds only where it finds what it expects.
    pub(crate) merge: bool,
    /// The highest commit number that any process gave out; 0 when unknown. No number up to it may
    /// be given out again.
    pub(crate) commit_floor: u64,
    /// The file is not the one a store last wrote: a person edited, replaced or removed it.
    pub(crate) foreign: bool,
    /// For a foreign file: the number under which exactly these bytes were taken in before.
    pub(crate) edit: Option<u64>,
    /// The file changed in the last 500 ms: what cannot be parsed may still be being written.
    pub(crate) fresh: bool,
    /// A sync has failed, and the store was not made good since.
    pub(crate) poisoned: bool,
    /// An image that cannot be understood may be replaced by what can be read of it.
    pub(crate) salvage: bool,
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

/// Where a log ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Position {
    /// In bytes from its beginning.
    pub(crate) offset: u64,
    /// The number of its last commit.
    pub(crate) seq: u64,
}

/// One store's bytes. Handles of one process on one store share one.
pub(crate) trait Storage: Send + Sync {
    /// What and where this is.
    fn description(&self) -> Description;

    /// Whether the bytes may differ from what was last loaded or written here. Cheap: asked at
    /// each call, without the lock.
    fn changed(&self) -> Result<Change>;

    /// The commits that came into the log since the last look, without the lock; None when
    /// everything has to be loaded. Only one thread may ask at a time, and none may commit
    /// meanwhile.
    fn records(&self) -> Result<Option<Vec<Record>>>;

    /// Reads everything under the shared lock, and remembers what it saw.
    fn load(&self, timeout: Duration) -> Result<Loaded>;

    /// Waits for the exclusive lock across processes; dropping the result gives it up.
    fn lock(&self, timeout: Duration) -> Result<Box<dyn Exclusive>>;

    /// Bytes of the log that are in use; 0 without one.
    fn log_bytes(&self) -> u64;

    /// Counts this process among those that have the store open for writing; opening does.
    fn enter(&self);

    /// Stops counting this process; true unless another one has the store open for writing, as far
    /// as can be told. Of those that leave at the same time one is told so at least.
    fn leave(&self) -> bool;

    /// Files with what could not be kept in the store: conflicts, torn and damaged logs.
    fn kept_aside(&self) -> Vec<PathBuf>;
}

/// Operations of a log that found no place in the file, one a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LeftOver {
    /// Others did.
    Some(String),
    /// None did.
    All(String),
}

/// What is kept beside a data file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept<'a> {
    /// The bytes of a data file that is damaged.
    Damaged(&'a [u8]),
    /// Operations that an edit of the file undid, one a line.
    Overridden(&'a str),
}

/// Gives the bytes of a data file, piece by piece, to whom it is called with.
pub(crate) type Image<'a> = dyn Fn(&mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> + 'a;

/// The exclusive lock, held.
pub(crate) trait Exclusive: Send + Sync {
    /// As [`Storage::changed`]; also `All` when another process raised the commit numbers by other
    /// means than commits in the log.
    fn changed(&self) -> Result<Change>;

    /// As [`Storage::records`].
    fn records(&self) -> Result<Option<Vec<Record>>>;

    /// Reads everything, mends what a crash left, and remembers what it saw.
    fn load(&self) -> Result<Loaded>;

    /// Puts the bytes of `image` in the place of the file, as commit `commit`; a log is folded into
    /// it that way and gone. An error means that nothing was done, but for the kind
    /// `UnknownOutcome`, after which the next call loads anew. Kind `Busy` named `FILE_CHANGED`:
    /// somebody changed the file since it was loaded; load and decide again. A backend that keeps
    /// nothing never calls `image`.
    fn replace(&self, commit: u64, image: &Image<'_>) -> Result<()>;

    /// As [`Exclusive::replace`], for a log that does not go on: one that met a strange file, or
    /// whose sync failed. What the image does not hold of it is kept aside.
    fn rebase(&self, commit: u64, image: &Image<'_>, left: Option<LeftOver>) -> Result<()>;

    /// Removes what opening has made beside a file that turned out to be no store.
    fn withdraw(&self);

    /// Keeps something beside the data file, durably.
    fn keep(&self, what: Kept<'_>) -> Result<()>;

    /// Writes a commit to the end of the log, which is made if there is none. An error means that
    /// nothing was done. Unless it will be `synced` before it is acknowledged, its number is
    /// reserved first, so that a power cut cannot make it be given out again.
    fn append(&self, seq: u64, time: &str, operations: String, synced: bool) -> Result<()>;

    /// Where the log ends with what was appended.
    fn position(&self) -> Position;

    /// Whether everything in the log is known to be on disk.
    fn is_synced(&self) -> bool;

    /// Makes everything appended durable. After an error nothing is known of what was appended
    /// since the last sync.
    fn sync(&self) -> Result<()>;

    /// Lets other processes see the log up to `position`; `durable` tells whether it is synced.
    fn publish(&self, position: Position, durable: bool) -> Result<()>;

    /// How a commit is best kept.
    fn size(&self) -> Size;

    /// Refuses writes from now on, in all processes, until the store is made good.
    fn poison(&self);

    /// Notes that the person's edit loaded last was taken in as `commit`, without writing the file:
    /// no number up to it is given out again, and who loads the same edit is told.
    fn reserve(&self, commit: u64) -> Result<()>;
}

/// What a store weighs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Size {
    /// Bytes of the data file.
    pub(crate) file_bytes: u64,
    /// Bytes of the log that are in use; None without one.
    pub(crate) log_bytes: Option<u64>,
}

/// The error for a data file that is not there, although it was, or its log is.
#[cold]
pub(crate) fn file_gone(path: &Path, has_log: bool) -> Error {
    let (what, hint) = if has_log {
        (
            "gone, and its log has commits that wait for it",
            "put it back, or remove the log beside it (.wal) to begin anew; or open the store with \
             salvage as true, which makes a new file of what the log holds",
        )
    } else {
        ("gone", "put it back; or close the store and open it again, which makes a new one")
    };
    Error::new(ErrorKind::NotFound, format!("the data file {} is {what}", path.display()))
        .named("FILE_GONE")
        .path(path)
        .hint(hint)
}
