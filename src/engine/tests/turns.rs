//! Threads that wait for their turn to write.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::drafts::{add, limits, memory};
use super::schema;
use crate::engine::operation::read_batch;
use crate::engine::tip::{Caller, News};
use crate::engine::{Engine, Limits};
use crate::error::{ErrorKind, Result};

fn add_one(engine: &Engine, limits: &Limits, document: &str) -> Result<String> {
    let batch = format!(r#"[{{"op":"add","document":{document}}}]"#);
    engine.write_one(limits, || Ok(read_batch(&batch)?.remove(0)))
}

/// Starts a thread that adds a document, and waits until it stands in the line.
fn line_up(engine: &Arc<Engine>, document: &str) -> JoinHandle<Result<String>> {
    let (before, document) = (engine.tip().in_line(), document.to_owned());
    let writer = Arc::clone(engine);
    let thread = thread::spawn(move || add_one(&writer, &limits(), &document));
    while engine.tip().in_line() == before {
        thread::yield_now();
    }
    thread
}

fn documents(engine: &Engine) -> u32 {
    engine.read(&limits(), |state| Ok(state.len())).unwrap()
}

#[test]
fn those_in_the_line_are_decided_for_in_its_order_each_on_its_own() {
    let engine = memory((*schema()).clone());
    let caller = Arc::default();
    let turn = engine.turn(&limits(), &caller).unwrap();
    let keys = ["a", "b", "a", "c"];
    let threads = keys.map(|key| line_up(&engine, &format!(r#"{{"key":"{key}"}}"#)));
    assert_eq!(documents(&engine), 0);
    drop(turn);
    let told = threads.map(|thread| thread.join().unwrap().map_err(|error| error.name()));
    assert_eq!(told[2].as_ref().unwrap_err(), &"EXISTS", "the key was taken by the first");
    for (nth, revision) in [(0, 1), (1, 2), (3, 3)] {
        assert!(told[nth].as_ref().unwrap().contains(&format!(r#""rev":{revision},"#)));
    }
    assert_eq!(documents(&engine), 3);
}

/// How many documents are there when the first of four threads in the line has added its own.
fn there_when_the_first_is_through() -> u32 {
    let engine = memory((*schema()).clone());
    let caller = Arc::default();
    let turn = engine.turn(&limits(), &caller).unwrap();
    let first = Arc::clone(&engine);
    let first = thread::spawn(move || {
        add_one(&first, &limits(), "{}").unwrap();
        documents(&first)
    });
    while engine.tip().in_line() == 0 {
        thread::yield_now();
    }
    let others = ["{}"; 3].map(|document| line_up(&engine, document));
    drop(turn);
    others.into_iter().for_each(|thread| drop(thread.join().unwrap().unwrap()));
    first.join().unwrap()
}

#[test]
fn the_first_in_the_line_decides_for_all_of_them() {
    // It need not, where the system lets it wait for so long that others have to get their turn.
    let times = (0..20).filter(|_| there_when_the_first_is_through() == 4).count();
    assert!(times >= 15, "{times} of 20");
}

#[test]
fn who_waits_too_long_in_the_line_leaves_it_and_nothing_is_decided_for_it() {
    let engine = memory((*schema()).clone());
    let caller = Arc::default();
    let turn = engine.turn(&limits(), &caller).unwrap();
    let hasty = Limits { lock_timeout: Duration::from_millis(5), ..limits() };
    assert_eq!(add_one(&engine, &hasty, "{}").unwrap_err().name(), "LOCK_TIMEOUT");
    assert_eq!(engine.tip().in_line(), 0);
    drop(turn);
    add_one(&engine, &hasty, "{}").unwrap();
    assert_eq!(documents(&engine), 1);
}

#[test]
fn a_decision_that_panics_ends_its_turn_and_poisons_the_store() {
    let engine = memory((*schema()).clone());
    let decided = catch_unwind(AssertUnwindSafe(|| {
        engine.write(&limits(), |_| -> Result<()> { panic!("a defect") })
    }));
    assert_eq!(decided.unwrap_err().downcast_ref(), Some(&"a defect"));
    assert_eq!(add(&engine, "{}").unwrap_err().kind(), ErrorKind::Panic);
    let caller = Arc::default();
    drop(engine.turn(&limits(), &caller).unwrap());
}

#[test]
fn a_panic_met_while_deciding_for_a_thread_goes_on_there() {
    let engine = memory((*schema()).clone());
    let caller = Arc::<Caller>::default();
    caller.tell(News::Panicked(Box::new("a defect")));
    let waited = catch_unwind(AssertUnwindSafe(|| engine.wait(&caller, None)));
    assert_eq!(waited.unwrap_err().downcast_ref(), Some(&"a defect"));
}
