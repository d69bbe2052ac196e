//! What a battery counted, and the harm that it found.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::Result;

/// How many findings are told in full.
const TOLD_MAX: usize = 5;

/// The kinds of harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Harm {
    /// Something acknowledged is not there, or something is that nobody wrote.
    Lost,
    /// The store does not open, or is not well when it does.
    Unreadable,
    /// A process died or hung that should not have.
    Crash,
    /// A file, a descriptor or a lock stayed behind.
    Leftover,
    /// A failure without a cause that tells what happened.
    Unclear,
}

/// One case of harm.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) harm: Harm,
    pub(super) text: String,
}

/// What came of one point; the outer failure is one of the torture itself.
pub(super) type Verdict = Result<std::result::Result<(), Finding>>;

/// The sums of a battery.
#[derive(Debug, Default)]
pub(super) struct Figures {
    pub(super) points: u64,
    harms: [u64; 5],
    told: Vec<String>,
    /// What else there is to say.
    pub(super) notes: Vec<String>,
}

impl Finding {
    /// A finding of that kind.
    pub(super) fn new(harm: Harm, text: impl Into<String>) -> Finding {
        Finding { harm, text: text.into() }
    }
}

impl Figures {
    /// Counts one point.
    pub(super) fn count(&mut self, result: std::result::Result<(), Finding>) {
        self.points += 1;
        if let Err(finding) = result {
            self.add(finding);
        }
    }

    /// Adds harm.
    pub(super) fn add(&mut self, finding: Finding) {
        if let Some(count) = self.harms.get_mut(finding.harm as usize) {
            *count += 1;
        }
        if self.told.len() < TOLD_MAX {
            self.told.push(format!("{:?}: {}", finding.harm, finding.text));
        }
    }

    /// Adds the sums of another part of the same battery.
    pub(super) fn merge(&mut self, other: Figures) {
        self.points += other.points;
        for (count, more) in self.harms.iter_mut().zip(other.harms) {
            *count += more;
        }
        let room = TOLD_MAX.saturating_sub(self.told.len());
        self.told.extend(other.told.into_iter().take(room));
        self.notes.extend(other.notes);
    }

    /// Was there any harm?
    pub(super) fn is_harmed(&self) -> bool {
        self.harmed() > 0
    }

    /// How many cases of harm there were.
    pub(super) fn harmed(&self) -> u64 {
        self.harms.iter().sum()
    }

    /// The harm that is told in full.
    pub(super) fn told(&self) -> &[String] {
        &self.told
    }

    /// The line of a battery.
    pub(super) fn line(&self, battery: &str, policy: &str, time: Duration) -> String {
        let notes: String = self.notes.iter().map(|note| format!("; {note}")).collect();
        format!("{battery} {policy}: {self}, {:.1} seconds{notes}", time.as_secs_f64())
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [lost, unreadable, crashes, leftovers, unclear] = self.harms;
        write!(
            f,
            "{} points, {lost} lost, {unreadable} unreadable, {crashes} crashes, \
             {leftovers} leftovers, {unclear} unclear",
            self.points
        )
    }
}

/// Does `work` for all items on two threads for each processor (they wait for the disk and for
/// other programs) and adds up what came of them.
pub(super) fn each<T: Sync>(
    items: &[T],
    work: impl Fn(&T) -> Result<Figures> + Sync,
) -> Result<Figures> {
    let next = Mutex::new(items.iter());
    let sum = Mutex::new(Figures::default());
    let take = || next.lock().unwrap_or_else(PoisonError::into_inner).next();
    let add = |figures| sum.lock().unwrap_or_else(PoisonError::into_inner).merge(figures);
    let threads = std::thread::available_parallelism().map_or(1, usize::from) + 1;
    std::thread::scope(|scope| {
        let run = || -> Result<()> {
            while let Some(item) = take() {
                add(work(item)?);
            }
            Ok(())
        };
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        running.into_iter().try_for_each(|thread| {
            thread.join().unwrap_or_else(|_| Err("a thread of the torture died".to_owned()))
        })
    })?;
    Ok(sum.into_inner().unwrap_or_else(PoisonError::into_inner))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harm_is_counted_by_kind_and_told() {
        let figures = each(&[1, 2, 3, 4], |number| {
            let mut figures = Figures::default();
            let lost = || Finding::new(Harm::Lost, format!("number {number}"));
            figures.count(if *number == 3 { Err(lost()) } else { Ok(()) });
            Ok(figures)
        });
        let figures = figures.unwrap();
        assert!(figures.is_harmed());
        assert_eq!(figures.told(), ["Lost: number 3"]);
        let line = figures.line("kill", "sync/commit", Duration::from_millis(1500));
        let expected = "kill sync/commit: 4 points, 1 lost, 0 unreadable, 0 crashes, 0 leftovers, \
                        0 unclear, 1.5 seconds";
        assert_eq!(line, expected);
    }
}
