//! `cargo xtask simulated`: the long form of the crash tests on the simulated disk. Of the unsynced
//! changes of each crash, every subset is tried (of more than ten, 64).

use std::time::{Duration, Instant};

use crate::Result;
use crate::call::Call;

const LIMIT: Duration = Duration::from_secs(7200);

/// Runs them and adds up the states.
pub(crate) fn run() -> Result<()> {
    let begun = Instant::now();
    let printed = Call::cargo()
        .words("test --release --all-features --test it crash:: -- --nocapture")
        .variable("NANOSTORE_EVERY_SUBSET_OF", "10")
        .variable("RUST_BACKTRACE", "0")
        .limit(LIMIT)
        .run()?;
    let lines = printed.lines().filter(|line| states(line).is_some());
    lines.clone().for_each(|line| println!("{}", line.trim_start_matches('.')));
    let all: u64 = lines.filter_map(states).sum();
    println!("{all} states, 0 lost, {} seconds", begun.elapsed().as_secs());
    Ok(())
}

/// The number in a line such as `Logged: 12 states after cuts`.
fn states(line: &str) -> Option<u64> {
    let before = line.split_once(" states after ")?.0;
    before.rsplit([' ', '.']).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::states;

    #[test]
    fn states_are_counted_wherever_the_test_runner_put_its_dots() {
        assert_eq!(states("Logged: 12 states after cuts in 8 sequences"), Some(12));
        assert_eq!(states(".7 states after a second power cut"), Some(7));
        assert_eq!(states("test a ... ok"), None);
    }
}
