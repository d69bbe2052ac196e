//! [`Table`]: a persistent vector, the form of every column of a store.
//!
//! The entries lie in leaves of `LEAF`, the leaves in a tree of narrow nodes, and the last, still
//! growing leaf apart from the tree, so that adding an entry copies at most that leaf. It only
//! grows: entries are changed in place, never taken out.

use std::sync::Arc;

/// How many bits of a leaf's number each level of the tree takes.
const LEVEL_BITS: u32 = 4;
/// The largest number of children of a node.
const FANOUT: u32 = 1 << LEVEL_BITS;

/// A vector that is cloned in constant time; `LEAF` is a power of two.
pub(crate) struct Table<T, const LEAF: usize = 64> {
    /// All full leaves but the last one.
    tree: Node<T>,
    /// How many levels of inner nodes the tree has, at least one.
    height: u32,
    /// How many entries the tree holds: a multiple of `LEAF`.
    in_tree: u32,
    /// The last leaf, of at most `LEAF` entries.
    tail: Arc<Roomy<T>>,
}

enum Node<T> {
    Inner(Arc<[Node<T>]>),
    Leaf(Arc<[T]>),
}

impl<T> Clone for Node<T> {
    fn clone(&self) -> Self {
        match self {
            Node::Inner(children) => Node::Inner(Arc::clone(children)),
            Node::Leaf(items) => Node::Leaf(Arc::clone(items)),
        }
    }
}

impl<T, const LEAF: usize> Clone for Table<T, LEAF> {
    fn clone(&self) -> Self {
        Table {
            tree: self.tree.clone(),
            height: self.height,
            in_tree: self.in_tree,
            tail: Arc::clone(&self.tail),
        }
    }
}

impl<T, const LEAF: usize> Default for Table<T, LEAF> {
    fn default() -> Self {
        Table::new()
    }
}

impl<T, const LEAF: usize> Table<T, LEAF> {
    /// `LEAF`, checked when the program is compiled.
    const LEAF_LEN: u32 = {
        assert!(LEAF.is_power_of_two() && LEAF > 1 && LEAF <= 1 << 16, "not a leaf size");
        LEAF as u32
    };

    /// A table without entries.
    pub(crate) fn new() -> Self {
        Table {
            tree: Node::Inner(Arc::default()),
            height: 1,
            in_tree: 0,
            tail: Arc::new(Roomy(Vec::new())),
        }
    }

    /// The number of entries.
    pub(crate) fn len(&self) -> u32 {
        self.in_tree + self.tail.0.len() as u32
    }

    /// The entry at `index`, which counts from 0.
    pub(crate) fn get(&self, index: u32) -> Option<&T> {
        if index >= self.in_tree {
            return self.tail.0.get((index - self.in_tree) as usize);
        }
        self.leaf(index)?.get((index % Self::LEAF_LEN) as usize)
    }

    /// The leaf of the tree that holds the entry at `index`.
    fn leaf(&self, index: u32) -> Option<&[T]> {
        let number = index / Self::LEAF_LEN;
        let mut node = &self.tree;
        let mut level = self.height;
        loop {
            match node {
                Node::Inner(children) => {
                    level = level.checked_sub(1)?;
                    node = children.get(place(number, level))?;
                }
                Node::Leaf(items) => return Some(items),
            }
        }
    }

    /// For whoever reads many entries that lie near each other.
    pub(crate) fn reader(&self) -> Reader<'_, T, LEAF> {
        Reader { table: self, first: 0, leaf: &[] }
    }

    /// How many entries lie in leaves that `other` does not share.
    pub(crate) fn entries_beyond(&self, other: &Self) -> usize {
        let tail = if Arc::ptr_eq(&self.tail, &other.tail) { 0 } else { self.tail.0.len() };
        tail + entries_beyond(&self.tree, self.height, &other.tree, other.height)
    }

    /// The entries in their order.
    pub(crate) fn iter(&self) -> Iter<'_, T, LEAF> {
        Iter { table: self, next: 0, leaf: [].iter() }
    }
}

impl<T: Clone, const LEAF: usize> Table<T, LEAF> {
    /// The entry at `index`, to be changed; copies what other clones hold of the way there.
    pub(crate) fn get_mut(&mut self, index: u32) -> Option<&mut T> {
        if index >= self.len() {
            return None;
        }
        if index >= self.in_tree {
            return Arc::make_mut(&mut self.tail).0.get_mut((index - self.in_tree) as usize);
        }
        let number = index / Self::LEAF_LEN;
        let mut node = &mut self.tree;
        let mut level = self.height;
        loop {
            match node {
                Node::Inner(children) => {
                    level = level.checked_sub(1)?;
                    node = Arc::make_mut(children).get_mut(place(number, level))?;
                }
                Node::Leaf(items) => {
                    return Arc::make_mut(items).get_mut((index % Self::LEAF_LEN) as usize);
                }
            }
        }
    }

    /// Adds an entry at the end and tells its index.
    ///
    /// # Panics
    /// When there are `u32::MAX` entries; whoever adds keeps to a limit below that.
    pub(crate) fn push(&mut self, item: T) -> u32 {
        let index = self.len();
        assert!(index < u32::MAX, "a table is full");
        if self.tail.0.len() >= LEAF {
            self.move_tail_into_tree();
        }
        Arc::make_mut(&mut self.tail).0.push(item);
        index
    }

    /// Adds entries at the end, faster than one by one.
    ///
    /// # Panics
    /// As [`Table::push`] does.
    pub(crate) fn extend(&mut self, items: impl IntoIterator<Item = T>) {
        let mut items = items.into_iter();
        while let Some(item) = items.next() {
            self.push(item);
            let tail = &mut Arc::make_mut(&mut self.tail).0;
            let room = LEAF.saturating_sub(tail.len());
            tail.reserve(room.min(items.size_hint().0));
            tail.extend(items.by_ref().take(room));
            assert!(self.len() < u32::MAX, "a table is full");
        }
    }

    /// Makes the full tail a leaf of the tree, and the tail empty.
    fn move_tail_into_tree(&mut self) {
        let full = std::mem::replace(&mut self.tail, Arc::new(Roomy(Vec::new())));
        let leaf = Node::Leaf(Arc::from(Arc::unwrap_or_clone(full).0));
        let number = self.in_tree / Self::LEAF_LEN;
        if u64::from(number) >= 1 << (LEVEL_BITS * self.height) {
            self.tree = Node::Inner(Arc::from([self.tree.clone()]));
            self.height += 1;
        }
        hang(&mut self.tree, number, self.height, leaf);
        self.in_tree += Self::LEAF_LEN;
    }
}

/// Where in a node of `level` (0: its children are leaves) the way to leaf `number` goes on.
fn place(number: u32, level: u32) -> usize {
    ((number >> (level * LEVEL_BITS)) % FANOUT) as usize
}

/// How many entries below `node` lie in leaves that `other`, a node over the same first entries,
/// does not share.
fn entries_beyond<T>(node: &Node<T>, height: u32, other: &Node<T>, other_height: u32) -> usize {
    match (node, other) {
        (_, Node::Inner(others)) if other_height > height => {
            others.first().map_or(0, |first| entries_beyond(node, height, first, other_height - 1))
        }
        (Node::Leaf(items), Node::Leaf(others)) => {
            if Arc::ptr_eq(items, others) {
                0
            } else {
                items.len()
            }
        }
        (Node::Inner(children), Node::Inner(others)) if !Arc::ptr_eq(children, others) => {
            let pairs = children.iter().zip(others.iter());
            pairs.map(|(one, other)| entries_beyond(one, height - 1, other, height - 1)).sum()
        }
        _ => 0,
    }
}

/// Hangs the next leaf, which has `number`, into `node`, which has `height` levels below it.
fn hang<T>(node: &mut Node<T>, number: u32, height: u32, leaf: Node<T>) {
    let Node::Inner(children) = node else { return };
    let level = height - 1;
    let place = place(number, level);
    if place < children.len() {
        if let Some(child) = Arc::make_mut(children).get_mut(place) {
            hang(child, number, level, leaf);
        }
    } else {
        let branch = (0..level).fold(leaf, |below, _| Node::Inner(Arc::from([below])));
        *children = children.iter().cloned().chain([branch]).collect();
    }
}

/// A vector whose copies have room for one item more: they are made to be added to.
pub(super) struct Roomy<T>(pub(super) Vec<T>);

impl<T: Clone> Clone for Roomy<T> {
    fn clone(&self) -> Self {
        let mut copy = Vec::with_capacity((self.0.len() + 1).next_power_of_two());
        copy.extend_from_slice(&self.0);
        Roomy(copy)
    }
}

/// What [`Table::reader`] gives: it finds an entry at once that lies in the leaf of the last one.
pub(crate) struct Reader<'a, T, const LEAF: usize> {
    table: &'a Table<T, LEAF>,
    /// The index of the first entry of `leaf`.
    first: u32,
    leaf: &'a [T],
}

impl<'a, T, const LEAF: usize> Reader<'a, T, LEAF> {
    /// The entry at `index`, as [`Table::get`] gives it.
    pub(crate) fn get(&mut self, index: u32) -> Option<&'a T> {
        let here = self.leaf.get(index.wrapping_sub(self.first) as usize);
        if here.is_some() {
            return here;
        }
        let first = index - index % Table::<T, LEAF>::LEAF_LEN;
        self.leaf = match index >= self.table.in_tree {
            true => &self.table.tail.0,
            false => self.table.leaf(index)?,
        };
        self.first = first.min(self.table.in_tree);
        self.leaf.get((index - self.first) as usize)
    }
}

/// What [`Table::iter`] gives.
pub(crate) struct Iter<'a, T, const LEAF: usize> {
    table: &'a Table<T, LEAF>,
    /// The index of the first entry behind `leaf`.
    next: u32,
    /// What is left of the leaf that is being read.
    leaf: std::slice::Iter<'a, T>,
}

impl<'a, T, const LEAF: usize> Iterator for Iter<'a, T, LEAF> {
    type Item = &'a T;

    fn next(&mut self) -> Option<&'a T> {
        if let Some(item) = self.leaf.next() {
            return Some(item);
        }
        let leaf = if self.next < self.table.in_tree {
            self.table.leaf(self.next)?
        } else if self.next == self.table.in_tree {
            self.table.tail.0.as_slice()
        } else {
            return None;
        };
        self.next += Table::<T, LEAF>::LEAF_LEN;
        self.leaf = leaf.iter();
        self.leaf.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.table.len().saturating_sub(self.next) as usize + self.leaf.len();
        (left, Some(left))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::random::Random;

    impl<T, const LEAF: usize> Table<T, LEAF> {
        fn sane(&self) {
            fn walk<T>(node: &Node<T>, height: u32, leaf_len: usize, last: bool) -> usize {
                match node {
                    Node::Inner(children) => {
                        assert!(height > 0 && children.len() <= FANOUT as usize);
                        let end = children.len();
                        assert!(last || end == FANOUT as usize, "a node before the last is full");
                        let each = children.iter().enumerate().map(|(at, child)| {
                            walk(child, height - 1, leaf_len, last && at + 1 == end)
                        });
                        each.sum()
                    }
                    Node::Leaf(items) => {
                        assert_eq!((height, items.len()), (0, leaf_len));
                        leaf_len
                    }
                }
            }
            assert_eq!(walk(&self.tree, self.height, LEAF, true), self.in_tree as usize);
            assert!(self.tail.0.len() <= LEAF);
            assert!(self.in_tree == 0 || !self.tail.0.is_empty());
        }
    }

    fn check<const LEAF: usize>(table: &Table<u64, LEAF>, model: &[u64]) {
        table.sane();
        assert_eq!(table.len() as usize, model.len());
        assert_eq!(table.iter().size_hint(), (model.len(), Some(model.len())));
        assert!(table.iter().eq(model));
        assert!(model.iter().enumerate().all(|(at, item)| table.get(at as u32) == Some(item)));
        let mut reader = table.reader();
        let mut random = Random::new(model.len() as u64);
        for step in 0..model.len() + 2 {
            let far = random.below(model.len() + 2) as u32;
            for index in [step as u32, far, far.wrapping_sub(1)] {
                assert_eq!(reader.get(index), table.get(index));
            }
        }
        assert_eq!(table.get(model.len() as u32), None);
        assert_eq!(table.get(u32::MAX), None);
    }

    fn random_operations<const LEAF: usize>(salt: u64, steps: usize) {
        let mut random = Random::new(salt);
        let mut table = Table::<u64, LEAF>::new();
        let mut model = Vec::new();
        let mut clones = Vec::new();
        for _ in 0..steps {
            match random.below(200) {
                0 => clones.push((table.clone(), model.clone())),
                1 => {
                    if let Some((table, model)) = clones.pop() {
                        check(&table, &model);
                    }
                }
                2 => {
                    let items: Vec<u64> =
                        (0..random.below(3 * LEAF)).map(|_| random.bits()).collect();
                    table.extend(items.iter().copied());
                    model.extend(items);
                }
                3..100 => {
                    let item = random.bits();
                    assert_eq!(table.push(item) as usize, model.len());
                    model.push(item);
                }
                _ => {
                    let at = random.below(model.len() + 2);
                    let item = random.bits();
                    assert_eq!(table.get_mut(at as u32).copied(), model.get(at).copied());
                    if let (Some(entry), Some(other)) =
                        (table.get_mut(at as u32), model.get_mut(at))
                    {
                        (*entry, *other) = (item, item);
                    }
                }
            }
        }
        check(&table, &model);
        clones.iter().for_each(|(table, model)| check(table, model));
    }

    #[test]
    fn random_operations_agree_with_a_vector_and_clones_stay_as_they_were() {
        random_operations::<64>(1, 10_000);
        random_operations::<2>(2, 10_000);
        random_operations::<16>(3, 10_000);
    }

    #[test]
    fn a_table_grows_through_several_levels() {
        let mut table = Table::<u64, 2>::new();
        let model: Vec<u64> = (0..150_000).collect();
        model.iter().for_each(|&item| {
            table.push(item);
        });
        check(&table, &model);
        assert!(table.height > 3);
    }

    #[test]
    fn what_a_clone_holds_for_itself_is_counted_by_leaves() {
        let mut table = Table::<u64>::new();
        (0..1000).for_each(|item| {
            table.push(item);
        });
        let clone = table.clone();
        assert_eq!(clone.entries_beyond(&table), 0);
        [5, 6, 500].into_iter().for_each(|at| *table.get_mut(at).unwrap() += 1);
        assert_eq!(clone.entries_beyond(&table), 128);
        // It grows by two levels, and the last leaf was full of what the clone has in its tail.
        (0..50_000).for_each(|item| {
            table.push(item);
        });
        assert_eq!(clone.entries_beyond(&table), 128 + 1000 % 64);
    }

    #[test]
    fn an_empty_table_has_nothing() {
        let mut table = Table::<u64>::new();
        check(&table, &[]);
        assert_eq!(table.get_mut(0), None);
    }

    #[test]
    fn an_unshared_table_is_changed_in_place() {
        let mut table = Table::<u64>::new();
        (0..1000).for_each(|item| {
            table.push(item);
        });
        let before: *const u64 = table.get(10).unwrap();
        *table.get_mut(10).unwrap() = 7;
        assert!(std::ptr::eq(before, table.get(10).unwrap()));
        let clone = table.clone();
        *table.get_mut(10).unwrap() = 8;
        assert!(std::ptr::eq(before, clone.get(10).unwrap()));
        assert!(std::ptr::eq(clone.get(500).unwrap(), table.get(500).unwrap()));
        assert_eq!((clone.get(10), table.get(10)), (Some(&7), Some(&8)));
    }
}
