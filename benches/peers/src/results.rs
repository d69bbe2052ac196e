//! What a process measured, and how figures become text.

use serde::{Deserialize, Serialize};

/// What one store did.
#[derive(Default, Deserialize, Serialize)]
pub struct Results {
    /// What a figure is of, with its unit behind a comma, and the figure.
    pub figures: Vec<(String, f64)>,
    /// A question, and a checksum of the answer: equal for all peers.
    pub answers: Vec<(String, u64)>,
}

impl Results {
    pub fn figure(&mut self, name: &str, value: f64) {
        self.figures.push((name.to_owned(), value));
    }

    /// The figure of that name.
    pub fn value(&self, name: &str) -> f64 {
        self.figures.iter().find(|(it, _)| it == name).expect(name).1
    }

    pub fn print(&self) {
        println!("{}", serde_json::to_string(self).expect("JSON"));
    }
}

/// What a figure is of, and its unit.
pub fn parts(name: &str) -> (&str, &str) {
    name.rsplit_once(", ").expect("a unit")
}

/// What a figure is of; that of a rate is clear only with its unit.
pub fn title(name: &str) -> &str {
    if is_rate(name) { name } else { parts(name).0 }
}

/// Whether more is better: all others are times and sizes.
pub fn is_rate(name: &str) -> bool {
    parts(name).1 == "adds a second"
}

/// How many times as good as another value of the same figure one is.
pub fn ahead(name: &str, one: f64, other: f64) -> f64 {
    if is_rate(name) { one / other } else { other / one }
}

/// A figure with its unit, short enough for a table; times in the unit that fits them.
pub fn shown(name: &str, value: f64) -> String {
    let ns = match parts(name).1 {
        "ns" => value,
        "us" => value * 1e3,
        "ms" => value * 1e6,
        "bytes" => return format!("{} B", short(value)),
        _ => return short(value),
    };
    match ns {
        ..1e3 => format!("{} ns", short(ns)),
        ..1e6 => format!("{} us", short(ns / 1e3)),
        ..1e9 => format!("{} ms", short(ns / 1e6)),
        _ => format!("{} s", short(ns / 1e9)),
    }
}

/// Two or three digits, or all before the point, in groups.
pub fn short(value: f64) -> String {
    let decimals = match value.abs() {
        ..0.01 => 4,
        ..0.1 => 3,
        ..10.0 => 2,
        ..100.0 => 1,
        _ => 0,
    };
    let text = format!("{value:.decimals$}");
    let (whole, behind) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) && digit.is_ascii_digit() {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + behind
}

pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
