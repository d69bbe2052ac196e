//! Crashes and faults at every operation of a commit, on the simulated disk.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::conformance::put;
use super::json_file::{Access, JsonFile};
use super::{Loaded, Storage};
use crate::error::{Error, ErrorKind, Result};
use crate::file::FileSystem;
use crate::file::simulated::{Call, Effect, Fault, Keep, Lie, SimulatedDisk, SimulatedProcess};

const WAIT: Duration = Duration::from_secs(20);
const PATH: &str = "/a.json";
/// The mode is not that of a temporary file, so that it has to be set.
const NEW: Access = Access { read_only: false, create: None, mode: 0o640, salvage: false };
/// Every subset of so many changes is tried; of more, so many random ones.
const EXHAUSTIVE: usize = 9;
const SAMPLES: u64 = 96;
const OLD: &str = "old";

fn open(process: &SimulatedProcess) -> Result<JsonFile> {
    JsonFile::open(Arc::new(process.clone()), Path::new(PATH), NEW)
}

/// The store of the conformance suite.
pub(super) fn open_on(process: &SimulatedProcess) -> JsonFile {
    open(process).unwrap()
}

fn text(loaded: &Loaded) -> Option<String> {
    loaded.image.as_ref().map(|bytes| String::from_utf8(bytes.clone()).unwrap())
}

/// What a whole run of a program does: open, load, one commit.
fn commit(process: &SimulatedProcess, new: &str) -> Result<()> {
    let store = open(process)?;
    let held = store.lock(WAIT)?;
    let loaded = held.load()?;
    put(&*held, loaded.commit_floor + 1, new)
}

/// What the next program finds.
fn look(disk: &SimulatedDisk) -> Result<(Option<String>, Loaded)> {
    let loaded = open(&disk.process())?.load(WAIT)?;
    Ok((text(&loaded), loaded))
}

/// A disk with nothing on it, or with the old version, all durable.
fn disk(old: Option<&str>) -> SimulatedDisk {
    let disk = SimulatedDisk::new();
    if let Some(old) = old {
        commit(&disk.process(), old).unwrap();
        disk.reboot(Keep::All);
    }
    disk
}

fn fault(call: Option<Call>, nth: u64, effect: Effect) -> Fault {
    Fault { call, nth, sticky: false, effect }
}

/// A new version of several sectors, so that writes can be torn.
fn long() -> String {
    "new ".repeat(400)
}

fn subsets(pending: usize) -> Vec<Keep> {
    if pending <= EXHAUSTIVE {
        return (0..1 << pending).map(Keep::Chosen).collect();
    }
    let random = (0..SAMPLES).map(Keep::Random);
    [Keep::None, Keep::All].into_iter().chain(random).collect()
}

/// Looks at every state that a power cut can leave of `disk`: wholly the old or wholly the new
/// version, the new one if it was acknowledged, and a store that works on.
fn check_survivors(
    disk: &SimulatedDisk,
    old: Option<&str>,
    new: &str,
    acknowledged: bool,
) -> std::result::Result<usize, String> {
    let subsets = subsets(disk.pending());
    for keep in &subsets {
        let after = disk.copy();
        after.reboot(*keep);
        let (found, _) = look(&after).map_err(|error| format!("{keep:?}: {error}"))?;
        let whole = found.as_deref() == Some(new) || found.as_deref() == old;
        if !whole || (acknowledged && found.as_deref() != Some(new)) {
            let length = found.map(|found| found.len());
            return Err(format!("{keep:?}: {length:?} bytes, acknowledged: {acknowledged}"));
        }
        commit(&after.process(), "next").map_err(|error| format!("{keep:?}: {error}"))?;
        let litter = after.names("/").len();
        if litter != 2 {
            return Err(format!("{keep:?}: {litter} files"));
        }
    }
    Ok(subsets.len())
}

/// Cuts the power before each operation of a commit in turn, and once after the last.
fn cut_everywhere(old: Option<&str>, lies: &[Lie]) -> std::result::Result<usize, String> {
    let new = long();
    let mut states = 0;
    for nth in 1.. {
        let disk = disk(old);
        lies.iter().for_each(|lie| disk.lie(*lie));
        disk.plan(fault(None, nth, Effect::PowerCut));
        let result = commit(&disk.process(), &new);
        let place = |problem| format!("cut before operation {nth}: {problem}");
        states += check_survivors(&disk, old, &new, result.is_ok()).map_err(place)?;
        if result.is_ok() {
            return Ok(states);
        }
    }
    unreachable!("a commit ends")
}

#[test]
fn a_power_cut_anywhere_leaves_the_old_or_the_new_version_whole() {
    let replaced = cut_everywhere(Some(OLD), &[]).unwrap();
    let created = cut_everywhere(None, &[]).unwrap();
    println!("{replaced} states after replacing, {created} after creating");
    assert!(replaced > 500 && created > 300);
}

#[test]
fn a_power_cut_in_the_recovery_from_a_power_cut_changes_nothing() {
    let new = long();
    let mut states = 0;
    let mut cut = 0;
    loop {
        cut += 1;
        let first = disk(Some(OLD));
        first.plan(fault(None, cut, Effect::PowerCut));
        let done = commit(&first.process(), &new).is_ok();
        for seed in 0..4 {
            first.copy().reboot(Keep::Random(seed));
            let mut again = 0;
            loop {
                again += 3;
                let second = first.copy();
                second.reboot(Keep::Random(seed));
                let before = look(&second).unwrap().0;
                second.plan(fault(None, again, Effect::PowerCut));
                let result = commit(&second.process(), "third");
                let checked = check_survivors(&second, before.as_deref(), "third", result.is_ok());
                states += checked.unwrap();
                if result.is_ok() {
                    break;
                }
            }
        }
        if done {
            break;
        }
    }
    println!("{states} states");
}

#[test]
fn a_disk_that_does_not_sync_files_is_caught() {
    assert!(cut_everywhere(Some(OLD), &[Lie::Sync]).is_err());
    assert!(cut_everywhere(None, &[Lie::Sync]).is_err());
}

#[test]
fn a_disk_that_does_not_sync_folders_is_caught() {
    let problem = cut_everywhere(Some(OLD), &[Lie::SyncFolder]).unwrap_err();
    assert!(problem.contains("acknowledged: true"), "{problem}");
    assert!(cut_everywhere(None, &[Lie::SyncFolder]).is_err());
}

#[test]
fn a_process_killed_anywhere_leaves_no_lock_no_litter_and_no_foreign_file() {
    let new = long();
    for nth in 1.. {
        let disk = disk(Some(OLD));
        disk.plan(fault(None, nth, Effect::Kill));
        let result = commit(&disk.process(), &new);
        let (found, loaded) = look(&disk).unwrap();
        assert!(found.as_deref() == Some(OLD) || found.as_deref() == Some(&new), "kill {nth}");
        assert!(!loaded.foreign, "kill {nth}: taken for a person's edit");
        // The next one too may die at the worst moment.
        for again in 1.. {
            let disk = disk.copy();
            disk.plan(fault(None, again, Effect::Kill));
            let second = commit(&disk.process(), "third");
            let (_, loaded) = look(&disk).unwrap();
            assert!(!loaded.foreign, "kill {nth}, then {again}");
            if second.is_ok() {
                break;
            }
        }
        commit(&disk.process(), "next").unwrap();
        assert_eq!(disk.names("/"), ["a.json", "a.json.lock"]);
        if result.is_ok() {
            assert_eq!(found.as_deref(), Some(&*new));
            assert_eq!(loaded.commit_floor, 2);
            return;
        }
    }
}

#[test]
fn any_error_at_any_operation_is_reported_and_leaves_the_old_or_the_new_version() {
    let errors = [
        libc::EIO,
        libc::ENOSPC,
        libc::EDQUOT,
        libc::EROFS,
        libc::EACCES,
        libc::EMFILE,
        libc::EXDEV,
        libc::ENOLCK,
        libc::ENOMEM,
    ];
    let mut points = 0;
    for call in Call::ALL {
        for errno in errors {
            for sticky in [false, true] {
                for nth in 1.. {
                    let disk = disk(Some(OLD));
                    disk.plan(Fault { sticky, ..fault(Some(call), nth, Effect::Error(errno)) });
                    disk.clear_operations();
                    let result = commit(&disk.process(), "new");
                    let calls = disk.operations().iter().filter(|it| it.call == call).count();
                    disk.forget_faults();
                    check_outcome(&disk, &result, &format!("{call:?} {nth} {errno} {sticky}"));
                    points += 1;
                    if (calls as u64) < nth {
                        break;
                    }
                }
            }
        }
    }
    println!("{points} points");
    assert!(points > 500);
}

/// Whether what a commit reported agrees with what is there, and nobody is locked out.
fn check_outcome(disk: &SimulatedDisk, result: &Result<()>, place: &str) {
    let (found, loaded) = look(disk).unwrap();
    assert!(!loaded.foreign, "{place}");
    match result.as_ref().map_err(Error::kind) {
        Ok(()) => assert_eq!(found.as_deref(), Some("new"), "{place}"),
        Err(ErrorKind::UnknownOutcome) => {
            assert!(matches!(found.as_deref(), Some("new" | OLD)), "{place}");
        }
        Err(_) => assert_eq!(found.as_deref(), Some(OLD), "{place}"),
    }
    if let Err(error) = result {
        assert_ne!(error.kind(), ErrorKind::Internal, "{place}");
        assert!(error.sys_errno().is_some(), "{place}: {error:?}");
    }
    commit(&disk.process(), "next").unwrap_or_else(|error| panic!("{place}: {error}"));
    assert_eq!(disk.names("/"), ["a.json", "a.json.lock"], "{place}");
}

#[test]
fn a_failed_sync_of_the_folder_is_an_unknown_outcome_and_the_next_call_looks_again() {
    let disk = disk(Some(OLD));
    let store = open_on(&disk.process());
    let held = store.lock(WAIT).unwrap();
    held.load().unwrap();
    disk.plan(fault(Some(Call::SyncFolder), 1, Effect::Error(libc::EIO)));
    let error = put(&*held, 2, "new").unwrap_err();
    assert_eq!((error.kind(), error.sys_errno()), (ErrorKind::UnknownOutcome, Some(libc::EIO)));
    assert_eq!(put(&*held, 3, "newer").unwrap_err().name(), "FILE_CHANGED");
    assert!(held.changed().unwrap().is_any());
    let loaded = held.load().unwrap();
    assert_eq!((text(&loaded).as_deref(), loaded.foreign), (Some("new"), false));
    put(&*held, 3, "newer").unwrap();
}

#[test]
fn a_folder_that_cannot_be_synced_at_all_is_tolerated() {
    let disk = disk(Some(OLD));
    let effect = Effect::Error(libc::EINVAL);
    disk.plan(Fault { sticky: true, ..fault(Some(Call::SyncFolder), 1, effect) });
    commit(&disk.process(), "new").unwrap();
}

#[test]
fn short_writes_are_carried_on() {
    let disk = disk(Some(OLD));
    let short = Effect::Short(7);
    disk.plan(Fault { sticky: true, ..fault(Some(Call::Write), 1, short) });
    commit(&disk.process(), &long()).unwrap();
    disk.forget_faults();
    assert_eq!(look(&disk).unwrap().0, Some(long()));
    disk.plan(Fault { sticky: true, ..fault(Some(Call::Write), 1, Effect::Short(0)) });
    assert_eq!(commit(&disk.process(), "never").unwrap_err().kind(), ErrorKind::Io);
}

#[test]
fn a_failed_sync_is_not_tried_again_on_the_same_file() {
    let disk = disk(Some(OLD));
    disk.plan(fault(Some(Call::Sync), 1, Effect::Error(libc::EIO)));
    disk.clear_operations();
    assert_eq!(commit(&disk.process(), "new").unwrap_err().kind(), ErrorKind::Io);
    let operations = disk.operations();
    assert_eq!(operations.iter().filter(|it| it.call == Call::Sync).count(), 1);
    assert!(operations.iter().all(|it| it.call != Call::Rename));
}

#[test]
fn a_commit_syncs_the_file_before_the_rename_and_the_folder_after_it() {
    let disk = disk(Some(OLD));
    disk.clear_operations();
    commit(&disk.process(), "new").unwrap();
    let order: Vec<_> = disk.operations().iter().map(|it| it.call).collect();
    let of_interest = [Call::Create, Call::SetRights, Call::Sync, Call::Rename, Call::SyncFolder];
    let order: Vec<_> = order.into_iter().filter(|call| of_interest.contains(call)).collect();
    assert_eq!(order, of_interest);
}

#[test]
fn looking_for_changes_costs_one_read_of_the_header_and_one_look_at_the_file() {
    let disk = disk(Some(OLD));
    let store = open_on(&disk.process());
    store.load(WAIT).unwrap();
    disk.advance(Duration::from_secs(1));
    store.changed().unwrap().is_any();
    disk.clear_operations();
    assert!(!store.changed().unwrap().is_any());
    let calls: Vec<_> = disk.operations().iter().map(|it| it.call).collect();
    assert_eq!(calls, [Call::Read, Call::Metadata]);
}

#[test]
fn an_edit_hidden_in_the_same_tick_is_found_once_the_tick_is_over() {
    let disk = disk(Some(OLD));
    let store = open_on(&disk.process());
    let held = store.lock(WAIT).unwrap();
    held.load().unwrap();
    put(&*held, 2, "new").unwrap();
    drop(held);
    disk.write(PATH, b"own");
    assert!(!store.changed().unwrap().is_any(), "nothing tells of it yet");
    disk.advance(Duration::from_millis(20));
    assert!(store.changed().unwrap().is_any());
    assert!(store.load(WAIT).unwrap().foreign);
}

#[test]
fn a_lock_of_a_killed_process_is_free() {
    let disk = disk(Some(OLD));
    let (first, second) = (disk.process(), disk.process());
    let (holder, waiter) = (open_on(&first), open_on(&second));
    let held = holder.lock(WAIT).unwrap();
    let begun = second.monotonic();
    let error = waiter.lock(Duration::from_secs(3)).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    let waited = (second.monotonic() - begun).as_millis();
    assert!((3000..3010).contains(&waited), "{waited} ms");
    first.kill();
    drop(waiter.lock(Duration::ZERO).unwrap());
    drop(held);
}

#[test]
fn an_editor_that_saves_in_several_steps_is_waited_for() {
    let disk = disk(Some(OLD));
    let store = open_on(&disk.process());
    store.load(WAIT).unwrap();
    let ms = Duration::from_millis;
    for gone in [false, true] {
        disk.edit_later(ms(0), PATH, if gone { None } else { Some(b"") });
        disk.edit_later(ms(100), PATH, Some(b""));
        disk.edit_later(ms(200), PATH, Some(b"edited"));
        disk.advance(ms(1));
        let loaded = store.load(WAIT).unwrap();
        assert_eq!((text(&loaded).as_deref(), loaded.foreign), (Some("edited"), true));
    }
}

#[test]
fn an_open_waits_for_an_editor_too_but_not_for_an_old_empty_file() {
    let disk = disk(None);
    disk.write(PATH, b"");
    disk.edit_later(Duration::from_millis(100), PATH, Some(b"saved"));
    assert_eq!(look(&disk).unwrap().0.as_deref(), Some("saved"));
    disk.write(PATH, b"");
    disk.advance(Duration::from_secs(1));
    let process = disk.process();
    let begun = process.monotonic();
    assert_eq!(open(&process).err().unwrap().name(), "EMPTY_FILE");
    assert!(process.monotonic() - begun < Duration::from_millis(1));
}

#[test]
fn a_file_that_was_removed_long_ago_is_not_waited_for() {
    let disk = disk(Some(OLD));
    disk.edit_later(Duration::ZERO, PATH, None);
    disk.advance(Duration::ZERO);
    disk.advance(Duration::from_secs(1));
    let process = disk.process();
    let begun = process.monotonic();
    let loaded = open_on(&process).load(WAIT).unwrap();
    assert_eq!((text(&loaded), loaded.foreign), (None, true));
    assert!(process.monotonic() - begun < Duration::from_millis(1));
}
