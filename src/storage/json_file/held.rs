//! Everything that writes, under the exclusive lock.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::aside::Aside;
use super::place::Place;
use super::{Inner, not_loaded};
use crate::error::{Error, ErrorKind, Result};
use crate::file::atomic::{NewVersion, Target};
use crate::file::header::{Digester, Edit, FileDigest, Header, LogId, LogMark};
use crate::file::lock::Guard;
use crate::file::{Metadata, look};
use crate::storage::seen::{Base, SeenLog, View, grain};
use crate::storage::{
    Body, Change, Exclusive, Image, Kept, LeftOver, Loaded, Position, Record, Size,
};
use crate::wal::log::Log;
use crate::wal::record::Heading;

/// From this size on those who wait are told that the file is being written.
const BIG_FILE: u64 = 8 << 20;
/// So many commit numbers are reserved at a time, durably, when commits are not synced one by one.
const RESERVED: u64 = 1000;

/// The exclusive lock.
pub(super) struct Held {
    store: Arc<Inner>,
    place: Arc<Place>,
    guard: Guard,
    end: Mutex<End>,
}

/// Where the log ends for the holder of the lock.
#[derive(Clone, Copy, Default)]
struct End {
    position: Position,
    /// The highest commit known to be on disk.
    synced: u64,
}

impl Held {
    pub(super) fn new(store: Arc<Inner>, place: Arc<Place>, guard: Guard) -> Held {
        let held = Held { store, place, guard, end: Mutex::default() };
        held.go_to_end();
        held
    }

    /// Goes on where the log ended when it was last read.
    fn go_to_end(&self) {
        let seen = self.store.seen().log.clone();
        let Some(SeenLog { log, offset, seq }) = seen else {
            *self.end() = End::default();
            return;
        };
        // What the header does not vouch for, the next sync does.
        let header = self.header().unwrap_or_default();
        let mark = header.mark_of(log.heading.id);
        let on_disk = mark.is_some_and(|mark| mark.synced >= offset);
        let position = Position { offset, seq };
        *self.end() = End { position, synced: if on_disk { seq } else { 0 } };
    }

    fn end(&self) -> MutexGuard<'_, End> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn log(&self) -> Option<Arc<Log>> {
        self.store.seen().log.as_ref().map(|log| Arc::clone(&log.log))
    }

    fn header(&self) -> Result<Header> {
        Ok(self.guard.header()?.unwrap_or_default())
    }

    /// The header of a store that may be written.
    fn writable_header(&self) -> Result<Header> {
        let header = self.header()?;
        if !header.poisoned {
            return Ok(header);
        }
        let path = &self.store.path;
        let message = format!("{} is not written any more: a sync failed", path.display());
        Err(Error::new(ErrorKind::Io, message)
            .named("POISONED")
            .path(path)
            .hint("see to the disk, then close all handles and open the store anew"))
    }

    fn io(&self, what: &str, error: std::io::Error) -> Error {
        Error::io(what, &self.store.log_path, error)
    }

    /// Makes the log of a store that has none, for the file as it was last seen.
    fn create_log(&self, seq: u64) -> Result<Arc<Log>> {
        let seen = self.store.seen().clone();
        let View::Present(base) = seen.file else { return Err(not_loaded(&self.store.path)) };
        let like = look(&*self.place.directory, &self.store.name, &self.store.path)?;
        if like.map(|like| like.fingerprint()) != Some(base.fingerprint) {
            return Err(not_loaded(&self.store.path));
        }
        let random = || u128::from(self.store.fs.random());
        let id = LogId::of_random(random() << 64 | random());
        let heading = Heading { id, base: base.digest, seq };
        let target = Target {
            name: self.store.log_name(),
            path: &self.store.log_path,
            like,
            ..self.store.target(&self.place)
        };
        let mode = self.store.access.mode & 0o777;
        let created = Log::create(&target, heading, mode);
        let log = created.map_err(|error| self.without_log(error))?;
        let log = Arc::new(log);
        let position = Position { offset: log.start, seq: heading.seq };
        *self.end() = End { position, synced: heading.seq };
        let mut seen = self.store.seen();
        seen.log = Some(SeenLog { log: Arc::clone(&log), offset: log.start, seq: heading.seq });
        Ok(log)
    }

    /// No log could be made. One without commits does no harm, but the next must find its place
    /// free.
    #[cold]
    fn without_log(&self, error: Error) -> Error {
        if error.name() == "FILE_CHANGED" {
            // One is there that nobody knows of: the next load looks at it.
            self.store.seen().file = View::Unknown;
            return error;
        }
        drop(self.place.directory.remove(self.store.log_name()));
        match (error.kind(), error.sys_errno()) {
            (ErrorKind::UnknownOutcome, Some(errno)) => {
                self.io("make", std::io::Error::from_raw_os_error(errno))
            }
            _ => error,
        }
    }

    /// Writes a line to the end of the log; what is left of one that failed is blanked.
    fn write(&self, log: &Log, record: &Record) -> Result<()> {
        let mut end = self.end();
        let line = record.encode(&log.heading.salt());
        if let Err(error) = log.append(&line, end.position.offset) {
            if log.blank(end.position.offset).is_err() {
                // The next load finds out what is there.
                self.store.seen().file = View::Unknown;
            }
            return Err(self.io("write", error));
        }
        end.position.offset += line.len() as u64;
        end.position.seq = record.seq;
        Ok(())
    }

    /// Ends the log durably: from now on a file with the digest `new` holds everything in it.
    fn end_log(&self, log: &Log, seq: u64, new: FileDigest) -> Result<()> {
        let before = *self.end();
        let seq = seq.max(before.position.seq) + 1;
        let body = Body::Checkpoint(new);
        let record = Record { seq, upto: before.synced, time: String::new(), body };
        self.write(log, &record)?;
        if let Err(error) = log.sync() {
            return Err(self.io("sync", error));
        }
        self.end().synced = before.position.seq;
        Ok(())
    }

    /// Writes the next version of the file, durably, and gives it with its digest.
    fn write_version(&self, image: &Image<'_>) -> Result<(NewVersion<'_>, FileDigest)> {
        let expected = match self.store.seen().file {
            View::Present(base) => Some(base.fingerprint),
            View::Missing => None,
            View::Unknown => return Err(not_loaded(&self.store.path)),
        };
        let target = self.store.target(&self.place);
        let mut version = target.begin(expected, self.store.access.mode & 0o777)?;
        let mut digest = Digester::default();
        image(&mut |bytes| {
            digest.update(bytes);
            version.append(bytes)
        })?;
        version.sync()?;
        Ok((version, digest.finish()))
    }

    /// Puts a version, whose digest is `new`, in the place of the file and lets the header, which
    /// is as given, say so before and after.
    fn put(
        &self,
        mut header: Header,
        commit: u64,
        (version, new): (NewVersion<'_>, FileDigest),
    ) -> Result<()> {
        let seen = self.store.seen().clone();
        let commit = commit.max(seen.floor);
        // From here on the number counts as given out, and the new file is known for ours.
        match &seen.log {
            None => header.log = None,
            // Its first commit failed. Should it not go, it must not be taken for a stranger's.
            Some(SeenLog { log, .. }) if header.mark_of(log.heading.id).is_none() => {
                let (id, start) = (log.heading.id, log.start);
                header.log = Some(LogMark { id, committed: start, synced: start });
            }
            Some(_) => {}
        }
        let intent = Header { commit, digest: seen.own_digest, pending: Some(new), ..header };
        if self.header()?.log.is_some() && intent.log.is_none() {
            // Both files were removed. Beside a new one the log would be missed.
            self.guard.write_durable_header(&intent, &self.header()?)?;
        } else {
            self.guard.write_header(&intent)?;
        }
        {
            let mut seen = self.store.seen();
            seen.header_digest = intent.digest;
            seen.header_log = intent.log_id();
            seen.raise(commit);
        }
        self.store.watch.end();
        let placed = version.put_in_place().inspect_err(|error| {
            if error.kind() == ErrorKind::UnknownOutcome {
                self.store.seen().file = View::Unknown;
            }
        })?;
        self.note_placed(&intent, commit, new, &placed.metadata);
        if let Some(replaced) = placed.replaced {
            self.store.keep_edit(&self.place, &replaced, seen.digest());
        }
        Ok(())
    }

    /// The file is in place and durable. If anything fails from here on, the header still names it
    /// as pending, and the log, if it is still there, as folded: the next load goes on from that.
    fn note_placed(&self, intent: &Header, commit: u64, new: FileDigest, metadata: &Metadata) {
        let had_log = self.log().is_some() || intent.log.is_some();
        {
            let mut seen = self.store.seen();
            let grain = grain(self.place.directory.file_system_name());
            seen.file = View::Present(Base::new(metadata, new, self.store.fs.now(), grain));
            seen.own_digest = Some(new);
            seen.log = None;
        }
        let done = Header { commit, digest: Some(new), ..Header::default() };
        let noted = if had_log || intent.reserved != 0 {
            // An older header would take the file for a person's edit once the log has gone, or
            // while it reserves numbers.
            self.guard.write_durable_header(&done, intent)
        } else {
            self.guard.write_header(&done)
        };
        if noted.is_err() {
            self.store.seen().file = View::Unknown;
            return;
        }
        let mut seen = self.store.seen();
        (seen.header_digest, seen.header_log) = (Some(new), None);
        if had_log {
            drop(self.place.directory.remove(self.store.log_name()));
        }
    }

    /// Whether a process left something that nobody knows of: it may have died after it made a log,
    /// or wrote its record, and before it said so.
    fn is_left_over(&self) -> Result<bool> {
        let seen = self.store.seen().log.clone();
        let Some(SeenLog { log, offset, .. }) = seen else {
            let found = look(&*self.place.directory, self.store.log_name(), &self.store.log_path)?;
            return Ok(found.is_some());
        };
        if offset != self.end().position.offset {
            // This process has written more than it has published.
            return Ok(false);
        }
        log.is_blank_at(offset).map(|blank| !blank).map_err(|error| self.io("read", error))
    }

    /// Whether writing the file takes so long that those who wait are told.
    fn takes_long(&self) -> bool {
        let size = self.size();
        size.file_bytes + size.log_bytes.unwrap_or_default() >= BIG_FILE
    }

    fn tell_that_it_is_over(&self) {
        if let Ok(header @ Header { busy: true, .. }) = self.header() {
            // Who waits for a lock that is free gets it, whatever the header says.
            drop(self.guard.write_header(&Header { busy: false, ..header }));
        }
    }

    fn replace_whole(&self, header: Header, commit: u64, image: &Image<'_>) -> Result<()> {
        let version = self.write_version(image)?;
        let Some(log) = self.log() else { return self.put(header, commit, version) };
        let before = *self.end();
        let placed =
            self.end_log(&log, commit, version.1).and_then(|()| self.put(header, commit, version));
        if placed.as_ref().is_err_and(|error| error.kind() != ErrorKind::UnknownOutcome) {
            // The log goes on as if nothing had been tried.
            *self.end() = before;
            if log.blank(before.position.offset).is_err() {
                self.store.seen().file = View::Unknown;
            }
        }
        placed
    }
}

impl Exclusive for Held {
    fn changed(&self) -> Result<Change> {
        let header = self.guard.header()?;
        let change = self.store.differs(&self.place, header)?;
        let floor = self.store.seen().floor;
        if change == Change::None && header.is_some_and(|header| header.commit > floor) {
            return Ok(Change::All);
        }
        if change != Change::None {
            return Ok(change);
        }
        Ok(if self.is_left_over()? { Change::All } else { Change::None })
    }

    fn records(&self) -> Result<Option<Vec<Record>>> {
        let records = self.store.new_records(&self.place, &self.header()?, true)?;
        self.go_to_end();
        Ok(records)
    }

    fn load(&self) -> Result<Loaded> {
        let loaded = self.store.read(&self.place, Some(&self.guard));
        self.go_to_end();
        loaded
    }

    fn replace(&self, commit: u64, image: &Image<'_>) -> Result<()> {
        let header = self.writable_header()?;
        if !self.takes_long() {
            return self.replace_whole(header, commit, image);
        }
        let header = Header { busy: true, ..header };
        self.guard.write_header(&header)?;
        let replaced = self.replace_whole(header, commit, image);
        self.tell_that_it_is_over();
        replaced
    }

    fn rebase(&self, commit: u64, image: &Image<'_>, left: Option<LeftOver>) -> Result<()> {
        match left {
            Some(LeftOver::Some(operations)) => {
                self.store.keep_aside(&self.place, Aside::Conflict, operations.as_bytes())?;
            }
            Some(LeftOver::All(operations)) => {
                self.store.keep_aside(&self.place, Aside::Orphan, operations.as_bytes())?;
            }
            None => {}
        }
        self.put(self.header()?, commit, self.write_version(image)?)
    }

    fn withdraw(&self) {
        self.guard.withdraw();
    }

    fn keep(&self, what: Kept<'_>) -> Result<()> {
        let (kind, bytes) = match what {
            Kept::Damaged(image) => (Aside::Damaged, image),
            Kept::Overridden(operations) => (Aside::Conflict, operations.as_bytes()),
        };
        self.store.keep_aside(&self.place, kind, bytes)
    }

    fn append(&self, seq: u64, time: &str, operations: String, synced: bool) -> Result<()> {
        let header = self.writable_header()?;
        if !synced && seq > header.reserved {
            let reserved = Header { reserved: seq + RESERVED, ..header };
            self.guard.write_durable_header(&reserved, &header)?;
        }
        let log = self.log();
        // Looked at anew before a log is made, and after somebody changed the file.
        if log.is_none() || !self.store.replaceable.load(Ordering::Relaxed) {
            self.store.check_replaceable(&self.place)?;
        }
        let log = log.map_or_else(|| self.create_log(seq - 1), Ok)?;
        let upto = self.end().synced;
        let body = Body::Operations(operations);
        self.write(&log, &Record { seq, upto, time: time.to_owned(), body })?;
        self.store.seen().raise(seq);
        Ok(())
    }

    fn position(&self) -> Position {
        self.end().position
    }

    fn is_synced(&self) -> bool {
        let position = self.end().position;
        self.log().is_none_or(|log| {
            let header = self.header().unwrap_or_default();
            let mark = header.mark_of(log.heading.id);
            mark.is_some_and(|mark| mark.synced >= position.offset)
        })
    }

    fn sync(&self) -> Result<()> {
        let Some(log) = self.log() else { return Ok(()) };
        log.sync().map_err(|error| self.io("sync", error))
    }

    fn publish(&self, position: Position, durable: bool) -> Result<()> {
        let Some(log) = self.log() else { return Ok(()) };
        let mut header = self.header()?;
        let id = log.heading.id;
        let known_synced = header.mark_of(id).map_or(0, |mark| mark.synced);
        let synced = if durable { position.offset } else { known_synced };
        header = Header {
            commit: header.commit.max(position.seq),
            digest: Some(log.heading.base),
            pending: None,
            log: Some(LogMark { id, committed: position.offset, synced }),
            ..header
        };
        if durable {
            header.reserved = 0;
        }
        self.guard.write_header(&header)?;
        if durable {
            let mut end = self.end();
            end.synced = end.synced.max(position.seq);
        }
        let mut seen = self.store.seen();
        (seen.header_digest, seen.header_log) = (header.digest, Some(id));
        seen.own_digest = header.digest;
        if let Some(log) = &mut seen.log {
            (log.offset, log.seq) = (position.offset, position.seq);
        }
        Ok(())
    }

    fn size(&self) -> Size {
        let file_bytes = match self.store.seen().file {
            View::Present(base) => base.fingerprint.size(),
            View::Missing | View::Unknown => 0,
        };
        let log_bytes = self.log().map(|_| self.end().position.offset);
        Size { file_bytes, log_bytes }
    }

    fn poison(&self) {
        if let Ok(header) = self.header() {
            // In memory it keeps others from writing even where it cannot be made durable.
            let poisoned = Header { poisoned: true, ..header };
            drop(self.guard.write_durable_header(&poisoned, &poisoned));
        }
    }

    fn reserve(&self, commit: u64) -> Result<()> {
        let header = self.header()?;
        if header.commit < commit {
            let edited = self.store.seen().digest();
            let edit = edited.map(|digest| Edit { digest, commit });
            self.guard.write_header(&Header { commit, edit, ..header })?;
        }
        self.store.seen().raise(commit.max(header.commit));
        Ok(())
    }
}
