//! Power cuts and killed processes at every operation of the disk.

use nanostore::testing::{Effect, Fault, Keep, Lie, SimulatedDisk};

use super::world::{Policy, Script, check, check_tidy, listing, sequences};
use crate::json::Value;

type Outcome = std::result::Result<usize, String>;

fn at(nth: u64, effect: Effect) -> Fault {
    Fault { call: None, nth, sticky: false, effect }
}

/// Set for the long form, `cargo xtask torture simulated`: of so many unsynced changes at most
/// every subset is looked at, of more of them as many random ones as six have subsets.
const EVERY_SUBSET_OF: &str = "NANOSTORE_EVERY_SUBSET_OF";

/// What power cuts leave of the unsynced changes of `disk`: none, all and `random` random subsets.
fn keeps(disk: &SimulatedDisk, seed: u64, random: u64) -> Vec<Keep> {
    let pending = disk.pending();
    let long = std::env::var(EVERY_SUBSET_OF).ok().map(|most| most.parse().expect("a number"));
    if long.is_some_and(|most: usize| pending <= most) {
        return (0..1 << pending).map(Keep::Chosen).collect();
    }
    let random = if long.is_some() { 62 } else { random };
    let seeds = (0..random).map(|more| Keep::Random(seed * 1_000 + more));
    [Keep::None, Keep::All].into_iter().chain(seeds).collect()
}

/// Goes on with a store that was recovered: the next commit is a new one, and is there to stay.
fn goes_on(disk: &SimulatedDisk, allowed: &[String], commit_min: u64) -> Outcome {
    let (_, store) = check(disk, allowed, commit_min)?;
    let added = store.add(r#"{"title":"Next"}"#, None).map_err(|error| format!("{error:?}"))?;
    let rev = super::world::parsed(&added).get("rev").and_then(Value::as_u64).unwrap_or(0);
    if rev <= commit_min {
        return Err(format!("commit {rev} after {commit_min}"));
    }
    let after = [listing(&store).map_err(|error| format!("{error:?}"))?];
    drop(store);
    check_tidy(disk)?;
    disk.reboot(Keep::None);
    drop(check(disk, &after, rev)?);
    check_tidy(disk)?;
    Ok(1)
}

/// Cuts the power before each operation of the last step (of all steps where `all`), and once
/// after it; looks at what `random` random subsets of the unsynced changes leave, and at none and
/// all of them.
fn cut(script: &Script, all: bool, random: u64, lies: &[Lie]) -> Outcome {
    let mut states = 0;
    for nth in script.moments(all) {
        let disk = SimulatedDisk::new();
        lies.iter().for_each(|lie| disk.lie(*lie));
        disk.plan(at(nth, Effect::PowerCut));
        let run = script.play(&disk);
        assert_eq!(run.error.is_none(), run.done == script.steps.len());
        drop(run.store);
        let allowed = script.allowed_after_cut(run.done);
        let commit = script.commits[run.done.saturating_sub(1)];
        for keep in keeps(&disk, nth, random) {
            let after = disk.copy();
            after.reboot(keep);
            let place = |why| format!("{:?}, cut before {nth}, {keep:?}: {why}", script.steps);
            if keep == Keep::None && script.changes < 3 {
                goes_on(&after, allowed, commit).map_err(place)?;
            } else {
                check(&after, allowed, commit).map_err(place)?;
            }
            states += 1;
        }
    }
    Ok(states)
}

#[test]
fn a_power_cut_anywhere_in_a_new_store_loses_nothing() {
    for policy in Policy::ALL {
        let script = Script::new(policy, &[]);
        let states = cut(&script, true, 40, &[]).unwrap_or_else(|why| panic!("{policy:?}: {why}"));
        println!("{policy:?}: {states} states after power cuts while a store is made and filled");
        assert!(states > 200, "{states}");
    }
}

#[test]
fn a_power_cut_anywhere_in_one_or_two_changes_loses_nothing() {
    cut_all(&[(1, 8), (2, 3)]);
}

#[test]
fn a_power_cut_anywhere_in_the_third_of_three_changes_loses_nothing() {
    cut_all(&[(3, 1)]);
}

fn cut_all(lengths: &[(usize, u64)]) {
    for policy in Policy::ALL {
        for (length, random) in lengths {
            let sequences = sequences(*length);
            let mut states = 0;
            for sequence in &sequences {
                let cut = cut(&Script::new(policy, sequence), false, *random, &[]);
                states += cut.unwrap_or_else(|why| panic!("{policy:?}: {why}"));
            }
            let count = sequences.len();
            println!("{policy:?}: {states} states after cuts in {count} sequences of {length}");
        }
    }
}

#[test]
fn a_power_cut_while_a_store_is_opened_after_a_crash_loses_nothing() {
    let mut states = 0;
    let scripts = Policy::ALL.into_iter().flat_map(|policy| {
        let sequences = sequences(0).into_iter().chain(sequences(1));
        sequences.map(move |sequence| (Script::new(policy, &sequence), sequence.is_empty()))
    });
    for (script, is_whole) in scripts {
        for nth in script.moments(is_whole) {
            let keep = if nth % 3 == 0 { Keep::None } else { Keep::Random(nth) };
            for first in [Some(keep), None] {
                let effect = if first.is_some() { Effect::PowerCut } else { Effect::Kill };
                let disk = SimulatedDisk::new();
                disk.plan(at(nth, effect));
                let run = script.play(&disk);
                let done = run.done;
                // What a process that was killed wrote stays while there is power.
                let left = disk.copy();
                if let Some(keep) = first {
                    left.reboot(keep);
                }
                states += cut_again(&left, &script, done).unwrap_or_else(|why| {
                    panic!("{:?}, {effect:?} before {nth}, {first:?}, {why}", script.steps)
                });
            }
        }
    }
    println!("{states} states after a power cut while a store is opened after a crash");
    assert!(states > 1_000, "{states}");
}

/// Cuts the power before each operation of opening what a crash left.
fn cut_again(left: &SimulatedDisk, script: &Script, done: usize) -> Outcome {
    let commit = script.commits[done.saturating_sub(1)];
    let mut states = 0;
    for again in 1.. {
        let second = left.copy();
        second.plan(at(again, Effect::PowerCut));
        let opened = super::world::open_anew(&second);
        let finished = opened.is_ok();
        drop(opened);
        let place = |why| format!("again before {again}: {why}");
        for keep in keeps(&second, again, 1) {
            let after = second.copy();
            after.reboot(keep);
            check(&after, script.allowed_after_cut(done), commit).map_err(place)?;
            states += 1;
        }
        if finished {
            return Ok(states);
        }
    }
    unreachable!("opening ends")
}

/// Kills the process before each operation of the last step; what it wrote stays.
fn kill(script: &Script, all: bool) -> Outcome {
    let moments = script.moments(all);
    for &nth in &moments {
        let disk = SimulatedDisk::new();
        disk.plan(at(nth, Effect::Kill));
        let run = script.play(&disk);
        if let Some(store) = run.store.as_ref().filter(|_| run.error.is_none()) {
            assert!(listing(store).is_err(), "the process dies at its next call");
        }
        disk.forget_faults();
        let commit = script.commits[run.done.saturating_sub(1)];
        let place = |why| format!("{:?}, killed before {nth}: {why}", script.steps);
        for keep in keeps(&disk, nth, 2) {
            what_is_seen_stays(&disk.copy(), keep).map_err(place)?;
        }
        goes_on(&disk, script.allowed(run.done), commit).map_err(place)?;
        drop(run);
    }
    Ok(moments.len())
}

/// What the next program reads, a power cut does not take back.
fn what_is_seen_stays(disk: &SimulatedDisk, keep: Keep) -> Outcome {
    let store = super::world::open_anew(disk).map_err(|error| format!("{error:?}"))?;
    let seen = [listing(&store).map_err(|error| format!("{error:?}"))?];
    disk.reboot(keep);
    drop(store);
    check(disk, &seen, 0).map(|(place, _)| place)
}

#[test]
fn a_process_killed_anywhere_loses_nothing_and_hinders_nobody() {
    let mut points = 0;
    for (policy, length) in Policy::ALL.into_iter().flat_map(|it| [0, 1, 2].map(|l| (it, l))) {
        for sequence in &sequences(length) {
            let killed = kill(&Script::new(policy, sequence), sequence.is_empty());
            points += killed.unwrap_or_else(|why| panic!("{policy:?}: {why}"));
        }
    }
    println!("{points} points at which a process was killed");
    assert!(points > 500, "{points}");
}

#[test]
fn a_disk_that_only_pretends_to_sync_is_caught() {
    for sequence in sequences(1) {
        for (policy, lie) in [
            (Policy::Replaced, Lie::Sync),
            (Policy::Replaced, Lie::SyncFolder),
            (Policy::Logged, Lie::Sync),
        ] {
            let outcome = cut(&Script::new(policy, &sequence), false, 1, &[lie]);
            assert!(outcome.is_err(), "{policy:?}, {lie:?} in {sequence:?} goes unnoticed");
        }
    }
    for (policy, lie) in [
        (Policy::Replaced, Lie::Sync),
        (Policy::Replaced, Lie::SyncFolder),
        (Policy::Logged, Lie::SyncFolder),
    ] {
        let outcome = cut(&Script::new(policy, &[]), true, 1, &[lie]);
        assert!(outcome.is_err(), "{policy:?}, {lie:?} goes unnoticed");
    }
}
