//! The single JSON file: reading what people, git and other programs left, writing one form.
//!
//! Reading takes both key styles (snake_case and Go's), any formatting, missing metadata, missing
//! revisions, missing UUIDs and times, and keeps members it does not know. Writing puts documents
//! first and the metadata on one line at the end. `docs/format.md` describes every byte.

//!
//! - [`envelope`]: what a file holds beside its documents
//! - [`canonical`]: one document of a file as a store wrote it, and back, text to text
//! - [`reading`]: one document of a file, with what people leave out or mistype
//! - [`salvage`]: what can be read of a file that is damaged
//! - [`writer`]: the one form that is written

mod canonical;
mod envelope;
mod reading;
mod salvage;
mod writer;

use std::collections::BTreeMap;

use serde::Deserialize;
use uuid::Uuid;

use crate::error::{Error, ErrorKind, Result};
use crate::model::document::Document;
use crate::model::json::{Parser, line_column};
use crate::model::schema::Schema;
use crate::model::time::Time;

pub(crate) use canonical::Canonical;
pub(crate) use envelope::Envelope;
pub(crate) use reading::settle_dimensions;
pub(crate) use salvage::salvage;
pub(crate) use writer::Writer;

/// What the members of `data` are called among the dimensions of a file.
const DATA_PREFIX: &str = "_data.";

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
pub(crate) enum Read {
    /// As a store wrote it.
    Canonical(Canonical),
    /// As a person wrote it.
    Free(Box<Document>),
}

impl Read {
    /// The UUID of the document.
    pub(crate) fn uuid(&self) -> Uuid {
        match self {
            Read::Canonical(document) => document.uuid,
            Read::Free(document) => document.uuid,
        }
    }

    /// The commit that wrote it.
    pub(crate) fn rev(&self) -> u64 {
        match self {
            Read::Canonical(document) => document.rev,
            Read::Free(document) => document.rev,
        }
    }
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

    /// The documents in the order of the file.
    pub(crate) fn documents<'b>(
        &'b self,
        schema: &'b Schema,
    ) -> impl Iterator<Item = Result<Read>> + 'b {
        let mut previous = Time::MIN;
        let mut without_uuid = BTreeMap::new();
        self.documents.iter().map(move |text| {
            if let Some(document) = canonical::read(text, schema) {
                previous = document.created;
                return Ok(Read::Canonical(document));
            }
            let document = reading::read_document(text, schema, previous, &mut without_uuid);
            let document = document.map_err(|error| {
                explain(self.text, shift(error, line_column(self.text, self.offset_of(text))))
            })?;
            previous = document.created();
            Ok(Read::Free(Box::new(document)))
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
    error.hint(
        "mend the file by hand or restore it, the store has not changed it; or open it with \
         salvage as true, which keeps every document that can be read",
    )
}
