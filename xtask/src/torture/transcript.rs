//! What a worker said: the operations it attempted and how each ended.

use crate::Result;

/// The name of an operation, and of the document that it made: who, and which.
pub(super) type Name = (u32, u32);

/// What one operation does to one document: Some(writer) or None for a deletion.
pub(super) type Effect = (Name, Option<Name>);

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) status: String,
    pub(super) cause: String,
    pub(super) errno: i32,
    pub(super) path: String,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Well, with this revision (0: it tells none).
    Done(u64),
    /// Not at all.
    Failed(Failure),
    /// Nobody knows: the store said so.
    Unknown(Failure),
    /// Nobody knows: the worker did not live to tell.
    Pending,
}

/// One thing that a worker did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    Operation {
        number: u32,
        effects: Vec<Effect>,
        outcome: Outcome,
    },
    /// Any other call.
    Call {
        verb: String,
        outcome: Outcome,
    },
}

/// All that a worker said.
#[derive(Clone, Debug, Default)]
pub(super) struct Transcript {
    pub(super) worker: u32,
    pub(super) events: Vec<Event>,
    /// What the shim did, if it did anything.
    pub(super) fault: Option<String>,
    /// Open descriptors before and after.
    pub(super) descriptors: Option<(i64, i64)>,
    /// Answers that do not fit the call.
    pub(super) wrong: Vec<String>,
    /// It came to its end.
    pub(super) done: bool,
}

impl Transcript {
    /// Reads what worker number `worker` said.
    pub(super) fn read(worker: u32, said: &str) -> Result<Transcript> {
        let mut transcript = Transcript { worker, ..Transcript::default() };
        // A line is one write, but a disk may fill up in the middle of the last one.
        for line in said.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')) {
            transcript.take(line).ok_or_else(|| format!("a worker said: {line}"))?;
        }
        Ok(transcript)
    }

    /// Every failure, of whatever call.
    pub(super) fn failures(&self) -> impl Iterator<Item = &Failure> {
        self.events.iter().filter_map(|event| match event.outcome() {
            Outcome::Failed(failure) | Outcome::Unknown(failure) => Some(failure),
            _ => None,
        })
    }

    /// The revisions that were acknowledged, in their order.
    pub(super) fn revisions(&self) -> Vec<u64> {
        let told = self.events.iter().filter_map(|event| match event {
            Event::Operation { outcome: Outcome::Done(revision), .. } => Some(*revision),
            _ => None,
        });
        told.filter(|revision| *revision > 0).collect()
    }

    /// How many operations were acknowledged.
    pub(super) fn acknowledged(&self) -> usize {
        let done =
            |event: &&Event| matches!(event, Event::Operation { outcome: Outcome::Done(_), .. });
        self.events.iter().filter(done).count()
    }

    fn take(&mut self, line: &str) -> Option<()> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "ATTEMPT" => self.attempt(rest),
            "ACK" => {
                let (number, revision) = rest.split_once(' ')?;
                self.end(number, Outcome::Done(revision.parse().ok()?))
            }
            "FAIL" => {
                let (number, rest) = rest.split_once(' ')?;
                self.end(number, outcome(rest)?)
            }
            "DID" => {
                let (verb, rest) = rest.split_once(' ')?;
                let outcome = outcome(rest)?;
                self.events.push(Event::Call { verb: verb.to_owned(), outcome });
                Some(())
            }
            "FAULT" => {
                self.fault.get_or_insert_with(|| rest.to_owned());
                Some(())
            }
            "FDS" => {
                let (before, after) = rest.split_once(' ')?;
                self.descriptors = Some((before.parse().ok()?, after.parse().ok()?));
                Some(())
            }
            "WRONG" => {
                self.wrong.push(rest.to_owned());
                Some(())
            }
            "DONE" => {
                self.done = true;
                Some(())
            }
            "TALLY" => Some(()),
            _ => None,
        }
    }

    fn attempt(&mut self, rest: &str) -> Option<()> {
        let (number, effects) = rest.split_once(' ')?;
        let effects = effects.split(' ').map(effect).collect::<Option<Vec<Effect>>>()?;
        let number = number.parse().ok()?;
        self.events.push(Event::Operation { number, effects, outcome: Outcome::Pending });
        Some(())
    }

    fn end(&mut self, number: &str, ended: Outcome) -> Option<()> {
        let wanted: u32 = number.parse().ok()?;
        match self.events.last_mut()? {
            Event::Operation { number, outcome, .. } if *number == wanted => {
                *outcome = ended;
                Some(())
            }
            _ => None,
        }
    }
}

impl Event {
    pub(super) fn outcome(&self) -> &Outcome {
        match self {
            Event::Operation { outcome, .. } | Event::Call { outcome, .. } => outcome,
        }
    }
}

/// Reads "3.17".
pub(super) fn name(text: &str) -> Option<Name> {
    let (worker, number) = text.split_once('.')?;
    Some((worker.parse().ok()?, number.parse().ok()?))
}

fn effect(text: &str) -> Option<Effect> {
    let (document, writer) = text.split_once('=')?;
    let writer = if writer == "-" { None } else { Some(name(writer)?) };
    Some((name(document)?, writer))
}

fn outcome(text: &str) -> Option<Outcome> {
    if text == "OK" {
        return Some(Outcome::Done(0));
    }
    let mut words = text.splitn(4, ' ');
    let failure = Failure {
        status: words.next()?.to_owned(),
        cause: words.next()?.to_owned(),
        errno: words.next()?.parse().ok()?,
        path: words.next().unwrap_or_default().to_owned(),
    };
    Some(if failure.status == "UNKNOWN_OUTCOME" {
        Outcome::Unknown(failure)
    } else {
        Outcome::Failed(failure)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transcript_tells_how_each_operation_ended() {
        let said = "DID open OK\nATTEMPT 1 1.1=1.1 0.2=-\nACK 1 7\nATTEMPT 2 1.1=1.2\n\
                    FAIL 2 NOSPACE QUOTA 122 /a b/c\nATTEMPT 3 1.3=1.3\nFAULT open 4 /a\nAC";
        let transcript = Transcript::read(1, said).unwrap();
        assert_eq!(transcript.events.len(), 4);
        assert_eq!(transcript.revisions(), [7]);
        let failures: Vec<_> = transcript.failures().collect();
        assert_eq!((failures[0].errno, failures[0].path.as_str()), (122, "/a b/c"));
        assert_eq!(transcript.events[3].outcome(), &Outcome::Pending);
        assert_eq!(transcript.fault.as_deref(), Some("open 4 /a"));
        assert!(!transcript.done);
    }

    #[test]
    fn what_is_no_transcript_is_refused() {
        assert!(Transcript::read(1, "HELLO\n").is_err());
        assert!(Transcript::read(1, "ACK 1 1\n").is_err());
    }
}
