//! What a call costs in each language, against the same call in C: the programs take turns, so that
//! a busy machine is as busy for all of them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::call::Call;
use crate::go_toolchain::Go;
use crate::library::{self, Library};
use crate::{Result, compiler, place, swift};

const ROUNDS: usize = 5;
const CALLS: u32 = 20_000;

/// A program that prints the nanoseconds of calls of each kind: `get 350`.
struct Program {
    language: &'static str,
    call: Call,
}

/// The times of one kind of calls, of all rounds, by kind.
type Times = BTreeMap<String, Vec<f64>>;

/// Builds the programs, lets them take turns, and gives the medians.
pub(crate) fn run() -> Result<String> {
    let library = library::release()?;
    let folder = place::scratch("call-cost")?;
    let programs = [in_c(&library, &folder)?, in_go(&library, &folder)?, in_swift(&library)?];
    let mut times: Vec<Times> = programs.iter().map(|_| Times::new()).collect();
    for _ in 0..ROUNDS {
        for (program, times) in programs.iter().zip(&mut times) {
            read(&program.call.run()?, times)?;
        }
    }
    let languages: Vec<&str> = programs.iter().map(|program| program.language).collect();
    Ok(table(&languages, &times))
}

fn in_c(library: &Library, folder: &std::path::Path) -> Result<Program> {
    let source = place::root().join("tests/cost/calls.c");
    let program = compiler::compile(&source, library, folder)?;
    Ok(Program { language: "c", call: started(program, library) })
}

fn in_go(library: &Library, folder: &std::path::Path) -> Result<Program> {
    let program = folder.join("callcost");
    let build = Go::with(library)?.call("go").words("build -o").path(&program);
    build.arg("./internal/callcost").run()?;
    Ok(Program { language: "go", call: started(program, library) })
}

fn in_swift(library: &Library) -> Result<Program> {
    let call = swift::call_cost(library)?;
    Ok(Program { language: "swift", call: call.arg(":memory:").arg(CALLS.to_string()) })
}

fn started(program: PathBuf, library: &Library) -> Call {
    Call::new(program.display().to_string())
        .variable("LD_LIBRARY_PATH", library.folder.display().to_string())
        .arg(":memory:")
        .arg(CALLS.to_string())
}

fn read(printed: &str, times: &mut Times) -> Result<()> {
    for line in printed.lines() {
        let (kind, time) = line.split_once(' ').ok_or_else(|| format!("not a time: {line}"))?;
        let time = time.parse().map_err(|_| format!("not a time: {line}"))?;
        times.entry(kind.to_owned()).or_default().push(time);
    }
    Ok(())
}

fn median(times: &[f64]) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Medians, and their ratios to those of the first language. A kind that C does not have is
/// another form of the one whose name it begins with.
fn table(languages: &[&str], times: &[Times]) -> String {
    let mut lines =
        vec![format!("{:<14} {:<8} {:>12} {:>7}", "call", "language", "nanoseconds", "ratio")];
    let Some(first) = times.first() else { return String::new() };
    for (base, base_times) in first {
        for (language, times) in languages.iter().zip(times) {
            for (kind, times) in times.iter().filter(|(kind, _)| kind.starts_with(base.as_str())) {
                let (time, ratio) = (median(times), median(times) / median(base_times));
                lines.push(format!("{kind:<14} {language:<8} {time:>12.0} {ratio:>7.2}"));
            }
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_those_of_medians() {
        let (mut c, mut go) = (Times::new(), Times::new());
        for (a, b) in [(100, 900), (100, 150), (1, 150)] {
            read(&format!("get {a}\n"), &mut c).unwrap();
            read(&format!("get {b}\ngetfast {a}\n"), &mut go).unwrap();
        }
        let table = table(&["c", "go"], &[c, go]);
        let rows: Vec<Vec<&str>> =
            table.lines().skip(1).map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(rows[0], ["get", "c", "100", "1.00"]);
        assert_eq!(rows[1], ["get", "go", "150", "1.50"]);
        assert_eq!(rows[2], ["getfast", "go", "100", "1.00"]);
    }

    #[test]
    fn what_is_no_time_is_refused() {
        assert!(read("get\n", &mut Times::new()).is_err());
        assert!(read("get fast\n", &mut Times::new()).is_err());
    }
}
