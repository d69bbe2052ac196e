//! The operations of a batch, as callers write them.

use serde::Deserialize;

use crate::engine::guard::Guard;
use crate::error::{Error, ErrorKind, Result};
use crate::model::json::{JsonText, Object, Parser, Raw, Value, from_value, parse};

/// Operations in one batch at most.
const OPERATIONS_MAX: usize = 1_000_000;

/// Which documents an operation is about.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// One, named by any form of ID.
    Id(String),
    /// Several.
    Ids(Vec<String>),
    /// Those that match a condition.
    Where(Value),
}

/// One write.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    Add { document: JsonText<'static>, name: Option<String> },
    Update { target: Target, patch: JsonText<'static>, guard: Guard },
    Replace { id: String, document: JsonText<'static>, guard: Guard },
    Delete { target: Target, cascade: bool, guard: Guard },
}

#[derive(Clone, Copy, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Verb {
    Add,
    Update,
    Replace,
    Delete,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OperationText {
    op: Verb,
    id: Option<String>,
    ids: Option<Vec<String>>,
    #[serde(rename = "where")]
    condition: Option<Raw>,
    all: Option<bool>,
    document: Option<JsonText<'static>>,
    patch: Option<JsonText<'static>>,
    cascade: Option<bool>,
    if_rev: Option<u64>,
    if_uuid: Option<String>,
    #[serde(rename = "as")]
    name: Option<String>,
    collection: Option<String>,
}

/// Reads a batch.
///
/// # Errors
/// INVALID with the place of the operation, UNSUPPORTED, LIMIT.
pub(crate) fn read_batch(text: &str) -> Result<Vec<Operation>> {
    let mut parser = Parser::new(text);
    if parser.peek() != Some(b'[') {
        let found = parse(text)?.type_name();
        return Err(Error::invalid(format!("a batch is an array of operations, not {found}"))
            .named("WRONG_TYPE")
            .expected("array")
            .actual(found));
    }
    let mut operations = Vec::new();
    parser.array(&mut |parser| {
        let operation = read_operation(parser);
        operations.push(operation.map_err(|error| error.in_operation(operations.len()))?);
        if operations.len() > OPERATIONS_MAX {
            let message = format!("a batch has at most {OPERATIONS_MAX} operations");
            return Err(Error::new(ErrorKind::Limit, message));
        }
        Ok(())
    })?;
    parser.end()?;
    Ok(operations)
}

/// Reads one operation; the depth of the documents in it counts from the documents.
fn read_operation(parser: &mut Parser<'_>) -> Result<Operation> {
    if parser.peek() != Some(b'{') {
        return from_value::<OperationText>(&parser.value()?)?.read();
    }
    let mut members = Object::default();
    // What may be large is moved, not read from one tree of values into another.
    let (mut document, mut patch, mut condition) = (None, None, None);
    parser.object(&mut |parser, name| {
        match &*name {
            "document" => document = Some(JsonText::next(parser)?),
            "patch" => patch = Some(JsonText::next(parser)?),
            "where" => condition = Some(parser.value()?),
            _ => drop(members.insert(name.into_owned(), parser.value()?)),
        }
        Ok(())
    })?;
    let mut operation = from_value::<OperationText>(&Value::Object(members))?;
    operation.document = document.filter(|it| !it.is_null());
    operation.patch = patch.filter(|it| !it.is_null());
    operation.condition = condition.filter(|it| *it != Value::Null).map(Raw);
    operation.read()
}

impl OperationText {
    fn read(self) -> Result<Operation> {
        if self.collection.is_some() {
            let message = "this version knows no other collections yet";
            return Err(Error::new(ErrorKind::Unsupported, message).field("collection"));
        }
        self.check_members()?;
        let guard = Guard::read(self.if_rev, self.if_uuid.as_deref())?;
        Ok(match self.op {
            Verb::Add => {
                Operation::Add { document: object("document", self.document)?, name: self.name }
            }
            Verb::Replace => {
                let id = self.id.ok_or_else(|| missing("id"))?;
                Operation::Replace { id, document: object("document", self.document)?, guard }
            }
            Verb::Update => {
                let patch = object("patch", self.patch)?;
                let target = target(self.id, self.ids, self.condition, self.all)?;
                Operation::Update { target, patch, guard }
            }
            Verb::Delete => {
                let target = target(self.id, self.ids, self.condition, self.all)?;
                Operation::Delete { target, cascade: self.cascade.unwrap_or(false), guard }
            }
        })
    }

    /// Refuses members that the verb does not take: they would be ignored.
    fn check_members(&self) -> Result<()> {
        let several = self.ids.is_some() || self.condition.is_some();
        let is = |verb| self.op == verb;
        let rules = [
            ("id", self.id.is_some(), !is(Verb::Add)),
            ("ids", self.ids.is_some(), is(Verb::Update) || is(Verb::Delete)),
            ("where", self.condition.is_some(), is(Verb::Update) || is(Verb::Delete)),
            ("all", self.all.is_some(), self.condition.is_some()),
            ("document", self.document.is_some(), is(Verb::Add) || is(Verb::Replace)),
            ("patch", self.patch.is_some(), is(Verb::Update)),
            ("cascade", self.cascade.is_some(), is(Verb::Delete)),
            ("if_rev", self.if_rev.is_some(), !is(Verb::Add) && !several),
            ("if_uuid", self.if_uuid.is_some(), !is(Verb::Add) && !several),
            ("as", self.name.is_some(), is(Verb::Add)),
        ];
        for (name, given, allowed) in rules {
            if given && !allowed {
                let message = format!("this operation does not take '{name}'");
                return Err(Error::invalid(message).named("UNKNOWN_MEMBER").field(name));
            }
        }
        Ok(())
    }
}

fn target(
    id: Option<String>,
    ids: Option<Vec<String>>,
    condition: Option<Raw>,
    all: Option<bool>,
) -> Result<Target> {
    match (id, ids, condition) {
        (Some(id), None, None) => Ok(Target::Id(id)),
        (None, Some(ids), None) => Ok(Target::Ids(ids)),
        (None, None, Some(Raw(condition))) => {
            let is_empty = condition.as_object().is_some_and(Object::is_empty);
            if is_empty && all != Some(true) {
                let message = r#"an empty where means every document: add "all":true to mean it"#;
                return Err(Error::invalid(message)
                    .field("where")
                    .hint(r#"add "all":true, or name a condition"#));
            }
            Ok(Target::Where(condition))
        }
        (None, None, None) => Err(missing("id")),
        _ => Err(Error::invalid("an operation takes one of id, ids and where").field("id")),
    }
}

fn object(name: &'static str, value: Option<JsonText<'static>>) -> Result<JsonText<'static>> {
    match value {
        Some(object) if object.is_object() => Ok(object),
        Some(other) => {
            let found = other.type_name();
            let error = Error::invalid(format!("{name} takes an object, not {found}"));
            Err(error.named("WRONG_TYPE").field(name).expected("object").actual(found))
        }
        None => Err(missing(name)),
    }
}

fn missing(name: &'static str) -> Error {
    Error::invalid(format!("the operation lacks '{name}'")).named("MISSING_MEMBER").field(name)
}
