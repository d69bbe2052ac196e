//! Lets the peers take turns, each in a process of its own, so that a busy machine is as busy for
//! all; compares their answers, and takes medians.

use std::collections::HashMap;

use crate::process::results_of;
use crate::results::{Results, median};
use crate::{PEERS, alone, floor};

/// The medians of all figures with so many documents.
pub struct Table {
    pub count: u32,
    pub rounds: u32,
    /// How many questions all peers were asked.
    pub asked: usize,
    /// A figure, and what it is of each peer; NaN where it has none.
    pub figures: Vec<(String, [f64; PEERS.len()])>,
    /// What the machine asks for the same work.
    pub floor: Vec<(String, f64)>,
}

/// Prints a table of all figures at `count` documents.
pub fn run(count: u32, rounds: u32) {
    let table = table(count, rounds);
    println!(
        "{count} documents, {rounds} rounds; {} answers of each peer were the same",
        table.asked
    );
    table.print();
    println!("\nthe machine, {count} documents");
    print_all(&table.floor);
    println!("\nthe store alone, {count} documents");
    print_all(&of(alone::NAME, count).figures);
}

fn print_all(figures: &[(String, f64)]) {
    figures.iter().for_each(|(name, value)| println!("{name:<55} {value:>14.1}"));
}

/// What one store, or the machine, does in a process of its own.
pub fn of(who: &str, count: u32) -> Results {
    results_of(&["measure", who, &count.to_string()])
}

pub fn table(count: u32, rounds: u32) -> Table {
    let mut values: [Values; PEERS.len()] = Default::default();
    let mut floor = Values::default();
    let mut first: Option<Vec<(String, u64)>> = None;
    for _ in 0..rounds {
        floor.take(of(floor::NAME, count));
        for (peer, values) in PEERS.iter().zip(&mut values) {
            let answers = values.take(of(peer.name, count));
            same_answers(first.get_or_insert_with(|| answers.clone()), &answers, peer.name);
        }
    }
    // The first peer is this project's store, which has every figure.
    let figures = values[0].names.iter().map(|name| {
        let medians = std::array::from_fn(|place| values[place].median(name));
        (name.clone(), medians)
    });
    Table {
        count,
        rounds,
        asked: first.map_or(0, |it| it.len()),
        figures: figures.collect(),
        floor: floor.names.iter().map(|name| (name.clone(), floor.median(name))).collect(),
    }
}

/// The figures of one peer in all rounds.
#[derive(Default)]
struct Values {
    names: Vec<String>,
    of: HashMap<String, Vec<f64>>,
}

impl Values {
    /// Takes the figures of a round, and gives back its answers.
    fn take(&mut self, results: Results) -> Vec<(String, u64)> {
        for (name, value) in results.figures {
            if !self.names.contains(&name) {
                self.names.push(name.clone());
            }
            self.of.entry(name).or_default().push(value);
        }
        results.answers
    }

    fn median(&self, name: &str) -> f64 {
        self.of.get(name).map_or(f64::NAN, |values| median(values))
    }
}

fn same_answers(first: &[(String, u64)], others: &[(String, u64)], who: &str) {
    assert_eq!(first.len(), others.len(), "{who} was asked something else");
    for (one, other) in first.iter().zip(others) {
        assert_eq!(one, other, "{who} has another answer to: {}", one.0);
    }
}

impl Table {
    /// The figures of all peers of that name.
    pub fn of(&self, name: &str) -> &[f64; PEERS.len()] {
        &self.figures.iter().find(|(it, _)| it == name).expect(name).1
    }

    /// What the machine asks for the work of that name.
    pub fn floor_of(&self, name: &str) -> f64 {
        self.floor.iter().find(|(it, _)| it == name).expect(name).1
    }

    fn print(&self) {
        print!("{:<50}", "");
        PEERS.iter().for_each(|peer| print!(" {:>14}", peer.name));
        println!("    ratios to the first");
        for (name, values) in &self.figures {
            print!("{name:<50}");
            values.iter().for_each(|value| print!(" {value:>14.1}"));
            values.iter().skip(1).for_each(|value| print!(" {:>9.2}", value / values[0]));
            println!();
        }
    }
}
