//! Reading the file and its log, and mending what a crash left, where the lock allows it.
//!
//! Which file a log goes with is told by digests, never by numbers or times: a log names the file
//! it starts from, and its last record the file that it was folded into.

use std::ffi::OsStr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::aside::Aside;
use super::place::{Place, empty_file};
use super::read::{Read, read_all};
use super::{FRESH, Inner, SETTLE_PAUSE};
use crate::error::{Error, ErrorKind, Result};
use crate::file::header::{Header, digest};
use crate::file::lock::Guard;
use crate::file::{Open, open_regular};
use crate::storage::seen::{Base, SeenLog, View, grain};
use crate::storage::{Body, Loaded, Record};
use crate::wal::log::{Log, damaged};
use crate::wal::scan::Scan;

/// A log beside the file.
struct Beside {
    log: Arc<Log>,
    scan: Scan,
    /// How it stands to the file.
    bond: Bond,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bond {
    /// Its records belong on top of the file.
    Waiting,
    /// The file holds its records already.
    Folded,
    /// It was made for another file, or is damaged.
    Strange,
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
            let found = read.as_ref().map_or(0, |read| digest(&read.bytes));
            let beside = self.read_log(place, header, found, held.is_some())?;
            let known = header.unwrap_or_default();
            if held.is_some() && found != 0 && found == known.pending {
                // Whoever put it in place died before it was there to stay.
                self.target(place).sync_folder()?;
            }
            let header = match (held, &beside) {
                (Some(guard), Some(beside)) => self.mend(place, guard, known, found, beside)?,
                _ => known,
            };
            return Ok(self.remember(place, header, read, found, beside));
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

    /// Reads the log, if there is one, and finds out how it stands to the file of digest `found`.
    fn read_log(
        &self,
        place: &Place,
        header: Option<Header>,
        found: u128,
        may_mend: bool,
    ) -> Result<Option<Beside>> {
        let known = header.unwrap_or_default();
        let Some(log) = self.find_log(place, &known, found, may_mend)? else { return Ok(None) };
        let is_known = known.log == log.heading.id;
        let synced = if is_known { known.synced } else { 0 };
        // After a failed sync only what was acknowledged before it counts.
        let committed = if is_known { known.committed } else { log.start };
        let end = known.poisoned.then_some(committed);
        let scan = log.read(log.start, log.heading.seq, end, synced);
        let mut scan = scan.map_err(|error| Error::io("read", &self.log_path, error))?;
        let mut bond = bond(&known, &log, &scan, found);
        if let Some(offset) = scan.damaged.filter(|_| bond != Bond::Folded) {
            if !self.access.salvage {
                return Err(damaged(&self.log_path, offset));
            }
            if may_mend {
                self.set_log_aside(place, Aside::Damaged)?;
            }
            let behind = std::mem::take(&mut scan.behind);
            scan.records.extend(behind);
            bond = Bond::Strange;
        }
        Ok(Some(Beside { log: Arc::new(log), scan, bond }))
    }

    /// Opens the log; None where there is none and none is missed.
    fn find_log(
        &self,
        place: &Place,
        known: &Header,
        found: u128,
        may_mend: bool,
    ) -> Result<Option<Log>> {
        let salvage = self.access.salvage;
        match self.open_log(place) {
            Ok(None) => {
                let is_missed = known.log != 0 && found != 0 && found == known.digest;
                if is_missed && !salvage { Err(self.log_missing()) } else { Ok(None) }
            }
            // Not even its first line can be read.
            Err(error) if error.kind() == ErrorKind::Corrupt && salvage && may_mend => {
                self.set_log_aside(place, Aside::Damaged)?;
                let removed = place.directory.remove(self.log_name());
                removed.map_err(|error| Error::io("remove", &self.log_path, error))?;
                Ok(None)
            }
            opened => opened,
        }
    }

    /// Makes records durable that a process left that died, blanks what it left unfinished, and
    /// lets the header say so, which is returned. A log that was folded into the file goes.
    fn mend(
        &self,
        place: &Place,
        guard: &Guard,
        known: Header,
        found: u128,
        beside: &Beside,
    ) -> Result<Header> {
        let Beside { log, scan, bond } = beside;
        let failed = |what, error| Error::io(what, &self.log_path, error);
        let id = log.heading.id;
        let mut header = Header { digest: found, pending: 0, ..known };
        match bond {
            Bond::Strange => return Ok(known),
            // What is in memory of it is not asked to go to the disk again.
            Bond::Waiting if known.poisoned => return Ok(known),
            Bond::Folded => {
                (header.log, header.committed, header.synced) = (0, 0, 0);
                // Without the log an older header would take the file for a person's edit.
                guard.write_durable_header(&header, &known)?;
                let removed = place.directory.remove(self.log_name());
                removed.map_err(|error| failed("remove", error))?;
                return Ok(header);
            }
            Bond::Waiting => {
                if !scan.torn.is_empty() {
                    self.keep_aside(place, Aside::Torn, &scan.torn)?;
                    log.blank(scan.end).map_err(|error| failed("write", error))?;
                }
                if !scan.torn.is_empty() || (known.log, known.synced) != (id, scan.end) {
                    log.sync().map_err(|error| failed("sync", error))?;
                }
                if known.log != id {
                    // Whoever made it died before its name was there to stay.
                    self.target(place).sync_folder()?;
                }
                header.commit = known.commit.max(last_seq(log, scan));
                (header.log, header.committed, header.synced) = (id, scan.end, scan.end);
            }
        }
        if header != known {
            guard.write_header(&header)?;
        }
        Ok(header)
    }

    /// Notes what was read.
    fn remember(
        &self,
        place: &Place,
        known: Header,
        read: Option<Read>,
        found: u128,
        beside: Option<Beside>,
    ) -> Loaded {
        let fresh = read.as_ref().is_some_and(|read| self.is_fresh(&read.metadata));
        let base = read.as_ref().map(|read| {
            let grain = grain(place.directory.file_system_name());
            Base::new(&read.metadata, found, read.begun, grain)
        });
        let bond = beside.as_ref().map(|beside| beside.bond);
        // What a process put in place before it died is as good as noted, and so is what the log
        // vouches for.
        let vouched = matches!(bond, Some(Bond::Waiting | Bond::Folded));
        let is_own = vouched || found != 0 && found == known.pending;
        let own = if is_own { found } else { known.digest };
        let foreign = bond == Some(Bond::Strange) || own != 0 && found != own;
        let waiting = beside.filter(|beside| beside.bond != Bond::Folded);
        let mut seen = self.seen();
        seen.file = base.map_or(View::Missing, View::Present);
        seen.own_digest = own;
        (seen.header_digest, seen.header_log) = (known.digest, known.log);
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
        Loaded {
            image: image.filter(|bytes| !bytes.is_empty()),
            records: waiting.map_or_else(Vec::new, |beside| beside.scan.records),
            merge: bond == Some(Bond::Strange),
            commit_floor,
            foreign,
            edit: (foreign && found != 0 && found == known.edited).then_some(known.edited_commit),
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
        if (heading.id, heading.base, header.digest) != (header.log, base, base) {
            return Ok(None);
        }
        let end = header.committed.max(seen.offset);
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
        now.header_log = header.log;
        let seq = scan.records.last().map_or(seen.seq, |record| record.seq);
        now.log = Some(SeenLog { offset: end, seq, ..seen });
        Ok(Some(scan.records))
    }

    fn open_log(&self, place: &Place) -> Result<Option<Log>> {
        let how = if self.access.read_only { Open::Read } else { Open::ReadWrite };
        Log::open(&*place.directory, self.log_name(), &self.log_path, how)
    }

    /// Copies the log to a file that says why.
    fn set_log_aside(&self, place: &Place, kind: Aside) -> Result<()> {
        let name = self.log_name();
        let opened = open_regular(&*place.directory, name, &self.log_path, Open::Read)?;
        let Some(opened) = opened else { return Ok(()) };
        let read = read_all(opened, &self.log_path, self.fs.now())?;
        self.keep_aside(place, kind, &read.bytes)
    }

    #[cold]
    fn log_missing(&self) -> Error {
        let message = format!(
            "the log {} has gone, with commits that are not in the data file",
            self.log_path.display()
        );
        Error::new(ErrorKind::Corrupt, message)
            .named("LOG_MISSING")
            .path(&self.log_path)
            .hint("put it back; or open the store with salvage as true, which goes on without it")
    }

    pub(super) fn read_once(&self, place: &Place) -> Result<Option<Read>> {
        // The clock first: what is known of the file may be newer, not older.
        let begun = self.fs.now();
        let opened = open_regular(&*place.directory, &self.name, &self.path, Open::Read)?;
        opened.map(|opened| read_all(opened, &self.path, begun)).transpose()
    }
}

/// How a log stands to the file of digest `found`.
fn bond(known: &Header, log: &Log, scan: &Scan, found: u128) -> Bond {
    let ends_in = |record: &Record| record.body == Body::Checkpoint(found);
    let was_put_in_place =
        known.log == log.heading.id && known.pending == found && found != log.heading.base;
    if scan.records.last().is_some_and(ends_in) || was_put_in_place {
        Bond::Folded
    } else if found == log.heading.base {
        Bond::Waiting
    } else {
        Bond::Strange
    }
}

/// The number of the last commit of a log.
fn last_seq(log: &Log, scan: &Scan) -> u64 {
    scan.records.last().map_or(log.heading.seq, |record| record.seq)
}
