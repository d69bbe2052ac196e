//! States, drafts and loads from inside: what must hold whatever calls were made.

pub(super) mod drafts;
mod loads;
mod parents;
mod places;
mod states;
mod turns;

use std::sync::Arc;

use crate::engine::load;
use crate::engine::state::State;
use crate::ids::walk::Walk;
use crate::model::document::Document;
use crate::model::json::parse;
use crate::model::schema::Schema;

const SCHEMA: &str = r#"{"dimensions":[
    {"name":"status","type":"enumerated","values":["pending","active","done"],
     "prefixes":{"active":"a","done":"d"},"default_value":"pending"},
    {"name":"priority","type":"enumerated","values":["low","medium","high"],
     "prefixes":{"high":"h"},"default_value":"medium"},
    {"name":"parent","type":"hierarchical","ref_field":"parent_id"}]}"#;

fn schema() -> Arc<Schema> {
    Arc::new(Schema::from_call(&parse(SCHEMA).unwrap()).unwrap())
}

fn stable_schema() -> Arc<Schema> {
    let text = SCHEMA.replacen('{', r#"{"numbering":"stable","#, 1);
    Arc::new(Schema::from_call(&parse(&text).unwrap()).unwrap())
}

/// A file in one document a line, with the schema in it.
pub(super) fn file(documents: &[String], schema: &Schema) -> String {
    let documents = documents.join(",\n");
    let schema = schema.source.to_text();
    format!(
        "{{\"documents\":[\n{documents}\n],\n\"metadata\":{{\"version\":\"1.0\",\"commit\":7,\
         \"schema\":{schema}}}}}\n"
    )
}

/// UUID number `number`, as text.
pub(super) fn uuid(number: u32) -> String {
    format!("00000000-0000-7000-8000-{number:012x}")
}

fn uuid_number(number: u32) -> u128 {
    uuid::Uuid::parse_str(&uuid(number)).unwrap().as_u128()
}

/// A document of a file; `members` follow the title.
pub(super) fn document(number: u32, members: &str) -> String {
    format!(r#"{{"uuid":"{}","title":"t{number}"{members}}}"#, uuid(number))
}

pub(super) fn load(text: &str) -> State {
    load::read(text.as_bytes(), None, 0).unwrap()
}

fn written(state: &State) -> String {
    let mut bytes = Vec::new();
    let mut take = |piece: &[u8]| {
        bytes.extend_from_slice(piece);
        Ok(())
    };
    load::write(state, &mut take).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// What another process would see.
fn reloaded(state: &State) -> State {
    load(&written(state))
}

fn outputs(state: &State) -> Vec<String> {
    let mut walk = Walk::new(state.forest());
    std::iter::from_fn(|| walk.next(state.forest())).map(|slot| state.output(slot)).collect()
}

fn ids(state: &State) -> Vec<Option<String>> {
    state.slots().map(|slot| state.forest().id(slot)).collect()
}

/// Every index of a state agrees with its documents.
pub(super) fn check(state: &State) {
    let mut count = 0;
    let mut keys: Vec<(String, u32)> = Vec::new();
    for slot in state.slots() {
        count += 1;
        let document: Document = state.document(slot).unwrap();
        assert_eq!(document.uuid.as_u128(), state.uuid(slot));
        assert_eq!(state.find_uuid(state.uuid(slot)), Some(slot));
        assert_eq!(document.rev, state.rev(slot));
        assert_eq!(document.codes(&state.schema), state.codes(slot));
        assert_eq!(document.created(), state.forest().created(slot));
        let problems = document.problems(&state.schema);
        assert_eq!(state.violating().contains(&slot), !problems.is_empty(), "{problems:?}");
        if let Some(id) = state.forest().id(slot) {
            assert_eq!(state.resolve(&id).ok(), Some(slot));
        }
        if let Some(key) = document.key_text() {
            keys.push((key.into_owned(), slot));
        }
    }
    assert_eq!(state.len(), count);
    assert_eq!(state.index_defect(), None);
    for (key, slot) in &keys {
        let same = keys.iter().filter(|(other, _)| other == key).map(|&(_, slot)| slot);
        let oldest = same.min_by_key(|&slot| (state.forest().created(slot), slot)).unwrap();
        assert_eq!(state.find_key(key), Some(oldest), "{key}");
        assert_eq!(state.shadowed().contains(slot), *slot != oldest, "{key}");
    }
    let live = |slot: &u32| state.is_live(*slot);
    assert!(state.violating().iter().all(live) && state.shadowed().iter().all(live));
}
