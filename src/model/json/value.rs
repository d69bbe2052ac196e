//! A JSON value as a tree.

use super::{Number, Object};

/// Any JSON value; equal and ordered as `order` says, so `1` equals `1.0` and the order of
/// members makes no difference.
#[derive(Clone, Debug, Default)]
pub(crate) enum Value {
    /// `null`
    #[default]
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, with its exact text.
    Number(Number),
    /// A text, unescaped.
    String(String),
    /// An array.
    Array(Vec<Value>),
    /// An object.
    Object(Object),
}

impl Value {
    /// The name of the value's type, for messages.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "number",
            Value::String(_) => "text",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        }
    }

    /// The text, if it is one.
    pub(crate) fn as_str(&self) -> Option<&str> {
        if let Value::String(text) = self { Some(text) } else { None }
    }

    /// The members, if it is an object.
    pub(crate) fn as_object(&self) -> Option<&Object> {
        if let Value::Object(object) = self { Some(object) } else { None }
    }

    /// The value that a JSON pointer (RFC 6901) leads to; none as well where `pointer` is not
    /// well formed.
    pub(crate) fn pointer(&self, pointer: &str) -> Option<&Value> {
        if pointer.is_empty() {
            return Some(self);
        }
        pointer.strip_prefix('/')?.split('/').try_fold(self, |value, token| match value {
            Value::Object(object) => object.get(&unescape(token)?),
            Value::Array(elements) => elements.get(element_index(token)?),
            _ => None,
        })
    }
}

/// Undoes `~0` and `~1`; none where a `~` is followed by anything else.
fn unescape(token: &str) -> Option<String> {
    let mut pieces = token.split('~');
    let mut name = pieces.next()?.to_owned();
    for piece in pieces {
        let (mark, rest) = match piece.strip_prefix('0') {
            Some(rest) => ('~', rest),
            None => ('/', piece.strip_prefix('1')?),
        };
        name.push(mark);
        name.push_str(rest);
    }
    Some(name)
}

fn element_index(token: &str) -> Option<usize> {
    let is_plain = token == "0" || !token.starts_with(['0', '+']);
    if is_plain { token.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use crate::model::json::parse;

    #[test]
    fn pointers_follow_rfc_6901() {
        let value = parse(
            r#"{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6,
            " ":7,"m~n":8,"deep":{"~1":[[{"":null}]]}}"#,
        )
        .unwrap();
        let cases = [
            ("", Some(value.to_text())),
            ("/foo", Some(r#"["bar","baz"]"#.into())),
            ("/foo/0", Some(r#""bar""#.into())),
            ("/foo/1", Some(r#""baz""#.into())),
            ("/", Some("0".into())),
            ("/a~1b", Some("1".into())),
            ("/c%d", Some("2".into())),
            ("/e^f", Some("3".into())),
            ("/g|h", Some("4".into())),
            (r"/i\j", Some("5".into())),
            ("/k\"l", Some("6".into())),
            ("/ ", Some("7".into())),
            ("/m~0n", Some("8".into())),
            ("/deep/~01/0/0/", Some("null".into())),
            ("foo", None),
            ("/foo/2", None),
            ("/foo/-", None),
            ("/foo/00", None),
            ("/foo/01", None),
            ("/foo/+1", None),
            ("/foo/-1", None),
            ("/foo/ 1", None),
            ("/foo/", None),
            ("/foo/18446744073709551616", None),
            ("/foo/0/x", None),
            ("/m~n", None),
            ("/m~2n", None),
            ("/a/b", None),
            ("//", None),
        ];
        for (pointer, expected) in cases {
            let found = value.pointer(pointer).map(|value| value.to_text());
            assert_eq!(found, expected, "{pointer}");
        }
    }
}
