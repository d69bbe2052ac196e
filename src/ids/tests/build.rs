//! Documents placed all at once, against the same ones placed one by one.

use std::sync::Arc;

use super::plain::{Chance, World};
use crate::ids::forest::{Forest, Parent, Seat};
use crate::ids::walk::Walk;
use crate::model::document::Codes;
use crate::model::schema::Schema;
use crate::model::time::Time;

/// Which documents there are in one round.
#[derive(Clone, Copy)]
struct Kind {
    in_order: bool,
    /// Parents may be missing, stand in a circle, or too far up.
    is_broken: bool,
}

fn seats(chance: &mut Chance, count: u64, kind: Kind) -> Vec<Seat> {
    let mut seats = Vec::new();
    for slot in 0..count {
        let mut codes = Codes::default();
        (codes[0], codes[2]) = (chance.below(5) as u16, chance.below(4) as u16);
        let created = if kind.in_order { slot / 3 } else { chance.below(20) } as i64;
        let parent = match chance.below(10) {
            0..5 => Parent::Root,
            5 if kind.is_broken => Parent::Missing([None, Some(u128::MAX)][slot as usize % 2]),
            6 if kind.is_broken => Parent::Slot(chance.below(count) as u32),
            // Anyone that is a root or hangs below an earlier one, the last of them too.
            _ => Parent::Slot((chance.below(count) as u32 * 7 + 1) % count as u32),
        };
        let created = Time::from_unix(created, 0);
        seats.push(Seat { created, parent, codes, claim: 0 });
    }
    if !kind.is_broken {
        break_circles(&mut seats);
    }
    seats
}

/// Makes documents roots that are their own ancestors.
fn break_circles(seats: &mut [Seat]) {
    for slot in 0..seats.len() {
        let mut at = slot;
        for _ in 0..=seats.len() {
            match seats[at].parent {
                Parent::Slot(parent) => at = parent as usize,
                _ => break,
            }
        }
        if matches!(seats[at].parent, Parent::Slot(_)) {
            seats[slot].parent = Parent::Root;
        }
    }
}

fn one_by_one(schema: Arc<Schema>, seats: &[Seat]) -> Forest {
    let mut forest = Forest::new(schema);
    for (slot, seat) in (0..).zip(seats) {
        let parent = match seat.parent {
            Parent::Slot(parent) if parent >= slot => Parent::Missing(Some(parent.into())),
            parent => parent,
        };
        forest.insert(slot.into(), &Seat { parent, ..*seat });
    }
    forest
}

fn check_same(one: &Forest, other: &Forest, count: u32, what: &str) {
    let (mut walk, mut expected) = (Walk::new(one), Walk::new(other));
    for _ in 0..=count {
        assert_eq!(walk.next(one), expected.next(other), "the walk, {what}");
        assert_eq!(walk.id(), expected.id(), "the IDs, {what}");
    }
    assert_eq!(one.unplaced(), other.unplaced(), "{what}");
    for slot in 0..count {
        assert_eq!(one.id(slot), other.id(slot), "{what}");
        assert_eq!(one.level(slot), other.level(slot), "{what}");
        assert_eq!(one.number(slot), other.number(slot), "{what}");
        let children = |forest: &Forest| -> Vec<u32> { forest.children(slot).collect() };
        assert_eq!(children(one), children(other), "{what}");
    }
}

#[test]
fn documents_placed_at_once_are_where_each_alone_would_come_and_stay_so_when_more_come() {
    let (mut with_place, mut without) = (0, 0);
    for seed in 0..400 {
        let mut chance = Chance::new(seed);
        let kind = Kind { in_order: seed % 2 == 0, is_broken: seed % 4 > 1 };
        let count = chance.below(40) + u64::from(seed > 4);
        let seats = seats(&mut chance, count, kind);
        let schema = World::new(false).forest.schema.clone();
        let mut one = Forest::of(schema.clone(), &seats, u128::from);
        let mut other = one_by_one(schema, &seats);
        let what = format!("seed {seed}");
        check_same(&one, &other, count as u32, &what);
        match one.unplaced().is_empty() {
            true => with_place += 1,
            false => without += 1,
        }
        for _ in 0..5 {
            let parents: Vec<u32> = (0..count as u32).filter(|&it| one.is_placed(it)).collect();
            let parent = chance.pick(&parents).map_or(Parent::Root, Parent::Slot);
            let created = Time::from_unix(chance.below(20) as i64, 0);
            let seat = Seat { created, parent, codes: Codes::default(), claim: 0 };
            let uuid = 1_000 + u128::from(chance.below(1 << 40));
            assert_eq!(one.insert(uuid, &seat), other.insert(uuid, &seat));
        }
        check_same(&one, &other, count as u32 + 5, &what);
    }
    assert!(with_place > 150 && without > 50, "{with_place} and {without}");
}

#[test]
fn a_chain_that_is_too_long_has_no_place_at_its_end() {
    let schema = World::new(false).forest.schema.clone();
    for count in [999, 1_000, 1_001, 1_500] {
        let seat = |slot: u32| Seat {
            created: Time::from_unix(slot.into(), 0),
            parent: slot.checked_sub(1).map_or(Parent::Root, Parent::Slot),
            codes: Codes::default(),
            claim: 0,
        };
        let seats: Vec<Seat> = (0..count).map(seat).collect();
        let forest = Forest::of(schema.clone(), &seats, u128::from);
        assert_eq!(forest.unplaced().len() as u32, count.saturating_sub(1_000));
        check_same(&forest, &one_by_one(schema.clone(), &seats), count, &format!("{count}"));
    }
}
