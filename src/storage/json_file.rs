//! The store that is one file a person can read, replaced as a whole at every commit.
//!
//! Beside it lies the lock file with the commit header. Neither the bytes nor the commits are
//! interpreted here; the write-ahead log of a later issue gets its place in the header and behind
//! [`Exclusive`].

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::seen::{Base, Seen, Verdict, View, grain};
use super::{Description, Exclusive, Loaded, Storage};
use crate::error::{Error, ErrorKind, Result};
use crate::file::atomic::Target;
use crate::file::header::{Header, digest};
use crate::file::lock::Guard;
use crate::file::{FileKind, FileSystem, LockMode, Metadata, Open, look, not_a_file, open_regular};

mod place;
mod read;

use place::{Place, empty_file, open_place};
use read::{Read, read_all};

/// A file changed so recently may still be being written.
const FRESH: Duration = Duration::from_millis(500);
/// How long a file that is empty, gone or growing is waited for: an editor saves in several steps.
const SETTLE_PAUSE: Duration = Duration::from_millis(10);
/// How often the lock is tried while others remove the folder and make it again.
const PLACE_ATTEMPTS: usize = 4;

/// How a file is to be used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Access {
    /// Writes are refused, nothing is created, and no right to write is needed.
    pub(crate) read_only: bool,
    /// Some(false): the file must be there. Some(true): an empty one counts as new. None: it is
    /// made when it is not there.
    pub(crate) create: Option<bool>,
    /// The permission bits of a new file; the umask narrows them.
    pub(crate) mode: u32,
}

/// A store in one file.
pub(crate) struct JsonFile {
    fs: Arc<dyn FileSystem>,
    path: PathBuf,
    name: OsString,
    access: Access,
    place: Mutex<Arc<Place>>,
    seen: Mutex<Seen>,
    swept: AtomicBool,
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
        let place = open_place(&fs, &resolved, &name, how)?;
        Ok(JsonFile {
            fs,
            path: resolved,
            name,
            access: how,
            place: Mutex::new(Arc::new(place)),
            seen: Mutex::default(),
            swept: AtomicBool::new(false),
        })
    }

    /// Device and inode of the lock file, the same for all handles on this store; None when
    /// there is none, as for a reader on a medium that cannot be written.
    pub(crate) fn identity(&self) -> Option<(u64, u64)> {
        self.place_now().lock.as_ref()?.identity()
    }

    fn place_now(&self) -> Arc<Place> {
        Arc::clone(&self.place.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The place, opened anew if its folder was removed, or if a reader's lock file came or went.
    fn place(&self) -> Result<Arc<Place>> {
        let place = self.place_now();
        let stale = place.directory.is_removed()
            || self.access.read_only && !place.lock.as_ref().is_some_and(|lock| lock.is_current());
        if !stale {
            return Ok(place);
        }
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

    /// Takes the lock, where there is one; a folder that is removed meanwhile is opened anew.
    fn acquire(&self, mode: LockMode, timeout: Duration) -> Result<(Arc<Place>, Option<Guard>)> {
        let mut attempts = PLACE_ATTEMPTS;
        loop {
            let place = self.place()?;
            let taken = place.lock.as_ref().map(|lock| lock.acquire(mode, timeout)).transpose();
            attempts -= 1;
            match taken {
                Err(_) if attempts > 0 && place.directory.is_removed() => {}
                taken => return Ok((place, taken?)),
            }
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn target<'a>(&'a self, place: &'a Place) -> Target<'a> {
        Target { fs: &*self.fs, directory: &*place.directory, name: &self.name, path: &self.path }
    }

    fn differs(&self, place: &Place, header: Option<Header>) -> Result<bool> {
        let found = look(&*place.directory, &self.name, &self.path)?;
        let seen = *self.seen();
        let grain = grain(&place.file_system);
        match seen.judge(header.as_ref(), found.as_ref(), self.fs.now(), grain) {
            Verdict::Same => Ok(false),
            Verdict::Changed => Ok(true),
            Verdict::Compare => self.compare(place, &seen),
        }
    }

    /// Compares the bytes with those last seen.
    fn compare(&self, place: &Place, seen: &Seen) -> Result<bool> {
        let View::Present(base) = seen.file else { return Ok(true) };
        match self.read_once(place)? {
            Some(read) if read.whole && digest(&read.bytes) == base.digest => {
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

    /// Reads the file and what the header says of it, and remembers both.
    fn read(&self, place: &Place) -> Result<Loaded> {
        let deadline = self.fs.monotonic().saturating_add(FRESH);
        loop {
            let header = self.header(place)?;
            let read = self.read_once(place)?;
            if self.is_unfinished(place, header, read.as_ref()) && self.fs.monotonic() < deadline {
                self.fs.sleep(SETTLE_PAUSE);
                continue;
            }
            let read = self.accept(header, read)?;
            return Ok(self.remember(place, header, read));
        }
    }

    /// Whether somebody seems to be in the middle of saving: the file grows, or a file that held
    /// something is empty or away for a moment.
    fn is_unfinished(&self, place: &Place, header: Option<Header>, read: Option<&Read>) -> bool {
        let held_something = match self.seen().file {
            View::Present(base) => base.digest != digest(b""),
            View::Missing => false,
            View::Unknown => header.is_some_and(|header| header.digest != 0),
        };
        match read {
            // The folder tells when the file went.
            None => {
                held_something
                    && place.directory.metadata(OsStr::new(".")).is_ok_and(|it| self.is_fresh(&it))
            }
            Some(read) if read.bytes.is_empty() => {
                let accepted = self.access.create == Some(true) && !held_something;
                !accepted && self.is_fresh(&read.metadata)
            }
            Some(read) => !read.whole,
        }
    }

    /// Refuses an empty file, unless the caller asked to create one and it never was a store.
    fn accept(&self, header: Option<Header>, read: Option<Read>) -> Result<Option<Read>> {
        let Some(read) = read else { return Ok(None) };
        if !read.bytes.is_empty() {
            return Ok(Some(read));
        }
        let empty = digest(b"");
        let was_store = matches!(self.seen().file, View::Present(base) if base.digest != empty)
            || header.is_some_and(|header| ![0, empty].contains(&header.digest));
        if self.access.create == Some(true) && !was_store {
            return Ok(Some(read));
        }
        Err(empty_file(&self.path))
    }

    fn remember(&self, place: &Place, header: Option<Header>, read: Option<Read>) -> Loaded {
        let fresh = read.as_ref().is_some_and(|read| self.is_fresh(&read.metadata));
        let base = read.as_ref().map(|read| {
            let grain = grain(&place.file_system);
            Base::new(&read.metadata, digest(&read.bytes), read.begun, grain)
        });
        let known = header.unwrap_or_default();
        let found = base.map_or(0, |base| base.digest);
        // What a process put in place before it died is as good as noted.
        let own = if found != 0 && found == known.pending { found } else { known.digest };
        let foreign = own != 0 && found != own;
        let mut seen = self.seen();
        seen.file = base.map_or(View::Missing, View::Present);
        seen.header_digest = known.digest;
        seen.own_digest = own;
        seen.raise(known.commit);
        Loaded {
            image: read.map(|read| read.bytes).filter(|bytes| !bytes.is_empty()),
            commit_floor: seen.floor,
            foreign,
            edit: (foreign && found != 0 && found == known.edited).then_some(known.edited_commit),
            fresh,
        }
    }

    fn is_fresh(&self, metadata: &Metadata) -> bool {
        metadata.changed_within(FRESH, self.fs.now())
    }

    fn read_once(&self, place: &Place) -> Result<Option<Read>> {
        let file = open_regular(&*place.directory, &self.name, &self.path, Open::Read)?;
        let Some(file) = file else { return Ok(None) };
        read_all(&*file, &self.path, self.fs.now()).map(Some)
    }
}

impl Storage for JsonFile {
    fn description(&self) -> Description {
        Description {
            engine: "file",
            path: Some(self.path.clone()),
            file_system: Some(self.place_now().file_system.clone()),
            read_only: self.access.read_only,
        }
    }

    fn changed(&self) -> Result<bool> {
        let place = self.place_now();
        self.differs(&place, self.header(&place)?)
    }

    fn load(&self, timeout: Duration) -> Result<Loaded> {
        let (place, guard) = self.acquire(LockMode::Shared, timeout)?;
        let loaded = self.read(&place);
        drop(guard);
        loaded
    }

    fn lock(&self, timeout: Duration) -> Result<Box<dyn Exclusive + '_>> {
        if self.access.read_only {
            return Err(read_only(&self.path));
        }
        let (place, guard) = self.acquire(LockMode::Exclusive, timeout)?;
        let Some(guard) = guard else { return Err(read_only(&self.path)) };
        if !self.swept.swap(true, Ordering::Relaxed) {
            self.target(&place).sweep();
        }
        Ok(Box::new(Held { store: self, place, guard }))
    }
}

struct Held<'a> {
    store: &'a JsonFile,
    place: Arc<Place>,
    guard: Guard,
}

impl Exclusive for Held<'_> {
    fn changed(&self) -> Result<bool> {
        let header = self.store.header(&self.place)?;
        if header.is_some_and(|header| header.commit > self.store.seen().floor) {
            return Ok(true);
        }
        self.store.differs(&self.place, header)
    }

    fn load(&mut self) -> Result<Loaded> {
        self.store.read(&self.place)
    }

    fn replace(&mut self, commit: u64, image: &mut dyn FnMut() -> Result<Vec<u8>>) -> Result<()> {
        let seen = *self.store.seen();
        let expected = match seen.file {
            View::Present(base) => Some(base.fingerprint),
            View::Missing => None,
            View::Unknown => return Err(not_loaded(&self.store.path)),
        };
        let bytes = image()?;
        let new = digest(&bytes);
        let commit = commit.max(seen.floor);
        // From here on the number counts as given out, and the new file is known for ours.
        let header = self.store.header(&self.place)?.unwrap_or_default();
        let intent = Header { commit, digest: seen.own_digest, pending: new, ..header };
        self.guard.write_header(&intent)?;
        {
            let mut seen = self.store.seen();
            seen.header_digest = intent.digest;
            seen.raise(commit);
        }
        let target = self.store.target(&self.place);
        let placed = target.replace(&bytes, expected, self.store.access.mode & 0o777);
        let mut seen = self.store.seen();
        let metadata = match placed {
            Ok(metadata) => metadata,
            Err(error) => {
                if error.kind() == ErrorKind::UnknownOutcome {
                    seen.file = View::Unknown;
                }
                return Err(error);
            }
        };
        let now = self.store.fs.now();
        let grain = grain(&self.place.file_system);
        seen.file = View::Present(Base::new(&metadata, new, now, grain));
        seen.own_digest = new;
        // The file is in place and durable. If this fails, the header still names it as pending.
        let done = Header { commit, digest: new, ..Header::default() };
        if self.guard.write_header(&done).is_ok() {
            seen.header_digest = new;
        }
        Ok(())
    }

    fn reserve(&mut self, commit: u64) -> Result<()> {
        let header = self.store.header(&self.place)?.unwrap_or_default();
        if header.commit < commit {
            let edited = match self.store.seen().file {
                View::Present(base) => base.digest,
                View::Missing | View::Unknown => 0,
            };
            self.guard.write_header(&Header { commit, edited, edited_commit: commit, ..header })?;
        }
        self.store.seen().raise(commit.max(header.commit));
        Ok(())
    }
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
