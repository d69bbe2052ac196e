//! Stable numbers, from inside.

use std::collections::BTreeMap;

use super::plain::World;
use super::{check, partitions_in_use};

#[test]
fn a_number_of_a_document_that_has_gone_is_not_given_again() {
    let mut world = World::new(true);
    let slots: Vec<u32> =
        (0..4).map(|number| world.insert(number, None, [0, 0], 10 - number as i64)).collect();
    world.remove(slots[3]);
    world.remove(slots[1]);
    let next = world.insert(9, None, [0, 0], 0);
    assert_eq!(world.forest.id(next).as_deref(), Some("5"));
    assert!(world.forest.resolve("2").is_err() && world.forest.resolve("4").is_err());
    check(&world, "with holes");
    // An empty partition remembers too.
    world.remove_everything();
    let last = world.insert(10, None, [0, 0], 0);
    assert_eq!(world.forest.id(last).as_deref(), Some("6"));
}

#[test]
fn a_document_that_returns_to_a_partition_has_its_number_again() {
    let mut world = World::new(true);
    let slots: Vec<u32> = (0..3).map(|number| world.insert(number, None, [0, 0], 1)).collect();
    world.relocate(slots[0], None, [4, 0], 1);
    assert_eq!(world.forest.id(slots[0]).as_deref(), Some("d1"));
    world.relocate(slots[0], None, [0, 0], 1);
    assert_eq!(world.forest.id(slots[0]).as_deref(), Some("1"));
    // Another time of creation is no reason to renumber.
    world.relocate(slots[0], None, [0, 0], 1_000);
    assert_eq!(world.forest.id(slots[0]).as_deref(), Some("1"));
    check(&world, "all are back");
}

#[test]
fn the_memory_of_a_parent_goes_with_it() {
    let mut world = World::new(true);
    let parent = world.insert(1, None, [0, 0], 1);
    let child = world.insert(2, Some(1), [0, 0], 1);
    assert_eq!(world.forest.highest_numbers().len(), 2);
    world.remove(child);
    assert_eq!(world.forest.highest_numbers().get(&(Some(parent), String::new())), Some(&1));
    world.remove(parent);
    assert_eq!(world.forest.highest_numbers(), BTreeMap::from([((None, String::new()), 1)]));
    assert_eq!(partitions_in_use(&world.forest), 0);
}

#[test]
fn turning_stable_keeps_claims_and_the_older_of_two_keeps_its_number() {
    let mut world = World::new(false);
    for number in 0..5 {
        world.insert(number, None, [0, 0], number as i64);
    }
    let mut forest = world.forest.clone();
    let claims = [7, 0, 2, 7, 0];
    let highest = BTreeMap::from([((None, String::new()), 9), ((None, "d".to_owned()), 4)]);
    let assigned = forest.number_stably(highest, &|slot, _| claims[slot as usize]);
    assert_eq!(assigned, [(1, 10), (3, 11), (4, 12)]);
    let ids: Vec<_> = (0..5).map(|slot| forest.id(slot).unwrap()).collect();
    assert_eq!(ids, ["7", "10", "2", "11", "12"]);
    for (slot, id) in ids.iter().enumerate() {
        assert_eq!(forest.resolve(id).ok(), Some(slot as u32));
    }
    let expected = BTreeMap::from([((None, String::new()), 12), ((None, "d".to_owned()), 4)]);
    assert_eq!(forest.highest_numbers(), expected);
}

#[test]
fn the_forest_that_turned_stable_was_a_clone() {
    let mut world = World::new(false);
    for number in 0..3 {
        world.insert(number, None, [0, 0], 0);
    }
    world.forest.clone().number_stably(BTreeMap::new(), &|slot, _| 30 - slot);
    check(&world, "the dense original");
}
#[test]
fn the_greatest_number_that_a_file_claims_leaves_room_for_others() {
    let mut world = World::new(false);
    for number in 0..3 {
        world.insert(number, None, [0, 0], number as i64);
    }
    let mut forest = world.forest.clone();
    let claims = [u32::MAX, 0, 0];
    forest.number_stably(BTreeMap::new(), &|slot, _| claims[slot as usize]);
    let mut walk = crate::ids::walk::Walk::new(&forest);
    let walked: Vec<u32> = std::iter::from_fn(|| walk.next(&forest)).collect();
    assert_eq!(walked.len(), 3, "nobody is lost: {walked:?}");
    for slot in 0..3 {
        let id = forest.id(slot).unwrap();
        assert_eq!(forest.resolve(&id).ok(), Some(slot), "{id}");
    }
}
