//! Reading the whole file, and telling whether somebody was writing it meanwhile.

use std::path::Path;
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::file::{File, Metadata, read_full};
use crate::memory;

/// How much is read at once: what was made ready for it is in the cache still when it comes.
const PIECE: usize = 256 << 10;

/// A file's bytes with what was known of it before they were read.
pub(super) struct Read {
    /// When reading began.
    pub(super) begun: Duration,
    pub(super) metadata: Metadata,
    pub(super) bytes: Vec<u8>,
    /// It did not change while it was read.
    pub(super) whole: bool,
    pub(super) file: Box<dyn File>,
}

/// Reads a file that was just opened, from its beginning to the end it had then.
pub(super) fn read_all(
    (file, metadata): (Box<dyn File>, Metadata),
    path: &Path,
    begun: Duration,
) -> Result<Read> {
    let failed = |error| Error::io("read", path, error);
    let size = usize::try_from(metadata.size).unwrap_or(usize::MAX);
    let Some(mut bytes) = memory::buffer(size) else {
        return Err(Error::new(
            ErrorKind::Limit,
            format!("{} has {} bytes, more than there is memory", path.display(), metadata.size),
        )
        .named("OUT_OF_MEMORY")
        .path(path));
    };
    while bytes.len() < size {
        let start = bytes.len();
        bytes.resize(size.min(start + PIECE), 0);
        let piece = bytes.get_mut(start..).unwrap_or_default();
        let wanted = piece.len();
        let length = read_full(&*file, piece, start as u64).map_err(failed)?;
        bytes.truncate(start + length);
        if length < wanted {
            break;
        }
    }
    let after = file.metadata().map_err(failed)?;
    let whole = bytes.len() == size && after.fingerprint() == metadata.fingerprint();
    Ok(Read { begun, metadata, bytes, whole, file })
}
