//! The model test's actions as calls of the library, and its results as values.

use std::fmt::Write as _;

use nanostore::Store;

use crate::json::Value;
use crate::plain_model::{Action, Handle, PRIORITIES, PlainModel, STATUSES};

pub(crate) fn parsed(text: &str) -> Value {
    Value::parse(text).expect("the library writes JSON")
}

pub(crate) fn text<'a>(document: &'a Value, name: &str) -> &'a str {
    document.get(name).and_then(Value::as_text).unwrap_or_else(|| panic!("no {name} in {document}"))
}

/// The documents in one result of a batch.
pub(crate) fn documents_of(result: &Value) -> Vec<Value> {
    if let Some(document) = result.get("document") {
        return vec![document.clone()];
    }
    let many = result.get("documents").or_else(|| result.get("deleted"));
    many.and_then(Value::elements).unwrap_or_else(|| panic!("no documents in {result}")).to_vec()
}

/// A time of January 2026 as nanoseconds since the year began.
pub(crate) fn nanoseconds(time: &str) -> i64 {
    let rest = time.strip_prefix("2026-01-").expect("the test's clock stays in January");
    let (rest, fraction) =
        rest.strip_suffix('Z').map(|rest| rest.split_once('.').unwrap_or((rest, ""))).expect("UTC");
    let parts: Vec<i64> =
        rest.split(['T', ':']).map(|part| part.parse().expect("a number")).collect();
    let [day, hour, minute, second] = parts[..] else { panic!("{time} is not a time") };
    let seconds = (((day - 1) * 24 + hour) * 60 + minute) * 60 + second;
    seconds * 1_000_000_000 + format!("{fraction:0<9}").parse::<i64>().expect("a fraction")
}

fn time_text(nanoseconds: i64) -> String {
    let (seconds, fraction) = (nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000);
    let (day, hour) = (seconds / 86_400 + 1, seconds / 3_600 % 24);
    format!(
        "2026-01-{day:02}T{hour:02}:{:02}:{:02}.{fraction:09}Z",
        seconds / 60 % 60,
        seconds % 60
    )
}

/// How a caller names a document in a call on the state `before`: by its ID there, or by the name
/// that the same batch gave it.
fn name_of(before: &PlainModel, handle: Handle) -> String {
    if before.documents.contains_key(&handle) { before.id(handle) } else { format!("$x{handle}") }
}

/// Does a single action on the store by the call that a program would use for it.
pub(crate) fn perform(
    store: &Store,
    before: &PlainModel,
    action: &Action,
) -> nanostore::Result<Vec<Value>> {
    let one = |document: String| vec![parsed(&document)];
    match action {
        Action::Add { .. } => store.add(&document(before, action), None).map(one),
        Action::Change { targets, .. } => {
            store.update(&name_of(before, targets[0]), &patch(before, action), None).map(one)
        }
        Action::Move { target, .. } => {
            store.update(&name_of(before, *target), &patch(before, action), None).map(one)
        }
        Action::Delete { target, cascade } => {
            let options = format!(r#"{{"cascade":{cascade}}}"#);
            let report = store.delete(&name_of(before, *target), Some(&options))?;
            Ok(documents_of(&parsed(&report)))
        }
    }
}

fn parent_value(before: &PlainModel, parent: Option<Handle>) -> String {
    parent.map_or("null".to_owned(), |parent| format!("\"{}\"", name_of(before, parent)))
}

fn document(before: &PlainModel, action: &Action) -> String {
    let Action::Add { parent, status, priority, created } = action else {
        panic!("{action:?} adds nothing");
    };
    let time =
        created.map_or(String::new(), |time| format!(r#","created_at":"{}""#, time_text(time)));
    format!(
        r#"{{"dimensions":{{"status":"{}","priority":"{}","parent":{}}}{time}}}"#,
        STATUSES[*status],
        PRIORITIES[*priority],
        parent_value(before, *parent)
    )
}

fn patch(before: &PlainModel, action: &Action) -> String {
    let member = match action {
        Action::Change { status: Some(status), .. } => {
            format!(r#""status":"{}""#, STATUSES[*status])
        }
        Action::Change { priority: Some(priority), .. } => {
            format!(r#""priority":"{}""#, PRIORITIES[*priority])
        }
        Action::Move { parent, .. } => format!(r#""parent_id":{}"#, parent_value(before, *parent)),
        _ => panic!("{action:?} changes nothing"),
    };
    format!(r#"{{"dimensions":{{{member}}}}}"#)
}

/// The action as an operation of a batch; `handle` is that of the document it adds.
pub(crate) fn operation(before: &PlainModel, action: &Action, handle: Handle) -> String {
    match action {
        Action::Add { .. } => {
            format!(r#"{{"op":"add","as":"x{handle}","document":{}}}"#, document(before, action))
        }
        Action::Change { targets, .. } => {
            let mut ids = String::new();
            for target in targets {
                let _ = write!(
                    ids,
                    "{}\"{}\"",
                    if ids.is_empty() { "" } else { "," },
                    name_of(before, *target)
                );
            }
            format!(r#"{{"op":"update","ids":[{ids}],"patch":{}}}"#, patch(before, action))
        }
        Action::Move { target, .. } => {
            let (id, patch) = (name_of(before, *target), patch(before, action));
            format!(r#"{{"op":"update","id":"{id}","patch":{patch}}}"#)
        }
        Action::Delete { target, cascade } => {
            let id = name_of(before, *target);
            format!(r#"{{"op":"delete","id":"{id}","cascade":{cascade}}}"#)
        }
    }
}
