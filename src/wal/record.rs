//! One line of a log, written and read.
//!
//! A line is read by its fixed order of members, which only this library writes; the checksum has
//! vouched for it before.

use std::fmt::Write as _;

use crate::file::header::{FileDigest, LogId};

/// What ends a line, but for the digits of the checksum.
const SEAL: &str = r#","crc":""#;
const CRC_DIGITS: usize = 8;

/// A commit in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    /// The number of the commit.
    pub(crate) seq: u64,
    /// The highest commit known to be on disk when this one was written.
    pub(crate) upto: u64,
    /// When it was made.
    pub(crate) time: String,
    pub(crate) body: Body,
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    /// The operations of the commit, a JSON array.
    Operations(String),
    /// From here on a data file with this digest holds everything.
    Checkpoint(FileDigest),
}

/// A line that is no record of this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// It is damaged, or one of another log.
    Damaged,
    /// A later version of the library wrote it.
    Newer,
}

/// The first line of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Heading {
    /// The name of the log.
    pub(crate) id: LogId,
    /// The digest of the data file it starts from.
    pub(crate) base: FileDigest,
    /// The commit of that data file.
    pub(crate) seq: u64,
}

impl Heading {
    /// What marks the records of this log: those of an older one in the same place are not its own.
    pub(crate) fn salt(&self) -> String {
        format!("{:08x}", self.id.get() >> 96)
    }

    /// The line, with its end.
    pub(crate) fn encode(&self) -> String {
        let (id, base, seq) = (self.id.get(), self.base.get(), self.seq);
        seal(format!(r#"{{"nanostore_log":1,"id":"{id:032x}","base":"{base:032x}","seq":{seq}"#))
    }

    /// Reads a line without its end. Every version seals it in the same way, so that one that is
    /// whole can be told from a damaged one.
    pub(crate) fn decode(line: &[u8]) -> Result<Heading, Unreadable> {
        let rest = unseal(line).and_then(|rest| rest.strip_prefix(r#"{"nanostore_log":"#));
        let rest = rest.ok_or(Unreadable::Damaged)?;
        Heading::fields(rest).ok_or(Unreadable::Newer)
    }

    fn fields(rest: &str) -> Option<Heading> {
        let (id, rest) = rest.strip_prefix(r#"1,"id":""#)?.split_once(r#"","base":""#)?;
        let (base, seq) = rest.split_once(r#"","seq":"#)?;
        let (id, base) = (LogId::new(hex(id)?)?, FileDigest::new(hex(base)?)?);
        Some(Heading { id, base, seq: seq.parse().ok()? })
    }
}

impl Record {
    /// The line, with its end.
    pub(crate) fn encode(&self, salt: &str) -> String {
        let Record { seq, upto, time, body } = self;
        let mut line = String::new();
        if let Body::Operations(operations) = body {
            line.reserve_exact(operations.len() + time.len() + 128);
        }
        // Writing to a text cannot fail.
        let _ = write!(line, r#"{{"seq":{seq},"salt":"{salt}","upto":{upto},"time":"{time}","#);
        let _ = match body {
            Body::Operations(operations) => write!(line, r#""ops":{operations}"#),
            Body::Checkpoint(digest) => write!(line, r#""checkpoint":"{:032x}""#, digest.get()),
        };
        seal(line)
    }

    /// Reads a line without its end.
    pub(crate) fn decode(line: &[u8], salt: &str) -> Result<Record, Unreadable> {
        let (seq, rest) = Record::begin(line, salt).ok_or(Unreadable::Damaged)?;
        // The checksum is right: nobody but a later version writes anything else.
        Record::fields(seq, rest).ok_or(Unreadable::Newer)
    }

    /// The number of a record of the log with that salt, and what follows.
    fn begin<'a>(line: &'a [u8], salt: &str) -> Option<(u64, &'a str)> {
        let rest = unseal(line)?.strip_prefix(r#"{"seq":"#)?;
        let (seq, rest) = rest.split_once(r#","salt":""#)?;
        Some((seq.parse().ok()?, rest.strip_prefix(salt)?))
    }

    fn fields(seq: u64, rest: &str) -> Option<Record> {
        let rest = rest.strip_prefix(r#"","upto":"#)?;
        let (upto, rest) = rest.split_once(r#","time":""#)?;
        let (time, rest) = rest.split_once(r#"",""#)?;
        let body = match rest.strip_prefix(r#"ops":"#) {
            Some(operations) => Body::Operations(operations.to_owned()),
            None => {
                let digest = rest.strip_prefix(r#"checkpoint":""#)?.strip_suffix('"')?;
                Body::Checkpoint(FileDigest::new(hex(digest)?)?)
            }
        };
        Some(Record { seq, upto: upto.parse().ok()?, time: time.to_owned(), body })
    }
}

/// Closes a line that lacks its checksum.
fn seal(mut line: String) -> String {
    let crc = crc32c::crc32c(line.as_bytes());
    let _ = writeln!(line, r#"{SEAL}{crc:08x}"}}"#);
    line
}

/// What stands before the checksum, if that is right.
fn unseal(line: &[u8]) -> Option<&str> {
    let rest = line.strip_suffix(br#""}"#)?;
    let (rest, crc) = rest.split_at_checked(rest.len().checked_sub(CRC_DIGITS)?)?;
    let checked = rest.strip_suffix(SEAL.as_bytes())?;
    let crc = u32::try_from(hex(std::str::from_utf8(crc).ok()?)?).ok()?;
    (crc32c::crc32c(checked) == crc).then(|| std::str::from_utf8(checked).ok())?
}

fn hex(digits: &str) -> Option<u128> {
    let plain = digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    plain.then(|| u128::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(number: u128) -> FileDigest {
        FileDigest::new(number).unwrap()
    }

    fn heading() -> Heading {
        Heading { id: LogId::new(0xabcd_ef01 << 96 | 7).unwrap(), base: digest(9), seq: 41 }
    }

    fn record(body: Body) -> Record {
        Record { seq: 42, upto: 41, time: "2026-01-01T00:00:00Z".to_owned(), body }
    }

    fn without_end(line: &str) -> &[u8] {
        line.strip_suffix('\n').unwrap().as_bytes()
    }

    #[test]
    fn the_first_line_reads_back_as_written() {
        assert_eq!(Heading::decode(without_end(&heading().encode())), Ok(heading()));
        assert_eq!(heading().salt(), "abcdef01");
    }

    #[test]
    fn lines_of_a_later_version_are_told_from_damaged_ones() {
        let line = heading().encode();
        let newer = seal(r#"{"nanostore_log":2,"name":"x""#.to_owned());
        assert_eq!(Heading::decode(without_end(&newer)), Err(Unreadable::Newer));
        for damaged in [newer.replace('x', "y"), line.replace("_log\":1", "_log\":2")] {
            assert_eq!(Heading::decode(without_end(&damaged)), Err(Unreadable::Damaged));
        }
        let newer = seal(r#"{"seq":42,"salt":"abcdef01","undo":[41]"#.to_owned());
        let record = |line: &str| Record::decode(without_end(line), "abcdef01");
        assert_eq!(record(&newer), Err(Unreadable::Newer));
        assert_eq!(record(&newer.replace("41", "40")), Err(Unreadable::Damaged));
    }

    #[test]
    fn records_read_back_as_written() {
        for body in [Body::Operations(r#"[{"del":"x"}]"#.to_owned()), Body::Checkpoint(digest(77))]
        {
            let record = record(body);
            let line = record.encode("abcdef01");
            assert_eq!(Record::decode(without_end(&line), "abcdef01"), Ok(record));
        }
    }

    #[test]
    fn a_record_has_the_form_that_the_format_describes() {
        let line = record(Body::Operations("[]".to_owned())).encode("abcdef01");
        let (checked, crc) = line.split_once(r#","crc":""#).unwrap();
        assert_eq!(
            checked,
            r#"{"seq":42,"salt":"abcdef01","upto":41,"time":"2026-01-01T00:00:00Z","ops":[]"#
        );
        assert_eq!(crc, format!("{:08x}\"}}\n", crc32c::crc32c(checked.as_bytes())));
    }

    #[test]
    fn a_line_with_any_bit_changed_is_no_record() {
        let line = record(Body::Operations(r#"[{"c":"documents"}]"#.to_owned())).encode("abcdef01");
        let whole = without_end(&line);
        for place in 0..whole.len() * 8 {
            let mut damaged = whole.to_vec();
            damaged[place / 8] ^= 1 << (place % 8);
            let decoded = Record::decode(&damaged, "abcdef01");
            assert_eq!(decoded, Err(Unreadable::Damaged), "bit {place}");
        }
        for length in 0..whole.len() {
            let decoded = Record::decode(&whole[..length], "abcdef01");
            assert_eq!(decoded, Err(Unreadable::Damaged), "{length} bytes");
        }
    }

    #[test]
    fn a_record_of_another_log_is_none_of_this_one() {
        let line = record(Body::Checkpoint(digest(1))).encode("abcdef01");
        let decoded = Record::decode(without_end(&line), "abcdef02");
        assert_eq!(decoded, Err(Unreadable::Damaged));
    }
}
