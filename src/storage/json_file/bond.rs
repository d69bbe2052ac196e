//! How a log stands to the data file beside it, as digests and the header in the lock file tell.
//!
//! Each of the three may be there, gone, old, or somebody else's. Numbers and times decide nothing:
//! a log names the file it starts from, its last record the file that it was folded into, and the
//! header the log that has commits which the file has not. `docs/durability.md` has the table.

use crate::file::header::{FileDigest, Header, LogId};

/// What a log says of itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct LogFacts {
    pub(super) id: LogId,
    /// The file that it starts from.
    pub(super) base: FileDigest,
    /// The file that its last record says it was folded into.
    pub(super) folded_into: Option<FileDigest>,
    /// It belongs to somebody who neither runs this program nor owns the data file.
    pub(super) is_strangers: bool,
}

/// How a log stands to the data file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bond {
    /// Its records belong on top of the file.
    Waiting,
    /// The file holds its records already.
    Folded,
    /// It is this store's, but the file is another one than it was made for, or gone: each of its
    /// operations holds where it finds what it expects.
    Strange,
    /// Nothing tells that it is this store's.
    Stray,
}

/// How a log stands to the file of digest `file` (None: there is none). `header` is None where no
/// valid one is.
pub(super) fn bond(header: Option<&Header>, log: &LogFacts, file: Option<FileDigest>) -> Bond {
    // A file that is not there holds nothing.
    let Some(file) = file else { return Bond::Strange };
    let noted = header.and_then(|header| header.mark_of(log.id)).is_some();
    let is_pending = header.is_some_and(|header| header.pending == Some(file));
    if log.folded_into == Some(file) || noted && is_pending && file != log.base {
        return Bond::Folded;
    }
    if noted {
        return if file == log.base { Bond::Waiting } else { Bond::Strange };
    }
    if log.is_strangers {
        return Bond::Stray;
    }
    if file == log.base {
        return Bond::Waiting;
    }
    // After a power cut the header may be older than a log. It is still known by the file it was
    // made for.
    let is_known = header.is_none_or(|header| {
        let edited = header.edit.map(|edit| edit.digest);
        [header.digest, header.pending, edited].contains(&Some(log.base))
    });
    if is_known { Bond::Strange } else { Bond::Stray }
}

/// Whether a log that the header notes is gone, or another one in its place, although the file that
/// is there does not hold its commits. `log` is the one that is there.
pub(super) fn is_log_missing(
    header: Option<&Header>,
    log: Option<LogId>,
    file: Option<FileDigest>,
) -> bool {
    let Some((header, noted)) = header.and_then(|it| it.log_id().map(|id| (it, id))) else {
        return false;
    };
    // Who removed both files began anew.
    log != Some(noted) && file.is_some() && file != header.pending
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::header::{Edit, LogMark};

    fn digest(number: u128) -> FileDigest {
        FileDigest::new(number).unwrap()
    }

    fn log_id(number: u128) -> LogId {
        LogId::new(number).unwrap()
    }

    /// A log called 1, made for the file 10.
    fn log() -> LogFacts {
        LogFacts { id: log_id(1), base: digest(10), folded_into: None, is_strangers: false }
    }

    /// A header that knows the file `file` and notes the log `log`.
    fn header(file: u128, log: Option<u128>) -> Header {
        let log = log.map(|id| LogMark { id: log_id(id), committed: 100, synced: 100 });
        Header { commit: 5, digest: FileDigest::new(file), log, ..Header::default() }
    }

    #[test]
    fn a_file_that_is_not_there_never_counts_as_one_that_a_log_was_folded_into() {
        let folded = LogFacts { folded_into: Some(digest(12)), ..log() };
        for log in [log(), folded] {
            for header in [None, Some(header(10, Some(1))), Some(header(10, None))] {
                assert_eq!(bond(header.as_ref(), &log, None), Bond::Strange);
            }
        }
    }

    #[test]
    fn a_noted_log_waits_on_its_file_is_folded_or_meets_a_strange_file() {
        let known = header(10, Some(1));
        let to = |file| bond(Some(&known), &log(), Some(digest(file)));
        assert_eq!((to(10), to(11)), (Bond::Waiting, Bond::Strange));
        let pending = Header { pending: Some(digest(12)), ..known };
        assert_eq!(bond(Some(&pending), &log(), Some(digest(12))), Bond::Folded);
        let folded = LogFacts { folded_into: Some(digest(13)), ..log() };
        assert_eq!(bond(Some(&known), &folded, Some(digest(13))), Bond::Folded);
        assert_eq!(bond(None, &folded, Some(digest(13))), Bond::Folded);
    }

    #[test]
    fn a_log_that_is_not_noted_counts_where_it_fits_the_file_or_the_header() {
        let to = |header: Option<Header>, file| bond(header.as_ref(), &log(), Some(digest(file)));
        assert_eq!(to(None, 10), Bond::Waiting);
        assert_eq!(to(None, 11), Bond::Strange, "nothing but the log can tell");
        assert_eq!(to(Some(header(10, None)), 10), Bond::Waiting);
        assert_eq!(to(Some(header(9, None)), 10), Bond::Waiting, "the header is older");
        assert_eq!(to(Some(header(10, None)), 11), Bond::Strange, "the file was edited since");
        let edit = Some(Edit { digest: digest(10), commit: 4 });
        assert_eq!(to(Some(Header { edit, ..header(9, None) }), 11), Bond::Strange);
        assert_eq!(to(Some(header(9, None)), 11), Bond::Stray);
        assert_eq!(to(Some(header(11, None)), 11), Bond::Stray);
    }

    #[test]
    fn a_strangers_log_counts_only_where_the_header_notes_it() {
        let log = LogFacts { is_strangers: true, ..log() };
        let to = |header: Option<Header>| bond(header.as_ref(), &log, Some(digest(10)));
        assert_eq!(to(Some(header(10, Some(1)))), Bond::Waiting);
        assert_eq!(to(Some(header(10, None))), Bond::Stray);
        assert_eq!(to(None), Bond::Stray);
    }

    #[test]
    fn a_noted_log_is_missed_unless_the_file_holds_its_commits_or_nothing_is_left() {
        let known = header(10, Some(1));
        let missing = |log: Option<u128>, file: Option<u128>| {
            is_log_missing(Some(&known), log.and_then(LogId::new), file.and_then(FileDigest::new))
        };
        assert!(!missing(Some(1), Some(10)));
        assert!(missing(None, Some(10)) && missing(Some(2), Some(10)));
        assert!(missing(None, Some(11)) && missing(Some(2), Some(11)));
        assert!(!missing(None, None));
        let folded = Header { pending: Some(digest(12)), ..known };
        assert!(!is_log_missing(Some(&folded), None, Some(digest(12))));
        assert!(!is_log_missing(Some(&header(10, None)), None, Some(digest(10))));
        assert!(!is_log_missing(None, None, Some(digest(10))));
    }
}
