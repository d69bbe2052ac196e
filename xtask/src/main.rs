//! The workshop of libnanostore: one program with everything that is done to the sources.
//!
//! `cargo xtask check` is the one command that says whether the project is sound. It decides
//! nothing about the library: what it demands stands in `docs/` and in `tidy`.

mod bench;
mod c_programs;
mod call;
mod call_cost;
mod callgrind;
mod check;
mod compiler;
mod cost;
mod dialects;
mod durable_cost;
mod fuzz;
mod go;
mod go_toolchain;
mod header;
mod kept_counts;
mod library;
mod place;
mod planted;
mod readme;
mod scripts;
mod simulated;
mod suite;
mod swift;
mod swift_toolchain;
mod symbols;
mod tidy;
mod toolchain;
mod tools;
mod torture;
mod trixie;
mod tsan;

use std::process::ExitCode;

/// What a piece of work gives; a failure is text for a person.
pub(crate) type Result<T> = std::result::Result<T, String>;

const USAGE: &str = "\
usage: cargo xtask check [--fast] [STEP...]   everything, the quick steps, or the named steps
       cargo xtask header [--check]           write include/nanostore.h, or see that it is current
       cargo xtask tidy                       the rules about the sources alone
       cargo xtask cost [--renew]             instructions and memory of the library's calls,
                                              or write tests/cost/instructions.txt
       cargo xtask call-cost                  times of calls in each language, against C
       cargo xtask durable-cost               durable work beside what the disk asks for it
       cargo xtask bench [--million] [DOCUMENTS [ROUNDS]]
                                              times of calls beside those of other stores
       cargo xtask torture [--short] [--seed N] [--policy P] [BATTERY...]
                                              kills, faults, power cuts: see docs/torture.md
       cargo xtask fuzz [--seconds N] [TARGET...]
                                              fuzzing, 30 minutes for each target
       cargo xtask simulated                  power cuts on the simulated disk, every subset
       cargo xtask planted                    faults planted in the library must be caught
       cargo xtask tsan [--seconds N]         the C tests under ThreadSanitizer
       cargo xtask steps                      the names of the steps of check";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["check", "--fast"] => return check::run_fast(),
        ["check", steps @ ..] => return check::run(steps),
        ["header"] => header::run(false),
        ["header", "--check"] => header::run(true),
        ["tidy"] => tidy::run().map(|note| println!("{note}")),
        ["cost"] => cost::run().map(|note| println!("{note}")),
        ["cost", "--renew"] => cost::renew().map(|note| print!("{note}")),
        ["call-cost"] => call_cost::run().map(|note| println!("{note}")),
        ["durable-cost"] => durable_cost::run().map(|note| print!("{note}")),
        ["bench", words @ ..] => bench::run(words),
        ["torture", words @ ..] => torture::run(words),
        ["fuzz", words @ ..] => fuzz::run(words),
        ["tsan", words @ ..] => tsan::run(words),
        ["simulated"] => simulated::run(),
        ["planted"] => planted::run(),
        ["steps"] => {
            check::print_steps();
            Ok(())
        }
        _ => Err(USAGE.to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
