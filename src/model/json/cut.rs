//! Cutting valid JSON into members, and laying it out anew, without making values of it.
//!
//! Nothing is checked here: of a text that is no JSON only what comes before the first surprise is
//! found. Stored texts of documents, and what a [`Parser`](super::Parser) has passed over, are
//! valid.

use std::borrow::Cow;
use std::ops::Range;

use memchr::{memchr, memchr2};

use super::string::plain_run;
use super::write::{new_line, quote};
use super::{Value, parse};

/// The names of the members of an object without white space and the JSON of their values, in
/// order. Names come as they are written: those of the members that every document has hold no
/// escapes.
pub(crate) fn members(text: &str) -> impl Iterator<Item = (&str, &str)> {
    Places::of(text).map_while(|(name, value)| Some((text.get(name)?, text.get(value)?)))
}

/// The JSON of the member `name` of an object without white space.
pub(crate) fn member<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let written = written(name);
    let is_asked_for =
        |name: &Range<usize>| text.as_bytes().get(name.clone()) == Some(written.as_bytes());
    let (_, value) = Places::of(text).find(|(name, _)| is_asked_for(name))?;
    text.get(value)
}

/// The string at the beginning, as it is written.
pub(crate) fn string(text: &str) -> Option<&str> {
    text.get(..string_length(text.as_bytes())?)
}

/// The value at the beginning, as it is written.
pub(crate) fn value(text: &str) -> Option<&str> {
    text.get(..value_length(text.as_bytes())?)
}

/// Where the names and the values of the members of an object are.
struct Places<'a> {
    bytes: &'a [u8],
    /// Where the next one begins.
    at: usize,
}

impl<'a> Places<'a> {
    fn of(text: &'a str) -> Places<'a> {
        Places { bytes: text.as_bytes(), at: if text.starts_with('{') { 1 } else { text.len() } }
    }
}

impl Iterator for Places<'_> {
    type Item = (Range<usize>, Range<usize>);

    #[inline]
    fn next(&mut self) -> Option<(Range<usize>, Range<usize>)> {
        let name = self.at;
        let colon = name + string_length(self.bytes.get(name..)?)?;
        let value = colon + 1;
        let end = value + value_length(self.bytes.get(value..)?)?;
        self.at = match (self.bytes.get(colon)?, self.bytes.get(end)?) {
            (b':', b',') => end + 1,
            (b':', b'}') => self.bytes.len(),
            _ => return None,
        };
        Some((name + 1..colon - 1, value..end))
    }
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

/// What a text between quotation marks stands for.
pub(crate) fn unescaped(written: &str) -> Cow<'_, str> {
    if memchr(b'\\', written.as_bytes()).is_none() {
        return Cow::Borrowed(written);
    }
    match parse(&format!("\"{written}\"")) {
        Ok(Value::String(text)) => Cow::Owned(text),
        _ => Cow::Borrowed(written),
    }
}

/// Whether all escapes are of two characters, and as [`quote`] writes them.
pub(super) fn has_short_escapes(text: &str) -> bool {
    let mut rest = text.as_bytes();
    while let Some(place) = memchr(b'\\', rest) {
        let Some(b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't') = rest.get(place + 1) else {
            return false;
        };
        rest = rest.get(place + 2..).unwrap_or_default();
    }
    true
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
    let (mut at, mut depth) = (0, indent);
    while let Some(&byte) = bytes.get(at) {
        let next = bytes.get(at + 1).copied();
        let end = at + part_length(bytes, at);
        let is_empty = matches!((byte, next), (b'{', Some(b'}')) | (b'[', Some(b']')));
        if matches!(byte, b'}' | b']') {
            depth = depth.saturating_sub(1);
            new_line(out, depth);
        }
        let end = if is_empty { end + 1 } else { end };
        out.push_str(value.get(at..end).unwrap_or_default());
        match byte {
            b'{' | b'[' if !is_empty => {
                depth += 1;
                new_line(out, depth);
            }
            b',' => new_line(out, depth),
            b':' => out.push(' '),
            _ => {}
        }
        at = end;
    }
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

/// The bytes of the string at the beginning, quotation marks included.
fn string_length(bytes: &[u8]) -> Option<usize> {
    if bytes.first() != Some(&b'"') {
        return None;
    }
    let mut at = 1;
    loop {
        at += memchr2(b'"', b'\\', bytes.get(at..)?)?;
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            _ => at += 2,
        }
    }
}

/// The bytes of the number or word at the beginning.
fn scalar_length(bytes: &[u8]) -> usize {
    let goes_on = |&&byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-');
    bytes.iter().take_while(goes_on).count()
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
