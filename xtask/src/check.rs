//! The one command: every step in order, a failure never hiding the next, one summary at the end.
//!
//! What a step demands stands in the step's own module; here stand only their order and names.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::suite::Tally;
use crate::{
    Result, bench, c_programs, cost, dialects, fuzz, go, header, place, readme, scripts, suite,
    swift, symbols, tidy, toolchain, tools, torture,
};

/// One step: its name, the programs it cannot do without, and its work, which gives a short note.
struct Step {
    name: &'static str,
    needs: &'static [&'static str],
    work: fn(&mut Tally) -> Result<String>,
}

struct Outcome {
    name: &'static str,
    time: Duration,
    /// The note, if it did not fail.
    note: Option<String>,
}

const STEPS: &[Step] = &[
    Step { name: "tools", needs: &[], work: |_| tools::run() },
    Step { name: "format", needs: &[], work: |_| toolchain::format() },
    Step { name: "tidy", needs: &[], work: |_| tidy::run() },
    Step { name: "lints", needs: &[], work: |_| toolchain::lints() },
    Step { name: "msrv", needs: &["unshare"], work: |_| toolchain::msrv() },
    Step { name: "tests", needs: &["gcc"], work: suite::run },
    Step { name: "doc-tests", needs: &[], work: suite::run_documentation },
    Step { name: "docs", needs: &[], work: |_| toolchain::documentation() },
    Step {
        name: "header",
        needs: &[],
        work: |_| header::run(true).map(|()| "include/nanostore.h is current".to_owned()),
    },
    Step {
        name: "dialects",
        needs: &["gcc", "g++", "clang", "clang++"],
        work: |_| dialects::run(),
    },
    Step { name: "symbols", needs: &["nm", "readelf"], work: |_| symbols::run() },
    Step { name: "c", needs: &["gcc", "make"], work: |_| c_programs::run_natively() },
    Step { name: "c-valgrind", needs: &["gcc", "valgrind"], work: |_| c_programs::run_valgrind() },
    Step { name: "c-asan", needs: &["gcc"], work: |_| c_programs::run_sanitised() },
    Step {
        name: "static",
        needs: &["gcc", "clang", "g++", "clang++"],
        work: |_| c_programs::run_static(),
    },
    Step { name: "cost", needs: &["gcc", "valgrind"], work: |_| cost::run() },
    Step { name: "go", needs: &["gcc"], work: go::run },
    Step { name: "swift", needs: &["unshare"], work: swift::run },
    Step { name: "scripts", needs: &[], work: |_| scripts::run() },
    Step {
        name: "torture",
        needs: &["gcc", "mount", "setpriv", "mkfs.xfs", "mkfs.ext4", "chattr"],
        work: |_| torture::step(),
    },
    Step { name: "fuzz", needs: &["g++"], work: |_| fuzz::step() },
    Step { name: "bench", needs: &["gcc"], work: |_| bench::step() },
    Step { name: "readme", needs: &["gcc", "make", "unshare"], work: readme::run },
];

const FAST: &[&str] = &["format", "tidy", "lints"];

/// Runs all steps, or those named.
pub(crate) fn run(names: &[&str]) -> ExitCode {
    if let Some(unknown) = names.iter().find(|name| !STEPS.iter().any(|s| s.name == **name)) {
        eprintln!("there is no step {unknown}; see `cargo xtask steps`");
        return ExitCode::FAILURE;
    }
    if let Err(message) = place::scratch("log") {
        eprintln!("{message}");
        return ExitCode::FAILURE;
    }
    let wanted = |step: &&Step| names.is_empty() || names.contains(&step.name);
    let mut tally = Tally::default();
    let outcomes: Vec<Outcome> =
        STEPS.iter().filter(wanted).map(|step| take(step, &mut tally)).collect();
    summarise(&outcomes, &tally)
}

/// Runs the steps that take seconds: what a hook before each commit calls.
pub(crate) fn run_fast() -> ExitCode {
    run(FAST)
}

/// Prints the names of the steps.
pub(crate) fn print_steps() {
    STEPS.iter().for_each(|step| println!("{}", step.name));
}

fn take(step: &Step, tally: &mut Tally) -> Outcome {
    println!("== {}", step.name);
    let start = Instant::now();
    let result = see_to(step.needs).and_then(|()| (step.work)(tally));
    if let Err(message) = &result {
        println!("{message}\n-- {} failed", step.name);
    }
    Outcome { name: step.name, time: start.elapsed(), note: result.ok() }
}

/// A step whose programs are missing fails, if they cannot be had: it is never left out.
fn see_to(needs: &[&str]) -> Result<()> {
    if absent(needs).is_empty() {
        return Ok(());
    }
    tools::run()?;
    match absent(needs).as_slice() {
        [] => Ok(()),
        absent => Err(format!("not here: {}", absent.join(", "))),
    }
}

fn absent<'a>(needs: &[&'a str]) -> Vec<&'a str> {
    needs.iter().copied().filter(|program| !tools::is_here(program)).collect()
}

fn summarise(outcomes: &[Outcome], tally: &Tally) -> ExitCode {
    println!("\n{:<11} {:>7}", "step", "seconds");
    for Outcome { name, time, note } in outcomes {
        let seconds = time.as_secs_f64();
        match note {
            Some(note) => {
                let mut lines = note.lines();
                println!("{name:<11} {seconds:>7.1}  {}", lines.next().unwrap_or_default());
                lines.for_each(|line| println!("{:<21}{line}", ""));
            }
            None => println!("{name:<11} {seconds:>7.1}  FAILED"),
        }
    }
    let total: Duration = outcomes.iter().map(|outcome| outcome.time).sum();
    println!("{:<11} {:>7.1}", "all", total.as_secs_f64());
    // A step that failed without a failing test counts as one: the last line must not look well.
    let broken = outcomes.iter().filter(|outcome| outcome.note.is_none()).count();
    println!("{} passed, {} failed", tally.passed, tally.failed.max(broken as u64));
    if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_have_names_of_their_own() {
        for (place, step) in STEPS.iter().enumerate() {
            assert!(STEPS.iter().skip(place + 1).all(|other| other.name != step.name));
        }
    }

    #[test]
    fn a_failing_step_fails_and_its_message_is_not_the_note() {
        let step = Step { name: "x", needs: &[], work: |_| Err("no".to_owned()) };
        assert_eq!(take(&step, &mut Tally::default()).note, None);
    }

    #[test]
    fn programs_that_are_not_here_are_missed() {
        assert_eq!(absent(&["sh", "no-such-program"]), ["no-such-program"]);
    }

    #[test]
    fn the_fast_steps_are_steps() {
        assert!(FAST.iter().all(|name| STEPS.iter().any(|step| step.name == *name)));
    }
}
