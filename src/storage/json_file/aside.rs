//! Files with what could not be kept in the store: nothing is thrown away in silence.
//!
//! Beside `todos.json` they are called `todos.json.KIND-HEX`, after their content, so that keeping
//! the same thing twice (a crash in between) makes one file.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use xxhash_rust::xxh3::xxh3_64;

use super::Inner;
use super::place::Place;
use crate::error::Result;
use crate::file::atomic::Target;
use crate::file::look;

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
}

impl Aside {
    const ALL: [Aside; 4] = [Aside::Conflict, Aside::Orphan, Aside::Torn, Aside::Damaged];

    fn name(self) -> &'static str {
        match self {
            Aside::Conflict => "conflict",
            Aside::Orphan => "orphan",
            Aside::Torn => "torn",
            Aside::Damaged => "damaged",
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
