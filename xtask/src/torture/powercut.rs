//! Cuts the power: on XFS and ext4, after operations, during them, and at any system call.
//!
//! Quiescent cuts, right after the last acknowledgement, are the strict ones: while a writer is
//! busy, its next sync makes the previous rename durable, too, and hides that a sync is missing.

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use super::bench::{Bench, Policy};
use super::figures::{Figures, Finding, each};
use super::image::{Image, Kind, obstacle};
use super::inspection::{Expected, examine, inspect};
use super::oracle::{Durable, State, certain, possible};
use super::program::{Ended, Program};
use super::random::Random;
use super::transcript::Transcript;
use crate::Result;

/// The store is made anew after so many cuts.
const CUTS_PER_STORE: u32 = 25;
/// Any call; a few operations make about so many.
const CALLS: (&str, u64) = ("any", 220);

/// What the writer is doing when the power fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// It closed the store and ended.
    Closed,
    /// It ended without closing the store.
    Left,
    /// It waits, with the store open.
    Waiting,
    /// It has waited for longer than a batched store leaves anything unsynced.
    Rested,
    /// It writes.
    Running,
    /// It died at some system call a moment ago.
    AtCall,
}

/// Equal shares for all moments.
const MOMENTS: &[Moment] =
    &[Moment::Closed, Moment::Left, Moment::Waiting, Moment::Running, Moment::AtCall];
/// Where syncs come by themselves a while later.
const BATCHED_MOMENTS: &[Moment] = &[
    Moment::Closed,
    Moment::Left,
    Moment::Waiting,
    Moment::Running,
    Moment::AtCall,
    Moment::Rested,
];
/// Far longer than the interval of the batched policy, even on a busy machine.
const REST: Duration = Duration::from_secs(1);

/// A series of cuts on one file system.
pub(super) struct Series {
    pub(super) kind: Kind,
    pub(super) cuts: u32,
    pub(super) moments: &'static [Moment],
    /// What the shim only pretends; "" for nothing.
    pub(super) lie: &'static str,
    /// The calls at one of which the writer dies, when it does, and how many there are.
    pub(super) calls: (&'static str, u64),
    /// So many operations go before those that the cut meets; none: chance decides.
    pub(super) after: u64,
    /// Tells this series from others.
    pub(super) number: u32,
}

/// Runs all cuts of a policy.
pub(super) fn run(bench: &Bench, policy: &Policy) -> Result<Figures> {
    let mut figures = Figures::default();
    if let Some(obstacle) = obstacle(bench)? {
        figures.notes.push(obstacle);
        return Ok(figures);
    }
    let (parts, cuts) = if bench.short { (1, 50) } else { (2, 850) };
    let series: Vec<Series> = Kind::ALL
        .iter()
        .flat_map(|kind| (0..parts).map(move |number| (*kind, number)))
        .map(|(kind, number)| Series {
            kind,
            cuts,
            moments: if policy.is_batched { BATCHED_MOMENTS } else { MOMENTS },
            lie: "",
            calls: CALLS,
            after: 0,
            number,
        })
        .collect();
    each(&series, |series| run_series(bench, policy, series))
}

/// Runs one series of cuts.
pub(super) fn run_series(bench: &Bench, policy: &Policy, series: &Series) -> Result<Figures> {
    let mut figures = Figures::default();
    let mut random =
        Random::new(bench.seed, &format!("{:?} {} {}", series.kind, series.number, series.lie));
    let image = Image::make(bench, series.kind)?;
    let mut site = Site { image, store: PathBuf::new(), state: State::new(), commit: 0 };
    let mut acknowledged = 0;
    for number in 0..series.cuts {
        if number % CUTS_PER_STORE == 0 || figures.is_harmed() {
            site.begin(number)?;
        }
        let moments = series.moments.len() as u32;
        let moment = series.moments.get((number % moments) as usize).copied();
        let moment = moment.unwrap_or(Moment::Closed);
        let (result, count) = cut(bench, policy, series, &mut site, moment, &mut random)?;
        acknowledged += count;
        figures.count(result);
    }
    figures.notes.push(format!("{:?}: {acknowledged} acknowledgements", series.kind));
    Ok(figures)
}

/// A store on a file system, and what is in it.
struct Site<'a> {
    image: Image<'a>,
    store: PathBuf,
    state: State,
    commit: u64,
}

impl Site<'_> {
    /// Begins a new store, in a folder that is durable.
    fn begin(&mut self, number: u32) -> Result<()> {
        let folder = self.image.point().join(number.to_string());
        std::fs::create_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        self.store = folder.join("s.json");
        self.state = State::new();
        self.commit = 0;
        self.image.restart()
    }

    /// The number of the next writer: one that no writer of this store had.
    fn writer(&self) -> u32 {
        u32::try_from(self.commit + 1).unwrap_or(u32::MAX)
    }
}

fn cut(
    bench: &Bench,
    policy: &Policy,
    series: &Series,
    site: &mut Site<'_>,
    moment: Moment,
    random: &mut Random,
) -> Result<(std::result::Result<(), Finding>, usize)> {
    let worker = worker(bench, policy, series, site, moment, random);
    let (ended, seen) = run_and_cut(site, &worker, moment, random)?;
    site.image.restart()?;
    let transcript = Transcript::read(site.writer(), &ended.said)?;
    // What the writer said after the cut began counts for nothing.
    let seen = Transcript::read(site.writer(), &seen)?;
    let takes_some = policy.is_batched && moment != Moment::Rested;
    let durable = if takes_some { Durable::Synced } else { Durable::All };
    let count = certain(&seen, durable).min(seen.acknowledged());
    let before = std::slice::from_ref(&site.state);
    let states = possible(before, &transcript, Durable::First(count));
    let highest = if takes_some { None } else { seen.revisions().last().copied() };
    let highest = highest.unwrap_or(0).max(site.commit);
    let killed = !matches!(moment, Moment::Closed | Moment::Left);
    let expected = Expected { states: &states, revision: highest, may_be_torn: true };
    let result = match examine(&ended, &transcript, killed) {
        Ok(()) => inspect(bench, policy, &site.store, &expected)?,
        Err(finding) => Err(finding),
    };
    let result = match result {
        Ok(sound) => {
            site.state = sound.state;
            site.commit = sound.commit;
            Ok(())
        }
        Err(finding) => {
            let how = format!(
                "{:?}, the cut while {moment:?}, {count} acknowledged: {}\n{}",
                series.kind, ended.line, ended.said
            );
            Err(bench.explain(finding, &site.store, &how))
        }
    };
    Ok((result, count))
}

fn worker(
    bench: &Bench,
    policy: &Policy,
    series: &Series,
    site: &Site<'_>,
    moment: Moment,
    random: &mut Random,
) -> Program {
    let (ops, end) = match moment {
        Moment::Closed | Moment::AtCall => (random.between(1, 5), "close"),
        Moment::Left => (random.between(1, 5), "leave"),
        Moment::Waiting | Moment::Rested => (random.between(1, 5), "wait"),
        Moment::Running => (0, "close"),
    };
    // Beyond the first few commits a handle uses its log, where the policy has one.
    let more = match series.after {
        0 if policy.has_log && series.lie.is_empty() => random.next() % 2 * 9,
        after => after,
    };
    let ops = if ops == 0 { 0 } else { ops + more };
    let pauses = if series.lie.is_empty() { "sync=7 checkpoint=11" } else { "sync=7" };
    let worker = bench
        .worker(&site.store, policy)
        .args("mode=mixed adopt=1")
        .args(pauses)
        .arg(format!("ops={ops}"))
        .arg(format!("end={end}"))
        .arg(format!("worker={}", site.writer()))
        .arg(format!("seed={}", random.next() % 1_000_000));
    if moment != Moment::AtCall && series.lie.is_empty() {
        return worker;
    }
    let worker = bench.shimmed(worker, &site.store).variable("TORTURE_LIE", series.lie);
    if moment != Moment::AtCall {
        return worker;
    }
    worker
        .variable("TORTURE_CALL", series.calls.0)
        .variable("TORTURE_DO", "kill")
        .variable("TORTURE_AT", random.between(1, series.calls.1))
}

/// Gives how the worker ended, and what it had said when the power failed.
fn run_and_cut(
    site: &Site<'_>,
    worker: &Program,
    moment: Moment,
    random: &mut Random,
) -> Result<(Ended, String)> {
    if matches!(moment, Moment::Closed | Moment::Left | Moment::AtCall) {
        let ended = worker.run()?;
        site.image.cut()?;
        let said = ended.said.clone();
        return Ok((ended, said));
    }
    let mut running = worker.start()?;
    if moment == Moment::Running {
        thread::sleep(Duration::from_millis(random.between(5, 60)));
    } else if !running.wait_for("DONE") {
        return Err(format!("{worker} does not come to its end:\n{}", running.said_so_far()));
    }
    if moment == Moment::Rested {
        thread::sleep(REST);
    }
    let seen = running.said_so_far();
    site.image.cut()?;
    running.kill();
    Ok((running.wait()?, seen))
}
