//! Replacing a file in one step: after a crash it is wholly the old one or wholly the new one.
//!
//! A new file is written beside the old one, made durable, and given its name. The caller holds the
//! exclusive lock. Nothing here may know what the bytes mean.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use xxhash_rust::xxh3::xxh3_64;

use super::obstacle::check_replaceable;
use super::os::unsupported;
use super::{
    Directory, File, FileKind, FileSystem, Fingerprint, Metadata, Open, Rename, Rights, look,
    write_full,
};
use crate::error::{Error, ErrorKind, Result};

const MARK: &[u8] = b".nanostore-tmp.";
const RANDOM_DIGITS: usize = 16;
const NAME_BYTES_MAX: usize = 255;
const PRIVATE: u32 = 0o600;
const NAME_ATTEMPTS: usize = 8;

/// The file to be replaced.
#[derive(Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(crate) fs: &'a dyn FileSystem,
    pub(crate) directory: &'a dyn Directory,
    pub(crate) name: &'a OsStr,
    pub(crate) path: &'a Path,
    /// The data file that it belongs to: whose name temporary files bear.
    pub(crate) store: &'a OsStr,
    /// The file whose rights it gets when it is new.
    pub(crate) like: Option<Metadata>,
}

/// The next version of a file, being written beside it; removed again unless it is put in place.
pub(crate) struct NewVersion<'a> {
    target: Target<'a>,
    expected: Option<Fingerprint>,
    temporary: OsString,
    file: Box<dyn File>,
    length: u64,
    rights: Rights,
    is_placed: bool,
}

/// A file that was put in place.
pub(crate) struct Placed {
    pub(crate) metadata: Metadata,
    /// The name of the file that it replaced, if that is still there: somebody may have written to
    /// it at the last moment.
    pub(crate) replaced: Option<OsString>,
}

impl<'a> Target<'a> {
    /// Puts `bytes` in the place of the file: as [`Target::begin`] and what follows it.
    pub(crate) fn replace(
        &self,
        bytes: &[u8],
        expected: Option<Fingerprint>,
        mode: u32,
    ) -> Result<Metadata> {
        let mut version = self.begin(expected, mode)?;
        version.append(bytes)?;
        version.sync()?;
        version.put_in_place().map(|placed| placed.metadata)
    }

    /// Begins another version of the file, if that is still the one with the fingerprint
    /// `expected` (None: there is none); a new file gets `mode`. An error of this or of what
    /// follows means that nothing was done, but for the kind `UnknownOutcome`; `FILE_CHANGED` that
    /// somebody else was faster.
    pub(crate) fn begin(&self, expected: Option<Fingerprint>, mode: u32) -> Result<NewVersion<'a>> {
        let old = self.unchanged(expected)?;
        check_replaceable(self.directory, self.name, self.path)?;
        let like = old.as_ref().or(self.like.as_ref());
        let rights = like.map_or(Rights { mode, owner: None }, Rights::like);
        let (temporary, file) = self.create()?;
        let target = *self;
        Ok(NewVersion { target, expected, temporary, file, length: 0, rights, is_placed: false })
    }

    /// Makes durable which files are in the folder, where the file system knows how.
    pub(crate) fn sync_folder(&self) -> Result<()> {
        match self.directory.sync() {
            Err(error) if !unsupported(&error) => {
                Err(Error::io("sync the folder of", self.path, error))
            }
            _ => Ok(()),
        }
    }

    /// Removes what writers that died left behind; the exclusive lock makes sure that no writer
    /// is at work. Never fails: leftovers do no harm.
    pub(crate) fn sweep(&self) {
        let names = self.directory.entries().unwrap_or_default();
        for name in names.iter().filter(|name| self.is_temporary(name)) {
            let owner = look(self.directory, self.store, self.path).ok().flatten();
            let owner = owner.map(|old| old.user);
            let Ok(found) = self.directory.metadata(name) else { continue };
            let ours = found.user == self.directory.user() || Some(found.user) == owner;
            if found.kind == FileKind::Regular && ours {
                drop(self.directory.remove(name));
            }
        }
    }

    fn unchanged(&self, expected: Option<Fingerprint>) -> Result<Option<Metadata>> {
        let found = look(self.directory, self.name, self.path)?;
        if found.map(|found| found.fingerprint()) == expected {
            return Ok(found);
        }
        Err(self.changed())
    }

    #[cold]
    fn changed(&self) -> Error {
        Error::new(
            ErrorKind::Busy,
            format!("{} was changed by somebody else just now", self.path.display()),
        )
        .named("FILE_CHANGED")
        .path(self.path)
        .hint("try again")
    }

    fn create(&self) -> Result<(OsString, Box<dyn File>)> {
        let mut last = io::Error::from(io::ErrorKind::AlreadyExists);
        for _ in 0..NAME_ATTEMPTS {
            let name = self.temporary_name();
            match self.directory.open(&name, Open::CreateNew { mode: PRIVATE }) {
                Ok(file) => return Ok((name, file)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => last = error,
                Err(error) => return Err(Error::io("create a file beside", self.path, error)),
            }
        }
        Err(Error::io("create a file beside", self.path, last))
    }

    /// What every name of a temporary file for this target begins with.
    fn temporary_prefix(&self) -> Vec<u8> {
        let base = self.store.as_bytes();
        let mut prefix = vec![b'.'];
        if base.len() + MARK.len() + RANDOM_DIGITS < NAME_BYTES_MAX {
            prefix.extend_from_slice(base);
        } else {
            prefix.extend_from_slice(format!("{:016x}", xxh3_64(base)).as_bytes());
        }
        prefix.extend_from_slice(MARK);
        prefix
    }

    fn temporary_name(&self) -> OsString {
        let mut name = self.temporary_prefix();
        name.extend_from_slice(format!("{:016x}", self.fs.random()).as_bytes());
        OsString::from_vec(name)
    }

    fn is_temporary(&self, name: &OsStr) -> bool {
        name.as_bytes().strip_prefix(self.temporary_prefix().as_slice()).is_some_and(|digits| {
            digits.len() == RANDOM_DIGITS
                && digits.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
        })
    }
}

impl NewVersion<'_> {
    /// Writes what comes next.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<()> {
        write_full(&*self.file, bytes, self.length).map_err(|error| self.not_written(error))?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Makes what was written durable.
    pub(crate) fn sync(&self) -> Result<()> {
        let path = self.target.path;
        let given = self.rights.give(&*self.file);
        given.map_err(|error| Error::io("set the rights of the new version of", path, error))?;
        self.file.sync_all().map_err(|error| Error::io("sync the new version of", path, error))
    }

    /// Gives it the name of the file, durably.
    pub(crate) fn put_in_place(mut self) -> Result<Placed> {
        let target = self.target;
        target.unchanged(self.expected)?;
        let replaced = self.place()?;
        target.sync_folder().map_err(|error| {
            error
                .with_kind(ErrorKind::UnknownOutcome)
                .hint("the change may or may not survive a power cut; read it back")
        })?;
        // The rename moved the time of change.
        let metadata = self.file.metadata().map_err(|error| {
            Error::io("look at", target.path, error).with_kind(ErrorKind::UnknownOutcome)
        })?;
        Ok(Placed { metadata, replaced })
    }

    /// Gives it the name; the name of the file that it replaced, if that is still there.
    fn place(&mut self) -> Result<Option<OsString>> {
        let is_exchanged = self.rename()?;
        self.is_placed = true;
        Ok(self.expected.filter(|_| is_exchanged).and_then(|old| self.put_away(&old)))
    }

    /// Removes the file that was replaced, which has the name of the temporary one now. It stays
    /// where that fails, or where somebody wrote to it, or put another one in its place, after it
    /// was last looked at: then its name is given.
    fn put_away(&self, old: &Fingerprint) -> Option<OsString> {
        let Target { directory, .. } = self.target;
        let replaced = directory.metadata(&self.temporary);
        let is_old = replaced.is_ok_and(|replaced| replaced.fingerprint().has_content_of(old));
        let is_removed = is_old && directory.remove(&self.temporary).is_ok();
        (!is_removed).then(|| self.temporary.clone())
    }

    /// True if the file that was replaced has the name of the temporary one now.
    fn rename(&self) -> Result<bool> {
        let Target { directory, name, path, .. } = self.target;
        let rename = |how| directory.rename(&self.temporary, name, how);
        let renamed = match self.expected.map(|_| rename(Rename::Exchanging)) {
            Some(Ok(())) => return Ok(true),
            Some(Err(error)) if !unsupported(&error) => Err(error),
            Some(Err(_)) | None => rename(Rename::Replacing),
        };
        let Err(error) = renamed else { return Ok(false) };
        if error.kind() == io::ErrorKind::NotFound && self.expected.is_some() {
            return Err(self.target.changed());
        }
        let errno = error.raw_os_error();
        // Something may have come in its way since the version was begun.
        let error = match check_replaceable(directory, name, path) {
            Err(named) if named.sys_errno().is_none() => named.with_errno(errno),
            _ => Error::io("replace", path, error),
        };
        // A network file system may have done what it reports as failed.
        let placed = directory.id(name).and_then(|there| Ok(there == self.file.metadata()?.id));
        match placed {
            Ok(true) => Ok(false),
            Ok(false) => Err(error),
            Err(gone) if gone.kind() == io::ErrorKind::NotFound => Err(error),
            Err(_) => Err(error.with_kind(ErrorKind::UnknownOutcome)),
        }
    }

    #[cold]
    fn not_written(&self, error: io::Error) -> Error {
        Error::io("write the new version of", self.target.path, error)
    }
}

impl Drop for NewVersion<'_> {
    fn drop(&mut self) {
        if !self.is_placed {
            // If this fails, the next opener sweeps it.
            drop(self.target.directory.remove(&self.temporary));
        }
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests play the person who edits the files")]
mod tests {
    use std::fs;

    use super::*;
    use crate::file::os::OsFileSystem;
    use crate::file::scratch::Scratch;

    /// Replaces a file, `meddle` being called after it was last looked at; what it finds beside it.
    fn replace(meddle: impl FnOnce(&Path)) -> Option<Vec<u8>> {
        let scratch = Scratch::new();
        let path = scratch.write("a.json", b"old");
        let fs = OsFileSystem::new();
        let directory = fs.open_directory(scratch.path()).unwrap();
        let name = OsStr::new("a.json");
        let target =
            Target { fs: &fs, directory: &*directory, name, path: &path, store: name, like: None };
        let old = look(&*directory, name, &path).unwrap().unwrap();
        let mut version = target.begin(Some(old.fingerprint()), 0o600).unwrap();
        version.append(b"new").unwrap();
        version.sync().unwrap();
        target.unchanged(version.expected).unwrap();
        meddle(&path);
        let edited = version.place().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        drop(version);
        let edited = edited.map(|name| fs::read(scratch.path().join(name)).unwrap());
        assert_eq!(scratch.names().len(), 1 + usize::from(edited.is_some()));
        edited
    }

    #[test]
    fn what_is_written_to_a_file_in_the_moment_of_replacing_it_is_there_beside_it() {
        assert_eq!(replace(|_| {}), None);
        let saved = replace(|path| fs::write(path, "saved in place").unwrap());
        assert_eq!(saved.as_deref(), Some(&b"saved in place"[..]));
        let renamed = replace(|path| {
            fs::write(path.with_extension("new"), "renamed").unwrap();
            fs::rename(path.with_extension("new"), path).unwrap();
        });
        assert_eq!(renamed.as_deref(), Some(&b"renamed"[..]));
    }
}
