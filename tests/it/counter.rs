//! A document that counts, and that many writers count up at once.

use nanostore::{ErrorKind, Store};

use crate::json::Value;

/// The document, before anybody counted.
pub(crate) const COUNTER: &str = r#"{"key":"counter","data":{"n":0}}"#;

/// Adds one to the counter, if nobody else did since it was read; else tries again. Gives the
/// number that it reached.
pub(crate) fn increment(store: &Store) -> u64 {
    loop {
        let document = store.get("key:counter", None).expect("the counter can be read");
        let next = number(&document, "/data/n") + 1;
        let patch = format!(r#"{{"data":{{"n":{next}}}}}"#);
        let options = format!(r#"{{"if_rev":{}}}"#, number(&document, "/rev"));
        match store.update("key:counter", &patch, Some(&options)) {
            Ok(_) => return next,
            Err(error) => assert_eq!(error.kind(), ErrorKind::Conflict, "{error}"),
        }
    }
}

/// A number in a document.
pub(crate) fn number(document: &str, pointer: &str) -> u64 {
    let document = Value::parse(document).expect("the library writes JSON");
    document.pointer(pointer).and_then(Value::as_u64).expect("a number")
}
