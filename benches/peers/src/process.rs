//! Other processes of this program, and what the system says about this one.

use std::process::{Command, Stdio};

use crate::results::Results;

/// What a process of its own measures.
pub fn results_of(words: &[&str]) -> Results {
    serde_json::from_slice(&printed_by(words)).expect("results")
}

/// What a process of its own prints.
pub fn printed_by(words: &[&str]) -> Vec<u8> {
    let program = std::env::current_exe().expect("a name");
    let output =
        Command::new(program).args(words).stderr(Stdio::inherit()).output().expect("a process");
    assert!(output.status.success(), "failed: {}", words.join(" "));
    output.stdout
}

/// The bytes that this process gave the system to write so far. How many of them reach a disk, and
/// what goes with them, is not told: the count of dirty pages counts whole folios.
pub fn bytes_written() -> f64 {
    number_in("/proc/self/io", "wchar:")
}

/// The bytes of this process that lie in memory.
pub fn bytes_resident() -> f64 {
    number_in("/proc/self/status", "VmRSS:") * 1024.0
}

/// The number behind a name in a file of the system.
pub fn number_in(file: &str, name: &str) -> f64 {
    let text = std::fs::read_to_string(file).expect(file);
    let line = text.lines().find_map(|line| line.strip_prefix(name)).expect(name);
    line.split_whitespace().next().and_then(|it| it.parse().ok()).expect(name)
}
