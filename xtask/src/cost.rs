//! What a call costs, in instructions: the same in a small store and in one 100 times as large.
//!
//! `tests/cost/cost.c` makes the calls through the C interface; callgrind counts what happens
//! inside each of its functions `cost_*`. Instructions are the same on a busy machine and an idle
//! one, which times are not.

use std::path::Path;

use crate::call::Call;
use crate::library::{self, Library};
use crate::{Result, compiler, place};

const SMALL: u32 = 1_000;
const LARGE: u32 = 100_000;
const CALLS: f64 = 200.0;
const RATIO_MAX: f64 = 2.0;

/// The kinds of calls, in the order in which the program makes them, and whether they are held to
/// [`RATIO_MAX`].
const KINDS: &[(&str, bool)] =
    &[("resolve", true), ("id_of", true), ("list", false), ("add", true), ("update", true)];

/// Counts, and fails when a call costs more than twice as much in the large store.
pub(crate) fn run() -> Result<String> {
    let library = library::release()?;
    let folder = place::scratch("cost")?;
    let source = place::root().join("tests/cost/cost.c");
    let program = compiler::compile(&source, &library, &folder)?;
    let small = instructions(&program, &library, &folder, SMALL)?;
    let large = instructions(&program, &library, &folder, LARGE)?;
    let printed = started(Call::new(program.display().to_string()), &library)
        .words(&format!("memory {LARGE}"))
        .run()?;
    let memory: Vec<&str> = printed.split_whitespace().collect();
    let [resident, text] = memory.as_slice() else {
        return Err(format!("{} printed: {printed}", program.display()));
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

/// The instructions of one call of each kind in a store of `count` documents.
fn instructions(program: &Path, library: &Library, folder: &Path, count: u32) -> Result<Vec<f64>> {
    let counts = folder.join(format!("counts-{count}"));
    started(Call::new("valgrind"), library)
        // The linker's work at a function's first call is not the function's.
        .variable("LD_BIND_NOW", "1")
        .words("--tool=callgrind --instr-atstart=no --collect-atstart=no")
        .arg("--toggle-collect=cost_*")
        .arg(format!("--callgrind-out-file={}", counts.display()))
        .path(program)
        .words(&format!("calls {count}"))
        .run()?;
    let mut found = Vec::new();
    for (place, (kind, _)) in KINDS.iter().enumerate() {
        // The program has the counts written after each kind, into files numbered from 1.
        let path = folder.join(format!("counts-{count}.{}", place + 1));
        let text = place::read(&path)?;
        if !text.contains(&format!("desc: Trigger: Client Request: {kind}\n")) {
            return Err(format!("{} is not about {kind}", path.display()));
        }
        let line = text.lines().find_map(|line| line.strip_prefix("summary: "));
        let sum: f64 = line
            .and_then(|line| line.trim().parse().ok())
            .ok_or_else(|| format!("{} has no summary", path.display()))?;
        found.push(sum / CALLS);
    }
    Ok(found)
}

fn started(call: Call, library: &Library) -> Call {
    call.variable("LD_LIBRARY_PATH", library.folder.display().to_string())
}

fn table(small: &[f64], large: &[f64]) -> String {
    let mut table = format!("{:<18} {:>11} {:>11} {:>6}", "instructions", SMALL, LARGE, "ratio");
    for ((kind, _), (small, large)) in KINDS.iter().zip(small.iter().zip(large)) {
        let kind = if *kind == "list" { "list of 50" } else { kind };
        table += &format!("\n{kind:<18} {small:>11.0} {large:>11.0} {:>6.2}", large / small);
    }
    table
}

fn too_dear(small: &[f64], large: &[f64]) -> Vec<&'static str> {
    KINDS
        .iter()
        .zip(small.iter().zip(large))
        .filter(|((_, held), (small, large))| *held && **large > **small * RATIO_MAX)
        .map(|((kind, _), _)| *kind)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_walks_the_store_is_found() {
        let small = [10.0, 10.0, 10.0, 10.0, 10.0];
        assert_eq!(too_dear(&small, &[20.0, 12.0, 99.0, 9.0, 10.0]), [""; 0]);
        assert_eq!(too_dear(&small, &[10.0, 10.0, 10.0, 20.5, 1000.0]), ["add", "update"]);
    }

    #[test]
    fn the_table_gives_both_counts_and_their_ratio() {
        let table = table(&[1000.0; 5], &[1500.0; 5]);
        assert!(table.ends_with("update                    1000        1500   1.50"), "{table}");
    }
}
