//! Several real processes on one file: nothing lost, nobody starved, nothing left behind.
//!
//! The processes are this test program, started again with the name of the test that plays one.
#![expect(clippy::disallowed_methods, reason = "tests look at the files themselves")]

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::conformance::put;
use super::json_file::{Access, JsonFile};
use super::json_file_tests::open_new;
use super::{Exclusive, Storage};
use crate::file::os::OsFileSystem;
use crate::file::scratch::Scratch;

const TIMEOUT: Duration = Duration::from_secs(3);
const PATH: &str = "NANOSTORE_TEST_PATH";
const COUNT: &str = "NANOSTORE_TEST_COUNT";
const WHO: &str = "NANOSTORE_TEST_WHO";

fn start(role: &str, path: &Path, who: impl ToString, count: usize) -> Child {
    command(&std::env::current_exe().unwrap(), role, path, who, count).spawn().unwrap()
}

/// As `start`, but what the process prints is heard, and it lives as long as it may read.
fn start_talking(role: &str, path: &Path, count: usize) -> (Child, BufReader<ChildStdout>) {
    let mut command = command(&std::env::current_exe().unwrap(), role, path, 0, count);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let heard = BufReader::new(child.stdout.take().unwrap());
    (child, heard)
}

fn command(program: &Path, role: &str, path: &Path, who: impl ToString, count: usize) -> Command {
    let role = format!("{}::{role}", module_path!().split_once("::").unwrap().1);
    let mut command = Command::new(program);
    command
        .args([role.as_str(), "--exact", "--ignored", "--nocapture", "--quiet"])
        .env(PATH, path)
        .env(WHO, who.to_string())
        .env(COUNT, count.to_string())
        .stdout(Stdio::null());
    command
}

/// The path, the name and the count a started process was given.
fn given() -> Option<(std::path::PathBuf, String, usize)> {
    let text = |name| Some(std::env::var_os(name)?.into_string().unwrap());
    Some((std::env::var_os(PATH)?.into(), text(WHO)?, text(COUNT)?.parse().unwrap()))
}

/// Loads if needed, and gives the text and the next commit number.
fn catch_up(held: &dyn Exclusive, text: &mut String, commit: &mut u64) {
    while held.changed().unwrap().is_any() {
        let loaded = held.load().unwrap();
        *text = String::from_utf8(loaded.image.unwrap_or_default()).unwrap();
        *commit = loaded.commit_floor;
        assert!(!loaded.foreign, "nobody but stores writes here");
    }
}

#[test]
#[ignore = "plays one process of the other tests"]
fn adds_lines() {
    let Some((path, who, count)) = given() else { return };
    let store = open_new(&path);
    let (mut text, mut commit) = (String::new(), 0);
    let mut longest = Duration::ZERO;
    for number in 0..count {
        let begun = Instant::now();
        let held = store.lock(TIMEOUT).unwrap();
        longest = longest.max(begun.elapsed());
        catch_up(&*held, &mut text, &mut commit);
        commit += 1;
        text.push_str(&format!("{who} {number} {commit}\n"));
        put(&*held, commit, &text).unwrap();
        println!("acknowledged {commit}");
    }
    std::fs::write(path.with_extension(format!("wait-{who}")), longest.as_micros().to_string())
        .unwrap();
}

/// The longest anyone waited.
fn run_processes(processes: usize, count: usize) -> Duration {
    let scratch = Scratch::new();
    let path = scratch.join("a.json");
    let mut children: Vec<_> =
        (0..processes).map(|who| start("adds_lines", &path, who, count)).collect();
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }
    let text = String::from_utf8(scratch.read("a.json")).unwrap();
    let mut seen = BTreeSet::new();
    for (place, line) in text.lines().enumerate() {
        let parts: Vec<usize> = line.split(' ').map(|part| part.parse().unwrap()).collect();
        assert_eq!(parts[2], place + 1, "commits follow each other");
        assert!(seen.insert((parts[0], parts[1])));
    }
    assert_eq!(seen.len(), processes * count, "every acknowledged line is there once");
    let temporary = scratch.names().into_iter().find(|name| name.contains("nanostore-tmp"));
    assert_eq!(temporary, None);
    let waits = (0..processes).map(|who| {
        let micros = scratch.read(&format!("a.wait-{who}"));
        Duration::from_micros(String::from_utf8(micros).unwrap().parse().unwrap())
    });
    waits.max().unwrap()
}

#[test]
fn four_processes_lose_nothing_and_wait_less_than_three_seconds() {
    assert!(run_processes(4, 40) < TIMEOUT);
}

#[test]
#[ignore = "takes a minute"]
fn eight_processes_add_five_hundred_each_without_a_timeout() {
    let longest = run_processes(8, 500);
    println!("the longest wait was {} ms", longest.as_millis());
    assert!(longest < TIMEOUT);
}

#[test]
#[ignore = "plays one process of the other tests"]
fn holds_the_lock_until_it_is_killed() {
    let Some((path, ..)) = given() else { return };
    let store = open_new(&path);
    store.load(TIMEOUT).unwrap();
    let held = store.lock(TIMEOUT).unwrap();
    println!("holding");
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    drop(held);
}

#[test]
fn the_lock_of_a_killed_process_is_free_at_once() {
    let scratch = Scratch::new();
    let path = scratch.join("a.json");
    let (mut child, mut heard) = start_talking("holds_the_lock_until_it_is_killed", &path, 0);
    let mut line = String::new();
    while !line.ends_with("holding\n") {
        assert_ne!(heard.read_line(&mut line).unwrap(), 0);
    }
    let store: JsonFile = open_new(&path);
    let timed_out = store.lock(Duration::from_millis(30)).err().unwrap();
    assert_eq!(timed_out.name(), "LOCK_TIMEOUT");
    child.kill().unwrap();
    child.wait().unwrap();
    drop(store.lock(Duration::ZERO).unwrap());
}

#[test]
fn processes_killed_at_any_moment_leave_a_whole_file_and_no_litter() {
    let scratch = Scratch::new();
    let path = scratch.join("a.json");
    let mut acknowledged = BTreeSet::new();
    for round in 0..12 {
        let (mut child, heard) = start_talking("adds_lines", &path, 100_000);
        let mut numbers = heard
            .lines()
            .filter_map(|line| line.unwrap().rsplit_once("acknowledged ")?.1.parse::<u64>().ok());
        acknowledged.extend(numbers.by_ref().take(round + 1));
        child.kill().unwrap();
        child.wait().unwrap();
        // What it said before it died counts too.
        acknowledged.extend(numbers);
    }
    let store = open_new(&path);
    let held = store.lock(TIMEOUT).unwrap();
    let loaded = held.load().unwrap();
    assert!(!loaded.foreign, "a process that died in the middle is no person's edit");
    let text = String::from_utf8(loaded.image.unwrap()).unwrap();
    let number = |line: &str| line.rsplit_once(' ').unwrap().1.parse().unwrap();
    let recovered: BTreeSet<u64> = text.lines().map(number).collect();
    assert_eq!(recovered.len(), text.lines().count(), "no number was given twice");
    assert!(acknowledged.is_subset(&recovered));
    assert!(loaded.commit_floor >= *acknowledged.last().unwrap());
    drop(held);
    let names = scratch.names();
    assert!(names.iter().all(|name| name == "a.json" || name == "a.json.lock"), "{names:?}");
}

/// Umasks, names of stores, and the modes that they are to have.
const MODES: [(libc::mode_t, &str, u32); 6] = [
    (0o000, "a", 0o600),
    (0o022, "b", 0o600),
    (0o077, "c", 0o664),
    (0o077, "d", 0o640),
    (0o777, "e", 0o600),
    (0o027, "f", 0o666),
];

#[test]
#[ignore = "plays one process of the other tests"]
fn opens_without_rights_and_without_umask() {
    let Some((path, who, _)) = given() else { return };
    if who == "umask" {
        for (bits, name, mode) in MODES {
            nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(bits));
            let how = Access { read_only: false, create: None, mode, salvage: false };
            let store = JsonFile::open(Arc::new(OsFileSystem::new()), &path.join(name), how);
            let store = store.unwrap();
            let held = store.lock(TIMEOUT).unwrap();
            held.load().unwrap();
            put(&*held, 1, "text").unwrap();
            held.append(2, "", "[]".to_owned(), true).unwrap();
        }
        return;
    }
    let mut report = String::new();
    for read_only in [false, true] {
        for name in [
            "locked/a.json",
            "sticky/a.json",
            "unwritable",
            "unreadable",
            "hidden/a.json",
            "locked/new",
        ] {
            let how = Access { read_only, create: None, mode: 0o600, salvage: false };
            let opened = JsonFile::open(Arc::new(OsFileSystem::new()), &path.join(name), how);
            let outcome = match opened.and_then(|store| store.load(TIMEOUT)) {
                Ok(loaded) => format!("{} bytes", loaded.image.unwrap_or_default().len()),
                Err(error) => error.name().to_owned(),
            };
            report.push_str(&format!("{name} {read_only} {outcome}\n"));
        }
    }
    std::fs::write(path.join("report"), report).unwrap();
}

#[test]
fn missing_rights_are_told_at_open_and_readers_need_no_right_to_write() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let scratch = Scratch::new();
    for name in ["locked", "sticky", "hidden"] {
        std::fs::create_dir(scratch.join(name)).unwrap();
        scratch.write(&format!("{name}/a.json"), b"text");
    }
    scratch.write("unwritable", b"text");
    scratch.write("unreadable", b"text");
    let rights = [
        (".", 0o777),
        ("locked", 0o755),
        ("locked/a.json", 0o666),
        ("sticky", 0o1777),
        ("sticky/a.json", 0o666),
        ("unwritable", 0o644),
        ("unreadable", 0o600),
        ("hidden", 0o700),
    ];
    for (name, mode) in rights {
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(scratch.join(name), mode).unwrap();
    }
    // Others may not be allowed to where this program was built.
    let elsewhere = Scratch::new();
    let program = elsewhere.join("program");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let role = "opens_without_rights_and_without_umask";
    let mut command = command(&program, role, scratch.path(), "nobody", 0);
    assert!(command.uid(65534).gid(65534).status().unwrap().success());
    let report = String::from_utf8(scratch.read("report")).unwrap();
    let expected = [
        "locked/a.json false PERMISSION",
        "sticky/a.json false STICKY_FOLDER",
        "unwritable false PERMISSION",
        "unreadable false PERMISSION",
        "hidden/a.json false PERMISSION",
        "locked/new false PERMISSION",
        "locked/a.json true 4 bytes",
        "sticky/a.json true 4 bytes",
        "unwritable true 4 bytes",
        "unreadable true PERMISSION",
        "hidden/a.json true PERMISSION",
        "locked/new true NO_SUCH_FILE",
    ];
    assert_eq!(report.lines().collect::<Vec<_>>(), expected);
    let made = ["hidden", "locked", "report", "sticky", "unreadable", "unwritable"];
    assert_eq!(scratch.names(), made, "a refused open leaves nothing behind");
}

#[test]
fn new_files_have_the_mode_that_was_asked_for_whatever_the_umask_is() {
    let scratch = Scratch::new();
    let role = "opens_without_rights_and_without_umask";
    let mut child = start(role, scratch.path(), "umask", 0);
    assert!(child.wait().unwrap().success());
    let mode = |name: String| {
        std::fs::metadata(scratch.join(&name)).unwrap().permissions().mode() & 0o7777
    };
    for (_, name, wanted) in MODES {
        for suffix in ["", ".lock", ".wal"] {
            assert_eq!(mode(format!("{name}{suffix}")), wanted, "{name}{suffix}");
        }
    }
}
