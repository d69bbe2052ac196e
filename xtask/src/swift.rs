//! The Swift binding: its tests, built in Swift 6 mode, where sharing between tasks is checked by
//! the compiler, and with every warning an error.
//!
//! The tests also play the scripts and the day of the task program, and run what the binding's
//! README shows.

use crate::call::{Call, Ending};
use crate::library::{self, Library};
use crate::suite::Tally;
use crate::swift_toolchain::Swift;
use crate::{Result, place, scripts};

/// Runs the tests with the library as it is shipped.
pub(crate) fn run(tally: &mut Tally) -> Result<String> {
    let swift = Swift::with(&library::release()?)?;
    let version = swift.call("swift").arg("--version").run()?;
    let version = version.lines().next().unwrap_or_default();
    swift.package("build").arg("--build-tests").run()?;
    let table = scripts::table("swift")?;
    let tests = swift
        .call("env")
        .arg(format!("NANOSTORE_SCRIPT_TABLE={}", table.display()))
        .path(&place::target().join("swift/debug/NanostorePackageTests.xctest"));
    let passed = count(&tests.end()?, tally)?;
    Ok(format!("{version}: {passed} passed"))
}

/// Builds the program that times calls; gives a call of it, which takes a path and a number.
pub(crate) fn call_cost(library: &Library) -> Result<Call> {
    let swift = Swift::with(library)?;
    swift.package("build").words("--configuration release --product CallCost").run()?;
    Ok(swift.call(&place::target().join("swift/release/CallCost").display().to_string()))
}

/// Adds the tests to `tally`; gives the number of those that passed.
fn count(ending: &Ending, tally: &mut Tally) -> Result<u64> {
    let here = read(&ending.printed);
    tally.passed += here.passed;
    tally.failed += here.failed;
    if ending.good && here.passed > 0 && here.failed == 0 {
        return Ok(here.passed);
    }
    let faults = ending.printed.lines().filter(|line| line.contains(": error: "));
    Err(format!("{}\n{}", faults.collect::<Vec<_>>().join("\n"), ending.failure()))
}

/// Each test case says in a line of its own how it ended.
fn read(printed: &str) -> Tally {
    let of = |how: &str| {
        let ended = |line: &&str| line.starts_with("Test Case ") && line.contains(how);
        printed.lines().filter(ended).count() as u64
    };
    Tally { passed: of("' passed ("), failed: of("' failed ("), ignored: of("' skipped (") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_cases_are_counted_and_not_their_suites() {
        let printed = "\
Test Suite 'ATests' started at 2026-11-25 04:16:41.601
Test Case 'ATests.test_a' started at 2026-11-25 04:16:41.601
Test Case 'ATests.test_a' passed (0.1 seconds)
Test Case 'ATests.test_b' failed (0.1 seconds)
Test Suite 'ATests' failed at 2026-11-25 04:16:41.801
\t Executed 2 tests, with 1 failure (0 unexpected) in 0.2 (0.2) seconds
";
        assert_eq!(read(printed), Tally { passed: 1, failed: 1, ignored: 0 });
    }
}
