//! Errors of the system at every operation of the disk: typed, harmless, and over with their cause.

use std::collections::BTreeMap;
use std::time::Duration;

use nanostore::testing::{Call, Effect, Fault, Keep, SimulatedDisk};
use nanostore::{Error, ErrorKind, Result, Store};

use super::world::{
    CHANGES, PATH, Policy, Script, Step, check, check_tidy, listing, open, open_anew, perform,
};

const ERRORS: [(i32, ErrorKind); 7] = [
    (libc::EIO, ErrorKind::Io),
    (libc::ENOSPC, ErrorKind::NoSpace),
    (libc::EDQUOT, ErrorKind::NoSpace),
    (libc::EROFS, ErrorKind::ReadOnly),
    (libc::EACCES, ErrorKind::Permission),
    (libc::EMFILE, ErrorKind::Io),
    (libc::EINTR, ErrorKind::Io),
];
/// Longer than the grain of file times: the next look compares the bytes.
const LATER: Duration = Duration::from_millis(20);

/// How long a fault lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lasts {
    Once,
    /// All operations of the same kind fail from then on.
    ForItsKind,
    /// All operations fail from then on.
    ForAll,
}

/// The faults to be tried at each of the operations that a plain run does.
fn faults(operations: &[Call]) -> Vec<(Fault, Lasts)> {
    let mut faults = Vec::new();
    let mut counts = BTreeMap::new();
    for (place, &call) in operations.iter().enumerate() {
        let count = counts.entry(call).and_modify(|count| *count += 1).or_insert(1);
        let errors = ERRORS.map(|(errno, _)| Effect::Error(errno));
        let shorts = [Effect::Short(0), Effect::Short(7)];
        let shorts = shorts.into_iter().filter(|_| call == Call::Write);
        for effect in errors.into_iter().chain(shorts) {
            let (nth, all) = (*count, place as u64 + 1);
            let of_its_kind = Fault { call: Some(call), nth, sticky: true, effect };
            let of_all = Fault { call: None, nth: all, sticky: true, effect };
            faults.push((Fault { sticky: false, ..of_all }, Lasts::Once));
            faults.push((of_its_kind, Lasts::ForItsKind));
            faults.push((of_all, Lasts::ForAll));
        }
    }
    faults
}

/// The operations of the disk that `act` does.
fn operations(disk: &SimulatedDisk, act: impl FnOnce()) -> Vec<Call> {
    disk.clear_operations();
    act();
    disk.operations().iter().map(|operation| operation.call).collect()
}

/// An error says what happened, and is of the kind that goes with it.
fn assert_typed(error: &Error, effect: Effect, place: &str) {
    let Effect::Error(errno) = effect else {
        let kinds = [ErrorKind::Io, ErrorKind::UnknownOutcome];
        assert!(kinds.contains(&error.kind()), "{place}: {error:?}");
        return;
    };
    assert_eq!(error.sys_errno(), Some(errno), "{place}: {error:?}");
    let kind = ERRORS.iter().find(|(number, _)| *number == errno).map(|(_, kind)| *kind);
    if error.kind() != ErrorKind::UnknownOutcome {
        assert_eq!(Some(error.kind()), kind, "{place}: {error:?}");
    }
    assert!(error.to_json().contains(r#""path":"/"#), "{place}: {error:?} names no path");
}

/// The listings that may be there after a call.
fn allowed<'a>(script: &'a Script, result: &Result<()>) -> &'a [String] {
    let last = script.states.len() - 1;
    match result.as_ref().map_err(Error::kind) {
        Ok(()) => &script.states[last..],
        Err(ErrorKind::UnknownOutcome) => &script.states[last - 1..],
        Err(_) => &script.states[last - 1..last],
    }
}

/// A store that was filled by one process and that another one reads.
struct Scene {
    policy: Policy,
    disk: SimulatedDisk,
    writer: Store,
    reader: Store,
}

impl Scene {
    fn new(policy: Policy) -> Scene {
        let disk = SimulatedDisk::new();
        let writer = open(&disk.process(), policy).expect("the store opens");
        perform(&writer, Step::Fill, 1).expect("the store is filled");
        for place in 2..2 + policy.warm_steps() {
            perform(&writer, Step::Warm, place).expect("it is filled more");
        }
        let reader = open_anew(&disk).expect("the store opens once more");
        listing(&reader).expect("it is read");
        disk.advance(LATER);
        Scene { policy, disk, writer, reader }
    }

    /// How many steps were done.
    fn place(&self) -> usize {
        2 + self.policy.warm_steps()
    }

    /// One fault in one change: what it reports agrees with what is there, at once and for good.
    fn suffer(&self, script: &Script, step: Step, fault: Fault, lasts: Lasts) {
        let place = format!("{step:?}, {fault:?}");
        let before = self.disk.read(PATH);
        self.disk.plan(fault);
        let result = perform(&self.writer, step, self.place());
        if let Err(error) = &result {
            assert_typed(error, fault.effect, &place);
        }
        let allowed = allowed(script, &result);
        let is_settled = allowed.len() == 1;
        for store in [&self.reader, &self.writer] {
            match listing(store) {
                Ok(found) => assert!(allowed.contains(&found), "{place}: {found}"),
                Err(error) => assert_ne!(lasts, Lasts::Once, "{place}: {error:?}"),
            }
        }
        self.disk.forget_faults();
        if result.is_err() && is_settled && self.policy == Policy::Replaced {
            assert!(self.disk.read(PATH) == before, "{place}: the file was touched");
        }
        if lasts == Lasts::Once && self.policy == Policy::Replaced {
            check_tidy(&self.disk).unwrap_or_else(|why| panic!("{place}: {why}"));
        }
        // Where the outcome is unknown, it is the writer's next look that settles it.
        let own = listing(&self.writer).unwrap_or_else(|error| panic!("{place}: {error:?}"));
        let found = listing(&self.reader).unwrap_or_else(|error| panic!("{place}: {error:?}"));
        assert!(allowed.contains(&found), "{place}: {found}");
        assert_eq!(found, own, "{place}: two processes see the same");
        if result.as_ref().is_err_and(|error| error.kind() == ErrorKind::UnknownOutcome) {
            // It may refuse writes until it is opened anew.
            drop(open_anew(&self.disk).unwrap_or_else(|error| panic!("{place}: {error:?}")));
        }
        self.go_on(&place);
    }

    /// The store works as before: what it acknowledges now survives a power cut.
    fn go_on(&self, place: &str) {
        for store in [&self.reader, &self.writer] {
            let added = store.add(r#"{"title":"Next"}"#, None);
            added.unwrap_or_else(|error| panic!("{place}: {error:?}"));
        }
        self.writer.sync().unwrap_or_else(|error| panic!("{place}: {error:?}"));
        let last = [listing(&self.writer).unwrap_or_else(|error| panic!("{place}: {error:?}"))];
        self.disk.reboot(Keep::None);
        check(&self.disk, &last, 3).unwrap_or_else(|why| panic!("{place}: {why}"));
    }
}

#[test]
fn an_error_at_any_operation_of_a_change_is_reported_and_leaves_nothing_half_done() {
    let mut points = 0;
    for (policy, step) in Policy::ALL.into_iter().flat_map(|it| CHANGES.map(|step| (it, step))) {
        let script = Script::new(policy, &[step]);
        let plain = Scene::new(policy);
        let calls = operations(&plain.disk, || {
            perform(&plain.writer, step, plain.place()).expect("nothing goes wrong");
        });
        for (fault, lasts) in faults(&calls) {
            Scene::new(policy).suffer(&script, step, fault, lasts);
            points += 1;
        }
    }
    println!("{points} faults in changes");
    assert!(points > 1_000, "{points}");
}

#[test]
fn after_a_failed_change_no_lock_is_kept() {
    for policy in Policy::ALL {
        let plain = Scene::new(policy);
        let calls = operations(&plain.disk, || {
            perform(&plain.writer, Step::Add, 2).expect("nothing goes wrong");
        });
        for (fault, _) in faults(&calls) {
            let scene = Scene::new(policy);
            scene.disk.plan(fault);
            let result = perform(&scene.writer, Step::Add, 2);
            scene.disk.forget_faults();
            // The writer does nothing more; others must not have to wait for its end.
            let mut added = scene.reader.add(r#"{"title":"Next"}"#, None);
            if added.as_ref().is_err_and(|error| error.name() == "POISONED") {
                // What the sync did that failed nobody knows, and opening anew makes it good.
                let kind = result.as_ref().err().map(Error::kind);
                assert_eq!(kind, Some(ErrorKind::UnknownOutcome), "{policy:?}, {fault:?}");
                drop(open_anew(&scene.disk).expect("it opens anew"));
                added = scene.reader.add(r#"{"title":"Next"}"#, None);
            }
            assert!(added.is_ok(), "{policy:?}, {fault:?}: {result:?}, then {added:?}");
        }
    }
}

/// A call that reads.
type Look = (&'static str, fn(&Store) -> Result<()>);

const LOOKS: [Look; 9] = [
    ("list", |store| store.list(None).map(drop)),
    ("count", |store| store.count(None).map(drop)),
    ("get", |store| store.get("1", None).map(drop)),
    ("info", |store| store.info().map(drop)),
    ("verify", |store| store.verify().map(drop)),
    ("resolve_id", |store| store.resolve_id("1").map(drop)),
    ("explain", |store| store.explain(None).map(drop)),
    ("cursor", |store| store.cursor(None)?.next().map(drop)),
    ("sync", |store| store.sync()),
];

#[test]
fn an_error_while_reading_is_reported_and_over_with_its_cause() {
    let mut points = 0;
    for (name, look) in LOOKS {
        // The first reading compares the bytes, the second one loads what somebody else wrote.
        let ways = Policy::ALL.into_iter().flat_map(|policy| [(policy, false), (policy, true)]);
        for (policy, catches_up) in ways {
            let scene = || {
                let scene = Scene::new(policy);
                if catches_up {
                    perform(&scene.writer, Step::Add, 2).expect("it is added");
                    scene.disk.advance(LATER);
                }
                scene
            };
            let plain = scene();
            let calls =
                operations(&plain.disk, || look(&plain.reader).expect("nothing goes wrong"));
            for (fault, _) in faults(&calls) {
                let place = format!("{name}, {fault:?}");
                let scene = scene();
                let bytes = scene.disk.read(PATH);
                scene.disk.plan(fault);
                if let Err(error) = look(&scene.reader) {
                    assert_typed(&error, fault.effect, &place);
                }
                scene.disk.forget_faults();
                // A sync that fails moves what was acknowledged to another file.
                let moved = (policy, name) == (Policy::Batched, "sync");
                assert!(moved || scene.disk.read(PATH) == bytes, "{place}");
                look(&scene.reader).unwrap_or_else(|error| panic!("{place}: {error:?}"));
                let seen = [&scene.reader, &scene.writer].map(|it| listing(it).expect("a listing"));
                assert_eq!(seen[0], seen[1], "{place}");
                points += 1;
            }
        }
    }
    println!("{points} faults in calls that read");
    assert!(points > 500, "{points}");
}

#[test]
fn an_error_while_opening_is_reported_and_over_with_its_cause() {
    let mut points = 0;
    for is_new in [true, false] {
        let disk = || {
            let disk = SimulatedDisk::new();
            if !is_new {
                let store = open_anew(&disk).expect("the store opens");
                perform(&store, Step::Fill, 1).expect("the store is filled");
                drop(store);
                disk.advance(LATER);
            }
            disk
        };
        let script = Script::new(Policy::Replaced, &[]);
        let expected = if is_new { &script.states[..1] } else { &script.states[1..] };
        let plain = disk();
        let calls = operations(&plain, || drop(open_anew(&plain).expect("nothing goes wrong")));
        for (fault, _) in faults(&calls) {
            let place = format!("{fault:?}");
            let disk = disk();
            disk.plan(fault);
            let process = disk.process();
            let opened = open(&process, Policy::Logged);
            if let Err(error) = &opened {
                assert_typed(error, fault.effect, &place);
            }
            disk.forget_faults();
            // The same process and another one, while what was opened is still there.
            for process in [process, disk.process()] {
                let store = open(&process, Policy::Logged)
                    .unwrap_or_else(|error| panic!("{place}: {error:?}"));
                assert_eq!(listing(&store).ok().as_ref(), expected.first(), "{place}");
            }
            drop(opened);
            check(&disk, expected, 0).unwrap_or_else(|why| panic!("{place}: {why}"));
            points += 1;
        }
    }
    println!("{points} faults while opening");
    assert!(points > 500, "{points}");
}
