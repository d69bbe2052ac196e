//! Parents that people gave in words of their own.

use std::sync::Arc;

use super::{
    check, document, file, ids, load, outputs, reloaded, schema, stable_schema, uuid, written,
};
use crate::engine::state::State;
use crate::index::random::Random;
use crate::model::document::Document;
use crate::model::json::{JsonText, parse};
use crate::model::schema::Schema;

/// What calls return does not show what is only in the file, so both are compared.
fn check_reloaded(state: &State) {
    check(state);
    let again = reloaded(state);
    assert_eq!((outputs(&again), ids(&again)), (outputs(state), ids(state)), "{}", written(state));
    assert_eq!(written(&again), written(state));
}

fn titles_by_id(state: &State) -> Vec<(String, String)> {
    let title = |slot| state.document(slot).unwrap().title.as_str().unwrap().into_owned();
    let mut all: Vec<(String, String)> = state
        .slots()
        .map(|slot| (state.forest().id(slot).unwrap_or_default(), title(slot)))
        .collect();
    all.sort();
    all
}

fn given(texts: &[&str], schema: &Schema) -> State {
    load(&file(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>(), schema))
}

/// Adds a root in the way of a call.
fn add_root(state: &mut State, number: u32) {
    let mut document = Document {
        uuid: uuid::Uuid::from_u128(u128::from(number) | 1 << 100),
        rev: state.commit + 1,
        title: JsonText::string("added"),
        body: JsonText::EMPTY_STRING,
        created_at: JsonText::string("2027-01-01T00:00:00Z"),
        updated_at: JsonText::string("2027-01-01T00:00:00Z"),
        ..Document::default()
    };
    let implied = document.complete(&state.schema.clone());
    state.add(&mut document, implied);
    state.commit += 1;
}

const TYPED: [&str; 20] = [
    "1",
    "2",
    "3",
    "1.1",
    "1.2",
    "2.1",
    "1.1.1",
    "d1",
    "1.d1",
    "D1.1",
    " 2 ",
    "0",
    "x",
    "9",
    "40",
    "key:k2",
    "key:k5",
    "key:no",
    "uuid:000001",
    "uuid:00000000000000000003",
];

/// A document as a person may have written it, with a parent that may mean something.
fn typed(number: u32, random: &mut Random) -> String {
    let parent = match random.below(4) {
        0 => format!("\"{}\"", uuid(random.below(12) as u32)),
        1 => random.below(4).to_string(),
        _ => format!("\"{}\"", TYPED[random.below(TYPED.len())]),
    };
    let status = ["pending", "done"][random.below(2)];
    let (within, beside) = match random.below(6) {
        0 => (format!(r#","parent_id":{parent}"#), String::new()),
        1 => (format!(r#","parent":{parent}"#), String::new()),
        2 => (String::new(), format!(r#","parent_id":{parent}"#)),
        3 => (String::new(), format!(r#","parent":{parent}"#)),
        _ => (String::new(), String::new()),
    };
    let dimensions = format!(r#""dimensions":{{"status":"{status}"{within}}}"#);
    let text = document(number, &format!(r#","key":"k{number}",{dimensions}{beside}"#));
    let own = format!(r#""uuid":"{}","#, uuid(number));
    if random.below(2) == 0 { text.replace(&own, "") } else { text }
}

#[test]
fn whatever_is_typed_is_read_the_same_once_it_is_written() {
    let mut random = Random::new(13);
    let mut placed = 0;
    for round in 0..600 {
        let schema = if round % 2 == 0 { schema() } else { stable_schema() };
        let count = 1 + random.below(12) as u32;
        let documents: Vec<String> = (0..count).map(|number| typed(number, &mut random)).collect();
        let mut state = load(&file(&documents, &schema));
        check_reloaded(&state);
        placed += ids(&state).iter().flatten().count();
        // What led nowhere does not come to mean what is added.
        let without_id = |state: &State| ids(state).iter().filter(|id| id.is_none()).count();
        let before = without_id(&state);
        (0..5).for_each(|number| add_root(&mut state, number));
        check_reloaded(&state);
        assert_eq!(without_id(&reloaded(&state)), before);
        // So it is with a schema that comes later than the documents.
        let plain = Schema::from_call(&parse("{}").unwrap()).unwrap();
        let plain = load(&file(&documents, &plain));
        check_reloaded(&plain.with_schema(Arc::clone(&schema)).unwrap());
    }
    assert!(placed > 1_500, "{placed}");
}

#[test]
fn a_stable_number_means_the_document_that_has_it() {
    let one = document(1, r#","numbers":{"":1}"#);
    let three = document(3, r#","numbers":{"":3}"#);
    let state = given(&[&one, &three, r#"{"title":"child","parent":"3"}"#], &stable_schema());
    check_reloaded(&state);
    let found = titles_by_id(&state);
    assert!(found.contains(&("3.1".to_owned(), "child".to_owned())), "{found:?}");
}

#[test]
fn nothing_hangs_below_itself() {
    let state = given(
        &[
            r#"{"title":"own","key":"own","parent":"key:own"}"#,
            r#"{"title":"a","key":"a","parent":"key:b"}"#,
            r#"{"title":"b","key":"b","parent":"key:a"}"#,
            r#"{"title":"c","parent":"key:a"}"#,
        ],
        &schema(),
    );
    check_reloaded(&state);
    assert_eq!(ids(&state), [None, None, None, None]);
    // Only what would close the circle stays as it was typed.
    let text = written(&state);
    assert_eq!(text.matches(r#""parent":"key:"#).count(), 2, "{text}");
    assert!(text.contains(r#""parent":"key:own""#) && text.contains(r#""parent":"key:a""#));
}

#[test]
fn what_led_nowhere_is_tried_again_when_it_is_typed_anew() {
    let state = given(&[&document(1, ""), r#"{"title":"lost","parent":"4"}"#], &schema());
    check_reloaded(&state);
    let text = written(&state);
    assert!(text.contains(r#""unresolved":{""#), "{text}");
    let mended = load(&text.replacen(r#""parent":"4""#, r#""parent":"1""#, 1));
    check_reloaded(&mended);
    assert_eq!(ids(&mended), [Some("1".to_owned()), Some("1.1".to_owned())]);
    assert!(!written(&mended).contains("unresolved"), "{}", written(&mended));
}

#[test]
fn the_parent_of_a_store_counts_before_that_of_a_person_who_keeps_it() {
    let dimensions = format!(r#","dimensions":{{"parent_id":"{}"}},"parent":"2""#, uuid(1));
    let state = given(&[&document(1, ""), &document(2, ""), &document(3, &dimensions)], &schema());
    check_reloaded(&state);
    assert_eq!(ids(&state).last(), Some(&Some("1.1".to_owned())));
    assert!(written(&state).contains(r#""parent":"2""#));
}

#[test]
fn many_typed_parents_take_little_time() {
    let mut documents = vec![document(0, "")];
    documents.extend((1..20_000).map(|_| r#"{"title":"child","parent":"1"}"#.to_owned()));
    let begun = std::time::Instant::now();
    let state = load(&file(&documents, &schema()));
    assert_eq!(state.forest().id(19_999).as_deref(), Some("1.19999"));
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
}
