//! A small store, the calls that change it, and what it must hold after each of them.

use std::ffi::OsString;
use std::path::Path;

use nanostore::testing::{Call, SimulatedDisk, SimulatedProcess};
use nanostore::{Error, ErrorKind, Result, Store};

use crate::json::Value;

pub(super) const PATH: &str = "/todos.json";
/// What may be in the folder of a store that nobody uses.
pub(super) const FILES: [&str; 2] = ["todos.json", "todos.json.lock"];
/// The log, while the store is in use or after a crash.
const LOG: &str = "todos.json.wal";
/// The end of a log that a power cut left unfinished is kept aside.
const TORN: &str = "todos.json.torn-";

/// What a program does with the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Opens the store, which makes it where there is none.
    Open,
    /// Fills the new store, in one commit.
    Fill,
    /// One of those that come before the commits that go to the log.
    Warm,
    Add,
    AddUnder,
    Update,
    Move,
    Delete,
    Batch,
    Define,
    /// Folds the log into the file.
    Checkpoint,
}

/// The steps whose order is varied.
pub(super) const CHANGES: [Step; 8] = [
    Step::Add,
    Step::AddUnder,
    Step::Update,
    Step::Move,
    Step::Delete,
    Step::Batch,
    Step::Define,
    Step::Checkpoint,
];

/// How the commits of a script are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Policy {
    /// Each replaces the file: durability `sync`, checkpoint `commit`.
    Replaced,
    /// Those that count go to the log: durability `sync`, checkpoint `auto`.
    Logged,
    /// All go to the log, and none is synced: durability `batched`.
    Batched,
}

impl Policy {
    pub(super) const ALL: [Policy; 3] = [Policy::Replaced, Policy::Logged, Policy::Batched];

    /// How many commits follow the first one before they go to the log.
    pub(super) fn warm_steps(self) -> usize {
        if self == Policy::Logged { 7 } else { 0 }
    }

    fn options(self) -> &'static str {
        match self {
            Policy::Replaced => r#""checkpoint":"commit""#,
            // Nothing is to happen by the clock.
            Policy::Logged => r#""checkpoint":"auto","interval_ms":3600000"#,
            Policy::Batched => r#""durability":"batched","interval_ms":3600000"#,
        }
    }
}

/// The options with which every program opens the store.
pub(super) fn options(policy: Policy, uuid_seed: u64) -> String {
    format!(
        r#"{{"schema":{},"clock":{{"start":"2026-01-01T00:00:00Z","step_ms":1000}},
            "uuid_seed":{uuid_seed},{}}}"#,
        schema(1),
        policy.options()
    )
}

/// The schema in its versions: they differ in the IDs they give.
fn schema(version: usize) -> String {
    let letter = ["d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p"][version];
    format!(
        r#"{{"schema_version":{version},"dimensions":[
            {{"name":"status","type":"enumerated","values":["open","done"],
              "prefixes":{{"done":"{letter}"}},"default_value":"open"}},
            {{"name":"parent","type":"hierarchical"}}]}}"#
    )
}

pub(super) fn open(process: &SimulatedProcess, policy: Policy) -> Result<Store> {
    Store::open_simulated(process.clone(), Path::new(PATH), Some(&options(policy, 7)))
}

/// Opens the store as a program that has not used it yet.
pub(super) fn open_anew(disk: &SimulatedDisk) -> Result<Store> {
    open(&disk.process(), Policy::Logged)
}

/// A batch that makes a tree of nine documents, the file being longer than a sector.
fn fill() -> String {
    let add = |name: &str, parent: &str| {
        let parent = match parent {
            "" => String::new(),
            _ => format!(r#","dimensions":{{"parent":"${parent}"}}"#),
        };
        format!(
            r#"{{"op":"add","as":"{name}","document":{{"key":"{name}","title":"Title of {name}",
                "body":"A body of some length, so that writes can be torn"{parent}}}}}"#
        )
    };
    let documents = [
        ("a", ""),
        ("b", "a"),
        ("c", "b"),
        ("d", "a"),
        ("e", ""),
        ("f", ""),
        ("g", ""),
        ("h", ""),
        ("moved", ""),
    ];
    format!("[{}]", documents.map(|(name, parent)| add(name, parent)).join(","))
}

/// Does a step; `place` is how many were done before it, so that no two are the same.
pub(super) fn perform(store: &Store, step: Step, place: usize) -> Result<()> {
    match step {
        Step::Open => Ok(()),
        Step::Fill => store.apply(&fill(), None).map(drop),
        Step::Warm => store.add(&format!(r#"{{"title":"Warm {place}"}}"#), None).map(drop),
        Step::Add => store.add(&format!(r#"{{"title":"Added {place}"}}"#), None).map(drop),
        Step::AddUnder => {
            let document = format!(r#"{{"title":"Below {place}","dimensions":{{"parent":"1"}}}}"#);
            store.add(&document, None).map(drop)
        }
        Step::Update => {
            let patch = format!(r#"{{"body":"{place}","dimensions":{{"status":"done"}}}}"#);
            store.update("3", &patch, None).map(drop)
        }
        Step::Move => {
            let parent = if place % 2 == 0 { "1" } else { "2" };
            let patch = format!(r#"{{"dimensions":{{"parent":"{parent}"}}}}"#);
            store.update("key:moved", &patch, None).map(drop)
        }
        Step::Delete => store.delete("1", Some(r#"{"cascade":true}"#)).map(drop),
        Step::Batch => {
            let operations = format!(
                r#"[{{"op":"add","as":"x","document":{{"title":"Batch {place}"}}}},
                    {{"op":"add","document":{{"title":"Low","dimensions":{{"parent":"$x"}}}}}},
                    {{"op":"update","ids":["1","2"],"patch":{{"body":"Changed {place}"}}}},
                    {{"op":"delete","where":{{"key":"g"}},"cascade":true}}]"#
            );
            store.apply(&operations, None).map(drop)
        }
        Step::Define => store.define(&schema(place), None).map(drop),
        Step::Checkpoint => store.checkpoint(),
    }
}

/// Everything a caller can see of the documents: texts, revisions, IDs and their order.
pub(super) fn listing(store: &Store) -> Result<String> {
    store.list(Some(r#"{"view":"all"}"#))
}

/// The last commit number.
pub(super) fn commit(store: &Store) -> Result<u64> {
    let info = parsed(&store.info()?);
    Ok(info.get("commit").and_then(Value::as_u64).expect("info tells the commit"))
}

pub(super) fn parsed(text: &str) -> Value {
    Value::parse(text).expect("the library writes JSON")
}

/// Steps, and what they must come to.
pub(super) struct Script {
    policy: Policy,
    pub(super) steps: Vec<Step>,
    /// How many steps at the end are changes.
    pub(super) changes: usize,
    /// The listing after each step.
    pub(super) states: Vec<String>,
    /// The commit number after each step.
    pub(super) commits: Vec<u64>,
    /// Why the store refuses a step, where it does.
    refusals: Vec<Option<ErrorKind>>,
}

impl Script {
    /// Opens and fills the store, then does `changes`; the plain run is one in memory.
    pub(super) fn new(policy: Policy, changes: &[Step]) -> Script {
        let warm = vec![Step::Warm; policy.warm_steps()];
        let begin = [Step::Open, Step::Fill];
        let steps: Vec<Step> = begin.iter().chain(&warm).chain(changes).copied().collect();
        let options = options(Policy::Replaced, 7);
        let memory = Store::open(Path::new(":memory:"), Some(&options)).expect("memory opens");
        let (states, commits, refusals) = (Vec::new(), Vec::new(), Vec::new());
        let mut script =
            Script { policy, steps, changes: changes.len(), states, commits, refusals };
        for (place, step) in script.steps.iter().enumerate() {
            let refusal = perform(&memory, *step, place).err().map(|error| error.kind());
            script.refusals.push(refusal);
            script.states.push(listing(&memory).expect("memory can be listed"));
            script.commits.push(commit(&memory).expect("memory tells its commit"));
        }
        script
    }

    /// The listings that may be there once `done` steps were acknowledged and the process was
    /// killed: that one, and the one after the step that was under way.
    pub(super) fn allowed(&self, done: usize) -> &[String] {
        // Before the store was opened nothing is there, and the next to open it makes it.
        let first = done.saturating_sub(1);
        &self.states[first..(done + 1).min(self.states.len())]
    }

    /// As [`Script::allowed`], after a power cut: it may take back what was not synced.
    pub(super) fn allowed_after_cut(&self, done: usize) -> &[String] {
        let first = match self.policy {
            Policy::Batched => 0,
            Policy::Replaced | Policy::Logged => done.saturating_sub(1),
        };
        &self.states[first..(done + 1).min(self.states.len())]
    }

    /// Does the steps until one fails that should not.
    pub(super) fn play(&self, disk: &SimulatedDisk) -> Run {
        let process = disk.process();
        let mut run = Run { store: None, done: 0, error: None, last_step: 0 };
        for (place, step) in self.steps.iter().enumerate() {
            run.last_step = disk.operations().len();
            let result = match &run.store {
                Some(store) => perform(store, *step, place),
                None => open(&process, self.policy).map(|store| run.store = Some(store)),
            };
            match (result, self.refusals[place]) {
                (Ok(()), None) => {}
                (Err(error), Some(kind)) if error.kind() == kind => {}
                (Ok(()), Some(kind)) => panic!("{:?}: {kind:?} was expected", self.steps),
                (Err(error), _) => {
                    run.error = Some(error);
                    break;
                }
            }
            run.done += 1;
        }
        run
    }

    /// The moments of a power cut that leave different disks: before the n-th operation of the
    /// disk. Those of the last step (of all steps where `all`), and the one after it.
    pub(super) fn moments(&self, all: bool) -> Vec<u64> {
        let disk = SimulatedDisk::new();
        let run = self.play(&disk);
        assert!(run.error.is_none(), "{:?}", run.error);
        let calls: Vec<Call> = disk.operations().iter().map(|operation| operation.call).collect();
        let start = if all { 0 } else { run.last_step };
        let follows_a_change = |moment: &usize| *moment == start || changes(calls[moment - 1]);
        (start..=calls.len()).filter(follows_a_change).map(|moment| moment as u64 + 1).collect()
    }
}

/// Whether an operation leaves the disk, or what is durable of it, other than it was.
fn changes(call: Call) -> bool {
    match call {
        Call::OpenFolder
        | Call::Access
        | Call::Entries
        | Call::Open
        | Call::Metadata
        | Call::Read
        | Call::Lock => false,
        Call::Create
        | Call::Write
        | Call::SetRights
        | Call::Sync
        | Call::Rename
        | Call::Remove
        | Call::SyncFolder => true,
    }
}

/// How far a program came.
pub(super) struct Run {
    pub(super) store: Option<Store>,
    pub(super) done: usize,
    pub(super) error: Option<Error>,
    /// How many operations of the disk came before the step that was done last.
    pub(super) last_step: usize,
}

/// Every sequence of `length` changes.
pub(super) fn sequences(length: usize) -> Vec<Vec<Step>> {
    let mut sequences = vec![Vec::new()];
    for _ in 0..length {
        let longer = |sequence: &Vec<Step>| {
            CHANGES.map(|step| sequence.iter().copied().chain([step]).collect::<Vec<_>>())
        };
        sequences = sequences.iter().flat_map(longer).collect();
    }
    sequences
}

/// Looks at the store as the next program does: it holds one of the `allowed` listings, nothing is
/// wrong with it, no commit number went back, and nothing lies about. Returns which listing it is.
pub(super) fn check(
    disk: &SimulatedDisk,
    allowed: &[String],
    commit_min: u64,
) -> std::result::Result<(usize, Store), String> {
    let store = open_anew(disk).map_err(|error| format!("opening: {error:?}"))?;
    let found = listing(&store).map_err(|error| format!("listing: {error:?}"))?;
    let Some(place) = allowed.iter().position(|listing| *listing == found) else {
        return Err(format!("found {found}\nallowed {allowed:#?}"));
    };
    let report = store.verify().map_err(|error| format!("verifying: {error:?}"))?;
    if report != r#"{"ok":true,"problems":[]}"# {
        return Err(report);
    }
    let commit = commit(&store).map_err(|error| format!("info: {error:?}"))?;
    if commit < commit_min {
        return Err(format!("commit {commit} after {commit_min}"));
    }
    let names = disk.names("/");
    let is_expected = |name: &OsString| {
        FILES.iter().any(|file| name == file)
            || name == LOG
            || name.to_string_lossy().starts_with(TORN)
    };
    if !names.iter().all(is_expected) {
        return Err(format!("left behind: {names:?}"));
    }
    Ok((place, store))
}

/// What lies in the folder once nobody uses the store any more.
pub(super) fn check_tidy(disk: &SimulatedDisk) -> std::result::Result<(), String> {
    let names = disk.names("/");
    let left = |name: &&OsString| !name.to_string_lossy().starts_with(TORN);
    let names: Vec<&OsString> = names.iter().filter(left).collect();
    if names == FILES { Ok(()) } else { Err(format!("left behind: {names:?}")) }
}
