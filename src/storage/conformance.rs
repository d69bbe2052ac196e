//! What every backend shows, written once. A new backend adds its lines at the end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::memory::Memory;
use super::{Exclusive, Loaded, Storage};
use crate::error::ErrorKind;

const WAIT: Duration = Duration::from_secs(20);
const NO_WAIT: Duration = Duration::ZERO;

/// Puts `text` in place as commit `commit`; a long one comes in pieces.
pub(super) fn put(held: &dyn Exclusive, commit: u64, text: &str) -> crate::error::Result<()> {
    held.replace(commit, &|out| text.as_bytes().chunks(700).try_for_each(out))
}

/// What every backend shows, files or not.
fn behaves(storage: &dyn Storage) {
    assert_eq!(storage.load(WAIT).unwrap(), Loaded::default(), "a new store holds nothing");
    assert!(!storage.changed().unwrap().is_any(), "what was loaded is known");
    {
        let held = storage.lock(WAIT).unwrap();
        assert!(!held.changed().unwrap().is_any());
        put(&*held, 1, "one").unwrap();
        assert!(!held.changed().unwrap().is_any(), "what was written is known");
        held.reserve(5).unwrap();
        assert!(!held.changed().unwrap().is_any(), "one's own reservation is no change");
        assert_eq!(storage.lock(NO_WAIT).err().unwrap().kind(), ErrorKind::Timeout);
    }
    assert!(!storage.changed().unwrap().is_any());
    let held = storage.lock(NO_WAIT).unwrap();
    drop(held);
    exclusive_across_threads(storage);
}

fn exclusive_across_threads(storage: &dyn Storage) {
    let inside = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..20 {
                    let held = storage.lock(WAIT).unwrap();
                    assert!(!inside.swap(true, Ordering::SeqCst), "two hold the lock");
                    std::thread::yield_now();
                    inside.store(false, Ordering::SeqCst);
                    drop(held);
                }
            });
        }
    });
}

/// What every backend with a file shows; both handles are on the same new store.
fn keeps(first: &dyn Storage, second: &dyn Storage) {
    assert!(first.load(WAIT).unwrap().image.is_none());
    let held = first.lock(WAIT).unwrap();
    put(&*held, 1, "one").unwrap();
    assert_eq!(second.lock(NO_WAIT).err().unwrap().name(), "LOCK_TIMEOUT");
    assert_eq!(second.load(NO_WAIT).unwrap_err().name(), "LOCK_TIMEOUT");
    drop(held);

    assert!(second.changed().unwrap().is_any(), "nothing was loaded yet");
    let loaded = second.load(WAIT).unwrap();
    assert_eq!(loaded.image.as_deref(), Some(&b"one"[..]));
    assert_eq!((loaded.commit_floor, loaded.foreign), (1, false));
    assert!(!second.changed().unwrap().is_any());

    put(&*second.lock(WAIT).unwrap(), 2, "two").unwrap();
    assert!(first.changed().unwrap().is_any(), "what another wrote is noticed");
    let held = first.lock(WAIT).unwrap();
    assert!(held.changed().unwrap().is_any());
    let error = put(&*held, 2, "lost update").unwrap_err();
    assert_eq!((error.kind(), error.name()), (ErrorKind::Busy, "FILE_CHANGED"));
    let loaded = held.load().unwrap();
    assert_eq!((loaded.image.as_deref(), loaded.commit_floor), (Some(&b"two"[..]), 2));
    let failed = held.replace(3, &|_| Err(crate::error::Error::invalid("no image")));
    assert_eq!(failed.unwrap_err().message(), "no image");
    put(&*held, 3, "three").unwrap();
    held.reserve(7).unwrap();
    drop(held);

    let held = second.lock(WAIT).unwrap();
    assert!(held.changed().unwrap().is_any());
    let loaded = held.load().unwrap();
    assert_eq!((loaded.image.as_deref(), loaded.commit_floor), (Some(&b"three"[..]), 7));
    drop(held);

    first.lock(WAIT).unwrap().reserve(9).unwrap();
    assert!(!second.changed().unwrap().is_any(), "the file is as it was");
    let held = second.lock(WAIT).unwrap();
    assert!(held.changed().unwrap().is_any(), "but the next number is another one");
    assert_eq!(held.load().unwrap().commit_floor, 9);
}

#[test]
fn memory_behaves() {
    behaves(&Memory::default());
}

mod on_the_operating_system {
    use super::super::json_file_tests::open_new;
    use super::*;
    use crate::file::scratch::Scratch;

    #[test]
    fn a_json_file_behaves() {
        let scratch = Scratch::new();
        behaves(&open_new(&scratch.join("a.json")));
    }

    #[test]
    fn a_json_file_keeps_what_it_is_given() {
        let scratch = Scratch::new();
        let path = scratch.join("a.json");
        keeps(&open_new(&path), &open_new(&path));
    }
}

#[cfg(feature = "testing")]
mod on_the_simulated_disk {
    use super::super::crash_tests::open_on;
    use super::*;
    use crate::file::simulated::SimulatedDisk;

    #[test]
    fn a_json_file_behaves() {
        let disk = SimulatedDisk::new();
        behaves(&open_on(&disk.process()));
    }

    #[test]
    fn a_json_file_keeps_what_it_is_given() {
        let disk = SimulatedDisk::new();
        keeps(&open_on(&disk.process()), &open_on(&disk.process()));
    }
}
