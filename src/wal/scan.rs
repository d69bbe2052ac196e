//! Where a log ends, and whether what stands there was cut off or damaged.
//!
//! A crash leaves the last write unfinished, or its blocks on disk in any order: such a tail was
//! never acknowledged and is dropped. Damage to something that was acknowledged is another matter
//! and is refused. The two are told apart by what stands behind the first bad line: a record that
//! was written when the bad one was already known to be on disk.

use memchr::memchr;

use super::record::{Heading, Record, Unreadable};

/// What a part of a log holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Scan {
    /// The records, in order.
    pub(crate) records: Vec<Record>,
    /// Where the last of them ends.
    pub(crate) end: u64,
    /// What was cut off behind them; empty when nothing but line feeds follows.
    pub(crate) torn: Vec<u8>,
    /// The place of a line that is damaged although it was acknowledged.
    pub(crate) damaged: Option<u64>,
    /// Records that can be read behind the damaged line.
    pub(crate) behind: Vec<Record>,
    /// The place of a line that a later version of the library wrote.
    pub(crate) newer: Option<u64>,
}

/// Reads the records in `bytes`, which stand in the log from `start` on behind the record `last`.
/// What lies before `synced` is known to have been on disk.
pub(crate) fn scan(bytes: &[u8], start: u64, last: u64, heading: &Heading, synced: u64) -> Scan {
    let salt = heading.salt();
    let mut found = Scan { end: start, ..Scan::default() };
    let content = bytes.len() - bytes.iter().rev().take_while(|byte| **byte == b'\n').count();
    let mut last = last;
    let mut rest = bytes;
    while let Some((line, after)) = split_line(rest) {
        // One that was written when a later record than the last was on disk follows a hole.
        let follows = |record: &Record| record.seq > last && record.upto <= last;
        let record = match Record::decode(line, &salt) {
            Ok(record) if follows(&record) => record,
            Err(Unreadable::Newer) => {
                found.newer = Some(start + (bytes.len() - rest.len()) as u64);
                break;
            }
            Ok(_) | Err(Unreadable::Damaged) => break,
        };
        last = record.seq;
        found.records.push(record);
        rest = after;
    }
    let read = bytes.len() - rest.len();
    found.end = start + read as u64;
    if read < content {
        found.torn = bytes.get(read..content).unwrap_or_default().to_vec();
        found.behind = records_in(&found.torn, &salt, last);
    }
    let vouched = found.behind.iter().any(|record| record.upto > last);
    if vouched || found.end < synced {
        found.damaged = Some(found.end);
    } else {
        found.behind.clear();
    }
    found
}

/// The first line, without its end, and what follows.
fn split_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr(b'\n', bytes)?;
    let (line, rest) = bytes.split_at_checked(end)?;
    Some((line, rest.get(1..)?))
}

fn records_in(bytes: &[u8], salt: &str, last: u64) -> Vec<Record> {
    let mut records: Vec<Record> = Vec::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        let before = records.last().map_or(last, |record| record.seq);
        records.extend(Record::decode(line, salt).ok().filter(|record| record.seq > before));
    }
    records
}

#[cfg(test)]
mod tests {
    use super::super::record::Body;
    use super::*;
    use crate::file::header::{FileDigest, LogId};

    fn heading() -> Heading {
        let base = FileDigest::new(1).unwrap();
        Heading { id: LogId::new(5 << 96).unwrap(), base, seq: 0 }
    }

    fn line(seq: u64, upto: u64) -> String {
        let body = Body::Operations(format!("[{seq}]"));
        Record { seq, upto, time: String::new(), body }.encode(&heading().salt())
    }

    fn read(text: &str, synced: u64) -> Scan {
        scan(text.as_bytes(), 100, 0, &heading(), synced)
    }

    fn numbers(records: &[Record]) -> Vec<u64> {
        records.iter().map(|record| record.seq).collect()
    }

    #[test]
    fn a_whole_log_ends_behind_its_last_record_whatever_line_feeds_follow() {
        let text = [line(1, 0), line(2, 1)].concat();
        for feeds in ["", "\n", "\n\n\n\n"] {
            let found = read(&format!("{text}{feeds}"), 100 + text.len() as u64);
            assert_eq!(numbers(&found.records), [1, 2]);
            assert_eq!(found.end, 100 + text.len() as u64);
            assert!(found.torn.is_empty() && found.damaged.is_none());
        }
    }

    #[test]
    fn a_last_record_that_was_cut_anywhere_is_dropped() {
        let (first, second) = (line(1, 0), line(2, 1));
        for length in 1..second.len() {
            let found = read(&format!("{first}{}", &second[..length]), 0);
            assert_eq!(numbers(&found.records), [1], "{length}");
            assert_eq!(found.torn, &second.as_bytes()[..length]);
            assert_eq!(found.damaged, None);
        }
    }

    #[test]
    fn blocks_of_an_unacknowledged_group_may_reach_the_disk_in_any_order() {
        let bad = line(2, 1).replace("[2]", "[9]");
        let found = read(&[line(1, 0), bad, line(3, 1)].concat(), 0);
        assert_eq!((numbers(&found.records), found.damaged), (vec![1], None));
        assert!(!found.torn.is_empty() && found.behind.is_empty());
    }

    #[test]
    fn a_bad_record_that_was_known_to_be_on_disk_is_damage() {
        let bad = line(2, 1).replace("[2]", "[9]");
        let found = read(&[line(1, 0), bad, line(3, 2)].concat(), 0);
        assert_eq!(found.damaged, Some(100 + line(1, 0).len() as u64));
        assert_eq!(numbers(&found.behind), [3]);
    }

    #[test]
    fn what_the_header_knows_to_be_on_disk_may_not_be_missing() {
        let text = line(1, 0);
        let end = 100 + text.len() as u64;
        assert_eq!(read(&text, end).damaged, None);
        assert_eq!(read(&text, end + 1).damaged, Some(end));
        let cut = &text[..text.len() - 1];
        assert_eq!(read(cut, end).damaged, Some(100));
    }

    #[test]
    fn a_whole_record_that_is_missing_in_the_middle_is_damage() {
        let found = read(&[line(1, 0), line(3, 2), line(4, 3)].concat(), 0);
        assert_eq!((numbers(&found.records), numbers(&found.behind)), (vec![1], vec![3, 4]));
        assert_eq!(found.damaged, Some(100 + line(1, 0).len() as u64));
    }

    #[test]
    fn numbers_only_rise() {
        let found = read(&[line(2, 0), line(2, 0)].concat(), 0);
        assert_eq!(numbers(&found.records), [2]);
    }
}
