//! The project's own tests, run by cargo and counted.

use crate::call::{Call, Ending};
use crate::{Result, scripts};

/// How many tests ran.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Tests that passed.
    pub(crate) passed: u64,
    /// Tests that failed.
    pub(crate) failed: u64,
    /// Tests that were left out.
    pub(crate) ignored: u64,
}

/// Runs the tests of the workspace; `#[ignore]` keeps a test out of a quick `cargo test` only.
pub(crate) fn run(tally: &mut Tally) -> Result<String> {
    let line = "test --workspace --all-targets --all-features --no-fail-fast -- --include-ignored";
    let table = scripts::table("rust")?.display().to_string();
    count(&Call::cargo().words(line).variable("NANOSTORE_SCRIPT_TABLE", table).end()?, tally)
}

/// Runs the examples in the documentation.
pub(crate) fn run_documentation(tally: &mut Tally) -> Result<String> {
    count(&Call::cargo().words("test --doc --package nanostore --all-features").end()?, tally)
}

/// Adds what a test program printed of its results to `tally`; gives a note of them.
pub(crate) fn count(ending: &Ending, tally: &mut Tally) -> Result<String> {
    let here = read(&ending.printed);
    tally.passed += here.passed;
    tally.failed += here.failed;
    tally.ignored += here.ignored;
    if !ending.good {
        return Err(format!("{}\n{}", ending.failure(), failures(&ending.printed)));
    }
    let ignored = match here.ignored {
        0 => String::new(),
        some => format!(", {some} ignored"),
    };
    Ok(format!("{} passed{ignored}", here.passed))
}

/// What the failing tests said: from `failures:` to the result, of each test program.
fn failures(printed: &str) -> String {
    let parts = printed.split("\nfailures:\n\n").skip(1);
    parts.filter_map(|part| part.split("\ntest result: ").next()).collect::<Vec<_>>().join("\n")
}

fn read(printed: &str) -> Tally {
    let mut sum = Tally::default();
    for line in printed.lines().filter_map(|line| line.strip_prefix("test result: ")) {
        let words: Vec<&str> = line.split([' ', ';']).filter(|word| !word.is_empty()).collect();
        let before = |name: &str| -> u64 {
            let place = words.iter().position(|word| *word == name).unwrap_or(0);
            words.get(place.wrapping_sub(1)).and_then(|word| word.parse().ok()).unwrap_or(0)
        };
        sum.passed += before("passed");
        sum.failed += before("failed");
        sum.ignored += before("ignored");
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failing_tests_said_is_found_among_the_rest() {
        let printed = "a ok\n\nfailures:\n\n---- b ----\nnot 3\n\nfailures:\n    b\n\n\
                       test result: FAILED. 1 passed\nmore\n";
        assert_eq!(failures(printed), "---- b ----\nnot 3\n\nfailures:\n    b\n");
    }

    #[test]
    fn results_of_several_programs_are_added_up() {
        let printed = "\
running 3 tests
test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s
noise
test result: FAILED. 40 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 9s
";
        assert_eq!(read(printed), Tally { passed: 43, failed: 2, ignored: 1 });
    }
}
