//! Merging two versions of a file into one of them, as `git` asks a merge driver to.

use std::path::Path;

use crate::error::{ErrorKind, Result};
use crate::model::data_file;
use crate::model::merge::{self, Labels, Merged};
use crate::storage::Machine;
use crate::storage::json_file::WholeFile;

/// Merges the file `theirs` into the file `ours`; `base` is what both come from. One that is empty
/// or not there is not known.
///
/// # Errors
/// Those of the files and of their content, which leave `ours` as it is.
pub(crate) fn merge_files(
    machine: &Machine,
    base: Option<&Path>,
    ours: &Path,
    theirs: &Path,
    labels: Labels<'_>,
) -> Result<Merged> {
    let base = base.map(|path| WholeFile::read(machine, path)).transpose();
    let base = match base {
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        base => base?.filter(|base| !base.bytes.is_empty()),
    };
    let own = WholeFile::read(machine, ours)?;
    let other = WholeFile::read(machine, theirs)?;
    let base = base.as_ref().map(|base| data_file::text(&base.bytes)).transpose()?;
    let (text, other) = (data_file::text(&own.bytes)?, data_file::text(&other.bytes)?);
    let merged = merge::merge(base, text, other, labels)?;
    own.replace(merged.text.as_bytes())?;
    Ok(merged)
}
