//! The one form that is written.

use super::{Envelope, Format, canonical};
use crate::error::Result;
use crate::model::json::quote;

/// From so many bytes on what is written is handed on: few calls, and they stay in the caches.
const PIECE_BYTES: usize = 256 * 1024;

/// Writes a file, document by document, to who takes its bytes.
pub(crate) struct Writer<'w> {
    format: Format,
    /// What was not handed on yet.
    out: String,
    take: &'w mut dyn FnMut(&[u8]) -> Result<()>,
    empty: bool,
    /// What belongs between the document before and the next one.
    comma: &'static str,
}

impl<'w> Writer<'w> {
    /// Begins a file.
    pub(crate) fn new(format: Format, take: &'w mut dyn FnMut(&[u8]) -> Result<()>) -> Writer<'w> {
        let begin = match format {
            Format::Pretty => "{\n  \"documents\": [",
            Format::Lines => "{\"documents\":[",
        };
        Writer { format, out: begin.to_owned(), take, empty: true, comma: "" }
    }

    /// Writes a document, given the text that is stored, without the dimensions `left_out`, whose
    /// names are as JSON has them. `file_rev`: the revision that the file keeps where that is not
    /// the one of the text; 0: none.
    ///
    /// # Errors
    /// Those of who takes the bytes; so have all that follow.
    pub(crate) fn document(
        &mut self,
        stored: &str,
        left_out: &[&str],
        file_rev: Option<u64>,
    ) -> Result<()> {
        self.out.push_str(std::mem::replace(&mut self.comma, ","));
        self.empty = false;
        self.lay_out(stored, left_out, file_rev);
        if self.out.len() >= PIECE_BYTES {
            (self.take)(self.out.as_bytes())?;
            self.out.clear();
        }
        Ok(())
    }

    fn lay_out(&mut self, stored: &str, left_out: &[&str], file_rev: Option<u64>) {
        self.out.push_str(match self.format {
            Format::Pretty => "\n    ",
            Format::Lines => "\n",
        });
        canonical::write(stored, left_out, file_rev, self.format, &mut self.out);
    }

    /// Writes what each of two sides has in one place, between conflict markers that name the
    /// sides: documents as for [`Writer::document`].
    pub(crate) fn conflict(
        &mut self,
        names: [&str; 2],
        sides: &[Vec<(String, Option<u64>)>; 2],
        is_last: bool,
    ) {
        self.out.push_str(std::mem::take(&mut self.comma));
        self.empty = false;
        let [ours, theirs] = names;
        let begins = [format!("\n<<<<<<< {ours}"), "\n=======".to_owned()];
        for (begin, documents) in begins.iter().zip(sides) {
            self.out.push_str(begin);
            for (place, (stored, file_rev)) in documents.iter().enumerate() {
                self.lay_out(stored, &[], *file_rev);
                let is_end = is_last && place + 1 == documents.len();
                self.out.push_str(if is_end { "" } else { "," });
            }
        }
        self.out.push_str("\n>>>>>>> ");
        self.out.push_str(theirs);
    }

    /// Writes everything else.
    pub(crate) fn finish(mut self, envelope: &Envelope) -> Result<()> {
        self.end_documents();
        self.rest(envelope);
        self.end()
    }

    /// Writes everything else, as either side has it where they differ.
    pub(crate) fn finish_torn(
        mut self,
        [ours, theirs]: [&str; 2],
        [own, other]: [&Envelope; 2],
    ) -> Result<()> {
        self.end_documents();
        let start = self.out.len();
        self.rest(own);
        let rest = self.out.split_off(start);
        self.rest(other);
        if self.out.get(start..) != Some(&rest) {
            let another = self.out.split_off(start);
            let torn = format!("<<<<<<< {ours}\n{rest}\n=======\n{another}\n>>>>>>> {theirs}");
            self.out.push_str(&torn);
        }
        self.end()
    }

    fn end_documents(&mut self) {
        self.out.push_str(match (self.format, self.empty) {
            (Format::Pretty, false) => "\n  ],\n",
            (Format::Lines, false) => "\n],\n",
            (_, true) => "],\n",
        });
    }

    fn rest(&mut self, envelope: &Envelope) {
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
        self.out.push_str(if self.format == Format::Lines { "}" } else { "" });
    }

    fn end(mut self) -> Result<()> {
        self.out.push_str(if self.format == Format::Lines { "\n" } else { "\n}\n" });
        (self.take)(self.out.as_bytes())
    }

    fn name(&mut self, name: &str) {
        if self.format == Format::Pretty {
            self.out.push_str("  ");
        }
        quote(name, &mut self.out);
        self.out.push_str(if self.format == Format::Pretty { ": " } else { ":" });
    }
}
