//! What callers hand in: new documents, replacements and patches, checked and merged.
//!
//! Short IDs inside (`id`, the parent) are left to the engine, which knows the state they mean.

use std::borrow::Cow;

use uuid::Uuid;

use crate::error::{Error, Result};
use crate::model::data_file::{DATA_PREFIX, is_file_name_of_member};
use crate::model::document::{COMPUTED_MEMBERS, Document, MEMBERS, check_key};
use crate::model::json::{JsonText, Object, Value};
use crate::model::schema::{Dimension, DimensionKind, Schema};
use crate::model::time::Time;

/// Members that a query adds to documents, so that what was listed can be edited and replaced.
const QUERY_MEMBERS: [&str; 2] = ["hits", "$key"];

/// Which members and dimensions an input may have beside those that the schema knows.
#[derive(Clone, Copy)]
pub(crate) enum Beside<'a> {
    /// None: they would be typing mistakes.
    Nothing,
    /// Those of the stored document that it is for.
    Stored(&'a Document),
    /// Any that a file may hold: the document was in one.
    Anything,
}

impl Beside<'_> {
    fn allows_member(self, name: &str) -> bool {
        match self {
            Beside::Nothing => false,
            Beside::Stored(stored) => stored.others.contains_key(name),
            Beside::Anything => !is_file_name_of_member(name),
        }
    }

    fn allows_dimension(self, name: &str) -> bool {
        match self {
            Beside::Nothing => false,
            Beside::Stored(stored) => stored.dimensions.contains_key(name),
            Beside::Anything => !name.starts_with(DATA_PREFIX),
        }
    }
}

/// A document or a patch as the caller gave it, its form checked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Input {
    pub(crate) uuid: Option<Uuid>,
    pub(crate) id: Option<String>,
    pub(crate) rev: Option<u64>,
    /// `Some(None)`: null, which takes the parent away.
    pub(crate) parent: Option<Option<String>>,
    key: Option<Option<String>>,
    title: Option<JsonText<'static>>,
    body: Option<JsonText<'static>>,
    dimensions: Vec<(String, Option<Value>)>,
    /// `Some(None)`: null, which empties the data.
    data: Option<Option<JsonText<'static>>>,
    reset_dimensions: bool,
    pub(crate) created_at: Option<Time>,
    pub(crate) updated_at: Option<Time>,
    /// The numbers that stable numbering gave it.
    numbers: Option<JsonText<'static>>,
    others: Object,
}

impl Input {
    /// Checks the members of `object` against the schema and what may be there `beside`.
    ///
    /// # Errors
    /// INVALID or LIMIT naming the member.
    pub(crate) fn read(
        object: &JsonText<'_>,
        schema: &Schema,
        beside: Beside<'_>,
    ) -> Result<Input> {
        let mut input = Input::default();
        for (name, value) in object.members() {
            input.read_member(&name, value, schema, beside)?;
        }
        Ok(input)
    }

    fn read_member(
        &mut self,
        name: &str,
        value: JsonText<'_>,
        schema: &Schema,
        beside: Beside<'_>,
    ) -> Result<()> {
        match name {
            "uuid" => {
                self.uuid =
                    optional_text(name, &value)?.map(|text| read_uuid(name, &text)).transpose()?;
            }
            "id" => self.id = optional_text(name, &value)?.map(Cow::into_owned),
            "rev" => self.rev = read_rev(&value)?,
            "key" => self.key = Some(read_key(&value)?),
            "title" => self.title = Some(read_text(name, value)?),
            "body" => self.body = Some(read_text(name, value)?),
            "created_at" => self.created_at = read_time(name, &value)?,
            "updated_at" => self.updated_at = read_time(name, &value)?,
            "data" => self.data = Some(optional_object(name, value)?.map(JsonText::into_owned)),
            "dimensions" => match optional_object(name, value)? {
                Some(dimensions) => self.read_dimensions(&dimensions, schema, beside)?,
                None => {
                    self.reset_dimensions = true;
                    self.parent = Some(None);
                }
            },
            "numbers" => self.numbers = Some(value.into_owned()),
            known if COMPUTED_MEMBERS.contains(&known) || QUERY_MEMBERS.contains(&known) => {}
            known if beside.allows_member(known) => {
                self.others.insert(name.to_owned(), value.value());
            }
            unknown => return Err(unknown_member(unknown, schema)),
        }
        Ok(())
    }

    fn read_dimensions(
        &mut self,
        dimensions: &JsonText<'_>,
        schema: &Schema,
        beside: Beside<'_>,
    ) -> Result<()> {
        for (name, value) in dimensions.members() {
            let dimension = schema.dimension(&name).and_then(|it| schema.dimensions.get(it));
            match dimension {
                Some(dimension) if dimension.kind == DimensionKind::Hierarchical => {
                    let field = format!("dimensions.{name}");
                    if self.parent.is_some() {
                        return Err(Error::invalid("the parent is given twice").field(field));
                    }
                    let text = optional_text(&field, &value)?;
                    let text = text.filter(|text| !text.is_empty());
                    self.parent = Some(text.map(Cow::into_owned));
                }
                Some(dimension) => {
                    let value = dimension_value(dimension, value.value(), &name)?;
                    self.dimensions.push((name.into_owned(), value));
                }
                None if beside.allows_dimension(&name) => {
                    let is_kept = matches!(beside, Beside::Anything) || !value.is_null();
                    let kept = is_kept.then(|| value.value());
                    self.dimensions.push((name.into_owned(), kept));
                }
                None => return Err(unknown_dimension(&name, schema)),
            }
        }
        Ok(())
    }

    /// Gives a document that is to be created the key it was asked for by.
    ///
    /// # Errors
    /// INVALID when it brings another key.
    pub(crate) fn name_by_key(&mut self, key: &str) -> Result<()> {
        match &self.key {
            Some(Some(given)) if given != key => {
                Err(Error::invalid("the key inside is not the one the document is named by")
                    .field("key")
                    .expected(key)
                    .actual(given.as_str()))
            }
            _ => {
                self.key = Some(Some(key.to_owned()));
                Ok(())
            }
        }
    }

    /// Merges this patch into `document` (absent: keep; null: remove or reset to the default).
    pub(crate) fn merge_into(self, document: &mut Document, schema: &Schema) {
        match self.data {
            Some(Some(patch)) => {
                let mut data = document.data.object();
                merge_object(&mut data, patch.object());
                document.data = JsonText::of(&Value::Object(data));
            }
            Some(None) => document.data = JsonText::EMPTY_OBJECT,
            None => {}
        }
        if self.reset_dimensions {
            document.dimensions = Object::default();
        }
        for (name, value) in self.dimensions {
            set_dimension(document, schema, name, value);
        }
        for (name, value) in self.others {
            if value == Value::Null {
                document.others.remove(&name);
            } else {
                document.others.insert(name, value);
            }
        }
        set(&mut document.title, self.title);
        set(&mut document.body, self.body);
        if let Some(key) = self.key {
            document.key = key.as_deref().map(JsonText::string);
        }
        set(&mut document.created_at, self.created_at.map(Time::to_json));
        set(&mut document.updated_at, self.updated_at.map(Time::to_json));
    }

    /// Makes the document that `replace` leaves: what is not given is gone, but for UUID, key,
    /// creation time and what belongs to the store.
    pub(crate) fn into_replacement(self, stored: &Document, schema: &Schema) -> Document {
        let mut document = Document {
            uuid: stored.uuid,
            rev: stored.rev,
            key: stored.key.clone(),
            numbers: stored.numbers.clone(),
            created_at: stored.created_at.clone(),
            updated_at: stored.updated_at.clone(),
            ..Document::default()
        };
        self.fill(&mut document, schema);
        document
    }

    /// Makes a new document; the caller sets UUID, revision and times that are absent. One that
    /// brings its UUID keeps the numbers that it had.
    ///
    /// # Errors
    /// INVALID for numbers that are none.
    pub(crate) fn into_new(mut self, schema: &Schema) -> Result<Document> {
        let mut document = Document { uuid: self.uuid.unwrap_or_default(), ..Document::default() };
        if let Some(numbers) = self.numbers.take().filter(|_| self.uuid.is_some()) {
            document.numbers = read_numbers(numbers)?;
        }
        document.others = std::mem::take(&mut self.others);
        self.fill(&mut document, schema);
        Ok(document)
    }

    fn fill(mut self, document: &mut Document, schema: &Schema) {
        document.title = JsonText::EMPTY_STRING;
        document.body = JsonText::EMPTY_STRING;
        // A new document holds its data as given: nulls inside are values, not removals.
        let data = self.data.take().flatten().unwrap_or(JsonText::EMPTY_OBJECT);
        self.merge_into(document, schema);
        document.data = data;
    }
}

fn set_dimension(document: &mut Document, schema: &Schema, name: String, value: Option<Value>) {
    let default = || {
        let dimension = schema.dimensions.get(schema.dimension(&name)?)?;
        dimension.default_value.clone().map(Value::String)
    };
    match value.or_else(default) {
        Some(value) => {
            document.dimensions.insert(name, value);
        }
        None => {
            document.dimensions.remove(&name);
        }
    }
}

fn set(target: &mut JsonText<'static>, text: Option<JsonText<'static>>) {
    if let Some(text) = text {
        *target = text;
    }
}

/// Merges `patch` into `target` as RFC 7396 says.
fn merge_object(target: &mut Object, patch: Object) {
    for (name, value) in patch {
        match value {
            Value::Null => {
                target.remove(&name);
            }
            Value::Object(inner) => {
                let mut merged = match target.get_mut(&name).map(std::mem::take) {
                    Some(Value::Object(old)) => old,
                    _ => Object::default(),
                };
                merge_object(&mut merged, inner);
                target.insert(name, Value::Object(merged));
            }
            value => {
                target.insert(name, value);
            }
        }
    }
}

/// The text that a scalar stands for in a dimension; none for the values a dimension cannot hold.
pub(crate) fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_text()),
        _ => None,
    }
}

fn dimension_value(dimension: &Dimension, value: Value, name: &str) -> Result<Option<Value>> {
    let field = format!("dimensions.{name}");
    let text = match value {
        Value::Null => return Ok(None),
        Value::String(text) => text,
        other => {
            scalar_text(&other).ok_or_else(|| wrong_type(&field, "text", other.type_name()))?
        }
    };
    dimension.check(&text).map_err(|error| error.field(field))?;
    Ok(Some(Value::String(text)))
}

fn optional_text<'v>(field: &str, value: &'v JsonText<'_>) -> Result<Option<Cow<'v, str>>> {
    match value.as_str() {
        Some(text) => Ok(Some(text)),
        None if value.is_null() => Ok(None),
        None => Err(wrong_type(field, "text", value.type_name())),
    }
}

/// A text, which null empties.
fn read_text(field: &str, value: JsonText<'_>) -> Result<JsonText<'static>> {
    match value.type_name() {
        "text" => Ok(value.into_owned()),
        "null" => Ok(JsonText::EMPTY_STRING),
        other => Err(wrong_type(field, "text", other)),
    }
}

fn optional_object<'a>(field: &str, value: JsonText<'a>) -> Result<Option<JsonText<'a>>> {
    match value.is_object() {
        true => Ok(Some(value)),
        false if value.is_null() => Ok(None),
        false => Err(wrong_type(field, "an object", value.type_name())),
    }
}

/// Reads the UUID that the member or the option `field` gives.
///
/// # Errors
/// INVALID for another text.
pub(crate) fn read_uuid(field: &str, text: &str) -> Result<Uuid> {
    let uuid = (text.len() == 36).then(|| Uuid::try_parse(text).ok()).flatten();
    uuid.ok_or_else(|| {
        let message = format!("{field} is not a UUID such as 0194a3f0-5c1e-7d3b-8a41-2f6e9c0b7d15");
        Error::invalid(message).field(field).actual(text)
    })
}

/// Numbers by prefix text.
fn read_numbers(numbers: JsonText<'static>) -> Result<Object> {
    let Some(numbers) = optional_object("numbers", numbers)? else { return Ok(Object::default()) };
    let numbers = numbers.object();
    for (prefix, number) in numbers.iter() {
        let is_number = matches!(number, Value::Number(it) if it.as_u64().is_some_and(|it| it > 0));
        if !is_number {
            let field = format!("numbers.{prefix}");
            return Err(wrong_type(&field, "a whole number from 1", number.type_name()));
        }
    }
    Ok(numbers)
}

fn read_rev(value: &JsonText<'_>) -> Result<Option<u64>> {
    match value.value() {
        Value::Null => Ok(None),
        Value::Number(number) if number.as_u64().is_some() => Ok(number.as_u64()),
        _ => Err(wrong_type("rev", "a whole number from 0", value.type_name())),
    }
}

fn read_key(value: &JsonText<'_>) -> Result<Option<String>> {
    let key = optional_text("key", value)?;
    key.as_deref().map_or(Ok(()), check_key)?;
    Ok(key.map(Cow::into_owned))
}

fn read_time(field: &str, value: &JsonText<'_>) -> Result<Option<Time>> {
    let Some(text) = optional_text(field, value)? else { return Ok(None) };
    Time::parse(&text).map(Some).map_err(|error| error.field(field))
}

fn wrong_type(field: &str, expected: &str, found: &'static str) -> Error {
    Error::invalid(format!("{field} takes {expected}, not {found}"))
        .named("WRONG_TYPE")
        .field(field)
        .expected(expected)
        .actual(found)
}

fn unknown_member(name: &str, schema: &Schema) -> Error {
    let error = Error::invalid(format!("a document has no member '{name}'"))
        .named("UNKNOWN_MEMBER")
        .field(name);
    if schema.dimension(name).is_some() {
        return error.hint(format!(r#"'{name}' is a dimension: put it into "dimensions""#));
    }
    error
        .known(name, MEMBERS.iter().map(|&member| member.to_owned()).collect())
        .or_hint(r#"free fields belong into "data""#)
}

fn unknown_dimension(name: &str, schema: &Schema) -> Error {
    let known: Vec<String> = schema.dimensions.iter().map(|d| d.name.clone()).collect();
    Error::invalid(format!("the schema has no dimension '{name}'"))
        .named("UNKNOWN_DIMENSION")
        .field(format!("dimensions.{name}"))
        .known(name, known)
        .or_hint(r#"declare it in the schema, or put free fields into "data""#)
}
