//! The Go binding: its form, go vet, and its tests, with the race detector and the strictest checks
//! of what Go hands to C.
//!
//! Its tests also play the scripts and the day of the task program, and run what its README shows.

use crate::call::{Call, Ending};
use crate::go_toolchain::Go;
use crate::suite::Tally;
use crate::{Result, library, scripts};

/// Runs all of it with the library as it is shipped. The second run is of the same tests, so only
/// the first one counts.
pub(crate) fn run(tally: &mut Tally) -> Result<String> {
    let go = Go::with(&library::release()?)?;
    let badly_formed = go.call("gofmt").words("-l .").run()?;
    if !badly_formed.is_empty() {
        return Err(format!("not as gofmt writes it:\n{badly_formed}"));
    }
    go.call("go").words("vet ./...").run()?;
    let table = scripts::table("go")?.display().to_string();
    let racing = tests(&go)
        .arg("-race")
        .arg("./...")
        .variable("GODEBUG", "cgocheck=1")
        .variable("NANOSTORE_SCRIPT_TABLE", table);
    let racing = count(&racing.end()?, tally)?;
    let checked = tests(&go).arg("./...").variable("GOEXPERIMENT", "cgocheck2");
    let checked = count(&checked.end()?, &mut Tally::default())?;
    let version = go.version()?;
    let version = version.split_whitespace().nth(2).unwrap_or_default();
    Ok(format!("{version}: with -race {racing} passed, with cgocheck2 {checked} passed"))
}

fn tests(go: &Go) -> Call {
    go.call("go").words("test -count=1 -v")
}

/// Adds the tests to `tally`; gives the number of those that passed.
fn count(ending: &Ending, tally: &mut Tally) -> Result<u64> {
    let here = read(&ending.printed);
    tally.passed += here.passed;
    tally.failed += here.failed;
    tally.ignored += here.ignored;
    if ending.good && here.passed > 0 {
        return Ok(here.passed);
    }
    Err(format!("{}\n{}", failures(&ending.printed), ending.failure()))
}

/// Counts the tests themselves; what runs inside of one is a part of it.
fn read(printed: &str) -> Tally {
    let of = |mark: &str| printed.lines().filter(|line| line.starts_with(mark)).count() as u64;
    Tally { passed: of("--- PASS: "), failed: of("--- FAIL: "), ignored: of("--- SKIP: ") }
}

/// What the failing tests said, each below its name.
fn failures(printed: &str) -> String {
    let noise = ["=== ", "--- PASS: ", "    --- PASS: ", "ok  ", "PASS"];
    let said = |line: &&str| !noise.iter().any(|mark| line.starts_with(mark));
    printed.lines().filter(said).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTED: &str = "\
=== RUN   TestA
=== RUN   TestA/one
--- PASS: TestA (0.00s)
    --- PASS: TestA/one (0.00s)
=== RUN   TestB
    b_test.go:3: not 3
--- FAIL: TestB (0.00s)
--- SKIP: TestC (0.00s)
FAIL
";

    #[test]
    fn tests_are_counted_and_not_what_is_inside() {
        assert_eq!(read(PRINTED), Tally { passed: 1, failed: 1, ignored: 1 });
    }

    #[test]
    fn what_failing_tests_said_is_found_among_the_rest() {
        let said = "    b_test.go:3: not 3\n--- FAIL: TestB (0.00s)\n--- SKIP: TestC (0.00s)\nFAIL";
        assert_eq!(failures(PRINTED), said);
    }
}
