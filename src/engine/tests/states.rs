//! Adding, changing and removing keep all indexes of a state in step.

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use super::{check, document, file, load, reloaded, schema, stable_schema, uuid, uuid_number};
use crate::engine::state::State;
use crate::model::document::Document;
use crate::model::json::{JsonText, parse_object};
use crate::model::time::Time;

/// A stored document as a file or a call might bring it.
fn random_document(state: &State, number: u32, random: &mut SmallRng) -> Document {
    let mut below = |end: u64| random.next_u64() % end;
    let keys = ["a", "b", "quo\\\"te", "back\\\\", "tab\\t", "e\u{301}", ""];
    let key = match below(3) {
        0 => format!(r#""key":"{}","#, keys[below(keys.len() as u64) as usize]),
        1 if below(4) == 0 => r#""key":5,"#.to_owned(),
        _ => String::new(),
    };
    let status = ["pending", "active", "done", "typo"][below(4) as usize];
    let title = ["\"x\"".to_owned(), "7".to_owned(), format!("\"{}\"", "long ".repeat(400))];
    let title = &title[below(3) as usize];
    let slots: Vec<u32> = state.slots().collect();
    let parent = match slots.get(below(12) as usize) {
        // Only what is there already, so that there is no circle.
        Some(&slot) if state.forest().parent(slot) == crate::ids::forest::Parent::Root => {
            format!(r#","parent_id":"{}""#, state.uuid_text(slot))
        }
        _ => String::new(),
    };
    let created = Time::from_unix(below(4) as i64, 0).to_text();
    let text = format!(
        r#"{{"uuid":"{}",{key}"rev":{},"title":{title},"body":"","dimensions":{{
            "status":"{status}","priority":"high"{parent}}},"data":{{}},
            "created_at":"{created}","updated_at":"{created}"}}"#,
        uuid(number),
        below(50) + 1
    );
    Document::from_stored(JsonText::read_object(&text).unwrap().as_text()).unwrap()
}

fn exercise(mut state: State, seed: u64) {
    let mut random = SmallRng::seed_from_u64(seed);
    for step in 0..150 {
        let slots: Vec<u32> = state.slots().collect();
        let picked = slots.get((random.next_u64() % 40) as usize).copied();
        match picked.filter(|&slot| !state.forest().has_children(slot)) {
            None => {
                let mut document = random_document(&state, step, &mut random);
                state.add(&mut document, 0);
            }
            Some(slot) if random.next_u64() % 3 > 0 => {
                let mut document = random_document(&state, 0, &mut random);
                document.uuid = uuid::Uuid::from_u128(state.uuid(slot));
                if document.dimensions.get("parent_id").and_then(|id| id.as_str())
                    != Some(&state.uuid_text(slot))
                {
                    state.change(slot, &mut document, 0);
                }
            }
            Some(slot) => {
                let uuid = state.uuid(slot);
                state.remove(slot);
                assert!(!state.is_live(slot));
                assert_eq!((state.text(slot), state.find_uuid(uuid)), ("", None));
            }
        }
        check(&state);
    }
}

#[test]
fn all_indexes_agree_after_any_change() {
    for seed in 0..6 {
        exercise(State::new(schema()), seed);
    }
}

#[test]
fn all_indexes_agree_with_stable_numbers() {
    for seed in 10..13 {
        let mut state = State::new(stable_schema());
        crate::engine::load::number_stably(&mut state, None).unwrap();
        exercise(state, seed);
    }
}

#[test]
fn a_clone_keeps_its_texts_and_keys() {
    let documents: Vec<String> = (0..300)
        .map(|n| document(n, &format!(r#","key":"k{n}","body":"{}""#, "x".repeat(99))))
        .collect();
    let before = load(&file(&documents, &schema()));
    let mut state = before.clone();
    for slot in 0..299 {
        if slot % 3 == 0 {
            state.remove(slot);
        } else {
            let mut document = state.document(slot).unwrap();
            document.key = Some(JsonText::string(&format!("new{slot}")));
            state.change(slot, &mut document, 0);
        }
    }
    check(&state);
    check(&before);
    assert_eq!(before.len(), 300);
    assert_eq!(before.find_key("k1"), Some(1));
    assert_eq!((state.find_key("k1"), state.find_key("new1")), (None, Some(1)));
}

#[test]
fn the_oldest_of_one_key_resolves_whichever_goes() {
    let at = |number: u32, second: u32| {
        let members = format!(r#","key":"k","created_at":"2026-01-01T00:00:0{second}Z""#);
        document(number, &members)
    };
    let documents = [at(1, 5), at(2, 2), at(3, 8)];
    let mut state = load(&file(&documents, &schema()));
    check(&state);
    assert_eq!(state.find_key("k"), state.find_uuid(uuid_number(2)));
    let mut oldest = state.document(1).unwrap();
    oldest.created_at = JsonText::string("2026-01-01T00:00:09Z");
    state.change(1, &mut oldest, 0);
    check(&state);
    assert_eq!(state.find_key("k"), Some(0));
    state.remove(0);
    check(&state);
    state.remove(2);
    check(&state);
    assert_eq!(state.find_key("k"), Some(1));
    state.remove(1);
    assert_eq!(state.find_key("k"), None);
    check(&state);
}

#[test]
fn keys_with_escapes_are_found_by_their_text() {
    let documents = [document(1, r#","key":"a\"b\\""#), document(2, r#","key":"\u00e9\n""#)];
    let state = load(&file(&documents, &schema()));
    assert_eq!(state.find_key("a\"b\\"), Some(0));
    assert_eq!(state.find_key("\u{e9}\n"), Some(1));
    assert_eq!(state.find_key("a"), None);
    check(&reloaded(&state));
}

#[test]
fn the_short_id_is_spliced_in_behind_the_uuid() {
    let state = load(&file(&[document(1, r#","key":"k""#)], &schema()));
    let output = parse_object(&state.output(0)).unwrap();
    let names: Vec<&String> = output.iter().map(|(name, _)| name).take(3).collect();
    assert_eq!(names, ["uuid", "id", "key"]);
    let mut out = String::new();
    state.write_output(99, Some("1"), &mut out);
    assert_eq!(out, "null", "a document that has gone");
}

#[test]
fn the_oldest_of_those_left_takes_over_a_key() {
    let at = |number: u32, second: u32| {
        let members = format!(r#","key":"k","created_at":"2026-01-01T00:00:0{second}Z""#);
        document(number, &members)
    };
    let mut state = load(&file(&[at(1, 1), at(2, 8), at(3, 2)], &schema()));
    state.remove(0);
    check(&state);
    assert_eq!(state.find_key("k"), Some(2));
}
