//! Documents of a large file that other threads read ahead.
//!
//! The text is cut into pieces where a document seems to begin, and threads read the documents of a
//! piece each, as long as they are as a store writes them. Whether a document begins there is for
//! the one who reads the file to say: who comes to a document that was read already takes it, and
//! reads any other one as if there were no threads. So a wrong guess costs time and nothing else.

use memchr::memmem;

use super::canonical::{self, Buffers, Canonical, Head};
use crate::model::json::Cursor;
use crate::model::schema::Schema;
use crate::threads::{InOrder, in_order};

/// Reading a smaller text takes less time than starting threads saves.
const TEXT_BYTES_MIN: usize = 1 << 20;
/// About how many bytes a piece has.
const PIECE_BYTES: usize = 128 << 10;
/// About how many bytes a document has, if not more.
const DOCUMENT_BYTES: usize = 512;

/// What was read ahead of a text.
#[derive(Default)]
pub(super) struct Ahead<'p> {
    pieces: Option<InOrder<'p, Piece>>,
    piece: Piece,
    /// How many documents of the piece were passed.
    passed: usize,
}

/// Documents that stand one behind the other in the text.
#[derive(Default)]
struct Piece {
    documents: Vec<Found>,
    /// Their texts as they are stored, one behind the other.
    text: String,
}

/// A document that was read.
struct Found {
    head: Head,
    /// Where in the file it begins and ends.
    start: usize,
    end: usize,
    /// Where its text in the piece begins and ends.
    text: (usize, usize),
}

impl Ahead<'_> {
    /// The document that begins at the byte `start` of the file, and where it ends, if it was read
    /// ahead. Must be asked for documents in their order.
    pub(super) fn take(&mut self, start: usize) -> Option<(Canonical<'_>, usize)> {
        loop {
            let here = self.piece.documents.get(self.passed).map(|found| found.start);
            match here {
                Some(here) if here > start => return None,
                Some(here) => {
                    self.passed += 1;
                    if here == start {
                        break;
                    }
                }
                None => {
                    let pieces = self.pieces.as_mut()?;
                    if start < pieces.number() * PIECE_BYTES {
                        return None;
                    }
                    self.piece = pieces.next()?;
                    self.passed = 0;
                }
            }
        }
        let found = self.piece.documents.get(self.passed - 1)?;
        let text = self.piece.text.get(found.text.0..found.text.1)?;
        Some((Canonical { head: found.head, text }, found.end))
    }
}

/// Lets `work` read `text` with what threads read ahead of it meanwhile, if it is large.
pub(super) fn read_ahead<R>(text: &str, schema: &Schema, work: impl FnOnce(Ahead<'_>) -> R) -> R {
    match beginning(text) {
        Some(beginning) if text.len() >= TEXT_BYTES_MIN => {
            Cut::of(text, schema, beginning).read_ahead(work)
        }
        _ => work(Ahead::default()),
    }
}

/// How documents begin: the line break, the indentation and the brace before the first one.
fn beginning(text: &str) -> Option<&str> {
    let list = text.find('[')? + 1;
    let first = list + text.get(list..)?.find('{')?;
    let before = text.get(list..first)?;
    let line = list + before.rfind('\n')?;
    before.trim_start().is_empty().then(|| text.get(line..=first))?
}

/// A text, cut where documents seem to begin.
struct Cut<'a> {
    text: &'a str,
    schema: &'a Schema,
    beginning: memmem::Finder<'a>,
}

impl<'a> Cut<'a> {
    fn of(text: &'a str, schema: &'a Schema, beginning: &'a str) -> Cut<'a> {
        Cut { text, schema, beginning: memmem::Finder::new(beginning) }
    }

    fn read_ahead<R>(&self, work: impl FnOnce(Ahead<'_>) -> R) -> R {
        in_order(self.pieces(), &|number| self.read(number), |pieces| {
            work(Ahead { pieces: Some(pieces), ..Ahead::default() })
        })
    }

    /// How many pieces there are.
    fn pieces(&self) -> usize {
        self.text.len().div_ceil(PIECE_BYTES)
    }

    /// Where the first line from the byte `from` on starts with which a document seems to begin.
    fn find(&self, from: usize) -> usize {
        let found = self.text.as_bytes().get(from..).and_then(|rest| self.beginning.find(rest));
        found.map_or(self.text.len(), |found| from + found + 1)
    }

    /// Reads the documents of a piece that are as a store writes them.
    fn read(&self, number: usize) -> Piece {
        let from = number * PIECE_BYTES;
        let (start, end) = (self.find(from), self.find(from + PIECE_BYTES));
        let mut piece = Piece {
            documents: Vec::with_capacity(PIECE_BYTES / DOCUMENT_BYTES),
            text: String::with_capacity(end - start),
        };
        let mut buffers = Buffers::default();
        let mut cursor = Cursor::new(self.text, start);
        loop {
            cursor.pass_space();
            let start = cursor.offset();
            if start >= end {
                return piece;
            }
            let read = canonical::read(&mut cursor, self.schema, &mut buffers);
            if let Some(Canonical { head, text }) = read {
                let before = piece.text.len();
                piece.text.push_str(text);
                let text = (before, piece.text.len());
                piece.documents.push(Found { head, start, end: cursor.offset(), text });
                if cursor.take(b',').is_some() {
                    continue;
                }
            }
            cursor = Cursor::new(self.text, self.find(start));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::error::Result;
    use crate::index::random::Random;
    use crate::model::data_file::{Documents, Envelope, Format, Read, Reader, Writer, take_apart};
    use crate::model::json::parse;

    /// Takes down what it is given.
    #[derive(Default)]
    struct Notes {
        given: Vec<(usize, String)>,
        canonical: usize,
    }

    impl Reader for Notes {
        fn schema(&mut self, _: &Envelope) -> Result<Arc<Schema>> {
            Ok(schema())
        }

        fn document(&mut self, document: Read<'_>, offset: usize) -> Result<()> {
            let text = match document {
                Read::Canonical(Canonical { head, text }) => {
                    self.canonical += 1;
                    format!("{head:?} {text}")
                }
                Read::Free(document) | Read::New(document) => format!("{document:?}"),
            };
            self.given.push((offset, text));
            Ok(())
        }
    }

    fn schema() -> Arc<Schema> {
        let schema = r#"{"dimensions":[{"name":"status","type":"enumerated",
            "values":["pending","done"],"prefixes":{"done":"d"},"default_value":"pending"}]}"#;
        Arc::new(Schema::from_call(&parse(schema).unwrap()).unwrap())
    }

    const TIME: &str = "2026-11-21T09:00:00Z";

    fn file(format: Format, count: u32) -> String {
        let mut bytes = Vec::new();
        let mut take = |piece: &[u8]| {
            bytes.extend_from_slice(piece);
            Ok(())
        };
        let mut writer = Writer::new(format, &mut take);
        for number in 0..count {
            // Nested objects in lists look like documents but for their indentation.
            let head = format!(r#""uuid":"01940000-0000-7000-8000-{number:012}","rev":1{number}"#);
            let body = "x".repeat(number as usize % 700);
            let status = ["pending", "done"][number as usize % 2];
            let data = r#"{"list":[{"a":[{}]},{"b":1}]}"#;
            let times = ["created_at", "updated_at"].map(|it| format!(r#""{it}":"{TIME}""#));
            let texts = format!(r#""title":"\n    {{","body":"{body}""#);
            let dimensions = format!(r#""dimensions":{{"status":"{status}"}},"data":{data}"#);
            let text = format!("{{{head},{texts},{dimensions},{}}}", times.join(","));
            writer.document(&text, &[], None).unwrap();
        }
        writer.finish(&Envelope::default()).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    /// Reads a text, with threads whatever its size or without any.
    fn read(text: &str, with_threads: bool) -> (Result<()>, Notes) {
        let (schema, mut notes) = (schema(), Notes::default());
        let mut work = |ahead: Ahead<'_>| {
            let mut documents = Documents::new(&schema, ahead);
            take_apart(text, None, &mut |parser| documents.read(parser, &mut notes)).map(drop)
        };
        let beginning = beginning(text).unwrap_or("\n{");
        let result = match with_threads {
            true => Cut::of(text, &schema, beginning).read_ahead(&mut work),
            false => work(Ahead::default()),
        };
        (result, notes)
    }

    fn check(text: &str) {
        let (expected, alone) = read(text, false);
        let (result, notes) = read(text, true);
        let describe = |result: &Result<()>| format!("{:?}", result.as_ref().err());
        assert_eq!(describe(&result), describe(&expected));
        assert_eq!(notes.given, alone.given);
        assert_eq!(notes.canonical, alone.canonical);
    }

    #[test]
    fn all_documents_of_a_file_as_a_store_writes_it_are_read_ahead() {
        for format in [Format::Pretty, Format::Lines] {
            let text = file(format, 2_000);
            assert!(text.len() > 5 * PIECE_BYTES);
            check(&text);
            let schema = schema();
            let beginning = beginning(&text).unwrap();
            let taken = Cut::of(&text, &schema, beginning).read_ahead(|mut ahead| {
                let starts = memmem::find_iter(text.as_bytes(), beginning);
                let starts = starts.map(|found| found + beginning.len() - 1);
                starts.filter(|&start| ahead.take(start).is_some()).count()
            });
            assert_eq!(taken, 2_000);
        }
    }

    #[test]
    fn a_document_of_another_form_is_left_out_alone() {
        let text = file(Format::Pretty, 2_000).replace("\"rev\": 1555", "\"Rev\": 1555");
        check(&text);
        let (schema, beginning) = (schema(), beginning(&text).unwrap());
        let cut = Cut::of(&text, &schema, beginning);
        let documents = (0..cut.pieces()).map(|number| cut.read(number).documents.len());
        assert_eq!(documents.sum::<usize>(), 1_999);
    }

    #[test]
    fn what_looks_like_documents_within_a_document_is_none() {
        let lines = file(Format::Lines, 1_500);
        let documents = lines.split_once("[\n").unwrap().1.split_once("\n],").unwrap().0;
        let around = |number: u32, data: &str| {
            format!(
                r#"{{"uuid":"01940000-0000-7000-9000-{number:012}","title":"","body":"",
                "dimensions":{{"status":"done","_data.list":[{data}]}},
                "created_at":"{TIME}","updated_at":"{TIME}","rev":1}}"#
            )
        };
        assert!(documents.len() > 4 * PIECE_BYTES);
        let within = format!("\n{documents}\n");
        let all = [around(1, ""), around(2, &within), around(3, ""), documents.to_owned()];
        let text = format!("{{\"documents\":[\n{}\n]}}", all.join(",\n"));
        check(&text);
        assert_eq!(read(&text, true).1.canonical, 1_503);
    }

    #[test]
    fn whatever_happens_to_a_file_it_is_read_as_without_threads() {
        let mut random = Random::new(5);
        for (round, format) in [Format::Pretty, Format::Lines].repeat(12).into_iter().enumerate() {
            let mut bytes = file(format, 1_200).into_bytes();
            for _ in 0..random.below(4) + 1 {
                let at = random.below(bytes.len());
                let length = random.below(1_000).min(bytes.len() - at);
                match round / 2 % 6 {
                    // Taken out, put in, doubled, made spaces, made a document of, or written over.
                    0 => drop(bytes.drain(at..at + length)),
                    1 => drop(bytes.splice(at..at, *b"\n    {")),
                    2 => {
                        let some = bytes[at..at + length].to_vec();
                        drop(bytes.splice(at..at, some));
                    }
                    3 => bytes[at..at + length].fill(b' '),
                    4 => drop(bytes.splice(at..at, *b"\n    {\"title\":\"by hand\"},")),
                    _ => bytes[at] = b'"',
                }
            }
            check(&String::from_utf8_lossy(&bytes));
        }
    }

    #[test]
    fn a_file_laid_out_by_hand_is_read_too() {
        let text = file(Format::Pretty, 900);
        check(&text.replace("\n    {", " {"));
        check(&text.replace("\n", "\r\n"));
        check(&text.replace("\n    {", "\n\t\t{ "));
        check(&text.replace("\"title\"", "\"Title\""));
        check(&text.replacen("\"rev\": 177", "\"Rev\": 177", 1));
        check("{\"documents\":[]}");
        check("{\"documents\":[\n{}]}");
        check("");
    }
}
