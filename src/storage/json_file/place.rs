//! Opening the folder, the data file and the lock file, and what is refused at that.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Access, FRESH, LOG_SUFFIX, SETTLE_PAUSE};
use crate::error::{Error, ErrorKind, Result};
use crate::file::lock::LockFile;
use crate::file::obstacle::check_replaceable;
use crate::file::{Directory, FileKind, FileSystem, Open, Rights, look, open_regular};
use crate::storage::file_gone;

const LOCK_SUFFIX: &str = ".lock";

/// The folder and the lock file, opened anew when they were removed and made again.
pub(super) struct Place {
    pub(super) directory: Arc<dyn Directory>,
    pub(super) lock: Option<Arc<LockFile>>,
}

/// Opens everything but the data file itself, which is only looked at; makes the lock file unless
/// read-only.
pub(super) fn open_place(
    fs: &Arc<dyn FileSystem>,
    path: &Path,
    name: &OsStr,
    how: Access,
) -> Result<Place> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    let directory = fs.open_directory(folder).map_err(|error| open_failed(folder, error))?;
    let directory: Arc<dyn Directory> = Arc::from(directory);
    let wanted = if how.read_only { Open::Read } else { Open::ReadWrite };
    if !how.read_only {
        check_replaceable(&*directory, name, path).map_err(|error| way_out(error, how))?;
    }
    let opened = open_regular(&*directory, name, path, wanted);
    let rights = match opened.map_err(|error| way_out(error, how))? {
        Some((_, metadata)) => {
            if metadata.size == 0 && how.create != Some(true) {
                wait_for_content(&**fs, &*directory, name, path)?;
            }
            Rights::like(&metadata)
        }
        None if how.read_only || how.create == Some(false) => {
            return Err(missing(&*directory, path, how));
        }
        None => Rights { mode: how.mode, owner: None },
    };
    let mut lock_path = path.as_os_str().to_owned();
    lock_path.push(LOCK_SUFFIX);
    let lock_path = PathBuf::from(lock_path);
    let lock = if how.read_only {
        LockFile::open_existing(fs, &directory, &lock_path)
    } else {
        let writable = directory.check_writable();
        writable.map_err(|error| way_out(Error::io("write in", folder, error), how))?;
        let lock = LockFile::open(fs, &directory, &lock_path, rights);
        Some(lock.map_err(|error| way_out(error, how))?)
    };
    Ok(Place { directory, lock: lock.map(Arc::new) })
}

/// Refuses an empty file; one that is just being saved gets the time for it.
fn wait_for_content(
    fs: &dyn FileSystem,
    directory: &dyn Directory,
    name: &OsStr,
    path: &Path,
) -> Result<()> {
    let deadline = fs.monotonic().saturating_add(FRESH);
    loop {
        let found = look(directory, name, path)?;
        let empty = found.filter(|it| it.kind == FileKind::Regular && it.size == 0);
        let Some(empty) = empty else { return Ok(()) };
        if !empty.changed_within(FRESH, fs.now()) || fs.monotonic() >= deadline {
            return Err(empty_file(path));
        }
        fs.sleep(SETTLE_PAUSE);
    }
}

#[cold]
fn open_failed(folder: &Path, error: io::Error) -> Error {
    let missing = error.kind() == io::ErrorKind::NotFound;
    let error = Error::io("open the folder", folder, error);
    if missing { error.hint("make the folder first") } else { error }
}

/// Missing rights hinder a writer only. What the system did not say tells its way out itself.
#[cold]
fn way_out(error: Error, how: Access) -> Error {
    match error.kind() {
        ErrorKind::Permission | ErrorKind::ReadOnly
            if !how.read_only && error.sys_errno().is_some() =>
        {
            error.hint("open it with read_only as true, or get the right to write it")
        }
        _ => error,
    }
}

#[cold]
fn missing(directory: &dyn Directory, path: &Path, how: Access) -> Error {
    let mut log = path.file_name().unwrap_or_default().to_owned();
    log.push(LOG_SUFFIX);
    if directory.metadata(&log).is_ok() {
        return file_gone(path, true);
    }
    let hint = if how.read_only { "open it without read_only" } else { "give create as true" };
    Error::new(ErrorKind::NotFound, format!("there is no file {}", path.display()))
        .named("NO_SUCH_FILE")
        .path(path)
        .hint(format!("{hint} to make it, or mend the path"))
}

/// The error for a file that holds nothing.
#[cold]
pub(super) fn empty_file(path: &Path) -> Error {
    Error::new(
        ErrorKind::Corrupt,
        format!(
            "{} is empty, which no store is: restore it; or, to begin anew, open it with create \
             as true",
            path.display()
        ),
    )
    .named("EMPTY_FILE")
    .path(path)
}
