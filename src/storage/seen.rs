//! What a storage remembers of the file, to notice when somebody else changed it.
//!
//! Times of files have a grain: an edit within the same grain as the last look can leave everything
//! that a look tells as it was. So a file that was just changed when it was looked at stays
//! unsettled until its bytes were compared once after the grain has passed.

use std::sync::Arc;
use std::time::Duration;

use crate::file::header::{FileDigest, Header, LogId};
use crate::file::{Fingerprint, Metadata};
use crate::storage::Change;
use crate::wal::log::Log;

/// The coarsest tick of the clock that stamps files.
const GRAIN: Duration = Duration::from_millis(10);
/// FAT keeps two seconds; over the network the stamps are those of another machine.
const COARSE_GRAIN: Duration = Duration::from_secs(2);
const COARSE: [&str; 8] = ["fat", "vfat", "exfat", "nfs", "smb", "smbfs", "cifs", "9p"];

/// The grain of the times on a kind of file system.
pub(super) fn grain(file_system: &str) -> Duration {
    if COARSE.contains(&file_system) { COARSE_GRAIN } else { GRAIN }
}

/// What was seen at the last load or replace.
#[derive(Clone, Default)]
pub(super) struct Seen {
    pub(super) file: View,
    /// The log whose records are waiting to get into the file.
    pub(super) log: Option<SeenLog>,
    /// The digest in the header.
    pub(super) header_digest: Option<FileDigest>,
    /// The log that the header names.
    pub(super) header_log: Option<LogId>,
    /// The digest of the data file as a store last wrote it; None when unknown.
    pub(super) own_digest: Option<FileDigest>,
    /// The highest commit number known to be given out.
    pub(super) floor: u64,
}

/// A log as far as it was read.
#[derive(Clone)]
pub(super) struct SeenLog {
    pub(super) log: Arc<Log>,
    /// Where the last record that was read ends.
    pub(super) offset: u64,
    /// Its number.
    pub(super) seq: u64,
}

/// What is known of the data file.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum View {
    /// Nothing, or nothing any more.
    #[default]
    Unknown,
    /// It was not there.
    Missing,
    /// It was there.
    Present(Base),
}

/// The data file as it was seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Base {
    pub(super) fingerprint: Fingerprint,
    pub(super) digest: FileDigest,
    /// No change can hide behind this fingerprint.
    pub(super) settled: bool,
}

impl Base {
    /// Remembers a file whose metadata was read after `now`, with bytes that are no older.
    pub(super) fn new(
        metadata: &Metadata,
        digest: FileDigest,
        now: Duration,
        grain: Duration,
    ) -> Base {
        Base {
            fingerprint: metadata.fingerprint(),
            digest,
            settled: !metadata.changed_within(grain, now),
        }
    }
}

/// What a look at the file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Same,
    Changed,
    /// It looks the same, but the bytes have to be compared once.
    Compare,
}

impl Seen {
    /// What the header tells of others. One that is gone or damaged says nothing of the file, which
    /// decides itself.
    pub(super) fn judge_header(&self, header: Option<&Header>) -> Change {
        match header {
            Some(header) if header.digest != self.header_digest => Change::All,
            Some(header) if header.log_id() != self.header_log => match self.log {
                // The first log for the file that is known.
                None if header.log.is_some() => Change::Log,
                _ => Change::All,
            },
            Some(header) if self.has_grown(header) => Change::Log,
            None if self.log.is_some() => Change::All,
            _ => Change::None,
        }
    }

    /// Whether the log has records that were not read yet.
    fn has_grown(&self, header: &Header) -> bool {
        match &self.log {
            Some(log) => {
                let mark = header.mark_of(log.log.heading.id);
                mark.is_some_and(|mark| mark.committed > log.offset)
            }
            None => header.log.is_some() && header.log_id() != self.header_log,
        }
    }

    /// Compares the file that was seen with the one that is there.
    pub(super) fn judge_file(
        &self,
        found: Option<&Metadata>,
        now: Duration,
        grain: Duration,
    ) -> Verdict {
        match (self.file, found) {
            (View::Missing, None) => Verdict::Same,
            (View::Present(base), Some(found)) if base.fingerprint == found.fingerprint() => {
                if base.settled || found.changed_within(grain, now) {
                    Verdict::Same
                } else {
                    Verdict::Compare
                }
            }
            _ => Verdict::Changed,
        }
    }

    /// The data file as it was seen, if no change can hide behind that.
    pub(super) fn settled(&self) -> Option<Fingerprint> {
        match self.file {
            View::Present(base) if base.settled => Some(base.fingerprint),
            _ => None,
        }
    }

    /// The digest of the data file, where it is known and there.
    pub(super) fn digest(&self) -> Option<FileDigest> {
        match self.file {
            View::Present(base) => Some(base.digest),
            View::Missing | View::Unknown => None,
        }
    }

    /// Notes that the bytes behind `fingerprint` were compared after the grain had passed.
    pub(super) fn settle(&mut self, fingerprint: Fingerprint) {
        if let View::Present(base) = &mut self.file {
            base.settled |= base.fingerprint == fingerprint;
        }
    }

    /// Notes that numbers up to `commit` are given out.
    pub(super) fn raise(&mut self, commit: u64) {
        self.floor = self.floor.max(commit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::{FileId, FileKind};

    const SECOND: i128 = 1_000_000_000;

    fn metadata(inode: u64, changed_ns: i128) -> Metadata {
        Metadata {
            kind: FileKind::Regular,
            id: FileId { device: 1, inode },
            size: 3,
            modified_ns: changed_ns,
            changed_ns,
            mode: 0o600,
            user: 0,
            group: 0,
            links: 1,
        }
    }

    fn digest(number: u128) -> FileDigest {
        FileDigest::new(number).unwrap()
    }

    fn seen(at: &Metadata, now: Duration) -> Seen {
        let seven = digest(7);
        let file = View::Present(Base::new(at, seven, now, GRAIN));
        let (header_digest, own_digest) = (Some(seven), Some(seven));
        Seen { file, header_digest, own_digest, floor: 1, ..Seen::default() }
    }

    #[test]
    fn an_old_file_is_settled_and_never_compared() {
        let file = metadata(1, 5 * SECOND);
        let seen = seen(&file, Duration::from_secs(9));
        let verdict = seen.judge_file(Some(&file), Duration::from_secs(99), GRAIN);
        assert_eq!(verdict, Verdict::Same);
    }

    #[test]
    fn a_file_changed_just_before_is_compared_once_and_only_after_the_grain() {
        let file = metadata(1, 5 * SECOND);
        let mut seen = seen(&file, Duration::from_millis(5_005));
        let judge =
            |seen: &Seen, ms| seen.judge_file(Some(&file), Duration::from_millis(ms), GRAIN);
        assert_eq!(judge(&seen, 5_009), Verdict::Same);
        assert_eq!(judge(&seen, 5_011), Verdict::Compare);
        seen.settle(file.fingerprint());
        assert_eq!(judge(&seen, 5_012), Verdict::Same);
    }

    #[test]
    fn another_inode_another_time_and_another_digest_in_the_header_are_changes() {
        let file = metadata(1, 5 * SECOND);
        let now = Duration::from_secs(9);
        let seen = seen(&file, now);
        let judge = |found: Option<&Metadata>| seen.judge_file(found, now, GRAIN);
        assert_eq!(judge(Some(&metadata(2, 5 * SECOND))), Verdict::Changed);
        assert_eq!(judge(Some(&metadata(1, 5 * SECOND + 1))), Verdict::Changed);
        assert_eq!(judge(None), Verdict::Changed);
        let same = Header { commit: 9, digest: Some(digest(7)), ..Header::default() };
        assert_eq!(judge(Some(&file)), Verdict::Same);
        assert_eq!(seen.judge_header(Some(&same)), Change::None);
        let other = Header { digest: Some(digest(8)), ..same };
        assert_eq!(seen.judge_header(Some(&other)), Change::All);
    }

    #[test]
    fn nothing_seen_yet_means_changed() {
        let verdict = Seen::default().judge_file(None, Duration::ZERO, GRAIN);
        assert_eq!(verdict, Verdict::Changed);
    }

    #[test]
    fn a_stamp_from_another_machines_future_does_not_keep_a_file_unsettled() {
        let file = metadata(1, 900 * SECOND);
        let View::Present(base) = seen(&file, Duration::from_secs(9)).file else { panic!() };
        assert!(base.settled);
    }

    #[test]
    fn network_file_systems_have_a_coarse_grain() {
        assert_eq!(grain("nfs"), COARSE_GRAIN);
        assert_eq!(grain("ext4"), GRAIN);
    }
}
