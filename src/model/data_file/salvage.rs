//! What can still be read of a data file that no longer parses, document by document.
//!
//! Every object that begins where an element of an array can, and has a title, is taken for a
//! document; behind a broken one, until the next that has one, it needs a UUID, too: it might be a
//! part of the broken one. What lies between documents is lost. Work is linear in the text, times
//! the depth that documents may have.
//!
//! A file is only taken for a store if its documents have that name in it, or, where the beginning
//! is lost, if there are metadata and a document with a UUID: what is no store is left alone.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::names_documents;
use super::reading::read_document;
use crate::model::json::{Object, Parser, Value, parse_object};
use crate::model::schema::Schema;
use crate::model::time::Time;

/// So many characters of what is lost are shown.
const SHOWN_MAX: usize = 60;
/// What may stand between documents of a sound file, white space and commas aside.
const STRUCTURE: [&str; 5] =
    [r#"{"documents":["#, r#"]"metadata":"#, r#"{"metadata":"#, r#""documents":["#, "]}"];

/// A data file made of what could be read of another one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Salvaged {
    /// Its text, which parses.
    pub(crate) text: String,
    /// What is not in it, in the order of the file.
    pub(crate) lost: Vec<Lost>,
}

/// A part of a file that cannot be kept.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Lost {
    /// Where it begins, in the damaged file.
    pub(crate) line: u64,
    /// What it is, for a person.
    pub(crate) message: String,
}

/// Takes from a damaged file what can be read of it; None when that is nothing.
pub(crate) fn salvage(bytes: &[u8]) -> Option<Salvaged> {
    let mut hold = Hold { line: 1, ..Hold::default() };
    for chunk in bytes.utf8_chunks() {
        hold.search(chunk.valid());
        if !chunk.invalid().is_empty() {
            hold.is_broken = true;
            hold.lose("bytes that are not UTF-8".to_owned());
        }
    }
    hold.into_salvaged()
}

/// What was found so far.
#[derive(Default)]
struct Hold<'a> {
    documents: Vec<&'a str>,
    uuids: BTreeSet<Uuid>,
    metadata: Option<&'a str>,
    /// The file says of something that it is its documents.
    is_named: bool,
    has_uuid: bool,
    lost: Vec<Lost>,
    /// The line that has been reached.
    line: u64,
    /// What comes next may be a part of a document that is broken.
    is_broken: bool,
}

/// What an object of the file is.
enum Kind {
    Document {
        has_uuid: bool,
    },
    Metadata,
    /// It may hold documents.
    Wrapper,
    Other,
}

impl<'a> Hold<'a> {
    /// Looks through the next part of the file.
    fn search(&mut self, text: &'a str) {
        self.is_named |= names_documents(text);
        let (mut at, mut kept) = (0, 0);
        while let Some(start) = text.get(at..).and_then(|rest| rest.find('{')).map(|it| at + it) {
            at = start + 1;
            let (before, rest) = text.split_at(start);
            let Ok(object) = Parser::new(rest).raw_value() else {
                // The file's own object is broken in any case.
                self.is_broken |= !before.trim().is_empty();
                continue;
            };
            let kind = kind(before, object);
            if matches!(kind, Kind::Wrapper) {
                continue;
            }
            at = start + object.len();
            if matches!(kind, Kind::Other) || self.may_be_a_part(&kind) {
                continue;
            }
            self.pass(text.get(kept..start).unwrap_or_default());
            match kind {
                Kind::Metadata => self.metadata = Some(object),
                _ => {
                    self.has_uuid |= matches!(kind, Kind::Document { has_uuid: true });
                    self.take_document(object);
                }
            }
            self.go_on(object);
            self.is_broken = false;
            kept = at;
        }
        self.pass(text.get(kept..).unwrap_or_default());
    }

    fn may_be_a_part(&self, kind: &Kind) -> bool {
        self.is_broken && matches!(kind, Kind::Document { has_uuid: false })
    }

    /// Keeps it, if it is one and the first of its UUID.
    fn take_document(&mut self, text: &'a str) {
        let read = read_document(text, &Schema::default(), Time::MIN, &mut BTreeMap::new());
        if read.is_ok_and(|(document, _)| self.uuids.insert(document.uuid)) {
            self.documents.push(text);
        } else {
            self.lose(format!("a document that breaks the rules or is there twice: {}", cut(text)));
        }
    }

    /// Goes past what lies between two kept parts: lost, unless it is the structure of the file.
    fn pass(&mut self, gap: &str) {
        let is_filler = |c: char| c.is_whitespace() || c == ',' || c == '\u{feff}';
        let text = gap.trim_start_matches(is_filler);
        self.go_on(gap.get(..gap.len() - text.len()).unwrap_or_default());
        let bare: String = text.chars().filter(|c| !is_filler(*c)).collect();
        let bare = bare.replace("Documents", "documents").replace("Metadata", "metadata");
        if !bare.chars().all(|c| "]}".contains(c)) && !STRUCTURE.contains(&bare.as_str()) {
            self.lose(format!("text that is no document: {}", cut(text)));
        }
        self.go_on(text);
    }

    fn go_on(&mut self, text: &str) {
        self.line += text.bytes().filter(|byte| *byte == b'\n').count() as u64;
    }

    fn lose(&mut self, message: String) {
        self.lost.push(Lost { line: self.line, message });
    }

    fn into_salvaged(self) -> Option<Salvaged> {
        let is_store = self.is_named || self.metadata.is_some() && self.has_uuid;
        if !is_store || self.documents.is_empty() && self.metadata.is_none() {
            return None;
        }
        let documents = self.documents.join(",\n");
        let metadata = self.metadata.unwrap_or("{}");
        let text = format!("{{\"documents\":[\n{documents}\n],\n\"metadata\":{metadata}}}\n");
        Some(Salvaged { text, lost: self.lost })
    }
}

/// The beginning of a text, as it is shown.
fn cut(text: &str) -> String {
    text.trim_end().chars().take(SHOWN_MAX).collect()
}

fn kind(before: &str, object: &str) -> Kind {
    let before = before.trim_end();
    if let Some(before) = before.strip_suffix(':') {
        let is_metadata = ["\"metadata\"", "\"Metadata\""].iter().any(|it| before.ends_with(it));
        return if is_metadata { Kind::Metadata } else { Kind::Other };
    }
    match parse_object(object).unwrap_or_default() {
        members if has(&members, &["documents", "Documents"]) => Kind::Wrapper,
        members if has(&members, &["title", "Title"]) => {
            Kind::Document { has_uuid: has(&members, &["uuid", "UUID", "Uuid"]) }
        }
        _ => Kind::Other,
    }
}

fn has(members: &Object, names: &[&str]) -> bool {
    names.iter().any(|name| members.get(name).is_some_and(|value| *value != Value::Null))
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = concat!(
        r#"{"uuid":"00000000-0000-4000-8000-00000000000a","title":"A","#,
        r#""data":{"t":[{"title":"no"}]}}"#
    );
    const B: &str = r#"{"uuid":"00000000-0000-4000-8000-00000000000b","title":"B"}"#;
    const META: &str = r#"{"commit":7}"#;

    fn file(documents: &[&str]) -> String {
        let documents = documents.join(",\n");
        format!("{{\"documents\":[\n{documents}\n],\n\"metadata\":{META}}}\n")
    }

    fn taken(text: &str) -> Salvaged {
        salvage(text.as_bytes()).expect("something can be read")
    }

    fn lines(salvaged: &Salvaged) -> Vec<u64> {
        salvaged.lost.iter().map(|lost| lost.line).collect()
    }

    #[test]
    fn of_a_sound_file_nothing_is_lost() {
        let sound = file(&[A, B]);
        assert_eq!(taken(&sound), Salvaged { text: sound, lost: Vec::new() });
    }

    #[test]
    fn a_broken_document_is_lost_alone_and_named_by_its_line() {
        let broken = r#"{"title":"broken","data":{"links":[{"title":"inner"}]}, oops}"#;
        let salvaged = taken(&file(&[A, broken, B]));
        assert_eq!(salvaged.text, file(&[A, B]));
        assert_eq!(lines(&salvaged), [3]);
        assert!(salvaged.lost[0].message.contains("broken"), "{salvaged:?}");
    }

    #[test]
    fn a_file_cut_anywhere_keeps_what_is_whole() {
        let sound = file(&[A, B]);
        let end_of = |part: &str| sound.find(part).unwrap() + part.len();
        for length in 0..sound.len() {
            let Some(salvaged) = salvage(&sound.as_bytes()[..length]) else {
                assert!(length < end_of(A), "{length}");
                continue;
            };
            assert!(salvaged.text.contains(A));
            assert_eq!(salvaged.text.contains(B), length >= end_of(B), "{length}");
            assert_eq!(salvaged.text.contains(META), length >= end_of(META), "{length}");
        }
    }

    #[test]
    fn a_missing_comma_or_bracket_loses_nothing() {
        for (right, wrong) in [(",\n", "\n"), ("\n],", "\n,"), ("{\"documents\":[", "")] {
            let salvaged = taken(&file(&[A, B]).replacen(right, wrong, 1));
            assert_eq!(salvaged.text, file(&[A, B]), "{wrong:?}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_take_only_their_document_with_them() {
        let mut bytes = file(&[A, B]).into_bytes();
        let place = bytes.windows(3).position(|it| it == b"\"B\"").unwrap();
        bytes[place + 1] = 0xff;
        let salvaged = salvage(&bytes).unwrap();
        assert_eq!(salvaged.text, file(&[A]));
        assert!(lines(&salvaged).contains(&3), "{salvaged:?}");
    }

    #[test]
    fn of_two_documents_with_one_uuid_the_first_stays() {
        let twin = B.replace("\"B\"", "\"twin\"");
        let salvaged = taken(&file(&[B, &twin]));
        assert_eq!((salvaged.text.contains("twin"), lines(&salvaged)), (false, vec![3]));
    }

    #[test]
    fn what_is_no_store_at_all_gives_nothing() {
        for text in ["", "hello", "{}", "[1,2,{\"a\":1}]", "{\"documents\":[", "\u{0}{{{{"] {
            assert_eq!(salvage(text.as_bytes()), None, "{text}");
        }
    }
}
