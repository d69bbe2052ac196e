//! `cargo xtask torture`: everything that is done to the built library from outside its process.
//!
//! Small C programs (`tests/torture`) write to a store and say what was acknowledged; they are
//! killed, lied to, starved and cut off from power; then the store must be well and hold all that
//! was acknowledged. `docs/torture.md` says what each battery shows.

mod base;
mod bench;
mod controls;
mod corrupt;
mod disk;
mod edits;
mod faults;
mod figures;
mod history;
mod image;
mod inspection;
mod kill;
mod kill9;
mod oracle;
mod powercut;
mod program;
mod random;
mod transcript;

use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Instant;

use bench::{Bench, POLICIES, Policy};
use figures::Figures;

use crate::Result;
use crate::call::Call;

/// Set for the process that has its mounts to itself.
const ALONE: &str = "XTASK_TORTURE_ALONE";
const DEFAULT_SEED: u64 = 20_261_125;

/// One way to torture a store.
struct Battery {
    name: &'static str,
    work: fn(&Bench, &Policy) -> Result<Figures>,
}

const BATTERIES: &[Battery] = &[
    Battery { name: "kill", work: kill::run },
    Battery { name: "faults", work: faults::run },
    Battery { name: "powercut", work: powercut::run },
    Battery { name: "kill9", work: kill9::run },
    Battery { name: "corrupt", work: corrupt::run },
    Battery { name: "history", work: history::run },
    Battery { name: "disk", work: disk::run },
    Battery { name: "edits", work: edits::run },
    Battery { name: "controls", work: controls::run },
];

/// What was asked for.
struct Wanted {
    short: bool,
    seed: u64,
    policies: Vec<&'static Policy>,
    batteries: Vec<&'static Battery>,
}

/// Runs the batteries that are named, or all, and prints a line for each.
pub(crate) fn run(words: &[&str]) -> Result<()> {
    let wanted = Wanted::read(words)?;
    let can_mount = std::env::var_os(ALONE).is_some();
    if !can_mount && may_mount() {
        return Err(run_alone(words));
    }
    if !can_mount {
        println!("mounting is not allowed here: what needs it is left out");
    }
    let bench = Bench::make(wanted.short, wanted.seed, can_mount)?;
    let mut failures = 0;
    for policy in &wanted.policies {
        kill::see(&bench, policy)?;
        for battery in &wanted.batteries {
            failures += u32::from(!wanted.take(&bench, policy, battery)?);
        }
    }
    if failures == 0 { Ok(()) } else { Err(format!("{failures} batteries found harm")) }
}

/// The same as a step of the check: gives the lines of the batteries.
pub(crate) fn step() -> Result<String> {
    let this = std::env::current_exe().map_err(|error| error.to_string())?;
    let printed = Call::new(this.display().to_string()).words("torture --short").run()?;
    Ok(printed.trim_end().to_owned())
}

impl Wanted {
    fn read(words: &[&str]) -> Result<Wanted> {
        let mut wanted = Wanted {
            short: false,
            seed: DEFAULT_SEED,
            policies: Vec::new(),
            batteries: Vec::new(),
        };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--short" => wanted.short = true,
                "--seed" => {
                    let seed = words.next().and_then(|seed| seed.parse().ok());
                    wanted.seed = seed.ok_or("--seed takes a number")?;
                }
                "--policy" => {
                    let name = words.next().copied().unwrap_or_default();
                    let policy = POLICIES.iter().find(|policy| policy.name == name);
                    wanted.policies.push(policy.ok_or_else(|| unknown("policy", name))?);
                }
                name => {
                    let battery = BATTERIES.iter().find(|battery| battery.name == name);
                    wanted.batteries.push(battery.ok_or_else(|| unknown("battery", name))?);
                }
            }
        }
        if wanted.policies.is_empty() {
            wanted.policies = POLICIES.iter().collect();
        }
        if wanted.batteries.is_empty() {
            wanted.batteries = BATTERIES.iter().collect();
        }
        Ok(wanted)
    }

    /// Runs one battery; true when it found no harm.
    fn take(&self, bench: &Bench, policy: &Policy, battery: &Battery) -> Result<bool> {
        let begun = Instant::now();
        let figures = (battery.work)(bench, policy)?;
        println!("{}", figures.line(battery.name, policy.name, begun.elapsed()));
        if !figures.is_harmed() {
            return Ok(true);
        }
        figures.told().iter().for_each(|told| println!("{told}"));
        let form = if self.short { " --short" } else { "" };
        println!(
            "repeat: cargo xtask torture{form} --seed {} --policy {} {}",
            self.seed, policy.name, battery.name
        );
        Ok(false)
    }
}

fn unknown(what: &str, name: &str) -> String {
    let policies = POLICIES.iter().map(|policy| policy.name);
    let batteries = BATTERIES.iter().map(|battery| battery.name);
    let known: Vec<&str> = if what == "policy" { policies.collect() } else { batteries.collect() };
    format!("there is no {what} {name:?}; there are: {}", known.join(" "))
}

/// May this process make mounts of its own? They are its own only, and go when it ends, however
/// it ends.
fn may_mount() -> bool {
    let trial = "unshare --mount sh -c";
    Call::new("timeout").words("20").words(trial).arg("mount -t tmpfs tmpfs /mnt").run().is_ok()
}

/// Becomes the same program with mounts of its own; returns only when that fails.
fn run_alone(words: &[&str]) -> String {
    let this = match std::env::current_exe() {
        Ok(this) => this,
        Err(error) => return error.to_string(),
    };
    let mut command = Command::new("unshare");
    command.arg("--mount").arg(this).arg("torture").args(words).env(ALONE, "1");
    format!("cannot start unshare: {}", command.exec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_choose_batteries_and_policies() {
        let wanted = Wanted::read(&["--short", "--seed", "7", "--policy", "sync-auto", "kill"]);
        let wanted = wanted.unwrap();
        assert!(wanted.short);
        assert_eq!((wanted.seed, wanted.policies.len(), wanted.batteries.len()), (7, 1, 1));
        let all = Wanted::read(&[]).unwrap();
        assert_eq!((all.policies.len(), all.batteries.len()), (POLICIES.len(), BATTERIES.len()));
        assert!(Wanted::read(&["nothing"]).is_err_and(|message| message.contains("kill")));
    }
}
