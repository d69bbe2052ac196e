//! Kills the writer at every system call, and whoever opens the store after that, too.

use std::path::Path;

use super::base::{self, Base};
use super::bench::{Bench, Policy, copy_files};
use super::figures::{Figures, Finding, each};
use super::inspection::{Expected, examine, inspect};
use super::oracle::{Durable, State, Version, possible};
use super::program::{Ending, Program};
use super::random::Random;
use super::transcript::{Name, Transcript};
use crate::Result;

const KINDS: &[&str] = &["add", "update", "replace", "delete", "batch"];
/// More calls than this in one run: the sweep would not end.
const CALLS_MAX: u64 = 20_000;
/// An open, an operation and a close change files fewer times than this.
const CHANGES_MAX: u64 = 40;
/// Of so many kills one has its recovery killed, too.
const SECOND_LEVEL: u64 = 8;
/// The document that a checker writes and deletes, while it is killed itself.
const PROBE: Name = (u32::MAX, 2);

/// What a worker is to do, and with which store.
struct Scenario<'a> {
    base: &'a Base,
    words: String,
    /// Kill before the call, or in the middle of a write.
    way: &'static str,
}

/// Runs all sweeps of a policy.
pub(super) fn run(bench: &Bench, policy: &Policy) -> Result<Figures> {
    let bases = base::all(bench, policy)?;
    let mut scenarios = Vec::new();
    for base in &bases {
        // The ninth commit of a handle begins a log, where the policy has one.
        let warm = if policy.has_log { vec![0, 8] } else { vec![0] };
        for (kind, warm) in KINDS.iter().flat_map(|kind| warm.iter().map(move |warm| (kind, warm)))
        {
            let words = format!("mode={kind} warm={warm} ops={}", warm + 1 + warm / 8);
            scenarios.push(Scenario { base, words, way: "kill" });
        }
        let mixed = if bench.short { (1..=1, 3) } else { (1..=12, 12) };
        for seed in mixed.0 {
            let seed = bench.seed.wrapping_add(seed) % 1_000_000;
            let words =
                format!("mode=mixed ops={} reopen=2 sync=2 checkpoint=3 seed={seed}", mixed.1);
            for way in ["kill", "tear"] {
                scenarios.push(Scenario { base, words: words.clone(), way });
            }
        }
    }
    let mut figures = each(&scenarios, |scenario| sweep(bench, policy, scenario))?;
    let firsts: Vec<(&Base, u64)> =
        bases.iter().flat_map(|base| (1..=CHANGES_MAX).map(move |place| (base, place))).collect();
    let deaths = each(&firsts, |(base, place)| two_deaths(bench, policy, base, *place))?;
    figures.notes.push(format!("of them {} with two deaths in a row", deaths.points));
    figures.merge(deaths);
    Ok(figures)
}

/// A process dies at its change number `place`; the next one at each of its changes.
fn two_deaths(bench: &Bench, policy: &Policy, base: &Base, place: u64) -> Result<Figures> {
    let mut figures = Figures::default();
    let first = base.copy(bench)?;
    let worker = bench.worker(&first.store(), policy).args("mode=batch ops=1");
    let worker = worker.arg(format!("base={}", base.documents));
    let ended = dying(bench, worker, &first.store(), place).run()?;
    let transcript = Transcript::read(1, &ended.said)?;
    if transcript.fault.is_none() {
        return Ok(figures);
    }
    let states = possible(std::slice::from_ref(&base.state), &transcript, Durable::All);
    let revision = transcript.revisions().last().copied().unwrap_or(0).max(base.revision);
    let states = with_probe(states);
    for second_place in 1..CHANGES_MAX {
        let folder = bench.folder()?;
        copy_files(first.path(), folder.path())?;
        let store = folder.store();
        let checker = bench.checker(&store, policy).arg("probe=2");
        let second = dying(bench, checker, &store, second_place).run()?;
        let expected = Expected { states: &states, revision, may_be_torn: false };
        let result = inspect(bench, policy, &store, &expected)?.map(drop);
        let how = format!("{}\n  {}", ended.line, second.line);
        figures.count(result.map_err(|finding| bench.explain(finding, &store, &how)));
        if second.ending != Ending::Signal(9) {
            break;
        }
    }
    Ok(figures)
}

/// Lets a program die at a call that would change a file or a folder.
fn dying(bench: &Bench, program: Program, store: &Path, place: u64) -> Program {
    bench
        .shimmed(program, store)
        .variable("TORTURE_CALL", "change")
        .variable("TORTURE_DO", "kill")
        .variable("TORTURE_AT", place)
}

fn sweep(bench: &Bench, policy: &Policy, scenario: &Scenario<'_>) -> Result<Figures> {
    let mut figures = Figures::default();
    let purpose = format!("{} {} {}", scenario.base.name, scenario.words, scenario.way);
    let mut random = Random::new(bench.seed, &purpose);
    for place in 1..CALLS_MAX {
        let (result, ended_by_itself) = point(bench, policy, scenario, place, &mut random)?;
        figures.count(result);
        if ended_by_itself {
            return Ok(figures);
        }
    }
    Err(format!("{} {} does not end", scenario.base.name, scenario.words))
}

fn point(
    bench: &Bench,
    policy: &Policy,
    scenario: &Scenario<'_>,
    place: u64,
    random: &mut Random,
) -> Result<(std::result::Result<(), Finding>, bool)> {
    let base = scenario.base;
    let folder = base.copy(bench)?;
    let store = folder.store();
    let worker = bench.worker(&store, policy).args(&scenario.words);
    let worker = worker.arg(format!("base={}", base.documents));
    let ended = bench
        .shimmed(worker, &store)
        .variable("TORTURE_WARM", 1)
        .variable("TORTURE_CALL", if scenario.way == "kill" { "any" } else { "write" })
        .variable("TORTURE_DO", scenario.way)
        .variable("TORTURE_AT", place)
        .run()?;
    let transcript = Transcript::read(1, &ended.said)?;
    let killed = transcript.fault.is_some();
    if !killed && (ended.ending != Ending::Code(0) || !transcript.done) {
        return Err(format!("{:?}: {}\n{}", ended.ending, ended.line, ended.said));
    }
    let before = std::slice::from_ref(&base.state);
    let mut states = possible(before, &transcript, Durable::All);
    let highest = transcript.revisions().last().copied().unwrap_or(0).max(base.revision);
    let second = killed && random.next() % SECOND_LEVEL == 0;
    if second {
        kill_the_next(bench, policy, &store, random)?;
        states = with_probe(states);
    }
    let may_be_torn = scenario.way == "tear";
    let expected = Expected { states: &states, revision: highest, may_be_torn };
    let result = match examine(&ended, &transcript, killed) {
        Ok(()) => inspect(bench, policy, &store, &expected)?.map(drop),
        Err(finding) => Err(finding),
    };
    let how = format!("{} (base {}; second kill: {second})", ended.line, base.name);
    Ok((result.map_err(|finding| bench.explain(finding, &store, &how)), !killed))
}

/// Kills whoever opens the store next at some call, until one gets through or four died.
fn kill_the_next(bench: &Bench, policy: &Policy, store: &Path, random: &mut Random) -> Result<()> {
    for _ in 0..4 {
        let checker = bench.checker(store, policy).arg("probe=2");
        let ended = bench
            .shimmed(checker, store)
            .variable("TORTURE_CALL", "any")
            .variable("TORTURE_DO", "kill")
            .variable("TORTURE_AT", random.between(1, 120))
            .run()?;
        if ended.ending != Ending::Signal(9) {
            return Ok(());
        }
    }
    Ok(())
}

/// A checker that was killed may have left its document.
fn with_probe(mut states: Vec<State>) -> Vec<State> {
    let probed = states.iter().cloned().map(|mut state| {
        state.insert(PROBE, Version { writer: PROBE, revision: 0 });
        state
    });
    let probed: Vec<State> = probed.collect();
    states.extend(probed);
    states
}

/// The shim sees what the library does: a run without faults makes calls of each of these kinds.
pub(super) fn see(bench: &Bench, policy: &Policy) -> Result<()> {
    let folder = bench.folder()?;
    let store = folder.store();
    let worker = bench.worker(&store, policy).args("ops=12 mode=mixed");
    let said = bench.shimmed(worker, &store).variable("TORTURE_TALLY", 1).must()?;
    let tally = said.lines().find(|line| line.starts_with("TALLY")).unwrap_or_default();
    for kind in ["open", "read", "write", "fsync", "foldersync", "rename", "lock", "stat", "list"] {
        if !tally.contains(&format!(" {kind}=")) || tally.contains(&format!(" {kind}=0")) {
            return Err(format!("the shim is blind to {kind}: {tally}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checker_that_dies_may_leave_its_document() {
        let states = with_probe(vec![State::new()]);
        assert_eq!((states.len(), states[1].len()), (2, 1));
    }
}
