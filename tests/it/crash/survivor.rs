//! A process is killed at every operation of the disk; another one, which knows the store as it was
//! before, goes on with it at once.

use nanostore::Store;
use nanostore::testing::{Effect, Fault, SimulatedDisk, SimulatedProcess};

use super::world::{Policy, Step, commit, listing, open, open_anew, perform};

/// What the two do: how much each has written before, and what is under way when the one dies.
#[derive(Clone, Copy, Debug)]
struct Case {
    policy: Policy,
    /// Commits of the one that dies, and of the other one, before.
    warm: [usize; 2],
    dying: [Step; 2],
    surviving: &'static [Step],
    /// Whether somebody opens the store, and writes nothing, before the survivor goes on.
    is_opened: bool,
}

const SURVIVING: [(&[Step], bool); 4] = [
    (&[Step::Move], true),
    (&[Step::Checkpoint], false),
    (&[Step::Delete, Step::Move, Step::Add], false),
    (&[], false),
];

struct Scene {
    disk: SimulatedDisk,
    dying: (SimulatedProcess, Store),
    survivor: Store,
    /// It knows the store as it was before, too, and comes last.
    bystander: Store,
}

impl Scene {
    fn new(case: Case) -> Scene {
        let disk = SimulatedDisk::new();
        let process = disk.process();
        let dying = open(&process, case.policy).expect("it opens");
        perform(&dying, Step::Fill, 1).expect("it is filled");
        let survivor = open(&disk.process(), case.policy).expect("it opens");
        for (store, warm) in [&survivor, &dying].into_iter().zip([case.warm[1], case.warm[0]]) {
            for place in 0..warm {
                perform(store, Step::Warm, place + 100).expect("it is written");
            }
        }
        listing(&survivor).expect("the survivor knows all of it");
        let bystander = open(&disk.process(), case.policy).expect("it opens");
        for place in 0..case.warm[1] {
            perform(&bystander, Step::Warm, place + 200).expect("it is written");
        }
        listing(&survivor).expect("the survivor knows all of it");
        Scene { disk, dying: (process, dying), survivor, bystander }
    }
}

/// Kills the one before its operation `nth`; false when it has come to its end before.
fn go_on(case: Case, nth: u64) -> bool {
    let Scene { disk, dying: (process, dying), survivor, bystander } = Scene::new(case);
    let place = format!("{case:?}, killed before operation {nth}");
    let before = commit_of(&survivor);
    disk.plan(Fault { call: None, nth, sticky: false, effect: Effect::Kill });
    let mut acknowledged = 0;
    for (at, step) in case.dying.into_iter().enumerate() {
        let done = perform(&dying, step, at + 2).is_ok();
        acknowledged += usize::from(done);
    }
    disk.forget_faults();
    process.kill();
    let opened = case.is_opened.then(|| open_anew(&disk));
    if let Some(Err(error)) = opened {
        panic!("{place}: {error:?}");
    }
    let steps = case.surviving.iter().map(|step| (&survivor, *step));
    for (at, (store, step)) in steps.chain([(&bystander, Step::Warm)]).enumerate() {
        perform(store, step, at + 4).unwrap_or_else(|error| panic!("{place}: {error:?}"));
    }
    let known = listing_of(&survivor);
    let other = open_anew(&disk).unwrap_or_else(|error| panic!("{place}: {error:?}"));
    assert_eq!(listing_of(&other), known, "{place}");
    assert_eq!(listing_of(&bystander), known, "{place}");
    drop((other, bystander));
    survivor.close().unwrap_or_else(|error| panic!("{place}: {error:?}"));
    let last = open_anew(&disk).unwrap_or_else(|error| panic!("{place}: {error:?}"));
    assert_eq!(listing_of(&last), known, "{place}");
    // Each step writes one document, or takes one away: none was taken for edited by hand.
    let query = format!(r#"{{"view":"all","where":{{"rev":{{"$gt":{before}}}}}}}"#);
    let written = last.count(Some(&query)).expect("a count");
    assert!(written <= 6, "{place}: {written} documents were written");
    acknowledged == 2
}

fn listing_of(store: &Store) -> String {
    listing(store).expect("a listing")
}

fn commit_of(store: &Store) -> u64 {
    commit(store).expect("a commit")
}

#[test]
fn a_process_that_goes_on_after_another_was_killed_anywhere_loses_nothing() {
    let mut points = 0;
    for policy in Policy::ALL {
        for warm in [[0, 0], [7, 0], [9, 0], [0, 9], [7, 9], [9, 9]] {
            for dying in [
                [Step::Update, Step::Add],
                [Step::Add, Step::Checkpoint],
                [Step::Checkpoint, Step::Add],
            ] {
                for (surviving, is_opened) in SURVIVING {
                    let case = Case { policy, warm, dying, surviving, is_opened };
                    points += (1..).take_while(|nth| !go_on(case, *nth)).count();
                }
            }
        }
    }
    println!("{points} points at which a process was killed beside another one");
    assert!(points > 1_000, "{points}");
}
