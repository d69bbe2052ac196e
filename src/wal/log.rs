//! The file of a log: made whole, grown at its end, never shortened.
//!
//! The caller holds the exclusive lock for everything that writes.

use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::record::{Heading, Unreadable};
use super::scan::{Scan, scan};
use crate::error::{Error, ErrorKind, Result};
use crate::file::atomic::Target;
use crate::file::{Directory, File, Open, open_regular, read_full, write_full};

/// Space is claimed ahead, as much as there is, within these bounds: a write that leaves the size
/// of a file alone is synced 1.4 times faster.
const CLAIM_MIN: u64 = 4 << 10;
const CLAIM_MAX: u64 = 1 << 20;
const HEADING_BYTES_MAX: usize = 1024;

/// An open log.
pub(crate) struct Log {
    pub(crate) heading: Heading,
    /// Where the first record stands.
    pub(crate) start: u64,
    /// The user that the file belongs to.
    pub(crate) owner: u32,
    file: Arc<dyn File>,
    /// The size that the file is known to have at least.
    size: AtomicU64,
}

impl Log {
    /// Opens the log called `name`; None when there is none.
    ///
    /// # Errors
    /// CORRUPT named LOG_DAMAGED when its first line cannot be read, TOONEW when a later version
    /// wrote it.
    pub(crate) fn open(
        directory: &dyn Directory,
        name: &OsStr,
        path: &Path,
        how: Open,
    ) -> Result<Option<Log>> {
        let Some((file, metadata)) = open_regular(directory, name, path, how)? else {
            return Ok(None);
        };
        let mut bytes = [0; HEADING_BYTES_MAX];
        let length = read_full(&*file, &mut bytes, 0).map_err(|e| Error::io("read", path, e))?;
        let bytes = bytes.get(..length).unwrap_or_default();
        // It was made whole, so a line without its end was cut off.
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let line = end.and_then(|end| bytes.get(..end));
        let heading = match line.map_or(Err(Unreadable::Damaged), Heading::decode) {
            Ok(heading) => heading,
            Err(Unreadable::Damaged) => return Err(damaged(path, 0)),
            Err(Unreadable::Newer) => return Err(newer(path, 0)),
        };
        let start = line.map_or(0, |line| line.len() as u64 + 1);
        let (file, size) = (Arc::from(file), AtomicU64::new(0));
        Ok(Some(Log { heading, start, owner: metadata.user, file, size }))
    }

    /// Makes the log that `target` names, durably, with nothing but its first line.
    pub(crate) fn create(target: &Target<'_>, heading: Heading, mode: u32) -> Result<Log> {
        let line = heading.encode();
        target.replace(line.as_bytes(), None, mode)?;
        let opened = Log::open(target.directory, target.name, target.path, Open::ReadWrite)?;
        opened.filter(|log| log.heading == heading).ok_or_else(|| damaged(target.path, 0))
    }

    /// The size of the file.
    pub(crate) fn bytes(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.size)
    }

    /// Reads the records from `start` on, behind the record `last`, up to `end` or to the end of
    /// the file. What lies before `synced` must be there.
    pub(crate) fn read(
        &self,
        start: u64,
        last: u64,
        end: Option<u64>,
        synced: u64,
    ) -> io::Result<Scan> {
        let end = match end {
            Some(end) => end,
            None => self.bytes()?,
        };
        let size = usize::try_from(end.saturating_sub(start)).unwrap_or(usize::MAX);
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(size).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
        bytes.resize(size, 0);
        let length = read_full(&*self.file, &mut bytes, start)?;
        bytes.truncate(length);
        Ok(scan(&bytes, start, last, &self.heading, synced))
    }

    /// Whether nothing was written from `offset` on, as far as one byte tells.
    pub(crate) fn is_blank_at(&self, offset: u64) -> io::Result<bool> {
        let mut byte = [b'\n'];
        read_full(&*self.file, &mut byte, offset)?;
        Ok(byte == [b'\n'])
    }

    /// Writes a line at `offset`, where the log ends.
    pub(crate) fn append(&self, line: &str, offset: u64) -> io::Result<()> {
        let end = offset + line.len() as u64;
        if end > self.size.load(Ordering::Relaxed) {
            self.claim(end)?;
        }
        write_full(&*self.file, line.as_bytes(), offset)
    }

    /// Makes the file big enough for `end`, and some more, with line feeds.
    fn claim(&self, end: u64) -> io::Result<()> {
        // Another process may have claimed, and written, more than is known here.
        let mut size = self.bytes()?;
        if size < end {
            let step = end.next_power_of_two().clamp(CLAIM_MIN, CLAIM_MAX);
            let wanted = end.next_multiple_of(step);
            let feeds = vec![b'\n'; usize::try_from(wanted - size).unwrap_or_default()];
            write_full(&*self.file, &feeds, size)?;
            size = wanted;
        }
        self.size.store(size, Ordering::Relaxed);
        Ok(())
    }

    /// Turns everything from `offset` on into line feeds.
    pub(crate) fn blank(&self, offset: u64) -> io::Result<()> {
        let length = self.bytes()?.saturating_sub(offset);
        let feeds = vec![b'\n'; usize::try_from(length).unwrap_or_default()];
        write_full(&*self.file, &feeds, offset)
    }

    /// Makes everything written durable.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}

/// The error for a log that cannot be believed from `offset` on.
#[cold]
pub(crate) fn damaged(path: &Path, offset: u64) -> Error {
    let message = format!(
        "the log {} is damaged at byte {offset}, in a commit that was acknowledged",
        path.display()
    );
    Error::new(ErrorKind::Corrupt, message)
        .named("LOG_DAMAGED")
        .path(path)
        .actual(format!("byte {offset}"))
        .hint(
            "restore the store from a backup; or open it with salvage as true, which takes what \
               can be read and keeps the damaged log aside",
        )
}

/// The error for a log of which a later version wrote the line at `offset`.
#[cold]
pub(crate) fn newer(path: &Path, offset: u64) -> Error {
    let message = format!(
        "the log {} was written by a later version of the library (byte {offset})",
        path.display()
    );
    Error::new(ErrorKind::TooNew, message)
        .path(path)
        .actual(format!("byte {offset}"))
        .hint("use the newer library that wrote it; it folds the log into the file when it closes")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::FileSystem;
    use crate::file::header::{FileDigest, LogId};
    use crate::file::os::OsFileSystem;
    use crate::file::scratch::Scratch;

    #[test]
    fn a_log_is_grown_seldom_and_ahead() {
        let scratch = Scratch::new();
        let (id, base) = (LogId::new(5).unwrap(), FileDigest::new(1).unwrap());
        let heading = Heading { id, base, seq: 0 };
        let path = scratch.write("log", heading.encode().as_bytes());
        let directory = OsFileSystem::new().open_directory(scratch.path()).unwrap();
        let opened = Log::open(&*directory, OsStr::new("log"), &path, Open::ReadWrite);
        let log = opened.unwrap().unwrap();
        let record = "x".repeat(2999) + "\n";
        let (mut end, mut sizes) = (log.start, Vec::new());
        for _ in 0..700 {
            log.append(&record, end).unwrap();
            end += record.len() as u64;
            let size = log.bytes().unwrap();
            if sizes.last() != Some(&size) {
                sizes.push(size);
            }
        }
        let expected: Vec<u64> = (12..=20).map(|it| 1 << it).chain([2 << 20, 3 << 20]).collect();
        assert_eq!(sizes, expected);
        let bytes = scratch.read("log");
        let (written, ahead) = bytes.split_at(end as usize);
        assert!(written.ends_with(record.as_bytes()) && ahead.iter().all(|it| *it == b'\n'));
    }
}
