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
}

impl<'w> Writer<'w> {
    /// Begins a file.
    pub(crate) fn new(format: Format, take: &'w mut dyn FnMut(&[u8]) -> Result<()>) -> Writer<'w> {
        let begin = match format {
            Format::Pretty => "{\n  \"documents\": [",
            Format::Lines => "{\"documents\":[",
        };
        Writer { format, out: begin.to_owned(), take, empty: true }
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
        if !std::mem::take(&mut self.empty) {
            self.out.push(',');
        }
        self.out.push_str(match self.format {
            Format::Pretty => "\n    ",
            Format::Lines => "\n",
        });
        canonical::write(stored, left_out, file_rev, self.format, &mut self.out);
        if self.out.len() >= PIECE_BYTES {
            (self.take)(self.out.as_bytes())?;
            self.out.clear();
        }
        Ok(())
    }

    /// Writes everything else.
    pub(crate) fn finish(mut self, envelope: &Envelope) -> Result<()> {
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
