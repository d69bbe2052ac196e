//! Cutting the stored text of a document into its members, so that a query parses only those
//! that it asks for.
//!
//! A stored text is the compact JSON that this library wrote (`model::document`): no white space
//! between its parts, every rule of JSON kept. Nothing is checked here; of any other text only
//! the members before the first surprise are found.

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

/// The bytes of the string at the beginning, quotation marks included.
fn string_length(bytes: &[u8]) -> Option<usize> {
    if bytes.first() != Some(&b'"') {
        return None;
    }
    let mut at = 1;
    loop {
        let rest = bytes.get(at..)?;
        at += rest.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
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
