//! Writes what was measured as a document with charts.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use crate::compare::{self, Table};
use crate::floor::APPEND;
use crate::results::{Results, ahead, short, shown, title};
use crate::{PEERS, alone, charts, machine, targets};

/// What a person has written about the figures: why they are as they are.
const NOTES: &str = "benchmarks-notes.md";

/// Where other work fills the machine, a sync waits for the next tick of its clock.
const BUSY_US: f64 = 400.0;

const INTRODUCTION: &str = "\
# Benchmarks

`cargo xtask bench` has written this page: `cargo xtask bench [--million] [DOCUMENTS [ROUNDS]]`
prints the figures of one size; without a size it measures all of them and writes them down here.

Each store is filled with the same documents (a task list, some 330 bytes each, 30 % below another
one) and measured in a process of its own; the stores take turns, and the figures are medians of
all rounds. This store, nanostore, is called through its C interface, on a file, with its defaults.

- **sqlite full** and **sqlite normal** keep the text of each document, with generated columns for
  what is searched, an index for each kind of query and prepared statements, in WAL mode;
  `synchronous` is in the name. NORMAL does not wait for the disk.
- **lmdb** and **redb** keep the text of each document by its number, and a table for each kind of
  query that was written by hand; each call is one transaction.
- **rewrite** is what many programs do without a store: values in memory, a map from their UUIDs,
  and one file that each durable call replaces as a whole. Its batches only reach the memory.

Only nanostore has short IDs; the others compute them from their tables, SQLite in one query, the
others in code. All stores answered the same questions alike, or the figures would not be here.

Times are processor time. Where the disk is waited for they are those of a clock: durable calls,
commands, threads, a checkpoint, and opening where it does not say otherwise. A number in brackets
tells how many times as good this store is: above 1 it is ahead. Written is what calls hand to the
system, not whole pages. Open, add and close is what a command pays on a store of 40 kB, whatever
the number of documents above; in turns with it, a file of that size is replaced. A kill leaves
10,000 adds (5,000 below 100,000 documents) that are not yet where they belong.
";

/// Measures all sizes, and writes the document and its charts into a folder.
pub fn run(folder: &Path, rounds: u32, counts: &[u32]) {
    let measured = |count: &u32| {
        println!("{count} documents");
        // A round with a million takes a quarter of an hour.
        compare::table(*count, if *count > targets::COUNT { 1 } else { rounds })
    };
    let tables: Vec<Table> = counts.iter().map(measured).collect();
    let judged = tables.iter().rfind(|it| it.count <= targets::COUNT).expect("a size");
    let alone = compare::of(alone::NAME, judged.count);
    let charts = charts::draw(&folder.join("benchmarks"), &tables);
    let mut page = INTRODUCTION.to_owned();
    put_machine(&mut page, &tables);
    put_charts(&mut page, &charts);
    put_targets(&mut page, judged);
    put_growth(&mut page, &tables);
    tables.iter().for_each(|it| put_table(&mut page, it));
    put_alone(&mut page, judged.count, &alone);
    page.push('\n');
    page.push_str(&fs::read_to_string(folder.join(NOTES)).expect("the notes"));
    fs::write(folder.join("benchmarks.md"), page).expect("the document");
}

macro_rules! put {
    ($page:expr, $($format:tt)*) => {
        writeln!($page, $($format)*).expect("a text takes everything")
    };
}

fn put_machine(page: &mut String, tables: &[Table]) {
    put!(page, "\n## Machine\n");
    machine::lines().iter().for_each(|line| put!(page, "- {line}"));
    let asked = tables.iter().map(|it| it.asked).max().unwrap_or(0);
    let sizes = tables.iter().map(|it| format!("{} (rounds: {})", size(it), it.rounds));
    let sizes: Vec<String> = sizes.collect();
    let million = if tables.iter().any(|it| it.count > targets::COUNT) { " --million" } else { "" };
    put!(page, "- Command: `cargo xtask bench{million}`; documents: {};", sizes.join(", "));
    put!(
        page,
        "  answers of each store that were compared with those of the others: up to {asked}"
    );
}

fn put_charts(page: &mut String, charts: &[(String, String)]) {
    put!(page, "\n## Cost against size\n");
    for (title, file) in charts {
        put!(page, "![{title}](benchmarks/{file})\n");
    }
}

fn put_targets(page: &mut String, table: &Table) {
    put!(page, "## Targets\n");
    put!(page, "What this store should reach, and has reached with {} documents.\n", size(table));
    put!(page, "| of | target | reached | met |\n|---|---|---|---|");
    for row in targets::rows(table) {
        put!(page, "| {} |", row.join(" | "));
    }
}

fn put_growth(page: &mut String, tables: &[Table]) {
    let (Some(few), Some(many)) = (tables.first(), tables.last()) else { return };
    let (from, to) = (size(few), size(many));
    put!(page, "\n## Growth\n");
    put!(page, "How many times as long it takes with {to} documents as with {from}; this store");
    put!(page, "should take at most {} times as long with 1,000,000.\n", targets::GROWTH_MAX);
    put_head(page);
    targets::growth(few, many).for_each(|row| put!(page, "| {} |", row.join(" | ")));
}

/// The names of the peers, above a table.
fn put_head(page: &mut String) {
    let names: Vec<&str> = PEERS.iter().map(|it| it.name).collect();
    put!(page, "| | {} |", names.join(" | "));
    put!(page, "|---|{}", "---|".repeat(PEERS.len()));
}

fn put_table(page: &mut String, table: &Table) {
    put!(page, "\n## {} documents\n", size(table));
    put_head(page);
    for (name, values) in &table.figures {
        let cells: Vec<String> = values.iter().map(|it| cell(name, values[0], *it)).collect();
        put!(page, "| {} | {} |", title(name), cells.join(" | "));
    }
    put!(page, "\nWhat the machine asks for, whoever does it:\n");
    put_figures(page, &table.floor);
    if table.floor_of(APPEND) > BUSY_US {
        put!(page, "\nThe machine was busy: its durable figures say little.");
    }
}

fn put_alone(page: &mut String, count: u32, alone: &Results) {
    put!(page, "\n## What only this store does\n");
    put!(page, "In memory, but for the last two, with {} documents.\n", short(f64::from(count)));
    put_figures(page, &alone.figures);
}

fn put_figures(page: &mut String, figures: &[(String, f64)]) {
    put!(page, "| | |\n|---|---|");
    for (name, value) in figures {
        put!(page, "| {} | {} |", title(name), shown(name, *value));
    }
}

/// A figure, and how many times as good the first peer is.
fn cell(name: &str, first: f64, value: f64) -> String {
    match ahead(name, first, value) {
        _ if value.is_nan() => String::new(),
        1.0 => shown(name, value),
        times => format!("{} ({})", shown(name, value), short(times)),
    }
}

fn size(table: &Table) -> String {
    short(f64::from(table.count))
}
