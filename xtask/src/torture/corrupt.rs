//! Damages the files of a store in every place, and opens it.

use std::path::Path;

use super::base;
use super::bench::{Bench, Folder, Policy};
use super::figures::{Figures, Finding, Harm, each};
use super::program::Ending;
use crate::Result;

/// So many files in one process.
const CHUNK: u64 = 20_000;
/// The long form goes on to so many files for each target.
const FILES: u64 = 500_000;

/// A part of the work: `count` cases of damage to one file of one store.
struct Part<'a> {
    reference: &'a Folder,
    target: &'static str,
    from: u64,
    count: u64,
}

/// Damages the data file, the lock file and, where there is one, the log.
pub(super) fn run(bench: &Bench, policy: &Policy) -> Result<Figures> {
    let bases = base::small(bench, policy)?;
    let mut parts = Vec::new();
    for reference in &bases {
        for target in ["data", "log", "lock"] {
            let path = reference.store();
            let ending = match target {
                "data" => "",
                "log" => ".wal",
                _ => ".lock",
            };
            let Ok(file) = std::fs::metadata(format!("{}{ending}", path.display())) else {
                continue;
            };
            // Every length and every bit.
            let all = 9 * file.len();
            let wanted = if bench.short || target == "lock" { all } else { all.max(FILES) };
            for from in (0..wanted).step_by(CHUNK as usize) {
                parts.push(Part { reference, target, from, count: CHUNK.min(wanted - from) });
            }
        }
    }
    let mut figures = each(&parts, |part| damage(bench, policy, part))?;
    figures.notes = sums(&figures.notes);
    Ok(figures)
}

fn damage(bench: &Bench, policy: &Policy, part: &Part<'_>) -> Result<Figures> {
    let mut figures = Figures::default();
    let work = bench.folder()?;
    let ended = bench
        .program("corrupt")
        .arg(format!("reference={}", part.reference.path().display()))
        .arg(format!("work={}", work.path().display()))
        .arg(format!("target={}", part.target))
        .arg(format!("options={}", policy.bare_options()))
        .arg(format!("from={}", part.from))
        .arg(format!("count={}", part.count))
        .arg(format!("seed={}", bench.seed))
        .arg("limit=600")
        .limit(600)
        .run()?;
    let mut files = part.count;
    for line in ended.said.lines() {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let harm = match word {
            "WRONG" => Harm::Lost,
            "UNCLEAR" => Harm::Unclear,
            "DIED" => Harm::Crash,
            "SUM" => {
                figures.notes.push(format!("{} {rest}", part.target));
                continue;
            }
            _ => continue,
        };
        files = files.saturating_sub(1);
        figures.points += 1;
        let finding = Finding::new(harm, format!("{}: {rest}", part.target));
        figures.add(explained(bench, finding, work.path(), &ended.line));
    }
    figures.points += files;
    match ended.ending {
        Ending::Code(0 | 70) => Ok(figures),
        other => Err(format!("{other:?}: {}\n{}", ended.line, ended.said)),
    }
}

fn explained(bench: &Bench, finding: Finding, work: &Path, line: &str) -> Finding {
    bench.explain(finding, &work.join("s.json"), line)
}

/// Adds up the notes "data files 10 refused 7 legal 2 harmless 1 torn 0".
fn sums(notes: &[String]) -> Vec<String> {
    let mut sums = Vec::new();
    for target in ["data", "log", "lock"] {
        let of_it = notes.iter().filter_map(|note| note.strip_prefix(target)?.strip_prefix(' '));
        let mut counts = [0_u64; 5];
        for note in of_it {
            let numbers = note.split(' ').skip(1).step_by(2);
            for (count, number) in counts.iter_mut().zip(numbers) {
                *count += number.parse().unwrap_or(0);
            }
        }
        let [files, refused, legal, harmless, torn] = counts;
        if files > 0 {
            sums.push(format!(
                "{target}: {files} files, {refused} refused, {legal} legal, {harmless} harmless, \
                 {torn} kept aside"
            ));
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sums_of_all_parts_are_added_up() {
        let note = |text: &str| text.to_owned();
        let notes = [
            note("data files 10 refused 7 legal 2 harmless 1 torn 0"),
            note("data files 5 refused 5 legal 0 harmless 0 torn 0"),
        ];
        assert_eq!(sums(&notes), ["data: 15 files, 12 refused, 2 legal, 1 harmless, 0 kept aside"]);
    }
}
