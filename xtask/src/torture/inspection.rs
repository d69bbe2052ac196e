//! Looks at a store after it was tortured, and compares it with what should be there.

use std::collections::BTreeSet;
use std::path::Path;

use super::bench::{Bench, Policy, copy_files, leftovers};
use super::figures::{Finding, Harm};
use super::oracle::{State, Version, differences, is_same};
use super::program::{Ended, Ending};
use super::transcript::{Transcript, name};
use crate::Result;

/// A store that is well.
#[derive(Debug)]
pub(super) struct Sound {
    /// What is in it.
    pub(super) state: State,
    /// The number of its last commit.
    pub(super) commit: u64,
}

/// What a store must be.
pub(super) struct Expected<'a> {
    /// In one of these states.
    pub(super) states: &'a [State],
    /// At this revision at least.
    pub(super) revision: u64,
    /// May the torn end of a log lie beside it? It does where a write was cut in two.
    pub(super) may_be_torn: bool,
}

type Found<T> = std::result::Result<T, Finding>;

/// Opens the store, demands that it is well and as expected, that its commit numbers go on, that
/// it takes writes, and that nothing stays behind.
pub(super) fn inspect(
    bench: &Bench,
    policy: &Policy,
    store: &Path,
    expected: &Expected<'_>,
) -> Result<Found<Sound>> {
    // The checker mends what it finds; who looks into a finding wants to see what that was.
    let before = bench.folder()?;
    copy_files(store.parent().unwrap_or(store), before.path())?;
    let ended = bench.checker(store, policy).run()?;
    let judged = judge(&ended, expected.states, expected.revision)
        .and_then(|sound| leftovers(store, expected.may_be_torn).map_or(Ok(sound), Err));
    Ok(judged.map_err(|finding| {
        let how = format!("before the checker: {}\n{}", ended.line, ended.said);
        bench.explain(finding, &before.store(), &how)
    }))
}

/// What a worker itself did wrong, whatever became of the store: `killed` tells whether it was.
pub(super) fn examine(ended: &Ended, transcript: &Transcript, killed: bool) -> Found<()> {
    match ended.ending {
        Ending::Signal(9) if killed => {}
        Ending::Code(0 | 3) => {}
        other => return Err(Finding::new(Harm::Crash, format!("{other:?}: {}", ended.line))),
    }
    if let Some(wrong) = transcript.wrong.first() {
        return Err(Finding::new(Harm::Lost, format!("a call says OK and gives {wrong}")));
    }
    let revisions = transcript.revisions();
    if revisions.windows(2).any(|pair| pair.first() >= pair.get(1)) {
        return Err(Finding::new(Harm::Lost, format!("revisions do not rise: {revisions:?}")));
    }
    match transcript.descriptors {
        Some((before, after)) if before != after => {
            let text = format!("{before} descriptors before, {after} after");
            Err(Finding::new(Harm::Leftover, text))
        }
        _ => Ok(()),
    }
}

/// What a checker said.
#[derive(Default)]
struct Report {
    state: State,
    ids: BTreeSet<String>,
    commit: u64,
    probe: Option<(u64, u64)>,
    descriptors: (String, String),
}

fn judge(ended: &Ended, possible: &[State], revision: u64) -> Found<Sound> {
    match ended.ending {
        Ending::Code(0 | 3) => {}
        other => return Err(Finding::new(Harm::Crash, format!("the checker: {other:?}"))),
    }
    let mut report = Report::default();
    for line in ended.said.lines() {
        report.take(line)?;
    }
    if report.descriptors.0 != report.descriptors.1 {
        let (before, after) = report.descriptors;
        let text = format!("{before} descriptors before, {after} after");
        return Err(Finding::new(Harm::Leftover, text));
    }
    let Some((probe, last)) = report.probe else {
        return Err(Finding::new(Harm::Unreadable, format!("no end in:\n{}", ended.said)));
    };
    if !possible.iter().any(|wanted| is_same(wanted, &report.state)) {
        let wanted = possible.last().cloned().unwrap_or_default();
        let count = possible.len();
        let text = format!(
            "none of {count} possible states; from the last: {}",
            differences(&wanted, &report.state)
        );
        return Err(Finding::new(Harm::Lost, text));
    }
    let highest = report.state.values().map(|version| version.revision).max().unwrap_or(0);
    if highest > report.commit || probe <= report.commit.max(revision) || last <= probe {
        let text = format!(
            "commit numbers: {revision} acknowledged, {highest} found, {} told, then {probe}, \
             {last}",
            report.commit
        );
        return Err(Finding::new(Harm::Lost, text));
    }
    Ok(Sound { state: report.state, commit: last })
}

impl Report {
    fn take(&mut self, line: &str) -> Found<()> {
        let harmed = |harm| Err(Finding::new(harm, line));
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            ["DID", _, "OK"] | ["DONE"] | ["VERIFY", "ok"] => {}
            ["DID", _, "INTERNAL" | "PANIC", ..] => return harmed(Harm::Crash),
            ["DID" | "VERIFY" | "ODD", ..] => return harmed(Harm::Unreadable),
            ["COMMIT", number] => self.commit = number.parse().unwrap_or(0),
            ["FDS", before, after] => {
                self.descriptors = ((*before).to_owned(), (*after).to_owned());
            }
            ["PROBE", revision, commit] => {
                self.probe = Some((revision.parse().unwrap_or(0), commit.parse().unwrap_or(0)));
            }
            ["DOC", document, writer, revision, "whole", id] => {
                let parsed = (name(document), name(writer), revision.parse());
                let (Some(document), Some(writer), Ok(revision)) = parsed else {
                    return harmed(Harm::Unreadable);
                };
                let version = Version { writer, revision };
                let is_new = self.state.insert(document, version).is_none();
                if !is_new || id.is_empty() || !self.ids.insert((*id).to_owned()) {
                    return harmed(Harm::Unreadable);
                }
            }
            _ => return harmed(Harm::Unreadable),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(said: &str) -> Found<Sound> {
        let ended =
            Ended { ending: Ending::Code(0), said: said.to_owned(), line: "checker".to_owned() };
        let version = Version { writer: (1, 2), revision: 7 };
        judge(&ended, &[State::from([((1, 1), version)])], 7)
    }

    const WELL: &str = "DID open OK\nVERIFY ok\nCOMMIT 7\nDOC 1.1 1.2 7 whole 1\nDID list OK\n\
                        PROBE 8 9\nFDS 4 4\nDONE\n";

    #[test]
    fn a_store_in_a_possible_state_is_sound() {
        let sound = verdict(WELL).unwrap();
        assert_eq!((sound.state.len(), sound.commit), (1, 9));
    }

    #[test]
    fn harm_is_told_apart() {
        let cases = [
            (WELL.replace("whole", "broken"), Harm::Unreadable),
            (WELL.replace("1.2 7", "1.1 7"), Harm::Lost),
            (WELL.replace("PROBE 8", "PROBE 7"), Harm::Lost),
            (WELL.replace("FDS 4 4", "FDS 4 5"), Harm::Leftover),
            (WELL.replace("VERIFY ok", "VERIFY {}"), Harm::Unreadable),
            (WELL.replace("open OK", "open CORRUPT CORRUPT 0 /a"), Harm::Unreadable),
            (WELL.replace("open OK", "open PANIC PANIC 0 /a"), Harm::Crash),
            (WELL.replace("PROBE 8 9\n", ""), Harm::Unreadable),
            (format!("{WELL}DOC 1.2 1.2 7 whole 1\n"), Harm::Unreadable),
        ];
        for (said, harm) in cases {
            assert_eq!(verdict(&said).unwrap_err().harm, harm, "{said}");
        }
    }
}
