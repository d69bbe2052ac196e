//! A counted B+-tree: the tree under [`Members`](super::Members) and [`Entries`](super::Entries).
//!
//! All changes are made by position, so that the order is asked for only to find one.

use std::sync::Arc;

/// The largest size of a leaf, which an edit may have to copy, and of its number of members.
const LEAF_BYTES_MAX: usize = 2048;
const LEAF_LEN_MAX: usize = 256;
/// The largest number of children of an inner node.
const INNER_LEN_MAX: usize = 16;

/// A node of the tree, or all of it.
pub(super) enum Node<T> {
    /// Members in order.
    Leaf(Vec<T>),
    /// Nodes whose members follow each other.
    Inner(Vec<Child<T>>),
}

/// A child of an inner node.
#[derive(Clone)]
pub(super) struct Child<T> {
    pub(super) node: Arc<Node<T>>,
    /// How many members there are below it; at least one.
    count: u32,
    /// The first of them.
    first: T,
}

impl<T: Clone + Default> Node<T> {
    /// The largest number of members of a leaf.
    const LEN_MAX: usize = match LEAF_BYTES_MAX / size_of::<T>() {
        len if len < LEAF_LEN_MAX => len,
        _ => LEAF_LEN_MAX,
    };

    /// The tree of the members of a list, its nodes full but for the last ones.
    pub(super) fn from_list(list: Vec<T>) -> Node<T> {
        let leaves = pieces(list, Self::LEN_MAX).map(Node::Leaf);
        let mut nodes: Vec<Node<T>> = leaves.collect();
        while nodes.len() > 1 {
            let children = nodes.into_iter().map(|node| Child::new(Arc::new(node))).collect();
            nodes = pieces(children, INNER_LEN_MAX).map(Node::Inner).collect();
        }
        nodes.pop().unwrap_or_else(|| Node::Leaf(Vec::new()))
    }

    /// Whether it should be joined with a neighbour.
    fn is_sparse(&self) -> bool {
        match self {
            Node::Leaf(slots) => slots.len() < Self::LEN_MAX / 4,
            Node::Inner(children) => children.len() < INNER_LEN_MAX / 4,
        }
    }

    /// The child of a node that has one only.
    pub(super) fn only_child(&self) -> Option<Arc<Node<T>>> {
        match self {
            Node::Inner(children) if children.len() == 1 => {
                children.first().map(|child| Arc::clone(&child.node))
            }
            _ => None,
        }
    }

    /// The last member below.
    pub(super) fn last(&self) -> Option<&T> {
        let mut node = self;
        loop {
            match node {
                Node::Leaf(slots) => return slots.last(),
                Node::Inner(children) => node = &children.last()?.node,
            }
        }
    }

    /// How many members are `before`, which holds for the first ones and no others, and the last
    /// of these. Those with `guess` are tried first; it may be wrong, which costs a detour, and
    /// saves comparisons, which cost cache misses.
    pub(super) fn locate(
        &self,
        guess: impl Fn(&T) -> bool,
        before: impl Fn(&T) -> bool,
    ) -> (u32, Option<&T>) {
        let mut node = self;
        let mut skipped = 0;
        loop {
            match node {
                Node::Leaf(slots) => {
                    let (place, last) = locate_in(slots, guess, before);
                    return (skipped + place, last);
                }
                Node::Inner(children) => {
                    let guess = |child: &Child<T>| guess(&child.first);
                    let place = count_before(children, guess, |child| before(&child.first));
                    let (left, right) = children.split_at(place.saturating_sub(1));
                    let Some(child) = right.first() else { return (skipped, None) };
                    skipped += total(left);
                    node = &child.node;
                }
            }
        }
    }

    /// The members from `position` to the end of the leaf it lies in; empty behind the end.
    pub(super) fn rest_of_leaf(&self, position: u32) -> &[T] {
        let mut node = self;
        let mut position = position;
        loop {
            match node {
                Node::Leaf(slots) => return slots.get(position as usize..).unwrap_or_default(),
                Node::Inner(children) => {
                    let place = place_of(children, &mut position);
                    let Some(child) = place.and_then(|place| children.get(place)) else {
                        return &[];
                    };
                    node = &child.node;
                }
            }
        }
    }

    /// Puts `member` before the one at `position`. A full node is split: its right part is
    /// returned. `at_end` tells that it is the last of the whole list: a split then leaves the
    /// left part full, since lists mostly grow at the end.
    pub(super) fn insert(&mut self, position: u32, member: T, at_end: bool) -> Option<Child<T>> {
        match self {
            Node::Leaf(slots) => {
                insert_into(slots, position as usize, member, Self::LEN_MAX, at_end).map(Node::Leaf)
            }
            Node::Inner(children) => {
                let (place, position) = place_to_insert(children, position, at_end)?;
                let child = children.get_mut(place)?;
                if position == 0 {
                    child.first = member.clone();
                }
                let right = Arc::make_mut(&mut child.node).insert(position, member, at_end);
                child.count += 1;
                let right = right?;
                child.count -= right.count;
                insert_into(children, place + 1, right, INNER_LEN_MAX, at_end).map(Node::Inner)
            }
        }
        .map(|right| Child::new(Arc::new(right)))
    }

    /// Takes out the member at `position`.
    pub(super) fn remove(&mut self, position: u32) {
        match self {
            Node::Leaf(slots) => {
                slots.remove(position as usize);
            }
            Node::Inner(children) => {
                let mut position = position;
                let Some(place) = place_of(children, &mut position) else { return };
                let Some(child) = children.get_mut(place) else { return };
                Arc::make_mut(&mut child.node).remove(position);
                child.count -= 1;
                if position == 0 {
                    child.first = child.node.first();
                }
                if child.node.is_sparse() {
                    join(children, place);
                }
            }
        }
    }
}

impl<T: Clone + Default> Node<T> {
    /// Adds what `right` holds behind what this one holds; what is too much is returned.
    fn append(&mut self, right: Node<T>) -> Option<Node<T>> {
        match (self, right) {
            (Node::Leaf(left), Node::Leaf(right)) => {
                append_to(left, right, Self::LEN_MAX).map(Node::Leaf)
            }
            (Node::Inner(left), Node::Inner(right)) => {
                append_to(left, right, INNER_LEN_MAX).map(Node::Inner)
            }
            (_, right) => Some(right),
        }
    }

    /// The number of members below.
    fn count(&self) -> u32 {
        match self {
            Node::Leaf(slots) => slots.len() as u32,
            Node::Inner(children) => total(children),
        }
    }

    /// The first member below.
    fn first(&self) -> T {
        match self {
            Node::Leaf(slots) => slots.first().cloned(),
            Node::Inner(children) => children.first().map(|child| child.first.clone()),
        }
        .unwrap_or_default()
    }
}

impl<T: Clone + Default> Clone for Node<T> {
    /// A copy with room for the change that it is made for.
    fn clone(&self) -> Node<T> {
        match self {
            Node::Leaf(slots) => Node::Leaf(roomy_copy(slots, Self::LEN_MAX)),
            Node::Inner(children) => Node::Inner(roomy_copy(children, INNER_LEN_MAX)),
        }
    }
}

impl<T: Clone + Default> Child<T> {
    pub(super) fn new(node: Arc<Node<T>>) -> Child<T> {
        Child { count: node.count(), first: node.first(), node }
    }
}

/// The items in lists of `max`; the last one may be shorter.
fn pieces<T>(items: Vec<T>, max: usize) -> impl Iterator<Item = Vec<T>> {
    let mut rest = items.into_iter();
    std::iter::from_fn(move || {
        let mut piece = roomy(rest.len().min(max), max);
        piece.extend(rest.by_ref().take(max));
        (!piece.is_empty()).then_some(piece)
    })
}

/// A copy with room for one more item, unless there are `max`.
fn roomy_copy<T: Clone>(items: &[T], max: usize) -> Vec<T> {
    let mut copy = roomy(items.len(), max);
    copy.extend_from_slice(items);
    copy
}

/// Memory for so many items and one more, but not for more than `max`.
fn roomy<T>(len: usize, max: usize) -> Vec<T> {
    Vec::with_capacity((len + 1).next_power_of_two().min(max))
}

/// The number of members below `children`.
fn total<T>(children: &[Child<T>]) -> u32 {
    children.iter().map(|child| child.count).sum()
}

/// Which child holds the member at `position`; makes `position` count from that child's first.
fn place_of<T>(children: &[Child<T>], position: &mut u32) -> Option<usize> {
    children.iter().position(|child| {
        let found = *position < child.count;
        *position -= if found { 0 } else { child.count };
        found
    })
}

/// Which child takes a new member at `position`, and its position there.
fn place_to_insert<T>(children: &[Child<T>], position: u32, at_end: bool) -> Option<(usize, u32)> {
    if at_end {
        let last = children.len().checked_sub(1)?;
        return Some((last, children.last()?.count));
    }
    let Some(mut position) = position.checked_sub(1) else { return Some((0, 0)) };
    let place = place_of(children, &mut position)?;
    Some((place, position + 1))
}

/// What [`Node::locate`] tells, for the members of one leaf.
pub(super) fn locate_in<T>(
    members: &[T],
    guess: impl Fn(&T) -> bool,
    before: impl Fn(&T) -> bool,
) -> (u32, Option<&T>) {
    let place = count_before(members, guess, before);
    (place as u32, place.checked_sub(1).and_then(|last| members.get(last)))
}

/// How many of `items` are `before`: the first ones and no others. The number of those with `guess`
/// is tried first.
fn count_before<T>(items: &[T], guess: impl Fn(&T) -> bool, before: impl Fn(&T) -> bool) -> usize {
    let guess = items.partition_point(guess);
    let (left, right) = items.split_at(guess);
    match (left.split_last(), right.split_first()) {
        (Some((last, rest)), _) if !before(last) => rest.partition_point(before),
        (_, Some((first, rest))) if before(first) => guess + 1 + rest.partition_point(before),
        _ => guess,
    }
}

/// Puts `item` at `place`. When that makes more than `max`, the right half is returned; `at_end`
/// makes that `item` alone.
fn insert_into<T>(
    items: &mut Vec<T>,
    place: usize,
    item: T,
    max: usize,
    at_end: bool,
) -> Option<Vec<T>> {
    if items.len() < max {
        items.insert(place, item);
        return None;
    }
    if at_end {
        return Some(vec![item]);
    }
    let half = max / 2;
    let mut right = items.split_off(half);
    if place <= half {
        items.insert(place, item);
    } else {
        right.insert(place - half, item);
    }
    Some(right)
}

/// Moves `right` behind `left`. When that makes more than `max`, the right half is returned.
fn append_to<T>(left: &mut Vec<T>, right: Vec<T>, max: usize) -> Option<Vec<T>> {
    left.extend(right);
    let rest = (left.len() > max).then(|| left.split_off(left.len() / 2));
    left.shrink_to(max);
    rest
}

/// Joins the child at `place` with a neighbour, or moves some of a long neighbour into it.
fn join<T: Clone + Default>(children: &mut Vec<Child<T>>, place: usize) {
    if children.len() < 2 {
        children.retain(|child| child.count > 0);
        return;
    }
    let place = place.saturating_sub(1);
    let right = children.remove(place + 1);
    if let Some(left) = children.get_mut(place) {
        let node = Arc::make_mut(&mut left.node);
        let rest = node.append(Arc::unwrap_or_clone(right.node));
        *left = Child::new(Arc::clone(&left.node));
        if let Some(rest) = rest {
            children.insert(place + 1, Child::new(Arc::new(rest)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl<T: Clone + Default + PartialEq + std::fmt::Debug> Node<T> {
        /// Checks the tree of `len` members whose root this is.
        pub(in crate::index) fn sane(&self, len: u32) {
            assert_eq!(self.count(), len);
            self.height(true, true);
        }

        /// Checks a tree that may have no members: an empty leaf.
        pub(in crate::index) fn sane_or_empty(&self, len: u32) {
            match self {
                Node::Leaf(members) if members.is_empty() => assert_eq!(len, 0),
                _ => self.sane(len),
            }
        }

        fn height(&self, last: bool, is_root: bool) -> usize {
            assert!(is_root || last || !self.is_sparse(), "only the last may be sparse");
            match self {
                Node::Leaf(slots) => {
                    assert!(!slots.is_empty() && slots.len() <= Self::LEN_MAX);
                    assert!(slots.capacity() <= Self::LEN_MAX * 3 / 2);
                    1
                }
                Node::Inner(children) => {
                    assert!(children.len() > usize::from(is_root), "no node is needless");
                    assert!(children.len() <= INNER_LEN_MAX);
                    let mut heights = Vec::new();
                    for (at, child) in children.iter().enumerate() {
                        heights.push(child.node.height(last && at + 1 == children.len(), false));
                        let (count, first) = (child.node.count(), child.node.first());
                        assert_eq!((child.count, &child.first), (count, &first));
                    }
                    assert!(heights.windows(2).all(|pair| pair[0] == pair[1]));
                    heights[0] + 1
                }
            }
        }
    }

    #[test]
    fn a_wrong_hint_costs_nothing_but_time() {
        let items: Vec<u32> = (0..50).chain(20..30).collect();
        for hint in (0..60).chain([u32::MAX]) {
            for end in 0..=50 {
                let count = count_before(&items[..50], |&item| item <= hint, |&item| item < end);
                assert_eq!(count, end as usize);
            }
        }
        let backwards: Vec<u32> = (0..50).rev().collect();
        for hint in 0..60 {
            let count = count_before(&backwards, |&item| item <= hint, |&item| item >= 40);
            assert_eq!(count, 10);
        }
    }

    #[test]
    fn lists_longer_than_allowed_are_halved() {
        let mut left: Vec<u32> = (0..6).collect();
        assert_eq!(append_to(&mut left, vec![6, 7], 8), None);
        assert_eq!(append_to(&mut left, vec![8], 8), Some(vec![4, 5, 6, 7, 8]));
        assert_eq!(left, [0, 1, 2, 3]);
        let full = vec![0, 1, 2, 3];
        for place in 0..=4 {
            let mut expected = full.clone();
            expected.insert(place, 9);
            let mut items = full.clone();
            let right = insert_into(&mut items, place, 9, 4, false).unwrap();
            assert_eq!([items, right].concat(), expected);
        }
        let mut items = full.clone();
        assert_eq!(insert_into(&mut items, 4, 9, 4, true), Some(vec![9]));
    }
}
