//! The scripts of `fixtures/scripts` do the same in every language: one table of all of them.
//!
//! The players are tests of their languages. Each writes what it saw, a line for each script and
//! column, into a file that [`table`] names; this step stands behind them and compares.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::{Result, place};

/// The languages, each with a file that is there when the language has a player.
const LANGUAGES: &[(&str, &str)] = &[
    ("rust", "tests/it/rust_player.rs"),
    ("c", "tests/it/c_program.rs"),
    ("go", "bindings/go/player_test.go"),
    ("swift", "bindings/swift/Package.swift"),
];

const PLACES: &[&str] = &["file", "memory"];

/// The cells of the table, by script and column.
type Cells = BTreeMap<String, BTreeMap<String, String>>;

/// The file that the player of a language, or of two, writes; what an earlier run left is gone.
pub(crate) fn table(name: &str) -> Result<PathBuf> {
    let folder = folder();
    let said = |error: std::io::Error| format!("{}: {error}", folder.display());
    std::fs::create_dir_all(&folder).map_err(said)?;
    let path = folder.join(name).with_extension("tsv");
    if path.exists() {
        std::fs::remove_file(&path).map_err(said)?;
    }
    Ok(path)
}

/// Prints the table, and fails unless all languages went the same number of steps in each script.
pub(crate) fn run() -> Result<String> {
    let mut cells = Cells::new();
    for path in place::files(&folder(), "tsv")? {
        read(&place::read(&path)?, &mut cells)?;
    }
    let languages: Vec<&str> = LANGUAGES
        .iter()
        .filter(|(_, player)| place::root().join(player).exists())
        .map(|(language, _)| *language)
        .collect();
    let (table, totals) = rendered(&cells, &languages);
    println!("{table}");
    let faults = faults(&cells, &languages, &names()?);
    if faults.is_empty() {
        return Ok(format!("{} scripts, alike in all; steps: {totals}", cells.len()));
    }
    Err(format!("{}\nthe players are in the steps tests, go and swift", faults.join("\n")))
}

fn folder() -> PathBuf {
    place::target().join("check/scripts")
}

/// The names of all scripts.
fn names() -> Result<BTreeSet<String>> {
    let stem = |path: &PathBuf| Some(path.file_stem()?.to_string_lossy().into_owned());
    let paths = place::files(&place::root().join("fixtures/scripts"), "json")?;
    Ok(paths.iter().filter_map(stem).collect())
}

fn read(text: &str, cells: &mut Cells) -> Result<()> {
    for line in text.lines() {
        let [script, column, cell] = line.split('\t').collect::<Vec<_>>()[..] else {
            return Err(format!("not a line of a table: {line}"));
        };
        cells.entry(script.to_owned()).or_default().insert(column.to_owned(), cell.to_owned());
    }
    Ok(())
}

/// What is missing, failed or differs from the first language.
fn faults(cells: &Cells, languages: &[&str], names: &BTreeSet<String>) -> Vec<String> {
    let mut faults = Vec::new();
    let found: BTreeSet<String> = cells.keys().cloned().collect();
    faults.extend(names.symmetric_difference(&found).map(|name| format!("{name}: not in both")));
    for (script, row) in cells {
        for place in PLACES {
            let first = languages.first().and_then(|first| row.get(&format!("{first} {place}")));
            for language in languages {
                let column = format!("{language} {place}");
                match row.get(&column) {
                    None => faults.push(format!("{script}: no {column}")),
                    Some(cell) if cell == "FAILED" => faults.push(format!("{script}: {column}")),
                    cell if cell != first => faults.push(format!("{script}: {column} differs")),
                    Some(_) => {}
                }
            }
        }
    }
    faults
}

/// The table, and the sums of its columns in one line.
fn rendered(cells: &Cells, languages: &[&str]) -> (String, String) {
    let columns: Vec<String> = languages
        .iter()
        .flat_map(|language| PLACES.iter().map(move |place| format!("{language} {place}")))
        .collect();
    let width = cells.keys().map(String::len).max().unwrap_or_default();
    let line = |name: &str, cells: &[String]| {
        let cells: String = cells.iter().map(|cell| format!("{cell:>13}")).collect();
        format!("{name:width$}{cells}")
    };
    let mut lines = vec![line("script", &columns)];
    let mut sums = vec![0_u64; columns.len()];
    for (script, row) in cells {
        let of = |column: &String| row.get(column).cloned().unwrap_or_default();
        let row: Vec<String> = columns.iter().map(of).collect();
        for (sum, cell) in sums.iter_mut().zip(&row) {
            *sum += cell.parse().unwrap_or(0);
        }
        lines.push(line(script, &row));
    }
    let sums: Vec<String> = sums.iter().map(u64::to_string).collect();
    lines.push(line(&format!("{} scripts", cells.len()), &sums));
    let totals: Vec<String> =
        columns.iter().zip(&sums).map(|(column, sum)| format!("{column} {sum}")).collect();
    (lines.join("\n"), totals.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &str) -> Cells {
        let mut cells = Cells::new();
        read(&text.replace(' ', "\t").replace('_', " "), &mut cells).unwrap();
        cells
    }

    fn faults_of(text: &str) -> Vec<String> {
        faults(&cells(text), &["c", "go"], &["x".to_owned()].into())
    }

    #[test]
    fn what_is_alike_in_all_languages_is_well() {
        let text = "x c_file 3\nx c_memory -\nx go_file 3\nx go_memory -\n";
        assert_eq!(faults_of(text), [""; 0]);
        let (table, totals) = rendered(&cells(text), &["c", "go"]);
        assert_eq!(totals, "c file 3, c memory 0, go file 3, go memory 0");
        assert_eq!(table.lines().count(), 3);
    }

    #[test]
    fn what_is_missing_or_failed_or_differs_is_found() {
        let rest = "x c_memory -\nx go_memory -\n";
        assert_eq!(faults_of(&format!("x c_file 3\n{rest}")), ["x: no go file"]);
        assert_eq!(faults_of(&format!("x c_file 3\nx go_file 2\n{rest}")), ["x: go file differs"]);
        let failed = faults_of(&format!("x c_file FAILED\nx go_file FAILED\n{rest}"));
        assert_eq!(failed, ["x: c file", "x: go file"]);
        assert_eq!(faults_of(""), ["x: not in both"]);
    }

    #[test]
    fn the_players_are_where_they_are_looked_for() {
        let here = LANGUAGES.iter().filter(|(_, player)| place::root().join(player).exists());
        let here: Vec<&str> = here.map(|(language, _)| *language).collect();
        assert!(here.starts_with(&["rust", "c", "go"]), "{here:?}");
    }

    #[test]
    fn a_line_of_another_form_is_refused() {
        assert!(read("x\ty\n", &mut Cells::new()).is_err());
    }
}
