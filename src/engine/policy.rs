//! When a commit is on disk, and when the file is brought up to date.

use serde::Deserialize;

use crate::storage::Size;

/// A file up to this size is replaced by the first commits of a process rather than logged.
const SMALL_BYTES: u64 = 256 << 10;
/// So many commits of a process in a row replace a small file: what a command-line program does.
const FEW_COMMITS: u64 = 8;
/// A log is folded into the file when it is bigger than this and than half the file, so that
/// reading it again stays cheaper than reading the file.
const LOG_BYTES: u64 = 4 << 20;

/// When a commit is on disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Durability {
    /// Before the call returns.
    #[default]
    Sync,
    /// A while later; it survives the death of the process at once.
    Batched,
}

/// When the file is brought up to date.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Checkpoint {
    /// At close, on request, and when the log outgrows the file; small files by their commits.
    #[default]
    Auto,
    /// By every commit.
    Commit,
}

impl Durability {
    /// The name used in options and reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Durability::Sync => "sync",
            Durability::Batched => "batched",
        }
    }
}

impl Checkpoint {
    /// The name used in options and reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Checkpoint::Auto => "auto",
            Checkpoint::Commit => "commit",
        }
    }
}

/// Whether the next commit replaces the file; `commits` were made by this process in a row.
pub(super) fn replaces(
    durability: Durability,
    checkpoint: Checkpoint,
    size: Size,
    commits: u64,
) -> bool {
    let is_cheap = is_small(size) && commits < FEW_COMMITS;
    checkpoint == Checkpoint::Commit
        || durability == Durability::Sync && size.log_bytes.is_none() && is_cheap
}

/// Whether the file is written so fast that nobody need wait for it.
pub(super) fn is_small(size: Size) -> bool {
    size.file_bytes <= SMALL_BYTES
}

/// How big a log may get beside a file of that size.
pub(super) fn log_bytes_max(file_bytes: u64) -> u64 {
    LOG_BYTES.max(file_bytes / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Size = Size { file_bytes: 40_000, log_bytes: None };

    fn auto(durability: Durability, size: Size, commits: u64) -> bool {
        replaces(durability, Checkpoint::Auto, size, commits)
    }

    #[test]
    fn the_first_commits_on_a_small_file_replace_it() {
        assert!(auto(Durability::Sync, SMALL, 0) && auto(Durability::Sync, SMALL, 7));
        assert!(!auto(Durability::Sync, SMALL, 8));
    }

    #[test]
    fn a_big_file_a_log_and_batches_are_reasons_to_log() {
        assert!(!auto(Durability::Sync, Size { file_bytes: 300_000, ..SMALL }, 0));
        assert!(!auto(Durability::Sync, Size { log_bytes: Some(100), ..SMALL }, 0));
        assert!(!auto(Durability::Batched, SMALL, 0));
    }

    #[test]
    fn policy_commit_never_logs() {
        let size = Size { file_bytes: 1 << 30, log_bytes: Some(100) };
        assert!(replaces(Durability::Sync, Checkpoint::Commit, size, 1_000_000));
    }

    #[test]
    fn a_log_may_grow_to_half_the_file_but_always_to_some_size() {
        assert_eq!(log_bytes_max(0), 4 << 20);
        assert_eq!(log_bytes_max(100 << 20), 50 << 20);
    }
}
