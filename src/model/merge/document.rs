//! Merging two versions of one document, member by member.

use std::cmp::Ordering;

use crate::model::document::MEMBERS;
use crate::model::json::{Object, Value};
use crate::model::time::Time;

/// What follows from the other members, or from how often a document was written.
const COUNTED: [&str; 3] = ["rev", "updated_at", "numbers"];

/// Whether two versions differ at most in what commits count, and in when they were created.
pub(crate) fn has_same_content(one: &Object, other: &Object) -> bool {
    let [one, other] = [one, other].map(|document| {
        let mut content = content(document);
        content.remove("created_at");
        content
    });
    one == other
}

fn content(document: &Object) -> Object {
    let members = document.iter().filter(|(name, _)| !COUNTED.contains(&name.as_str()));
    members.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Merges two versions of a document that come from `base`, if that is known. Gives the merged one,
/// and the members that differ on both sides, where it has those of `ours`.
pub(super) fn merge(
    base: Option<&Object>,
    ours: &Object,
    theirs: &Object,
) -> (Object, Vec<String>) {
    let mut fields = Vec::new();
    let base = base.map(content);
    let mut merged = members(base.as_ref(), &content(ours), &content(theirs), "", &mut fields);
    // Where a person left it out, it follows from the document above.
    if let Some(place) = fields.iter().position(|field| field == "created_at") {
        fields.remove(place);
        let created = |document: &Object| time(document.get("created_at"));
        if created(theirs) < created(ours) {
            let earlier = theirs.get("created_at").cloned().unwrap_or_default();
            merged.insert("created_at".to_owned(), earlier);
        }
    }
    for name in COUNTED {
        let last = match (ours.get(name), theirs.get(name)) {
            (Some(ours), Some(theirs)) => Some(later(name, ours, theirs)),
            (ours, theirs) => ours.or(theirs).cloned(),
        };
        if let Some(last) = last {
            merged.insert(name.to_owned(), last);
        }
    }
    merged.order_by(|name| MEMBERS.iter().position(|member| *member == name));
    (merged, fields)
}

fn later(name: &str, ours: &Value, theirs: &Value) -> Value {
    match (name, ours, theirs) {
        ("numbers", Value::Object(ours), Value::Object(theirs)) => {
            Value::Object(highest(ours, theirs))
        }
        ("updated_at", ..) => {
            if time(Some(theirs)) > time(Some(ours)) {
                theirs.clone()
            } else {
                ours.clone()
            }
        }
        _ if order(theirs, ours) == Ordering::Greater => theirs.clone(),
        _ => ours.clone(),
    }
}

fn time(value: Option<&Value>) -> Option<Time> {
    value?.as_str().and_then(|text| Time::parse(text).ok())
}

fn order(one: &Value, other: &Value) -> Ordering {
    let number = |value: &Value| match value {
        Value::Number(number) => number.as_u64(),
        _ => None,
    };
    number(one).cmp(&number(other))
}

/// The higher of two numbers each, at any depth.
pub(super) fn highest(ours: &Object, theirs: &Object) -> Object {
    let mut all = ours.clone();
    for (name, theirs) in theirs.iter() {
        match (all.get_mut(name), theirs) {
            (Some(Value::Object(ours)), Value::Object(theirs)) => *ours = highest(ours, theirs),
            (Some(ours), theirs) if order(theirs, ours) != Ordering::Greater => {}
            _ => drop(all.insert(name.clone(), theirs.clone())),
        }
    }
    all
}

/// Merges the members of two objects; `path` names the objects.
fn members(
    base: Option<&Object>,
    ours: &Object,
    theirs: &Object,
    path: &str,
    fields: &mut Vec<String>,
) -> Object {
    let added = theirs.iter().filter(|(name, _)| !ours.contains_key(name));
    let names = ours.iter().chain(added).map(|(name, _)| name);
    let mut merged = Object::default();
    for name in names {
        let field = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let from = base.map(|base| base.get(name));
        if let Some(value) = member(from, ours.get(name), theirs.get(name), &field, fields) {
            merged.append(name.clone(), value);
        }
    }
    merged
}

/// Merges one member; the outer `base` is None when nobody knows what it was.
pub(super) fn member(
    base: Option<Option<&Value>>,
    ours: Option<&Value>,
    theirs: Option<&Value>,
    field: &str,
    fields: &mut Vec<String>,
) -> Option<Value> {
    if ours == theirs || base == Some(theirs) {
        return ours.cloned();
    }
    if base == Some(ours) {
        return theirs.cloned();
    }
    if let (Some(Value::Object(ours)), Some(Value::Object(theirs))) = (ours, theirs) {
        let inner = match base {
            Some(Some(Value::Object(base))) => Some(base),
            _ => None,
        };
        return Some(Value::Object(members(inner, ours, theirs, field, fields)));
    }
    fields.push(field.to_owned());
    ours.cloned()
}
