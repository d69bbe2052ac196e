//! Reading JSON that is expected to be written in one way: a [`Cursor`] goes on while it is, and
//! gives up at the first surprise, which is for a [`Parser`] to judge.
//!
//! What it gives is as sound as what a parser gives: every rule is checked but that names do not
//! repeat in the objects it is led through.

use super::string::plain_run;
use super::{DEPTH_MAX, Parser, cut};

/// What indentation is compared with.
const SPACES: u64 = u64::from_le_bytes(*b"        ");

/// The name of a member with the colon right behind it, as they are written: `"name":`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Name<'a>(&'a str);

impl<'a> Name<'a> {
    /// All of it.
    pub(crate) fn written(self) -> &'a str {
        self.0
    }

    /// What stands between the quotation marks.
    pub(crate) fn inner(self) -> &'a str {
        self.0.get(1..self.0.len() - 2).unwrap_or_default()
    }
}

/// A place in a JSON text.
pub(crate) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    /// Begins at the byte `at` of `text`.
    pub(crate) fn new(text: &'a str, at: usize) -> Cursor<'a> {
        Cursor { text, at }
    }

    /// The byte of the text that is reached.
    pub(crate) fn offset(&self) -> usize {
        self.at
    }

    /// Takes the mark that comes next, if it is `mark`.
    #[inline]
    pub(crate) fn take(&mut self, mark: u8) -> Option<()> {
        self.pass_space();
        (self.byte()? == mark).then(|| self.at += 1)
    }

    /// Takes `mark`, `word`, which is how a name is written, and a colon; nothing, unless all of
    /// them come next.
    #[inline]
    pub(crate) fn take_name(&mut self, mark: u8, word: &str) -> Option<()> {
        let start = self.at;
        let taken = self.take(mark).and_then(|()| {
            self.pass_space();
            let rest = self.text.as_bytes().get(self.at..)?;
            rest.starts_with(word.as_bytes()).then(|| self.at += word.len())?;
            self.take(b':')
        });
        if taken.is_none() {
            self.at = start;
        }
        taken
    }

    /// Enters an object, and gives the name of its first member, if it has any.
    pub(crate) fn first_name(&mut self) -> Option<Option<Name<'a>>> {
        self.take(b'{')?;
        match self.take(b'}') {
            Some(()) => Some(None),
            None => self.name().map(Some),
        }
    }

    /// Behind the value of a member: the name of the next one, or none at the end of the object.
    pub(crate) fn next_name(&mut self) -> Option<Option<Name<'a>>> {
        match self.take(b',') {
            Some(()) => self.name().map(Some),
            None => self.take(b'}').map(|()| None),
        }
    }

    fn name(&mut self) -> Option<Name<'a>> {
        let name = self.string()?;
        let start = self.at - name.len();
        (self.byte()? == b':').then(|| self.at += 1)?;
        self.text.get(start..self.at).map(Name)
    }

    /// What the string that comes next holds; none that has escapes.
    #[inline]
    pub(crate) fn plain_string(&mut self) -> Option<&'a str> {
        self.take(b'"')?;
        let start = self.at;
        let end = start + plain_run(self.text.as_bytes().get(start..)?);
        self.at = end;
        (self.byte()? == b'"').then(|| self.at += 1)?;
        self.text.get(start..end)
    }

    /// The string that comes next, as it is written, with its quotation marks; none that has other
    /// escapes than it needs.
    pub(crate) fn string(&mut self) -> Option<&'a str> {
        self.take(b'"')?;
        let bytes = self.text.as_bytes();
        let start = self.at - 1;
        let mut end = self.at;
        loop {
            end += plain_run(bytes.get(end..)?);
            match bytes.get(end)? {
                b'"' => break,
                _ => end += needed_escape(bytes.get(end..)?)?,
            }
        }
        self.at = end + 1;
        self.text.get(start..self.at)
    }

    /// The value that comes next, as it is written; `depth` levels of nesting are around it.
    pub(crate) fn value(&mut self, depth: usize) -> Option<&'a str> {
        self.pass_space();
        if self.byte()? == b'"' {
            return self.string();
        }
        let start = self.at;
        if let Some(digits) = self.whole_number() {
            return Some(digits);
        }
        self.at = Parser::past_value(self.text, start, depth)?;
        let value = self.text.get(start..self.at)?;
        // Words and numbers have no escapes.
        (!value.starts_with(['{', '[']) || has_needed_escapes(value)).then_some(value)
    }

    /// Appends the value that comes next without the white space between its parts; `depth` levels
    /// of nesting are around it. Where there is none, something may have been appended.
    pub(crate) fn push_value(&mut self, depth: usize, out: &mut String) -> Option<()> {
        self.pass_space();
        match self.byte()? {
            b'[' if depth < DEPTH_MAX => self.push_elements(depth + 1, out),
            b'{' => {
                cut::push_compact(self.value(depth)?, out);
                Some(())
            }
            _ => {
                out.push_str(self.value(depth)?);
                Some(())
            }
        }
    }

    /// Appends the array that begins here; `depth` levels of nesting are around its elements.
    fn push_elements(&mut self, depth: usize, out: &mut String) -> Option<()> {
        self.take(b'[')?;
        out.push('[');
        if self.take(b']').is_none() {
            self.push_value(depth, out)?;
            while self.take(b',').is_some() {
                out.push(',');
                self.push_value(depth, out)?;
            }
            self.take(b']')?;
        }
        out.push(']');
        Some(())
    }

    /// The number that comes next, if it is nothing but digits.
    fn whole_number(&mut self) -> Option<&'a str> {
        let rest = self.text.as_bytes().get(self.at..)?;
        let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let goes_on = |byte: &u8| matches!(byte, b'.' | b'e' | b'E');
        if rest.first() == Some(&b'0') || length == 0 || rest.get(length).is_some_and(goes_on) {
            return None;
        }
        let start = self.at;
        self.at += length;
        self.text.get(start..self.at)
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Goes on to what is no space.
    #[inline]
    pub(crate) fn pass_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.byte() {
            self.at += 1;
            self.pass_indentation();
        }
    }

    /// Passes over spaces, eight at a time where there are so many.
    #[inline]
    fn pass_indentation(&mut self) {
        let bytes = self.text.as_bytes();
        while let Some(word) = bytes.get(self.at..).and_then(<[u8]>::first_chunk) {
            let spaces = (u64::from_le_bytes(*word) ^ SPACES).trailing_zeros() / 8;
            self.at += spaces as usize;
            if spaces < 8 {
                break;
            }
        }
    }
}

/// The length of the escape that begins `text`, if it is as [`quote`](super::quote) writes it.
fn needed_escape(text: &[u8]) -> Option<usize> {
    match *text {
        [b'\\', b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't', ..] => Some(2),
        [b'\\', b'u', b'0', b'0', b'0', b'0'..=b'7' | b'b' | b'e' | b'f', ..] => Some(6),
        [b'\\', b'u', b'0', b'0', b'1', b'0'..=b'9' | b'a'..=b'f', ..] => Some(6),
        _ => None,
    }
}

/// Whether the texts in valid JSON have no other escapes than they need.
fn has_needed_escapes(text: &str) -> bool {
    let mut rest = text.as_bytes();
    while let Some(place) = memchr::memchr(b'\\', rest) {
        rest = rest.get(place..).unwrap_or_default();
        let Some(length) = needed_escape(rest) else { return false };
        rest = rest.get(length..).unwrap_or_default();
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_as_expected_is_read_part_by_part() {
        let text = "-{\"a\" :\n          \"x\\n\",\"b\":[1, {\"c\":null}],\"d\\\"\":-1.5e3 }";
        let mut cursor = Cursor::new(text, 1);
        assert_eq!((cursor.take_name(b'{', "\"b\""), cursor.offset()), (None, 1));
        cursor.take_name(b'{', "\"a\"").unwrap();
        assert_eq!(cursor.string(), Some("\"x\\n\""));
        assert_eq!(Cursor::new(text, 18).plain_string(), None);
        assert_eq!(Cursor::new(text, 2).plain_string(), Some("a"));
        assert_eq!(cursor.next_name().unwrap().map(Name::inner), Some("b"));
        assert_eq!(cursor.value(1), Some("[1, {\"c\":null}]"));
        let next = cursor.next_name().unwrap().unwrap();
        assert_eq!((next.inner(), next.written()), ("d\\\"", "\"d\\\"\":"));
        assert_eq!((cursor.value(1), cursor.next_name()), (Some("-1.5e3"), Some(None)));
        assert_eq!(cursor.offset(), text.len());
        assert_eq!(Cursor::new(text, 1).first_name(), None, "a space before the colon");
        assert_eq!(Cursor::new("{ }", 0).first_name(), Some(None));
        assert_eq!(Cursor::new("{1}", 0).first_name(), None);
    }

    #[test]
    fn escapes_are_those_that_are_written() {
        for byte in 0..=0xFF_u8 {
            let character = char::from(byte);
            let mut written = String::new();
            super::super::quote(&character.to_string(), &mut written);
            assert_eq!(Cursor::new(&written, 0).string(), Some(written.as_str()));
            let array = format!("[{written}]");
            assert_eq!(Cursor::new(&array, 0).value(0), Some(array.as_str()));
            let longer = format!("\"\\u{:04x}\"", u32::from(character));
            let is_as_written = longer == written;
            assert_eq!(Cursor::new(&longer, 0).string().is_some(), is_as_written, "{longer}");
        }
    }

    #[test]
    fn a_value_is_appended_without_white_space_if_it_is_one() {
        let nested = |depth: usize| "[ ".repeat(depth) + &"] ".repeat(depth);
        for text in [
            " \"a b\" ",
            "[ ]",
            "[\n  1,\n  \"x , y\" , [ null,[ ] ] , { \"a\" : [ 1, 2 ] , \"b\":{ } } ] ",
            "{ \"a\" : [ -1.5e3 ] }",
            "true",
            "[1,]",
            "[,1]",
            "[1 2]",
            "[1",
            "[",
            "[\"\\u0041\"]",
            "[{\"a\":1,\"a\":2}]",
            "",
            &nested(DEPTH_MAX),
            &nested(DEPTH_MAX + 1),
        ] {
            for depth in [0, 2, DEPTH_MAX] {
                let (mut one, mut other) = (Cursor::new(text, 0), Cursor::new(text, 0));
                let mut appended = String::from("before ");
                let is_one = one.push_value(depth, &mut appended).is_some();
                let Some(value) = other.value(depth) else {
                    assert!(!is_one, "{text}");
                    continue;
                };
                let mut expected = String::from("before ");
                cut::push_compact(value, &mut expected);
                assert!(is_one, "{text}");
                assert_eq!((appended, one.offset()), (expected, other.offset()), "{text}");
            }
        }
    }

    #[test]
    fn surprises_are_left_to_a_parser() {
        for text in [
            "",
            "\"",
            "\"a",
            "\"\\u0041\"",
            "\"\\/\"",
            "\"\\",
            "\"\n\"",
            "[\"\\u0041\"]",
            "[1,]",
            "01",
            "nul",
            "1e9999999999",
            "{\"a\":1,\"a\":2}",
        ] {
            assert_eq!(Cursor::new(text, 0).value(0), None, "{text}");
        }
        let deep = "[".repeat(super::super::DEPTH_MAX) + &"]".repeat(super::super::DEPTH_MAX);
        assert_eq!(Cursor::new(&deep, 0).value(0), Some(deep.as_str()));
        assert_eq!(Cursor::new(&deep, 0).value(1), None);
    }
}
