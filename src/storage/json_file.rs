//! The store that is one file a person can read, replaced as a whole, with a log beside it for
//! commits that are not in it yet.
//!
//! The lock file bears the commit header, which tells what others did. Neither the bytes nor the
//! operations of the log are interpreted here.
//!
//! - [`place`]: the folder and the lock file; [`read`], [`load`]: reading the file and its log;
//!   [`bond`]: how the two stand to each other
//! - [`watch`]: noticing at each call that somebody changed the file
//! - [`held`]: everything that writes, under the exclusive lock; [`aside`]: what is kept aside
//! - [`whole`]: a file that is none of a store in use

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::seen::{Seen, Verdict, View, grain};
use super::{Change, Description, Exclusive, Loaded, Record, Storage};
use crate::error::{Error, ErrorKind, Result};
use crate::file::atomic::Target;
use crate::file::header::{FileDigest, Header};
use crate::file::lock::Guard;
use crate::file::obstacle::check_replaceable;
use crate::file::{
    File, FileKind, FileSystem, LockMode, Metadata, Open, look, not_a_file, open_regular,
};

mod aside;
mod bond;
mod held;
mod load;
mod place;
mod read;
mod watch;
mod whole;

use held::Held;
use place::{Place, open_place};
use watch::Watch;
pub(crate) use whole::WholeFile;

/// A file changed so recently may still be being written.
const FRESH: Duration = Duration::from_millis(500);
/// How long a file that is empty, gone or growing is waited for: an editor saves in several steps.
const SETTLE_PAUSE: Duration = Duration::from_millis(10);
/// How often the lock is tried while others remove the folder and make it again.
const PLACE_ATTEMPTS: usize = 4;
const LOG_SUFFIX: &str = ".wal";

/// How a file is to be used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Access {
    /// Writes are refused, nothing is created, and no right to write is needed.
    pub(crate) read_only: bool,
    /// Some(false): the file must be there. Some(true): an empty one counts as new. None: it is
    /// made when it is not there.
    pub(crate) create: Option<bool>,
    /// The permission bits of a new file, whatever the umask says.
    pub(crate) mode: u32,
    /// A log that is damaged or missing, or a damaged file, is not refused: what can be read of it
    /// counts.
    pub(crate) salvage: bool,
}

/// A store in one file.
pub(crate) struct JsonFile(Arc<Inner>);

struct Inner {
    fs: Arc<dyn FileSystem>,
    path: PathBuf,
    name: OsString,
    log_path: PathBuf,
    access: Access,
    place: Mutex<Arc<Place>>,
    seen: Mutex<Seen>,
    watch: Watch,
    swept: AtomicBool,
    /// Whether the file as it was last loaded is known to be one that can be replaced.
    replaceable: AtomicBool,
}

impl JsonFile {
    /// Checks that the file is there or may be made, that it is a file, and that the rights are
    /// there. Creates the lock file (unless read-only), never the data file.
    pub(crate) fn open(fs: Arc<dyn FileSystem>, path: &Path, how: Access) -> Result<JsonFile> {
        let bytes = path.as_os_str().as_bytes();
        if bytes.is_empty() || bytes.contains(&0) {
            return Err(Error::invalid("the path is empty or has a NUL in it").named("PATH"));
        }
        let resolved = fs.resolve(path).map_err(|error| Error::io("open", path, error))?;
        let Some(name) =
            resolved.file_name().filter(|_| !path.as_os_str().as_bytes().ends_with(b"/"))
        else {
            return Err(not_a_file(path, FileKind::Directory));
        };
        let name = name.to_owned();
        check_link(&*fs, path, &resolved)?;
        let place = open_place(&fs, &resolved, &name, how)?;
        let mut log_path = resolved.as_os_str().to_owned();
        log_path.push(LOG_SUFFIX);
        Ok(JsonFile(Arc::new(Inner {
            fs,
            log_path: log_path.into(),
            path: resolved,
            name,
            access: how,
            place: Mutex::new(Arc::new(place)),
            seen: Mutex::default(),
            watch: Watch::default(),
            swept: AtomicBool::new(false),
            replaceable: AtomicBool::new(false),
        })))
    }

    /// Device and inode of the lock file, the same for all handles on this store; None when
    /// there is none, as for a reader on a medium that cannot be written.
    pub(crate) fn identity(&self) -> Option<(u64, u64)> {
        let id = self.0.place_now().lock.as_ref().map(|lock| lock.id())?;
        Some((id.device, id.inode))
    }
}

impl Inner {
    fn place_now(&self) -> Arc<Place> {
        Arc::clone(&self.place.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The place, opened anew.
    fn reopen(&self, place: Arc<Place>) -> Result<Arc<Place>> {
        // Whether the file must be there was settled when the store was opened.
        let how = Access { create: Some(true), ..self.access };
        let place = Arc::new(match open_place(&self.fs, &self.path, &self.name, how) {
            Err(error) if error.kind() == ErrorKind::NotFound && self.access.read_only => {
                // The file is gone: the load will tell.
                return Ok(place);
            }
            other => other?,
        });
        *self.place.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&place);
        Ok(place)
    }

    /// Takes the lock, where there is one. The place is opened anew if a reader's lock file came or
    /// went, or if the folder was removed: then there is no lock to be had in it.
    fn acquire(&self, mode: LockMode, timeout: Duration) -> Result<(Arc<Place>, Option<Guard>)> {
        let mut place = self.place_now();
        let is_current = || place.lock.as_ref().is_some_and(|lock| lock.is_current());
        if self.access.read_only && !is_current() {
            place = self.reopen(place)?;
        }
        let mut attempts = PLACE_ATTEMPTS;
        loop {
            let taken = place.lock.as_ref().map(|lock| lock.acquire(mode, timeout)).transpose();
            attempts -= 1;
            match taken {
                Err(_) if attempts > 0 && place.directory.is_removed() => {
                    place = self.reopen(place)?;
                }
                taken => return Ok((place, taken?)),
            }
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn target<'a>(&'a self, place: &'a Place) -> Target<'a> {
        Target {
            fs: &*self.fs,
            directory: &*place.directory,
            name: &self.name,
            path: &self.path,
            store: &self.name,
            like: None,
        }
    }

    /// The name of the log.
    fn log_name(&self) -> &OsStr {
        self.log_path.file_name().unwrap_or_default()
    }

    /// Refuses a file that has come to be one that cannot be replaced: what is acknowledged into
    /// the log would not get into it.
    fn check_replaceable(&self, place: &Place) -> Result<()> {
        check_replaceable(&*place.directory, &self.name, &self.path)?;
        self.replaceable.store(true, Ordering::Relaxed);
        Ok(())
    }

    fn differs(&self, place: &Place, header: Option<Header>) -> Result<Change> {
        let (change, settled) = {
            let seen = self.seen();
            (seen.judge_header(header.as_ref()), seen.settled())
        };
        if change == Change::All || settled.is_some_and(|seen| self.watch.is_still(&seen)) {
            return Ok(change);
        }
        let found = look(&*place.directory, &self.name, &self.path)?;
        let seen = self.seen().clone();
        let grain = grain(place.directory.file_system_name());
        match seen.judge_file(found.as_ref(), self.fs.now(), grain) {
            Verdict::Changed => return Ok(Change::All),
            Verdict::Compare if self.compare(place, &seen)? => return Ok(Change::All),
            Verdict::Compare | Verdict::Same => {}
        }
        self.begin_to_watch(place, || {
            open_regular(&*place.directory, &self.name, &self.path, Open::Read).ok().flatten()
        });
        Ok(change)
    }

    /// Watches what `open` gives from now on, where that can be done and it is the file last seen.
    fn begin_to_watch(
        &self,
        place: &Place,
        open: impl FnOnce() -> Option<(Box<dyn File>, Metadata)>,
    ) {
        let settled = self.seen().settled();
        if let Some(settled) = settled.filter(|_| Watch::can_watch(place)) {
            self.watch.begin(open(), &settled);
        }
    }

    /// Compares the bytes with those last seen; true when they differ.
    fn compare(&self, place: &Place, seen: &Seen) -> Result<bool> {
        let View::Present(base) = seen.file else { return Ok(true) };
        match self.read_once(place)? {
            Some(read) if read.whole && FileDigest::of(&read.bytes) == base.digest => {
                let same = read.metadata.fingerprint() == base.fingerprint;
                if same {
                    self.seen().settle(base.fingerprint);
                }
                Ok(!same)
            }
            _ => Ok(true),
        }
    }

    fn header(&self, place: &Place) -> Result<Option<Header>> {
        place.lock.as_ref().map_or(Ok(None), |lock| lock.header())
    }

    fn is_fresh(&self, metadata: &Metadata) -> bool {
        metadata.changed_within(FRESH, self.fs.now())
    }
}

impl Storage for JsonFile {
    fn description(&self) -> Description {
        Description {
            engine: "file",
            path: Some(self.0.path.clone()),
            file_system: Some(self.0.place_now().directory.file_system_name().to_owned()),
            read_only: self.0.access.read_only,
        }
    }

    fn changed(&self) -> Result<Change> {
        let place = self.0.place_now();
        self.0.differs(&place, self.0.header(&place)?)
    }

    fn records(&self) -> Result<Option<Vec<Record>>> {
        let place = self.0.place_now();
        match self.0.header(&place)? {
            Some(header) => self.0.new_records(&place, &header, false),
            None => Ok(None),
        }
    }

    fn load(&self, timeout: Duration) -> Result<Loaded> {
        let (place, guard) = self.0.acquire(LockMode::Shared, timeout)?;
        let loaded = self.0.read(&place, None);
        drop(guard);
        loaded
    }

    fn lock(&self, timeout: Duration) -> Result<Box<dyn Exclusive>> {
        let store = &self.0;
        if store.access.read_only {
            return Err(read_only(&store.path));
        }
        let (place, guard) = store.acquire(LockMode::Exclusive, timeout)?;
        let Some(guard) = guard else { return Err(read_only(&store.path)) };
        if !store.swept.swap(true, Ordering::Relaxed) {
            store.target(&place).sweep();
        }
        Ok(Box::new(Held::new(Arc::clone(store), place, guard)))
    }

    fn log_bytes(&self) -> u64 {
        self.0.seen().log.as_ref().map_or(0, |log| log.offset)
    }

    fn enter(&self) {
        if let Some(lock) = &self.0.place_now().lock {
            lock.enter();
        }
    }

    fn leave(&self) -> bool {
        self.0.place_now().lock.as_ref().is_none_or(|lock| lock.leave())
    }

    fn kept_aside(&self) -> Vec<PathBuf> {
        self.0.kept_aside(&self.0.place_now())
    }
}

/// Refuses a symbolic link with a log beside it: the file was there when the log was made, and was
/// moved away since.
fn check_link(fs: &dyn FileSystem, path: &Path, resolved: &Path) -> Result<()> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Ok(()) };
    if resolved.file_name() == Some(name)
        && resolved.parent().is_some_and(|it| it.ends_with(folder))
    {
        return Ok(());
    }
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let Ok(directory) = fs.open_directory(folder) else { return Ok(()) };
    let is_link = directory.metadata(name).is_ok_and(|it| it.kind == FileKind::SymbolicLink);
    let mut log = name.to_owned();
    log.push(LOG_SUFFIX);
    if !is_link || directory.metadata(&log).is_err() {
        return Ok(());
    }
    let message = format!(
        "{} leads to {}, but a log lies beside the link: the file was moved without it",
        path.display(),
        resolved.display()
    );
    Err(Error::new(ErrorKind::Corrupt, message)
        .named("LOG_MISSING")
        .path(path)
        .hint("move the files that end in .wal and .lock beside the file, too; or remove that log"))
}

#[cold]
fn read_only(path: &Path) -> Error {
    Error::new(ErrorKind::ReadOnly, format!("{} was opened read-only", path.display()))
        .path(path)
        .hint("open it without read_only")
}

#[cold]
fn not_loaded(path: &Path) -> Error {
    Error::new(ErrorKind::Busy, format!("what {} holds is not known any more", path.display()))
        .named("FILE_CHANGED")
        .path(path)
        .hint("load it again")
}
