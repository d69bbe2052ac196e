//! What calls cost is kept in a file: a change of more than 5 % fails, so that no call becomes
//! slower unseen.
//!
//! Fewer instructions fail, too: a count that stays too high would hide the next slow-down of as
//! much. Whoever means the change writes the file anew, and the difference is there to be read.
//!
//! Counts belong to a toolchain. Another compiler makes other code, and an emulator or a C library
//! of another version counts or searches in another way: that moves counts by more than 5 % without
//! any fault of the sources. With another toolchain than the file names nothing is compared, and
//! the report says so. The processor counts for little, but one without AVX2 needs more.

use crate::call::Call;
use crate::callgrind::{Count, Counter};
use crate::{Result, library, place};

const FILE: &str = "tests/cost/instructions.txt";
const CALLS: &str = "operations 10000";
const PER_CENT_MAX: u64 = 5;
const RENEW: &str = "cargo xtask cost --renew";
const TOOLCHAIN: &str = "# Counted with ";

/// What the file says.
#[derive(Debug, PartialEq)]
struct Kept {
    toolchain: String,
    counts: Vec<Count>,
}

/// Counts, and fails when a count is not within 5 % of the one that is kept.
pub(crate) fn check(counter: &Counter) -> Result<String> {
    let kept = parse(&place::read(&place::root().join(FILE))?)?;
    let found = Kept { toolchain: toolchain()?, counts: counter.counts(CALLS)? };
    compare(&kept, &found)
}

fn compare(kept: &Kept, found: &Kept) -> Result<String> {
    let table = table(&kept.counts, &found.counts);
    if kept.toolchain != found.toolchain {
        return Ok(format!(
            "{table}\nNOT COMPARED: {FILE} was counted with {}\nand this with {}; \
             write it anew: {RENEW}",
            kept.toolchain, found.toolchain
        ));
    }
    match faults(&kept.counts, &found.counts) {
        faults if faults.is_empty() => Ok(table),
        faults => Err(format!(
            "{table}\n{}\nif this is meant, write {FILE} anew: {RENEW}",
            faults.join("\n")
        )),
    }
}

/// Counts, and writes the file.
pub(crate) fn renew(counter: &Counter) -> Result<String> {
    let text = written(&Kept { toolchain: toolchain()?, counts: counter.counts(CALLS)? });
    place::write(&place::root().join(FILE), &text)?;
    Ok(text)
}

/// What the counts depend on besides the sources.
fn toolchain() -> Result<String> {
    let said = |program: &str, argument: &str| -> Result<String> {
        Ok(Call::new(program).arg(argument).run()?.trim().to_owned())
    };
    Ok(format!(
        "{}, {}, {}, {}",
        said("rustc", "--version")?,
        library::host()?,
        said("valgrind", "--version")?,
        said("getconf", "GNU_LIBC_VERSION")?
    ))
}

fn parse(text: &str) -> Result<Kept> {
    let toolchain = text.lines().find_map(|line| line.strip_prefix(TOOLCHAIN));
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let counts = lines.map(|line| {
        let count = line.split_once(' ').and_then(|(kind, count)| {
            Some(Count { kind: kind.to_owned(), instructions: count.trim().parse().ok()? })
        });
        count.ok_or_else(|| format!("{FILE}: not a kind of calls and a count: {line}"))
    });
    Ok(Kept {
        toolchain: toolchain.unwrap_or_default().to_owned(),
        counts: counts.collect::<Result<Vec<Count>>>()?,
    })
}

fn written(kept: &Kept) -> String {
    let mut text = format!(
        "# The instructions of one call of each kind in tests/cost/cost.c with 10,000 documents.\n\
         # `cargo xtask check cost` fails when one is off by more than {PER_CENT_MAX} %;\n\
         # `{RENEW}` writes this file.\n\
         {TOOLCHAIN}{}\n",
        kept.toolchain
    );
    for Count { kind, instructions } in &kept.counts {
        text += &format!("{kind} {instructions}\n");
    }
    text
}

fn count_of(counts: &[Count], kind: &str) -> Option<u64> {
    counts.iter().find(|count| count.kind == kind).map(|count| count.instructions)
}

/// How many per cent more there are now.
fn change(kept: u64, found: u64) -> f64 {
    (found as f64 / kept as f64 - 1.0) * 100.0
}

fn table(kept: &[Count], found: &[Count]) -> String {
    let mut table = format!("{:<18} {:>11} {:>11} {:>8}", CALLS, "kept", "now", "change");
    for Count { kind, instructions: now } in found {
        let kept = count_of(kept, kind).unwrap_or(0);
        table += &format!("\n{kind:<18} {kept:>11} {now:>11} {:>+6.1} %", change(kept, *now));
    }
    table
}

fn faults(kept: &[Count], found: &[Count]) -> Vec<String> {
    let changed = found.iter().filter_map(|Count { kind, instructions: now }| {
        let Some(kept) = count_of(kept, kind) else {
            return Some(format!("{kind}: {now} instructions, and no count is kept"));
        };
        (now.abs_diff(kept) * 100 > kept * PER_CENT_MAX).then(|| {
            let change = change(kept, *now);
            format!("{kind}: {now} instructions, {kept} are kept ({change:+.1} %)")
        })
    });
    let gone = kept.iter().filter(|it| count_of(found, &it.kind).is_none());
    changed
        .chain(gone.map(|it| format!("{}: kept, but there are no such calls", it.kind)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(counts: &[(&str, u64)]) -> Vec<Count> {
        let count =
            |&(kind, instructions): &(&str, u64)| Count { kind: kind.to_owned(), instructions };
        counts.iter().map(count).collect()
    }

    #[test]
    fn five_per_cent_in_either_direction_are_let_through_and_no_more() {
        let kept = counts(&[("get", 1_000), ("add", 1_000)]);
        assert_eq!(faults(&kept, &counts(&[("get", 1_050), ("add", 950)])), [""; 0]);
        assert_eq!(
            faults(&kept, &counts(&[("get", 1_051), ("add", 949)])),
            [
                "get: 1051 instructions, 1000 are kept (+5.1 %)",
                "add: 949 instructions, 1000 are kept (-5.1 %)"
            ]
        );
    }

    #[test]
    fn calls_and_the_file_name_the_same_kinds() {
        assert_eq!(
            faults(&counts(&[("get", 1)]), &counts(&[("add", 2)])),
            ["add: 2 instructions, and no count is kept", "get: kept, but there are no such calls"]
        );
    }

    #[test]
    fn counts_of_another_toolchain_are_not_compared() {
        let kept = |toolchain: &str, count| Kept {
            toolchain: toolchain.to_owned(),
            counts: counts(&[("get", count)]),
        };
        let other = compare(&kept("a", 10), &kept("b", 20)).unwrap();
        assert!(other.contains("NOT COMPARED") && other.contains(RENEW), "{other}");
        let same = compare(&kept("a", 10), &kept("a", 20)).unwrap_err();
        assert!(same.contains("get: 20 instructions, 10 are kept (+100.0 %)"), "{same}");
        assert!(same.contains(RENEW), "{same}");
    }

    #[test]
    fn what_was_written_is_read() {
        let kept = Kept { toolchain: "rustc 1, x".to_owned(), counts: counts(&[("get", 7)]) };
        assert_eq!(parse(&written(&kept)), Ok(kept));
        assert!(parse("get seven\n").is_err());
    }

    #[test]
    fn the_table_gives_both_counts_and_the_change() {
        let table = table(&counts(&[("get", 1_000)]), &counts(&[("get", 1_066)]));
        assert!(table.ends_with("get                       1000        1066   +6.6 %"), "{table}");
    }
}
