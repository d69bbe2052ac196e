//! Several processes act on the same documents; what each was answered must have a sequential
//! explanation.
//!
//! Revisions give the order of the writes. In this order each write must continue the state that
//! the one before it made, no write may come before one that had returned when it began, and each
//! answer to a reader must be a state that the store was in while the reader asked.

use std::collections::BTreeMap;

use super::bench::{Bench, Policy};
use super::figures::{Figures, Finding, Harm};
use super::program::{Ended, Ending, Program};
use crate::Result;

const PROCESSES: u32 = 8;
/// How long a process may take, in seconds.
const LIMIT_S: u64 = 900;

/// When a call began and when it returned.
#[derive(Clone, Copy, Debug)]
struct Span {
    begun: u64,
    ended: u64,
}

/// What one write made of one counter.
#[derive(Clone, Debug)]
struct Made {
    counter: u32,
    /// The revision that the writer demanded.
    from: Option<u64>,
    /// The count that the writer was told, or knows that it wrote.
    count: Option<u64>,
    /// Does it count one on?
    steps: bool,
    mark: Option<String>,
}

/// A write that succeeded.
#[derive(Clone, Debug)]
struct Write {
    span: Span,
    made: Vec<Made>,
}

/// What a reader was told of a counter: revision, and, unless it was a conflict, count and mark.
#[derive(Clone, Debug)]
struct Read {
    span: Span,
    counter: u32,
    revision: u64,
    content: Option<(u64, String)>,
    /// The revision that a refused writer had demanded.
    refused: Option<u64>,
}

/// All that was asked and answered.
#[derive(Debug, Default)]
struct History {
    writes: BTreeMap<u64, Write>,
    reads: Vec<Read>,
    counts: Vec<(Span, u64)>,
    answers: u64,
    conflicts: u64,
}

/// A state of a counter, and the write that made it.
#[derive(Clone, Debug)]
struct Version {
    revision: u64,
    count: u64,
    mark: String,
    span: Span,
}

type Judged<T> = std::result::Result<T, Finding>;

/// Runs one history of a policy.
pub(super) fn run(bench: &Bench, policy: &Policy) -> Result<Figures> {
    let ops = if bench.short { 250 } else { 2000 };
    run_with(bench, policy, ops, "")
}

/// Runs a history of so many operations in each process, while the shim lies.
pub(super) fn run_with(bench: &Bench, policy: &Policy, ops: u32, lie: &str) -> Result<Figures> {
    let mut figures = Figures::default();
    let folder = bench.folder()?;
    let store = folder.store();
    let rival = |mode: &str, worker: u32| -> Program {
        let rival = bench
            .program("rival")
            .arg(format!("path={}", store.display()))
            .arg(format!("options={}", policy.options(60_000)))
            .arg(format!("mode={mode}"))
            .arg(format!("worker={worker}"))
            .arg(format!("ops={ops}"))
            .arg(format!("seed={}", bench.seed))
            .arg(format!("limit={LIMIT_S}"))
            .limit(LIMIT_S);
        if lie.is_empty() {
            return rival;
        }
        bench.shimmed(rival, &store).variable("TORTURE_LIE", lie)
    };
    let mut ended = vec![rival("begin", 0).run()?];
    let running =
        (1..=PROCESSES).map(|worker| rival("act", worker).start()).collect::<Result<Vec<_>>>()?;
    for process in running {
        ended.push(process.wait()?);
    }
    ended.push(rival("end", 0).run()?);
    let mut history = History::default();
    let mut result = ended.iter().try_for_each(|ended| history.take_all(ended));
    result = result.and_then(|()| history.explain());
    figures.points = history.answers;
    figures.notes.push(format!(
        "{} writes, {} conflicts, {} reads of {PROCESSES} processes explained",
        history.writes.len(),
        history.conflicts,
        history.reads.len() + history.counts.len()
    ));
    if let Err(finding) = result {
        let lines: Vec<&str> = ended.iter().map(|ended| ended.line.as_str()).collect();
        figures.add(bench.explain(finding, &store, &lines.join("\n  ")));
    }
    Ok(figures)
}

impl History {
    fn take_all(&mut self, ended: &Ended) -> Judged<()> {
        let last = ended.said.lines().last().unwrap_or_default();
        if ended.ending != Ending::Code(0) || last != "DONE" {
            let harm = match ended.ending {
                Ending::Code(_) => Harm::Unclear,
                _ => Harm::Crash,
            };
            return Err(Finding::new(harm, format!("{:?}: {last}", ended.ending)));
        }
        for line in ended.said.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            match words.as_slice() {
                ["FAIL", ..] => return Err(Finding::new(Harm::Unclear, line)),
                ["DONE"] => {}
                words => {
                    self.answers += 1;
                    self.take(words)
                        .ok_or_else(|| Finding::new(Harm::Unclear, line))?
                        .map_err(|text| Finding::new(Harm::Lost, format!("{text}: {line}")))?;
                }
            }
        }
        Ok(())
    }

    /// None: not a line of a rival.
    fn take(&mut self, words: &[&str]) -> Option<std::result::Result<(), &'static str>> {
        let number = |word: &str| word.parse::<u64>().ok();
        let counter = |word: &str| word.parse::<u32>().ok();
        let span = |begun, ended| Some(Span { begun: number(begun)?, ended: number(ended)? });
        match *words {
            ["READ", place, begun, ended, revision, count, mark] => self.reads.push(Read {
                span: span(begun, ended)?,
                counter: counter(place)?,
                revision: number(revision)?,
                content: Some((number(count)?, mark.to_owned())),
                refused: None,
            }),
            ["STEP", place, begun, ended, from, "CONFLICT", actual] => {
                self.conflicts += 1;
                self.reads.push(Read {
                    span: span(begun, ended)?,
                    counter: counter(place)?,
                    revision: number(actual)?,
                    content: None,
                    refused: Some(number(from)?),
                });
            }
            ["STEP", place, begun, ended, from, "OK", revision, count] => {
                let made = made(counter(place)?, Some(number(from)?), Some(number(count)?));
                return Some(self.write(number(revision)?, span(begun, ended)?, vec![made]));
            }
            ["MARK", place, begun, ended, revision, count, mark] => {
                let mut made = made(counter(place)?, None, Some(number(count)?));
                made.steps = false;
                made.mark = Some(mark.to_owned());
                return Some(self.write(number(revision)?, span(begun, ended)?, vec![made]));
            }
            ["PAIR", _, _, _, _, _, _, "CONFLICT", _] => self.conflicts += 1,
            ["PAIR", one, two, begun, ended, from_one, from_two, "OK", revision] => {
                let both = vec![
                    made(counter(one)?, Some(number(from_one)?), None),
                    made(counter(two)?, Some(number(from_two)?), None),
                ];
                return Some(self.write(number(revision)?, span(begun, ended)?, both));
            }
            ["ADD", begun, ended, revision] => {
                return Some(self.write(number(revision)?, span(begun, ended)?, Vec::new()));
            }
            ["COUNT", begun, ended, count] => {
                self.counts.push((span(begun, ended)?, number(count)?));
            }
            _ => return None,
        }
        Some(Ok(()))
    }

    fn write(
        &mut self,
        revision: u64,
        span: Span,
        made: Vec<Made>,
    ) -> std::result::Result<(), &'static str> {
        match self.writes.insert(revision, Write { span, made }) {
            None => Ok(()),
            Some(_) => Err("two writes with one revision"),
        }
    }

    /// Finds the sequential history, or what contradicts it.
    fn explain(&self) -> Judged<()> {
        self.keeps_time()?;
        let versions = self.replay()?;
        self.reads.iter().try_for_each(|read| explain_read(read, &versions))?;
        self.explain_counts()
    }

    /// No write is ordered before one that had returned when it began.
    fn keeps_time(&self) -> Judged<()> {
        let mut earliest_end = u64::MAX;
        for (revision, write) in self.writes.iter().rev() {
            if earliest_end < write.span.begun {
                let text = format!("a later write had returned before write {revision} began");
                return Err(Finding::new(Harm::Lost, text));
            }
            earliest_end = earliest_end.min(write.span.ended);
        }
        Ok(())
    }

    /// The states of each counter; each write continues the one before.
    fn replay(&self) -> Judged<BTreeMap<u32, Vec<Version>>> {
        let mut versions: BTreeMap<u32, Vec<Version>> = BTreeMap::new();
        let before = Span { begun: 0, ended: 0 };
        // The first to read is who made the counters.
        for read in &self.reads {
            let Some((count, mark)) = read.content.clone() else { continue };
            versions.entry(read.counter).or_insert_with(|| {
                vec![Version { revision: read.revision, count, mark, span: before }]
            });
        }
        for (revision, write) in &self.writes {
            for made in &write.made {
                let of_it = versions.entry(made.counter).or_default();
                let Some(last) = of_it.last().cloned() else { continue };
                let count = last.count + u64::from(made.steps);
                if made.from.is_some_and(|from| from != last.revision)
                    || made.count.is_some_and(|told| told != count)
                {
                    let text = format!("write {revision} {made:?} does not continue {last:?}");
                    return Err(Finding::new(Harm::Lost, text));
                }
                let mark = made.mark.clone().unwrap_or(last.mark);
                of_it.push(Version { revision: *revision, count, mark, span: write.span });
            }
        }
        Ok(versions)
    }

    fn explain_counts(&self) -> Judged<()> {
        let adds = self.writes.values().filter(|write| write.made.is_empty());
        let adds: Vec<Span> = adds.map(|write| write.span).collect();
        let first = self.counts.first().map_or(0, |(_, count)| *count);
        for (span, count) in &self.counts {
            let least = first + adds.iter().filter(|add| add.ended < span.begun).count() as u64;
            let most = first + adds.iter().filter(|add| add.begun < span.ended).count() as u64;
            if !(least..=most).contains(count) {
                let text = format!("{count} documents counted, not {least} to {most}");
                return Err(Finding::new(Harm::Lost, text));
            }
        }
        Ok(())
    }
}

fn made(counter: u32, from: Option<u64>, count: Option<u64>) -> Made {
    Made { counter, from, count, steps: true, mark: None }
}

/// What was read is a version that was there at some moment while the reader asked.
fn explain_read(read: &Read, versions: &BTreeMap<u32, Vec<Version>>) -> Judged<()> {
    let of_it = versions.get(&read.counter).map(Vec::as_slice).unwrap_or_default();
    let contradicted = |why: &str| Err(Finding::new(Harm::Lost, format!("{why}: {read:?}")));
    let Ok(place) = of_it.binary_search_by_key(&read.revision, |version| version.revision) else {
        return contradicted("nobody wrote what was read");
    };
    let Some(version) = of_it.get(place) else { return contradicted("no such version") };
    if let Some((count, mark)) = &read.content {
        if *count != version.count || *mark != version.mark {
            return contradicted("it was never so");
        }
    }
    if read.refused == Some(read.revision) {
        return contradicted("refused at the revision that was demanded");
    }
    if version.span.begun > read.span.ended {
        return contradicted("it was read before it was written");
    }
    match of_it.get(place + 1) {
        Some(next) if next.span.ended < read.span.begun => contradicted("a stale state was read"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGIN: &str = "READ 1 1 2 1 0 -\nCOUNT 3 4 1\n";

    fn judged(said: &str) -> Judged<()> {
        let said = format!("{BEGIN}{said}DONE\n");
        let ended = Ended { ending: Ending::Code(0), said, line: String::new() };
        let mut history = History::default();
        history.take_all(&ended)?;
        history.explain()
    }

    #[test]
    fn a_sequence_explains_itself() {
        let said = "STEP 1 10 20 1 OK 2 1\nSTEP 1 11 22 1 CONFLICT 2\nMARK 1 12 30 3 1 2.5\n\
                    ADD 25 40 4\nCOUNT 30 35 2\nREAD 1 50 60 3 1 2.5\nCOUNT 50 60 2\n";
        judged(said).unwrap();
    }

    #[test]
    fn contradictions_are_found() {
        let cases = [
            "STEP 1 10 20 1 OK 2 1\nSTEP 1 11 22 1 OK 3 1\n",
            "STEP 1 10 20 1 OK 2 2\n",
            "STEP 1 10 20 1 OK 2 1\nMARK 1 12 30 3 0 2.5\n",
            "STEP 1 10 20 1 OK 2 1\nADD 10 20 2\n",
            "STEP 1 10 20 1 OK 3 1\nADD 30 40 2\n",
            "STEP 1 10 20 1 OK 2 1\nREAD 1 30 40 1 0 -\n",
            "STEP 1 30 40 1 OK 2 1\nREAD 1 10 20 2 1 -\n",
            "STEP 1 10 20 1 CONFLICT 1\n",
            "READ 1 10 20 7 7 -\n",
            "ADD 10 20 2\nCOUNT 30 40 1\n",
            "COUNT 30 40 2\n",
            "FAIL get TIMEOUT LOCK_TIMEOUT 0 /a\n",
        ];
        for said in cases {
            assert!(judged(said).is_err(), "{said}");
        }
    }
}
