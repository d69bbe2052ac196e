//! [`JsonText`]: a value as text. What a document only keeps and gives again is never made a tree
//! of.

use std::borrow::Cow;

use super::parser::VALUES_MAX;
use super::{Object, Parser, Value, cut, line_column, not_an_object, parse, quote};
use crate::error::Result;

/// The text of a value, just as [`Value::write`] writes it: without white space, and with as few
/// escapes as there can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JsonText<'a>(Cow<'a, str>);

impl JsonText<'static> {
    /// `null`
    pub(crate) const NULL: JsonText<'static> = JsonText(Cow::Borrowed("null"));
    /// The empty string.
    pub(crate) const EMPTY_STRING: JsonText<'static> = JsonText(Cow::Borrowed("\"\""));
    /// The object without members.
    pub(crate) const EMPTY_OBJECT: JsonText<'static> = JsonText(Cow::Borrowed("{}"));

    /// Reads a whole text, which holds one object and white space around it.
    ///
    /// # Errors
    /// As [`super::parse_object`].
    pub(crate) fn read_object(text: &str) -> Result<JsonText<'static>> {
        let mut parser = Parser::new(text);
        parser.peek();
        let start = parser.offset();
        let value = JsonText::next(&mut parser)?;
        parser.end()?;
        match value.is_object() {
            true => Ok(value),
            false => Err(not_an_object(value.type_name(), line_column(text, start))),
        }
    }

    /// Reads the value that comes next.
    ///
    /// # Errors
    /// INVALID and LIMIT, as [`Parser::value`].
    pub(crate) fn next(parser: &mut Parser<'_>) -> Result<JsonText<'static>> {
        let (text, is_compact) = parser.compact_value()?;
        // Each value but the last has a mark behind it.
        let may_be_too_many = text.len() / 2 > VALUES_MAX as usize;
        if may_be_too_many || !cut::has_short_escapes(text) {
            return Ok(JsonText::of(&parse(text)?));
        }
        let mut compact = String::with_capacity(text.len());
        if is_compact {
            compact.push_str(text);
        } else {
            cut::push_compact(text, &mut compact);
        }
        Ok(JsonText(compact.into()))
    }

    /// The text of a value.
    pub(crate) fn of(value: &Value) -> JsonText<'static> {
        JsonText(value.to_text().into())
    }

    /// Of what is in this form already.
    pub(crate) fn written(text: String) -> JsonText<'static> {
        JsonText(text.into())
    }

    /// The text of a string.
    pub(crate) fn string(text: &str) -> JsonText<'static> {
        let mut quoted = String::with_capacity(text.len() + 2);
        quote(text, &mut quoted);
        JsonText(quoted.into())
    }
}

impl<'a> JsonText<'a> {
    /// Of what is in this form already: part of a stored document.
    pub(crate) fn stored(text: &'a str) -> JsonText<'a> {
        JsonText(Cow::Borrowed(text))
    }

    /// The same, with memory of its own.
    pub(crate) fn into_owned(self) -> JsonText<'static> {
        JsonText(Cow::Owned(self.0.into_owned()))
    }

    /// The text.
    pub(crate) fn as_text(&self) -> &str {
        &self.0
    }

    /// What it says.
    pub(crate) fn value(&self) -> Value {
        match self.as_str() {
            Some(string) => Value::String(string.into_owned()),
            None => Parser::of_own(&self.0).value().unwrap_or_default(),
        }
    }

    /// What it holds, if it is a string.
    pub(crate) fn as_str(&self) -> Option<Cow<'_, str>> {
        let written = self.0.strip_prefix('"')?.strip_suffix('"')?;
        Some(cut::unescaped(written))
    }

    /// The object; an empty one where it is something else.
    pub(crate) fn object(&self) -> Object {
        let mut object = Object::default();
        for (name, value) in self.members() {
            object.append(name.into_owned(), value.value());
        }
        object
    }

    /// The names and the values of the members of an object, in their order.
    pub(crate) fn members(&self) -> impl Iterator<Item = (Cow<'_, str>, JsonText<'_>)> {
        cut::members(&self.0).map(|(name, value)| (cut::unescaped(name), JsonText::stored(value)))
    }

    /// Whether it is an object.
    pub(crate) fn is_object(&self) -> bool {
        self.0.starts_with('{')
    }

    /// Whether it is null.
    pub(crate) fn is_null(&self) -> bool {
        self.0 == "null"
    }

    /// The name of the value's type, for messages.
    pub(crate) fn type_name(&self) -> &'static str {
        match self.0.as_bytes().first() {
            Some(b'"') => "text",
            Some(b'{') => "object",
            Some(b'[') => "array",
            Some(b't' | b'f') => "boolean",
            Some(b'n') | None => "null",
            Some(_) => "number",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::json::parse_object;

    #[test]
    fn a_text_is_what_the_tree_of_it_is_written_as() {
        for text in [
            r#" { "a" : [ 1 , 2.50 , -0 , 1E+5 ] , "b" : { } , "c" : "d  e" } "#,
            r#"{"\u0061":"\u00e9\/\u001F\u001f\n\b\f\r\t\"\\","b\"":null,"":[[],{"x":[true]}]}"#,
            "{}",
            "\u{feff}{\"a\":\"\u{1f35e}\"}",
        ] {
            let read = JsonText::read_object(text).unwrap();
            let tree = parse_object(text).unwrap();
            assert_eq!(read, JsonText::of(&Value::Object(tree.clone())), "{text}");
            assert!(read.is_object() && read.object().iter().eq(tree.iter()), "{text}");
            let members: Vec<_> = read.members().collect();
            let expected =
                tree.iter().map(|(name, value)| (name.as_str().into(), JsonText::of(value)));
            assert_eq!(members, expected.collect::<Vec<_>>(), "{text}");
        }
    }

    #[test]
    fn strings_and_types_are_told() {
        for (text, string, name) in [
            (r#""""#, Some(""), "text"),
            (r#""a\"\\\n""#, Some("a\"\\\n"), "text"),
            ("null", None, "null"),
            ("true", None, "boolean"),
            ("-1", None, "number"),
            ("[\"\"]", None, "array"),
            ("{}", None, "object"),
        ] {
            let read = JsonText::next(&mut Parser::new(text)).unwrap();
            assert_eq!(read.as_str().as_deref(), string, "{text}");
            assert_eq!(read.type_name(), name);
            assert_eq!(read.value().type_name(), name);
            assert_eq!(read.is_null(), text == "null");
            assert!(string.is_none_or(|string| JsonText::string(string) == read));
        }
        assert_eq!(JsonText::EMPTY_STRING, JsonText::string(""));
        assert_eq!(JsonText::EMPTY_OBJECT, JsonText::of(&Value::Object(Object::default())));
    }

    #[test]
    fn what_is_refused_is_refused_as_by_the_tree() {
        for text in ["", "[", "{\"a\":1,\"a\":2}", "[1]", "{} x", "{\"a\":\"\\ud800\"}", " 7"] {
            let expected = parse_object(text).unwrap_err();
            let refused = JsonText::read_object(text).unwrap_err();
            assert_eq!(refused.to_string(), expected.to_string(), "{text}");
            assert_eq!(refused.to_json(), expected.to_json(), "{text}");
        }
        let many = format!("{{\"a\":[0{}]}}", ",0".repeat(VALUES_MAX as usize));
        assert_eq!(JsonText::read_object(&many).unwrap_err().name(), "JSON_VALUES");
    }
}
