//! A document in the form of the file, made of the text that is stored.

use crate::model::data_file::Format;
use crate::model::json::cut;

/// How many levels deep the members of a document are indented in a file.
const DOCUMENT_INDENT: usize = 3;
/// How many levels deep its dimensions and data are.
const DIMENSION_INDENT: usize = 4;

/// What stands before each value of a document, and behind the last one.
struct Layout {
    uuid: &'static str,
    key: &'static str,
    title: &'static str,
    body: &'static str,
    dimensions: &'static str,
    /// Before the name of a dimension, behind a comma if it is not the first.
    dimension: &'static str,
    /// The same for a member of the data, with `DATA_PREFIX` before its name.
    data: &'static str,
    no_dimensions: &'static str,
    end_of_dimensions: &'static str,
    created_at: &'static str,
    updated_at: &'static str,
    rev: &'static str,
    numbers: &'static str,
    /// Before the name of any other member.
    other: &'static str,
    end_of_name: &'static str,
    end: &'static str,
}

const PRETTY: Layout = Layout {
    uuid: "{\n      \"uuid\": ",
    key: ",\n      \"key\": ",
    title: ",\n      \"title\": ",
    body: ",\n      \"body\": ",
    dimensions: ",\n      \"dimensions\": {",
    dimension: "\n        \"",
    data: "\n        \"_data.",
    no_dimensions: "}",
    end_of_dimensions: "\n      }",
    created_at: ",\n      \"created_at\": ",
    updated_at: ",\n      \"updated_at\": ",
    rev: ",\n      \"rev\": ",
    numbers: ",\n      \"numbers\": ",
    other: ",\n      \"",
    end_of_name: "\": ",
    end: "\n    }",
};

const LINES: Layout = Layout {
    uuid: "{\"uuid\":",
    key: ",\"key\":",
    title: ",\"title\":",
    body: ",\"body\":",
    dimensions: ",\"dimensions\":{",
    dimension: "\"",
    data: "\"_data.",
    no_dimensions: "}",
    end_of_dimensions: "}",
    created_at: ",\"created_at\":",
    updated_at: ",\"updated_at\":",
    rev: ",\"rev\":",
    numbers: ",\"numbers\":",
    other: ",\"",
    end_of_name: "\":",
    end: "}",
};

/// Appends a document in the form of the file, given the text that is stored; without the
/// dimensions `left_out`, whose names are as JSON has them. `file_rev` is the revision that the
/// file keeps where that is not the one of the text; 0: none.
pub(in crate::model::data_file) fn write(
    stored: &str,
    left_out: &[&str],
    file_rev: Option<u64>,
    format: Format,
    out: &mut String,
) {
    let start = out.len();
    let (layout, is_pretty) = match format {
        Format::Pretty => (&PRETTY, true),
        Format::Lines => (&LINES, false),
    };
    let mut writing = Writing { layout, is_pretty, rest: stored, out };
    if writing.document(left_out, file_rev).is_none() {
        // Nothing else than `Document::write` makes stored texts. If something did, its text could
        // be read from the file as it is, too.
        out.truncate(start);
        out.push_str(stored);
    }
}

/// A document that is being written.
struct Writing<'a> {
    layout: &'static Layout,
    is_pretty: bool,
    /// What of the stored text is still to come.
    rest: &'a str,
    out: &'a mut String,
}

impl<'a> Writing<'a> {
    fn document(&mut self, left_out: &[&str], file_rev: Option<u64>) -> Option<()> {
        let layout = self.layout;
        self.member("{\"uuid\":", layout.uuid)?;
        self.member(",\"key\":", layout.key);
        let rev = self.value_of(",\"rev\":")?;
        self.member(",\"title\":", layout.title)?;
        self.member(",\"body\":", layout.body)?;
        self.dimensions_and_data(left_out)?;
        let numbers = self.value_of(",\"numbers\":");
        self.member(",\"created_at\":", layout.created_at)?;
        self.member(",\"updated_at\":", layout.updated_at)?;
        match file_rev {
            Some(0) => {}
            Some(file_rev) => {
                self.out.push_str(layout.rev);
                self.out.push_str(&file_rev.to_string());
            }
            None => {
                self.out.push_str(layout.rev);
                self.out.push_str(rev);
            }
        }
        if let Some(numbers) = numbers {
            self.out.push_str(layout.numbers);
            self.push(numbers, DOCUMENT_INDENT);
        }
        while self.take(",").is_some() {
            let (name, value) = self.name_and_value()?;
            self.named(layout.other, name, value, DOCUMENT_INDENT);
        }
        self.out.push_str(layout.end);
        (self.rest == "}").then_some(())
    }

    /// Both stand in one object of the file.
    fn dimensions_and_data(&mut self, left_out: &[&str]) -> Option<()> {
        let layout = self.layout;
        self.out.push_str(layout.dimensions);
        let first = self.out.len();
        self.take(",\"dimensions\":{")?;
        self.members(first, layout.dimension, left_out)?;
        self.take(",\"data\":{")?;
        self.members(first, layout.data, &[])?;
        let is_empty = self.out.len() == first;
        self.out.push_str(if is_empty { layout.no_dimensions } else { layout.end_of_dimensions });
        Some(())
    }

    /// Appends all members but those `left_out`, with `begin` before their names. The first one
    /// comes to the place `first`.
    fn members(&mut self, first: usize, begin: &str, left_out: &[&str]) -> Option<()> {
        while self.take("}").is_none() {
            self.take(",");
            let (name, value) = self.name_and_value()?;
            if left_out.contains(&name) {
                continue;
            }
            if self.out.len() > first {
                self.out.push(',');
            }
            self.named(begin, name, value, DIMENSION_INDENT);
        }
        Some(())
    }

    /// Appends the member that comes next if its name is `stored`; with `name` instead.
    fn member(&mut self, stored: &str, name: &str) -> Option<()> {
        let value = self.value_of(stored)?;
        self.out.push_str(name);
        self.push(value, DOCUMENT_INDENT);
        Some(())
    }

    fn named(&mut self, begin: &str, name: &str, value: &str, indent: usize) {
        self.out.push_str(begin);
        self.out.push_str(name);
        self.out.push_str(self.layout.end_of_name);
        self.push(value, indent);
    }

    /// Appends the value of a member that is `indent` levels deep.
    fn push(&mut self, value: &str, indent: usize) {
        if self.is_pretty && value.starts_with(['{', '[']) {
            cut::push_pretty(value, indent, self.out);
        } else {
            self.out.push_str(value);
        }
    }

    /// Takes the value that comes next if `name` is right before it.
    fn value_of(&mut self, name: &str) -> Option<&'a str> {
        self.take(name)?;
        self.value()
    }

    /// Takes what a name holds, and the value behind it.
    fn name_and_value(&mut self) -> Option<(&'a str, &'a str)> {
        let name = cut::string(self.rest)?;
        self.take(name)?;
        self.take(":")?;
        Some((name.get(1..name.len() - 1)?, self.value()?))
    }

    fn value(&mut self) -> Option<&'a str> {
        let value = cut::value(self.rest)?;
        self.rest = self.rest.get(value.len()..)?;
        Some(value)
    }

    fn take(&mut self, text: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(text)?;
        Some(())
    }
}
