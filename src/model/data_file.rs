//! The single JSON file: reading what people, git and other programs left, writing one form.
//!
//! Reading takes both key styles (snake_case and Go's), any formatting, missing metadata, missing
//! revisions, missing UUIDs and times, and keeps members it does not know. Writing puts documents
//! first and the metadata on one line at the end. `docs/format.md` describes every byte.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use uuid::Uuid;

use crate::error::{Error, ErrorKind, Result};
use crate::model::document::{COMPUTED_MEMBERS, Document, push_uuid};
use crate::model::input::scalar_text;
use crate::model::json::{Number, Object, Parser, Value, line_column, quote};
use crate::model::schema::{DimensionKind, Schema};
use crate::model::time::Time;

/// What the members of `data` are called among the dimensions of a file.
const DATA_PREFIX: &str = "_data.";
/// The version of the format that is written.
const VERSION: &str = "1.0";
/// Removals that the metadata remember at most.
const REMOVED_MAX: usize = 1000;
/// UUIDs of documents that a person added without one are derived (version 5) in this name space.
const NAMESPACE: Uuid = Uuid::from_u128(0x6c69_626e_616e_5f73_8f74_6f72_6500_0001);

/// How a file is laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Format {
    /// Two spaces for each level.
    #[default]
    Pretty,
    /// One document a line.
    Lines,
}

impl Format {
    /// The name used in options and reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Format::Pretty => "pretty",
            Format::Lines => "lines",
        }
    }
}

/// What a file holds beside its documents.
#[derive(Clone, Debug, Default)]
pub(crate) struct Envelope {
    pub(crate) format: Format,
    pub(crate) commit: u64,
    pub(crate) created_at: Option<String>,
    pub(crate) updated_at: Option<String>,
    pub(crate) schema: Option<Arc<Value>>,
    /// The highest number given, by parent UUID and prefix text (stable numbering).
    pub(crate) numbers: Object,
    /// The documents removed last and the commits that removed them, oldest first.
    removed: Arc<Vec<(Uuid, u64)>>,
    /// Members of the metadata that this version does not know.
    metadata: Object,
    /// Members beside documents and metadata.
    others: Object,
}

/// A file's text, taken apart but for the documents, whose meaning depends on the schema.
pub(crate) struct DataFile<'a> {
    text: &'a str,
    documents: Vec<&'a str>,
    pub(crate) envelope: Envelope,
}

impl<'a> DataFile<'a> {
    /// Takes `text` apart.
    ///
    /// # Errors
    /// CORRUPT with line and column, TOONEW, LIMIT.
    pub(crate) fn read(text: &'a str) -> Result<DataFile<'a>> {
        DataFile::take_apart(text).map_err(|error| explain(text, error))
    }

    fn take_apart(text: &'a str) -> Result<DataFile<'a>> {
        let mut file = DataFile { text, documents: Vec::new(), envelope: Envelope::default() };
        let mut seen = Vec::new();
        let mut parser = Parser::new(text);
        parser.object(&mut |parser, name| {
            let role = match name.as_str() {
                "documents" | "Documents" => "documents",
                "metadata" | "Metadata" => "metadata",
                _ => "",
            };
            if !role.is_empty() && seen.contains(&role) {
                return Err(Error::invalid(format!("the file has two members '{role}'")));
            }
            seen.push(role);
            match role {
                "documents" => file.read_documents(parser),
                "metadata" => file.envelope.read_metadata(&parser.value()?),
                _ => {
                    let value = parser.value()?;
                    file.envelope.others.insert(name, value);
                    Ok(())
                }
            }
        })?;
        parser.end()?;
        file.envelope.format = file.detect_format();
        Ok(file)
    }

    fn read_documents(&mut self, parser: &mut Parser<'a>) -> Result<()> {
        if parser.peek() == Some(b'n') {
            parser.value()?;
            return Ok(());
        }
        parser.array(&mut |parser| {
            if parser.peek() != Some(b'{') {
                let (line, column) = line_column(self.text, parser.offset());
                return Err(Error::invalid("a document is a JSON object").at(line, column));
            }
            self.documents.push(parser.raw_value()?);
            Ok(())
        })
    }

    fn detect_format(&self) -> Format {
        let sample = match self.documents.first() {
            Some(document) => document,
            None => self.text.trim_start().get(..2).unwrap_or_default(),
        };
        if sample.contains('\n') { Format::Pretty } else { Format::Lines }
    }

    /// The documents in the order of the file, each with its line.
    pub(crate) fn documents<'b>(
        &'b self,
        schema: &'b Schema,
    ) -> impl Iterator<Item = Result<Document>> + 'b {
        let mut previous = Time::MIN;
        let mut without_uuid = BTreeMap::new();
        self.documents.iter().map(move |text| {
            let document = read_document(text, schema, previous, &mut without_uuid);
            let document = document.map_err(|error| {
                explain(self.text, shift(error, line_column(self.text, self.offset_of(text))))
            })?;
            previous = document.created();
            Ok(document)
        })
    }

    /// The line, counted from 1, on which the document at `index` begins.
    pub(crate) fn line(&self, index: usize) -> u64 {
        self.documents.get(index).map_or(0, |text| line_column(self.text, self.offset_of(text)).0)
    }

    fn offset_of(&self, part: &str) -> usize {
        part.as_ptr().addr() - self.text.as_ptr().addr()
    }
}

/// Moves a place inside a document to its place in the file.
fn shift(error: Error, (line, column): (u64, u64)) -> Error {
    match error.position() {
        Some((1, inner)) => error.at(line, column + inner - 1),
        Some((down, inner)) => error.at(line + down - 1, inner),
        None => error.at(line, column),
    }
}

/// Turns an error of form into one about the file.
fn explain(text: &str, error: Error) -> Error {
    let marker = text.lines().position(|line| line.starts_with("<<<<<<< "));
    if let Some(index) = marker {
        let line = index as u64 + 1;
        return Error::new(
            ErrorKind::Corrupt,
            format!("the file has an unresolved merge conflict in line {line}"),
        )
        .named("CONFLICT_MARKERS")
        .at(line, 1)
        .hint("resolve the conflict and take the lines with <<<<<<<, ======= and >>>>>>> out");
    }
    if error.kind() != ErrorKind::Invalid {
        return error;
    }
    let name = error.name();
    let message = match error.position() {
        Some((line, _)) => format!("the file is damaged in line {line}: {error}"),
        None => format!("the file is damaged: {error}"),
    };
    let error = error.with_kind(ErrorKind::Corrupt).with_message(message);
    let error = if name == ErrorKind::Invalid.name() { error } else { error.named(name) };
    error.hint("mend the file by hand or restore it; the store has not changed it")
}

impl Envelope {
    fn read_metadata(&mut self, value: &Value) -> Result<()> {
        let object = match value {
            Value::Null => return Ok(()),
            Value::Object(object) => object,
            _ => return Err(Error::invalid("the metadata is not an object")),
        };
        for (name, value) in object.iter() {
            match (name.as_str(), value) {
                ("version" | "Version", Value::String(version)) => check_version(version)?,
                ("commit", Value::Number(number)) => self.commit = number.as_u64().unwrap_or(0),
                ("created_at" | "CreatedAt", Value::String(time)) => {
                    self.created_at = Some(time.clone());
                }
                ("updated_at" | "UpdatedAt", Value::String(time)) => {
                    self.updated_at = Some(time.clone());
                }
                ("schema", Value::Object(_)) => self.schema = Some(Arc::new(value.clone())),
                ("numbers", Value::Object(numbers)) => self.numbers = numbers.clone(),
                ("removed", Value::Array(removed)) => {
                    self.removed = Arc::new(removed.iter().filter_map(read_removed).collect());
                }
                _ => {
                    self.metadata.insert(name.clone(), value.clone());
                }
            }
        }
        Ok(())
    }

    /// Notes that `commit` removed a document. The list is bounded: the oldest entries go first.
    pub(crate) fn note_removal(&mut self, uuid: Uuid, commit: u64) {
        let removed = Arc::make_mut(&mut self.removed);
        removed.push((uuid, commit));
        removed.drain(..removed.len().saturating_sub(REMOVED_MAX));
    }

    /// Notes that a document is there again.
    pub(crate) fn note_return(&mut self, uuid: Uuid) {
        Arc::make_mut(&mut self.removed).retain(|(removed, _)| *removed != uuid);
    }

    /// Whether the document was removed not long ago.
    pub(crate) fn has_removed(&self, uuid: Uuid) -> bool {
        self.removed.iter().any(|(removed, _)| *removed == uuid)
    }

    fn metadata_object(&self) -> Object {
        let mut object = Object::default();
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                object.insert(name.to_owned(), value);
            }
        };
        put("version", Some(Value::String(VERSION.to_owned())));
        put("created_at", self.created_at.clone().map(Value::String));
        put("updated_at", self.updated_at.clone().map(Value::String));
        put("commit", Some(Value::Number(Number::from(self.commit))));
        let removed = self.removed.iter().map(|(uuid, commit)| {
            let uuid = Value::String(uuid.hyphenated().to_string());
            Value::Array(vec![uuid, Value::Number(Number::from(*commit))])
        });
        let removed: Vec<Value> = removed.collect();
        put("removed", (!removed.is_empty()).then_some(Value::Array(removed)));
        let numbers = (!self.numbers.is_empty()).then(|| Value::Object(self.numbers.clone()));
        put("numbers", numbers);
        for (name, value) in self.metadata.iter() {
            put(name, Some(value.clone()));
        }
        put("schema", self.schema.as_deref().cloned());
        object
    }
}

fn read_removed(value: &Value) -> Option<(Uuid, u64)> {
    let Value::Array(pair) = value else { return None };
    match pair.as_slice() {
        [Value::String(uuid), Value::Number(commit)] => {
            Some((Uuid::try_parse(uuid).ok()?, commit.as_u64()?))
        }
        _ => None,
    }
}

fn check_version(version: &str) -> Result<()> {
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    match major {
        Some(0 | 1) => Ok(()),
        Some(_) => Err(Error::new(
            ErrorKind::TooNew,
            format!("the file has format {version}; this version reads formats up to 1"),
        )
        .expected(VERSION)
        .actual(version)
        .hint("open it with a newer libnanostore")),
        None => Err(Error::invalid("the version in the metadata is not a number such as 1.0")),
    }
}

fn read_document<'a>(
    text: &'a str,
    schema: &Schema,
    previous: Time,
    without_uuid: &mut BTreeMap<&'a str, u32>,
) -> Result<Document> {
    let mut parser = Parser::new(text);
    let mut document = Document { rev: 1, ..Document::default() };
    let mut uuid = None;
    let mut seen = Vec::new();
    parser.object(&mut |parser, name| {
        let value = parser.value()?;
        let member = member_of(&name);
        if !member.is_empty() && seen.contains(&member) {
            return Err(Error::invalid(format!("the document has two members '{member}'")));
        }
        seen.push(member);
        match member {
            "uuid" => uuid = read_uuid(&value)?,
            "" if COMPUTED_MEMBERS.contains(&name.as_str()) => {}
            "" => {
                document.others.insert(name, value);
            }
            _ => read_member(&mut document, member, value)?,
        }
        Ok(())
    })?;
    document.uuid = uuid.unwrap_or_else(|| {
        // The same for every reader, until a commit writes it; equal documents are told apart.
        let count = without_uuid.entry(text).or_insert(0);
        *count += 1;
        Uuid::new_v5(&NAMESPACE, format!("{count} {text}").as_bytes())
    });
    settle_texts(&mut document, previous);
    settle_dimensions(&mut document, schema);
    Ok(document)
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
        _ => Err(Error::invalid("the uuid of a document is not a UUID")
            .field("uuid")
            .hint("mend it, or take the member out and the document gets a new one")),
    }
}

fn read_member(document: &mut Document, member: &str, value: Value) -> Result<()> {
    match (member, value) {
        ("key", value) => document.key = (value != Value::Null).then_some(value),
        ("rev", Value::Number(number)) => document.rev = number.as_u64().unwrap_or(1).max(1),
        ("rev", _) => {}
        ("title", value) => document.title = value,
        ("body", value) => document.body = value,
        ("created_at", value) => document.created_at = value,
        ("updated_at", value) => document.updated_at = value,
        ("numbers" | "dimensions" | "data", Value::Null) => {}
        ("numbers", Value::Object(numbers)) => document.numbers = numbers,
        ("dimensions", Value::Object(dimensions)) => {
            for (name, value) in dimensions {
                match name.strip_prefix(DATA_PREFIX) {
                    Some(field) => put_data(document, field.to_owned(), value)?,
                    None => {
                        document.dimensions.insert(name, value);
                    }
                }
            }
        }
        ("data", Value::Object(data)) => {
            for (name, value) in data {
                put_data(document, name, value)?;
            }
        }
        (member, value) => {
            let found = value.type_name();
            return Err(
                Error::invalid(format!("'{member}' is not an object but {found}")).field(member)
            );
        }
    }
    Ok(())
}

fn put_data(document: &mut Document, name: String, value: Value) -> Result<()> {
    if document.data.contains_key(&name) {
        return Err(Error::invalid(format!("the data of a document has '{name}' twice"))
            .field(format!("data.{name}")));
    }
    document.data.insert(name, value);
    Ok(())
}

/// Fills in what a person left out and brings times to one form.
fn settle_texts(document: &mut Document, previous: Time) {
    for text in [&mut document.title, &mut document.body] {
        if *text == Value::Null {
            *text = Value::String(String::new());
        }
    }
    if document.created_at == Value::Null {
        // A document added by hand comes after the one above it, not before everything.
        document.created_at = Value::String(previous.plus_nanos(1).to_text());
    }
    if document.updated_at == Value::Null {
        document.updated_at = document.created_at.clone();
    }
    for time in [&mut document.created_at, &mut document.updated_at] {
        if let Some(parsed) = time.as_str().and_then(|text| Time::parse(text).ok()) {
            *time = Value::String(parsed.to_text());
        }
    }
}

/// Brings the values of declared dimensions to the form that calls use.
pub(crate) fn settle_dimensions(document: &mut Document, schema: &Schema) {
    for dimension in &schema.dimensions {
        let member = dimension.member();
        let Some(value) = document.dimensions.get_mut(member) else { continue };
        if dimension.kind == DimensionKind::Hierarchical {
            if *value == Value::Null || value.as_str() == Some("") {
                document.dimensions.remove(member);
                continue;
            }
            if let Some(uuid) = value.as_str().and_then(|text| Uuid::try_parse(text).ok()) {
                let mut text = String::with_capacity(36);
                push_uuid(uuid, &mut text);
                *value = Value::String(text);
            }
        } else if *value == Value::Null {
            document.dimensions.remove(member);
        } else if let Some(text) = scalar_text(value) {
            *value = Value::String(text);
        }
    }
}

/// Writes a file, document by document.
pub(crate) struct Writer {
    format: Format,
    out: String,
    empty: bool,
}

impl Writer {
    /// Begins a file.
    pub(crate) fn new(format: Format, bytes_expected: usize) -> Writer {
        let mut out = String::with_capacity(bytes_expected);
        out.push_str(match format {
            Format::Pretty => "{\n  \"documents\": [",
            Format::Lines => "{\"documents\":[",
        });
        Writer { format, out, empty: true }
    }

    /// Appends a document.
    pub(crate) fn document(&mut self, document: Document) {
        if !std::mem::take(&mut self.empty) {
            self.out.push(',');
        }
        let value = Value::Object(file_object(document));
        match self.format {
            Format::Pretty => {
                self.out.push_str("\n    ");
                value.write_pretty(&mut self.out, 2);
            }
            Format::Lines => {
                self.out.push('\n');
                value.write(&mut self.out);
            }
        }
    }

    /// Appends everything else and gives the bytes of the file.
    pub(crate) fn finish(mut self, envelope: &Envelope) -> Vec<u8> {
        self.out.push_str(match (self.format, self.empty) {
            (Format::Pretty, false) => "\n  ],\n",
            (Format::Lines, false) => "\n],\n",
            (_, true) => "],\n",
        });
        for (name, value) in envelope.others.iter() {
            self.name(name);
            match self.format {
                Format::Pretty => value.write_pretty(&mut self.out, 1),
                Format::Lines => value.write(&mut self.out),
            }
            self.out.push_str(",\n");
        }
        self.name("metadata");
        envelope.metadata_object().write(&mut self.out);
        self.out.push_str(match self.format {
            Format::Pretty => "\n}\n",
            Format::Lines => "}\n",
        });
        self.out.into_bytes()
    }

    fn name(&mut self, name: &str) {
        if self.format == Format::Pretty {
            self.out.push_str("  ");
        }
        quote(name, &mut self.out);
        self.out.push_str(if self.format == Format::Pretty { ": " } else { ":" });
    }
}

/// The members of a document in the order of the file, its data among the dimensions.
fn file_object(document: Document) -> Object {
    let mut object = Object::default();
    let mut uuid = String::with_capacity(36);
    push_uuid(document.uuid, &mut uuid);
    object.insert("uuid".to_owned(), Value::String(uuid));
    if let Some(key) = document.key {
        object.insert("key".to_owned(), key);
    }
    object.insert("title".to_owned(), document.title);
    object.insert("body".to_owned(), document.body);
    let mut dimensions = document.dimensions;
    for (name, value) in document.data {
        dimensions.insert(format!("{DATA_PREFIX}{name}"), value);
    }
    object.insert("dimensions".to_owned(), Value::Object(dimensions));
    object.insert("created_at".to_owned(), document.created_at);
    object.insert("updated_at".to_owned(), document.updated_at);
    object.insert("rev".to_owned(), Value::Number(Number::from(document.rev)));
    if !document.numbers.is_empty() {
        object.insert("numbers".to_owned(), Value::Object(document.numbers));
    }
    for (name, value) in document.others {
        object.insert(name, value);
    }
    object
}
