//! Negative controls: faults planted by the shim that a power cut must bring to light. A torture
//! that does not notice a missing sync would be worth nothing.

use std::sync::{Mutex, PoisonError};

use super::bench::{Bench, Policy};
use super::figures::{Figures, Finding, Harm, each};
use super::history;
use super::image::{Kind, obstacle};
use super::powercut::{Moment, Series, run_series};
use crate::Result;

/// A planted fault.
struct Control {
    /// What the shim is told to pretend.
    lie: &'static str,
    about: &'static str,
    moments: &'static [Moment],
    /// Where it does harm.
    harms: fn(&Policy) -> bool,
    /// So many operations go before those that the power cut meets.
    after: u64,
}

const CONTROLS: &[Control] = &[
    Control {
        lie: "files",
        about: "files are not synced",
        moments: &[Moment::Closed, Moment::Left, Moment::Waiting],
        harms: |_| true,
        after: 0,
    },
    Control {
        lie: "folders",
        about: "folders are not synced",
        moments: &[Moment::Closed, Moment::Left, Moment::Waiting],
        // On both file systems the sync of a log makes its own name durable, too.
        harms: |policy| !policy.is_batched,
        after: 0,
    },
    Control {
        lie: "all",
        about: "nothing is synced",
        moments: &[Moment::Closed, Moment::Left, Moment::Waiting, Moment::Running],
        harms: |_| true,
        after: 0,
    },
    Control {
        lie: "late",
        about: "a file is renamed before it is synced",
        moments: &[Moment::AtCall],
        harms: |_| true,
        after: 0,
    },
    Control {
        lie: "lossy",
        about: "half of a write is lost",
        moments: &[Moment::Closed],
        harms: |_| true,
        after: 0,
    },
    Control {
        lie: "log",
        about: "the log is not synced",
        moments: &[Moment::Left, Moment::Waiting],
        harms: |policy| policy.has_log,
        after: 8,
    },
];

/// Plants each fault and demands that it is caught on one of the file systems at least.
pub(super) fn run(bench: &Bench, policy: &Policy) -> Result<Figures> {
    let mut figures = Figures::default();
    no_lock(bench, policy, &mut figures)?;
    if let Some(obstacle) = obstacle(bench)? {
        figures.notes.push(obstacle);
        return Ok(figures);
    }
    let planted: Vec<(&Control, Kind)> = CONTROLS
        .iter()
        .filter(|control| (control.harms)(policy))
        .flat_map(|control| Kind::ALL.iter().map(move |kind| (control, *kind)))
        .collect();
    let caught = Mutex::new(Vec::new());
    each(&planted, |(control, kind)| {
        let found = plant(bench, policy, control, *kind)?;
        let mut caught = caught.lock().unwrap_or_else(PoisonError::into_inner);
        caught.push((control.about, *kind, found.harmed(), found.points));
        Ok(Figures::default())
    })?;
    let caught = caught.into_inner().unwrap_or_else(PoisonError::into_inner);
    for control in CONTROLS.iter().filter(|control| (control.harms)(policy)) {
        let of_it = caught.iter().filter(|(about, ..)| *about == control.about);
        let places =
            of_it.clone().map(|(_, kind, count, of)| format!("{count} of {of} on {kind:?}"));
        let mut places: Vec<String> = places.collect();
        places.sort();
        figures.points += of_it.clone().map(|(_, _, _, points)| points).sum::<u64>();
        figures.notes.push(format!("{}: caught {}", control.about, places.join(", ")));
        if of_it.map(|(_, _, count, _)| count).sum::<u64>() == 0 {
            let text = format!("nobody noticed that {}", control.about);
            figures.add(Finding::new(Harm::Lost, text));
        }
    }
    Ok(figures)
}

/// Locks are only pretended: the history of several processes must show it.
fn no_lock(bench: &Bench, policy: &Policy, figures: &mut Figures) -> Result<()> {
    let found = history::run_with(bench, policy, 200, "lock")?;
    let caught = if found.is_harmed() { "caught" } else { "missed" };
    figures.points += found.points;
    figures.notes.push(format!("locks are not taken: {caught} by a history"));
    if !found.is_harmed() {
        figures.add(Finding::new(Harm::Lost, "nobody noticed that locks are not taken"));
    }
    Ok(())
}

fn plant(bench: &Bench, policy: &Policy, control: &Control, kind: Kind) -> Result<Figures> {
    let cuts = if bench.short { 6 } else { 20 };
    let Control { lie, moments, after, .. } = *control;
    // Who dies at a sync of a file dies when the late one is due.
    let calls = ("fsync", 4);
    run_series(bench, policy, &Series { kind, cuts, moments, lie, calls, after, number: 0 })
}
