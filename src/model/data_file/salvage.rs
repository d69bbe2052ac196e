//! What can still be read of a data file that no longer parses, document by document.
//!
//! A file with conflict markers is read as the two versions that it is made of. A document that is
//! there twice, with another content, becomes two: the second gets a UUID that is derived from its
//! content, and keeps its key if that is free.
//!
//! Every object that begins where an element of an array can, and has a title, is taken for a
//! document; behind a broken one, until the next that has one, it needs a UUID, too: it might be a
//! part of the broken one. What lies between documents is lost. Work is linear in the text, times
//! the depth that documents may have.
//!
//! A file is only taken for a store if its documents have that name in it, or, where the beginning
//! is lost, if there are metadata and a document with a UUID: what is no store is left alone.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::names_documents;
use super::reading::{derived_uuid, read_document};
use crate::model::document::Document;
use crate::model::json::{Object, Parser, Value, parse_object};
use crate::model::merge::has_same_content;
use crate::model::merge_conflict::{Version, sides};
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
    /// What is not in it as it was, in the order of the file, or of either version of it.
    pub(crate) lost: Vec<Lost>,
}

/// A part of a file that cannot be kept, or not as it is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Lost {
    /// Where it begins, in the damaged file.
    pub(crate) line: u64,
    /// `lost`, or `twice` for a document that is kept as one of its own.
    pub(crate) kind: &'static str,
    /// What it is, for a person.
    pub(crate) message: String,
}

/// Takes from a damaged file what can be read of it; None when that is nothing.
pub(crate) fn salvage(bytes: &[u8]) -> Option<Salvaged> {
    let mut hold = Hold { line: 1, ..Hold::default() };
    let sides = std::str::from_utf8(bytes).ok().and_then(sides);
    if let Some(sides) = &sides {
        for version in [&sides.ours, &sides.theirs] {
            hold.search_version(version);
        }
        return hold.into_salvaged();
    }
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
    documents: Vec<Cow<'a, str>>,
    /// The content of the documents, by their UUIDs.
    contents: BTreeMap<Uuid, Object>,
    keys: BTreeSet<String>,
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
    /// Looks through one of the versions that a file is made of.
    fn search_version(&mut self, version: &'a Version) {
        let known = self.lost.len();
        (self.line, self.is_broken) = (1, false);
        self.search(&version.text);
        for lost in self.lost.iter_mut().skip(known) {
            lost.line = version.line(lost.line);
        }
    }

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
                Kind::Metadata => self.take_metadata(object),
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

    /// Of the metadata of two versions, those of the later one count.
    fn take_metadata(&mut self, text: &'a str) {
        let commit = |text: &str| match parse_object(text).ok()?.get("commit") {
            Some(Value::Number(commit)) => commit.as_u64(),
            _ => None,
        };
        if self.metadata.is_none_or(|known| commit(text) >= commit(known)) {
            self.metadata = Some(text);
        }
    }

    /// Keeps it, if it is one; where it has the UUID of another one and another content, as a
    /// document of its own.
    fn take_document(&mut self, text: &'a str) {
        let read = read_document(text, &Schema::default(), Time::MIN, &mut BTreeMap::new());
        let Ok((mut document, _)) = read else {
            return self.lose(format!("a document that breaks the rules: {}", cut(text)));
        };
        let Some(content) = content(&document) else { return };
        let uuid = document.uuid;
        match self.contents.get(&uuid) {
            None => {
                self.keys.extend(document.key_text().map(Cow::into_owned));
                self.contents.insert(uuid, content);
                self.documents.push(Cow::Borrowed(text));
            }
            Some(known) if has_same_content(known, &content) => {}
            Some(_) => {
                document.uuid = derived_uuid(&content_text(&content));
                document.numbers = Object::default();
                if document.key_text().is_some_and(|key| self.keys.contains(&*key)) {
                    document.key = None;
                }
                self.keys.extend(document.key_text().map(Cow::into_owned));
                self.keep_twin(uuid, &document);
            }
        }
    }

    fn keep_twin(&mut self, uuid: Uuid, document: &Document) {
        // It may have been there before, on the other side.
        let Some(content) = content(document) else { return };
        if self.contents.insert(document.uuid, content).is_some() {
            return;
        }
        let mut text = String::new();
        document.write(&mut text);
        self.documents.push(Cow::Owned(text));
        let title = document.title.as_str().unwrap_or_default();
        let (uuid, own) = (uuid.hyphenated(), document.uuid.hyphenated());
        let message = format!("'{title}' ({uuid}) is there twice, the second as {own}");
        self.lost.push(Lost { line: self.line, kind: "twice", message });
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
        self.lost.push(Lost { line: self.line, kind: "lost", message });
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

/// The members of a document, as merges compare them.
fn content(document: &Document) -> Option<Object> {
    let mut text = String::new();
    document.write(&mut text);
    parse_object(&text).ok()
}

fn content_text(content: &Object) -> String {
    let mut text = String::new();
    content.write(&mut text);
    text
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

    /// The second of two documents with one UUID, as it is kept.
    fn twin(salvaged: &Salvaged, title: &str) -> Object {
        let file = parse_object(&salvaged.text).unwrap();
        let Some(Value::Array(documents)) = file.get("documents") else { panic!("{salvaged:?}") };
        let titled =
            |it: &&Value| it.as_object().unwrap().get("title").unwrap().as_str() == Some(title);
        documents.iter().find(titled).unwrap().as_object().unwrap().clone()
    }

    #[test]
    fn two_documents_with_one_uuid_both_stay() {
        let with_key = |title: &str| B.replace("\"B\"", &format!("\"{title}\",\"key\":\"k\""));
        let (first, second) = (with_key("B"), with_key("twin"));
        let salvaged = taken(&file(&[&first, &second, &first, &second]));
        let kinds: Vec<(u64, &str)> = salvaged.lost.iter().map(|it| (it.line, it.kind)).collect();
        assert_eq!(kinds, [(3, "twice")], "what is the same is there once");
        let twin = twin(&salvaged, "twin");
        let uuid = twin.get("uuid").unwrap().as_str().unwrap();
        assert!(!B.contains(uuid) && salvaged.lost[0].message.contains(uuid), "{salvaged:?}");
        assert!(!twin.contains_key("key"), "the key is taken");
        assert_eq!(taken(&file(&[&first, &second])), salvaged, "and it is the same for everyone");
    }

    #[test]
    fn of_a_conflict_both_sides_stay() {
        let changed = B.replace("\"B\"", "\"theirs\"");
        let removed_by_us = A.replace("00a", "00c").replace("\"A\"", "\"C\"");
        let text = format!(
            "{{\"documents\":[\n{A},\n<<<<<<< HEAD\n{B}\n=======\n{removed_by_us},\n{changed}\n\
             >>>>>>> other\n],\n<<<<<<< HEAD\n\"metadata\":{{\"commit\":8}}}}\n=======\n\
             \"metadata\":{META}}}\n>>>>>>> other\n"
        );
        let salvaged = taken(&text);
        for title in ["A", "B", "C", "theirs"] {
            twin(&salvaged, title);
        }
        assert!(salvaged.text.contains(r#""commit":8"#), "{salvaged:?}");
        let kinds: Vec<(u64, &str)> = salvaged.lost.iter().map(|it| (it.line, it.kind)).collect();
        assert_eq!(kinds, [(7, "twice")]);
    }

    #[test]
    fn what_is_no_store_at_all_gives_nothing() {
        for text in ["", "hello", "{}", "[1,2,{\"a\":1}]", "{\"documents\":[", "\u{0}{{{{"] {
            assert_eq!(salvage(text.as_bytes()), None, "{text}");
        }
    }
}
