//! The lock between processes: a file beside the data file that is never unlinked.
//!
//! The lock itself is `flock`, which the kernel drops when its holder dies. Waiting by asking
//! again and again would let the lucky win for ever, so there is a row of seats before it: byte
//! locks on the same file. Whoever finds the row empty goes straight on; whoever does not sits down
//! on the last seat and moves up as seats fall free, and only the one on the first seat asks for
//! the lock. Threads of one process stand in a line of their own first (`turns`), since they share
//! the descriptor. Nothing here may know what the lock protects.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::header::{Decoded, Header};
use super::lock_descriptors::Noted;
use super::turns::Turns;
use super::{
    Directory, File, FileId, FileSystem, LockMode, Metadata, Open, Rights, look_which, open_regular,
};
use crate::error::{Error, ErrorKind, Result};

/// The bytes of the seats lie where no content ever is, within reach of 32-bit offsets.
const FIRST_SEAT: u64 = 1 << 30;
const SEATS: u64 = 32;
/// Locked for a moment to see whether it can be.
const PROBE: u64 = FIRST_SEAT + SEATS;
/// Locked shared by every process that has the store open for writing.
const PRESENCE: u64 = FIRST_SEAT + SEATS + 1;
/// How long the first in the row waits before asking again, and the others; both are jittered.
const FRONT_PAUSE: Duration = Duration::from_micros(150);
const ROW_PAUSE: Duration = Duration::from_micros(600);
/// How long one sits on a seat before one asks for the lock from there: the one in front may have
/// been stopped by a person. A row that moves at all moves faster.
const STALLED: Duration = Duration::from_millis(500);
/// How often opening is tried while others remove and create the file.
const OPEN_ATTEMPTS: usize = 16;
/// How much longer one waits for a holder that says that it writes a big file.
const BUSY_WAIT: Duration = Duration::from_secs(60);

/// The lock file of one data file, open. One per process: its threads share it.
pub(crate) struct LockFile {
    fs: Arc<dyn FileSystem>,
    directory: Arc<dyn Directory>,
    name: OsString,
    path: PathBuf,
    /// Those of a lock file that has to be made: of the data file, so that whoever may write the
    /// one may lock the other. None for who only reads.
    rights: Option<Rights>,
    opened: Mutex<Opened>,
    noted: Mutex<Noted>,
    turns: Turns,
    has_seats: bool,
}

/// The lock file as it was opened, with what tells it from others.
#[derive(Clone)]
struct Opened {
    file: Arc<dyn File>,
    id: FileId,
}

impl LockFile {
    /// Opens the lock file for a process that writes, and makes it where there is none.
    pub(crate) fn open(
        fs: &Arc<dyn FileSystem>,
        directory: &Arc<dyn Directory>,
        path: &Path,
        rights: Rights,
    ) -> Result<LockFile> {
        let opened = open_or_create(&**directory, path, rights)?;
        Ok(LockFile::new(fs, directory, path, Some(rights), opened))
    }

    /// Opens the lock file for a process that only reads; None where that cannot be done, since
    /// reading needs no lock: the data file is always whole.
    pub(crate) fn open_existing(
        fs: &Arc<dyn FileSystem>,
        directory: &Arc<dyn Directory>,
        path: &Path,
    ) -> Option<LockFile> {
        let opened = open_regular(&**directory, name_of(path), path, Open::Read).ok()??;
        match Header::read(&*opened.0) {
            Ok(Decoded::Foreign) | Err(_) => None,
            Ok(_) => Some(LockFile::new(fs, directory, path, None, opened.into())),
        }
    }

    fn new(
        fs: &Arc<dyn FileSystem>,
        directory: &Arc<dyn Directory>,
        path: &Path,
        rights: Option<Rights>,
        opened: Opened,
    ) -> LockFile {
        // Over the network flock is itself made of byte locks, and would meet those of the seats.
        let network = ["nfs", "cifs", "smb", "smbfs", "9p"];
        // Where bytes can be locked there are seats; who only reads does not count as present.
        let has_seats = !network.contains(&directory.file_system_name())
            && match rights {
                Some(_) => be_present(&*opened.file),
                None => {
                    let tried = opened.file.try_lock_bytes(LockMode::Shared, PROBE, 1);
                    tried.is_ok() && opened.file.unlock_bytes(PROBE, 1).is_ok()
                }
            };
        LockFile {
            fs: Arc::clone(fs),
            directory: Arc::clone(directory),
            name: name_of(path).to_owned(),
            path: path.to_owned(),
            rights,
            noted: Mutex::new(Noted::new(opened.file.descriptor())),
            opened: Mutex::new(opened),
            turns: Turns::default(),
            has_seats,
        }
    }

    /// Counts this process among those that have the store open for writing.
    pub(crate) fn enter(&self) {
        be_present(&*self.current());
    }

    /// Stops counting this process; true unless another one has the store open for writing, as far
    /// as can be told. Of those that leave at the same time one is told so at least.
    pub(crate) fn leave(&self) -> bool {
        let file = self.current();
        let _ = file.unlock_bytes(PRESENCE, 1);
        let alone = file.try_lock_bytes(LockMode::Exclusive, PRESENCE, 1);
        if matches!(alone, Ok(true)) {
            let _ = file.unlock_bytes(PRESENCE, 1);
        }
        !self.has_seats || alone.unwrap_or(true)
    }

    /// The same in all handles that exclude each other.
    pub(crate) fn id(&self) -> FileId {
        self.opened().id
    }

    /// The header, without the lock; None when there is none.
    pub(crate) fn header(&self) -> Result<Option<Header>> {
        match Header::read(&*self.current()).map_err(|error| self.failed("read", error))? {
            Decoded::Valid(header) => Ok(Some(header)),
            Decoded::Absent => Ok(None),
            Decoded::Foreign => Err(foreign(&self.path)),
            Decoded::Newer(version) => Err(Error::new(
                ErrorKind::TooNew,
                format!("{} has version {version}, this library knows 1", self.path.display()),
            )
            .path(&self.path)
            .expected("1")
            .actual(version.to_string())
            .hint("use the newer library that wrote it")),
        }
    }

    /// Waits for the lock until `timeout` has passed.
    pub(crate) fn acquire(self: &Arc<Self>, mode: LockMode, timeout: Duration) -> Result<Guard> {
        let deadline = self.fs.monotonic().saturating_add(timeout);
        let has_turn =
            self.turns.enter(timeout) || self.holder_is_busy() && self.turns.enter(BUSY_WAIT);
        if !has_turn {
            return Err(self.timed_out(timeout));
        }
        let mut guard = Guard { lock: Arc::clone(self), file: None, header: Mutex::default() };
        for _ in 0..OPEN_ATTEMPTS {
            let Opened { file, id } = self.opened();
            let taken = if self.has_seats {
                self.take_in_turn(&*file, mode, deadline)
            } else {
                self.take(&*file, mode, deadline, FRONT_PAUSE)
            };
            if !taken.map_err(|error| self.failed("lock", error))? {
                return Err(self.timed_out(timeout));
            }
            // From here on the guard gives the lock up, also when something fails.
            guard.file = Some(Arc::clone(&file));
            if self.is_in_place(id)? {
                return Ok(guard);
            }
            // Somebody removed the file while we waited: others lock its successor.
            let Some(rights) = self.rights else { return Ok(guard) };
            guard.release();
            let opened = open_or_create(&*self.directory, &self.path, rights)?;
            be_present(&*opened.file);
            *self.noted.lock().unwrap_or_else(PoisonError::into_inner) =
                Noted::new(opened.file.descriptor());
            *self.opened.lock().unwrap_or_else(PoisonError::into_inner) = opened;
        }
        Err(Error::new(ErrorKind::Busy, format!("{} keeps being removed", self.path.display()))
            .path(&self.path)
            .hint("do not remove the lock file: it is meant to stay"))
    }

    /// Whether the open file is still the one at the path.
    pub(crate) fn is_current(&self) -> bool {
        self.is_in_place(self.id()).unwrap_or(false)
    }

    fn is_in_place(&self, held: FileId) -> Result<bool> {
        Ok(look_which(&*self.directory, &self.name, &self.path)? == Some(held))
    }

    fn current(&self) -> Arc<dyn File> {
        self.opened().file
    }

    fn opened(&self) -> Opened {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn take_in_turn(
        &self,
        file: &dyn File,
        mode: LockMode,
        deadline: Duration,
    ) -> io::Result<bool> {
        let taken = self.take_from_seat(file, mode, deadline);
        // Whatever came of it, no seat is kept.
        let freed = file.unlock_bytes(FIRST_SEAT, SEATS);
        if taken.is_err() || freed.is_err() {
            file.unlock()?;
        }
        freed.and(taken)
    }

    fn take_from_seat(
        &self,
        file: &dyn File,
        mode: LockMode,
        deadline: Duration,
    ) -> io::Result<bool> {
        if file.try_lock_bytes(mode, FIRST_SEAT, SEATS)? {
            // Nobody waits.
            if file.try_lock(mode)? {
                return Ok(true);
            }
            file.unlock_bytes(FIRST_SEAT + 1, SEATS - 1)?;
            return self.take(file, mode, deadline, FRONT_PAUSE);
        }
        let mut seat = SEATS;
        let mut since = self.fs.monotonic();
        while seat > 0 {
            let next = FIRST_SEAT + seat - 1;
            if file.try_lock_bytes(mode, next, 1)? {
                if seat < SEATS {
                    file.unlock_bytes(next + 1, 1)?;
                }
                seat -= 1;
                since = self.fs.monotonic();
                continue;
            }
            let stalled = self.fs.monotonic().saturating_sub(since) > STALLED;
            if stalled && file.try_lock(mode)? {
                return Ok(true);
            }
            if !self.pause(deadline, ROW_PAUSE) {
                return Ok(false);
            }
        }
        self.take(file, mode, deadline, FRONT_PAUSE)
    }

    fn take(
        &self,
        file: &dyn File,
        mode: LockMode,
        deadline: Duration,
        pause: Duration,
    ) -> io::Result<bool> {
        while !file.try_lock(mode)? {
            if !self.pause(deadline, pause) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Waits about `time`; false when the deadline has passed.
    fn pause(&self, deadline: Duration, time: Duration) -> bool {
        let mut left = deadline.saturating_sub(self.fs.monotonic());
        if left.is_zero() {
            let last = deadline.saturating_add(BUSY_WAIT);
            left = last.saturating_sub(self.fs.monotonic());
            if left.is_zero() || !self.holder_is_busy() {
                return false;
            }
        }
        // Half to one and a half of it, so that processes do not ask in step.
        let percent = u32::try_from(50 + self.fs.random() % 100).unwrap_or(100);
        self.fs.sleep((time * percent / 100).min(left));
        true
    }

    /// Whether the holder of the lock says that it writes a big file.
    fn holder_is_busy(&self) -> bool {
        self.header().is_ok_and(|header| header.is_some_and(|header| header.busy))
    }

    fn failed(&self, what: &str, error: io::Error) -> Error {
        Error::io(what, &self.path, error)
    }

    #[cold]
    fn timed_out(&self, timeout: Duration) -> Error {
        Error::new(
            ErrorKind::Timeout,
            format!(
                "the lock {} was not to be had in {} ms: another process holds it",
                self.path.display(),
                timeout.as_millis()
            ),
        )
        .named("LOCK_TIMEOUT")
        .path(&self.path)
        .hint("try again, or open with a larger lock_timeout_ms")
    }
}

/// The lock, held. Dropped, it is free.
pub(crate) struct Guard {
    lock: Arc<LockFile>,
    file: Option<Arc<dyn File>>,
    /// The header as it was last read or written: nobody else writes it meanwhile.
    header: Mutex<Option<Header>>,
}

impl Guard {
    /// The header; None when there is none.
    pub(crate) fn header(&self) -> Result<Option<Header>> {
        let mut known = self.header.lock().unwrap_or_else(PoisonError::into_inner);
        if known.is_none() {
            *known = self.lock.header()?;
        }
        Ok(*known)
    }

    /// Writes the header; only who holds the lock exclusively may.
    pub(crate) fn write_header(&self, header: &Header) -> Result<()> {
        let file = self.file.as_ref().map_or_else(|| self.lock.current(), Arc::clone);
        let written = header.write(&*file).map_err(|error| self.lock.failed("write", error));
        // Of one that failed, nobody knows what is there.
        *self.header.lock().unwrap_or_else(PoisonError::into_inner) =
            written.as_ref().ok().map(|()| *header);
        written
    }

    /// Writes the header and makes it durable. Nobody may build on one that is not: if it cannot be
    /// synced, it is again what it was `before`.
    pub(crate) fn write_durable_header(&self, header: &Header, before: &Header) -> Result<()> {
        self.write_header(header)?;
        let file = self.file.as_ref().map_or_else(|| self.lock.current(), Arc::clone);
        file.sync_data().map_err(|error| {
            drop(self.write_header(before));
            self.lock.failed("sync", error)
        })
    }

    /// Removes the lock file, if no store has ever used it: it was made beside something else. Who
    /// waits for the lock makes another one.
    pub(crate) fn withdraw(&self) {
        let lock = &self.lock;
        if matches!(self.header(), Ok(None)) && lock.is_current() {
            drop(lock.directory.remove(&lock.name));
        }
    }

    fn release(&mut self) {
        if let Some(file) = self.file.take() {
            // It cannot fail on an open descriptor, and the kernel does it at close anyway.
            drop(file.unlock());
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.release();
        self.lock.turns.leave();
    }
}

impl From<(Box<dyn File>, Metadata)> for Opened {
    fn from((file, metadata): (Box<dyn File>, Metadata)) -> Opened {
        Opened { file: Arc::from(file), id: metadata.id }
    }
}

/// Counts this process among those that have the store open for writing; whether bytes can be
/// locked at all. At worst another process folds the log while this one goes on with it.
fn be_present(file: &dyn File) -> bool {
    file.try_lock_bytes(LockMode::Shared, PRESENCE, 1).is_ok()
}

fn name_of(path: &Path) -> &OsStr {
    path.file_name().unwrap_or_default()
}

/// Opens the lock file, or creates it with the rights of the data file.
fn open_or_create(directory: &dyn Directory, path: &Path, rights: Rights) -> Result<Opened> {
    let failed = |what, error| Error::io(what, path, error);
    for _ in 0..OPEN_ATTEMPTS {
        if let Some(opened) = open_regular(directory, name_of(path), path, Open::ReadWrite)? {
            return match Header::read(&*opened.0).map_err(|error| failed("read", error))? {
                Decoded::Foreign => Err(foreign(path)),
                _ => Ok(opened.into()),
            };
        }
        let mode = if rights.owner.is_some() { 0o600 } else { rights.mode & 0o666 };
        match directory.open(name_of(path), Open::CreateNew { mode }) {
            Ok(file) => {
                let given = Rights { mode: rights.mode & 0o666, ..rights }.give(&*file);
                given.map_err(|error| failed("set the rights of", error))?;
                let metadata = file.metadata().map_err(|error| failed("look at", error))?;
                return Ok((file, metadata).into());
            }
            // Another process was first.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed("create", error)),
        }
    }
    Err(failed("open", io::Error::from_raw_os_error(libc::EBUSY)))
}

#[cold]
fn foreign(path: &Path) -> Error {
    Error::new(
        ErrorKind::Exists,
        format!("{} is not a lock file of this library, but something else", path.display()),
    )
    .named("LOCK_FILE_FOREIGN")
    .path(path)
    .hint("move it away, or give the store another name")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::os::OsFileSystem;
    use crate::file::scratch::Scratch;

    const PRIVATE: Rights = Rights { mode: 0o600, owner: None };

    fn lock_file(scratch: &Scratch) -> Arc<LockFile> {
        let fs: Arc<dyn FileSystem> = Arc::new(OsFileSystem::new());
        let directory = Arc::from(fs.open_directory(scratch.path()).unwrap());
        Arc::new(LockFile::open(&fs, &directory, &scratch.join("l"), PRIVATE).unwrap())
    }

    fn ms(number: u64) -> Duration {
        Duration::from_millis(number)
    }

    #[test]
    fn readers_share_the_lock_and_writers_do_not() {
        let scratch = Scratch::new();
        let (first, second) = (lock_file(&scratch), lock_file(&scratch));
        let reading = first.acquire(LockMode::Shared, ms(0)).unwrap();
        let also_reading = second.acquire(LockMode::Shared, ms(0)).unwrap();
        drop(also_reading);
        assert!(second.acquire(LockMode::Exclusive, ms(5)).is_err());
        drop(reading);
        let writing = second.acquire(LockMode::Exclusive, ms(0)).unwrap();
        assert!(first.acquire(LockMode::Shared, ms(5)).is_err());
        drop(writing);
    }

    #[test]
    fn who_comes_later_does_not_overtake_who_waits() {
        let scratch = Scratch::new();
        let (holder, waiter, late) =
            (lock_file(&scratch), lock_file(&scratch), lock_file(&scratch));
        let held = holder.acquire(LockMode::Exclusive, ms(0)).unwrap();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| waiter.acquire(LockMode::Exclusive, ms(20_000)).is_ok());
            let file = late.current();
            // Until the one who waits sits on the first seat.
            while file.try_lock_bytes(LockMode::Exclusive, FIRST_SEAT, 1).unwrap() {
                file.unlock_bytes(FIRST_SEAT, 1).unwrap();
                std::thread::yield_now();
            }
            assert!(late.acquire(LockMode::Exclusive, ms(0)).is_err());
            drop(held);
            assert!(waiting.join().unwrap());
        });
        assert!(late.acquire(LockMode::Exclusive, ms(0)).is_ok(), "no seat is kept");
    }

    #[test]
    fn a_process_that_was_stopped_on_its_seat_does_not_stop_the_others() {
        let scratch = Scratch::new();
        let (stopped, other) = (lock_file(&scratch), lock_file(&scratch));
        assert!(stopped.current().try_lock_bytes(LockMode::Exclusive, FIRST_SEAT, 1).unwrap());
        assert!(other.acquire(LockMode::Exclusive, ms(50)).is_err());
        assert!(other.acquire(LockMode::Exclusive, ms(20_000)).is_ok());
    }

    #[test]
    fn a_reader_without_the_right_to_write_waits_in_the_same_row() {
        let scratch = Scratch::new();
        let writer = lock_file(&scratch);
        let reader =
            LockFile::open_existing(&writer.fs, &writer.directory, &writer.path).map(Arc::new);
        let reader = reader.unwrap();
        assert!(reader.has_seats);
        let writing = writer.acquire(LockMode::Exclusive, ms(0)).unwrap();
        assert_eq!(
            reader.acquire(LockMode::Shared, ms(5)).err().map(|error| error.kind()),
            Some(ErrorKind::Timeout)
        );
        drop(writing);
        assert!(reader.acquire(LockMode::Shared, ms(0)).is_ok());
    }

    #[test]
    fn without_seats_the_lock_still_excludes() {
        let scratch = Scratch::new();
        let seatless = |lock: Arc<LockFile>| {
            let mut lock = Arc::into_inner(lock).unwrap();
            lock.has_seats = false;
            Arc::new(lock)
        };
        let (first, second) = (seatless(lock_file(&scratch)), seatless(lock_file(&scratch)));
        let held = first.acquire(LockMode::Exclusive, ms(0)).unwrap();
        assert!(second.acquire(LockMode::Exclusive, ms(5)).is_err());
        drop(held);
        assert!(second.acquire(LockMode::Exclusive, ms(0)).is_ok());
    }
}
