//! Files with what could not be kept in the store: nothing is thrown away in silence.
//!
//! Beside `todos.json` they are called `todos.json.KIND-HEX`, after their content, so that keeping
//! the same thing twice (a crash in between) makes one file.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use xxhash_rust::xxh3::xxh3_64;

use super::place::Place;
use super::read::read_all;
use super::{FRESH, Inner, SETTLE_PAUSE};
use crate::error::Result;
use crate::file::atomic::Target;
use crate::file::header::FileDigest;
use crate::file::{Open, look, open_regular};

/// Why something is kept aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aside {
    /// Operations of a log that met another file than they were made for.
    Conflict,
    /// A log of which nothing fits the file.
    Orphan,
    /// The end of a log that a crash cut off.
    Torn,
    /// A log or a data file that was damaged.
    Damaged,
    /// A data file that a person saved in the moment in which it was replaced.
    Edit,
}

impl Aside {
    const ALL: [Aside; 5] =
        [Aside::Conflict, Aside::Orphan, Aside::Torn, Aside::Damaged, Aside::Edit];

    fn name(self) -> &'static str {
        match self {
            Aside::Conflict => "conflict",
            Aside::Orphan => "orphan",
            Aside::Torn => "torn",
            Aside::Damaged => "damaged",
            Aside::Edit => "edit",
        }
    }
}

impl Inner {
    /// Writes `bytes` beside the store, durably.
    pub(super) fn keep_aside(&self, place: &Place, kind: Aside, bytes: &[u8]) -> Result<()> {
        let digest = format!("-{:016x}", xxh3_64(bytes));
        let name = [self.name.as_bytes(), b".", kind.name().as_bytes(), digest.as_bytes()].concat();
        let name = OsString::from_vec(name);
        let path = self.path.with_file_name(&name);
        if look(&*place.directory, &name, &path)?.is_some() {
            return Ok(());
        }
        let like = look(&*place.directory, &self.name, &self.path)?;
        let target = Target { name: &name, path: &path, like, ..self.target(place) };
        target.replace(bytes, None, self.access.mode & 0o777).map(|_| ())
    }

    /// Keeps what somebody wrote to the file while it was replaced, which is called `name` now and
    /// had the digest `before`. It may still be being written. The commit is in place, whatever
    /// comes of this.
    pub(super) fn keep_edit(&self, place: &Place, name: &OsStr, before: Option<FileDigest>) {
        let deadline = self.fs.monotonic().saturating_add(FRESH);
        let read = || {
            let opened = open_regular(&*place.directory, name, &self.path, Open::Read).ok()??;
            read_all(opened, &self.path, self.fs.now()).ok().map(|read| read.bytes)
        };
        let mut bytes = read();
        loop {
            self.fs.sleep(SETTLE_PAUSE);
            let again = read();
            let is_quiet = again == bytes && again.as_ref().is_some_and(|bytes| !bytes.is_empty());
            bytes = again;
            if is_quiet || self.fs.monotonic() >= deadline {
                break;
            }
        }
        let is_edit = |bytes: &Vec<u8>| !bytes.is_empty() && Some(FileDigest::of(bytes)) != before;
        let kept = bytes.filter(is_edit).map(|bytes| self.keep_aside(place, Aside::Edit, &bytes));
        let is_settled = kept.is_none_or(|kept| kept.is_ok());
        if is_settled && place.directory.remove(name).is_err() {
            // The next who takes the lock sweeps it.
            self.swept.store(false, Ordering::Relaxed);
        }
    }

    /// What was kept aside and not removed by a person since, sorted.
    pub(super) fn kept_aside(&self, place: &Place) -> Vec<PathBuf> {
        let is_aside = |name: &OsStr| {
            let rest = name.as_bytes().strip_prefix(self.name.as_bytes());
            let rest = rest.and_then(|rest| rest.strip_prefix(b"."));
            rest.is_some_and(|rest| {
                Aside::ALL.iter().any(|kind| {
                    let digits = rest.strip_prefix(kind.name().as_bytes());
                    digits.is_some_and(|digits| digits.len() == 17 && digits.starts_with(b"-"))
                })
            })
        };
        let names = place.directory.entries().unwrap_or_default();
        let mut found: Vec<PathBuf> = names
            .iter()
            .filter(|name| is_aside(name))
            .map(|name| self.path.with_file_name(name))
            .collect();
        found.sort();
        found
    }
}
