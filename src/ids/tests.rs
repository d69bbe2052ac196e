//! Random changes to a forest, against a model that looks at all documents each time.

mod build;
mod depth;
mod plain;
mod stable;
mod walks;

use std::collections::BTreeSet;

use crate::ids::forest::{Forest, Parent};
use crate::ids::walk::Walk;
use plain::{Chance, World};

/// What must hold after any change.
fn check(world: &World, what: &str) {
    let forest = &world.forest;
    let order = world.order();
    let mut walk = Walk::new(forest);
    for &slot in &order {
        assert_eq!(walk.next(forest), Some(slot), "the walk, {what}");
        let id = world.id(slot);
        assert_eq!(walk.id().map(str::to_owned), id, "the ID the walk gives, {what}");
        assert_eq!(forest.id(slot), id, "the ID by rank, {what}");
        if let Some(id) = &id {
            assert_eq!(forest.resolve(id).ok(), Some(slot), "select of {id}, {what}");
            assert_eq!(forest.resolve(&id.to_ascii_uppercase()).ok(), Some(slot), "{what}");
        }
        assert_eq!(forest.level(slot), world.chain(slot).map(|chain| chain.len() as u32), "{what}");
        let children = world.children(slot);
        assert_eq!(forest.has_children(slot), !children.is_empty(), "{what}");
        let found: BTreeSet<u32> = forest.children(slot).collect();
        assert_eq!(found, children.into_iter().collect(), "the children, {what}");
        assert_eq!(matches!(forest.parent(slot), Parent::Root), world.is_root(slot), "{what}");
    }
    assert_eq!(walk.next(forest), None, "the walk ends, {what}");
    assert_eq!(walk.id(), None);
    let unplaced: BTreeSet<u32> =
        order.iter().copied().filter(|&slot| world.id(slot).is_none()).collect();
    assert_eq!(*forest.unplaced(), unplaced, "the unplaced documents, {what}");
    check_beyond_the_end(world, what);
}

/// The number behind the last of a partition is no document's.
fn check_beyond_the_end(world: &World, what: &str) {
    for (parent, text) in world.partitions() {
        let base = match parent {
            None => String::new(),
            Some(parent) => match world.id(parent) {
                Some(id) => id + ".",
                None => continue,
            },
        };
        let next = world.last_number(parent, &text) + 1;
        assert!(world.forest.resolve(&format!("{base}{text}{next}")).is_err(), "{what}");
    }
}

/// Partitions that hold somebody.
fn partitions_in_use(forest: &Forest) -> usize {
    forest.partitions.iter().filter(|partition| !partition.members.is_empty()).count()
}

#[test]
fn ids_and_walks_are_those_of_a_model_that_counts_siblings() {
    for seed in 0..40 {
        let mut chance = Chance::new(seed);
        let mut world = World::new(seed % 2 == 1);
        world.steps_in_order = chance.below(100);
        for batch in 0..25 {
            for _ in 0..chance.below(6) + 1 {
                world.step(&mut chance);
            }
            check(&world, &format!("seed {seed}, batch {batch}"));
        }
    }
}

#[test]
fn a_clone_taken_before_stays_as_it_was() {
    for seed in 100..110 {
        let mut chance = Chance::new(seed);
        let mut world = World::new(seed % 2 == 1);
        world.steps_in_order = chance.below(120);
        (0..60).for_each(|_| world.step(&mut chance));
        let before = world.clone();
        (0..60).for_each(|_| world.step(&mut chance));
        check(&before, &format!("the clone, seed {seed}"));
        check(&world, &format!("the original, seed {seed}"));
        let mut other = before.clone();
        (0..30).for_each(|_| other.step(&mut chance));
        check(&world, &format!("the original after its clone changed, seed {seed}"));
        check(&before, &format!("the clone's clone, seed {seed}"));
    }
}

#[test]
fn partitions_are_reused_and_none_is_left_when_everything_has_gone() {
    for seed in 200..210 {
        let mut chance = Chance::new(seed);
        let mut world = World::new(false);
        let mut peak = 0;
        for _ in 0..3 {
            for _ in 0..80 {
                world.step(&mut chance);
                peak = peak.max(world.partitions().len());
                assert_eq!(partitions_in_use(&world.forest), world.partitions().len());
            }
            world.remove_everything();
            check(&world, &format!("emptied, seed {seed}"));
            assert_eq!(partitions_in_use(&world.forest), 0);
            assert!(world.forest.roots.is_empty(), "the roots have no partition left");
        }
        // A partition given back is taken before a new one is made.
        assert_eq!(world.forest.partitions.len() as usize, peak, "seed {seed}");
    }
}

#[test]
fn removing_the_first_of_many_moves_all_behind_it_down() {
    let mut world = World::new(false);
    let slots: Vec<u32> = (0..1500)
        .map(|number| world.insert(number, None, [0, 0], i64::from(number as u32)))
        .collect();
    assert_eq!(world.forest.id(slots[1499]).as_deref(), Some("1500"));
    world.remove(slots[0]);
    world.remove(slots[700]);
    assert_eq!(world.forest.id(slots[1]).as_deref(), Some("1"));
    assert_eq!(world.forest.id(slots[699]).as_deref(), Some("699"));
    assert_eq!(world.forest.id(slots[701]).as_deref(), Some("700"));
    assert_eq!(world.forest.resolve("1498").ok(), Some(slots[1499]));
    assert!(world.forest.resolve("1499").is_err());
}

#[test]
fn a_document_that_comes_is_a_parent_to_all_who_waited_for_it() {
    let mut world = World::new(false);
    let first = world.insert(1, Some(9), [2, 0], 5);
    let second = world.insert(2, Some(9), [0, 0], 6);
    let below = world.insert(3, Some(2), [0, 0], 7);
    check(&world, "before");
    assert_eq!(world.forest.unplaced().len(), 3);
    world.insert(9, None, [0, 0], 99);
    check(&world, "after");
    assert_eq!(world.forest.id(first).as_deref(), Some("1.a1"));
    assert_eq!(world.forest.id(second).as_deref(), Some("1.1"));
    assert_eq!(world.forest.id(below).as_deref(), Some("1.1.1"));
}

#[test]
fn cycles_have_no_id_until_one_of_them_is_moved_out() {
    let mut world = World::new(false);
    let own = world.insert(1, Some(1), [0, 0], 1);
    let one = world.insert(2, Some(3), [0, 0], 2);
    let two = world.insert(3, Some(2), [0, 0], 3);
    let below = world.insert(4, Some(3), [0, 0], 4);
    check(&world, "in a circle");
    assert_eq!(world.forest.unplaced().len(), 4);
    assert_eq!(world.forest.descendants(one), [two, below]);
    assert!(world.forest.is_within(one, two) && world.forest.is_within(two, one));
    world.relocate(one, None, [0, 0], 2);
    check(&world, "one is out");
    assert_eq!(world.forest.id(below).as_deref(), Some("1.1.1"));
    world.relocate(own, Some(4), [0, 0], 1);
    check(&world, "all are out");
    assert!(world.forest.unplaced().is_empty());
    world.remove_everything();
    check(&world, "nobody");
}
