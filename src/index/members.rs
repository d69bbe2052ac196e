//! [`Members`]: the members of a partition in their order, with rank and select.
//!
//! A counted B+-tree of `u32` slots: each node knows how many members lie below each child, so that
//! the place of a member (rank) and the member at a place (select) are found in one descent. Up to
//! four members lie in the value itself. It does not know the order: the caller compares.

use std::cmp::Ordering;
use std::sync::Arc;

use super::tree::{Child, Node, locate_in};

/// Up to this number of members there is no tree.
const FEW: usize = 4;
/// An ordered list of slots that is cloned in constant time.
#[derive(Clone)]
pub(crate) struct Members(Form);

#[derive(Clone)]
enum Form {
    /// The first `len` of `slots`.
    Few { len: u8, slots: [u32; FEW] },
    /// More than [`FEW`].
    Many { len: u32, root: Arc<Node<u32>> },
}

impl Default for Members {
    fn default() -> Self {
        Members::new()
    }
}

impl Members {
    /// A list without members.
    pub(crate) fn new() -> Members {
        Members(Form::Few { len: 0, slots: [0; FEW] })
    }

    /// The members of a list that is in order.
    pub(crate) fn of(list: &[u32]) -> Members {
        Members(Form::of(list))
    }

    /// The number of members.
    pub(crate) fn len(&self) -> u32 {
        match &self.0 {
            Form::Few { len, .. } => u32::from(*len),
            Form::Many { len, .. } => *len,
        }
    }

    /// Whether there are no members.
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds `slot` at its place; false when it is a member already. `cmp` is a total order.
    pub(crate) fn insert(&mut self, slot: u32, cmp: &impl Fn(u32, u32) -> Ordering) -> bool {
        let position = match self.last() {
            // Most lists are added to at their end.
            Some(last) if cmp(last, slot) == Ordering::Less => self.len(),
            _ => {
                let before = |member| cmp(member, slot) != Ordering::Greater;
                let (position, last) = self.locate(slot, before);
                if last == Some(slot) {
                    return false;
                }
                position
            }
        };
        match &mut self.0 {
            Form::Few { len, slots } => {
                let place = position as usize;
                if let Some(rest) = slots.get_mut(place..=usize::from(*len)) {
                    rest.rotate_right(1);
                    rest.iter_mut().take(1).for_each(|first| *first = slot);
                    *len += 1;
                } else {
                    let mut list = slots.to_vec();
                    list.insert(place, slot);
                    self.0 = Form::of(&list);
                }
            }
            Form::Many { len, root } => {
                let at_end = position == *len;
                *len += 1;
                if let Some(right) = Arc::make_mut(root).insert(position, slot, at_end) {
                    let left = Child::new(Arc::clone(root));
                    *root = Arc::new(Node::Inner(vec![left, right]));
                }
            }
        }
        true
    }

    /// Takes `slot` out; false when it is not a member. `cmp` is the order it was added in.
    pub(crate) fn remove(&mut self, slot: u32, cmp: &impl Fn(u32, u32) -> Ordering) -> bool {
        let Some(position) = self.rank(slot, cmp) else { return false };
        match &mut self.0 {
            Form::Few { len, slots } => {
                if let Some(rest) = slots.get_mut(position as usize..usize::from(*len)) {
                    rest.rotate_left(1);
                    *len -= 1;
                }
            }
            Form::Many { len, root } => {
                *len -= 1;
                Arc::make_mut(root).remove(position);
                while let Some(only) = root.only_child() {
                    *root = only;
                }
                if *len as usize <= FEW {
                    self.0 = Form::of(&self.iter_from(0).collect::<Vec<u32>>());
                }
            }
        }
        true
    }

    /// The place of `slot`, counted from 0; none when it is not a member.
    pub(crate) fn rank(&self, slot: u32, cmp: &impl Fn(u32, u32) -> Ordering) -> Option<u32> {
        let (count, last) = self.locate(slot, |member| cmp(member, slot) != Ordering::Greater);
        if last == Some(slot) { count.checked_sub(1) } else { None }
    }

    /// The member at `position`, counted from 0.
    pub(crate) fn select(&self, position: u32) -> Option<u32> {
        self.run_from(position).first().copied()
    }

    /// How many members `f` calls less; those come first, by the same order as the members.
    pub(crate) fn position_by(&self, f: impl Fn(u32) -> Ordering) -> u32 {
        self.locate(u32::MAX, |member| f(member) == Ordering::Less).0
    }

    /// The members from `position` on, in order.
    pub(crate) fn iter_from(&self, position: u32) -> Iter<'_> {
        Iter { members: self, next: position, leaf: [].iter() }
    }

    /// The last member.
    pub(crate) fn last(&self) -> Option<u32> {
        match &self.0 {
            Form::Few { len, slots } => few(*len, slots).last().copied(),
            Form::Many { root, .. } => root.last().copied(),
        }
    }

    /// How many members are `before`, which holds for the first ones and no others, and the last
    /// of these. Slots up to `hint` are guessed to be before: right, where members were added in
    /// their order.
    fn locate(&self, hint: u32, before: impl Fn(u32) -> bool) -> (u32, Option<u32>) {
        let guess = |&slot: &u32| slot <= hint;
        let before = |&slot: &u32| before(slot);
        let (count, last) = match &self.0 {
            Form::Few { len, slots } => locate_in(few(*len, slots), guess, before),
            Form::Many { root, .. } => root.locate(guess, before),
        };
        (count, last.copied())
    }

    /// Some of the members from `position` on; none when there are none.
    pub(crate) fn run_from(&self, position: u32) -> &[u32] {
        match &self.0 {
            Form::Few { len, slots } => {
                few(*len, slots).get(position as usize..).unwrap_or_default()
            }
            Form::Many { root, .. } => root.rest_of_leaf(position),
        }
    }
}

impl Form {
    /// The form for the members of `list`.
    fn of(list: &[u32]) -> Form {
        if list.len() > FEW {
            let root = Arc::new(Node::from_list(list.to_vec()));
            return Form::Many { len: list.len() as u32, root };
        }
        let mut slots = [0; FEW];
        slots.iter_mut().zip(list).for_each(|(place, slot)| *place = *slot);
        Form::Few { len: list.len() as u8, slots }
    }
}

/// The members of a list without a tree.
fn few(len: u8, slots: &[u32; FEW]) -> &[u32] {
    slots.get(..usize::from(len)).unwrap_or_default()
}

/// What [`Members::iter_from`] gives.
pub(crate) struct Iter<'a> {
    members: &'a Members,
    /// The position of the first member behind `leaf`.
    next: u32,
    /// What is left of the leaf that is being read.
    leaf: std::slice::Iter<'a, u32>,
}

impl Iterator for Iter<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        if self.leaf.len() == 0 {
            let leaf = self.members.run_from(self.next);
            self.next += leaf.len() as u32;
            self.leaf = leaf.iter();
        }
        self.leaf.next().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::random::Random;

    impl Members {
        fn sane(&self) {
            if let Form::Many { len, root } = &self.0 {
                assert!(*len as usize > FEW);
                root.sane(*len);
            }
        }
    }

    /// An order that is not that of the numbers, and total.
    fn by_reversed_digits(one: u32, other: u32) -> Ordering {
        one.reverse_bits().cmp(&other.reverse_bits())
    }

    fn by_number(one: u32, other: u32) -> Ordering {
        one.cmp(&other)
    }

    type Order = fn(u32, u32) -> Ordering;

    fn check(members: &Members, model: &[u32], cmp: Order) {
        members.sane();
        assert_eq!(members.len() as usize, model.len());
        assert_eq!(members.is_empty(), model.is_empty());
        assert!(members.iter_from(0).eq(model.iter().copied()));
        assert_eq!(members.last(), model.last().copied());
        for (position, &slot) in (0..).zip(model) {
            assert_eq!(members.select(position), Some(slot));
            assert_eq!(members.rank(slot, &cmp), Some(position));
            assert_eq!(members.position_by(|member| cmp(member, slot)), position);
        }
        assert_eq!(members.select(members.len()), None);
        assert_eq!(members.select(u32::MAX), None);
        let middle = model.len() / 2;
        assert!(members.iter_from(middle as u32).eq(model[middle..].iter().copied()));
        assert_eq!(members.iter_from(members.len() + 1).next(), None);
    }

    fn random_operations(salt: u64, cmp: Order, range: usize, steps: usize) {
        let mut random = Random::new(salt);
        let mut members = Members::new();
        let mut model: Vec<u32> = Vec::new();
        let mut clones = Vec::new();
        for step in 0..steps {
            let slot = random.below(range) as u32;
            let found = model.binary_search_by(|&member| cmp(member, slot));
            assert_eq!(members.rank(slot, &cmp), found.ok().map(|at| at as u32));
            let growing = step / (steps / 6) % 2 == 0;
            if growing == (random.below(10) < 8) {
                assert_eq!(members.insert(slot, &cmp), found.is_err());
                found.err().into_iter().for_each(|at| model.insert(at, slot));
            } else {
                assert_eq!(members.remove(slot, &cmp), found.is_ok());
                found.ok().into_iter().for_each(|at| {
                    model.remove(at);
                });
            }
            if random.below(steps / 10) == 0 {
                clones.push((members.clone(), model.clone()));
            }
            if step % (steps / 100) == 0 {
                members.sane();
            }
        }
        check(&members, &model, cmp);
        clones.iter().for_each(|(members, model)| check(members, model, cmp));
    }

    #[test]
    fn random_operations_agree_with_a_vector_and_clones_stay_as_they_were() {
        random_operations(1, by_number, 60_000, 60_000);
        random_operations(2, by_reversed_digits, 60_000, 60_000);
        random_operations(3, by_reversed_digits, 2000, 20_000);
        random_operations(4, by_number, 12, 2000);
    }

    #[test]
    fn rank_and_select_are_inverse_at_every_length_around_the_sizes_of_nodes() {
        let mut members = Members::new();
        let mut model = Vec::new();
        for slot in 0..600 {
            assert!(members.insert(slot, &by_number));
            model.push(slot);
            check(&members, &model, by_number);
        }
        while let Some(slot) = model.pop() {
            assert!(members.remove(slot, &by_number));
            check(&members, &model, by_number);
        }
    }

    #[test]
    fn a_list_in_order_becomes_a_tree_that_can_be_changed() {
        for len in (0..600).chain([4_096, 4_097, 70_000]) {
            let mut model: Vec<u32> = (0..len).map(|slot| slot * 2).collect();
            let mut members = Members::of(&model);
            check(&members, &model, by_number);
            assert!(members.insert(len | 1, &by_number));
            model.insert(model.partition_point(|&slot| slot < len | 1), len | 1);
            check(&members, &model, by_number);
        }
    }

    #[test]
    fn a_list_that_grew_at_its_end_has_full_leaves() {
        let mut members = Members::new();
        let model: Vec<u32> = (0..100_000).collect();
        assert!(model.iter().all(|&slot| members.insert(slot, &by_number)));
        check(&members, &model, by_number);
        assert_eq!(members.run_from(0).len(), 256);
    }

    #[test]
    fn lists_that_grow_backwards_and_shrink_from_either_end_stay_balanced() {
        for from_front in [true, false] {
            let mut members = Members::new();
            let mut model: Vec<u32> = (0..20_000).collect();
            assert!(model.iter().rev().all(|&slot| members.insert(slot, &by_number)));
            check(&members, &model, by_number);
            while !model.is_empty() {
                let slot = if from_front { model.remove(0) } else { model.pop().unwrap() };
                assert!(members.remove(slot, &by_number));
                if model.len() % 1000 < 3 {
                    check(&members, &model, by_number);
                }
            }
        }
    }

    #[test]
    fn up_to_four_members_need_no_tree() {
        let mut members = Members::new();
        for slot in [3, 1, 4, 2] {
            assert!(members.insert(slot, &by_number));
            assert!(!members.insert(slot, &by_number));
        }
        assert!(matches!(members.0, Form::Few { len: 4, slots: [1, 2, 3, 4] }));
        assert!(members.insert(0, &by_number));
        assert!(matches!(members.0, Form::Many { len: 5, .. }));
        assert!(members.remove(2, &by_number));
        assert!(matches!(members.0, Form::Few { len: 4, slots: [0, 1, 3, 4] }));
        assert!(!members.remove(2, &by_number));
        assert!(size_of::<Members>() <= 24);
    }

    #[test]
    fn a_position_is_found_by_any_partition() {
        let mut members = Members::new();
        (0..5000).for_each(|slot| {
            members.insert(slot * 2, &by_number);
        });
        assert_eq!(members.position_by(|_| Ordering::Less), 5000);
        assert_eq!(members.position_by(|_| Ordering::Greater), 0);
        let to_hundreds = |hundred: u32| move |slot: u32| (slot / 100).cmp(&hundred);
        assert_eq!(members.position_by(to_hundreds(7)), 350);
        assert_eq!(members.position_by(|slot| slot.cmp(&777)), 389);
    }

    #[test]
    fn an_edit_shares_all_but_its_path() {
        let mut members = Members::new();
        (0..5000).for_each(|slot| {
            members.insert(slot, &by_number);
        });
        let clone = members.clone();
        members.remove(4000, &by_number);
        let (Form::Many { root: one, .. }, Form::Many { root: other, .. }) = (&members.0, &clone.0)
        else {
            panic!("trees are expected");
        };
        let (Node::Inner(one), Node::Inner(other)) = (&**one, &**other) else {
            panic!("several leaves are expected");
        };
        let same = one.iter().zip(other).filter(|(one, other)| Arc::ptr_eq(&one.node, &other.node));
        assert_eq!(same.count(), one.len() - 1);
    }
}
