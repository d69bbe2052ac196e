//! Documents in the form of the file and in that of the store, as texts: what a store wrote is read
//! without making values of it. A document that a person touched may look otherwise in many ways:
//! it is left to [`super::reading`] as soon as anything is not as a store writes it.
//! [`write`] goes the other way.

mod write;

use std::borrow::Cow;

use uuid::Uuid;

use super::DATA_PREFIX;
use crate::model::document::{Codes, ParentRef, check_key};
use crate::model::json::{Cursor, Name, Names, quote};
use crate::model::schema::{CODE_OTHER, DimensionKind, Numbering, Schema};
use crate::model::time::Time;

/// The levels of nesting in a document around the value of a member.
const DOCUMENT_DEPTH: usize = 1;
/// The levels of nesting in a document around the value of a dimension.
const DIMENSION_DEPTH: usize = 2;

pub(super) use write::write;

/// A document read without making values of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Canonical<'b> {
    pub(crate) head: Head,
    /// The text that is stored.
    pub(crate) text: &'b str,
}

/// What decides on the place of a document, so that nobody needs to read its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) uuid: Uuid,
    /// 0: the file has none.
    pub(crate) rev: u64,
    pub(crate) created: Time,
    pub(crate) codes: Codes,
    pub(crate) parent: ParentRef,
    /// A bit for each dimension whose default value the file leaves out.
    pub(crate) implied: u8,
}

/// What is used again for each document.
#[derive(Default)]
pub(super) struct Buffers<'a> {
    text: String,
    dimensions: String,
    /// The names of the data.
    names: Names<'a>,
}

/// Reads a document that keeps all rules and is as [`write`] makes it, white space aside, though
/// not before the colon of a dimension; none of any other.
pub(super) fn read<'a, 'b>(
    cursor: &mut Cursor<'a>,
    schema: &Schema,
    buffers: &'b mut Buffers<'a>,
) -> Option<Canonical<'b>> {
    // Numbers that stay are given, or taken back, while documents are read.
    if schema.numbering == Numbering::Stable {
        return None;
    }
    cursor.take_name(b'{', r#""uuid""#)?;
    let uuid = cursor.plain_string()?;
    let key = match cursor.take_name(b',', r#""key""#) {
        Some(()) => Some(cursor.plain_string()?),
        None => None,
    };
    cursor.take_name(b',', r#""title""#)?;
    let title = cursor.string()?;
    cursor.take_name(b',', r#""body""#)?;
    let body = cursor.string()?;
    cursor.take_name(b',', r#""dimensions""#)?;
    let Dimensions { codes, parent, implied } = Dimensions::read(cursor, schema, buffers)?;
    cursor.take_name(b',', r#""created_at""#)?;
    let created_at = cursor.plain_string()?;
    cursor.take_name(b',', r#""updated_at""#)?;
    let updated_at = cursor.plain_string()?;
    let rev = match cursor.take_name(b',', r#""rev""#) {
        Some(()) => Some(cursor.value(DOCUMENT_DEPTH)?),
        None => None,
    };
    cursor.take(b'}')?;
    let Buffers { text, dimensions, .. } = buffers;
    text.clear();
    text.push_str(r#"{"uuid":""#);
    text.push_str(uuid);
    if let Some(key) = key {
        text.push_str(r#"","key":""#);
        text.push_str(key);
    }
    text.push_str(r#"","rev":"#);
    text.push_str(rev.unwrap_or("0"));
    text.push_str(r#","title":"#);
    text.push_str(title);
    text.push_str(r#","body":"#);
    text.push_str(body);
    text.push_str(r#","dimensions":"#);
    text.push_str(dimensions);
    text.push_str(r#","created_at":""#);
    text.push_str(created_at);
    text.push_str(r#"","updated_at":""#);
    text.push_str(updated_at);
    text.push_str(r#""}"#);
    key.map_or(Ok(()), check_key).ok()?;
    let uuid = read_uuid(uuid)?;
    let rev = rev.map_or(Some(0), |rev| rev.parse().ok().filter(|&rev| rev > 0))?;
    let created = Time::parse_canonical(created_at)?;
    if updated_at != created_at {
        Time::parse_canonical(updated_at)?;
    }
    Some(Canonical { head: Head { uuid, rev, created, codes, parent, implied }, text })
}

/// What the dimensions of a document say.
struct Dimensions {
    codes: Codes,
    parent: ParentRef,
    implied: u8,
}

impl Dimensions {
    /// Reads the dimensions of a document in the form of the file, and keeps dimensions and data in
    /// that of the store.
    fn read<'a>(
        cursor: &mut Cursor<'a>,
        schema: &Schema,
        buffers: &mut Buffers<'a>,
    ) -> Option<Dimensions> {
        let out = &mut buffers.dimensions;
        out.clear();
        let mut read = Dimensions { codes: Codes::default(), parent: ParentRef::Root, implied: 0 };
        let mut name = cursor.first_name()?;
        out.push('{');
        for (place, dimension) in schema.dimensions.iter().enumerate() {
            let own = name.filter(|name| name.inner() == dimension.member());
            let value = if let Some(own) = own {
                let value = cursor.plain_string()?;
                separate(out);
                out.push_str(own.written());
                out.push('"');
                out.push_str(value);
                out.push('"');
                name = cursor.next_name()?;
                Some(value)
            } else if let Some(value) = &dimension.default_value {
                separate(out);
                quote(&dimension.name, out);
                out.push(':');
                quote(value, out);
                read.implied |= 1 << place;
                Some(value.as_str())
            } else {
                None
            };
            match dimension.kind {
                DimensionKind::Hierarchical => {
                    let uuid = value.map(read_uuid);
                    read.parent =
                        uuid.map_or(Some(ParentRef::Root), |it| it.map(ParentRef::Uuid))?;
                }
                DimensionKind::Enumerated => {
                    let code =
                        value.map_or_else(|| dimension.default_code(), |it| dimension.code(it));
                    *read.codes.get_mut(place)? = code;
                    let is_allowed = |value| code != CODE_OTHER || dimension.allows(value);
                    value.is_none_or(is_allowed).then_some(())?;
                }
            }
        }
        read_data(cursor, name, buffers)?;
        Some(read)
    }
}

/// Reads the data that follow the dimensions, from that of the name given on.
fn read_data<'a>(
    cursor: &mut Cursor<'a>,
    mut name: Option<Name<'a>>,
    buffers: &mut Buffers<'a>,
) -> Option<()> {
    let Buffers { dimensions: out, names, .. } = buffers;
    names.clear();
    out.push_str(r#"},"data":{"#);
    while let Some(member) = name {
        let own = member.inner().strip_prefix(DATA_PREFIX)?;
        names.add(Cow::Borrowed(own)).then_some(())?;
        separate(out);
        out.push('"');
        out.push_str(own);
        out.push_str("\":");
        cursor.push_value(DIMENSION_DEPTH, out)?;
        name = cursor.next_name()?;
    }
    out.push('}');
    Some(())
}

/// Appends a comma, but for the first member of an object, which no value ends like.
fn separate(out: &mut String) {
    if !out.ends_with('{') {
        out.push(',');
    }
}

/// Reads a UUID in the form in which it is written.
fn read_uuid(text: &str) -> Option<Uuid> {
    // Looking at each byte, whatever the one before it is, takes a few instructions for all.
    let has_capitals = text.bytes().fold(false, |any, byte| any | byte.is_ascii_uppercase());
    Uuid::try_parse(text).ok().filter(|_| text.len() == 36 && !has_capitals)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::index::random::Random;
    use crate::model::data_file::Format;
    use crate::model::data_file::reading::read_document;
    use crate::model::json::parse;

    const DOCUMENT: &str = r#"{
      "uuid": "01940000-0000-7000-8000-000000000001",
      "key": "a key",
      "title": "say \"hi\"\n",
      "body": "",
      "dimensions": {
        "status": "done",
        "parent_id": "01940000-0000-7000-8000-000000000002",
        "_data.due": null,
        "_data.n": [1.50, {"a": {}}],
        "_data.\"x": 1E2
      },
      "created_at": "2026-11-21T09:00:00Z",
      "updated_at": "2026-11-21T09:00:00.25Z",
      "rev": 12
    }"#;

    /// The stored text of a document, and which defaults it leaves out.
    fn stored(text: &str, schema: &Schema) -> (String, u8) {
        let mut buffers = Buffers::default();
        let read = read(&mut Cursor::new(text, 0), schema, &mut buffers).unwrap();
        (read.text.to_owned(), read.head.implied)
    }

    fn schema() -> Schema {
        let schema = r#"{"dimensions":[
            {"name":"status","type":"enumerated","values":["pending","done"],
             "prefixes":{"done":"d"},"default_value":"pending"},
            {"name":"mood","type":"enumerated","prefixes":{"good":"g"}},
            {"name":"parent","type":"hierarchical","ref_field":"parent_id"}]}"#;
        Schema::from_call(&parse(schema).unwrap()).unwrap()
    }

    /// Checks that what is read without values is what is read with them; says whether it was read.
    fn check(text: &str, schema: &Schema) -> bool {
        let mut buffers = Buffers::default();
        let mut cursor = Cursor::new(text, 0);
        let Some(found) = read(&mut cursor, schema, &mut buffers) else { return false };
        // Whatever it takes is sound.
        let text = &text[..cursor.offset()];
        let (mut document, _) =
            read_document(text, schema, Time::MIN, &mut BTreeMap::new()).expect(text);
        let implied = document.complete(schema);
        let mut stored = String::new();
        document.write(&mut stored);
        let expected = Head {
            uuid: document.uuid,
            rev: document.rev,
            created: document.created(),
            codes: document.codes(schema),
            parent: document.parent(schema),
            implied,
        };
        assert_eq!(found, Canonical { head: expected, text: &stored }, "{text}");
        assert_eq!(document.problems(schema), [], "{text}");
        true
    }

    #[test]
    fn a_document_as_a_store_writes_it_is_read_without_values_and_written_back() {
        let schema = schema();
        assert!(check(DOCUMENT, &schema));
        let (text, _) = stored(DOCUMENT, &schema);
        let mut pretty = String::new();
        write(&text, &[], None, Format::Pretty, &mut pretty);
        let value = parse(DOCUMENT).unwrap();
        let mut expected = String::new();
        value.write_pretty(&mut expected, 2);
        assert_eq!(pretty, expected);
        let without = DOCUMENT.replace("\"status\": \"done\",", "");
        let (text, implied) = stored(&without, &schema);
        assert_eq!(implied, 1);
        assert!(text.contains(r#"{"status":"pending","parent_id""#));
        let mut line = String::new();
        write(&text, &["status"], None, Format::Lines, &mut line);
        assert!(!line.contains("pending") && !line.contains("  "), "{line}");
    }

    #[test]
    fn members_that_few_documents_have_are_written_in_their_places() {
        let head = r#"{"uuid":"u","rev":3,"title":"a\u0001","body":"","#;
        let times = r#""created_at":"c","updated_at":"d""#;
        for (middle, others, file) in [
            (r#""dimensions":{},"data":{}"#, "", r#"{}"#),
            (
                r#""dimensions":{"a":"1","b":"2"},"data":{"x":[],"y":[1,{}]},"numbers":{"h":1}"#,
                r#","odd":[[]],"more":null"#,
                r#"{"b":"2","_data.x":[],"_data.y":[1,{}]}"#,
            ),
            (r#""dimensions":{"a":"1"},"data":{}"#, r#","o":{}"#, "{}"),
        ] {
            let stored = format!("{head}{middle},{times}{others}}}");
            let numbers = if middle.contains("numbers") { r#","numbers":{"h":1}"# } else { "" };
            let head = r#"{"uuid":"u","title":"a\u0001","body":"","#;
            let behind = format!(r#"{times},"rev":3{numbers}{others}"#);
            let lines = format!(r#"{head}"dimensions":{file},{behind}}}"#);
            let mut pretty = String::new();
            parse(&lines).unwrap().write_pretty(&mut pretty, 2);
            for (format, expected) in [(Format::Lines, lines), (Format::Pretty, pretty)] {
                let mut written = String::from("before ");
                write(&stored, &["a"], None, format, &mut written);
                assert_eq!(written.strip_prefix("before "), Some(expected.as_str()));
            }
        }
        let too_long = format!(r#"{head}"dimensions":{{}},"data":{{}},{times}}}}}"#);
        for other in ["{\"no\": document", &too_long] {
            let mut written = String::from("before ");
            write(other, &[], None, Format::Pretty, &mut written);
            assert_eq!(written.strip_prefix("before "), Some(other));
        }
    }

    #[test]
    fn whatever_a_person_does_to_a_document_is_read_alike_or_left_to_the_other_way() {
        let schema = schema();
        for (from, to, is_read) in [
            ("done", "pending", true),
            ("done", "typo", false),
            ("\"done\"", "true", false),
            ("status", "mood", true),
            ("status", "colour", false),
            ("_data.due", "due", false),
            ("\"_data.due\": null", "\"_data.due\": \"\\u0041\"", false),
            ("_data.due", "_data.n", false),
            ("say", "\\/", false),
            ("\\n", "\\\\n\\b\\f\\r\\t", true),
            ("\"key\": \"a key\",", "", true),
            ("a key", "", false),
            ("a key", "\\\"", false),
            ("\"a key\"", "null", false),
            ("rev", "Rev", false),
            (",\n      \"rev\": 12", "", true),
            ("12", "0", false),
            ("12", "12.0", false),
            ("12", "99999999999999999999", false),
            ("\"body\": \"\"", "\"body\": 1", false),
            ("\"body\": \"\",", "", false),
            ("\"body\": \"\"", "\"numbers\": {}, \"body\": \"\"", false),
            ("8000-000000000001", "8000-00000000000A", false),
            ("-000000000001", "000000000001", false),
            ("8000-000000000002", "8000-00000000000B", false),
            (".25Z", ".250Z", false),
            ("09:00:00Z", "10:00:00+01:00", false),
        ] {
            assert!(DOCUMENT.contains(from), "{from}");
            let text = DOCUMENT.replacen(from, to, 1);
            assert_eq!(check(&text, &schema), is_read, "{text}");
        }
    }

    #[test]
    fn documents_changed_at_random_are_read_alike() {
        let schema = schema();
        let mut random = Random::new(1);
        let parts =
            ["\"", "\\", "{", "}", "[", "]", ",", ":", " ", "0", "e", "_data.", "null", "\n"];
        let mut read = 0;
        for _ in 0..100_000 {
            let mut text = DOCUMENT.to_owned();
            for _ in 0..=random.below(3) {
                let at = random.below(text.len());
                let end = (at + random.below(3)).min(text.len());
                text.replace_range(at..end, parts[random.below(parts.len())]);
            }
            read += u32::from(check(&text, &schema));
        }
        assert!(read > 1_000, "{read}");
    }
}
