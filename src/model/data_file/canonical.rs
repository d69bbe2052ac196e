//! Documents in the form of the file and in that of the store, as texts: what a store wrote is read
//! without making values of it. A document that a person touched may look otherwise in many ways:
//! it is left to [`super::reading`] as soon as anything is not as a store writes it.

use std::borrow::Cow;

use uuid::Uuid;

use super::DATA_PREFIX;
use crate::model::document::{Codes, MEMBERS, ParentRef, check_key};
use crate::model::json::{Cursor, Names, cut, quote};
use crate::model::schema::{CODE_OTHER, DimensionKind, Numbering, Schema};
use crate::model::time::Time;

/// The levels of nesting around the value of a member.
const DOCUMENT_DEPTH: usize = 1;
/// The levels of nesting around the value of a dimension.
const DIMENSION_DEPTH: usize = 2;

/// A document read without making values of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Canonical<'b> {
    pub(crate) uuid: Uuid,
    pub(crate) rev: u64,
    pub(crate) created: Time,
    pub(crate) codes: Codes,
    pub(crate) parent: ParentRef,
    /// The text that is stored.
    pub(crate) text: &'b str,
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

/// Reads a document that keeps all rules and is as [`file_text`] makes it, white space aside; none
/// of any other.
pub(super) fn read<'a, 'b>(
    cursor: &mut Cursor<'a>,
    schema: &Schema,
    buffers: &'b mut Buffers<'a>,
) -> Option<Canonical<'b>> {
    // Numbers that stay are given, or taken back, while documents are read.
    if schema.numbering == Numbering::Stable {
        return None;
    }
    cursor.take(b'{')?;
    cursor.take_name(r#""uuid""#)?;
    let uuid = cursor.plain_string()?;
    cursor.take(b',')?;
    let key = read_key(cursor)?;
    cursor.take_name(r#""title""#)?;
    let title = cursor.string()?;
    cursor.take(b',')?;
    cursor.take_name(r#""body""#)?;
    let body = cursor.string()?;
    cursor.take(b',')?;
    cursor.take_name(r#""dimensions""#)?;
    let Dimensions { codes, parent, implied } = Dimensions::read(cursor, schema, buffers)?;
    cursor.take(b',')?;
    cursor.take_name(r#""created_at""#)?;
    let created_at = cursor.plain_string()?;
    cursor.take(b',')?;
    cursor.take_name(r#""updated_at""#)?;
    let updated_at = cursor.plain_string()?;
    cursor.take(b',')?;
    cursor.take_name(r#""rev""#)?;
    let rev = cursor.value(DOCUMENT_DEPTH)?;
    cursor.take(b'}')?;
    let Buffers { text, dimensions, .. } = buffers;
    text.clear();
    for parts in [
        [r#"{"uuid":""#, uuid],
        key.map_or([r#"""#, ""], |key| [r#"","key":"#, key]),
        [r#","rev":"#, rev],
        [r#","title":"#, title],
        [r#","body":"#, body],
        [r#","dimensions":"#, dimensions],
        [r#","created_at":""#, created_at],
        [r#"","updated_at":""#, updated_at],
        [r#""}"#, ""],
    ] {
        parts.iter().for_each(|part| text.push_str(part));
    }
    let uuid = read_uuid(uuid)?;
    let rev = rev.parse().ok().filter(|&rev| rev > 0)?;
    let created = Time::parse_canonical(created_at)?;
    Time::parse_canonical(updated_at)?;
    Some(Canonical { uuid, rev, created, codes, parent, text, implied })
}

/// Reads the key and what is behind it, where there is one; gives it as it is written.
fn read_key<'a>(cursor: &mut Cursor<'a>) -> Option<Option<&'a str>> {
    let Some(()) = cursor.take_name(r#""key""#) else { return Some(None) };
    let key = cursor.string()?;
    let text = key.get(1..key.len() - 1)?;
    // A key with escapes is measured without them, elsewhere.
    (!text.contains('\\') && check_key(text).is_ok()).then_some(())?;
    cursor.take(b',')?;
    Some(Some(key))
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
        let mut comma = "";
        let mut name = first_name(cursor)?;
        out.push('{');
        for (place, dimension) in schema.dimensions.iter().enumerate() {
            let value = if name == Some(dimension.member()) {
                let value = cursor.plain_string()?;
                for part in [comma, "\"", dimension.member(), "\":\"", value, "\""] {
                    out.push_str(part);
                }
                name = next_name(cursor)?;
                Some(value)
            } else if let Some(value) = &dimension.default_value {
                out.push_str(comma);
                quote(&dimension.name, out);
                out.push(':');
                quote(value, out);
                read.implied |= 1 << place;
                Some(value.as_str())
            } else {
                None
            };
            comma = if value.is_some() { "," } else { comma };
            match dimension.kind {
                DimensionKind::Hierarchical => {
                    let uuid = value.map(read_uuid);
                    read.parent =
                        uuid.map_or(Some(ParentRef::Root), |it| it.map(ParentRef::Uuid))?;
                }
                DimensionKind::Enumerated => {
                    let code = value.map_or(dimension.default_code(), |it| dimension.code(it));
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
    mut name: Option<&'a str>,
    buffers: &mut Buffers<'a>,
) -> Option<()> {
    let Buffers { dimensions: out, names, .. } = buffers;
    names.clear();
    out.push_str(r#"},"data":{"#);
    let mut comma = "";
    while let Some(member) = name {
        let member = member.strip_prefix(DATA_PREFIX)?;
        names.add(Cow::Borrowed(member)).then_some(())?;
        push_name(comma, "", member, out);
        cut::push_compact(cursor.value(DIMENSION_DEPTH)?, out);
        comma = ",";
        name = next_name(cursor)?;
    }
    out.push('}');
    Some(())
}

/// Enters an object, and gives the name of its first member, if it has any.
fn first_name<'a>(cursor: &mut Cursor<'a>) -> Option<Option<&'a str>> {
    cursor.take(b'{')?;
    match cursor.take(b'}') {
        Some(()) => Some(None),
        None => cursor.name().map(Some),
    }
}

/// The name of the next member of an object, if there is any.
fn next_name<'a>(cursor: &mut Cursor<'a>) -> Option<Option<&'a str>> {
    match cursor.take(b',') {
        Some(()) => cursor.name().map(Some),
        None => cursor.take(b'}').map(|()| None),
    }
}

/// The text of a document in the form of the file, without white space: its data among the
/// dimensions, and without the dimensions `left_out`, whose names are as JSON has them.
pub(super) fn file_text(stored: &str, left_out: &[&str]) -> String {
    let members: Vec<(&str, &str)> = cut::members(stored).collect();
    let find = |name: &str| members.iter().find(|(known, _)| *known == name).map(|(_, it)| *it);
    let object = |name: &str| cut::members(find(name).unwrap_or_default());
    let mut out = String::with_capacity(stored.len() + 64);
    let push = |before: &'static str, name: &str, out: &mut String| {
        if let Some(value) = find(name) {
            push_name(before, "", name, out);
            out.push_str(value);
        }
    };
    push("{", "uuid", &mut out);
    ["key", "title", "body"].iter().for_each(|name| push(",", name, &mut out));
    out.push_str(r#","dimensions":{"#);
    let mut comma = "";
    let dimensions = object("dimensions").filter(|(name, _)| !left_out.contains(name));
    let data = object("data").map(|(name, value)| (DATA_PREFIX, name, value));
    for (prefix, name, value) in dimensions.map(|(name, value)| ("", name, value)).chain(data) {
        push_name(comma, prefix, name, &mut out);
        out.push_str(value);
        comma = ",";
    }
    out.push('}');
    let behind = ["created_at", "updated_at", "rev", "numbers"];
    behind.iter().for_each(|name| push(",", name, &mut out));
    let others = members.iter().filter(|(name, _)| !MEMBERS.contains(name));
    others.for_each(|(name, _)| push(",", name, &mut out));
    out.push('}');
    out
}

/// Appends a name that is as JSON has it, what comes before it, and the colon.
fn push_name(before: &str, prefix: &str, name: &str, out: &mut String) {
    for part in [before, "\"", prefix, name, "\":"] {
        out.push_str(part);
    }
}

/// Reads a UUID in the form in which it is written.
fn read_uuid(text: &str) -> Option<Uuid> {
    let is_as_written = text.len() == 36 && !text.bytes().any(|byte| byte.is_ascii_uppercase());
    Uuid::try_parse(text).ok().filter(|_| is_as_written)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::index::random::Random;
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
        (read.text.to_owned(), read.implied)
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
        let mut document =
            read_document(text, schema, Time::MIN, &mut BTreeMap::new()).expect(text);
        let implied = document.complete(schema);
        let mut stored = String::new();
        document.write(&mut stored);
        let expected = Canonical {
            uuid: document.uuid,
            rev: document.rev,
            created: document.created(),
            codes: document.codes(schema),
            parent: document.parent(schema),
            text: &stored,
            implied,
        };
        assert_eq!(found, expected, "{text}");
        assert_eq!(document.problems(schema), [], "{text}");
        true
    }

    #[test]
    fn a_document_as_a_store_writes_it_is_read_without_values_and_written_back() {
        let schema = schema();
        assert!(check(DOCUMENT, &schema));
        let (text, _) = stored(DOCUMENT, &schema);
        let mut pretty = String::new();
        cut::push_pretty(&file_text(&text, &[]), 2, &mut pretty);
        let value = parse(DOCUMENT).unwrap();
        let mut expected = String::new();
        value.write_pretty(&mut expected, 2);
        assert_eq!(pretty, expected);
        let without = DOCUMENT.replace("\"status\": \"done\",", "");
        let (text, implied) = stored(&without, &schema);
        assert_eq!(implied, 1);
        assert!(text.contains(r#"{"status":"pending","parent_id""#));
        assert!(!file_text(&text, &["status"]).contains("pending"));
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
            ("say", "\\/", false),
            ("\\n", "\\\\n\\b\\f\\r\\t", true),
            ("\"key\": \"a key\",", "", true),
            ("a key", "", false),
            ("a key", "\\\"", false),
            ("\"a key\"", "null", false),
            ("rev", "Rev", false),
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
