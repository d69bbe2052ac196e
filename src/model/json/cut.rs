//! Cutting valid JSON into members, and laying it out anew, without making values of it.
//!
//! Nothing is checked here: of a text that is no JSON only what comes before the first surprise is
//! found. Stored texts of documents, and what a [`Parser`](super::Parser) has passed over, are
//! valid.

use std::borrow::Cow;

use super::string::plain_run;
use super::write::{new_line, quote};

/// The names of the members of an object and the JSON of their values, in order. Names come as they
/// are written: those of the members that every document has hold no escapes.
pub(crate) fn members(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let bytes = text.as_bytes();
    // Places are counted in bytes; the text is cut only where a part was found.
    let mut before = skip_space(bytes, 0);
    let mut goes_on = bytes.get(before) == Some(&b'{');
    std::iter::from_fn(move || {
        if !goes_on {
            return None;
        }
        let name = skip_space(bytes, before + 1);
        let name_end = name + string_length(bytes.get(name..)?)?;
        let colon = skip_space(bytes, name_end);
        let value = skip_space(bytes, colon + 1);
        let value_end = value + value_length(bytes.get(value..)?)?;
        let end = skip_space(bytes, value_end);
        goes_on = match (bytes.get(colon)?, bytes.get(end)?) {
            (b':', b',') => true,
            (b':', b'}') => false,
            _ => return None,
        };
        before = end;
        Some((text.get(name + 1..name_end.checked_sub(1)?)?, text.get(value..value_end)?))
    })
}

/// The JSON of the member `name`.
pub(crate) fn member<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let written = written(name);
    members(text).find(|(found, _)| *found == written).map(|(_, value)| value)
}

/// A text as JSON has it between quotation marks.
pub(crate) fn written(text: &str) -> Cow<'_, str> {
    if plain_run(text.as_bytes()) == text.len() {
        return Cow::Borrowed(text);
    }
    let mut quoted = String::new();
    quote(text, &mut quoted);
    Cow::Owned(quoted.get(1..quoted.len() - 1).unwrap_or_default().to_owned())
}

/// What a string holds, if it is one and holds no escapes.
pub(crate) fn plain_text(value: &str) -> Option<&str> {
    let text = value.strip_prefix('"')?.strip_suffix('"')?;
    (!text.contains('\\')).then_some(text)
}

/// Appends a value without the white space between its parts.
pub(crate) fn push_compact(value: &str, out: &mut String) {
    let bytes = value.as_bytes();
    if bytes.first() == Some(&b'"') {
        return out.push_str(value);
    }
    let (mut at, mut copied) = (0, 0);
    while let Some(&byte) = bytes.get(at) {
        if is_space(byte) {
            out.push_str(value.get(copied..at).unwrap_or_default());
            let rest = bytes.get(at..).unwrap_or_default();
            at += rest.iter().take_while(|&&byte| is_space(byte)).count();
            copied = at;
        } else {
            at += part_length(bytes, at);
        }
    }
    out.push_str(value.get(copied..).unwrap_or_default());
}

/// Appends a value that has no white space with a line for each element and member, as
/// [`Value::write_pretty`](super::Value::write_pretty) does.
pub(crate) fn push_pretty(value: &str, indent: usize, out: &mut String) {
    let bytes = value.as_bytes();
    let (mut at, mut copied, mut depth) = (0, 0, indent);
    while let Some(&byte) = bytes.get(at) {
        at += part_length(bytes, at);
        let is_end = match byte {
            b'{' | b'[' if matches!(bytes.get(at), Some(b'}' | b']')) => {
                at += 1;
                continue;
            }
            b'{' | b'[' => {
                depth += 1;
                false
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                true
            }
            b',' | b':' => false,
            _ => continue,
        };
        let end = if is_end { at - 1 } else { at };
        out.push_str(value.get(copied..end).unwrap_or_default());
        copied = end;
        match byte {
            b':' => out.push(' '),
            _ => new_line(out, depth),
        }
    }
    out.push_str(value.get(copied..).unwrap_or_default());
}

/// The bytes of the string, mark, space or run of a number or word at a place; at least one.
fn part_length(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    match rest.first() {
        Some(b'"') => string_length(rest).unwrap_or(rest.len()),
        Some(b'{' | b'}' | b'[' | b']' | b',' | b':') | None => 1,
        Some(&byte) if is_space(byte) => 1,
        Some(_) => scalar_length(rest).max(1),
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
}

/// The place behind the white space at a place.
fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).is_some_and(|&byte| is_space(byte)) {
        at += 1;
    }
    at
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

/// The bytes of the number or word at the beginning.
fn scalar_length(bytes: &[u8]) -> usize {
    let ends = |byte: &u8| is_space(*byte) || matches!(byte, b',' | b':' | b'}' | b']');
    bytes.iter().position(ends).unwrap_or(bytes.len())
}

/// The bytes of the value at the beginning.
fn value_length(bytes: &[u8]) -> Option<usize> {
    match bytes.first()? {
        b'"' => return string_length(bytes),
        b'{' | b'[' => {}
        _ => return Some(scalar_length(bytes)).filter(|&length| length > 0),
    }
    let (mut at, mut depth) = (0, 0_usize);
    loop {
        let rest = bytes.get(at..)?;
        let place = rest.iter().position(|&byte| is_mark(byte))?;
        at += place;
        at += match rest.get(place)? {
            b'"' => string_length(rest.get(place..)?)?,
            b'{' | b'[' => {
                depth += 1;
                1
            }
            _ if depth == 1 => return Some(at + 1),
            _ => {
                depth -= 1;
                1
            }
        };
    }
}

/// Whether a byte begins a string, or begins or ends an array or object.
fn is_mark(byte: u8) -> bool {
    /// Looking a byte up is faster than comparing it with each mark.
    #[expect(clippy::indexing_slicing, reason = "a byte is never beyond 255")]
    const MARKS: [bool; 256] = {
        let mut marks = [false; 256];
        let mut rest: &[u8] = b"\"{}[]";
        while let [mark, after @ ..] = rest {
            marks[*mark as usize] = true;
            rest = after;
        }
        marks
    };
    MARKS.get(usize::from(byte)).copied().unwrap_or_default()
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
    fn white_space_between_parts_is_passed_over_taken_out_and_put_in() {
        let text = r#"{"a":[],"b":{},"c":[1,{"d":" , : \" ","e":[[-1.5e3],true]}],"":null}"#;
        let value = parse(text).unwrap();
        let mut pretty = String::new();
        value.write_pretty(&mut pretty, 2);
        let mut laid_out = String::new();
        push_pretty(text, 2, &mut laid_out);
        assert_eq!(laid_out, pretty);
        for spaced in [pretty.clone(), pretty.replace('\n', " \r\n\t"), format!(" {text} ")] {
            let mut compact = String::new();
            push_compact(&spaced, &mut compact);
            assert_eq!(compact, text);
            let found = members(&spaced).map(|(name, value)| {
                let mut compact = String::new();
                push_compact(value, &mut compact);
                (name.to_owned(), compact)
            });
            assert!(found.eq(members(text).map(|(n, v)| (n.to_owned(), v.to_owned()))));
        }
        for scalar in ["1", "\"x\"", "null", "[]", "{}"] {
            let mut laid_out = String::new();
            push_pretty(scalar, 3, &mut laid_out);
            assert_eq!(laid_out, scalar);
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
            ("{\"a\":1 \"b\":2}", 0),
            ("{\"a\":1}}}", 1),
            ("\"a\":1}", 0),
        ] {
            assert_eq!(members(text).count(), expected, "{text}");
        }
    }
}
