//! Builds and runs `benches/peers`: what calls cost beside those of other stores, and whether these
//! give the same answers.

use std::path::PathBuf;

use crate::call::Call;
use crate::library::{self, Library};
use crate::{Result, place};

/// Documents and rounds of `cargo xtask bench`, and of the step of the check.
const LONG: [&str; 2] = ["100000", "3"];
const SHORT: [&str; 2] = ["1000", "1"];

/// Runs it with so many documents and rounds, and prints its tables.
pub(crate) fn run(words: &[&str]) -> Result<()> {
    let [count, rounds] = match words {
        [] => LONG,
        [count] => [*count, LONG[1]],
        [count, rounds] => [*count, *rounds],
        _ => return Err("usage: cargo xtask bench [DOCUMENTS [ROUNDS]]".to_owned()),
    };
    print!("{}", compare(count, rounds)?);
    Ok(())
}

/// The short form, a step of the check: the sources are as good as the others, and all stores give
/// the same answers. Its figures say little, on a machine that is busy with a check.
pub(crate) fn step() -> Result<String> {
    Call::cargo().words("fmt --check").folder(&folder()).run()?;
    let library = library::release()?;
    cargo("clippy", &library).words("-- -D warnings").run()?;
    let printed = compare(SHORT[0], SHORT[1])?;
    Ok(printed.lines().next().unwrap_or_default().to_owned())
}

fn compare(count: &str, rounds: &str) -> Result<String> {
    let library = library::release()?;
    cargo("build", &library).run()?;
    let program = built().join("release/nanostore-peers");
    Call::new(program.display().to_string())
        .variable("LD_LIBRARY_PATH", library.folder.display().to_string())
        .words("compare")
        .arg(count)
        .arg(rounds)
        .folder(&place::scratch("peers")?)
        .run()
}

fn cargo(command: &str, library: &Library) -> Call {
    Call::cargo()
        .variable("NANOSTORE_LIBRARY", library.folder.display().to_string())
        .arg(command)
        .words("--release --locked --target-dir")
        .path(&built())
        .folder(&folder())
}

fn folder() -> PathBuf {
    place::root().join("benches/peers")
}

fn built() -> PathBuf {
    place::target().join("peers")
}
