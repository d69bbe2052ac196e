//! Builds and runs `benches/peers`: what calls cost beside those of other stores, and whether these
//! give the same answers.

use std::path::PathBuf;
use std::time::Duration;

use crate::call::Call;
use crate::library::{self, Library};
use crate::{Result, place};

/// The sizes that `cargo xtask bench` writes down, the one that it leaves out unless it is asked,
/// and how often each is measured.
const SIZES: &str = "1000 10000 100000";
const MILLION: &str = "1000000";
const ROUNDS: &str = "3";
/// The longest that any of this may take.
const LIMIT: Duration = Duration::from_secs(4 * 3600);
/// Documents and rounds of the step of the check.
const SHORT: &str = "1000 1";

/// Without a size, measures all of them and writes `docs/benchmarks.md`; with one, prints a table.
pub(crate) fn run(words: &[&str]) -> Result<()> {
    let printed = match words {
        [] => report(SIZES)?,
        ["--million"] => report(&format!("{SIZES} {MILLION}"))?,
        [count] if is_number(count) => compare(&format!("{count} {ROUNDS}"))?,
        [count, rounds] if is_number(count) => compare(&format!("{count} {rounds}"))?,
        _ => return Err("usage: cargo xtask bench [--million] [DOCUMENTS [ROUNDS]]".to_owned()),
    };
    print!("{printed}");
    Ok(())
}

fn is_number(word: &str) -> bool {
    word.parse::<u32>().is_ok()
}

/// The short form, a step of the check: the sources are as good as the others, and all stores give
/// the same answers. Its figures say little, on a machine that is busy with a check.
pub(crate) fn step() -> Result<String> {
    Call::cargo().words("fmt --check").folder(&folder()).run()?;
    let library = library::release()?;
    cargo("clippy", &library).words("-- -D warnings").run()?;
    let printed = compare(SHORT)?;
    Ok(printed.lines().next().unwrap_or_default().to_owned())
}

fn compare(words: &str) -> Result<String> {
    program()?.arg("compare").words(words).run()
}

fn report(sizes: &str) -> Result<String> {
    let folder = place::root().join("docs");
    program()?.arg("report").path(&folder).arg(ROUNDS).words(sizes).run()
}

/// The program, built, in an empty folder of its own.
fn program() -> Result<Call> {
    let library = library::release()?;
    cargo("build", &library).run()?;
    let program = built().join("release/nanostore-peers");
    Ok(Call::new(program.display().to_string())
        .variable("LD_LIBRARY_PATH", library.folder.display().to_string())
        .folder(&place::scratch("peers")?)
        .limit(LIMIT))
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
