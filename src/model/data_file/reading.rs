//! One document of a file, with what people leave out or mistype.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::DATA_PREFIX;
use crate::error::{Error, Result};
use crate::model::document::{COMPUTED_MEMBERS, Document, ParentRef};
use crate::model::input::scalar_text;
use crate::model::json::{JsonText, Object, Parser, Value};
use crate::model::schema::{Dimension, DimensionKind, Schema};
use crate::model::time::Time;

/// UUIDs of documents that a person added without one are derived (version 5) in this name space.
const NAMESPACE: Uuid = Uuid::from_u128(0x6c69_626e_616e_5f73_8f74_6f72_6500_0001);
/// Reads a document, and tells whether it has no UUID and was given one. One without times comes
/// right after `previous`, the one above it; one without a revision has 0.
pub(super) fn read_document<'a>(
    text: &'a str,
    schema: &Schema,
    previous: Time,
    without_uuid: &mut BTreeMap<&'a str, u32>,
) -> Result<(Document, bool)> {
    let mut parser = Parser::new(text);
    let mut document = Document::default();
    let (mut uuid, mut data) = (None, Object::default());
    let mut seen = Vec::new();
    parser.object(&mut |parser, name| {
        let value = parser.value()?;
        let member = member_of(&name);
        if !member.is_empty() && seen.contains(&member) {
            return Err(Error::invalid(format!(
                "the document has two members '{member}'; take one of the two out"
            )));
        }
        seen.push(member);
        match member {
            "uuid" => uuid = read_uuid(&value)?,
            // The Go original writes the ID it computed, too.
            "" if COMPUTED_MEMBERS.contains(&&*name) || name == "SimpleID" => {}
            "" => {
                document.others.insert(name.into_owned(), value);
            }
            _ => read_member(&mut document, &mut data, member, value)?,
        }
        Ok(())
    })?;
    document.data = JsonText::of(&Value::Object(data));
    document.uuid = uuid.unwrap_or_else(|| {
        // The same for every reader, until a commit writes it; equal documents are told apart.
        let count = without_uuid.entry(text).or_insert(0);
        *count += 1;
        derived_uuid(&format!("{count} {text}"))
    });
    settle_texts(&mut document, previous);
    settle_dimensions(&mut document, schema);
    Ok((document, uuid.is_none()))
}

/// Whether a file takes a name for one of the members that every document has.
pub(crate) fn is_file_name_of_member(name: &str) -> bool {
    !member_of(name).is_empty() || name == "SimpleID"
}

/// A UUID that is the same for every reader of a text.
pub(super) fn derived_uuid(text: &str) -> Uuid {
    Uuid::new_v5(&NAMESPACE, text.as_bytes())
}

/// The member that a name in a file stands for; empty for names that this version does not know.
fn member_of(name: &str) -> &'static str {
    match name {
        "uuid" | "UUID" | "Uuid" => "uuid",
        "key" | "Key" => "key",
        "rev" | "Rev" => "rev",
        "title" | "Title" => "title",
        "body" | "Body" => "body",
        "dimensions" | "Dimensions" => "dimensions",
        "data" | "Data" => "data",
        "numbers" => "numbers",
        "created_at" | "CreatedAt" => "created_at",
        "updated_at" | "UpdatedAt" => "updated_at",
        _ => "",
    }
}

fn read_uuid(value: &Value) -> Result<Option<Uuid>> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) if text.is_empty() => Ok(None),
        Value::String(text) if text.len() == 36 && Uuid::try_parse(text).is_ok() => {
            Ok(Uuid::try_parse(text).ok())
        }
        _ => {
            let message = "the uuid of a document is not a UUID; mend it, or take the member out \
                           and the document gets a new one";
            Err(Error::invalid(message).field("uuid"))
        }
    }
}

fn read_member(
    document: &mut Document,
    data: &mut Object,
    member: &str,
    value: Value,
) -> Result<()> {
    match (member, value) {
        ("key", value) => {
            document.key = (value != Value::Null).then(|| JsonText::of(&value));
        }
        ("rev", Value::Number(number)) => document.rev = number.as_u64().unwrap_or(1).max(1),
        ("rev", _) => document.rev = 1,
        ("title", value) => document.title = JsonText::of(&value),
        ("body", value) => document.body = JsonText::of(&value),
        ("created_at", value) => document.created_at = JsonText::of(&value),
        ("updated_at", value) => document.updated_at = JsonText::of(&value),
        ("numbers" | "dimensions" | "data", Value::Null) => {}
        ("numbers", Value::Object(numbers)) => document.numbers = numbers,
        ("dimensions", Value::Object(dimensions)) => {
            for (name, value) in dimensions {
                match name.strip_prefix(DATA_PREFIX) {
                    Some(field) => put_data(data, field.to_owned(), value)?,
                    None => {
                        document.dimensions.insert(name, value);
                    }
                }
            }
        }
        ("data", Value::Object(given)) => {
            for (name, value) in given {
                put_data(data, name, value)?;
            }
        }
        (member, value) => {
            let found = value.type_name();
            return Err(Error::invalid(format!(
                "'{member}' holds an object, not {found}; write one"
            ))
            .field(member));
        }
    }
    Ok(())
}

fn put_data(data: &mut Object, name: String, value: Value) -> Result<()> {
    if data.contains_key(&name) {
        return Err(Error::invalid(format!(
            "the data of a document has '{name}' twice; take one of the two out"
        ))
        .field(format!("data.{name}")));
    }
    data.insert(name, value);
    Ok(())
}

/// Fills in what a person left out and brings times to one form.
fn settle_texts(document: &mut Document, previous: Time) {
    for text in [&mut document.title, &mut document.body] {
        if text.is_null() {
            *text = JsonText::EMPTY_STRING;
        }
    }
    if document.created_at.is_null() {
        // A document added by hand comes after the one above it, not before everything.
        document.created_at = previous.plus_nanos(1).to_json();
    }
    if document.updated_at.is_null() {
        document.updated_at = document.created_at.clone();
    }
    for time in [&mut document.created_at, &mut document.updated_at] {
        if let Some(parsed) = time.as_str().and_then(|text| Time::parse(&text).ok()) {
            *time = parsed.to_json();
        }
    }
}

/// Brings the values of declared dimensions to the form that calls use.
pub(crate) fn settle_dimensions(document: &mut Document, schema: &Schema) {
    for dimension in &schema.dimensions {
        if dimension.kind == DimensionKind::Hierarchical {
            settle_parent(document, schema, dimension);
            continue;
        }
        let Some(value) = document.dimensions.get_mut(&dimension.name) else { continue };
        if *value == Value::Null {
            document.dimensions.remove(&dimension.name);
        } else if let Some(text) = scalar_text(value) {
            *value = Value::String(text);
        }
    }
}

/// Puts a parent that is given by its UUID where a store has it, however a person wrote it.
fn settle_parent(document: &mut Document, schema: &Schema, dimension: &Dimension) {
    let member = dimension.member();
    let is_none = |value: &Value| *value == Value::Null || value.as_str() == Some("");
    if document.dimensions.get(member).is_some_and(is_none) {
        document.dimensions.remove(member);
    }
    if let ParentRef::Uuid(uuid) = document.parent(schema) {
        document.adopt_parent(dimension, uuid);
    }
}
