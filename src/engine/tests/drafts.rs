//! Writing through a draft: nothing of a failed one is seen, and what it minted is not used up.

use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use super::{check, document, file, load, outputs, schema, uuid, written};
use crate::engine::clock::{ClockOptions, Minter};
use crate::engine::draft::Draft;
use crate::engine::open::{Request, open_memory};
use crate::engine::operation::read_batch;
use crate::engine::policy::{Checkpoint, Durability};
use crate::engine::state::State;
use crate::engine::{Engine, Limits};
use crate::error::{Error, Result};
use crate::model::schema::Schema;
use crate::storage::json_file::Access;

fn clock() -> ClockOptions {
    let text = r#"{"start":"2026-01-01T00:00:00Z","step_ms":1000}"#;
    crate::model::json::from_value(&crate::model::json::parse(text).unwrap()).unwrap()
}

pub(in crate::engine) fn limits() -> Limits {
    Limits {
        lock_timeout: Duration::from_secs(3),
        document_bytes_max: 1 << 20,
        durability: Durability::Sync,
        checkpoint: Checkpoint::Auto,
        interval: Duration::ZERO,
    }
}

fn draft(state: &State) -> Draft {
    let minter = Minter::new(Some(&clock()), Some(1), [0; 4]).unwrap();
    Draft::new(state.clone(), minter, Duration::ZERO, 2000)
}

fn run(draft: &mut Draft, batch: &str) -> Result<()> {
    read_batch(batch)?.into_iter().try_for_each(|operation| draft.run(operation).map(|_| ()))
}

/// Two trees of two documents, the second ones with keys.
fn documents() -> Vec<String> {
    let below = |number, parent| {
        let parent = uuid(parent);
        let dimensions = format!(r#"{{"parent_id":"{parent}"}}"#);
        document(number, &format!(r#","key":"k{number}","rev":3,"dimensions":{dimensions}"#))
    };
    vec![document(1, ""), below(2, 1), document(3, ""), below(4, 3)]
}

const FAILING: [(&str, &str); 14] = [
    (r#"{"op":"add","document":{"dimensions":{"status":"x"}}}"#, "VALUE_OUTSIDE_DIMENSION"),
    (r#"{"op":"add","document":{"dimensions":{"parent":"9"}}}"#, "UNRESOLVED_ID"),
    (r#"{"op":"add","document":{"key":"k2"}}"#, "EXISTS"),
    (r#"{"op":"add","document":{},"as":"new"}"#, "INVALID"),
    (r#"{"op":"update","id":"$who","patch":{}}"#, "NOTFOUND"),
    (r#"{"op":"update","id":"1","patch":{"key":"k4"}}"#, "EXISTS"),
    (r#"{"op":"update","id":"1","patch":{"dimensions":{"parent":"1"}}}"#, "SELF_PARENT"),
    (r#"{"op":"update","id":"2","patch":{"dimensions":{"parent":"2.1"}}}"#, "PARENT_CYCLE"),
    (r#"{"op":"update","ids":["1","7"],"patch":{"title":"x"}}"#, "UNRESOLVED_ID"),
    (r#"{"op":"update","id":"2.1","patch":{"title":"x"},"if_rev":2}"#, "CONFLICT"),
    (r#"{"op":"replace","id":"1","document":{"nonsense":1}}"#, "UNKNOWN_MEMBER"),
    (r#"{"op":"delete","id":"1"}"#, "HAS_CHILDREN"),
    (r#"{"op":"delete","ids":["2.1","1"]}"#, "HAS_CHILDREN"),
    (r#"{"op":"update","where":{"nonsense":1},"patch":{"title":"x"}}"#, "UNKNOWN_FIELD"),
];

#[test]
fn each_failing_operation_is_refused_for_its_own_reason() {
    let state = load(&file(&documents(), &schema()));
    for (operation, name) in FAILING {
        if operation.contains(r#""as""#) {
            continue;
        }
        let error = run(&mut draft(&state), &format!("[{operation}]")).unwrap_err();
        assert_eq!(error.name(), name, "{operation}: {error}");
    }
}

#[test]
fn a_draft_that_changes_nothing_is_no_commit() {
    let state = load(&file(&documents(), &schema()));
    let mut draft = draft(&state);
    let batch = r#"[{"op":"update","id":"1","patch":{"title":"t1"}},
        {"op":"update","ids":[],"patch":{"title":"x"}},
        {"op":"update","id":"1.1","patch":{"dimensions":{"parent":"1"},"rev":3}},
        {"op":"delete","where":{"title":"nobody's"}}]"#;
    run(&mut draft, batch).unwrap();
    assert!(!draft.changed);
    assert_eq!((draft.commit(), draft.state.commit), (7, 7));
    assert_eq!(draft.last_time, None, "the clock did not tick");
}

#[test]
fn one_commit_gives_one_revision_to_all_it_writes() {
    let state = load(&file(&documents(), &schema()));
    let mut draft = draft(&state);
    let batch = r#"[{"op":"add","document":{}},{"op":"update","id":"1","patch":{"title":"x"}},
        {"op":"update","id":"1","patch":{"body":"y"}},{"op":"delete","id":"2.1"}]"#;
    run(&mut draft, batch).unwrap();
    draft.finish();
    let revs: Vec<u64> = draft.state.slots().map(|slot| draft.state.rev(slot)).collect();
    assert_eq!(revs, [8, 3, 1, 8]);
    assert_eq!((draft.number, draft.state.commit, state.commit), (8, 8, 7));
    let fourth = uuid::Uuid::parse_str(&uuid(4)).unwrap();
    assert!(draft.state.envelope.removal_of(fourth).is_some());
    assert!(written(&draft.state).contains(&format!(r#""removed":[["{}",8]]"#, uuid(4))));
}

#[test]
fn a_document_that_returns_is_not_among_the_removed_any_more() {
    let state = load(&file(&documents(), &schema()));
    let mut draft = draft(&state);
    let add = format!(r#"{{"op":"add","document":{{"uuid":"{}"}}}}"#, uuid(4));
    run(&mut draft, &format!(r#"[{{"op":"delete","id":"2.1"}},{add}]"#)).unwrap();
    assert!(!written(&draft.state).contains("removed"));
    check(&draft.state);
}

/// An engine on a store in memory.
pub(in crate::engine) fn memory(schema: Schema) -> Arc<Engine> {
    let request = Request {
        access: Access { read_only: false, create: None, mode: 0o600, salvage: false },
        schema: Some(schema),
        strict: false,
        format: None,
        clock: Some(clock()),
        uuid_seed: Some(1),
        limits: limits(),
    };
    open_memory(crate::storage::this_machine(), &request).unwrap()
}

pub(in crate::engine) fn add(engine: &Engine, document: &str) -> Result<String> {
    let batch = format!(r#"[{{"op":"add","document":{document}}}]"#);
    engine.write(&limits(), |draft| {
        run(draft, &batch)?;
        let slot = draft.state.slots().last().unwrap();
        Ok(draft.state.output(slot))
    })
}

#[test]
fn a_failed_write_uses_up_no_time_no_uuid_and_no_revision() {
    let (engine, quiet) = (memory((*schema()).clone()), memory((*schema()).clone()));
    for engine in [&engine, &quiet] {
        add(engine, r#"{"key":"a"}"#).unwrap();
    }
    let failed = add(&engine, r#"{"key":"a"}"#);
    assert_eq!(failed.unwrap_err().name(), "EXISTS");
    let failed: Result<()> = engine.write(&limits(), |draft| {
        run(draft, r#"[{"op":"add","document":{}},{"op":"add","document":{}}]"#)?;
        Err(Error::invalid("the caller thought better of it"))
    });
    assert!(failed.is_err());
    assert_eq!(add(&engine, "{}").unwrap(), add(&quiet, "{}").unwrap());
    let commit = engine.read(&limits(), |state| Ok((state.commit, state.len()))).unwrap();
    assert_eq!(commit, (2, 2));
}

#[test]
fn a_snapshot_stays_while_writes_go_on() {
    let engine = memory((*schema()).clone());
    add(&engine, r#"{"key":"a"}"#).unwrap();
    let snapshot = engine.snapshot(&limits()).unwrap();
    let seen = outputs(&snapshot);
    engine
        .write(&limits(), |draft| {
            run(
                draft,
                r#"[{"op":"update","id":"1","patch":{"title":"x"}},{"op":"add","document":{}},
                {"op":"delete","id":"1"}]"#,
            )
        })
        .unwrap();
    assert_eq!(outputs(&snapshot), seen);
    check(&snapshot);
    engine
        .read(&limits(), |state| {
            check(state);
            assert_eq!((state.len(), state.find_key("a")), (1, None));
            Ok(())
        })
        .unwrap();
}

#[test]
fn who_looks_at_a_state_keeps_no_writer_waiting_and_may_ask_for_it_again() {
    let engine = memory((*schema()).clone());
    let (written, is_written) = mpsc::channel();
    let looked = engine.read(&limits(), |state| {
        let writer = Arc::clone(&engine);
        thread::spawn(move || written.send(add(&writer, "{}")));
        let added = is_written.recv_timeout(Duration::from_secs(20));
        assert!(added.expect("the write ends while somebody looks").is_ok());
        Ok((state.len(), engine.snapshot(&limits())?.len()))
    });
    assert_eq!(looked.unwrap(), (0, 1));
    assert_eq!(engine.read(&limits(), |state| Ok(state.len())).unwrap(), 1);
}

#[test]
fn a_poisoned_engine_reads_but_does_not_write() {
    let engine = memory((*schema()).clone());
    add(&engine, "{}").unwrap();
    engine.poison();
    assert_eq!(add(&engine, "{}").unwrap_err().kind(), crate::error::ErrorKind::Panic);
    assert_eq!(engine.read(&limits(), |state| Ok(state.len())).unwrap(), 1);
}
