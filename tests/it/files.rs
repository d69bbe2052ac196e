//! What a store does with its file besides what is in it: rights, links, names, locks.

use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::time::{Duration, Instant};

use fs2::FileExt;
use nanostore::{ErrorKind, Store};

use crate::universe::TestFolder;

fn rights(path: &Path) -> u32 {
    fs::metadata(path).expect("the file is there").permissions().mode() & 0o777
}

fn add(path: &Path, options: Option<&str>) {
    let store = Store::open(path, options).expect("the store opens");
    store.add(r#"{"title":"A"}"#, None).expect("a document can be added");
    store.close().expect("the store closes");
}

#[test]
fn a_new_file_is_for_its_owner_alone_unless_mode_says_otherwise() {
    let folder = TestFolder::new("rights");
    let (own, shared) = (folder.path().join("own.json"), folder.path().join("shared.json"));
    add(&own, None);
    add(&shared, Some(r#"{"mode":"0640"}"#));
    assert_eq!((rights(&own), rights(&shared)), (0o600, 0o640));
}

#[test]
fn a_file_keeps_its_rights_when_it_is_replaced() {
    let folder = TestFolder::new("rights");
    let path = folder.path().join("store.json");
    add(&path, None);
    fs::set_permissions(&path, Permissions::from_mode(0o604)).expect("the rights can be set");
    add(&path, Some(r#"{"mode":"0666"}"#));
    assert_eq!(rights(&path), 0o604);
}

#[test]
fn a_symbolic_link_stays_one_and_its_file_is_written() {
    let folder = TestFolder::new("link");
    let (target, link) = (folder.path().join("target.json"), folder.path().join("link.json"));
    add(&target, None);
    symlink("target.json", &link).expect("a link can be made");
    add(&link, None);
    assert!(fs::symlink_metadata(&link).expect("the link is there").is_symlink());
    let store = Store::open(&target, None).expect("the store opens");
    assert_eq!(store.count(None).expect("a count"), 2);
}

#[test]
fn a_path_need_not_be_text() {
    let folder = TestFolder::new("bytes");
    let path = folder.path().join(OsStr::from_bytes(b"caf\xe9.json"));
    add(&path, None);
    add(&path, None);
    assert_eq!(Store::open(&path, None).expect("the store opens").count(None).expect("a count"), 2);
}

#[test]
fn a_write_leaves_nothing_beside_the_file_but_its_lock() {
    let folder = TestFolder::new("beside");
    add(&folder.path().join("store.json"), None);
    let mut names: Vec<_> = fs::read_dir(folder.path())
        .expect("the folder can be listed")
        .map(|entry| entry.expect("the folder can be listed").file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["store.json", "store.json.lock"]);
}

#[test]
fn a_lock_that_is_not_to_be_had_in_time_is_a_timeout_and_changes_nothing() {
    let folder = TestFolder::new("locked");
    let path = folder.path().join("store.json");
    add(&path, None);
    let store = Store::open(&path, Some(r#"{"lock_timeout_ms":50}"#)).expect("the store opens");
    let lock = File::open(folder.path().join("store.json.lock")).expect("the lock file is there");
    FileExt::lock_exclusive(&lock).expect("it can be locked");
    let before = fs::read(&path).expect("the file can be read");
    let refused = store.add(r#"{"title":"B"}"#, None).expect_err("somebody else has the lock");
    assert_eq!(refused.kind(), ErrorKind::Timeout, "{refused}");
    assert_eq!(store.count(None).expect("reading what has not changed needs no lock"), 1);
    assert!(before == fs::read(&path).expect("the file can be read"), "the file has changed");
    FileExt::unlock(&lock).expect("it can be unlocked");
    store.add(r#"{"title":"B"}"#, None).expect("the lock is free again");
    assert_eq!(store.count(None).expect("a count"), 2);
}

#[test]
fn a_small_file_is_brought_up_to_date_when_nobody_has_written_for_a_while() {
    let folder = TestFolder::new("quiet");
    let path = folder.path().join("store.json");
    let log = folder.path().join("store.json.wal");
    for policy in [r#"{"interval_ms":30}"#, r#"{"interval_ms":30,"durability":"batched"}"#] {
        let store = Store::open(&path, Some(policy)).expect("the store opens");
        let before = store.count(None).expect("a count");
        for _ in 0..20 {
            store.add(r#"{"title":"A"}"#, None).expect("a document can be added");
        }
        let give_up = Instant::now() + Duration::from_secs(60);
        while log.exists() {
            assert!(Instant::now() < give_up, "{policy}: the log is still there");
            std::thread::yield_now();
        }
        let text = fs::read_to_string(&path).expect("the file is there");
        assert_eq!(text.matches(r#""uuid": ""#).count() as i64, before + 20, "{policy}");
        store.add(r#"{"title":"B"}"#, None).expect("a document can be added");
        assert_eq!(
            log.exists(),
            policy.contains("batched"),
            "{policy}: the file is replaced again"
        );
        store.delete("1", None).and(store.close()).expect("it goes on as before");
    }
}

#[test]
fn nothing_is_left_beside_a_file_that_is_no_store() {
    let folder = TestFolder::new("foreign");
    let path = folder.path().join("package.json");
    fs::write(&path, r#"{"name":"x","version":"1.0.0"}"#).expect("it is written");
    for options in [None, Some(r#"{"create":true}"#), Some(r#"{"salvage":true}"#)] {
        let refused = Store::open(&path, options).err().expect("it is refused");
        assert_eq!(refused.name(), "NOT_A_STORE", "{options:?}: {refused}");
        let names = fs::read_dir(folder.path()).expect("the folder can be listed").count();
        assert_eq!(names, 1, "{options:?}");
    }
}

#[test]
fn a_file_that_was_moved_away_from_its_log_and_linked_is_not_opened_without_it() {
    let folder = TestFolder::new("moved");
    let (path, away) = (folder.path().join("store.json"), folder.path().join("away"));
    fs::create_dir(&away).expect("a folder can be made");
    let store = Store::open(&path, Some(r#"{"durability":"batched"}"#)).expect("it opens");
    store.add(r#"{"title":"A"}"#, None).expect("it is added");
    fs::rename(&path, away.join("store.json")).expect("it can be moved");
    symlink("away/store.json", &path).expect("a link can be made");
    store.close().expect_err("the file is not there");
    let refused = Store::open(&path, None).err().expect("it is refused");
    assert_eq!(refused.name(), "LOG_MISSING", "{refused}");
    for ending in ["wal", "lock"] {
        let name = format!("store.json.{ending}");
        fs::rename(folder.path().join(&name), away.join(&name)).expect("it can be moved");
    }
    let store = Store::open(&path, None).expect("it opens with its log");
    assert_eq!(store.count(None).expect("a count"), 1);
}
