//! Who hangs below whom, and the partitions that this makes.
//!
//! Slots number documents in order of arrival; their order decides between equal times of
//! creation. A document whose chain of parents does not end at a root (a missing parent, a cycle, a
//! chain that is too long: all of them from hand-edited files) is *unplaced*: it has no ID.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::ids::id_text::{Backwards, digits};
use crate::ids::partition_list::PartitionList;
use crate::ids::prefixes::{self, Prefixes};
use crate::index::{Members, Table};
use crate::memory::prefetch;
use crate::model::document::Codes;
use crate::model::schema::Schema;
use crate::model::time::Time;

pub(super) const ROOT: u32 = u32::MAX;
pub(super) const MISSING: u32 = u32::MAX - 1;
const NO_PARTITION: u32 = u32::MAX;

/// Whom a document hangs below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parent {
    /// Nobody: it is a root.
    Root,
    /// The document in that slot.
    Slot(u32),
    /// A document that is not there; its UUID, where one was given.
    Missing(Option<u128>),
}

/// What decides on the place of a document.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seat {
    pub(crate) created: Time,
    pub(crate) parent: Parent,
    pub(crate) codes: Codes,
    /// The number it was given before, with stable numbering; 0: none.
    pub(crate) claim: u32,
}

#[derive(Clone)]
pub(super) struct Node {
    pub(super) created: Time,
    pub(super) parent: u32,
    pub(super) partition: u32,
    pub(super) number: u32,
    /// Its children's partitions.
    pub(super) children: PartitionList,
}

#[derive(Clone, Default)]
pub(super) struct Partition {
    pub(super) parent: u32,
    pub(super) prefix: u32,
    /// The highest number ever given (stable numbering).
    pub(super) highest: u32,
    pub(super) members: Members,
}

/// All documents of a collection as trees.
#[derive(Clone)]
pub(crate) struct Forest {
    pub(super) schema: Arc<Schema>,
    pub(super) stable: bool,
    /// When the last document was created, while documents come in the order of their times.
    pub(super) newest: Option<Time>,
    pub(super) nodes: Table<Node>,
    pub(super) partitions: Table<Partition>,
    pub(super) prefixes: Arc<Prefixes>,
    pub(super) roots: PartitionList,
    free: Arc<Vec<u32>>,
    orphans: Arc<BTreeMap<u128, Vec<u32>>>,
    pub(super) unplaced: Arc<BTreeSet<u32>>,
    /// No placed document is on a deeper level.
    pub(super) deepest: u32,
}

impl Forest {
    /// An empty forest with dense numbers; [`Forest::number_stably`] makes them stable.
    pub(crate) fn new(schema: Arc<Schema>) -> Forest {
        Forest {
            schema,
            stable: false,
            newest: Some(Time::MIN),
            nodes: Table::new(),
            partitions: Table::new(),
            prefixes: Arc::default(),
            roots: PartitionList::default(),
            free: Arc::default(),
            orphans: Arc::default(),
            unplaced: Arc::default(),
            deepest: 0,
        }
    }

    /// Places a new document in the next slot, which is returned. `uuid` is who others may have
    /// been waiting for as their parent.
    pub(crate) fn insert(&mut self, uuid: u128, seat: &Seat) -> u32 {
        self.newest = self.newest.filter(|newest| *newest <= seat.created).map(|_| seat.created);
        let slot = self.nodes.push(Node {
            created: seat.created,
            parent: MISSING,
            partition: NO_PARTITION,
            number: 0,
            children: PartitionList::default(),
        });
        self.attach(slot, seat);
        self.settle(slot, None);
        if self.orphans.contains_key(&uuid) {
            self.adopt(uuid, slot);
        }
        slot
    }

    /// Moves a document to another place, its children with it.
    pub(crate) fn relocate(&mut self, slot: u32, seat: &Seat) {
        let level = self.level(slot);
        self.detach(slot);
        if self.created(slot) != seat.created {
            self.newest = None;
        }
        if let Some(node) = self.nodes.get_mut(slot) {
            node.created = seat.created;
        }
        self.attach(slot, seat);
        self.settle(slot, level);
    }

    /// Takes a document out. What hangs below it must be gone.
    pub(crate) fn remove(&mut self, slot: u32) {
        self.detach(slot);
        let children = self.nodes.get_mut(slot).map(|node| std::mem::take(&mut node.children));
        for &partition in children.unwrap_or_default().as_slice() {
            self.release(partition);
        }
        if self.unplaced.contains(&slot) {
            Arc::make_mut(&mut self.unplaced).remove(&slot);
        }
    }

    fn adopt(&mut self, uuid: u128, parent: u32) {
        let waiting = Arc::make_mut(&mut self.orphans).remove(&uuid).unwrap_or_default();
        for slot in waiting {
            let Some((created, codes, claim)) = self.orphan_seat(slot) else { continue };
            let seat = Seat { created, parent: Parent::Slot(parent), codes, claim };
            self.attach(slot, &seat);
            self.settle(slot, None);
        }
    }

    /// What an orphan brings along: its partition number holds its prefixes until it has one.
    fn orphan_seat(&self, slot: u32) -> Option<(Time, Codes, u32)> {
        let node = self.nodes.get(slot)?;
        Some((node.created, self.prefixes.codes(node.partition), node.number))
    }

    fn attach(&mut self, slot: u32, seat: &Seat) {
        let prefix = self.open_prefix(&seat.codes);
        let parent = match seat.parent {
            Parent::Root => ROOT,
            Parent::Slot(parent) => parent,
            Parent::Missing(uuid) => {
                self.wait(slot, uuid, prefix, seat.claim);
                return;
            }
        };
        let partition = self.open_partition(parent, prefix);
        let number = if self.stable { self.free_number(partition, seat.claim, None) } else { 0 };
        if let Some(node) = self.nodes.get_mut(slot) {
            node.parent = parent;
            node.partition = partition;
            node.number = number;
        }
        let order = order(&self.nodes, self.key());
        if let Some(partition) = self.partitions.get_mut(partition) {
            partition.members.insert(slot, &order);
            partition.highest = partition.highest.max(number);
        }
    }

    /// The prefix of the partitions that documents with these codes are in, made if need be.
    pub(super) fn open_prefix(&mut self, codes: &Codes) -> u32 {
        let visible = prefixes::visible(codes, &self.schema);
        match self.prefixes.find(&visible) {
            Some(known) => known,
            None => Arc::make_mut(&mut self.prefixes).intern(visible, &self.schema),
        }
    }

    fn wait(&mut self, slot: u32, uuid: Option<u128>, prefix: u32, claim: u32) {
        if let Some(node) = self.nodes.get_mut(slot) {
            node.parent = MISSING;
            node.partition = prefix;
            node.number = claim;
        }
        if let Some(uuid) = uuid {
            Arc::make_mut(&mut self.orphans).entry(uuid).or_default().push(slot);
        }
    }

    fn detach(&mut self, slot: u32) {
        let Some(node) = self.nodes.get(slot) else { return };
        let (parent, partition) = (node.parent, node.partition);
        if parent == MISSING {
            let orphans = Arc::make_mut(&mut self.orphans);
            for waiting in orphans.values_mut() {
                waiting.retain(|&orphan| orphan != slot);
            }
            orphans.retain(|_, waiting| !waiting.is_empty());
            return;
        }
        let order = order(&self.nodes, self.key());
        let Some(entry) = self.partitions.get_mut(partition) else { return };
        // It is not there when its parent went first, as in a cycle.
        let removed = entry.members.remove(slot, &order);
        // With stable numbering an empty partition remembers the numbers it gave.
        let is_done = removed && entry.members.is_empty() && entry.highest == 0;
        drop(order);
        if is_done {
            self.close_partition(parent, partition);
        }
    }

    /// The partition of `prefix` below `parent`, made if need be.
    pub(super) fn open_partition(&mut self, parent: u32, prefix: u32) -> u32 {
        let (place, found) = self.find_partition(parent, prefix);
        if let Some(found) = found {
            return found;
        }
        let partition = Partition { parent, prefix, ..Partition::default() };
        let reused = match self.free.last() {
            Some(_) => Arc::make_mut(&mut self.free).pop(),
            None => None,
        };
        let number = match reused {
            Some(number) => {
                if let Some(entry) = self.partitions.get_mut(number) {
                    *entry = partition;
                }
                number
            }
            None => self.partitions.push(partition),
        };
        if let Some(list) = self.list_mut(parent) {
            list.insert(place, number);
        }
        number
    }

    fn close_partition(&mut self, parent: u32, partition: u32) {
        if let Some(list) = self.list_mut(parent) {
            list.remove(partition);
        }
        self.release(partition);
    }

    fn release(&mut self, partition: u32) {
        if let Some(entry) = self.partitions.get_mut(partition) {
            *entry = Partition::default();
        }
        Arc::make_mut(&mut self.free).push(partition);
    }

    fn list_mut(&mut self, parent: u32) -> Option<&mut PartitionList> {
        match parent {
            ROOT => Some(&mut self.roots),
            slot => self.nodes.get_mut(slot).map(|node| &mut node.children),
        }
    }

    /// The partitions below `parent`, in the order of their prefixes.
    pub(super) fn list(&self, parent: u32) -> &[u32] {
        match parent {
            ROOT => self.roots.as_slice(),
            slot => self.nodes.get(slot).map_or(&[], |node| node.children.as_slice()),
        }
    }

    /// Where the partition of `prefix` stands, or would stand, below `parent`.
    pub(super) fn find_partition(&self, parent: u32, prefix: u32) -> (usize, Option<u32>) {
        let codes = self.prefixes.codes(prefix);
        let list = self.list(parent);
        match list.binary_search_by(|&other| self.codes_of(other).cmp(&codes)) {
            Ok(place) => (place, list.get(place).copied()),
            Err(place) => (place, None),
        }
    }

    /// The visible codes of a partition.
    pub(super) fn codes_of(&self, partition: u32) -> Codes {
        self.partitions.get(partition).map(|p| self.prefixes.codes(p.prefix)).unwrap_or_default()
    }

    /// Whom it hangs below. (The UUID of a missing parent is not kept here.)
    pub(crate) fn parent(&self, slot: u32) -> Parent {
        match self.nodes.get(slot).map(|node| node.parent) {
            Some(ROOT) => Parent::Root,
            Some(MISSING) | None => Parent::Missing(None),
            Some(parent) => Parent::Slot(parent),
        }
    }

    /// When it was created.
    pub(crate) fn created(&self, slot: u32) -> Time {
        self.nodes.get(slot).map_or(Time::MIN, |node| node.created)
    }

    /// Whether something hangs below it.
    pub(crate) fn has_children(&self, slot: u32) -> bool {
        self.children(slot).next().is_some()
    }

    /// Its children in the order of their IDs.
    pub(crate) fn children(&self, slot: u32) -> impl Iterator<Item = u32> + '_ {
        self.list(slot)
            .iter()
            .filter_map(|&partition| self.partitions.get(partition))
            .flat_map(|partition| partition.members.iter_from(0))
    }

    /// All that hangs below it, parents before children, in the order of IDs. Costs its size.
    pub(crate) fn descendants(&self, top: u32) -> Vec<u32> {
        let mut found = Vec::new();
        let mut stack: Vec<u32> = self.children(top).collect();
        stack.reverse();
        while let Some(slot) = stack.pop() {
            // Only a cycle leads back to its top.
            if slot == top {
                continue;
            }
            found.push(slot);
            let first = stack.len();
            stack.extend(self.children(slot));
            if let Some(added) = stack.get_mut(first..) {
                added.reverse();
            }
        }
        found
    }

    /// Its short ID; none for an unplaced document. Costs its level times a rank.
    pub(crate) fn id(&self, slot: u32) -> Option<String> {
        let mut id = String::new();
        self.push_id(slot, &mut id).map(|()| id)
    }

    /// Appends what [`Forest::id`] gives.
    pub(crate) fn push_id(&self, slot: u32, out: &mut String) -> Option<()> {
        if !self.is_placed(slot) {
            return None;
        }
        let start = out.len();
        let mut end = Backwards::default();
        let mut at = slot;
        while at != ROOT {
            let node = self.nodes.get(at)?;
            let partition = self.partitions.get(node.partition)?;
            let dot = if at == slot { "" } else { "." };
            let number = self.number_in(partition, at)?;
            let (prefix, mut room) = (self.prefixes.text(partition.prefix), [0; 10]);
            for part in [dot, digits(number, &mut room), prefix] {
                end.put(part, start, out);
            }
            at = node.parent;
        }
        out.insert_str(start, end.text());
        Some(())
    }

    /// Asks memory for what the IDs of documents are made of, level by level.
    pub(crate) fn prefetch_paths(&self, slots: impl Iterator<Item = u32>) {
        // Unplaced ones may be their own ancestors.
        let mut slots: Vec<u32> = slots.filter(|&slot| self.is_placed(slot)).collect();
        let ask = |slot| self.nodes.get(slot).into_iter().for_each(|node| prefetch(&node.parent));
        slots.iter().copied().for_each(ask);
        while !slots.is_empty() {
            slots.retain_mut(|slot| {
                let Some(node) = self.nodes.get(*slot) else { return false };
                let partition = self.partitions.get(node.partition);
                partition.into_iter().for_each(|partition| prefetch(&partition.parent));
                *slot = node.parent;
                ask(node.parent);
                node.parent != ROOT
            });
        }
    }

    /// The number that its ID ends with, and the prefix text before it.
    pub(crate) fn number(&self, slot: u32) -> Option<(&str, u32)> {
        let partition = self.partitions.get(self.nodes.get(slot)?.partition)?;
        Some((self.prefixes.text(partition.prefix), self.number_in(partition, slot)?))
    }

    /// The prefix of the partitions that documents with these codes are in.
    pub(crate) fn prefix_of(&self, codes: &Codes) -> Option<u32> {
        self.prefixes.find(&prefixes::visible(codes, &self.schema))
    }

    /// What members of partitions are in the order of.
    fn key(&self) -> SortKey {
        match (self.stable, self.newest) {
            (true, _) => SortKey::Number,
            (false, None) => SortKey::Created,
            (false, Some(_)) => SortKey::Arrival,
        }
    }

    fn number_in(&self, partition: &Partition, slot: u32) -> Option<u32> {
        if self.stable {
            return self.nodes.get(slot).map(|node| node.number);
        }
        let rank = partition.members.rank(slot, &order(&self.nodes, self.key()))?;
        Some(rank + 1)
    }
}

/// What the order of the members of a partition goes by; of two that are equal, the one that came
/// first comes first.
#[derive(Clone, Copy)]
pub(super) enum SortKey {
    Number,
    Created,
    /// Nothing else: documents came in the order of their times. Needs no look at them.
    Arrival,
}

/// The order of the members of a partition.
pub(super) fn order(nodes: &Table<Node>, key: SortKey) -> impl Fn(u32, u32) -> Ordering + '_ {
    let both = |one, other| Some((nodes.get(one)?, nodes.get(other)?));
    move |one, other| {
        let by_key = match key {
            SortKey::Number => both(one, other).map(|(one, other)| one.number.cmp(&other.number)),
            SortKey::Created => {
                both(one, other).map(|(one, other)| one.created.cmp(&other.created))
            }
            SortKey::Arrival => None,
        };
        by_key.unwrap_or(Ordering::Equal).then(one.cmp(&other))
    }
}
