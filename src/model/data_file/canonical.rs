//! Documents in the form of the file and in that of the store, as texts: what a store wrote is read
//! without making values of it. A document that a person touched may look otherwise in many ways:
//! it is left to [`super::reading`] as soon as anything is not as a store writes it.

use uuid::Uuid;

use super::DATA_PREFIX;
use crate::model::document::{Codes, MEMBERS, ParentRef, check_key, push_uuid};
use crate::model::json::{cut, quote};
use crate::model::schema::{DimensionKind, Numbering, Schema};
use crate::model::time::Time;

/// A document as the file has it, its parts found.
#[derive(Default)]
struct Parts<'a> {
    uuid: &'a str,
    key: Option<&'a str>,
    rev: &'a str,
    title: &'a str,
    body: &'a str,
    dimensions: &'a str,
    created_at: &'a str,
    updated_at: &'a str,
}

/// A document read without making values of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Canonical {
    pub(crate) uuid: Uuid,
    pub(crate) rev: u64,
    pub(crate) created: Time,
    pub(crate) codes: Codes,
    pub(crate) parent: ParentRef,
    /// The text that is stored.
    pub(crate) text: String,
    /// A bit for each dimension whose default value the file leaves out.
    pub(crate) implied: u8,
}

/// Reads a document of valid JSON that keeps all rules and is as [`file_text`] makes it, white
/// space aside; none of any other.
pub(super) fn read(text: &str, schema: &Schema) -> Option<Canonical> {
    // Numbers that stay are given, or taken back, while documents are read.
    if schema.numbering == Numbering::Stable || !has_least_escapes(text) {
        return None;
    }
    let parts = Parts::of(text)?;
    let uuid = read_uuid(parts.uuid)?;
    let rev: u64 = parts.rev.parse().ok().filter(|&rev| rev > 0)?;
    let is_as_written = !parts.rev.starts_with(['0', '+']);
    let has_texts = [parts.title, parts.body].iter().all(|text| text.starts_with('"'));
    let has_key =
        parts.key.is_none_or(|key| cut::plain_text(key).is_some_and(|key| check_key(key).is_ok()));
    if !is_as_written || !has_texts || !has_key {
        return None;
    }
    let created = Time::parse_canonical(cut::plain_text(parts.created_at)?)?;
    Time::parse_canonical(cut::plain_text(parts.updated_at)?)?;
    let mut out = String::with_capacity(text.len());
    push_member("{", "uuid", parts.uuid, &mut out);
    parts.key.iter().for_each(|key| push_member(",", "key", key, &mut out));
    push_member(",", "rev", parts.rev, &mut out);
    push_member(",", "title", parts.title, &mut out);
    push_member(",", "body", parts.body, &mut out);
    let read = Dimensions::read(parts.dimensions, schema, &mut out)?;
    push_member(",", "created_at", parts.created_at, &mut out);
    push_member(",", "updated_at", parts.updated_at, &mut out);
    out.push('}');
    let Dimensions { codes, parent, implied } = read;
    Some(Canonical { uuid, rev, created, codes, parent, text: out, implied })
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Option<Parts<'a>> {
        let mut parts = Parts::default();
        for (name, value) in cut::members(text) {
            let part = match name {
                "uuid" => &mut parts.uuid,
                "key" => parts.key.insert(""),
                "rev" => &mut parts.rev,
                "title" => &mut parts.title,
                "body" => &mut parts.body,
                "dimensions" => &mut parts.dimensions,
                "created_at" => &mut parts.created_at,
                "updated_at" => &mut parts.updated_at,
                _ => return None,
            };
            *part = value;
        }
        Some(parts)
    }
}

/// What the dimensions of a document say.
struct Dimensions {
    codes: Codes,
    parent: ParentRef,
    implied: u8,
}

impl Dimensions {
    /// Reads the dimensions of a document in the form of the file, and appends dimensions and data
    /// in that of the store.
    fn read(text: &str, schema: &Schema, out: &mut String) -> Option<Dimensions> {
        if !text.starts_with('{') {
            return None;
        }
        let mut read = Dimensions { codes: Codes::default(), parent: ParentRef::Root, implied: 0 };
        let mut members = cut::members(text).peekable();
        let mut comma = "";
        out.push_str(r#","dimensions":{"#);
        for (place, dimension) in schema.dimensions.iter().enumerate() {
            let given = members.next_if(|(name, _)| *name == dimension.member());
            let value = match (given, &dimension.default_value) {
                (Some((_, value)), _) => {
                    push_member(comma, dimension.member(), value, out);
                    Some(cut::plain_text(value)?)
                }
                (None, Some(value)) => {
                    out.push_str(comma);
                    quote(&dimension.name, out);
                    out.push(':');
                    quote(value, out);
                    read.implied |= 1 << place;
                    Some(value.as_str())
                }
                (None, None) => None,
            };
            comma = if value.is_some() { "," } else { comma };
            match dimension.kind {
                DimensionKind::Hierarchical => {
                    let uuid = value.map(read_plain_uuid);
                    read.parent =
                        uuid.map_or(Some(ParentRef::Root), |it| it.map(ParentRef::Uuid))?;
                }
                DimensionKind::Enumerated => {
                    let code = value.map_or(dimension.default_code(), |it| dimension.code(it));
                    *read.codes.get_mut(place)? = code;
                    value.is_none_or(|value| dimension.allows(value)).then_some(())?;
                }
            }
        }
        out.push_str(r#"},"data":{"#);
        let mut comma = "";
        for (name, value) in members {
            push_member(comma, name.strip_prefix(DATA_PREFIX)?, value, out);
            comma = ",";
        }
        out.push('}');
        Some(read)
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

/// Appends a member in the form of the store, whose name is as JSON has it.
fn push_member(before: &str, name: &str, value: &str, out: &mut String) {
    push_name(before, "", name, out);
    cut::push_compact(value, out);
}

fn push_name(before: &str, prefix: &str, name: &str, out: &mut String) {
    for part in [before, "\"", prefix, name, "\":"] {
        out.push_str(part);
    }
}

fn read_uuid(value: &str) -> Option<Uuid> {
    read_plain_uuid(cut::plain_text(value)?)
}

/// Reads a UUID in the form in which it is written.
fn read_plain_uuid(text: &str) -> Option<Uuid> {
    let uuid = Uuid::try_parse(text).ok()?;
    let mut written = String::with_capacity(36);
    push_uuid(uuid, &mut written);
    (written == text).then_some(uuid)
}

/// Whether the texts in valid JSON have no escapes but those that are written.
fn has_least_escapes(text: &str) -> bool {
    let mut rest = text.as_bytes();
    while let Some(place) = memchr::memchr(b'\\', rest) {
        if !matches!(rest.get(place + 1), Some(b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't')) {
            return false;
        }
        rest = rest.get(place + 2..).unwrap_or_default();
    }
    true
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::index::random::Random;
    use crate::model::data_file::reading::read_document;
    use crate::model::json::{Parser, parse};

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
        let Some(found) = read(text, schema) else { return false };
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
            text: stored,
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
        let stored = read(DOCUMENT, &schema).unwrap().text;
        let mut pretty = String::new();
        cut::push_pretty(&file_text(&stored, &[]), 2, &mut pretty);
        let value = parse(DOCUMENT).unwrap();
        let mut expected = String::new();
        value.write_pretty(&mut expected, 2);
        assert_eq!(pretty, expected);
        let without = DOCUMENT.replace("\"status\": \"done\",", "");
        let read = read(&without, &schema).unwrap();
        assert_eq!(read.implied, 1);
        assert!(read.text.contains(r#"{"status":"pending","parent_id""#));
        assert!(!file_text(&read.text, &["status"]).contains("pending"));
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
            let mut parser = Parser::new(&text);
            if parser.raw_value().and_then(|_| parser.end()).is_ok() {
                read += u32::from(check(&text, &schema));
            }
        }
        assert!(read > 1_000, "{read}");
    }
}
