//! Tests of one field and the comparison of values: what the operators of `where` mean.
//!
//! Values have one total order (`model::json`); ranges compare within one type only. A field that
//! is missing passes no test; the negative operators are the negation of these tests.

use std::cmp::Ordering;
use std::mem::discriminant;

use crate::model::json::Value;
use crate::model::time::Time;
use crate::query::like::Like;
use crate::query::reader::Reading;

/// The value that an operator compares with.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operand {
    Instant(Time),
    Json(Value),
}

/// Which side of the operand a range takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

impl Side {
    /// Whether a value that compares so with the operand lies on this side.
    pub(super) fn takes(self, ordering: Ordering) -> bool {
        match self {
            Side::Greater => ordering.is_gt(),
            Side::GreaterOrEqual => ordering.is_ge(),
            Side::Less => ordering.is_lt(),
            Side::LessOrEqual => ordering.is_le(),
        }
    }
}

/// A test of what a document holds in one field.
#[derive(Clone, Debug)]
pub(super) enum Test {
    Equal(Operand),
    /// One of several; both lists are sorted.
    In {
        values: Vec<Value>,
        instants: Vec<Time>,
    },
    Range(Side, Operand),
    Exists,
    Prefix(String),
    Contains(Value),
    Like(Like),
    Size(u64),
}

impl Test {
    /// Whether what was read passes.
    pub(super) fn holds(&self, reading: &Reading) -> bool {
        match (self, reading) {
            (_, Reading::Missing) => false,
            (Test::Exists, _) => true,
            (Test::Equal(operand), _) => compare(reading, operand) == Some(Ordering::Equal),
            (Test::Range(side, operand), _) => {
                compare(reading, operand).is_some_and(|ordering| side.takes(ordering))
            }
            (Test::In { values, .. }, Reading::Json(value)) => values.binary_search(value).is_ok(),
            (Test::In { instants, .. }, Reading::Instant(time)) => {
                instants.binary_search(time).is_ok()
            }
            (_, Reading::Instant(time)) => self.holds_for_text(&time.to_text()),
            (_, Reading::Json(value)) => self.holds_for_value(value),
        }
    }

    fn holds_for_value(&self, value: &Value) -> bool {
        match (self, value) {
            (_, Value::String(text)) => self.holds_for_text(text),
            (Test::Contains(wanted), Value::Array(elements)) => elements.contains(wanted),
            (Test::Size(size), Value::Array(elements)) => {
                u64::try_from(elements.len()) == Ok(*size)
            }
            _ => false,
        }
    }

    fn holds_for_text(&self, text: &str) -> bool {
        match self {
            Test::Prefix(prefix) => text.starts_with(prefix.as_str()),
            Test::Contains(Value::String(piece)) => text.contains(piece.as_str()),
            Test::Like(like) => like.matches(text),
            _ => false,
        }
    }
}

/// How what was read compares with the operand; none when their types differ.
fn compare(reading: &Reading, operand: &Operand) -> Option<Ordering> {
    match (reading, operand) {
        (Reading::Instant(time), Operand::Instant(other)) => Some(time.cmp(other)),
        (Reading::Json(value), Operand::Json(other)) => {
            let same_type = discriminant(value) == discriminant(other);
            same_type.then(|| value.cmp(other))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::model::json::parse;

    fn holds(test: &Test, value: &str) -> bool {
        test.holds(&Reading::Json(parse(value).unwrap()))
    }

    #[test]
    fn ranges_compare_within_one_type() {
        let above = |operand: &str| {
            Test::Range(Side::GreaterOrEqual, Operand::Json(parse(operand).unwrap()))
        };
        for (operand, value, expected) in [
            ("2", "10", true),
            ("2", "2.0", true),
            ("2", "1.99", false),
            ("2", "\"3\"", false),
            ("2", "[3]", false),
            ("2", "null", false),
            ("null", "null", true),
            ("null", "0", false),
            ("false", "true", true),
            ("true", "false", false),
            ("\"b\"", "\"c\"", true),
            ("[1]", "[1,0]", true),
            ("18446744073709551616", "18446744073709551617", true),
            ("18446744073709551617", "18446744073709551616", false),
        ] {
            assert_eq!(holds(&above(operand), value), expected, "{value} >= {operand}");
        }
    }

    #[test]
    fn contains_finds_elements_and_pieces_of_text() {
        let contains = |wanted: &str| Test::Contains(parse(wanted).unwrap());
        for (wanted, value, expected) in [
            ("\"a\"", "[\"b\",\"a\"]", true),
            ("\"a\"", "\"bab\"", true),
            ("\"A\"", "\"bab\"", false),
            ("1", "[1.0]", true),
            ("1", "\"1\"", false),
            ("{\"a\":1,\"b\":2}", "[{\"b\":2,\"a\":1}]", true),
            ("\"a\"", "{\"a\":1}", false),
            ("\"\"", "\"\"", true),
        ] {
            assert_eq!(holds(&contains(wanted), value), expected, "{value} contains {wanted}");
        }
    }

    #[test]
    fn a_missing_field_passes_no_test() {
        for test in [
            Test::Exists,
            Test::Equal(Operand::Json(Value::Null)),
            Test::In { values: vec![Value::Null], instants: Vec::new() },
            Test::Prefix(String::new()),
            Test::Size(0),
        ] {
            assert!(!test.holds(&Reading::Missing), "{test:?}");
        }
    }

    #[test]
    fn instants_compare_with_instants_and_pieces_of_their_text() {
        let time = Time::parse("2026-01-01T01:00:00+01:00").unwrap();
        let reading = Reading::Instant(time);
        for (test, expected) in [
            (Test::Equal(Operand::Instant(Time::parse("2026-01-01T00:00:00Z").unwrap())), true),
            (Test::Equal(Operand::Json(Value::Null)), false),
            (Test::Range(Side::Less, Operand::Instant(time)), false),
            (Test::In { values: Vec::new(), instants: vec![Time::MIN, time] }, true),
            (Test::Prefix("2026-01-01T00".to_owned()), true),
            (Test::Exists, true),
            (Test::Size(0), false),
        ] {
            assert_eq!(test.holds(&reading), expected, "{test:?}");
        }
    }
}
