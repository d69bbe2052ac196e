//! Cutting the stored text of a document into its members, so that a query parses only those
//! that it asks for.
//!
//! A stored text is the compact JSON that this library wrote (`model::document`): no white space
//! between its parts, every rule of JSON kept. Nothing is checked here; of any other text only
//! the members before the first surprise are found.

use crate::model::json::{plain_run, quote};

/// The names of the members and the JSON of their values, in order. Names come as they are
/// written; those that every document has hold no escapes.
pub(super) fn members(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = text.strip_prefix('{').unwrap_or_default();
    std::iter::from_fn(move || {
        let (name, behind) = rest.split_at_checked(string_length(rest.as_bytes())?)?;
        let behind = behind.strip_prefix(':')?;
        let (value, behind) = behind.split_at_checked(value_length(behind.as_bytes())?)?;
        rest = behind.strip_prefix(',').unwrap_or_default();
        Some((name.get(1..name.len().checked_sub(1)?)?, value))
    })
}

/// The JSON of the member `name`.
pub(super) fn member<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut quoted = String::new();
    let written = match plain_run(name.as_bytes()) == name.len() {
        true => name,
        false => {
            quote(name, &mut quoted);
            quoted.get(1..quoted.len() - 1)?
        }
    };
    members(text).find(|(found, _)| *found == written).map(|(_, value)| value)
}

/// The bytes of the string at the beginning, quotation marks included.
fn string_length(bytes: &[u8]) -> Option<usize> {
    if bytes.first() != Some(&b'"') {
        return None;
    }
    let mut at = 1;
    loop {
        at += plain_run(bytes.get(at..)?);
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            _ => at += 2,
        }
    }
}

/// The bytes of the value at the beginning: up to what ends it in the object around it.
fn value_length(bytes: &[u8]) -> Option<usize> {
    let (mut at, mut depth) = (0, 0_usize);
    loop {
        at += match bytes.get(at)? {
            b'"' => string_length(bytes.get(at..)?)?,
            b',' | b'}' | b']' if depth == 0 => return Some(at),
            b'{' | b'[' => {
                depth += 1;
                1
            }
            b'}' | b']' => {
                depth -= 1;
                1
            }
            _ => 1,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::json::{Object, parse, parse_object};

    #[test]
    fn the_members_are_those_that_the_parser_finds() {
        for text in [
            "{}",
            r#"{"a":1}"#,
            r#"{"a":"x","b":"","c":null,"d":true,"e":-1.5E+3}"#,
            r#"{"a":{},"b":[],"c":{"d":[{"e":"}],"},[[]]]},"f":["\"","\\","\\\""]}"#,
            "{\"a\":\"caf\u{e9} \u{1f35e}\",\"\u{e9}\":[\"{\",\"[\",\",\"]}",
            r#"{"title":"say \"hi\", {you}","body":"a\\","data":{"x":"\\\\"}}"#,
        ] {
            let found: Object = members(text)
                .map(|(name, value)| (name.to_owned(), parse(value).unwrap()))
                .collect();
            let expected = parse_object(text).unwrap();
            assert_eq!(found.len(), expected.len(), "{text}");
            assert!(found.iter().eq(expected.iter()), "{text}");
        }
    }

    #[test]
    fn a_member_is_found_by_its_name_however_that_is_written() {
        let text = r#"{"a":1,"say \"hi\"":{"\\":2},"\u0001":3,"":4}"#;
        assert_eq!(member(text, "a"), Some("1"));
        assert_eq!(member(text, "say \"hi\"").and_then(|it| member(it, "\\")), Some("2"));
        assert_eq!((member(text, "\u{1}"), member(text, "")), (Some("3"), Some("4")));
        assert_eq!((member(text, "b"), member("[1]", "a"), member("1", "a")), (None, None, None));
    }

    #[test]
    fn other_texts_end_the_members_early() {
        for (text, expected) in [
            ("", 0),
            ("[]", 0),
            ("{", 0),
            ("{\"a", 0),
            ("{\"a\":", 0),
            ("{\"a\":1", 0),
            ("{\"a\":1,", 1),
            ("{\"a\":1,\"b", 1),
            ("{\"a\":\"\\", 0),
            ("{\"a\":1, \"b\":2}", 1),
            ("{\"a\":1}}}", 1),
            ("\"a\":1}", 0),
        ] {
            assert_eq!(members(text).count(), expected, "{text}");
        }
    }
}
