//! Lets the peers take turns, each in a process of its own, so that a busy machine is as busy for
//! all; compares their answers, and prints medians.

use std::collections::BTreeMap;
use std::process::Command;

use crate::PEERS;
use crate::operations::Results;

/// Prints a table of all figures at `count` documents.
pub fn run(count: u32, rounds: u32) {
    let mut figures: BTreeMap<(String, usize), Vec<f64>> = BTreeMap::new();
    let mut names: Vec<String> = Vec::new();
    let mut answers: Option<Vec<(String, u64)>> = None;
    for _ in 0..rounds {
        for (place, who) in PEERS.iter().enumerate() {
            let results = in_a_process(who, count);
            match &answers {
                None => answers = Some(results.answers),
                Some(first) => same_answers(first, &results.answers, who),
            }
            for (name, value) in results.figures {
                if !names.contains(&name) {
                    names.push(name.clone());
                }
                figures.entry((name, place)).or_default().push(value);
            }
        }
    }
    let asked = answers.map_or(0, |it| it.len());
    println!("{count} documents, {rounds} rounds; {asked} answers of each peer were the same");
    print_table(&names, &figures);
    println!("\nthe store alone, {count} documents");
    for (name, value) in in_a_process("alone", count).figures {
        println!("{name:<55} {value:>14.1}");
    }
}

fn in_a_process(who: &str, count: u32) -> Results {
    let program = std::env::current_exe().expect("a name");
    let output = Command::new(program)
        .args(["measure", who, &count.to_string()])
        .stderr(std::process::Stdio::inherit())
        .output()
        .expect("a process");
    assert!(output.status.success(), "{who} failed");
    serde_json::from_slice(&output.stdout).expect("results")
}

fn same_answers(first: &[(String, u64)], others: &[(String, u64)], who: &str) {
    assert_eq!(first.len(), others.len(), "{who} was asked something else");
    for (one, other) in first.iter().zip(others) {
        assert_eq!(one, other, "{who} has another answer to: {}", one.0);
    }
}

fn print_table(names: &[String], figures: &BTreeMap<(String, usize), Vec<f64>>) {
    print!("{:<45}", "");
    PEERS.iter().for_each(|who| print!(" {who:>14}"));
    println!("    ratios to the first");
    for name in names {
        let medians: Vec<f64> = (0..PEERS.len())
            .map(|place| figures.get(&(name.clone(), place)).map_or(f64::NAN, |it| median(it)))
            .collect();
        print!("{name:<45}");
        medians.iter().for_each(|value| print!(" {value:>14.1}"));
        medians.iter().skip(1).for_each(|value| print!(" {:>9.2}", value / medians[0]));
        println!();
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
