//! A whole JSON value inside a struct that serde fills.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::{JsonText, Number, Object, Value};

/// Any value, taken as it is by [`super::from_value`]: numbers with their exact text, members in
/// their order. In an `Option<Raw>`, null counts as absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Raw(pub(crate) Value);

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Raw, D::Error> {
        deserializer.deserialize_any(RawVisitor).map(Raw)
    }
}

impl<'de> Deserialize<'de> for JsonText<'static> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<JsonText<'static>, D::Error> {
        Raw::deserialize(deserializer).map(|Raw(value)| JsonText::of(&value))
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: de::Error>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(Number::from(number)))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(Number::from(number)))
    }

    /// What [`super::from_value`] gives for a number whose text an integer would not keep.
    fn visit_bytes<E: de::Error>(self, number: &[u8]) -> Result<Value, E> {
        let text = std::str::from_utf8(number).map_err(E::custom)?;
        Ok(Value::Number(Number::from_checked(text)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut values = Vec::with_capacity(elements.size_hint().unwrap_or(0));
        while let Some(Raw(value)) = elements.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Object::default();
        while let Some((name, Raw(value))) = members.next_entry::<String, Raw>()? {
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}
