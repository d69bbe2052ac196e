//! Stable numbering: a number, once given in a partition, stays with its document.
//!
//! Documents carry the numbers they were given; a partition remembers the highest one, so that the
//! number of a document that has gone is not given again.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::ids::forest::{Forest, Parent, ROOT, Seat, SortKey, order};
use crate::ids::{NUMBER_MAX, prefixes};
use crate::index::Members;

/// The highest numbers given, by parent (none: the roots) and prefix text.
pub(crate) type Highest = BTreeMap<(Option<u32>, String), u32>;

impl Forest {
    /// The number that a document taking `seat` gets, or 0 where numbers are dense or it has none.
    /// `own` is its slot, if it is there already.
    pub(crate) fn number_at(&self, seat: &Seat, own: Option<u32>) -> u32 {
        let parent = match seat.parent {
            _ if !self.stable => return 0,
            Parent::Missing(_) => return 0,
            Parent::Root => ROOT,
            Parent::Slot(parent) => parent,
        };
        match self.prefix_of(&seat.codes).and_then(|prefix| self.find_partition(parent, prefix).1) {
            Some(partition) => self.free_number(partition, seat.claim, own),
            None => seat.claim.clamp(1, NUMBER_MAX),
        }
    }

    /// Whether numbers stay with their documents.
    pub(crate) fn numbers_stay(&self) -> bool {
        self.stable
    }

    /// The prefix text that a document with these codes shows.
    pub(crate) fn prefix_text(&self, seat: &Seat) -> String {
        prefixes::text(&prefixes::visible(&seat.codes, &self.schema), &self.schema)
    }

    /// `claim` if no member but `own` has it, or else the next number.
    pub(super) fn free_number(&self, partition: u32, claim: u32, own: Option<u32>) -> u32 {
        let Some(partition) = self.partitions.get(partition) else { return claim.max(1) };
        let number_of = |slot| self.nodes.get(slot).map_or(0, |node| node.number);
        let place = partition.members.position_by(|slot| number_of(slot).cmp(&claim));
        let holder = partition.members.select(place).filter(|&slot| Some(slot) != own);
        let taken = holder.map(number_of) == Some(claim);
        if (1..=NUMBER_MAX).contains(&claim) && !taken {
            claim
        } else {
            partition.highest.saturating_add(1)
        }
    }

    /// Turns to stable numbering once all documents are in: each keeps the number that `claim`
    /// finds for it (by slot and prefix text; 0: none), of two with one number the older, and the
    /// others get new ones in order of creation. Returns the documents whose number is new.
    pub(crate) fn number_stably(
        &mut self,
        mut highest: Highest,
        claim: &dyn Fn(u32, &str) -> u32,
    ) -> Vec<(u32, u32)> {
        self.open_remembered(&mut highest);
        self.stable = true;
        let mut assigned = Vec::new();
        for number in 0..self.partitions.len() {
            self.number_partition(number, claim, &mut assigned);
        }
        assigned
    }

    /// Makes the partitions that have no member now but gave numbers once.
    fn open_remembered(&mut self, highest: &mut Highest) {
        for ((parent, text), number) in std::mem::take(highest) {
            let Some(codes) = prefixes::read(&text, &self.schema) else { continue };
            let prefix = Arc::make_mut(&mut self.prefixes).intern(codes, &self.schema);
            let partition = self.open_partition(parent.unwrap_or(ROOT), prefix);
            if let Some(partition) = self.partitions.get_mut(partition) {
                partition.highest = partition.highest.max(number.min(NUMBER_MAX));
            }
        }
    }

    fn number_partition(
        &mut self,
        number: u32,
        claim: &dyn Fn(u32, &str) -> u32,
        assigned: &mut Vec<(u32, u32)>,
    ) {
        let Some(partition) = self.partitions.get(number) else { return };
        let text = self.prefixes.text(partition.prefix);
        let mut taken = BTreeMap::new();
        let mut late = Vec::new();
        for slot in partition.members.iter_from(0) {
            let claimed = claim(slot, text);
            // A number that leaves no room for others is a person's slip.
            if claimed == 0 || claimed > NUMBER_MAX || taken.contains_key(&claimed) {
                late.push(slot);
            } else {
                taken.insert(claimed, slot);
            }
        }
        let mut highest = partition.highest.max(taken.keys().next_back().copied().unwrap_or(0));
        for slot in late {
            highest = highest.saturating_add(1);
            taken.insert(highest, slot);
            assigned.push((slot, highest));
        }
        let mut members = Members::new();
        for (&number, &slot) in &taken {
            if let Some(node) = self.nodes.get_mut(slot) {
                node.number = number;
            }
            members.insert(slot, &order(&self.nodes, SortKey::Number));
        }
        if let Some(partition) = self.partitions.get_mut(number) {
            partition.members = members;
            partition.highest = highest;
        }
    }

    /// The highest numbers given so far.
    pub(crate) fn highest_numbers(&self) -> Highest {
        let mut found = Highest::new();
        for partition in self.partitions.iter().filter(|partition| partition.highest > 0) {
            let parent = (partition.parent != ROOT).then_some(partition.parent);
            let text = self.prefixes.text(partition.prefix).to_owned();
            found.insert((parent, text), partition.highest);
        }
        found
    }
}
