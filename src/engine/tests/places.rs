//! Places as bytes: in the order of a walk, and good for another process.

use std::sync::Arc;

use super::{document, file, load, reloaded, schema, stable_schema, uuid};
use crate::engine::place::{encode, walk_after};
use crate::engine::state::State;
use crate::ids::walk::Walk;
use crate::model::schema::Schema;

/// Trees, times before 1970, equal times, prefixes, and documents without a place.
fn forest(schema: &Arc<Schema>) -> State {
    let mut documents = Vec::new();
    for number in 0..60u32 {
        let status = ["pending", "active", "done", "typo"][number as usize % 4];
        let priority = ["high", "low"][number as usize % 2];
        let parent = match number % 5 {
            0 | 1 => String::new(),
            4 if number > 50 => format!(r#","parent_id":"{}""#, uuid(900)),
            _ => format!(r#","parent_id":"{}""#, uuid(number / 2)),
        };
        let year = [1960, 2026, 1969, 1970][number as usize % 4];
        documents.push(document(
            number,
            &format!(
                r#","created_at":"{year}-01-01T00:00:00.{}Z","dimensions":{{
                "status":"{status}","priority":"{priority}"{parent}}}"#,
                number / 8
            )
            .replace('\n', ""),
        ));
    }
    load(&file(&documents, schema))
}

fn walked(state: &State, mut walk: Walk) -> Vec<u32> {
    std::iter::from_fn(|| walk.next(state.forest())).collect()
}

#[test]
fn places_compared_as_bytes_stand_in_the_order_of_a_walk() {
    for schema in [schema(), stable_schema()] {
        let state = forest(&schema);
        let order = walked(&state, Walk::new(state.forest()));
        assert!(order.len() == 60 && !state.forest().unplaced().is_empty());
        let places: Vec<Vec<u8>> = order.iter().map(|&slot| encode(&state, slot)).collect();
        for (one, other) in places.iter().zip(&places[1..]) {
            assert!(one < other);
        }
    }
}

#[test]
fn a_place_is_resumed_in_another_process_whose_slots_differ() {
    for schema in [schema(), stable_schema()] {
        let full = forest(&schema);
        let mut state = full.clone();
        // Documents that went before a reload shift the slots of all behind them.
        for slot in (0..60).rev().filter(|slot| slot % 3 == 0) {
            if !state.forest().has_children(slot) {
                state.remove(slot);
            }
        }
        let other = reloaded(&state);
        assert!(state.len() < 60);
        let order = walked(&state, Walk::new(state.forest()));
        let names = |state: &State, slots: &[u32]| -> Vec<u128> {
            slots.iter().map(|&slot| state.uuid(slot)).collect()
        };
        for (index, &slot) in order.iter().enumerate() {
            let place = encode(&state, slot);
            let rest = walked(&other, walk_after(&other, &place).unwrap());
            assert_eq!(names(&other, &rest), names(&state, &order[index + 1..]));
        }
    }
}

#[test]
fn bytes_that_are_no_place_are_refused() {
    let state = forest(&schema());
    let order = walked(&state, Walk::new(state.forest()));
    for &slot in [order[0], order[59]].iter() {
        let place = encode(&state, slot);
        assert!(walk_after(&state, &place).is_some());
        for end in 0..place.len() {
            assert!(walk_after(&state, &place[..end]).is_none(), "{end} bytes");
        }
        let mut longer = place.clone();
        longer.push(0);
        assert!(walk_after(&state, &longer).is_none());
        let mut unknown = place;
        unknown[0] = 7;
        assert!(walk_after(&state, &unknown).is_none());
    }
}

#[test]
fn any_bytes_of_the_right_length_are_a_place_somewhere() {
    let state = forest(&schema());
    for byte in [0, 1, 0x7f, 0x80, 0xff] {
        let mut place = vec![byte; 51];
        place[0] = 0;
        walked(&state, walk_after(&state, &place).unwrap());
        let mut place = vec![byte; 33];
        place[0] = 1;
        walked(&state, walk_after(&state, &place).unwrap());
    }
}
