//! Reading JSON text: a pull parser over a `&str`, which gives whole values or, for large texts,
//! one member and one element at a time.
//!
//! Every rule of RFC 8259 holds; beyond it, repeated names are refused, and so are more than
//! [`DEPTH_MAX`] levels, exponents of more than nine digits and more than [`VALUES_MAX`] values.
//! Work is linear in the text.

use std::borrow::Cow;

use super::mistakes::{self, Expected, described};
use super::names::Names;
use super::place::{BYTE_ORDER_MARK, line_column};
use super::{DEPTH_MAX, Number, Object, Value};
use crate::error::{Error, ErrorKind, Result};

/// Digits of an exponent at most, leading zeros aside.
const EXPONENT_DIGITS_MAX: usize = 9;
/// Values that one parser makes at most: small ones take far more memory than text.
pub(super) const VALUES_MAX: u32 = 5_000_000;
/// Characters of a name that a message shows at most.
const NAME_SHOWN_MAX: usize = 60;

/// A place in a JSON text and the ways to go on from it.
pub(crate) struct Parser<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    /// How many values may still be made.
    values_left: u32,
    /// How many characters of white space were passed.
    spaces: usize,
    /// Lists of names that are not in use.
    spare: Vec<Names<'a>>,
}

impl<'a> Parser<'a> {
    /// Begins at the start of `text`, behind a byte-order mark if there is one.
    pub(crate) fn new(text: &'a str) -> Parser<'a> {
        let at = if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len_utf8() } else { 0 };
        Parser { text, at, values_left: VALUES_MAX, spaces: 0, spare: Vec::new() }
    }

    /// For a text of our own, of which as many values may be made as there are.
    pub(super) fn of_own(text: &'a str) -> Parser<'a> {
        Parser { values_left: u32::MAX, ..Parser::new(text) }
    }

    /// Goes to the next byte that is not white space, and gives it without taking it.
    pub(crate) fn peek(&mut self) -> Option<u8> {
        let start = self.at;
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.byte() {
            self.at += 1;
        }
        self.spaces += self.at - start;
        self.byte()
    }

    /// How many bytes of the text are behind this place; after [`Parser::peek`], the offset of
    /// what comes next.
    pub(crate) fn offset(&self) -> usize {
        self.at
    }

    /// Makes sure that only white space is left.
    ///
    /// # Errors
    /// INVALID.
    pub(crate) fn end(&mut self) -> Result<()> {
        if self.peek().is_some() { Err(self.unexpected(Expected::End)) } else { Ok(()) }
    }

    /// Reads a value. Levels of nesting are counted from this value on.
    ///
    /// # Errors
    /// INVALID, LIMIT.
    pub(crate) fn value(&mut self) -> Result<Value> {
        self.value_within(0)
    }

    /// Reads past a value and gives its exact text, every rule checked. Levels of nesting are
    /// counted from this value on.
    ///
    /// # Errors
    /// INVALID, LIMIT.
    pub(crate) fn raw_value(&mut self) -> Result<&'a str> {
        self.peek();
        let start = self.at;
        self.skip_within(0)?;
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }

    /// Reads past a value as [`Parser::raw_value`] does, and tells whether there is no white space
    /// between its parts.
    pub(super) fn compact_value(&mut self) -> Result<(&'a str, bool)> {
        self.peek();
        let spaces = self.spaces;
        let value = self.raw_value()?;
        Ok((value, self.spaces == spaces))
    }

    /// Where the value ends that begins at the byte `at` of `text` with `depth` levels of nesting
    /// around it; none when it breaks a rule.
    pub(super) fn past_value(text: &'a str, at: usize, depth: usize) -> Option<usize> {
        let mut parser = Parser { at, ..Parser::new(text) };
        parser.skip_within(depth).ok()?;
        Some(parser.at)
    }

    /// The text that is read.
    pub(crate) fn text(&self) -> &'a str {
        self.text
    }

    /// Goes to the byte `at` of the text, which has been read up to there in another way.
    pub(crate) fn go_to(&mut self, at: usize) {
        self.at = at;
    }

    /// Reads an object; `each` is called behind every name and must read the value.
    ///
    /// # Errors
    /// INVALID where there is no object or its form is wrong, and the errors of `each`.
    pub(crate) fn object(
        &mut self,
        each: &mut dyn FnMut(&mut Self, Cow<'a, str>) -> Result<()>,
    ) -> Result<()> {
        if self.peek() != Some(b'{') {
            return Err(self.unexpected(Expected::Object));
        }
        self.named_members(each)
    }

    /// Reads an array; `each` is called before every element and must read it.
    ///
    /// # Errors
    /// INVALID where there is no array or its form is wrong, and the errors of `each`.
    pub(crate) fn array(&mut self, each: &mut dyn FnMut(&mut Self) -> Result<()>) -> Result<()> {
        if self.peek() != Some(b'[') {
            return Err(self.unexpected(Expected::Array));
        }
        self.elements(each)
    }

    /// The byte at this place.
    pub(super) fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn count_value(&mut self) -> Result<()> {
        if let Some(left) = self.values_left.checked_sub(1) {
            self.values_left = left;
            return Ok(());
        }
        let message = format!("a text has at most {VALUES_MAX} values");
        Err(self.located(Error::new(ErrorKind::Limit, message).named("JSON_VALUES"), self.at))
    }

    fn value_within(&mut self, depth: usize) -> Result<Value> {
        self.count_value()?;
        match self.peek() {
            Some(b'"') => Ok(Value::String(self.string()?.into_owned())),
            Some(b'{') => {
                let depth = self.deeper(depth)?;
                let mut object = Object::default();
                self.members(|parser, start, name| {
                    if object.contains_key(&name) {
                        return Err(parser.repeated(start, &name));
                    }
                    let value = parser.value_within(depth)?;
                    object.append(name.into_owned(), value);
                    Ok(())
                })?;
                Ok(Value::Object(object))
            }
            Some(b'[') => {
                let depth = self.deeper(depth)?;
                let mut elements = Vec::new();
                self.elements(|parser| {
                    elements.push(parser.value_within(depth)?);
                    Ok(())
                })?;
                Ok(Value::Array(elements))
            }
            Some(b'-' | b'0'..=b'9') => Ok(Value::Number(Number::from_checked(self.number()?))),
            _ => self.literal(),
        }
    }

    /// Does all that `value_within` does but keep the values.
    fn skip_within(&mut self, depth: usize) -> Result<()> {
        match self.peek() {
            Some(b'"') => self.string().map(drop),
            Some(b'{') => {
                let depth = self.deeper(depth)?;
                self.named_members(|parser, _| parser.skip_within(depth))
            }
            Some(b'[') => {
                let depth = self.deeper(depth)?;
                self.elements(|parser| parser.skip_within(depth))
            }
            Some(b'-' | b'0'..=b'9') => self.number().map(drop),
            _ => self.literal().map(drop),
        }
    }

    /// Reads the object that begins here, whose names must differ.
    fn named_members(
        &mut self,
        mut each: impl FnMut(&mut Self, Cow<'a, str>) -> Result<()>,
    ) -> Result<()> {
        let mut names = self.spare.pop().unwrap_or_default();
        self.members(|parser, start, name| {
            if !names.add(name.clone()) {
                return Err(parser.repeated(start, &name));
            }
            each(parser, name)
        })?;
        names.clear();
        self.spare.push(names);
        Ok(())
    }

    /// Reads the object that begins here; `each` gets the offset of the name and the name.
    fn members(
        &mut self,
        mut each: impl FnMut(&mut Self, usize, Cow<'a, str>) -> Result<()>,
    ) -> Result<()> {
        self.at += 1;
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        let mut first = true;
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.unexpected(Expected::Name { first }));
            }
            first = false;
            let start = self.at;
            let name = self.string()?;
            if self.peek() != Some(b':') {
                return Err(self.unexpected(Expected::Colon));
            }
            self.at += 1;
            each(self, start, name)?;
            if !self.goes_on(b'}')? {
                return Ok(());
            }
        }
    }

    /// Reads the array that begins here.
    fn elements(&mut self, mut each: impl FnMut(&mut Self) -> Result<()>) -> Result<()> {
        self.at += 1;
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.peek();
            each(self)?;
            if !self.goes_on(b']')? {
                return Ok(());
            }
        }
    }

    /// Takes a comma (yes) or `close` (no).
    fn goes_on(&mut self, close: u8) -> Result<bool> {
        match self.peek() {
            Some(byte) if byte == b',' || byte == close => {
                self.at += 1;
                Ok(byte == b',')
            }
            _ => Err(self.unexpected(Expected::Comma { close: char::from(close) })),
        }
    }

    fn deeper(&self, depth: usize) -> Result<usize> {
        if depth < DEPTH_MAX {
            return Ok(depth + 1);
        }
        let message = format!("more than {DEPTH_MAX} arrays and objects within each other");
        Err(self.located(Error::new(ErrorKind::Limit, message).named("JSON_DEPTH"), self.at))
    }

    fn literal(&mut self) -> Result<Value> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let (word, value) = if rest.starts_with("null") {
            ("null", Value::Null)
        } else if rest.starts_with("true") {
            ("true", Value::Bool(true))
        } else if rest.starts_with("false") {
            ("false", Value::Bool(false))
        } else {
            return Err(self.unexpected(Expected::Value));
        };
        self.at += word.len();
        Ok(value)
    }

    fn number(&mut self) -> Result<&'a str> {
        let start = self.at;
        if self.byte() == Some(b'-') {
            self.at += 1;
        }
        let whole = self.digits("a digit")?;
        if whole.len() > 1 && whole.starts_with('0') {
            self.at -= whole.len() - 1;
            return Err(self.malformed_number("no digit after a leading 0"));
        }
        if self.byte() == Some(b'.') {
            self.at += 1;
            self.digits("a digit after the decimal point")?;
        }
        if let Some(b'e' | b'E') = self.byte() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.byte() {
                self.at += 1;
            }
            let exponent = self.digits("a digit of the exponent")?;
            if exponent.trim_start_matches('0').len() > EXPONENT_DIGITS_MAX {
                let message = "the exponent of a number is beyond 999999999";
                let error = Error::new(ErrorKind::Limit, message).named("JSON_EXPONENT");
                return Err(self.located(error, start));
            }
        }
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }

    /// Takes one digit or more.
    fn digits(&mut self, expected: &'static str) -> Result<&'a str> {
        let start = self.at;
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        self.at += rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if self.at == start {
            return Err(self.malformed_number(expected));
        }
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }

    /// An error at this place, where something else than `expected` is.
    #[cold]
    pub(super) fn unexpected(&self, expected: Expected) -> Error {
        let found = described(self.text.get(self.at..).and_then(|rest| rest.chars().next()));
        let message = mistakes::recognised(self.text, self.at, expected)
            .unwrap_or_else(|| format!("expected {expected}, found {found}"));
        let error = Error::invalid(message).named("JSON_SYNTAX");
        self.located(error.expected(expected.to_string()).actual(found), self.at)
    }

    #[cold]
    fn malformed_number(&self, expected: &'static str) -> Error {
        self.unexpected(Expected::Digit(expected)).named("JSON_NUMBER")
    }

    #[cold]
    fn repeated(&self, start: usize, name: &str) -> Error {
        let mut shown: String = name.chars().take(NAME_SHOWN_MAX).collect();
        if shown.len() < name.len() {
            shown.push_str("...");
        }
        let message =
            format!("the member '{shown}' is there twice in one object; take one of the two out");
        let error = Error::invalid(message).named("JSON_DUPLICATE_KEY");
        self.located(error, start)
    }

    #[cold]
    pub(super) fn located(&self, error: Error, offset: usize) -> Error {
        let (line, column) = line_column(self.text, offset);
        error.at(line, column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::json::parse;

    const FILE: &str = "\u{FEFF} {\"documents\" : [ {\"a\":1} ,[2, \"\\n\"]\n], \"rest\": null } ";

    #[test]
    fn large_texts_are_read_piece_by_piece() {
        let mut parser = Parser::new(FILE);
        let mut pieces = Vec::new();
        assert_eq!((parser.offset(), parser.peek(), parser.offset()), (3, Some(b'{'), 4));
        parser
            .object(&mut |parser, name| {
                if name == "rest" {
                    assert_eq!(parser.value()?, Value::Null);
                    return Ok(());
                }
                parser.array(&mut |parser| {
                    let start = parser.offset();
                    let text = parser.raw_value()?;
                    assert_eq!(FILE.get(start..parser.offset()), Some(text));
                    pieces.push(text);
                    Ok(())
                })
            })
            .unwrap();
        parser.end().unwrap();
        assert_eq!(pieces, ["{\"a\":1}", "[2, \"\\n\"]"]);
    }

    #[test]
    fn pieces_of_another_type_are_refused() {
        let error = Parser::new(" []").object(&mut |_, _| Ok(())).unwrap_err();
        assert_eq!(error.message(), "expected an object, found '['");
        assert_eq!(error.position(), Some((1, 2)));
        let error = Parser::new("").array(&mut |_| Ok(())).unwrap_err();
        assert_eq!(
            error.message(),
            "the text ends too early: expected an array; restore what was cut off, or put the \
             missing brackets at its end"
        );
        let error = Parser::new(r#"{"a":1,"\u0061":2}"#)
            .object(&mut |parser, _| parser.value().map(drop))
            .unwrap_err();
        assert_eq!((error.name(), error.position()), ("JSON_DUPLICATE_KEY", Some((1, 8))));
    }

    #[test]
    fn messages_say_what_was_expected_and_what_was_found() {
        let long = "x".repeat(100);
        let cases: &[(String, &str)] = &[
            ("-a".into(), "expected a digit, found 'a'"),
            ("007".into(), "expected no digit after a leading 0, found '0'"),
            ("\u{1}1".into(), "expected a value, found U+0001"),
            (
                r#""\ud800""#.into(),
                "a \\u escape is half of a surrogate pair; write both halves, the high one (D800 \
                 to DBFF) first",
            ),
            (
                r#"{"a":1,"a":1}"#.into(),
                "the member 'a' is there twice in one object; take one of the two out",
            ),
            ("1e1234567890".into(), "the exponent of a number is beyond 999999999"),
            ("[".repeat(129), "more than 128 arrays and objects within each other"),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text).unwrap_err().message(), *expected, "{text}");
        }
        let error = parse(&format!("{{\"{long}\":1,\"{long}\":2}}")).unwrap_err();
        assert!(error.message().contains("xxx...' is there") && error.message().len() < 140);
    }

    #[test]
    fn depth_and_exponents_are_limits_and_all_else_is_invalid() {
        let kind = |text: &str| parse(text).unwrap_err().kind();
        assert_eq!(kind(&"{\"a\":".repeat(129)), ErrorKind::Limit);
        assert_eq!(kind("1E-1000000000"), ErrorKind::Limit);
        for text in ["", "{\"a\":1,\"a\":1}", "\"\\ud800\"", "01", "nul"] {
            assert_eq!(kind(text), ErrorKind::Invalid, "{text}");
        }
    }

    #[test]
    fn a_value_inside_may_nest_as_deeply_as_a_whole_text() {
        let deepest = format!("{}{}", "[".repeat(DEPTH_MAX), "]".repeat(DEPTH_MAX));
        let text = format!("[{deepest},{deepest}]");
        assert!(parse(&deepest).is_ok() && parse(&text).is_err());
        let mut parser = Parser::new(&text);
        parser
            .array(&mut |parser| {
                match parser.offset() {
                    1 => assert_eq!(parser.raw_value()?, deepest),
                    _ => assert_eq!(parser.value()?.to_text(), deepest),
                }
                Ok(())
            })
            .unwrap();
    }

    #[test]
    fn objects_with_many_members_take_linear_time() {
        let members: Vec<String> = (0..100_000).map(|n| format!("\"{n}\":{n}")).collect();
        let mut text = format!("{{{}}}", members.join(","));
        assert_eq!(parse(&text).unwrap().to_text(), text);
        assert_eq!(Parser::new(&text).raw_value().unwrap(), text);
        text.replace_range(text.len() - 1.., ",\"\\u0030\":0}");
        for result in [parse(&text).map(drop), Parser::new(&text).raw_value().map(drop)] {
            assert_eq!(result.unwrap_err().name(), "JSON_DUPLICATE_KEY");
        }
    }
}
