//! The one total order of JSON values: null, false, true, numbers by exact value, texts by code
//! point, arrays, objects. Equality is what this order says, nothing finer.

use std::cmp::Ordering;

use super::{Object, Value};

impl Value {
    fn rank(&self) -> u8 {
        match self {
            Value::Null => 0,
            Value::Bool(_) => 1,
            Value::Number(_) => 2,
            Value::String(_) => 3,
            Value::Array(_) => 4,
            Value::Object(_) => 5,
        }
    }
}

impl Ord for Value {
    fn cmp(&self, other: &Value) -> Ordering {
        match (self, other) {
            (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
            (Value::Number(left), Value::Number(right)) => left.cmp(right),
            (Value::String(left), Value::String(right)) => left.cmp(right),
            (Value::Array(left), Value::Array(right)) => left.cmp(right),
            (Value::Object(left), Value::Object(right)) => left.cmp(right),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Value) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Value {}

/// Objects compare as their members sorted by name, one after the other, do.
impl Ord for Object {
    fn cmp(&self, other: &Object) -> Ordering {
        self.in_name_order().cmp(&other.in_name_order())
    }
}

impl Object {
    /// The members sorted by name.
    pub(crate) fn in_name_order(&self) -> Vec<(&String, &Value)> {
        let mut members: Vec<_> = self.iter().collect();
        members.sort_unstable_by_key(|(name, _)| *name);
        members
    }
}

impl PartialOrd for Object {
    fn partial_cmp(&self, other: &Object) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Object {
    fn eq(&self, other: &Object) -> bool {
        self.len() == other.len() && self.cmp(other).is_eq()
    }
}

impl Eq for Object {}

#[cfg(test)]
mod tests {
    use crate::model::json::parse;

    #[test]
    fn values_of_all_types_have_one_order() {
        // Each line: equal among themselves, less than all that follow.
        let classes: &[&[&str]] = &[
            &["null"],
            &["false"],
            &["true"],
            &["-1e400"],
            &["-2", "-2.0", "-20e-1"],
            &["0", "-0", "0.0", "0e7", "-0E-3"],
            &["1e-400"],
            &["0.1", "0.10", "1e-1", "100E-3"],
            &["1", "1.0", "1E0", "10e-1"],
            &["9007199254740993"],
            &["18446744073709551616", "1.8446744073709551616e19"],
            &["1e400", "10E+399"],
            &[r#""""#],
            &[r#""A""#, r#""\u0041""#],
            &[r#""AB""#],
            &[r#""a""#],
            &[r#""\u00e9""#],
            &[r#""\ufb00""#],
            &[r#""\ud83d\ude00""#],
            &["[]"],
            &["[null]"],
            &["[1]", "[1.0]"],
            &["[1,0]"],
            &["[2]"],
            &["[[]]"],
            &["{}"],
            &[r#"{"a":1}"#, r#"{"a":1e0}"#],
            &[r#"{"a":1,"b":2}"#, r#"{"b":2.0,"a":1}"#],
            &[r#"{"a":2}"#],
            &[r#"{"b":0,"a":2}"#],
            &[r#"{"b":0}"#],
        ];
        let flat: Vec<(usize, &str)> = classes
            .iter()
            .enumerate()
            .flat_map(|(class, texts)| texts.iter().map(move |&text| (class, text)))
            .collect();
        for (left_class, left) in &flat {
            for (right_class, right) in &flat {
                let (a, b) = (parse(left).unwrap(), parse(right).unwrap());
                assert_eq!(a.cmp(&b), left_class.cmp(right_class), "{left} {right}");
                assert_eq!(a == b, left_class == right_class, "{left} {right}");
                let (a, b) = (a.as_object(), b.as_object());
                if let (Some(a), Some(b)) = (a, b) {
                    assert_eq!(a == b, left_class == right_class, "{left} {right}");
                }
            }
        }
    }
}
