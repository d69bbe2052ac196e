//! The single file on a real disk, edited, removed and moved by others while it is open.
#![expect(clippy::disallowed_methods, reason = "tests play the person who edits the files")]

use std::fs;
use std::os::unix::fs::symlink;
use std::time::Duration;

use super::Storage;
use super::json_file_tests::{READ_ONLY, WAIT, age, image, open, open_new, save};
use crate::error::ErrorKind;
use crate::file::scratch::Scratch;

#[test]
fn an_edit_in_place_and_an_edit_by_rename_are_noticed_as_foreign() {
    let scratch = Scratch::new();
    let path = scratch.join("a.json");
    let store = open_new(&path);
    save(&store, "one").unwrap();
    scratch.write("a.json", b"in place");
    assert!(store.changed().unwrap().is_any());
    let loaded = store.load(WAIT).unwrap();
    assert_eq!((image(&loaded), loaded.foreign, loaded.commit_floor), ("in place", true, 1));
    assert!(loaded.fresh);
    assert!(!store.changed().unwrap().is_any());
    let renamed = scratch.write("b", b"renamed!");
    fs::rename(renamed, &path).unwrap();
    assert!(store.changed().unwrap().is_any());
    assert!(store.load(WAIT).unwrap().foreign);
    save(&store, "two").unwrap();
    assert!(!store.load(WAIT).unwrap().foreign, "what a store wrote is not foreign");
    assert!(!open_new(&path).load(WAIT).unwrap().foreign);
}

#[test]
fn a_file_that_is_only_touched_is_noticed_and_is_no_edit() {
    let scratch = Scratch::new();
    let store = open_new(&scratch.join("a.json"));
    save(&store, "one").unwrap();
    age(&scratch.join("a.json"));
    assert!(store.changed().unwrap().is_any());
    assert!(!store.load(WAIT).unwrap().foreign);
}

/// What is asked of the open file must tell all that a look by its name would.
#[test]
fn a_file_in_use_for_a_while_is_noticed_to_be_edited_replaced_moved_and_removed() {
    let scratch = Scratch::new();
    let path = scratch.join("a.json");
    let put = |text: &str| fs::rename(scratch.write("new", text.as_bytes()), &path).unwrap();
    let edits: [(&str, &dyn Fn()); 6] = [
        ("edited in place", &|| drop(scratch.write("a.json", b"two"))),
        ("replaced", &|| put("two")),
        ("removed", &|| fs::remove_file(&path).unwrap()),
        ("moved away", &|| fs::rename(&path, scratch.join("moved")).unwrap()),
        ("linked elsewhere and replaced", &|| {
            fs::hard_link(&path, scratch.join("link")).unwrap();
            put("two");
        }),
        ("exchanged for a link", &|| {
            fs::rename(&path, scratch.join("other")).unwrap();
            symlink("other", &path).unwrap();
        }),
    ];
    for (what, edit) in edits {
        put("one");
        let store = open_new(&path);
        store.load(WAIT).unwrap();
        for _ in 0..3 {
            // Behind the grain of the times of files it is looked at once more, then watched.
            std::thread::sleep(Duration::from_millis(15));
            assert!(!store.changed().unwrap().is_any(), "{what}: too early");
        }
        edit();
        assert!(store.changed().map_or(true, |change| change.is_any()), "{what}");
        assert!(store.changed().map_or(true, |change| change.is_any()), "{what}: still so");
        drop(fs::remove_file(&path));
    }
}

#[test]
fn a_file_that_is_removed_is_reported_and_can_be_made_again() {
    let scratch = Scratch::new();
    let path = scratch.join("a.json");
    let store = open_new(&path);
    save(&store, "one").unwrap();
    fs::remove_file(&path).unwrap();
    assert!(store.changed().unwrap().is_any());
    let loaded = store.load(WAIT).unwrap();
    assert_eq!((loaded.image, loaded.foreign, loaded.commit_floor), (None, true, 1));
    save(&store, "two").unwrap();
    assert_eq!(scratch.read("a.json"), b"two");
}

#[test]
fn an_edit_between_load_and_replace_is_not_overwritten() {
    let scratch = Scratch::new();
    let path = scratch.join("a.json");
    let store = open_new(&path);
    save(&store, "one").unwrap();
    let held = store.lock(WAIT).unwrap();
    let result = held.replace(2, &|out| {
        fs::write(&path, b"edited").unwrap();
        out(b"two")
    });
    assert_eq!(result.unwrap_err().name(), "FILE_CHANGED");
    assert_eq!(scratch.read("a.json"), b"edited");
    assert_eq!(scratch.names(), ["a.json", "a.json.lock"]);
    assert!(held.changed().unwrap().is_any());
    assert_eq!(held.load().unwrap().commit_floor, 2, "the number is burnt");
}

#[test]
fn leftovers_of_our_pattern_are_swept_and_nothing_else() {
    let scratch = Scratch::new();
    let path = scratch.write("a.json", b"old");
    let kept = [
        ".a.json.nanostore-tmp.0123456789abcde",
        ".a.json.nanostore-tmp.0123456789abcdeg",
        ".a.json.nanostore-tmp.0123456789ABCDEF",
        ".ab.json.nanostore-tmp.0123456789abcdef",
        "a.json.nanostore-tmp.0123456789abcdef",
    ];
    kept.iter().for_each(|name| drop(scratch.write(name, b"x")));
    symlink("a.json", scratch.join(".a.json.nanostore-tmp.00000000000000aa")).unwrap();
    scratch.write(".a.json.nanostore-tmp.0123456789abcdef", b"x");
    drop(open(&path, READ_ONLY).unwrap().load(WAIT).unwrap());
    assert_eq!(scratch.names().len(), 8, "a reader sweeps nothing");
    drop(open_new(&path).lock(WAIT).unwrap());
    let names = scratch.names();
    assert!(!names.contains(&".a.json.nanostore-tmp.0123456789abcdef".to_owned()));
    assert!(names.contains(&".a.json.nanostore-tmp.00000000000000aa".to_owned()));
    assert!(kept.iter().all(|name| names.contains(&(*name).to_owned())));
}

#[test]
fn a_removed_lock_file_is_made_again_and_shared_again() {
    let scratch = Scratch::new();
    let path = scratch.join("a.json");
    let (first, second) = (open_new(&path), open_new(&path));
    save(&first, "one").unwrap();
    fs::remove_file(scratch.join("a.json.lock")).unwrap();
    let held = first.lock(WAIT).unwrap();
    assert_eq!(second.lock(Duration::from_millis(20)).err().unwrap().name(), "LOCK_TIMEOUT");
    drop(held);
    assert_eq!(first.identity(), second.identity());
    save(&second, "two").unwrap();
    assert_eq!(image(&first.load(WAIT).unwrap()), "two");
}

#[test]
fn a_folder_that_is_removed_and_made_again_is_found_again() {
    let scratch = Scratch::new();
    let folder = scratch.join("d");
    fs::create_dir(&folder).unwrap();
    let store = open_new(&scratch.join("d/a.json"));
    save(&store, "one").unwrap();
    fs::remove_dir_all(&folder).unwrap();
    assert!(store.changed().unwrap().is_any());
    assert_eq!(store.lock(WAIT).err().unwrap().kind(), ErrorKind::NotFound);
    fs::create_dir(&folder).unwrap();
    scratch.write("d/a.json", b"restored");
    assert!(store.changed().unwrap().is_any());
    assert_eq!(image(&store.load(WAIT).unwrap()), "restored");
    save(&store, "two").unwrap();
    assert_eq!(scratch.read("d/a.json"), b"two");
}

#[test]
fn a_damaged_header_counts_as_absent() {
    let scratch = Scratch::new();
    let path = scratch.join("a.json");
    save(&open_new(&path), "one").unwrap();
    let mut block = scratch.read("a.json.lock");
    block[20] ^= 1;
    scratch.write("a.json.lock", &block);
    let loaded = open_new(&path).load(WAIT).unwrap();
    assert_eq!((image(&loaded), loaded.commit_floor, loaded.foreign), ("one", 0, false));
}
