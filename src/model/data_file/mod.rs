//! The single JSON file: reading what people, git and other programs left, writing one form.
//!
//! Reading takes both key styles (snake_case and Go's), any formatting, missing metadata, missing
//! revisions, missing UUIDs and times, and keeps members it does not know. Writing puts documents
//! first and the metadata on one line at the end. `docs/format.md` describes every byte.

//!
//! - [`envelope`]: what a file holds beside its documents
//! - [`doubtful`]: members that were hardly meant as they are
//! - [`foreign`]: files that are no store, and what else they are
//! - [`canonical`]: one document of a file as a store wrote it, and back, text to text
//! - [`ahead`]: documents that other threads read ahead
//! - [`reading`]: one document of a file, with what people leave out or mistype
//! - [`salvage`]: what can be read of a file that is damaged
//! - [`writer`]: the one form that is written

mod ahead;
mod canonical;
mod doubtful;
mod envelope;
mod foreign;
mod reading;
mod salvage;
mod writer;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use uuid::Uuid;

use crate::error::{Error, ErrorKind, Result};
use crate::model::document::Document;
use crate::model::json::{Cursor, Parser, line_column, parse};
use crate::model::schema::Schema;
use crate::model::time::Time;

use ahead::{Ahead, read_ahead};
use canonical::Buffers;
pub(crate) use canonical::{Canonical, Head};
pub(crate) use doubtful::{doubtful_in_document, doubtful_in_envelope};
pub(crate) use envelope::Envelope;
pub(crate) use foreign::{NOT_A_STORE, is_blank, text};
pub(crate) use reading::{is_file_name_of_member, settle_dimensions};
pub(crate) use salvage::salvage;
pub(crate) use writer::Writer;

/// What the members of `data` are called among the dimensions of a file.
pub(crate) const DATA_PREFIX: &str = "_data.";
/// What can be done about a file that is damaged, whatever the damage is.
const WAY_OUT: &str = "mend the file by hand or restore it, the store has not changed it; or open \
                       it with salvage as true, which keeps every document that can be read";

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

/// A document of a file.
pub(crate) enum Read<'b> {
    /// As a store wrote it.
    Canonical(Canonical<'b>),
    /// As a person wrote it.
    Free(Box<Document>),
    /// As a person wrote it, without a UUID, which it got here.
    New(Box<Document>),
}

impl Read<'_> {
    /// The UUID of the document.
    pub(crate) fn uuid(&self) -> Uuid {
        match self {
            Read::Canonical(document) => document.head.uuid,
            Read::Free(document) | Read::New(document) => document.uuid,
        }
    }
}

/// Who a file is read for.
pub(crate) trait Reader {
    /// Tells the schema of the documents, which come afterwards, given what is beside them.
    fn schema(&mut self, envelope: &Envelope) -> Result<Arc<Schema>>;

    /// Takes the next document of the file, which begins at the byte `offset`.
    fn document(&mut self, document: Read<'_>, offset: usize) -> Result<()>;
}

/// Reads the text of a file, and gives what is beside its documents. What documents mean depends
/// on the schema, which a store writes behind them, at the end of the file: there it is looked for
/// first, and documents are read in passing. Where it is elsewhere the file is read twice.
///
/// # Errors
/// CORRUPT with line and column, TOONEW, LIMIT, and those of `reader`.
pub(crate) fn read(text: &str, reader: &mut dyn Reader) -> Result<Envelope> {
    read_with(text, reader).map_err(|error| explain(text, error))
}

fn read_with(text: &str, reader: &mut dyn Reader) -> Result<Envelope> {
    if let Some(metadata) = metadata_at_end(text) {
        let schema = reader.schema(&metadata.envelope)?;
        return read_ahead(text, &schema, |ahead| {
            let mut documents = Documents::new(&schema, ahead);
            take_apart(text, Some(metadata), &mut |parser| documents.read(parser, reader))
        });
    }
    let mut places = Vec::new();
    let envelope = take_apart(text, None, &mut |parser| {
        places.push(parser.offset());
        parser.raw_value().map(drop)
    })?;
    let schema = reader.schema(&envelope)?;
    read_ahead(text, &schema, |ahead| {
        let mut documents = Documents::new(&schema, ahead);
        let mut parser = Parser::new(text);
        for place in places {
            parser.go_to(place);
            documents.read(&mut parser, reader)?;
        }
        Ok(envelope)
    })
}

/// Metadata that were read before the rest of the file.
struct Metadata {
    /// Where they begin and end.
    start: usize,
    end: usize,
    envelope: Envelope,
}

/// The metadata, if they are where a store writes them: behind a line's beginning and before the
/// end of the file, where no text and no other object of valid JSON can have them.
fn metadata_at_end(text: &str) -> Option<Metadata> {
    let members = text.trim_end().strip_suffix('}')?.trim_end();
    let (_, line) = members.rsplit_once('\n')?;
    let value = line.trim_start().strip_prefix(r#""metadata""#)?.trim_start().strip_prefix(':')?;
    let value = value.trim_start();
    let mut envelope = Envelope::default();
    envelope.read_metadata(&parse(value).ok()?).ok()?;
    Some(Metadata { start: members.len() - value.len(), end: members.len(), envelope })
}

/// Reads all of a file, but for the metadata where they are known; `document` is called before each
/// document and must read it.
fn take_apart<'a>(
    text: &'a str,
    mut known: Option<Metadata>,
    document: &mut dyn FnMut(&mut Parser<'a>) -> Result<()>,
) -> Result<Envelope> {
    let mut envelope = Envelope::default();
    let mut sample = text.trim_start().get(..2).unwrap_or_default();
    let mut seen = Vec::new();
    let mut parser = Parser::new(text);
    check_beginning(&mut parser)?;
    parser.object(&mut |parser, name| {
        let role = match &*name {
            "documents" | "Documents" => "documents",
            "metadata" | "Metadata" => "metadata",
            _ => "",
        };
        if !role.is_empty() && seen.contains(&role) {
            return Err(Error::invalid(format!(
                "the file has two members '{role}'; put what both hold into one"
            )));
        }
        seen.push(role);
        match role {
            "documents" => {
                // A person may have put a document in one line before those of the store.
                let before = text.get(..parser.offset()).unwrap_or_default();
                let first = read_documents(parser, document)?;
                sample = if before.contains('\n') { before } else { first.unwrap_or(sample) };
            }
            "metadata" => {
                parser.peek();
                match known.take_if(|known| known.start == parser.offset()) {
                    Some(mut known) => {
                        parser.go_to(known.end);
                        known.envelope.others = std::mem::take(&mut envelope.others);
                        envelope = known.envelope;
                    }
                    None => envelope.read_metadata(&parser.value()?)?,
                }
            }
            _ => {
                let value = parser.value()?;
                envelope.others.insert(name.into_owned(), value);
            }
        }
        Ok(())
    })?;
    parser.end()?;
    if !seen.contains(&"documents") {
        let metadata = seen.contains(&"metadata").then_some("metadata");
        let others = envelope.others.iter().map(|(name, _)| name.as_str());
        let names: Vec<&str> = metadata.into_iter().chain(others).collect();
        return Err(foreign::without_documents(&names));
    }
    envelope.format = if sample.contains('\n') { Format::Pretty } else { Format::Lines };
    Ok(envelope)
}

/// Refuses a text that is no object: one that is sound JSON, or has no word of documents.
fn check_beginning(parser: &mut Parser<'_>) -> Result<()> {
    let text = parser.text();
    match parser.peek() {
        Some(b'{') => Ok(()),
        None => Err(foreign::nothing()),
        Some(_) => Err(match parse(text) {
            Ok(value) => foreign::other_value(&value),
            Err(_) if !names_documents(text) => foreign::other_text(text),
            Err(error) => error,
        }),
    }
}

/// Whether a text has the name of the member that makes a store in it.
fn names_documents(text: &str) -> bool {
    text.contains(r#""documents""#) || text.contains(r#""Documents""#)
}

/// Reads the documents, and gives the text of the first.
fn read_documents<'a>(
    parser: &mut Parser<'a>,
    document: &mut dyn FnMut(&mut Parser<'a>) -> Result<()>,
) -> Result<Option<&'a str>> {
    let mut first = None;
    if parser.peek() != Some(b'[') {
        let (line, column) = line_column(parser.text(), parser.offset());
        return Err(foreign::other_documents(&parser.value()?).at(line, column));
    }
    parser.array(&mut |parser| {
        let start = parser.offset();
        document(parser)?;
        first = first.or_else(|| parser.text().get(start..parser.offset()));
        Ok(())
    })?;
    Ok(first)
}

/// The documents of a file that are read one after the other.
struct Documents<'a> {
    schema: Arc<Schema>,
    /// When the last one was created.
    previous: Time,
    without_uuid: BTreeMap<&'a str, u32>,
    buffers: Buffers<'a>,
    ahead: Ahead<'a>,
}

impl<'a> Documents<'a> {
    fn new(schema: &Arc<Schema>, ahead: Ahead<'a>) -> Documents<'a> {
        let (without_uuid, buffers) = Default::default();
        Documents { schema: Arc::clone(schema), previous: Time::MIN, without_uuid, buffers, ahead }
    }

    /// Reads the one that begins where `parser` is.
    fn read(&mut self, parser: &mut Parser<'a>, reader: &mut dyn Reader) -> Result<()> {
        let start = parser.offset();
        if let Some((document, end)) = self.ahead.take(start) {
            parser.go_to(end);
            self.previous = document.head.created;
            return reader.document(Read::Canonical(document), start);
        }
        let mut cursor = Cursor::new(parser.text(), start);
        if let Some(document) = canonical::read(&mut cursor, &self.schema, &mut self.buffers) {
            parser.go_to(cursor.offset());
            self.previous = document.head.created;
            return reader.document(Read::Canonical(document), start);
        }
        if parser.peek() != Some(b'{') {
            let (line, column) = line_column(parser.text(), start);
            return Err(Error::invalid("a document is a JSON object; take out what is none")
                .at(line, column));
        }
        let text = parser.raw_value()?;
        let document =
            reading::read_document(text, &self.schema, self.previous, &mut self.without_uuid);
        let document = document.map_err(|error| shift(error, line_column(parser.text(), start)))?;
        let (document, is_new) = document;
        self.previous = document.created();
        let document = Box::new(document);
        reader.document(if is_new { Read::New(document) } else { Read::Free(document) }, start)
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
        let message = "an unresolved merge conflict begins; resolve it and take the lines with \
                       <<<<<<<, ======= and >>>>>>> out";
        return Error::new(ErrorKind::Corrupt, message).named("CONFLICT_MARKERS").at(line, 1);
    }
    if error.kind() != ErrorKind::Invalid {
        return error;
    }
    if let Some(error) = foreign::recognised(text.as_bytes()) {
        return error;
    }
    let name = error.name();
    let error = error.with_kind(ErrorKind::Corrupt).hint(WAY_OUT);
    if name == ErrorKind::Invalid.name() { error } else { error.named(name) }
}
