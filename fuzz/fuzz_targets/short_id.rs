//! Any text as an ID: an error, or a document whose own ID is that of the same document.

#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use nanostore::Store;
use nanostore_fuzz::{assert_typed, parsed, sixty_documents, text};

fuzz_target!(|bytes: &[u8]| {
    static STORE: OnceLock<Store> = OnceLock::new();
    let store = STORE.get_or_init(sixty_documents);
    let Ok(id) = std::str::from_utf8(bytes) else { return };
    let found = store.resolve_id(id);
    let many = serde_json::to_string(&[id]).expect("a JSON text");
    let listed = store.resolve_ids(&many).map(|uuids| parsed(&uuids));
    match found {
        Ok(uuid) => {
            let document = parsed(&store.get(&uuid, None).expect("it is there"));
            assert_eq!(text(&document, "uuid"), uuid);
            assert_eq!(store.resolve_id(text(&document, "id")).expect("its own ID"), uuid);
            assert_eq!(parsed(&store.get(id, None).expect("the same by this ID")), document);
            assert_eq!(listed.expect("the same among others"), serde_json::json!([uuid]));
        }
        Err(error) => {
            assert_typed(&error);
            assert_eq!(store.get(id, None).expect_err("nor is there one").kind(), error.kind());
            assert_eq!(listed.expect_err("nor among others").kind(), error.kind());
        }
    }
});
