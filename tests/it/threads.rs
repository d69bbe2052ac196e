//! Threads that write to one store at the same time, on the simulated disk.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use nanostore::testing::{Call, Effect, Fault, Keep, SimulatedDisk};
use nanostore::{ErrorKind, Store};

use crate::json::Value;

const THREADS: usize = 6;
const ADDS: usize = 12;
/// The first commits replace the file; the log begins after them.
const BEFORE: usize = 10;

/// What a thread was told of an add.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Kept,
    Refused,
    Unknown,
}

fn open(disk: &SimulatedDisk) -> Store {
    Store::open_simulated(disk.process(), Path::new("/todos.json"), None).expect("it opens")
}

fn add(store: &Store, title: &str) -> Told {
    match store.add(&format!(r#"{{"title":"{title}"}}"#), None) {
        Ok(_) => Told::Kept,
        Err(error) if error.kind() == ErrorKind::UnknownOutcome => Told::Unknown,
        Err(_) => Told::Refused,
    }
}

fn titles(store: &Store) -> Vec<String> {
    let page = store.list(Some(r#"{"fields":["title"],"limit":1000}"#)).expect("it is listed");
    let page = Value::parse(&page).expect("the library writes JSON");
    let documents = page.get("documents").and_then(Value::elements).expect("documents").to_vec();
    let title = |it: &Value| it.get("title").and_then(Value::as_text).expect("a title").to_owned();
    documents.iter().map(title).collect()
}

/// Lets threads add documents, and tells what they were told of each.
fn add_together(store: &Store) -> Vec<(String, Told)> {
    let add_some = |thread: usize| {
        (0..ADDS).map(move |nth| {
            let title = format!("{thread}-{nth}");
            let told = add(store, &title);
            (title, told)
        })
    };
    std::thread::scope(|scope| {
        let threads =
            (0..THREADS).map(|nth| scope.spawn(move || add_some(nth).collect::<Vec<_>>()));
        let threads: Vec<_> = threads.collect();
        threads.into_iter().flat_map(|it| it.join().expect("a thread")).collect()
    })
}

#[test]
fn threads_that_write_together_lose_nothing_and_share_syncs() {
    let disk = SimulatedDisk::new();
    let store = open(&disk);
    let told = add_together(&store);
    assert!(told.iter().all(|(_, told)| *told == Told::Kept));
    assert_eq!(store.verify().expect("it is verified"), r#"{"ok":true,"problems":[]}"#);
    disk.reboot(Keep::None);
    drop(store);
    assert_eq!(titles(&open(&disk)).len(), THREADS * ADDS);
}

#[test]
fn threads_whose_sync_fails_are_told_and_nothing_acknowledged_is_lost() {
    let (mut refused, mut unknown) = (0, 0);
    for nth in 1..60 {
        let disk = SimulatedDisk::new();
        let store = open(&disk);
        (0..BEFORE).for_each(|nth| assert_eq!(add(&store, &format!("before-{nth}")), Told::Kept));
        let (sticky, effect) = (nth % 4 == 0, Effect::Error(libc::EIO));
        disk.plan(Fault { call: Some(Call::Sync), nth, sticky, effect });
        let told = add_together(&store);
        disk.forget_faults();
        let count = |what| told.iter().filter(|(_, told)| *told == what).count();
        if count(Told::Unknown) == 0 {
            assert_eq!(titles(&store).len(), BEFORE + count(Told::Kept), "{nth}: what is seen");
        }
        disk.reboot(Keep::None);
        drop(store);
        let found = titles(&open(&disk));
        for (title, told) in &told {
            match told {
                Told::Kept => assert!(found.contains(title), "{nth}: {title} was acknowledged"),
                Told::Refused => assert!(!found.contains(title), "{nth}: {title} was refused"),
                Told::Unknown => {}
            }
        }
        (refused, unknown) = (refused + count(Told::Refused), unknown + count(Told::Unknown));
    }
    assert!(refused > 0 && unknown > 0, "{refused} refused, {unknown} unknown");
}

#[test]
fn a_format_given_at_open_holds_whatever_others_write_meanwhile() {
    let disk = SimulatedDisk::new();
    let (process, path) = (disk.process(), Path::new("/todos.json"));
    let open = |options: &str| Store::open_simulated(process.clone(), path, Some(options));
    let store = open(r#"{"checkpoint":"commit"}"#).expect("it opens");
    store.add(r#"{"title":"A"}"#, None).expect("it is added");
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !stop.load(Ordering::SeqCst) {
                    store.update("1", r#"{"body":"x"}"#, None).expect("it is changed");
                    store.update("1", r#"{"body":"y"}"#, None).expect("it is changed");
                }
            });
        }
        for (format, begin) in [("lines", "{\"documents\":["), ("pretty", "{\n")].repeat(20) {
            let options = format!(r#"{{"format":"{format}","checkpoint":"commit"}}"#);
            let other = open(&options).expect("it opens");
            let told = other.info().expect("it tells");
            let file = disk.read(path).expect("the file is there");
            if !file.starts_with(begin.as_bytes())
                || !told.contains(&format!(r#""format":"{format}""#))
            {
                stop.store(true, Ordering::SeqCst);
                panic!("{format}: {told}");
            }
        }
        stop.store(true, Ordering::SeqCst);
    });
    let wanted = r#""format":"pretty""#;
    assert!(store.info().expect("it tells").contains(wanted), "the last one counts");
}
