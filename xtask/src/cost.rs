//! What a call costs, in instructions: the same in a small store and in one 100 times as large, and
//! the same as it was ([`kept_counts`]).

use crate::callgrind::{Count, Counter};
use crate::{Result, kept_counts};

const SMALL: u32 = 1_000;
const LARGE: u32 = 100_000;
const RATIO_MAX: u64 = 2;

/// The kinds of calls that are held to [`RATIO_MAX`].
const HELD: &[&str] = &["resolve", "get", "add", "update"];

/// Counts, and fails when a call costs more than twice as much in the large store, or more than it
/// did.
pub(crate) fn run() -> Result<String> {
    let counter = Counter::build()?;
    let results = [compare_sizes(&counter), kept_counts::check(&counter)];
    let is_good = results.iter().all(Result::is_ok);
    let text = results.map(|result| result.unwrap_or_else(|message| message)).join("\n");
    if is_good { Ok(text) } else { Err(text) }
}

/// Writes down what calls cost now.
pub(crate) fn renew() -> Result<String> {
    kept_counts::renew(&Counter::build()?)
}

fn compare_sizes(counter: &Counter) -> Result<String> {
    let small = counter.counts(&format!("calls {SMALL}"))?;
    let large = counter.counts(&format!("calls {LARGE}"))?;
    let printed = counter.call(&format!("memory {LARGE}")).run()?;
    let memory: Vec<&str> = printed.split_whitespace().collect();
    let [resident, text] = memory.as_slice() else {
        return Err(format!("the program printed of its memory: {printed}"));
    };
    let table = table(&small, &large);
    let memory =
        format!("{resident} resident bytes a document at {LARGE}; {text} bytes of it as given");
    match too_dear(&small, &large) {
        dear if dear.is_empty() => Ok(format!("{table}\n{memory}")),
        dear => Err(format!(
            "{table}\n{memory}\nmore than {RATIO_MAX} times as many instructions: {}; \
             run by hand: cargo xtask cost",
            dear.join(", ")
        )),
    }
}

fn table(small: &[Count], large: &[Count]) -> String {
    let mut table = format!("{:<18} {:>11} {:>11} {:>6}", "instructions", SMALL, LARGE, "ratio");
    for (Count { kind, instructions: small }, large) in small.iter().zip(large) {
        let large = large.instructions;
        let ratio = large as f64 / *small as f64;
        table += &format!("\n{kind:<18} {small:>11} {large:>11} {ratio:>6.2}");
    }
    table
}

fn too_dear<'a>(small: &'a [Count], large: &[Count]) -> Vec<&'a str> {
    small
        .iter()
        .zip(large)
        .filter(|(small, _)| HELD.contains(&small.kind.as_str()))
        .filter(|(small, large)| large.instructions > small.instructions * RATIO_MAX)
        .map(|(small, _)| small.kind.as_str())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(instructions: [u64; 5]) -> Vec<Count> {
        let kinds = ["resolve", "get", "list", "add", "update"].into_iter().zip(instructions);
        kinds.map(|(kind, instructions)| Count { kind: kind.to_owned(), instructions }).collect()
    }

    #[test]
    fn a_call_that_walks_the_store_is_found() {
        let small = counts([10; 5]);
        assert_eq!(too_dear(&small, &counts([20, 12, 99, 9, 10])), [""; 0]);
        assert_eq!(too_dear(&small, &counts([10, 10, 10, 21, 1000])), ["add", "update"]);
    }

    #[test]
    fn the_table_gives_both_counts_and_their_ratio() {
        let table = table(&counts([1000; 5]), &counts([1500; 5]));
        assert!(table.ends_with("update                    1000        1500   1.50"), "{table}");
    }
}
