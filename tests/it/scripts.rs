//! Plays every script of `fixtures/scripts` through Rust and through C.

use std::fs;
use std::path::{Path, PathBuf};

use crate::c_program::CPlayer;
use crate::rust_player::RustPlayer;
use crate::script::{Place, Player, Script, fixtures};
use crate::universe::TestFolder;

/// One column of the table: a language and a place for the store.
struct Column {
    name: &'static str,
    place: Place,
    player: fn() -> Box<dyn Player>,
}

const COLUMNS: [Column; 4] = [
    Column { name: "rust file", place: Place::File, player: || Box::<RustPlayer>::default() },
    Column { name: "rust memory", place: Place::Memory, player: || Box::<RustPlayer>::default() },
    Column { name: "c file", place: Place::File, player: || Box::new(CPlayer::start()) },
    Column { name: "c memory", place: Place::Memory, player: || Box::new(CPlayer::start()) },
];

#[test]
fn every_script_plays_alike_in_rust_and_in_c() {
    let only = std::env::var("SCRIPT").unwrap_or_default();
    let (mut failures, mut totals) = (Vec::new(), [0; COLUMNS.len()]);
    let mut table = String::new();
    println!("{:50} {:>6}{}", "script", "steps", header());
    let scripts = all_scripts();
    for script in scripts.iter().filter(|script| script.name.contains(&only)) {
        let mut row = format!("{:50} {:>6}", script.name, script.steps().len());
        for (column, total) in COLUMNS.iter().zip(&mut totals) {
            let cell = match outcome(script, column) {
                None => "-".to_owned(),
                Some(Ok(steps)) => {
                    *total += steps;
                    steps.to_string()
                }
                Some(Err(fault)) => {
                    failures.push(format!("{} ({}): {fault}", script.name, column.name));
                    "FAILED".to_owned()
                }
            };
            row.push_str(&format!("{cell:>13}"));
            table.push_str(&format!("{}\t{}\t{cell}\n", script.name, column.name));
        }
        println!("{row}");
    }
    let totals: String = totals.iter().map(|total| format!("{total:>13}")).collect();
    println!("{:50} {:>6}{totals}", format!("{} scripts", scripts.len()), "");
    // `cargo xtask check` compares it with what other languages wrote.
    if let Some(path) = std::env::var_os("NANOSTORE_SCRIPT_TABLE") {
        fs::write(path, table).expect("the table can be written");
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

fn header() -> String {
    COLUMNS.iter().map(|column| format!("{:>13}", column.name)).collect()
}

/// How the script goes in this column; nothing when it makes no sense there.
fn outcome(script: &Script, column: &Column) -> Option<Result<u64, String>> {
    script.fits(column.place).then(|| {
        let folder = TestFolder::new(&script.name);
        let mut player = (column.player)();
        script.play(player.as_mut(), column.place, folder.path())
    })
}

/// All scripts, by name.
fn all_scripts() -> Vec<Script> {
    let mut paths: Vec<PathBuf> = fs::read_dir(fixtures().join("scripts"))
        .expect("the scripts can be listed")
        .map(|entry| entry.expect("the scripts can be listed").path())
        .filter(|path: &PathBuf| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    paths.sort();
    paths.iter().map(|path: &PathBuf| Script::load(Path::new(path))).collect()
}
