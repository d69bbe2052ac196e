//! [`Entries`]: the entries of an index in their order, with rank and select.
//!
//! An entry is a key and the slot of a document. Entries are ordered by key; of two with equal keys
//! the caller says which comes first.

use std::cmp::Ordering;
use std::sync::Arc;

use super::key::Key;
use super::tree::{Child, Node};

/// A key and the document that has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Entry {
    pub(crate) key: Key,
    pub(crate) slot: u32,
}

/// An ordered list of entries that is cloned in constant time.
#[derive(Clone)]
pub(crate) struct Entries {
    len: u32,
    root: Arc<Node<Entry>>,
}

impl Default for Entries {
    fn default() -> Entries {
        Entries { len: 0, root: Arc::new(Node::Leaf(Vec::new())) }
    }
}

impl Entries {
    /// The entries of a list that is in order.
    pub(crate) fn from_list(list: Vec<Entry>) -> Entries {
        Entries { len: list.len() as u32, root: Arc::new(Node::from_list(list)) }
    }

    /// The number of entries.
    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    /// Adds an entry at its place; false when it is there already. `ties` orders the documents
    /// that have one key.
    pub(crate) fn insert(&mut self, entry: Entry, ties: &impl Fn(u32, u32) -> Ordering) -> bool {
        let position = match self.root.last() {
            Some(last) if compare(last, &entry, ties).is_ge() => {
                let (position, last) = self.locate(&entry, ties);
                if last.is_some_and(|last| compare(last, &entry, ties).is_eq()) {
                    return false;
                }
                position
            }
            _ => self.len,
        };
        let at_end = position == self.len;
        self.len += 1;
        if let Some(right) = Arc::make_mut(&mut self.root).insert(position, entry, at_end) {
            let left = Child::new(Arc::clone(&self.root));
            self.root = Arc::new(Node::Inner(vec![left, right]));
        }
        true
    }

    /// Takes an entry out; false when it is not there.
    pub(crate) fn remove(&mut self, entry: &Entry, ties: &impl Fn(u32, u32) -> Ordering) -> bool {
        let (count, last) = self.locate(entry, ties);
        if last.is_none_or(|last| compare(last, entry, ties).is_ne()) {
            return false;
        }
        self.len -= 1;
        Arc::make_mut(&mut self.root).remove(count - 1);
        while let Some(only) = self.root.only_child() {
            self.root = only;
        }
        true
    }

    /// How many entries come up to `entry`, and the last of them.
    fn locate(&self, entry: &Entry, ties: &impl Fn(u32, u32) -> Ordering) -> (u32, Option<&Entry>) {
        let before = |other: &Entry| compare(other, entry, ties).is_le();
        self.root.locate(before, before)
    }

    /// How many entries are `before`, which holds for the first ones and no others.
    pub(crate) fn position(&self, before: impl Fn(&Entry) -> bool) -> u32 {
        self.root.locate(&before, &before).0
    }

    /// The entry at `position`, counted from 0.
    pub(crate) fn select(&self, position: u32) -> Option<&Entry> {
        self.root.rest_of_leaf(position).first()
    }

    /// The entries from `position` on, in order.
    pub(crate) fn iter_from(&self, position: u32) -> Iter<'_> {
        Iter { entries: self, next: position, leaf: [].iter() }
    }
}

fn compare(one: &Entry, other: &Entry, ties: &impl Fn(u32, u32) -> Ordering) -> Ordering {
    one.key.cmp(&other.key).then_with(|| match one.slot == other.slot {
        true => Ordering::Equal,
        false => ties(one.slot, other.slot),
    })
}

/// What [`Entries::iter_from`] gives.
pub(crate) struct Iter<'a> {
    entries: &'a Entries,
    /// The position of the first entry behind `leaf`.
    next: u32,
    /// What is left of the leaf that is being read.
    leaf: std::slice::Iter<'a, Entry>,
}

impl<'a> Iterator for Iter<'a> {
    type Item = &'a Entry;

    fn next(&mut self) -> Option<&'a Entry> {
        if self.leaf.len() == 0 {
            let leaf = self.entries.root.rest_of_leaf(self.next);
            self.next += leaf.len() as u32;
            self.leaf = leaf.iter();
        }
        self.leaf.next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::random::Random;

    fn entry(key: &str, slot: u32) -> Entry {
        Entry { key: Key::from(key.as_bytes()), slot }
    }

    /// Of two documents the younger comes first: an order that is not that of the numbers.
    fn ties(one: u32, other: u32) -> Ordering {
        other.cmp(&one)
    }

    fn check(entries: &Entries, model: &[Entry]) {
        entries.root.sane_or_empty(entries.len);
        assert_eq!(entries.len() as usize, model.len());
        assert!(entries.iter_from(0).eq(model));
        for (position, entry) in (0..).zip(model) {
            assert_eq!(entries.select(position), Some(entry));
        }
        assert_eq!(entries.select(entries.len()), None);
        let middle = model.len() / 2;
        assert!(entries.iter_from(middle as u32).eq(&model[middle..]));
    }

    #[test]
    fn random_operations_agree_with_a_vector_and_clones_stay_as_they_were() {
        let mut random = Random::new(7);
        let (mut entries, mut model) = (Entries::default(), Vec::<Entry>::new());
        let mut clones = Vec::new();
        for step in 0..40_000 {
            let key = format!("{:0width$}", random.below(300), width = 1 + random.below(30));
            let new = entry(&key, random.below(50) as u32);
            let found = model.binary_search_by(|old| compare(old, &new, &ties));
            let growing = step / 8_000 % 2 == 0;
            if growing == (random.below(10) < 8) {
                assert_eq!(entries.insert(new.clone(), &ties), found.is_err());
                found.err().into_iter().for_each(|at| model.insert(at, new.clone()));
            } else {
                assert_eq!(entries.remove(&new, &ties), found.is_ok());
                found.ok().into_iter().for_each(|at| drop(model.remove(at)));
            }
            if random.below(4_000) == 0 {
                clones.push((entries.clone(), model.clone()));
            }
        }
        check(&entries, &model);
        clones.iter().for_each(|(entries, model)| check(entries, model));
        while let Some(last) = model.pop() {
            assert!(entries.remove(&last, &ties));
        }
        check(&entries, &[]);
    }

    #[test]
    fn a_list_in_order_becomes_a_tree_that_can_be_changed() {
        for len in [0, 1, 51, 52, 816, 817, 5_000] {
            let mut model: Vec<Entry> = (0..len).map(|n| entry(&format!("{n:05}"), n)).collect();
            let mut entries = Entries::from_list(model.clone());
            check(&entries, &model);
            while let Some(last) = model.pop() {
                assert!(entries.remove(&last, &ties));
            }
            check(&entries, &[]);
        }
    }

    #[test]
    fn a_position_is_found_by_any_partition() {
        let mut entries = Entries::default();
        for slot in 0..1_000 {
            assert!(entries.insert(entry(&format!("{:03}", slot / 10), slot), &ties));
        }
        let below = |key: &str| entries.position(|entry| entry.key < Key::from(key.as_bytes()));
        assert_eq!((below(""), below("000"), below("001"), below("05")), (0, 0, 10, 500));
        assert_eq!((below("0505"), below("1")), (510, 1_000));
        let slots: Vec<u32> = entries.iter_from(10).take(3).map(|entry| entry.slot).collect();
        assert_eq!(slots, [19, 18, 17]);
        assert_eq!(entries.iter_from(1_000).next(), None);
        assert!(size_of::<Entry>() <= 40);
    }
}
