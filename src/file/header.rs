//! The commit header: one small checksummed block at the beginning of the lock file.
//!
//! It tells every process what the others committed, with one read. It is never the truth about
//! documents: when it is missing or damaged the data file alone decides.
//!
//! | bytes | what |
//! |---|---|
//! | 0..8 | `nanolock` |
//! | 8..12 | version, 1 |
//! | 12..16 | flags: 1 poisoned, 2 a big file is being written |
//! | 16..24 | commit high-water: no number up to it may be given out again |
//! | 24..40 | digest of the data file as a store last wrote it (0: none) |
//! | 40..56 | digest of the data file that is about to take its place (0: none) |
//! | 56..72 | digest of a data file that a person edited (0: none) |
//! | 72..80 | the commit number under which that edit was taken in |
//! | 80..96 | the identity of the write-ahead log (0: none) |
//! | 96..104 | how far the log is committed, in bytes from its beginning |
//! | 104..112 | how far the log is known to be on disk |
//! | 112..120 | no commit number above this one was given out before a sync (0: not in use) |
//! | 120..128 | XXH3-64 of the bytes before |
//!
//! Numbers are little-endian.

use std::io;
use std::num::NonZeroU128;

use xxhash_rust::xxh3::{Xxh3, xxh3_64, xxh3_128};

use super::{File, read_full, write_full};

/// The size of the block.
pub(crate) const BLOCK_BYTES: usize = 128;

const MAGIC: [u8; 8] = *b"nanolock";
const VERSION: u32 = 1;
const CHECKED_BYTES: usize = 120;
/// How often a block that fails its checksum is read again: it may just be being written.
const READS: usize = 4;

/// The digest of the bytes of a data file. No content has the digest 0, which stands for "none" in
/// the block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileDigest(NonZeroU128);

impl FileDigest {
    /// The digest of `bytes`.
    pub(crate) fn of(bytes: &[u8]) -> FileDigest {
        FileDigest::of_hash(xxh3_128(bytes))
    }

    fn of_hash(hash: u128) -> FileDigest {
        FileDigest(NonZeroU128::new(hash).unwrap_or(NonZeroU128::MIN))
    }

    /// The digest that is written as `number`; None for 0.
    pub(crate) fn new(number: u128) -> Option<FileDigest> {
        NonZeroU128::new(number).map(FileDigest)
    }

    /// The number that it is written as.
    pub(crate) fn get(self) -> u128 {
        self.0.get()
    }
}

/// The digest of bytes that come piece by piece, as [`FileDigest::of`] has it.
#[derive(Default)]
pub(crate) struct Digester(Xxh3);

impl Digester {
    /// Takes the bytes that come next.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all.
    pub(crate) fn finish(&self) -> FileDigest {
        FileDigest::of_hash(self.0.digest128())
    }
}

/// The identity of a write-ahead log: random bits, never all of them 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LogId(NonZeroU128);

impl LogId {
    /// The identity that is written as `number`; None for 0.
    pub(crate) fn new(number: u128) -> Option<LogId> {
        NonZeroU128::new(number).map(LogId)
    }

    /// The identity made of random bits.
    pub(crate) fn of_random(bits: u128) -> LogId {
        LogId(NonZeroU128::new(bits).unwrap_or(NonZeroU128::MIN))
    }

    /// The number that it is written as.
    pub(crate) fn get(self) -> u128 {
        self.0.get()
    }
}

/// What a valid header says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Header {
    /// The highest commit number given out.
    pub(crate) commit: u64,
    /// The digest of the data file as a store last wrote it.
    pub(crate) digest: Option<FileDigest>,
    /// The digest of the data file being put in place. Set before the file is replaced, so that a
    /// process that dies in between does not look like a person's edit.
    pub(crate) pending: Option<FileDigest>,
    /// The data file as a person edited it last, once that was taken in. No store has written it
    /// yet.
    pub(crate) edit: Option<Edit>,
    /// The log that has commits which the data file has not.
    pub(crate) log: Option<LogMark>,
    /// The highest number that commits may have which no sync has made durable; 0 when every
    /// commit is synced before it is acknowledged.
    pub(crate) reserved: u64,
    /// A sync failed and could not be made good: writes are refused until the store is repaired.
    pub(crate) poisoned: bool,
    /// The holder of the lock writes a big file: who waits for the lock may wait longer.
    pub(crate) busy: bool,
}

/// A person's edit of the data file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Edit {
    /// The digest of the edited file.
    pub(crate) digest: FileDigest,
    /// The commit number under which it was taken in.
    pub(crate) commit: u64,
}

/// How far a log goes, in bytes from its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LogMark {
    pub(crate) id: LogId,
    /// How far it is committed.
    pub(crate) committed: u64,
    /// How far it is known to be on disk.
    pub(crate) synced: u64,
}

impl Header {
    /// What is noted of the log `id`, if that is the one noted.
    pub(crate) fn mark_of(&self, id: LogId) -> Option<LogMark> {
        self.log.filter(|mark| mark.id == id)
    }

    /// The log that is noted.
    pub(crate) fn log_id(&self) -> Option<LogId> {
        self.log.map(|mark| mark.id)
    }
}

const POISONED: u32 = 1;
const BUSY: u32 = 2;

/// What the beginning of a lock file turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decoded {
    /// Nothing, or a block that a crash left unfinished.
    Absent,
    /// A header.
    Valid(Header),
    /// A valid header of a later version.
    Newer(u32),
    /// Something that this library did not write.
    Foreign,
}

impl Header {
    /// The block for the lock file.
    pub(crate) fn encode(&self) -> [u8; BLOCK_BYTES] {
        encode(VERSION, self)
    }

    /// Reads a block.
    pub(crate) fn decode(block: &[u8]) -> Decoded {
        if block.iter().all(|byte| *byte == 0) {
            return Decoded::Absent;
        }
        let mut rest = block;
        if take::<8>(&mut rest) != Some(MAGIC) {
            return Decoded::Foreign;
        }
        let sum = block.get(CHECKED_BYTES..BLOCK_BYTES).and_then(|mut sum| take::<8>(&mut sum));
        let checked = block.get(..CHECKED_BYTES).map(xxh3_64);
        if sum.map(u64::from_le_bytes) != checked || checked.is_none() {
            return Decoded::Absent;
        }
        let fields = (|| {
            let version = u32::from_le_bytes(take(&mut rest)?);
            let flags = u32::from_le_bytes(take(&mut rest)?);
            let commit = u64::from_le_bytes(take(&mut rest)?);
            let digest = FileDigest::new(u128::from_le_bytes(take(&mut rest)?));
            let pending = FileDigest::new(u128::from_le_bytes(take(&mut rest)?));
            let edited = FileDigest::new(u128::from_le_bytes(take(&mut rest)?));
            let edited_commit = u64::from_le_bytes(take(&mut rest)?);
            let edit = edited.map(|digest| Edit { digest, commit: edited_commit });
            let log = LogId::new(u128::from_le_bytes(take(&mut rest)?));
            let committed = u64::from_le_bytes(take(&mut rest)?);
            let synced = u64::from_le_bytes(take(&mut rest)?);
            let log = log.map(|id| LogMark { id, committed, synced });
            let reserved = u64::from_le_bytes(take(&mut rest)?);
            let (poisoned, busy) = (flags & POISONED != 0, flags & BUSY != 0);
            let header = Header { commit, digest, pending, edit, log, reserved, poisoned, busy };
            Some((version, header))
        })();
        match fields {
            Some((VERSION, header)) => Decoded::Valid(header),
            Some((version, _)) => Decoded::Newer(version),
            None => Decoded::Absent,
        }
    }

    /// Reads the header of a lock file.
    pub(crate) fn read(file: &dyn File) -> io::Result<Decoded> {
        let mut decoded = Decoded::Absent;
        for _ in 0..READS {
            let mut block = [0; BLOCK_BYTES];
            let length = read_full(file, &mut block, 0)?;
            decoded = Header::decode(block.get(..length).unwrap_or_default());
            if length == 0 || decoded != Decoded::Absent {
                break;
            }
        }
        Ok(decoded)
    }

    /// Writes the header of a lock file.
    pub(crate) fn write(&self, file: &dyn File) -> io::Result<()> {
        write_full(file, &self.encode(), 0)
    }
}

fn encode(version: u32, header: &Header) -> [u8; BLOCK_BYTES] {
    let mut bytes = Vec::with_capacity(BLOCK_BYTES);
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&version.to_le_bytes());
    let flags = if header.poisoned { POISONED } else { 0 } | if header.busy { BUSY } else { 0 };
    bytes.extend_from_slice(&flags.to_le_bytes());
    bytes.extend_from_slice(&header.commit.to_le_bytes());
    let digest = |digest: Option<FileDigest>| digest.map_or(0, FileDigest::get).to_le_bytes();
    bytes.extend_from_slice(&digest(header.digest));
    bytes.extend_from_slice(&digest(header.pending));
    bytes.extend_from_slice(&digest(header.edit.map(|edit| edit.digest)));
    bytes.extend_from_slice(&header.edit.map_or(0, |edit| edit.commit).to_le_bytes());
    bytes.extend_from_slice(&header.log_id().map_or(0, LogId::get).to_le_bytes());
    let (committed, synced) = header.log.map_or((0, 0), |mark| (mark.committed, mark.synced));
    bytes.extend_from_slice(&committed.to_le_bytes());
    bytes.extend_from_slice(&synced.to_le_bytes());
    bytes.extend_from_slice(&header.reserved.to_le_bytes());
    bytes.extend_from_slice(&xxh3_64(&bytes).to_le_bytes());
    let mut block = [0; BLOCK_BYTES];
    block.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
    block
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (first, after) = rest.split_first_chunk::<N>()?;
    *rest = after;
    Some(*first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        let digest = |number| FileDigest::new(number).unwrap();
        Header {
            commit: 42,
            digest: Some(digest(7 << 100)),
            pending: Some(digest(9)),
            edit: Some(Edit { digest: digest(5 << 90), commit: 41 }),
            log: LogId::new(3 << 80).map(|id| LogMark { id, committed: 4096, synced: 2048 }),
            reserved: 1042,
            poisoned: true,
            busy: true,
        }
    }

    #[test]
    fn a_header_reads_back_as_written() {
        for header in [header(), Header { digest: None, pending: None, ..header() }] {
            assert_eq!(Header::decode(&header.encode()), Decoded::Valid(header));
        }
        let bare = Header { commit: 3, ..Header::default() };
        assert_eq!(Header::decode(&bare.encode()), Decoded::Valid(bare));
    }

    #[test]
    fn a_block_with_any_byte_changed_is_no_header() {
        let block = header().encode();
        for place in 0..BLOCK_BYTES {
            let mut damaged = block;
            damaged[place] ^= 0x40;
            let wanted = if place < 8 { Decoded::Foreign } else { Decoded::Absent };
            assert_eq!(Header::decode(&damaged), wanted, "byte {place}");
        }
    }

    #[test]
    fn a_block_cut_short_anywhere_is_no_header() {
        let block = header().encode();
        for length in 0..BLOCK_BYTES {
            let decoded = Header::decode(&block[..length]);
            let wanted = if (1..8).contains(&length) { Decoded::Foreign } else { Decoded::Absent };
            assert_eq!(decoded, wanted, "{length} bytes");
        }
    }

    #[test]
    fn zero_bytes_are_no_header() {
        assert_eq!(Header::decode(&[0; BLOCK_BYTES]), Decoded::Absent);
    }

    #[test]
    fn a_later_version_is_told_from_a_damaged_block() {
        assert_eq!(Header::decode(&encode(2, &header())), Decoded::Newer(2));
    }

    #[test]
    fn no_content_has_the_digest_that_stands_for_none() {
        assert_eq!(FileDigest::of_hash(0).get(), 1);
        assert_ne!(FileDigest::of(b"a"), FileDigest::of(b"b"));
        assert_eq!(FileDigest::new(0), None);
    }

    #[test]
    fn bytes_that_come_in_pieces_have_the_digest_of_all() {
        let bytes: Vec<u8> = (0..3_000_u32).map(|number| (number % 251) as u8).collect();
        for size in [1, 7, 240, 1_024, 5_000] {
            let mut pieces = Digester::default();
            bytes.chunks(size).for_each(|piece| pieces.update(piece));
            assert_eq!(pieces.finish(), FileDigest::of(&bytes), "{size}");
        }
        assert_eq!(Digester::default().finish(), FileDigest::of(b""));
    }
}
