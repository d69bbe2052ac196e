//! Why a value does not fit a struct, and the [`Error`] that says so.

use std::fmt;

use serde::de::{self, Expected, Unexpected};

use super::Value;
use crate::error::Error;

/// Characters of a caller's text that a message shows at most.
const SHOWN_MAX: usize = 40;

/// Why a value does not fit, and the way to it.
#[derive(Debug)]
pub(super) struct Failure {
    /// From the innermost member outwards.
    path: Vec<String>,
    cause: Box<Cause>,
}

#[derive(Debug)]
enum Cause {
    WrongType { expected: String, found: String },
    UnknownMember { name: String, known: &'static [&'static str] },
    UnknownWord { word: String, known: &'static [&'static str] },
    Missing(&'static str),
    Other(String),
}

impl Failure {
    #[cold]
    fn new(cause: Cause) -> Failure {
        Failure { path: Vec::new(), cause: Box::new(cause) }
    }

    pub(super) fn wrong_type(expected: impl Into<String>, found: &Value) -> Failure {
        let found = match found {
            Value::Number(number) => shown(number.as_str()),
            other => other.type_name().to_owned(),
        };
        Failure::new(Cause::WrongType { expected: expected.into(), found })
    }

    pub(super) fn within(mut self, outer: String) -> Failure {
        self.path.push(outer);
        self
    }

    pub(super) fn into_error(mut self) -> Error {
        self.path.reverse();
        match *self.cause {
            Cause::WrongType { expected, found } => {
                let error = match place(&self.path) {
                    Some(path) => Error::invalid(format!("'{path}' takes {expected}, not {found}"))
                        .field(path),
                    None => Error::invalid(format!("expected {expected}, found {found}")),
                };
                error.named("WRONG_TYPE").expected(expected).actual(found)
            }
            Cause::UnknownMember { name, known } => {
                self.path.push(shown(&name));
                let path = self.path.join(".");
                Error::invalid(format!("unknown option '{path}'; known: {}", known.join(", ")))
                    .named("UNKNOWN_OPTION")
                    .field(path)
                    .known(&name, owned(known))
            }
            Cause::UnknownWord { word, known } => {
                let path = place(&self.path);
                let what = path.as_ref().map_or("this".to_owned(), |path| format!("'{path}'"));
                let list = known.join(", ");
                let found = shown(&word);
                let error = Error::invalid(format!("{what} takes one of {list}, not '{found}'"))
                    .named("UNKNOWN_VALUE")
                    .expected(format!("one of {list}"))
                    .actual(found)
                    .known(&word, owned(known));
                with_field(error, path)
            }
            Cause::Missing(name) => {
                self.path.push(name.to_owned());
                let path = self.path.join(".");
                Error::invalid(format!("'{path}' is missing")).named("MISSING_MEMBER").field(path)
            }
            Cause::Other(message) => match place(&self.path) {
                Some(path) => Error::invalid(format!("'{path}': {message}")).field(path),
                None => Error::invalid(message),
            },
        }
    }
}

fn place(path: &[String]) -> Option<String> {
    if path.is_empty() { None } else { Some(path.join(".")) }
}

fn with_field(error: Error, path: Option<String>) -> Error {
    match path {
        Some(path) => error.field(path),
        None => error,
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

fn shown(text: &str) -> String {
    crate::error::shown(text, SHOWN_MAX)
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at {:?}", self.cause, self.path)
    }
}

impl std::error::Error for Failure {}

impl de::Error for Failure {
    fn custom<M: fmt::Display>(message: M) -> Failure {
        Failure::new(Cause::Other(message.to_string()))
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Failure {
        let found = match found {
            Unexpected::Bool(_) => "boolean",
            Unexpected::Unsigned(_) | Unexpected::Signed(_) | Unexpected::Bytes(_) => "number",
            Unexpected::Str(_) => "text",
            Unexpected::Unit | Unexpected::Option => "null",
            Unexpected::Seq => "array",
            Unexpected::Map => "object",
            _ => "another value",
        };
        let (expected, found) = (expected.to_string(), found.to_owned());
        Failure::new(Cause::WrongType { expected, found })
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Failure {
        Failure::invalid_type(found, expected)
    }

    fn invalid_length(_length: usize, expected: &dyn Expected) -> Failure {
        Failure::invalid_type(Unexpected::Seq, expected)
    }

    fn unknown_field(name: &str, known: &'static [&'static str]) -> Failure {
        Failure::new(Cause::UnknownMember { name: name.to_owned(), known })
    }

    fn unknown_variant(word: &str, known: &'static [&'static str]) -> Failure {
        Failure::new(Cause::UnknownWord { word: word.to_owned(), known })
    }

    fn missing_field(name: &'static str) -> Failure {
        Failure::new(Cause::Missing(name))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use crate::error::Result;
    use crate::model::json::{from_value, parse};

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Durability {
        Sync,
        Batched,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the errors count")]
    struct Options {
        create: Option<bool>,
        interval_ms: Option<u32>,
        level: Option<i8>,
        durability: Option<Durability>,
        #[serde(default)]
        names: Vec<String>,
        inner: Option<Box<Options>>,
        list: Option<Vec<Inner>>,
        pair: Option<(u8, u8)>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the errors count")]
    struct Inner {
        name: String,
    }

    fn read(text: &str) -> Result<Options> {
        from_value(&parse(text).unwrap())
    }

    /// Text, member at fault, name of the error, message.
    const CASES: &[(&str, &str, &str, &str)] = &[
        ("[]", "", "WRONG_TYPE", "expected an object, found array"),
        (r#"{"create":1}"#, "create", "WRONG_TYPE", "'create' takes true or false, not 1"),
        (r#"{"create":"true"}"#, "create", "WRONG_TYPE", "'create' takes true or false, not text"),
        (
            r#"{"interval_ms":-1}"#,
            "interval_ms",
            "WRONG_TYPE",
            "'interval_ms' takes a whole number from 0 to 4294967295, not -1",
        ),
        (
            r#"{"interval_ms":1.5}"#,
            "interval_ms",
            "WRONG_TYPE",
            "'interval_ms' takes a whole number from 0 to 4294967295, not 1.5",
        ),
        (
            r#"{"interval_ms":4294967296}"#,
            "interval_ms",
            "WRONG_TYPE",
            "'interval_ms' takes a whole number from 0 to 4294967295, not 4294967296",
        ),
        (
            r#"{"level":"1"}"#,
            "level",
            "WRONG_TYPE",
            "'level' takes a whole number from -128 to 127, not text",
        ),
        (r#"{"names":["a",2]}"#, "names.1", "WRONG_TYPE", "'names.1' takes text, not 2"),
        (r#"{"names":{}}"#, "names", "WRONG_TYPE", "'names' takes an array, not object"),
        (r#"{"names":null}"#, "names", "WRONG_TYPE", "'names' takes an array, not null"),
        (
            r#"{"inner":{"list":[{"name":"x"},{"name":true}]}}"#,
            "inner.list.1.name",
            "WRONG_TYPE",
            "'inner.list.1.name' takes text, not boolean",
        ),
        (
            r#"{"inner":{"list":[{}]}}"#,
            "inner.list.0.name",
            "MISSING_MEMBER",
            "'inner.list.0.name' is missing",
        ),
        (
            r#"{"inner":{"list":[{"nam":"x"}]}}"#,
            "inner.list.0.nam",
            "UNKNOWN_OPTION",
            "unknown option 'inner.list.0.nam'; known: name",
        ),
        (
            r#"{"durability":"synch"}"#,
            "durability",
            "UNKNOWN_VALUE",
            "'durability' takes one of sync, batched, not 'synch'",
        ),
        (r#"{"durability":1}"#, "durability", "WRONG_TYPE", "'durability' takes text, not 1"),
        (r#"{"pair":[1]}"#, "pair", "WRONG_TYPE", "'pair' takes a tuple of size 2, not array"),
        (
            r#"{"pair":[1,2,3]}"#,
            "pair",
            "WRONG_TYPE",
            "'pair' takes an array of length 2, not array",
        ),
    ];

    #[test]
    fn errors_name_the_member_what_was_expected_and_what_was_found() {
        for &(text, field, name, message) in CASES {
            let error = read(text).unwrap_err();
            assert_eq!(error.field_path().unwrap_or_default(), field, "{text}");
            assert_eq!((error.name(), error.message()), (name, message), "{text}");
        }
    }

    #[test]
    fn long_texts_of_the_caller_are_cut() {
        let long = "x".repeat(50);
        let error = read(&format!(r#"{{"{long}":1}}"#)).unwrap_err();
        assert!(error.message().starts_with("unknown option 'xxx"), "{error}");
        assert!(!error.to_json().contains(&long), "{error:?}");
    }

    #[test]
    fn a_misspelt_name_is_answered_with_the_nearest_known_one() {
        for (text, hint) in [
            (r#"{"creat":true}"#, "did you mean 'create'?"),
            (r#"{"inner":{"nmaes":[]}}"#, "did you mean 'names'?"),
            (r#"{"durability":"batch"}"#, "did you mean 'batched'?"),
        ] {
            let json = read(text).unwrap_err().to_json();
            assert!(json.contains(hint), "{json}");
        }
        assert!(!read(r#"{"colour":1}"#).unwrap_err().to_json().contains("did you mean"));
    }

    #[test]
    fn an_unknown_member_lists_the_known_ones() {
        let error = from_value::<Inner>(&parse(r#"{"nam":"x"}"#).unwrap()).unwrap_err();
        assert_eq!(error.message(), "unknown option 'nam'; known: name");
        assert!(error.to_json().contains(r#""candidates":["name"]"#), "{error:?}");
    }
}
