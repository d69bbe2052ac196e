//! A file that is read and replaced as a whole, without a lock or a log: none of a store in use.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::read::read_all;
use crate::error::{Error, ErrorKind, Result};
use crate::file::atomic::Target;
use crate::file::{Directory, FileSystem, Fingerprint, Open, open_regular};
use crate::storage::Machine;

/// Permission bits of a file that is made.
const MODE: u32 = 0o600;

/// A file and its bytes.
pub(crate) struct WholeFile {
    fs: Machine,
    directory: Box<dyn Directory>,
    path: PathBuf,
    name: OsString,
    seen: Fingerprint,
    pub(crate) bytes: Vec<u8>,
}

impl WholeFile {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// NOTFOUND, and those of the disk.
    pub(crate) fn read(fs: &Machine, path: &Path) -> Result<WholeFile> {
        let failed = |error| Error::io("read", path, error);
        let path = &fs.resolve(path).map_err(failed)?;
        let name = path.file_name().unwrap_or(OsStr::new("")).to_owned();
        let folder = path.parent().unwrap_or(Path::new("/"));
        let directory = fs
            .open_directory(folder)
            .map_err(|error| Error::io("open the folder", folder, error))?;
        let opened = open_regular(&*directory, &name, path, Open::Read)?;
        let missing = || {
            let message = format!("there is no file {}", path.display());
            Error::new(ErrorKind::NotFound, message).named("NO_SUCH_FILE").path(path)
        };
        let read = read_all(opened.ok_or_else(missing)?, path, fs.now())?;
        let seen = read.metadata.fingerprint();
        let fs = Machine::clone(fs);
        Ok(WholeFile { fs, directory, path: path.clone(), name, seen, bytes: read.bytes })
    }

    /// Puts `bytes` in the place of the file, in one step.
    ///
    /// # Errors
    /// Those of the disk; BUSY when somebody changed the file since it was read.
    pub(crate) fn replace(&self, bytes: &[u8]) -> Result<()> {
        let fs: &dyn FileSystem = &*self.fs;
        let (directory, name, path) = (&*self.directory, self.name.as_os_str(), &*self.path);
        let target = Target { fs, directory, name, path, store: name, like: None };
        target.replace(bytes, Some(self.seen), MODE).map(drop)
    }
}
