//! Placing all documents of a store at once.

use std::sync::Arc;

use crate::ids::LEVELS_MAX;
use crate::ids::forest::{Forest, MISSING, Node, Parent, Partition, ROOT, Seat};
use crate::ids::partition_list::PartitionList;
use crate::index::Members;
use crate::model::schema::Schema;
use crate::model::time::Time;

impl Forest {
    /// The forest of documents that take these seats in the order of their slots; `uuid` tells who
    /// they are. Numbers are dense.
    pub(crate) fn of(schema: Arc<Schema>, seats: &[Seat], uuid: impl Fn(u32) -> u128) -> Forest {
        let mut forest = Forest::new(schema);
        match deepest(seats) {
            Some(deepest) => {
                forest.deepest = deepest;
                forest.place(seats);
            }
            // Who waits for whom, and who never gets a place, is found out one by one.
            None => {
                for (slot, seat) in (0..).zip(seats) {
                    let parent = match seat.parent {
                        Parent::Slot(parent) if parent >= slot => {
                            Parent::Missing(Some(uuid(parent)))
                        }
                        parent => parent,
                    };
                    forest.insert(uuid(slot), &Seat { parent, ..*seat });
                }
            }
        }
        forest
    }

    /// Places documents that all have a place.
    fn place(&mut self, seats: &[Seat]) {
        let in_order = seats.is_sorted_by_key(|seat| seat.created);
        let newest = seats.last().map_or(Time::MIN, |seat| seat.created);
        self.newest = in_order.then_some(newest);
        let prefixes: Vec<u32> = seats.iter().map(|seat| self.open_prefix(&seat.codes)).collect();
        let order = self.prefixes.order();
        let rank = |slot: u32| {
            let prefix = prefixes.get(slot as usize);
            prefix.and_then(|&prefix| order.get(prefix as usize)).copied()
        };
        let created = |slot: u32| seats.get(slot as usize).map(|seat| seat.created);
        let mut nodes: Vec<Node> = seats.iter().map(node).collect();
        let mut partitions = Vec::new();
        Families::of(seats).each(|parent, members| {
            match in_order {
                true => members.sort_by_key(|&slot| rank(slot)),
                false => members.sort_by_key(|&slot| (rank(slot), created(slot))),
            }
            let mut list = PartitionList::default();
            for (place, run) in
                members.chunk_by(|&one, &other| rank(one) == rank(other)).enumerate()
            {
                let number = partitions.len() as u32;
                list.insert(place, number);
                for &slot in run {
                    if let Some(node) = nodes.get_mut(slot as usize) {
                        node.partition = number;
                    }
                }
                let first = run.first().and_then(|&slot| prefixes.get(slot as usize));
                partitions.push(Partition {
                    parent,
                    prefix: first.copied().unwrap_or_default(),
                    highest: 0,
                    members: Members::of(run),
                });
            }
            match nodes.get_mut(parent as usize) {
                Some(node) => node.children = list,
                None => self.roots = list,
            }
        });
        self.nodes.extend(nodes);
        self.partitions.extend(partitions);
    }
}

fn node(seat: &Seat) -> Node {
    let parent = match seat.parent {
        Parent::Root => ROOT,
        Parent::Slot(parent) => parent,
        Parent::Missing(_) => MISSING,
    };
    Node {
        created: seat.created,
        parent,
        partition: 0,
        number: 0,
        children: PartitionList::default(),
    }
}

/// The deepest level of documents that all have a place; none when one has not.
fn deepest(seats: &[Seat]) -> Option<u32> {
    let mut levels = vec![0; seats.len()];
    let mut way = Vec::new();
    let mut deepest = 0;
    for slot in 0..seats.len() {
        let mut at = slot;
        let above = loop {
            match levels.get(at) {
                Some(0) => {}
                known => break known.copied()?,
            }
            way.push(at);
            // A circle has no end either.
            if way.len() > LEVELS_MAX as usize {
                return None;
            }
            match seats.get(at)?.parent {
                Parent::Root => break 0,
                Parent::Slot(parent) => at = parent as usize,
                Parent::Missing(_) => return None,
            }
        };
        let mut level = above;
        while let Some(at) = way.pop() {
            level += 1;
            levels.get_mut(at).into_iter().for_each(|known| *known = level);
        }
        deepest = deepest.max(level);
    }
    (deepest <= LEVELS_MAX).then_some(deepest)
}

/// Who hangs below whom.
struct Families {
    /// Where the children of each document begin among `members`, and at the end the roots.
    starts: Vec<u32>,
    /// All documents by their parents, each family in the order of slots.
    members: Vec<u32>,
}

impl Families {
    fn of(seats: &[Seat]) -> Families {
        let family = |seat: &Seat| match seat.parent {
            Parent::Slot(parent) => parent as usize,
            Parent::Root | Parent::Missing(_) => seats.len(),
        };
        // One place more: what is counted there moves up when the sums are made.
        let mut starts = vec![0; seats.len() + 2];
        for seat in seats {
            starts.get_mut(family(seat) + 1).into_iter().for_each(|count| *count += 1);
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut next = starts.clone();
        let mut members = vec![0; seats.len()];
        for (slot, seat) in (0..).zip(seats) {
            let Some(place) = next.get_mut(family(seat)) else { continue };
            members.get_mut(*place as usize).into_iter().for_each(|member| *member = slot);
            *place += 1;
        }
        Families { starts, members }
    }

    /// Gives the parents with their children, and the roots at the end.
    fn each(mut self, mut take: impl FnMut(u32, &mut [u32])) {
        let roots = self.starts.len().saturating_sub(2);
        for (parent, bounds) in self.starts.windows(2).enumerate() {
            let &[start, end] = bounds else { continue };
            let parent = if parent == roots { ROOT } else { parent as u32 };
            match self.members.get_mut(start as usize..end as usize) {
                Some(members) if !members.is_empty() => take(parent, members),
                _ => {}
            }
        }
    }
}
