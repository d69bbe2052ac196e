//! The one form that is written.

use super::{DATA_PREFIX, Envelope, Format};
use crate::model::document::{Document, push_uuid};
use crate::model::json::{Number, Object, Value, quote};

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
