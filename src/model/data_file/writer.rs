//! The one form that is written.

use super::{Envelope, Format, canonical};
use crate::memory;
use crate::model::json::quote;

/// Writes a file, document by document.
pub(crate) struct Writer {
    format: Format,
    out: String,
    empty: bool,
}

impl Writer {
    /// Begins a file.
    pub(crate) fn new(format: Format, bytes_expected: usize) -> Writer {
        let mut out = memory::text(bytes_expected);
        out.push_str(match format {
            Format::Pretty => "{\n  \"documents\": [",
            Format::Lines => "{\"documents\":[",
        });
        Writer { format, out, empty: true }
    }

    /// Appends a document, given the text that is stored, without the dimensions `left_out`, whose
    /// names are as JSON has them.
    pub(crate) fn document(&mut self, stored: &str, left_out: &[&str]) {
        if !std::mem::take(&mut self.empty) {
            self.out.push(',');
        }
        self.out.push_str(match self.format {
            Format::Pretty => "\n    ",
            Format::Lines => "\n",
        });
        canonical::write(stored, left_out, self.format, &mut self.out);
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
