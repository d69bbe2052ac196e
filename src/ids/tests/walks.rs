//! Walks that begin behind a place: of a document that is there, has moved or has gone.

use super::plain::{Chance, Level, World};
use crate::ids::forest::Forest;
use crate::ids::walk::{Step, Walk};
use crate::model::time::Time;

fn rest(mut walk: Walk, forest: &Forest) -> Vec<u32> {
    std::iter::from_fn(|| walk.next(forest)).collect()
}

#[test]
fn a_walk_resumes_behind_every_document() {
    for seed in 0..20 {
        let mut chance = Chance::new(seed);
        let mut world = World::new(seed % 2 == 1);
        for _ in 0..5 {
            (0..15).for_each(|_| world.step(&mut chance));
            let forest = &world.forest;
            let order = world.order();
            for (index, &slot) in order.iter().enumerate() {
                let walk = match forest.is_placed(slot) {
                    true => Walk::after(forest, &forest.steps(slot)),
                    false => Walk::after_unplaced(forest, forest.created(slot), Some(slot)),
                };
                assert_eq!(rest(walk, forest), order[index + 1..], "seed {seed}, slot {slot}");
            }
        }
    }
}

#[test]
fn a_walk_leads_past_prefixes_that_are_not_wanted_but_not_past_what_lies_below() {
    let mut left_out = 0;
    for seed in 0..40 {
        let mut chance = Chance::new(seed);
        let mut world = World::new(seed % 2 == 1);
        for round in 0..6 {
            (0..20).for_each(|_| world.step(&mut chance));
            let forest = &world.forest;
            let is_wanted = |prefix: u32| (prefix + round) % 3 == 0;
            let prefix = |slot| forest.prefix_of(&world.documents[&slot].codes).unwrap();
            let is_given = |slot: &u32| !forest.is_placed(*slot) || is_wanted(prefix(*slot));
            let order = world.order();
            let expected: Vec<u32> = order.iter().copied().filter(is_given).collect();
            let mut walk = Walk::new(forest);
            for &slot in &expected {
                assert_eq!(walk.next_wanted(forest, is_wanted), Some(slot), "seed {seed}");
                assert_eq!(walk.id().map(str::to_owned), world.id(slot), "seed {seed}");
                assert_eq!(walk.prefix(), forest.is_placed(slot).then(|| prefix(slot)));
            }
            assert_eq!(walk.next_wanted(forest, is_wanted), None);
            left_out += order.len() - expected.len();
        }
    }
    assert!(left_out > 500, "{left_out}");
}

#[test]
fn a_walk_that_skips_goes_on_as_if_it_had_given_what_it_went_past() {
    for seed in 0..40 {
        let mut chance = Chance::new(seed);
        let mut world = World::new(seed % 2 == 1);
        (0..150).for_each(|_| world.step(&mut chance));
        let forest = &world.forest;
        let order = world.order();
        for count in 0..=order.len() + 2 {
            let before = chance.below(order.len() as u64 + 1).min(count as u64);
            let mut walk = Walk::new(forest);
            walk.skip(forest, before);
            walk.skip(forest, count as u64 - before);
            for &slot in order.get(count..).unwrap_or_default() {
                assert_eq!(walk.next(forest), Some(slot), "seed {seed}, {count} skipped");
                assert_eq!(walk.id().map(str::to_owned), world.id(slot), "seed {seed}, {count}");
            }
            assert_eq!(walk.next(forest), None);
        }
        for (&top, _) in world.documents.iter().filter(|&(&slot, _)| forest.is_placed(slot)) {
            let below = forest.descendants(top);
            let walk = Walk::after(forest, &forest.steps(top));
            let mut walk = walk.staying_below(forest.level(top).unwrap());
            walk.skip(forest, 2);
            assert_eq!(rest(walk, forest), below.get(2..).unwrap_or_default(), "seed {seed}");
        }
    }
}

#[test]
fn a_walk_that_stays_below_a_document_goes_over_what_hangs_below_it() {
    let mut longest = 0;
    for seed in 0..40 {
        let mut chance = Chance::new(seed);
        let mut world = World::new(seed % 2 == 1);
        (0..120).for_each(|_| world.step(&mut chance));
        let forest = &world.forest;
        let is_wanted = |prefix: u32| prefix % 2 == 0;
        for (&top, _) in world.documents.iter().filter(|&(&slot, _)| forest.is_placed(slot)) {
            let level = forest.level(top).unwrap();
            let walk = Walk::after(forest, &forest.steps(top)).staying_below(level);
            let below = forest.descendants(top);
            assert_eq!(rest(walk.clone(), forest), below, "seed {seed}, slot {top}");
            let mut walk = walk;
            let mut given: Vec<u32> =
                std::iter::from_fn(|| walk.next_wanted(forest, is_wanted)).collect();
            let prefix = |slot: &u32| forest.prefix_of(&world.documents[slot].codes).unwrap();
            // What was looked up before it was known what is wanted may be given, too.
            given.retain(|slot| is_wanted(prefix(slot)));
            let wanted: Vec<u32> =
                below.iter().copied().filter(|slot| is_wanted(prefix(slot))).collect();
            assert_eq!(given, wanted, "seed {seed}, slot {top}");
            longest = longest.max(below.len());
        }
    }
    assert!(longest > 5, "{longest}");
}

/// A place that was noted, to resume behind it later.
enum Noted {
    Placed(Vec<Level>, Vec<Step>),
    Unplaced(Time, u32),
}

fn note(world: &World) -> Vec<Noted> {
    let forest = &world.forest;
    let slots = world.documents.keys();
    let noted = slots.map(|&slot| match world.place(slot) {
        Some(place) => Noted::Placed(place, forest.steps(slot)),
        None => Noted::Unplaced(forest.created(slot), slot),
    });
    noted.collect()
}

#[test]
fn a_walk_resumes_where_a_document_was_that_has_gone_or_moved() {
    let mut gone_or_moved = 0;
    for seed in 300..330 {
        let mut chance = Chance::new(seed);
        let mut world = World::new(seed % 2 == 1);
        world.distinct_times = true;
        (0..60).for_each(|_| world.step(&mut chance));
        let noted = note(&world);
        (0..25).for_each(|_| world.step(&mut chance));
        let order = world.order();
        for noted in noted {
            let (walk, expected) = resume(&world, &order, &noted);
            assert_eq!(rest(walk, &world.forest), expected, "seed {seed}");
            if let Noted::Placed(place, _) = noted {
                gone_or_moved +=
                    u32::from(!order.iter().any(|&slot| world.place(slot) == Some(place.clone())));
            }
        }
    }
    assert!(gone_or_moved > 100, "{gone_or_moved}");
}

fn resume(world: &World, order: &[u32], noted: &Noted) -> (Walk, Vec<u32>) {
    let forest = &world.forest;
    let there = |slot: &u32| world.documents.contains_key(slot);
    match noted {
        Noted::Placed(place, steps) => {
            // As a token does: UUIDs say which documents are still there.
            let mut steps = steps.clone();
            steps.iter_mut().for_each(|step| step.slot = step.slot.filter(there));
            let is_behind = |slot: &u32| world.place(*slot).is_none_or(|other| other > *place);
            (Walk::after(forest, &steps), order.iter().copied().filter(is_behind).collect())
        }
        Noted::Unplaced(created, slot) => {
            let known = Some(*slot).filter(there);
            let is_behind = |other: &u32| {
                let key = (forest.created(*other), *other);
                world.place(*other).is_none() && key > (*created, known.unwrap_or(0))
            };
            let walk = Walk::after_unplaced(forest, *created, known);
            (walk, order.iter().copied().filter(is_behind).collect())
        }
    }
}

#[test]
fn a_walk_behind_steps_that_never_were_begins_where_they_would_stand() {
    let mut world = World::new(false);
    let first = world.insert(1, None, [0, 0], 10);
    let second = world.insert(2, None, [0, 0], 20);
    let active = world.insert(3, None, [2, 0], 5);
    let step = |status, created| Step {
        codes: [status, 0, 0, 0, 0, 0, 0],
        created: Time::from_unix(created, 0),
        number: 0,
        slot: None,
    };
    let after = |step| rest(Walk::after(&world.forest, &[step]), &world.forest);
    assert_eq!(after(step(0, 9)), [first, second, active]);
    assert_eq!(after(step(0, 15)), [second, active]);
    assert_eq!(after(step(0, 21)), [active]);
    assert_eq!(after(step(1, 0)), [active]);
    assert_eq!(after(step(2, 6)), [0; 0]);
    assert_eq!(after(step(4, 0)), [0; 0]);
}
