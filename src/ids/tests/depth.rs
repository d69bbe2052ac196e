//! Trees as deep as they may be, and deeper.

use super::plain::World;
use crate::ids::LEVELS_MAX;
use crate::ids::walk::Walk;

const DEEPEST: u128 = LEVELS_MAX as u128;

/// A chain of documents, each below the one before; the first is below `top`.
fn chain(world: &mut World, uuids: std::ops::RangeInclusive<u128>, top: Option<u128>) -> Vec<u32> {
    let first = *uuids.start();
    let parent_of = |uuid: u128| if uuid == first { top } else { Some(uuid - 1) };
    uuids.map(|uuid| world.insert(uuid, parent_of(uuid), [0, 0], uuid as i64)).collect()
}

/// Documents on the longest way down from `top`, itself not counted.
fn height(world: &World, top: u32) -> u32 {
    world.forest.children(top).map(|child| height_of_chain(world, child)).max().unwrap_or(0)
}

fn height_of_chain(world: &World, mut at: u32) -> u32 {
    let mut count = 1;
    while let Some(child) = world.forest.children(at).next() {
        at = child;
        count += 1;
    }
    count
}

#[test]
fn the_last_level_has_an_id_and_the_next_one_has_none() {
    let mut world = World::new(false);
    let slots = chain(&mut world, 1..=DEEPEST + 2, None);
    let deepest = slots[DEEPEST as usize - 1];
    assert_eq!(world.forest.level(deepest), Some(LEVELS_MAX));
    let id = world.forest.id(deepest).unwrap();
    assert_eq!(id, vec!["1"; DEEPEST as usize].join("."));
    assert_eq!(world.forest.resolve(&id).ok(), Some(deepest));
    let beyond = [slots[DEEPEST as usize], slots[DEEPEST as usize + 1]];
    assert_eq!(world.forest.unplaced().iter().copied().collect::<Vec<_>>(), beyond);
    assert!(beyond.iter().all(|&slot| world.forest.id(slot).is_none()));
    let mut walk = Walk::new(&world.forest);
    let walked: Vec<u32> = std::iter::from_fn(|| walk.next(&world.forest)).collect();
    assert_eq!(walked, slots, "the walk gives those without an ID too, once");
}

#[test]
fn a_chain_that_comes_from_its_end_is_placed_as_far_as_it_goes() {
    let mut world = World::new(false);
    let uuids = (1..=DEEPEST + 1).rev();
    let parent_of = |uuid: u128| (uuid > 1).then(|| uuid - 1);
    let slots: Vec<u32> =
        uuids.map(|uuid| world.insert(uuid, parent_of(uuid), [0, 0], uuid as i64)).collect();
    assert_eq!(world.forest.unplaced().iter().copied().collect::<Vec<_>>(), [slots[0]]);
    assert_eq!(world.forest.level(slots[1]), Some(LEVELS_MAX));
}

#[test]
fn what_fits_is_what_a_count_of_the_levels_says() {
    let mut world = World::new(false);
    let long = chain(&mut world, 1..=700, None);
    let branch = chain(&mut world, 2001..=2400, Some(100));
    let short = chain(&mut world, 3001..=3050, None);
    let mut fitting = [0, 0];
    for &slot in [branch[0], branch[200], short[0], short[49], long[650]].iter() {
        for &parent in [&long[..], &branch[..], &short[..]].into_iter().flatten() {
            if world.forest.is_within(parent, slot) {
                continue;
            }
            let levels = world.forest.level(parent).unwrap() + 1 + height(&world, slot);
            let fits = world.forest.fits_below(Some(slot), parent);
            assert_eq!(fits, levels <= LEVELS_MAX, "{slot} below {parent}: {levels} levels");
            fitting[usize::from(fits)] += 1;
        }
    }
    assert!(fitting[0] >= 100 && fitting[1] > 100, "{fitting:?}");
    for &parent in &long {
        assert!(world.forest.fits_below(None, parent));
    }
}

#[test]
fn what_fits_is_exact_after_the_deepest_have_gone() {
    let mut world = World::new(false);
    let long = chain(&mut world, 1..=DEEPEST, None);
    assert!(!world.forest.fits_below(None, long[DEEPEST as usize - 1]));
    assert!(world.forest.fits_below(None, long[DEEPEST as usize - 2]));
    for &slot in long[500..].iter().rev() {
        world.remove(slot);
    }
    let other = chain(&mut world, 2001..=2500, None);
    let below = chain(&mut world, 3001..=3002, None);
    assert!(world.forest.fits_below(Some(other[0]), long[499]));
    world.relocate(below[0], Some(2500), [0, 0], 1);
    assert!(!world.forest.fits_below(Some(other[0]), long[499]));
    assert!(world.forest.fits_below(Some(other[0]), long[497]));
}

#[test]
fn a_branch_that_moves_too_deep_loses_the_ids_of_its_end() {
    let mut world = World::new(false);
    let long = chain(&mut world, 1..=900, None);
    let branch = chain(&mut world, 2001..=2200, None);
    // Calls refuse this; what is not refused must hold together all the same.
    world.relocate(branch[0], Some(900), [0, 0], 5);
    assert_eq!(world.forest.level(branch[99]), Some(LEVELS_MAX));
    let unplaced: Vec<u32> = world.forest.unplaced().iter().copied().collect();
    assert_eq!(unplaced, branch[100..]);
    for &slot in long[890..].iter().rev().chain(&branch) {
        assert_eq!(world.forest.id(slot).is_some(), !unplaced.contains(&slot));
    }
}
#[test]
fn a_chain_that_is_too_deep_is_placed_whole_once_it_moves_up() {
    let mut world = World::new(false);
    let slots = chain(&mut world, 1..=DEEPEST + 5, None);
    assert_eq!(world.forest.unplaced().len(), 5);
    world.relocate(slots[499], None, [0, 0], 9999);
    assert!(world.forest.unplaced().is_empty());
    assert_eq!(world.forest.level(slots[DEEPEST as usize + 4]), Some(506));
}

#[test]
fn what_has_no_place_counts_with_its_whole_height_when_it_is_moved() {
    let mut world = World::new(false);
    let long = chain(&mut world, 1..=100, None);
    let orphans = chain(&mut world, 2001..=2950, Some(77_777));
    assert!(world.forest.fits_below(Some(orphans[0]), long[49]));
    assert!(!world.forest.fits_below(Some(orphans[0]), long[50]));
    let deep = chain(&mut world, 4001..=4000 + DEEPEST + 5, None);
    let other = chain(&mut world, 6001..=6499, None);
    assert!(world.forest.fits_below(Some(deep[506]), other[498]));
    assert!(!world.forest.fits_below(Some(deep[499]), other[498]));
}
