//! The stores that torture begins with: none, one that was closed, one whose writer died.

use std::path::Path;

use super::bench::{Bench, Folder, Policy, copy_files};
use super::oracle::{Durable, State, possible};
use super::transcript::Transcript;
use crate::Result;

/// How many documents a base holds.
pub(super) const DOCUMENTS: u32 = 12;

/// A store to begin with.
pub(super) struct Base {
    pub(super) name: &'static str,
    folder: Folder,
    /// What is in it.
    pub(super) state: State,
    /// Its highest revision.
    pub(super) revision: u64,
    /// The documents 0.1 to 0.COUNT are in it.
    pub(super) documents: u32,
}

/// All of them; each policy has its own, since a log is kept by some only.
pub(super) fn all(bench: &Bench, policy: &Policy) -> Result<Vec<Base>> {
    let none = Base {
        name: "none",
        folder: bench.folder()?,
        state: State::new(),
        revision: 0,
        documents: 0,
    };
    let closed = make(bench, policy, "closed", "end=close")?;
    let left = make(bench, policy, "left", "end=leave")?;
    Ok(vec![none, closed, left])
}

/// Two small stores, to be damaged in every place: one that was closed, one whose writer died.
pub(super) fn small(bench: &Bench, policy: &Policy) -> Result<Vec<Folder>> {
    let mut folders = Vec::new();
    for (ops, end) in [(4, "close"), (if policy.has_log { 13 } else { 5 }, "leave")] {
        let folder = bench.folder()?;
        bench
            .worker(&folder.store(), policy)
            .args("worker=0 mode=mixed scale=30 seed=5")
            .arg(format!("ops={ops}"))
            .arg(format!("end={end}"))
            .must()?;
        folders.push(folder);
    }
    Ok(folders)
}

fn make(bench: &Bench, policy: &Policy, name: &'static str, end: &str) -> Result<Base> {
    let folder = bench.folder()?;
    let said = bench
        .worker(&folder.store(), policy)
        .args("worker=0 mode=add scale=60")
        .arg(format!("ops={DOCUMENTS}"))
        .arg(end)
        .must()?;
    let transcript = Transcript::read(0, &said)?;
    let state = possible(&[State::new()], &transcript, Durable::All).pop().unwrap_or_default();
    if state.len() != DOCUMENTS as usize {
        return Err(format!("the base store could not be made:\n{said}"));
    }
    let revision = transcript.revisions().last().copied().unwrap_or(0);
    Ok(Base { name, folder, state, revision, documents: DOCUMENTS })
}

impl Base {
    /// A copy of it, to be tortured.
    pub(super) fn copy(&self, bench: &Bench) -> Result<Folder> {
        let folder = bench.folder()?;
        self.copy_to(folder.path())?;
        Ok(folder)
    }

    /// Puts a copy of its files into a folder.
    pub(super) fn copy_to(&self, folder: &Path) -> Result<()> {
        copy_files(self.folder.path(), folder)
    }
}
