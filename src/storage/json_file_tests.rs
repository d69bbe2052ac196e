//! The single file on a real disk: what it refuses, what it keeps, what it notices.
#![expect(clippy::disallowed_methods, reason = "tests play the person who edits the files")]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::conformance::put;
use super::json_file::{Access, JsonFile};
use super::{Loaded, Storage};
use crate::error::{Error, ErrorKind, Result};
use crate::file::os::OsFileSystem;
use crate::file::scratch::Scratch;

pub(super) const WAIT: Duration = Duration::from_secs(20);
const NEW: Access = Access { read_only: false, create: None, mode: 0o600, salvage: false };
pub(super) const READ_ONLY: Access = Access { read_only: true, ..NEW };

pub(super) fn open(path: &Path, how: Access) -> Result<JsonFile> {
    JsonFile::open(Arc::new(OsFileSystem::new()), path, how)
}

/// A store at `path` as an application opens it.
pub(super) fn open_new(path: &Path) -> JsonFile {
    open(path, NEW).unwrap()
}

fn refused(path: &Path, how: Access) -> Error {
    open(path, how).err().unwrap()
}

pub(super) fn image(loaded: &Loaded) -> &str {
    std::str::from_utf8(loaded.image.as_deref().unwrap()).unwrap()
}

/// Loads and writes `text` as the next commit.
pub(super) fn save(store: &JsonFile, text: &str) -> Result<()> {
    let held = store.lock(WAIT)?;
    let loaded = held.load()?;
    put(&*held, loaded.commit_floor + 1, text)
}

/// Makes a file older than any grain, as files mostly are.
pub(super) fn age(path: &Path) {
    let file = fs::File::options().write(true).open(path).unwrap();
    let past = std::time::SystemTime::now() - Duration::from_secs(3600);
    file.set_modified(past).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

/// Whether the tests run as root, who may do what others may not.
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

// What is no store.

#[test]
fn a_directory_is_refused_however_it_is_written() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.join("d")).unwrap();
    for path in
        [scratch.join("d"), scratch.join("d/"), scratch.join("new/"), "/".into(), ".".into()]
    {
        let error = refused(&path, NEW);
        assert_eq!((error.kind(), error.name()), (ErrorKind::Invalid, "NOT_A_FILE"), "{path:?}");
        assert!(error.message().contains("a directory"), "{error}");
    }
    assert_eq!(scratch.names(), ["d"]);
}

#[test]
fn pipes_devices_and_sockets_are_refused_at_once_by_name() {
    let scratch = Scratch::new();
    nix::unistd::mkfifo(&scratch.join("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(scratch.join("socket")).unwrap();
    let cases = [
        (scratch.join("pipe"), "a named pipe"),
        (scratch.join("socket"), "a socket"),
        ("/dev/zero".into(), "a character device"),
        ("/dev/null".into(), "a character device"),
    ];
    for (path, what) in cases {
        for how in [NEW, READ_ONLY] {
            let error = refused(&path, how);
            assert_eq!(error.name(), "NOT_A_FILE");
            assert!(error.message().contains(what), "{error}");
        }
    }
    assert_eq!(scratch.names(), ["pipe", "socket"]);
}

#[test]
fn an_empty_path_and_a_path_through_a_file_are_invalid() {
    let scratch = Scratch::new();
    scratch.write("f", b"x");
    assert_eq!(refused(Path::new(""), NEW).kind(), ErrorKind::Invalid);
    let error = refused(&scratch.join("f/a.json"), NEW);
    assert_eq!((error.kind(), error.name()), (ErrorKind::Invalid, "NOT_A_DIRECTORY"));
    assert_eq!(refused(Path::new("a\0b"), NEW).kind(), ErrorKind::Invalid);
}

#[test]
fn a_missing_folder_is_named_and_not_made() {
    let scratch = Scratch::new();
    let error = refused(&scratch.join("no/a.json"), NEW);
    assert_eq!((error.kind(), error.name()), (ErrorKind::NotFound, "NO_SUCH_FILE"));
    assert!(error.to_json().contains("make the folder first"));
    assert!(scratch.names().is_empty());
}

#[test]
fn a_missing_file_is_not_found_when_it_must_be_there() {
    let scratch = Scratch::new();
    let path = scratch.join("a.json");
    let must_exist = Access { create: Some(false), ..NEW };
    for how in [must_exist, READ_ONLY, Access { create: Some(true), ..READ_ONLY }] {
        let error = refused(&path, how);
        assert_eq!((error.kind(), error.name()), (ErrorKind::NotFound, "NO_SUCH_FILE"));
    }
    assert!(scratch.names().is_empty(), "a refused open leaves nothing behind");
}

#[test]
fn an_empty_file_is_corrupt_unless_it_may_be_created() {
    let scratch = Scratch::new();
    let path = scratch.write("a.json", b"");
    let error = refused(&path, NEW);
    assert_eq!((error.kind(), error.name()), (ErrorKind::Corrupt, "EMPTY_FILE"));
    assert_eq!(refused(&path, READ_ONLY).name(), "EMPTY_FILE");
    assert_eq!(scratch.names(), ["a.json"]);
    let store = open(&path, Access { create: Some(true), ..NEW }).unwrap();
    assert_eq!(store.load(WAIT).unwrap().image, None);
    save(&store, "text").unwrap();
    assert_eq!(scratch.read("a.json"), b"text");
}

#[test]
fn a_store_that_becomes_empty_is_never_taken_for_a_new_one() {
    let scratch = Scratch::new();
    let path = scratch.join("a.json");
    let create = Access { create: Some(true), ..NEW };
    let store = open(&path, create).unwrap();
    save(&store, "text").unwrap();
    scratch.write("a.json", b"");
    assert_eq!(store.load(WAIT).unwrap_err().name(), "EMPTY_FILE");
    let another = open(&path, create).unwrap();
    assert_eq!(another.load(WAIT).unwrap_err().name(), "EMPTY_FILE");
}

#[test]
fn something_else_in_the_place_of_the_lock_file_is_left_alone() {
    let scratch = Scratch::new();
    let canary = scratch.write("canary", b"");
    symlink(&canary, scratch.join("link.json.lock")).unwrap();
    let error = refused(&scratch.join("link.json"), NEW);
    assert_eq!(error.name(), "NOT_A_FILE");
    assert!(error.message().contains("symbolic link"), "{error}");

    scratch.write("Cargo.lock", b"version = 4\n");
    let error = refused(&scratch.join("Cargo"), NEW);
    assert_eq!((error.kind(), error.name()), (ErrorKind::Exists, "LOCK_FILE_FOREIGN"));
    assert_eq!(scratch.read("Cargo.lock"), b"version = 4\n");
    assert_eq!(scratch.read("canary"), b"");
}

#[test]
fn a_lock_file_of_a_later_version_is_too_new() {
    let scratch = Scratch::new();
    let store = open_new(&scratch.join("a.json"));
    save(&store, "text").unwrap();
    let mut block = scratch.read("a.json.lock");
    block[8] = 2;
    let sum = xxhash_rust::xxh3::xxh3_64(&block[..120]);
    block[120..].copy_from_slice(&sum.to_le_bytes());
    scratch.write("a.json.lock", &block);
    assert_eq!(store.changed().unwrap_err().kind(), ErrorKind::TooNew);
    assert_eq!(open_new(&scratch.join("a.json")).load(WAIT).unwrap_err().kind(), ErrorKind::TooNew);
}

#[test]
fn names_that_are_not_utf8_or_very_long_work_as_far_as_the_system_goes() {
    let scratch = Scratch::new();
    for name in [&b"\xff\xfe.json"[..], &[b'x'; 250]] {
        let path = scratch.path().join(OsStr::from_bytes(name));
        let store = open_new(&path);
        save(&store, "text").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"text");
    }
    let error = refused(&scratch.path().join("x".repeat(251)), NEW);
    assert_eq!(error.name(), "NAME_TOO_LONG");
}

// Links.

#[test]
fn a_symbolic_link_stays_and_its_target_is_replaced() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.join("real")).unwrap();
    symlink("real/a.json", scratch.join("one")).unwrap();
    symlink(scratch.join("one"), scratch.join("two")).unwrap();
    let through = open_new(&scratch.join("two"));
    save(&through, "text").unwrap();
    assert_eq!(scratch.read("real/a.json"), b"text");
    assert!(fs::symlink_metadata(scratch.join("two")).unwrap().is_symlink());
    assert_eq!(scratch.names(), ["one", "real", "two"]);
    let direct = open_new(&scratch.join("real/a.json"));
    assert_eq!(direct.identity(), through.identity());
    assert_eq!(direct.description().path, Some(scratch.join("real/a.json")));
}

#[test]
fn links_that_lead_in_a_circle_are_refused() {
    let scratch = Scratch::new();
    symlink("b", scratch.join("a")).unwrap();
    symlink("a", scratch.join("b")).unwrap();
    assert_eq!(refused(&scratch.join("a"), NEW).name(), "SYMLINK_LOOP");
}

#[test]
fn a_link_planted_by_another_user_in_a_shared_folder_is_not_followed() {
    if !is_root() {
        return;
    }
    let scratch = Scratch::new();
    fs::create_dir(scratch.join("tmp")).unwrap();
    fs::set_permissions(scratch.join("tmp"), fs::Permissions::from_mode(0o1777)).unwrap();
    let link = scratch.join("tmp/a.json");
    symlink(scratch.join("canary"), &link).unwrap();
    std::os::unix::fs::lchown(&link, Some(4242), Some(4242)).unwrap();
    assert_eq!(refused(&link, NEW).kind(), ErrorKind::Permission);
    assert_eq!(scratch.names(), ["tmp"]);
}

#[test]
fn a_file_with_several_names_can_be_read_but_not_replaced() {
    let scratch = Scratch::new();
    let path = scratch.write("a.json", b"old");
    let store = open_new(&path);
    fs::hard_link(&path, scratch.join("b.json")).unwrap();
    assert_eq!(refused(&path, NEW).name(), "HARD_LINKED");
    let reading = open(&path, READ_ONLY).unwrap();
    assert_eq!(image(&reading.load(WAIT).unwrap()), "old");
    assert_eq!(image(&store.load(WAIT).unwrap()), "old");
    let error = save(&store, "new").unwrap_err();
    assert_eq!((error.kind(), error.name()), (ErrorKind::Unsupported, "HARD_LINKED"));
    assert_eq!(scratch.read("b.json"), b"old");
    assert_eq!(scratch.names(), ["a.json", "a.json.lock", "b.json"]);
    fs::remove_file(scratch.join("b.json")).unwrap();
    save(&store, "new").unwrap();
}

// Rights.

#[test]
fn a_new_file_is_private_and_a_mode_can_be_asked_for() {
    let scratch = Scratch::new();
    let private = open_new(&scratch.join("a.json"));
    save(&private, "text").unwrap();
    assert_eq!((mode(&scratch.join("a.json")), mode(&scratch.join("a.json.lock"))), (0o600, 0o600));
    let wide = open(&scratch.join("b.json"), Access { mode: 0o640, ..NEW }).unwrap();
    save(&wide, "text").unwrap();
    assert_eq!((mode(&scratch.join("b.json")), mode(&scratch.join("b.json.lock"))), (0o640, 0o640));
}

#[test]
fn mode_and_owner_of_an_old_file_are_kept_and_its_lock_file_has_them_too() {
    let scratch = Scratch::new();
    for wanted in [0o644, 0o660, 0o400, 0o4755] {
        if !is_root() && wanted & 0o200 == 0 {
            continue;
        }
        let path = scratch.write("a.json", b"old");
        fs::set_permissions(&path, fs::Permissions::from_mode(wanted)).unwrap();
        if is_root() {
            std::os::unix::fs::chown(&path, Some(1234), Some(5678)).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(wanted)).unwrap();
        }
        save(&open_new(&path), "new").unwrap();
        assert_eq!(mode(&path), wanted & 0o777);
        assert_eq!(mode(&scratch.join("a.json.lock")), wanted & 0o666);
        if is_root() {
            for name in ["a.json", "a.json.lock"] {
                let found = fs::metadata(scratch.join(name)).unwrap();
                assert_eq!((found.uid(), found.gid()), (1234, 5678));
            }
        }
        fs::remove_file(&path).unwrap();
        fs::remove_file(scratch.join("a.json.lock")).unwrap();
    }
}

#[test]
fn a_reader_needs_no_lock_file_and_makes_nothing() {
    let scratch = Scratch::new();
    let path = scratch.write("a.json", b"old");
    let store = open(&path, READ_ONLY).unwrap();
    assert!(store.description().read_only);
    assert_eq!(image(&store.load(WAIT).unwrap()), "old");
    assert_eq!(store.lock(WAIT).err().unwrap().kind(), ErrorKind::ReadOnly);
    assert_eq!(store.identity(), None);
    assert_eq!(scratch.names(), ["a.json"]);
    save(&open_new(&path), "new").unwrap();
    assert!(store.changed().unwrap().is_any());
    let loaded = store.load(WAIT).unwrap();
    assert_eq!((image(&loaded), loaded.foreign, loaded.commit_floor), ("new", false, 1));
    assert!(store.identity().is_some(), "the lock file that came is used");
    fs::remove_file(&path).unwrap();
    assert_eq!(store.load(WAIT).unwrap().image, None);
    assert_eq!(scratch.names(), ["a.json.lock"]);
}
