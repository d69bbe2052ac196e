//! Reading the file and its log, and mending what a crash left, where the lock allows it.

use std::ffi::OsStr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::aside::Aside;
use super::bond::{Bond, LogFacts, bond, is_log_missing};
use super::place::{Place, empty_file};
use super::read::{Read, read_all};
use super::{FRESH, Inner, SETTLE_PAUSE};
use crate::error::{Error, ErrorKind, Result};
use crate::file::header::{FileDigest, Header, LogMark};
use crate::file::lock::Guard;
use crate::file::{Open, open_regular};
use crate::storage::seen::{Base, SeenLog, View, grain};
use crate::storage::{Body, Loaded, Record};
use crate::wal::log::{Log, damaged, newer};
use crate::wal::scan::Scan;

/// The file with its digest, and what the header says of it.
struct Found {
    header: Option<Header>,
    read: Option<Read>,
    file: Option<FileDigest>,
}

/// A log beside the file.
struct Beside {
    log: Arc<Log>,
    scan: Scan,
    /// How it stands to the file.
    bond: Bond,
}

impl Beside {
    /// Whether it shows that a store wrote the file, and no person put it there. The two may have
    /// been put back together: then the header is newer than both.
    fn vouches(&self, found: &Found) -> bool {
        let is_restored = found.header.is_some_and(|header| {
            let is_noted = header.digest == found.file || header.pending == found.file;
            !is_noted && header.commit > last_seq(&self.log, &self.scan)
        });
        matches!(self.bond, Bond::Waiting | Bond::Folded) && !is_restored
    }
}

impl Inner {
    /// Reads the file, its log and what the header says of them, and remembers all three. Who holds
    /// the exclusive lock also mends what a crash left.
    pub(super) fn read(&self, place: &Place, held: Option<&Guard>) -> Result<Loaded> {
        let deadline = self.fs.monotonic().saturating_add(FRESH);
        loop {
            let header = self.header(place)?;
            let read = self.read_once(place)?;
            if self.is_unfinished(place, header, read.as_ref()) && self.fs.monotonic() < deadline {
                self.fs.sleep(SETTLE_PAUSE);
                continue;
            }
            let read = self.accept(header, read)?;
            let file = read.as_ref().map(|read| FileDigest::of(&read.bytes));
            let found = Found { header, read, file };
            let beside = self.read_log(place, &found, held.is_some())?;
            let is_vouched = beside.as_ref().is_some_and(|beside| beside.vouches(&found));
            let known = header.unwrap_or_default();
            let (known, beside) = match held {
                Some(guard) => self.mend(place, guard, &found, beside)?,
                None => (known, beside.filter(|beside| beside.bond != Bond::Stray)),
            };
            return Ok(self.remember(place, known, found, is_vouched, beside));
        }
    }

    /// Whether somebody seems to be in the middle of saving: the file grows, or a file that held
    /// something is empty or away for a moment.
    fn is_unfinished(&self, place: &Place, header: Option<Header>, read: Option<&Read>) -> bool {
        let held_something = match self.seen().file {
            View::Present(base) => base.digest != FileDigest::of(b""),
            View::Missing => false,
            View::Unknown => header.is_some_and(|header| header.digest.is_some()),
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
        let is_content = |digest: FileDigest| digest != FileDigest::of(b"");
        let was_store = matches!(self.seen().file, View::Present(base) if is_content(base.digest))
            || header.and_then(|header| header.digest).is_some_and(is_content);
        if self.access.create == Some(true) && !was_store {
            return Ok(Some(read));
        }
        Err(empty_file(&self.path))
    }

    /// Reads the log, if there is one, and finds out how it stands to the file.
    fn read_log(&self, place: &Place, found: &Found, may_mend: bool) -> Result<Option<Beside>> {
        let header = found.header.as_ref();
        let log = self.find_log(place, may_mend)?;
        let id = log.as_ref().map(|log| log.heading.id);
        if is_log_missing(header, id, found.file) && !self.access.salvage {
            return Err(self.log_missing(id.is_some()));
        }
        let Some(log) = log else { return Ok(None) };
        let mark = header.and_then(|header| header.mark_of(log.heading.id));
        // After a failed sync only what was acknowledged before it counts.
        let committed = mark.map_or(log.start, |mark| mark.committed);
        let is_poisoned = header.is_some_and(|header| header.poisoned);
        let end = is_poisoned.then_some(committed);
        let synced = mark.map_or(0, |mark| mark.synced);
        let scan = log.read(log.start, log.heading.seq, end, synced);
        let mut scan = scan.map_err(|error| Error::io("read", &self.log_path, error))?;
        let mut bond =
            bond(header, &self.facts(place, &log, &scan, found.read.as_ref()), found.file);
        if let Some(offset) = scan.newer {
            return Err(newer(&self.log_path, offset));
        }
        let is_of_use = !matches!(bond, Bond::Folded | Bond::Stray);
        if let Some(offset) = scan.damaged.filter(|_| is_of_use) {
            if !self.access.salvage {
                return Err(damaged(&self.log_path, offset));
            }
            if may_mend {
                self.copy_log_aside(place, Aside::Damaged)?;
            }
            let behind = std::mem::take(&mut scan.behind);
            scan.records.extend(behind);
            bond = Bond::Strange;
        }
        Ok(Some(Beside { log: Arc::new(log), scan, bond }))
    }

    /// Opens the log, if there is one.
    fn find_log(&self, place: &Place, may_mend: bool) -> Result<Option<Log>> {
        match self.open_log(place) {
            // Not even its first line can be read.
            Err(error) if error.kind() == ErrorKind::Corrupt && self.access.salvage && may_mend => {
                self.set_log_aside(place, Aside::Damaged)?;
                Ok(None)
            }
            opened => opened,
        }
    }

    fn facts(&self, place: &Place, log: &Log, scan: &Scan, read: Option<&Read>) -> LogFacts {
        let folded_into = scan.records.last().and_then(|record| match record.body {
            Body::Checkpoint(file) => Some(file),
            Body::Operations(_) => None,
        });
        let file_owner = read.map(|read| read.metadata.user);
        // What the superuser leaves in a folder of others it can do in any other way, too.
        let is_known = |owner| [place.directory.user(), 0].contains(&owner);
        let is_strangers = !is_known(log.owner) && Some(log.owner) != file_owner;
        LogFacts { id: log.heading.id, base: log.heading.base, folded_into, is_strangers }
    }

    /// Makes records durable that a process left that died, blanks what it left unfinished, and
    /// lets the header say so, which is returned. A log that was folded into the file goes, and one
    /// that is not this store's is set aside.
    fn mend(
        &self,
        place: &Place,
        guard: &Guard,
        found: &Found,
        beside: Option<Beside>,
    ) -> Result<(Header, Option<Beside>)> {
        let known = found.header.unwrap_or_default();
        // A log whose file is gone may hold all there is.
        if found.file.is_none() {
            return Ok((known, beside));
        }
        if found.file == known.pending {
            // Whoever put it in place died before it was there to stay.
            self.target(place).sync_folder()?;
        }
        let header = match beside.as_ref().map(|beside| beside.bond) {
            Some(Bond::Strange) => return Ok((known, beside)),
            // What is in memory of it is not asked to go to the disk again.
            Some(Bond::Waiting) if known.poisoned => return Ok((known, beside)),
            Some(Bond::Stray) => {
                self.set_log_aside(place, Aside::Orphan)?;
                Header { log: None, ..known }
            }
            None => Header { log: None, ..known },
            Some(Bond::Folded) => Header { digest: found.file, pending: None, log: None, ..known },
            Some(Bond::Waiting) => self.mend_log(place, found, beside.as_ref())?,
        };
        let is_folded = beside.as_ref().is_some_and(|beside| beside.bond == Bond::Folded);
        if is_folded || header.log.is_none() && known.log.is_some() {
            // Without the log an older header would take the file for a person's edit, or miss it.
            guard.write_durable_header(&header, &known)?;
        } else if header != known {
            guard.write_header(&header)?;
        }
        if header.log.is_some() {
            return Ok((header, beside));
        }
        if is_folded {
            self.remove_log(place)?;
        }
        Ok((header, None))
    }

    /// Makes durable what a log holds that waits on its file, and blanks what is torn.
    fn mend_log(&self, place: &Place, found: &Found, beside: Option<&Beside>) -> Result<Header> {
        let known = found.header.unwrap_or_default();
        let Some(beside @ Beside { log, scan, .. }) = beside else { return Ok(known) };
        let failed = |what, error| Error::io(what, &self.log_path, error);
        let mark = known.mark_of(log.heading.id);
        if !scan.torn.is_empty() {
            self.keep_aside(place, Aside::Torn, &scan.torn)?;
            log.blank(scan.end).map_err(|error| failed("write", error))?;
        }
        if !scan.torn.is_empty() || mark.is_none_or(|mark| mark.synced != scan.end) {
            log.sync().map_err(|error| failed("sync", error))?;
        }
        if mark.is_none() {
            // Whoever made it died before its name was there to stay.
            self.target(place).sync_folder()?;
        }
        let mark = LogMark { id: log.heading.id, committed: scan.end, synced: scan.end };
        let commit = known.commit.max(last_seq(log, scan));
        let digest = if beside.vouches(found) { found.file } else { known.digest };
        Ok(Header { commit, digest, pending: None, log: Some(mark), ..known })
    }

    /// Notes what was read. `known` is the header, mended.
    fn remember(
        &self,
        place: &Place,
        known: Header,
        Found { read, file, .. }: Found,
        is_vouched: bool,
        beside: Option<Beside>,
    ) -> Loaded {
        let fresh = read.as_ref().is_some_and(|read| self.is_fresh(&read.metadata));
        let base = read.as_ref().zip(file).map(|(read, file)| {
            let grain = grain(place.directory.file_system_name());
            Base::new(&read.metadata, file, read.begun, grain)
        });
        // What a process put in place before it died is as good as noted, and so is what the log
        // vouches for.
        let is_own = is_vouched || file.is_some() && file == known.pending;
        let own = if is_own { file } else { known.digest };
        let is_strange = beside.as_ref().is_some_and(|beside| beside.bond == Bond::Strange);
        let foreign = is_strange || own.is_some() && file != own;
        let waiting = beside.filter(|beside| beside.bond != Bond::Folded);
        let mut seen = self.seen();
        seen.file = base.map_or(View::Missing, View::Present);
        seen.own_digest = own;
        (seen.header_digest, seen.header_log) = (known.digest, known.log_id());
        seen.raise(known.commit.max(known.reserved));
        if let Some(Beside { log, scan, .. }) = &waiting {
            seen.raise(last_seq(log, scan));
        }
        seen.log = waiting.as_ref().map(|Beside { log, scan, .. }| SeenLog {
            log: Arc::clone(log),
            offset: scan.end,
            seq: last_seq(log, scan),
        });
        let commit_floor = seen.floor;
        drop(seen);
        // Whoever changed it may have seen to it that it stays as it is.
        self.replaceable.store(false, Ordering::Relaxed);
        let image = read.map(|Read { bytes, file, metadata, .. }| {
            self.begin_to_watch(place, || Some((file, metadata)));
            bytes
        });
        let edit = known.edit.filter(|edit| foreign && Some(edit.digest) == file);
        Loaded {
            image: image.filter(|bytes| !bytes.is_empty()),
            records: waiting.map_or_else(Vec::new, |beside| beside.scan.records),
            merge: is_strange,
            commit_floor,
            foreign,
            edit: edit.map(|edit| edit.commit),
            fresh,
            poisoned: known.poisoned,
            salvage: self.access.salvage,
        }
    }

    /// The commits that came into the log since the last look; None when a load is called for.
    /// While the lock `is_held`, nothing else may stand in the log.
    pub(super) fn new_records(
        &self,
        place: &Place,
        header: &Header,
        is_held: bool,
    ) -> Result<Option<Vec<Record>>> {
        let (known, base) = {
            let seen = self.seen();
            (seen.log.clone(), seen.digest())
        };
        let seen = match known {
            Some(seen) => seen,
            None => match self.open_log(place)? {
                Some(log) => {
                    SeenLog { offset: log.start, seq: log.heading.seq, log: Arc::new(log) }
                }
                None => return Ok(None),
            },
        };
        let heading = seen.log.heading;
        let mark = header.mark_of(heading.id);
        let goes_with_both = base == Some(heading.base) && base == header.digest;
        let Some(mark) = mark.filter(|_| goes_with_both) else { return Ok(None) };
        let end = mark.committed.max(seen.offset);
        let scan = seen.log.read(seen.offset, seen.seq, Some(end), end);
        let scan = scan.map_err(|error| Error::io("read", &self.log_path, error))?;
        // What a dying process left behind them is for a load to judge.
        let is_blank = || seen.log.is_blank_at(end);
        let failed = |error| Error::io("read", &self.log_path, error);
        if scan.end != end || is_held && !is_blank().map_err(failed)? {
            return Ok(None);
        }
        let mut now = self.seen();
        now.raise(header.commit);
        now.header_log = header.log_id();
        let seq = scan.records.last().map_or(seen.seq, |record| record.seq);
        now.log = Some(SeenLog { offset: end, seq, ..seen });
        Ok(Some(scan.records))
    }

    fn open_log(&self, place: &Place) -> Result<Option<Log>> {
        let how = if self.access.read_only { Open::Read } else { Open::ReadWrite };
        Log::open(&*place.directory, self.log_name(), &self.log_path, how)
    }

    /// Copies the log to a file that says why.
    fn copy_log_aside(&self, place: &Place, kind: Aside) -> Result<()> {
        let name = self.log_name();
        let opened = open_regular(&*place.directory, name, &self.log_path, Open::Read)?;
        let Some(opened) = opened else { return Ok(()) };
        let read = read_all(opened, &self.log_path, self.fs.now())?;
        self.keep_aside(place, kind, &read.bytes)
    }

    /// Moves the log to a file that says why.
    fn set_log_aside(&self, place: &Place, kind: Aside) -> Result<()> {
        self.copy_log_aside(place, kind)?;
        self.remove_log(place)
    }

    fn remove_log(&self, place: &Place) -> Result<()> {
        let removed = place.directory.remove(self.log_name());
        removed.map_err(|error| Error::io("remove", &self.log_path, error))
    }

    #[cold]
    fn log_missing(&self, is_other: bool) -> Error {
        let path = self.log_path.display();
        let message = if is_other {
            format!("{path} is another log than the one that has commits which the data file lacks")
        } else {
            format!("the log {path} is gone, with commits that are not in the data file")
        };
        Error::new(ErrorKind::Corrupt, message).named("LOG_MISSING").path(&self.log_path).hint(
            "put the log back; or open the store with salvage as true, which goes on without it",
        )
    }

    pub(super) fn read_once(&self, place: &Place) -> Result<Option<Read>> {
        // The clock first: what is known of the file may be newer, not older.
        let begun = self.fs.now();
        let opened = open_regular(&*place.directory, &self.name, &self.path, Open::Read)?;
        opened.map(|opened| read_all(opened, &self.path, begun)).transpose()
    }
}

/// The number of the last commit of a log.
fn last_seq(log: &Log, scan: &Scan) -> u64 {
    scan.records.last().map_or(log.heading.seq, |record| record.seq)
}
