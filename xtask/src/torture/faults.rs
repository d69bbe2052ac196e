//! Makes every system call fail in every way, once and from then on.
//!
//! A call of the library that fails must tell the cause, with errno and path, and must have done
//! nothing; one fault makes at most one call fail; nothing stays behind.

use super::base::{self, Base};
use super::bench::{Bench, Policy};
use super::figures::{Figures, Finding, Harm, each};
use super::inspection::{Expected, examine, inspect};
use super::oracle::{Durable, possible};
use super::program::Program;
use super::transcript::{Failure, Transcript};
use crate::Result;

/// The calls that can be made to fail, as the shim names them.
const CALLS: &[&str] = &[
    "open",
    "read",
    "write",
    "fsync",
    "fdatasync",
    "foldersync",
    "rename",
    "unlink",
    "truncate",
    "allocate",
    "lock",
    "stat",
    "rights",
    "list",
];

/// An error of the system: its name, its number on Linux, and the statuses that tell it.
struct Fault {
    name: &'static str,
    errno: i32,
    statuses: &'static [&'static str],
}

const fn fault(name: &'static str, errno: i32, statuses: &'static [&'static str]) -> Fault {
    Fault { name, errno, statuses }
}

/// A short read or write, and an interrupted call, are no errors at all: no status tells them.
const FAULTS: &[Fault] = &[
    fault("EIO", 5, &["IO"]),
    fault("ENOSPC", 28, &["NOSPACE"]),
    fault("EDQUOT", 122, &["NOSPACE"]),
    fault("EROFS", 30, &["READONLY"]),
    fault("EACCES", 13, &["PERMISSION"]),
    fault("EMFILE", 24, &["IO"]),
    fault("EINTR", 4, &[]),
    fault("short", 0, &[]),
    fault("EXDEV", 18, &["IO"]),
    fault("ENOLCK", 37, &["IO"]),
    fault("ENOMEM", 12, &["IO"]),
];

/// Even a storm of signals ends: an interrupted call is repeated, so it must not be for ever.
const STORM: u64 = 20;
const FOR_EVER: u64 = 1_000_000;
/// A lock that can never be had is waited for this long.
const LOCK_TIMEOUT_MS: u32 = 30;
/// No run makes as many calls of one kind.
const PLACES_MAX: u64 = 2_000;

struct Sweep<'a> {
    base: &'a Base,
    words: String,
    call: &'static str,
    fault: &'static Fault,
    sticky: bool,
}

/// Runs the matrix of a policy.
pub(super) fn run(bench: &Bench, policy: &Policy) -> Result<Figures> {
    let bases = base::all(bench, policy)?;
    let mut sweeps = Vec::new();
    for base in &bases {
        for words in scenarios(bench, policy, base) {
            for call in CALLS {
                for fault in FAULTS {
                    for sticky in [false, true] {
                        let words = words.clone();
                        sweeps.push(Sweep { base, words, call, fault, sticky });
                    }
                }
            }
        }
    }
    each(&sweeps, |sweep| run_sweep(bench, policy, sweep))
}

/// What the worker does: few operations, of all kinds; in a log only after some have warmed it up.
fn scenarios(bench: &Bench, policy: &Policy, base: &Base) -> Vec<String> {
    let mut scenarios = Vec::new();
    let short: &[&str] = if base.documents == 0 { &["add"] } else { &["batch"] };
    let all: &[&str] = &["add", "update", "replace", "delete", "batch"];
    for mode in if bench.short { short } else { all } {
        if !(bench.short && policy.has_log && base.name == "closed") {
            scenarios.push(format!("mode={mode} ops=2 checkpoint=2"));
        }
        if policy.has_log && base.name == "closed" {
            scenarios.push(format!("mode={mode} warm=8 ops=11 sync=10 checkpoint=11"));
        }
    }
    scenarios
}

fn run_sweep(bench: &Bench, policy: &Policy, sweep: &Sweep<'_>) -> Result<Figures> {
    let mut figures = Figures::default();
    for place in 1..PLACES_MAX {
        let (result, was_reached) = point(bench, policy, sweep, place)?;
        if !was_reached {
            return Ok(figures);
        }
        figures.count(result);
    }
    Err(format!("{} {} does not end", sweep.call, sweep.words))
}

fn point(
    bench: &Bench,
    policy: &Policy,
    sweep: &Sweep<'_>,
    place: u64,
) -> Result<(std::result::Result<(), Finding>, bool)> {
    let base = sweep.base;
    let folder = base.copy(bench)?;
    let store = folder.store();
    let ended = worker(bench, policy, sweep, &store, place).run()?;
    let transcript = Transcript::read(1, &ended.said)?;
    if transcript.fault.is_none() {
        return Ok((Ok(()), false));
    }
    let before = std::slice::from_ref(&base.state);
    let states = possible(before, &transcript, Durable::All);
    let highest = transcript.revisions().last().copied().unwrap_or(0).max(base.revision);
    let folder_name = folder.path().display().to_string();
    let may_be_torn = true;
    let expected = Expected { states: &states, revision: highest, may_be_torn };
    let result = match examine(&ended, &transcript, false)
        .and_then(|()| judge(sweep, &transcript, &folder_name))
    {
        Ok(()) => inspect(bench, policy, &store, &expected)?.map(drop),
        Err(finding) => Err(finding),
    };
    let how = format!("{} (base {})\n{}", ended.line, base.name, ended.said);
    Ok((result.map_err(|finding| bench.explain(finding, &store, &how)), true))
}

fn worker(
    bench: &Bench,
    policy: &Policy,
    sweep: &Sweep<'_>,
    store: &std::path::Path,
    place: u64,
) -> Program {
    let worker = bench.impatient_worker(store, policy, LOCK_TIMEOUT_MS).args(&sweep.words);
    let worker = worker.arg(format!("base={}", sweep.base.documents));
    let action = match sweep.fault.errno {
        0 => "short".to_owned(),
        errno => errno.to_string(),
    };
    let times = match (sweep.sticky, sweep.fault.name) {
        (false, _) => 1,
        (true, "EINTR") => STORM,
        (true, _) => FOR_EVER,
    };
    bench
        .shimmed(worker, store)
        .variable("TORTURE_WARM", 1)
        .variable("TORTURE_CALL", sweep.call)
        .variable("TORTURE_DO", action)
        .variable("TORTURE_TIMES", times)
        .variable("TORTURE_AT", place)
}

/// Every failure tells its cause, and one fault is one failure at most.
fn judge(
    sweep: &Sweep<'_>,
    transcript: &Transcript,
    folder: &str,
) -> std::result::Result<(), Finding> {
    let mut failures = 0;
    for failure in transcript.failures() {
        failures += 1;
        if let Some(unclear) = unclear(sweep.fault, failure, folder) {
            return Err(Finding::new(unclear.0, unclear.1));
        }
    }
    if failures > 1 && !sweep.sticky {
        let text = format!("one fault made {failures} calls fail");
        return Err(Finding::new(Harm::Leftover, text));
    }
    Ok(())
}

fn unclear(fault: &Fault, failure: &Failure, folder: &str) -> Option<(Harm, String)> {
    let Failure { status, cause, errno, path } = failure;
    if status == "INTERNAL" || status == "PANIC" {
        return Some((Harm::Crash, format!("a call gives {status}")));
    }
    // EACCES is also what a byte lock says that somebody else has.
    if fault.name == "EACCES" && status == "TIMEOUT" && path.starts_with(folder) {
        return None;
    }
    let tells_cause =
        status == "UNKNOWN_OUTCOME" || fault.statuses.iter().any(|known| known == status);
    if fault.statuses.is_empty()
        || !tells_cause
        || *errno != fault.errno
        || !path.starts_with(folder)
    {
        let text =
            format!("{} is told as {status} {cause}, errno {errno}, of {path:?}", fault.name);
        return Some((Harm::Unclear, text));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_tells_status_errno_and_path() {
        let failure = |status: &str, errno, path: &str| Failure {
            status: status.to_owned(),
            cause: "X".to_owned(),
            errno,
            path: path.to_owned(),
        };
        let full = FAULTS.iter().find(|fault| fault.name == "ENOSPC").unwrap();
        let harm = |failure| unclear(full, &failure, "/a").map(|(harm, _)| harm);
        assert_eq!(harm(failure("NOSPACE", 28, "/a/b")), None);
        assert_eq!(harm(failure("UNKNOWN_OUTCOME", 28, "/a/b")), None);
        assert_eq!(harm(failure("IO", 28, "/a/b")), Some(Harm::Unclear));
        assert_eq!(harm(failure("NOSPACE", 0, "/a/b")), Some(Harm::Unclear));
        assert_eq!(harm(failure("NOSPACE", 28, "")), Some(Harm::Unclear));
        assert_eq!(harm(failure("PANIC", 28, "/a/b")), Some(Harm::Crash));
        let interrupted = FAULTS.iter().find(|fault| fault.name == "EINTR").unwrap();
        assert!(unclear(interrupted, &failure("IO", 4, "/a/b"), "/a").is_some());
    }
}
