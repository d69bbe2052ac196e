//! Parts of indexes that are made at any time agree with the documents, and are made seldom.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use super::*;
use crate::engine::listing;
use crate::engine::tests::drafts::{add, limits, memory};
use crate::engine::tests::{check, document, file, load, uuid};
use crate::model::document::Document;
use crate::model::json::{JsonText, parse};
use crate::model::schema::Schema;
use crate::model::time::Time;
use crate::query::Query;

/// The keys of documents, `kind`, and the declared ones: five indexes.
const INDEXES: usize = 5;
const BY_KIND: usize = 1;
const BY_TAG: usize = 2;
const BY_NUMBER: usize = 4;

fn schema() -> Schema {
    let text = r#"{"dimensions":[{"name":"status","type":"enumerated","values":["pending","done"],
            "default_value":"pending"},{"name":"kind","type":"enumerated"}],
        "indexes":[{"name":"by_tag","fields":["data.tags","title"],"multi":true},
            {"name":"by_change","fields":["-rev"],"where":{"status":"done"}},
            {"name":"by_number","fields":["data.n"],"unique":true}]}"#;
    Schema::from_call(&parse(text).unwrap()).unwrap()
}

fn parts(state: &State) -> &Parts {
    &state.indexes.as_ref().unwrap().parts
}

/// Which entries were made, and whether the facets and the order of revisions were.
fn made(state: &State) -> (Vec<usize>, bool, bool) {
    let Parts { entries, facets, by_rev } = parts(state);
    let entries = (0..).zip(entries).filter(|(_, it)| it.made().is_some());
    let entries = entries.map(|(index, _)| index).collect();
    (entries, facets.made().is_some(), by_rev.made().is_some())
}

/// Asks for one of the parts.
fn use_part(state: &State, part: usize) {
    match part {
        INDEXES => drop(state.facets()),
        part if part > INDEXES => drop(state.by_rev()),
        index => drop(state.entries(index).unwrap()),
    }
}

/// The parts that were made say of the documents what parts that are made now say.
fn check_parts(state: &State) {
    check(state);
    let mut fresh = state.clone();
    fresh.declare_indexes().unwrap();
    for (index, entries) in parts(state).entries.iter().enumerate() {
        let Some(entries) = entries.made() else { continue };
        let expected = fresh.entries(index).unwrap();
        assert!(entries.iter_from(0).eq(expected.iter_from(0)), "index {index}");
        assert_eq!(entries.len(), expected.len());
    }
    if let Some(facets) = parts(state).facets.made() {
        let list = |facets: &Facets| {
            let facets = facets.iter().filter(|facet| !facet.members.is_empty());
            let facets = facets.map(|it| (it.codes, it.members.iter_from(0).collect::<Vec<_>>()));
            let mut facets: Vec<_> = facets.collect();
            facets.sort_unstable();
            facets
        };
        assert_eq!(list(facets), list(fresh.facets().unwrap()));
    }
    if let Some(by_rev) = parts(state).by_rev.made() {
        assert!(by_rev.iter_from(0).eq(fresh.by_rev().unwrap().iter_from(0)));
    }
}

fn random_document(number: u32, random: &mut SmallRng) -> Document {
    let mut below = |end: u64| random.next_u64() % end;
    let status = ["pending", "done", "typo"][below(3) as usize];
    let created = Time::from_unix(below(3) as i64, 0).to_text();
    let text = format!(
        r#"{{"uuid":"{}","rev":{},"title":"t{}","body":"","dimensions":{{"status":"{status}",
            "kind":"k{}"}},"data":{{"tags":["a{}","b{}"],"n":{}}},
            "created_at":"{created}","updated_at":"{created}"}}"#,
        uuid(number),
        below(50) + 1,
        below(3),
        below(4),
        below(3),
        below(3),
        below(9),
    );
    Document::from_stored(JsonText::read_object(&text).unwrap().as_text()).unwrap()
}

#[test]
fn parts_agree_with_the_documents_whenever_they_were_made() {
    for seed in 0..30 {
        let mut random = SmallRng::seed_from_u64(seed);
        let mut state = State::new(Arc::new(schema()));
        state.declare_indexes().unwrap();
        let mut clones = Vec::new();
        for step in 0..120 {
            let slots: Vec<u32> = state.slots().collect();
            let picked = slots.get((random.next_u64() % 40) as usize).copied();
            let mut document = random_document(step, &mut random);
            match picked {
                None => drop(state.add(&mut document, 0)),
                Some(slot) if random.next_u64() % 3 > 0 => {
                    document.uuid = uuid::Uuid::from_u128(state.uuid(slot));
                    state.change(slot, &mut document, 0);
                }
                Some(slot) => state.remove(slot),
            }
            match random.next_u64() % 8 {
                0 => clones.push(state.clone()),
                1 => use_part(&state, random.next_u64() as usize % (INDEXES + 2)),
                _ => {}
            }
            check_parts(&state);
        }
        for clone in &clones {
            check_parts(clone);
            (0..INDEXES + 2).for_each(|part| use_part(clone, part));
            check_parts(clone);
        }
    }
}

fn loaded(count: u32) -> State {
    let members = |n| format!(r#","data":{{"n":{n},"tags":["x"]}},"dimensions":{{"kind":"k"}}"#);
    let documents: Vec<String> = (0..count).map(|n| document(n, &members(n))).collect();
    load(&file(&documents, &schema()))
}

fn count(state: &State, query: &str) -> u64 {
    let query = Query::parse(Some(query)).unwrap();
    listing::count(query, state).unwrap()
}

#[test]
fn a_load_makes_no_part_and_a_call_only_what_it_needs() {
    let nothing = (vec![], false, false);
    let state = loaded(9);
    assert_eq!(made(&state), nothing);
    assert_eq!(count(&state, "{}"), 9);
    assert_eq!(count(&state, r#"{"where":{"title":"t3"}}"#), 1);
    assert_eq!(made(&state), nothing, "nothing leads to titles");
    assert_eq!(count(&state, r#"{"where":{"status":"pending"}}"#), 9);
    assert_eq!(made(&state), (vec![], true, false));
    assert_eq!(count(&state, r#"{"index":"by_tag"}"#), 9);
    assert_eq!(made(&state), (vec![BY_TAG], true, false));
    assert_eq!(state.slots_since(0).count(), 9);
    assert_eq!(made(&state), (vec![BY_TAG], true, true));
    let mut written = state.clone();
    written.remove(0);
    assert_eq!(made(&written), made(&state), "a write makes nothing that nobody wants");
}

#[test]
fn a_write_makes_the_unique_indexes_that_it_could_break() {
    let state = loaded(3);
    let mut changed = state.clone();
    let mut document = state.document(0).unwrap();
    document.uuid = uuid::Uuid::from_u128(7);
    let data = std::mem::replace(&mut document.data, JsonText::EMPTY_OBJECT);
    let (slot, keys) = changed.add(&mut document, 0);
    changed.check_unique(slot, &keys, &changed).unwrap();
    assert!(made(&changed).0.is_empty(), "without a key nothing is checked");
    document.uuid = uuid::Uuid::from_u128(8);
    document.data = data;
    let (slot, keys) = changed.add(&mut document, 0);
    assert_eq!(changed.check_unique(slot, &keys, &changed).unwrap_err().name(), "NOT_UNIQUE");
    assert_eq!(made(&changed).0, [BY_NUMBER]);
    assert!(made(&state).0.is_empty());
    // The next write makes it for both.
    let mut next = state.clone();
    next.remove(0);
    assert_eq!((made(&next).0, made(&state).0), (vec![BY_NUMBER], vec![BY_NUMBER]));
}

/// Each reader comes when the next commit is on its way already: it never finds what the reader
/// before it made.
#[test]
fn readers_do_not_make_a_part_anew_for_each_commit() {
    let mut published = loaded(9);
    let mut made_by_readers = 0;
    for number in 20..40 {
        let mut draft = published.clone();
        draft.add(&mut random_document(number, &mut SmallRng::seed_from_u64(1)), 0);
        let nothing = (vec![], false, false);
        made_by_readers += u32::from(made(&published) == nothing);
        assert_eq!(count(&published, r#"{"where":{"status":"done","kind":"k1"}}"#), 0);
        use_part(&published, INDEXES + 1);
        check_parts(&published);
        published = draft;
    }
    assert_eq!(made_by_readers, 1);
    assert_eq!(made(&published), (vec![BY_KIND], true, true));
    check_parts(&published);
}

#[test]
fn readers_and_a_writer_at_once_make_few_parts() {
    let engine = memory(schema());
    let (made_anew, is_over) = (AtomicU32::new(0), AtomicBool::new(false));
    let read = |state: &State| {
        made_anew.fetch_add(u32::from(made(state).0.is_empty()), SeqCst);
        assert_eq!(count(state, r#"{"index":"by_tag"}"#), u64::from(state.len()));
        Ok(())
    };
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !is_over.load(SeqCst) {
                    engine.read(&limits(), read).unwrap();
                    let snapshot = engine.snapshot(&limits()).unwrap();
                    read(&snapshot).unwrap();
                }
            });
        }
        for _ in 0..500 {
            add(&engine, r#"{"data":{"tags":["x"]}}"#).unwrap();
        }
        is_over.store(true, SeqCst);
    });
    assert!(made_anew.load(SeqCst) <= 8, "{made_anew:?} of 500 states");
    check_parts(&engine.snapshot(&limits()).unwrap());
}
