//! Four writers on one store, each killed at a random moment, again and again.

use std::thread;
use std::time::Duration;

use super::bench::{Bench, Folder, Policy};
use super::figures::{Figures, Finding, Harm, each};
use super::inspection::{Expected, Sound, examine, inspect};
use super::oracle::{Durable, State, possible};
use super::program::{Ended, Running};
use super::random::Random;
use super::transcript::Transcript;
use crate::Result;

const WRITERS: u32 = 4;
/// The store is made anew after so many rounds.
const ROUNDS_PER_STORE: u32 = 20;

/// Runs all rounds of a policy.
pub(super) fn run(bench: &Bench, policy: &Policy) -> Result<Figures> {
    let stores: u32 = if bench.short { 6 } else { 120 };
    let stores: Vec<u32> = (0..stores).collect();
    each(&stores, |number| run_store(bench, policy, *number))
}

fn run_store(bench: &Bench, policy: &Policy, number: u32) -> Result<Figures> {
    let mut figures = Figures::default();
    let mut random = Random::new(bench.seed, &format!("kill9 {number}"));
    let folder = bench.folder()?;
    let mut sound = Sound { state: State::new(), commit: 0 };
    for round in 0..ROUNDS_PER_STORE {
        match one_round(bench, policy, &folder, round, &sound, &mut random)? {
            Ok(next) => {
                sound = next;
                figures.count(Ok(()));
            }
            Err(finding) => {
                figures.count(Err(finding));
                // What is in the store now is not known.
                break;
            }
        }
    }
    Ok(figures)
}

fn one_round(
    bench: &Bench,
    policy: &Policy,
    folder: &Folder,
    round: u32,
    before: &Sound,
    random: &mut Random,
) -> Result<std::result::Result<Sound, Finding>> {
    let store = folder.store();
    let mut running = Vec::new();
    for writer in 0..WRITERS {
        let worker = bench
            .worker(&store, policy)
            .args("ops=0 mode=mixed reopen=29 sync=13 checkpoint=17")
            .arg(format!("worker={}", round * WRITERS + writer + 1))
            .arg(format!("seed={}", random.next() % 1_000_000));
        running.push(worker.start()?);
    }
    let ended = kill_all(running, random)?;
    let mut states = vec![before.state.clone()];
    let mut highest = before.commit;
    let mut verdict = Ok(());
    for (worker, ended) in (round * WRITERS + 1..).zip(&ended) {
        let transcript = Transcript::read(worker, &ended.said)?;
        states = possible(&states, &transcript, Durable::All);
        highest = transcript.revisions().last().copied().unwrap_or(0).max(highest);
        verdict = verdict.and_then(|()| examine(ended, &transcript, true));
        // Nothing fails while there is no fault.
        if let Some(failure) = transcript.failures().next() {
            let unclear = Finding::new(Harm::Unclear, format!("{failure:?}"));
            verdict = verdict.and(Err(unclear));
        }
    }
    let expected = Expected { states: &states, revision: highest, may_be_torn: true };
    let result = match verdict {
        Ok(()) => inspect(bench, policy, &store, &expected)?,
        Err(finding) => Err(finding),
    };
    let told: Vec<String> =
        ended.iter().map(|ended| format!("{}\n{}", ended.line, ended.said)).collect();
    Ok(result.map_err(|finding| bench.explain(finding, &store, &told.join("\n"))))
}

/// Kills one after the other, in any order, with pauses between.
fn kill_all(mut running: Vec<Running>, random: &mut Random) -> Result<Vec<Ended>> {
    let mut order: Vec<usize> = (0..running.len()).collect();
    thread::sleep(Duration::from_millis(random.between(4, 40)));
    while !order.is_empty() {
        let place = order.swap_remove((random.next() % order.len() as u64) as usize);
        if let Some(process) = running.get_mut(place) {
            process.kill();
        }
        thread::sleep(Duration::from_micros(random.between(0, 3000)));
    }
    running.into_iter().map(Running::wait).collect()
}
