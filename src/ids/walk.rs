//! All documents in the order of their IDs, from the first or from any place.
//!
//! The order is depth first; siblings by prefixes, then by number; documents without an ID come
//! last, by time of creation. A walk holds no borrow: it goes over the forest it is given at each
//! step, which must be the same one (or a clone) each time.

use std::cmp::Ordering;

use crate::ids::forest::{Forest, Parent, ROOT};
use crate::ids::id_text::digits;
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

/// Members of a partition that are looked up at once, and how many of those that are not wanted.
const AHEAD_MAX: usize = 16;
const UNWANTED_MAX: usize = 32;

#[derive(Clone, Debug)]
struct Frame {
    /// Below whom it goes.
    parent: u32,
    /// Which of the partitions there it is in.
    partition: usize,
    /// The first member of the partition that was not looked up.
    position: u32,
    /// The length of the parent's ID with its dot.
    base: usize,
    ahead: Ahead,
}

/// Members that come next. What the walk needs of them is loaded from memory together, which takes
/// little longer than loading it of one.
#[derive(Clone, Copy, Debug, Default)]
struct Ahead {
    /// Their slots, and their positions in the partition.
    members: [(u32, u32); AHEAD_MAX],
    next: usize,
    end: usize,
    /// The prefix of the partition.
    prefix: u32,
    /// Whether they are given, or only what lies below them.
    is_wanted: bool,
}

impl Ahead {
    fn next(&mut self) -> Option<(u32, u32)> {
        let member = self.members.get(self.next..self.end)?.first().copied();
        self.next += usize::from(member.is_some());
        member
    }

    /// Whether there was room.
    fn add(&mut self, slot: u32, position: u32) -> bool {
        let place = self.members.get_mut(self.end);
        self.end += usize::from(place.is_some());
        place.map(|place| *place = (slot, position)).is_some()
    }

    fn slots(&self) -> impl Iterator<Item = u32> + '_ {
        self.members.iter().take(self.end).map(|&(slot, _)| slot)
    }
}

/// A walk over all documents. Costs O(1) for each, but for the unplaced ones, which are sorted.
#[derive(Clone, Debug)]
pub(crate) struct Walk {
    frames: Vec<Frame>,
    /// The ID of the document given last, and the prefix of its partition.
    id: String,
    prefix: u32,
    /// The unplaced documents still to come, in reverse; absent until the trees are done.
    unplaced: Option<Vec<u32>>,
    /// How many members are looked up at once: the more, the longer the walk goes on.
    reach: usize,
    /// It ends with the last document below this level; 0: with the last of all.
    floor: usize,
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
        let (frames, id) = (Vec::new(), String::new());
        Walk { frames, id, prefix: 0, unplaced: None, reach: 1, floor: 0 }
    }

    /// The same walk, which ends with the last document below a level: begun behind a document of
    /// that level, it goes over what hangs below it.
    pub(crate) fn staying_below(self, level: u32) -> Walk {
        Walk { floor: level as usize, ..self }
    }

    /// The next document, or none at the end.
    pub(crate) fn next(&mut self, forest: &Forest) -> Option<u32> {
        self.next_wanted(forest, |_| true)
    }

    /// The next document, leaving out most of those in partitions whose prefix is not wanted: what
    /// lies below them is given nevertheless, and so is what has no ID.
    pub(crate) fn next_wanted(
        &mut self,
        forest: &Forest,
        is_wanted: impl Fn(u32) -> bool,
    ) -> Option<u32> {
        while let Some(frame) = last_above(&mut self.frames, self.floor) {
            let Some((slot, position)) = frame.ahead.next() else {
                if !self.look_ahead(forest, &is_wanted) {
                    self.frames.pop();
                }
                continue;
            };
            let Ahead { prefix, is_wanted, .. } = frame.ahead;
            let number = match forest.stable {
                true => forest.nodes.get(slot).map_or(0, |node| node.number),
                false => position + 1,
            };
            self.id.truncate(frame.base);
            self.id.push_str(forest.prefixes.text(prefix));
            self.id.push_str(digits(number, &mut [0; 10]));
            self.prefix = prefix;
            self.descend(forest, slot);
            if is_wanted {
                return Some(slot);
            }
        }
        if self.floor > 0 {
            return None;
        }
        self.unplaced.get_or_insert_with(|| unplaced_in_reverse(forest)).pop()
    }

    /// Goes past so many documents, or to the end. Costs less than to be given them.
    pub(crate) fn skip(&mut self, forest: &Forest, count: u64) {
        let mut left = count;
        // What `descend` notes of IDs meanwhile is wrong, and written anew in the end.
        while left > 0 {
            let Some(frame) = last_above(&mut self.frames, self.floor) else { break };
            match frame.ahead.next() {
                Some((slot, _)) => {
                    left -= 1;
                    self.descend(forest, slot);
                }
                None if self.look_ahead(forest, &|_| true) => {}
                None => drop(self.frames.pop()),
            }
        }
        self.write_base(forest);
        while left > 0 && self.next(forest).is_some() {
            left -= 1;
        }
    }

    /// Writes the ID of the document that the last frame goes below, with its dot.
    fn write_base(&mut self, forest: &Forest) {
        self.id.clear();
        if let Some(frame) = self.frames.last().filter(|frame| frame.parent != ROOT) {
            forest.push_id(frame.parent, &mut self.id);
            self.id.push('.');
        }
        let behind_dots = self.id.match_indices('.').map(|(dot, _)| dot + 1);
        for (frame, base) in self.frames.iter_mut().zip([0].into_iter().chain(behind_dots)) {
            frame.base = base;
        }
    }

    /// Looks up what comes next in the last frame; false when nothing does.
    fn look_ahead(&mut self, forest: &Forest, is_wanted: &impl Fn(u32) -> bool) -> bool {
        let Some(frame) = self.frames.last_mut() else { return false };
        let partitions = forest.list(frame.parent);
        while let Some(&partition) = partitions.get(frame.partition) {
            let Some(entry) = forest.partitions.get(partition) else { return false };
            let run = entry.members.run_from(frame.position);
            if run.is_empty() {
                frame.partition += 1;
                frame.position = 0;
                continue;
            }
            let is_wanted = is_wanted(entry.prefix);
            frame.ahead = Ahead { prefix: entry.prefix, is_wanted, ..Ahead::default() };
            let reach = if is_wanted { self.reach } else { UNWANTED_MAX };
            let run = run.get(..reach).unwrap_or(run);
            if !is_wanted {
                forest.prefetch_nodes(run.iter().copied());
            }
            let mut nodes = forest.nodes.reader();
            for &slot in run {
                let mut is_parent =
                    || nodes.get(slot).is_some_and(|node| !node.children.is_empty());
                if (is_wanted || is_parent()) && !frame.ahead.add(slot, frame.position) {
                    break;
                }
                frame.position += 1;
            }
            if frame.ahead.end == 0 {
                continue;
            }
            self.reach = AHEAD_MAX.min(self.reach * 2);
            if frame.ahead.end > 2 {
                forest.prefetch_below(&frame.ahead);
            }
            return true;
        }
        false
    }

    /// The prefix of the partition that the document is in that `next` gave last; none for an
    /// unplaced one.
    pub(crate) fn prefix(&self) -> Option<u32> {
        self.unplaced.is_none().then_some(self.prefix)
    }

    /// The ID of the document that `next` gave last; none for an unplaced one.
    pub(crate) fn id(&self) -> Option<&str> {
        match self.unplaced {
            Some(_) => None,
            None => Some(self.id.strip_suffix('.').unwrap_or(&self.id)),
        }
    }

    fn descend(&mut self, forest: &Forest, parent: u32) {
        if forest.list(parent).is_empty() || self.frames.len() >= super::LEVELS_MAX as usize {
            return;
        }
        if parent != ROOT {
            self.id.push('.');
        }
        let (base, ahead) = (self.id.len(), Ahead::default());
        self.frames.push(Frame { parent, partition: 0, position: 0, base, ahead });
    }

    /// Moves the last frame behind `step` and goes below it. False when the document of that step
    /// is not there any more.
    fn seek(&mut self, forest: &Forest, step: &Step) -> bool {
        let Some(frame) = self.frames.last_mut() else { return false };
        let partitions = forest.list(frame.parent);
        frame.partition = partitions.partition_point(|&other| forest.codes_of(other) < step.codes);
        let partition = partitions.get(frame.partition).copied();
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

fn last_above(frames: &mut [Frame], floor: usize) -> Option<&mut Frame> {
    frames.get_mut(floor..).and_then(<[Frame]>::last_mut)
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
    fn prefetch_nodes(&self, slots: impl Iterator<Item = u32>) {
        let mut nodes = self.nodes.reader();
        for node in slots.filter_map(|slot| nodes.get(slot)) {
            prefetch(&node.parent);
        }
    }

    /// Asks memory for what a walk needs of documents, in stages: within each, nothing waits for
    /// anything else.
    fn prefetch_below(&self, ahead: &Ahead) {
        if ahead.is_wanted {
            self.prefetch_nodes(ahead.slots());
        }
        let mut nodes = self.nodes.reader();
        let first = |slot| nodes.get(slot)?.children.as_slice().first().copied();
        let mut below = [0; AHEAD_MAX];
        let mut count = 0;
        for (place, partition) in below.iter_mut().zip(ahead.slots().filter_map(first)) {
            *place = partition;
            count += 1;
        }
        let below = || below.iter().take(count).filter_map(|&it| self.partitions.get(it));
        below().for_each(|partition| prefetch(&partition.parent));
        self.prefetch_nodes(below().filter_map(|it| it.members.select(0)));
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
