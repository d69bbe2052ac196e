//! All documents in the order of their IDs, from the first or from any place.
//!
//! The order is depth first; siblings by prefixes, then by number; documents without an ID come
//! last, by time of creation. A walk holds no borrow: it goes over the forest it is given at each
//! step, which must be the same one (or a clone) each time.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::ids::forest::{Forest, Parent, ROOT, digits};
use crate::memory::prefetch;
use crate::model::document::Codes;
use crate::model::time::Time;

/// One level on the way from a root to a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) codes: Codes,
    pub(crate) created: Time,
    /// Its number, with stable numbering.
    pub(crate) number: u32,
    /// The document, if it is still there.
    pub(crate) slot: Option<u32>,
}

/// Members of a partition that are looked up at once.
const AHEAD_MAX: usize = 16;

#[derive(Clone, Debug)]
struct Frame {
    partitions: Arc<Vec<u32>>,
    partition: usize,
    /// How many members of the partition were given, those ahead not counted.
    position: u32,
    /// The length of the parent's ID with its dot.
    base: usize,
    ahead: Ahead,
}

/// Members that come next, and the prefix of their partition. What the walk needs of them is
/// loaded from memory together, which takes little longer than loading it of one.
#[derive(Clone, Copy, Debug, Default)]
struct Ahead {
    slots: [u32; AHEAD_MAX],
    next: usize,
    end: usize,
    prefix: u32,
}

impl Ahead {
    fn next(&mut self) -> Option<u32> {
        let slot = self.slots.get(self.next..self.end)?.first().copied();
        self.next += usize::from(slot.is_some());
        slot
    }
}

/// A walk over all documents. Costs O(1) for each, but for the unplaced ones, which are sorted.
#[derive(Clone, Debug)]
pub(crate) struct Walk {
    frames: Vec<Frame>,
    /// The ID of the document given last.
    id: String,
    /// The unplaced documents still to come, in reverse; absent until the trees are done.
    unplaced: Option<Vec<u32>>,
    /// How many members are looked up at once: the more, the longer the walk goes on.
    reach: usize,
}

impl Walk {
    /// Starts at the first document.
    pub(crate) fn new(forest: &Forest) -> Walk {
        let mut walk = Walk::nowhere();
        walk.descend(forest, ROOT);
        walk
    }

    /// Starts behind the place that `steps` lead to, whether a document is there still or not.
    pub(crate) fn after(forest: &Forest, steps: &[Step]) -> Walk {
        let mut walk = Walk::new(forest);
        for step in steps {
            if !walk.seek(forest, step) {
                break;
            }
        }
        walk
    }

    /// Starts behind an unplaced document.
    pub(crate) fn after_unplaced(forest: &Forest, created: Time, slot: Option<u32>) -> Walk {
        let mut walk = Walk::nowhere();
        let mut rest = unplaced_in_reverse(forest);
        rest.retain(|&other| (forest.created(other), other) > (created, slot.unwrap_or(0)));
        walk.unplaced = Some(rest);
        walk
    }

    fn nowhere() -> Walk {
        Walk { frames: Vec::new(), id: String::new(), unplaced: None, reach: 1 }
    }

    /// The next document, or none at the end.
    pub(crate) fn next(&mut self, forest: &Forest) -> Option<u32> {
        while let Some(frame) = self.frames.last_mut() {
            let Some(slot) = frame.ahead.next() else {
                if !self.look_ahead(forest) {
                    self.frames.pop();
                }
                continue;
            };
            frame.position += 1;
            let number = match forest.stable {
                true => forest.nodes.get(slot).map_or(0, |node| node.number),
                false => frame.position,
            };
            self.id.truncate(frame.base);
            self.id.push_str(forest.prefixes.text(frame.ahead.prefix));
            self.id.push_str(digits(number, &mut [0; 10]));
            self.descend(forest, slot);
            return Some(slot);
        }
        self.unplaced.get_or_insert_with(|| unplaced_in_reverse(forest)).pop()
    }

    /// Looks up what comes next in the last frame; false when nothing does.
    fn look_ahead(&mut self, forest: &Forest) -> bool {
        let Some(frame) = self.frames.last_mut() else { return false };
        while let Some(&partition) = frame.partitions.get(frame.partition) {
            let Some(entry) = forest.partitions.get(partition) else { return false };
            let run = entry.members.run_from(frame.position);
            if run.is_empty() {
                frame.partition += 1;
                frame.position = 0;
                continue;
            }
            let mut ahead = Ahead { prefix: entry.prefix, ..Ahead::default() };
            for (place, slot) in ahead.slots.iter_mut().zip(run).take(self.reach) {
                *place = *slot;
                ahead.end += 1;
            }
            self.reach = AHEAD_MAX.min(self.reach * 2);
            if ahead.end > 2 {
                forest.prefetch_below(ahead.slots.get(..ahead.end).unwrap_or_default());
            }
            frame.ahead = ahead;
            return true;
        }
        false
    }

    /// The ID of the document that `next` gave last; none for an unplaced one.
    pub(crate) fn id(&self) -> Option<&str> {
        match self.unplaced {
            Some(_) => None,
            None => Some(self.id.strip_suffix('.').unwrap_or(&self.id)),
        }
    }

    fn descend(&mut self, forest: &Forest, parent: u32) {
        let Some(partitions) = forest.list(parent) else { return };
        if self.frames.len() >= super::LEVELS_MAX as usize {
            return;
        }
        if parent != ROOT {
            self.id.push('.');
        }
        let base = self.id.len();
        let (partitions, ahead) = (Arc::clone(partitions), Ahead::default());
        self.frames.push(Frame { partitions, partition: 0, position: 0, base, ahead });
    }

    /// Moves the last frame behind `step` and goes below it. False when the document of that step
    /// is not there any more.
    fn seek(&mut self, forest: &Forest, step: &Step) -> bool {
        let Some(frame) = self.frames.last_mut() else { return false };
        frame.partition =
            frame.partitions.partition_point(|&other| forest.codes_of(other) < step.codes);
        let partition = frame.partitions.get(frame.partition).copied();
        let entry = partition.filter(|&other| forest.codes_of(other) == step.codes);
        let Some(entry) = entry.and_then(|partition| forest.partitions.get(partition)) else {
            return false;
        };
        frame.ahead = Ahead::default();
        frame.position = entry.members.position_by(|slot| compare(forest, slot, step));
        let there = entry.members.select(frame.position);
        if there.is_none() || there != step.slot {
            return false;
        }
        let before = self.frames.len();
        self.next(forest);
        self.frames.len() > before
    }
}

fn compare(forest: &Forest, slot: u32, step: &Step) -> Ordering {
    let Some(node) = forest.nodes.get(slot) else { return Ordering::Less };
    match forest.stable {
        true => node.number.cmp(&step.number),
        false => (node.created, slot).cmp(&(step.created, step.slot.unwrap_or(0))),
    }
}

fn unplaced_in_reverse(forest: &Forest) -> Vec<u32> {
    let mut slots: Vec<u32> = forest.unplaced().iter().copied().collect();
    slots.sort_unstable_by_key(|&slot| std::cmp::Reverse((forest.created(slot), slot)));
    slots
}

impl Forest {
    /// Asks memory for what a walk needs of documents, in stages: within each, nothing waits for
    /// anything else.
    fn prefetch_below(&self, slots: &[u32]) {
        let nodes = || slots.iter().filter_map(|&slot| self.nodes.get(slot));
        nodes().for_each(|node| prefetch(&node.parent));
        let lists: Vec<&Vec<u32>> = nodes().filter_map(|node| node.children.as_deref()).collect();
        let first = || lists.iter().filter_map(|list| list.first());
        first().for_each(prefetch);
        let below = || first().filter_map(|&partition| self.partitions.get(partition));
        below().for_each(|partition| prefetch(&partition.parent));
        let children = below().filter_map(|it| self.nodes.get(it.members.select(0)?));
        children.for_each(|node| prefetch(&node.parent));
    }

    /// The steps from a root to a placed document.
    pub(crate) fn steps(&self, slot: u32) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut at = Some(slot);
        while let Some(slot) = at {
            let Some(node) = self.nodes.get(slot) else { break };
            let codes = self.codes_of(node.partition);
            steps.push(Step {
                codes,
                created: node.created,
                number: node.number,
                slot: Some(slot),
            });
            at = match self.parent(slot) {
                Parent::Slot(parent) if steps.len() < super::LEVELS_MAX as usize => Some(parent),
                _ => None,
            };
        }
        steps.reverse();
        steps
    }
}
