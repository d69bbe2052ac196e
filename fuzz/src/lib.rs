//! What the fuzz targets share: stores to begin with, and reading answers.

pub mod c;

use nanostore::{Error, ErrorKind, Result, Store};
use serde_json::Value;

/// A schema with two prefixes and a parent, a clock and a seed: the same in each run.
pub const OPTIONS: &str = r#""schema":{"dimensions":[
    {"name":"status","type":"enumerated","values":["pending","active","done"],
     "prefixes":{"active":"a","done":"d"},"default_value":"pending"},
    {"name":"priority","type":"enumerated","values":["low","high"],"prefixes":{"high":"h"},
     "default_value":"low"},
    {"name":"parent","type":"hierarchical","ref_field":"parent_id"}]},
    "clock":{"start":"2026-01-01T00:00:00Z","step_ms":1000},"uuid_seed":1"#;

/// A store in memory with 60 documents, nested and of every status.
pub fn sixty_documents() -> Store {
    let options = format!("{{{OPTIONS}}}");
    let store = Store::open(":memory:".as_ref(), Some(&options)).expect("memory opens");
    for number in 0..60 {
        let status = ["pending", "active", "done"][number % 3];
        let priority = ["low", "high"][number % 2];
        let parent = match number % 4 {
            0 => String::new(),
            _ => format!(r#","parent_id":"key:k{}""#, number / 4),
        };
        let dimensions = format!(r#"{{"status":"{status}","priority":"{priority}"{parent}}}"#);
        let data = format!(
            r#"{{"n":{number},"half":{}.5,"tags":["t{}","u"],"deep":{{"x":[{number}]}}}}"#,
            number / 2,
            number % 5,
        );
        let body = number % 7;
        let document = format!(
            r#"{{"key":"k{number}","title":"Title {number}","body":"Body {body}",
                "dimensions":{dimensions},"data":{data}}}"#
        );
        store.add(&document, None).expect("it is added");
    }
    store
}

/// The answer as JSON.
pub fn parsed(text: &str) -> Value {
    serde_json::from_str(text).expect("the library writes JSON")
}

/// The documents of a page.
pub fn documents(page: &str) -> Vec<Value> {
    match parsed(page)["documents"].take() {
        Value::Array(documents) => documents,
        other => panic!("no documents but {other}"),
    }
}

/// A member that is a text.
pub fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no text {name} in {value}"))
}

/// An error that a user may get: never one of the library's own making.
pub fn assert_typed(error: &Error) {
    assert!(!matches!(error.kind(), ErrorKind::Internal | ErrorKind::Panic), "{error:?}");
    assert!(!error.message().is_empty());
    parsed(&error.to_json());
}

/// Every ID that the store gives resolves to its document; gives all documents.
pub fn sound(store: &Store) -> Result<Vec<Value>> {
    let all = documents(&store.list(Some(r#"{"view":"all"}"#))?);
    for document in &all {
        let uuid = text(document, "uuid");
        if let Some(id) = document["id"].as_str() {
            let found = store.resolve_id(id);
            assert_eq!(found.as_deref().ok(), Some(uuid), "{id} of {document}");
        }
    }
    let count = store.count(Some(r#"{"view":"all"}"#))?;
    assert_eq!(count, all.len() as i64);
    Ok(all)
}
