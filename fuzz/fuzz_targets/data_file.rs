//! Any bytes as the data file: refused and left alone, or a store in which everything works.

#![no_main]

use std::path::Path;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use nanostore::testing::SimulatedDisk;
use nanostore::{Result, Store};
use nanostore_fuzz::{OPTIONS, assert_typed, parsed, sound, text};
use serde_json::Value;

const PATH: &str = "/s.json";

fn open(disk: &SimulatedDisk, more: &str) -> Result<Store> {
    let options = format!("{{{more}}}");
    Store::open_simulated(disk.process(), Path::new(PATH), Some(&options))
}

fn is_damaged(name: &std::ffi::OsString) -> bool {
    name.to_string_lossy().contains(".damaged-")
}

fuzz_target!(|bytes: &[u8]| {
    let disk = SimulatedDisk::new();
    disk.write(PATH, bytes);
    // Longer than a file counts as just being written.
    disk.advance(Duration::from_secs(1));
    // Half of the inputs bring their schema, the others get one.
    let with_schema = bytes.len().is_multiple_of(2);
    let more = if with_schema { OPTIONS } else { r#""uuid_seed":1"# };
    match open(&disk, more) {
        Ok(store) => works(&disk, store, more),
        Err(error) => {
            assert_typed(&error);
            assert_eq!(disk.read(PATH).as_deref(), Some(bytes), "a refused file is left alone");
            match open(&disk, &format!(r#"{more},"salvage":true"#)) {
                Ok(store) => {
                    assert!(disk.names("/").iter().any(is_damaged), "it is kept aside");
                    works(&disk, store, more);
                }
                Err(error) => {
                    assert_typed(&error);
                    assert_eq!(disk.read(PATH).as_deref(), Some(bytes));
                }
            }
        }
    }
});

/// Reading, adding, closing and opening again.
fn works(disk: &SimulatedDisk, store: Store, more: &str) {
    parsed(&store.verify().expect("it verifies"));
    let before = sound(&store).expect("it is listed");
    let added = parsed(&store.add(r#"{"title":"added"}"#, None).expect("it is added"));
    let after = sound(&store).expect("it is listed");
    assert_eq!(after.len(), before.len() + 1);
    store.close().expect("it closes");
    let image = disk.read(PATH).expect("the file is there");
    let again = open(disk, more).expect("what was written opens");
    let found = sound(&again).expect("it is listed");
    assert_eq!(found, after, "what was written is what is read");
    let is_added = |document: &Value| text(document, "uuid") == text(&added, "uuid");
    assert_eq!(found.iter().filter(|document| is_added(document)).count(), 1);
    again.checkpoint().expect("a checkpoint");
    again.close().expect("it closes");
    assert!(disk.read(PATH) == Some(image), "what is written is in the one form");
}
