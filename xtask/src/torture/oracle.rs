//! Which states a store may be in, after what its workers said.
//!
//! A state names for each document the operation that wrote it last and the revision. What was
//! acknowledged is in every possible state, what failed is in none, and of what nobody knows the
//! outcome both are possible, but only as a whole. Where the last acknowledgements are not yet
//! durable, as after a power cut under `batched`, the end may be missing, but no piece before it.

use std::collections::BTreeMap;

use super::transcript::{Event, Name, Outcome, Transcript};

/// What is known of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version {
    /// The operation that wrote it last.
    pub(super) writer: Name,
    /// Its revision; 0: not known.
    pub(super) revision: u64,
}

/// The documents of a store.
pub(super) type State = BTreeMap<Name, Version>;

/// From where on the acknowledgements of a worker count for nothing.
#[derive(Clone, Copy, Debug)]
pub(super) enum Durable {
    /// All of them count.
    All,
    /// Those before the last sync, checkpoint or close that succeeded count.
    Synced,
    /// The first so many count.
    First(usize),
}

/// More possible states than this are a fault of the battery.
const STATES_MAX: usize = 4096;

/// The states that are possible after a worker acted on a store in one of the states `before`.
pub(super) fn possible(before: &[State], transcript: &Transcript, durable: Durable) -> Vec<State> {
    let certain = certain(transcript, durable);
    let mut now = before.to_vec();
    let mut earlier: Vec<State> = Vec::new();
    let mut acknowledged = 0;
    for event in &transcript.events {
        let Event::Operation { number, effects, outcome } = event else { continue };
        let (revision, applies, may_fail) = match outcome {
            Outcome::Done(revision) => (*revision, true, false),
            Outcome::Failed(_) => (0, false, false),
            Outcome::Unknown(_) | Outcome::Pending => (0, true, true),
        };
        if !applies {
            continue;
        }
        let after = now.iter().map(|state| {
            let mut state = state.clone();
            for (document, writer) in effects {
                match writer {
                    Some(writer) => {
                        debug_assert_eq!(*writer, (transcript.worker, *number));
                        state.insert(*document, Version { writer: *writer, revision });
                    }
                    None => drop(state.remove(document)),
                }
            }
            state
        });
        let after: Vec<State> = after.collect();
        if may_fail {
            now.extend(after);
        } else {
            acknowledged += 1;
            if acknowledged > certain {
                earlier.append(&mut now);
            }
            now = after;
        }
        if now.len() > STATES_MAX {
            now.sort();
            now.dedup();
        }
    }
    earlier.append(&mut now);
    earlier
}

/// How many acknowledged operations are certain to be there.
pub(super) fn certain(transcript: &Transcript, durable: Durable) -> usize {
    match durable {
        Durable::All => usize::MAX,
        Durable::First(count) => count,
        Durable::Synced => {
            let (mut acknowledged, mut synced) = (0, 0);
            for event in &transcript.events {
                match event {
                    Event::Operation { outcome: Outcome::Done(_), .. } => acknowledged += 1,
                    Event::Call { verb, outcome: Outcome::Done(_) }
                        if matches!(verb.as_str(), "sync" | "checkpoint" | "close") =>
                    {
                        synced = acknowledged;
                    }
                    _ => {}
                }
            }
            synced
        }
    }
}

/// Is `found` the state `wanted`, as far as that is known?
pub(super) fn is_same(wanted: &State, found: &State) -> bool {
    wanted.len() == found.len()
        && wanted.iter().zip(found).all(|((wanted_name, wanted), (name, version))| {
            wanted_name == name
                && wanted.writer == version.writer
                && (wanted.revision == 0 || wanted.revision == version.revision)
        })
}

/// The differences between what should be there and what is, for a person.
pub(super) fn differences(wanted: &State, found: &State) -> String {
    let mut lines = Vec::new();
    for (name, version) in wanted {
        match found.get(name) {
            None => lines.push(format!("{name:?} by {:?} is missing", version.writer)),
            Some(other) if other.writer != version.writer => {
                lines.push(format!("{name:?} is by {:?}, not {:?}", other.writer, version.writer));
            }
            Some(other) if version.revision != 0 && other.revision != version.revision => {
                let (is, was) = (other.revision, version.revision);
                lines.push(format!("{name:?} is at revision {is}, not {was}"));
            }
            Some(_) => {}
        }
    }
    for (name, version) in found.iter().filter(|(name, _)| !wanted.contains_key(name)) {
        lines.push(format!("{name:?} by {:?} should not be there", version.writer));
    }
    lines.truncate(8);
    lines.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(documents: &[(Name, Name, u64)]) -> State {
        let version = |writer, revision| Version { writer, revision };
        documents.iter().map(|(name, writer, rev)| (*name, version(*writer, *rev))).collect()
    }

    fn states(said: &str, durable: Durable) -> Vec<State> {
        let before = [state(&[((0, 1), (0, 1), 1)])];
        let mut states = possible(&before, &Transcript::read(1, said).unwrap(), durable);
        states.sort();
        states.dedup();
        states
    }

    const TWO: &str = "ATTEMPT 1 1.1=1.1\nACK 1 2\nDID sync OK\nATTEMPT 2 1.1=1.2 0.1=-\nACK 2 3\n";

    #[test]
    fn what_was_acknowledged_is_in_the_only_possible_state() {
        assert_eq!(states(TWO, Durable::All), [state(&[((1, 1), (1, 2), 3)])]);
    }

    #[test]
    fn what_is_not_durable_may_be_missing_as_a_whole() {
        let synced = state(&[((0, 1), (0, 1), 1), ((1, 1), (1, 1), 2)]);
        let all = state(&[((1, 1), (1, 2), 3)]);
        let mut expected = vec![synced, all];
        expected.sort();
        assert_eq!(states(TWO, Durable::Synced), expected);
        assert_eq!(states(TWO, Durable::First(1)), expected);
        assert_eq!(states(TWO, Durable::First(0)).len(), 3);
    }

    #[test]
    fn what_nobody_knows_is_there_or_not_and_a_batch_never_in_part() {
        let said = "ATTEMPT 1 1.1=1.1 0.1=1.1\n";
        let both = state(&[((0, 1), (1, 1), 0), ((1, 1), (1, 1), 0)]);
        let mut expected = vec![state(&[((0, 1), (0, 1), 1)]), both];
        expected.sort();
        assert_eq!(states(said, Durable::All), expected);
        let failed = "ATTEMPT 1 1.1=1.1\nFAIL 1 IO IO 5 /a\n";
        assert_eq!(states(failed, Durable::All), [state(&[((0, 1), (0, 1), 1)])]);
    }

    #[test]
    fn revisions_count_where_they_are_known() {
        let found = state(&[((1, 1), (1, 2), 9)]);
        assert!(is_same(&state(&[((1, 1), (1, 2), 0)]), &found));
        assert!(!is_same(&state(&[((1, 1), (1, 2), 8)]), &found));
        let told = differences(&state(&[((1, 1), (1, 3), 9), ((2, 2), (2, 2), 1)]), &found);
        assert_eq!(told, "(1, 1) is by (1, 2), not (1, 3); (2, 2) by (2, 2) is missing");
    }
}
