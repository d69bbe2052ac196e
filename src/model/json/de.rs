//! Filling plain structs from a [`Value`], with errors that name the member at fault.
//!
//! Strict: text comes from texts only, integers from whole numbers in range only, and nothing is
//! rounded. For `#[serde(deny_unknown_fields)]` structs an unknown member is an error that lists
//! the known ones.

use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess,
    Visitor,
};

use super::failure::Failure;
use super::{Number, Value};
use crate::error::Result;

/// Makes a `T` of `value`.
///
/// # Errors
/// INVALID with the dotted path of the member, what was expected and what was found.
pub(crate) fn from_value<T: DeserializeOwned>(value: &Value) -> Result<T> {
    T::deserialize(Reader(value)).map_err(Failure::into_error)
}

type Filled<T> = std::result::Result<T, Failure>;

/// The value at hand.
#[derive(Clone, Copy)]
struct Reader<'v>(&'v Value);

impl<'v> Reader<'v> {
    fn number<T>(
        self,
        take: impl Fn(&Number) -> Option<T>,
        least: impl fmt::Display,
        most: impl fmt::Display,
    ) -> Filled<T> {
        let taken = if let Value::Number(number) = self.0 { take(number) } else { None };
        taken.ok_or_else(|| {
            Failure::wrong_type(format!("a whole number from {least} to {most}"), self.0)
        })
    }

    fn text(self) -> Filled<&'v str> {
        self.0.as_str().ok_or_else(|| Failure::wrong_type("text", self.0))
    }
}

macro_rules! integers {
    ($($method:ident $visit:ident $integer:ident $take:ident;)*) => {
        $(
            fn $method<V: Visitor<'de>>(self, visitor: V) -> Filled<V::Value> {
                let take = |number: &Number| $integer::try_from(number.$take()?).ok();
                visitor.$visit(self.number(take, $integer::MIN, $integer::MAX)?)
            }
        )*
    };
}

impl<'de> Deserializer<'de> for Reader<'_> {
    type Error = Failure;

    integers! {
        deserialize_u8 visit_u8 u8 as_u64;
        deserialize_u16 visit_u16 u16 as_u64;
        deserialize_u32 visit_u32 u32 as_u64;
        deserialize_u64 visit_u64 u64 as_u64;
        deserialize_i8 visit_i8 i8 as_i64;
        deserialize_i16 visit_i16 i16 as_i64;
        deserialize_i32 visit_i32 i32 as_i64;
        deserialize_i64 visit_i64 i64 as_i64;
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Filled<V::Value> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(truth) => visitor.visit_bool(*truth),
            Value::Number(number) => visit_number(number.as_str(), visitor),
            Value::String(text) => visitor.visit_str(text),
            Value::Array(_) => self.deserialize_seq(visitor),
            Value::Object(_) => self.deserialize_map(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Filled<V::Value> {
        match self.0 {
            Value::Bool(truth) => visitor.visit_bool(*truth),
            other => Err(Failure::wrong_type("true or false", other)),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Filled<V::Value> {
        visitor.visit_str(self.text()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Filled<V::Value> {
        visitor.visit_str(self.text()?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Filled<V::Value> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Filled<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Filled<V::Value> {
        let Value::Array(elements) = self.0 else {
            return Err(Failure::wrong_type("an array", self.0));
        };
        let mut access = Elements { rest: elements.iter(), index: 0 };
        let taken = visitor.visit_seq(&mut access)?;
        if access.rest.next().is_some() {
            let expected = format!("an array of length {}", access.index);
            return Err(Failure::wrong_type(expected, self.0));
        }
        Ok(taken)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Filled<V::Value> {
        let Value::Object(object) = self.0 else {
            return Err(Failure::wrong_type("an object", self.0));
        };
        visitor.visit_map(Members { rest: object.iter(), value: None })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Filled<V::Value> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Filled<V::Value> {
        let word: StrDeserializer<'_, Failure> = self.text()?.into_deserializer();
        visitor.visit_enum(word)
    }

    serde::forward_to_deserialize_any! {
        f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct identifier ignored_any
    }
}

/// Gives a number as an integer where that keeps its text, and else as the bytes of its text,
/// which `Raw` takes and nothing that wants an integer or a text does.
fn visit_number<'de, V: Visitor<'de>>(text: &str, visitor: V) -> Filled<V::Value> {
    if text == "-0" {
        return visitor.visit_bytes(text.as_bytes());
    }
    if let Ok(number) = text.parse() {
        return visitor.visit_u64(number);
    }
    match text.parse() {
        Ok(number) => visitor.visit_i64(number),
        Err(_) => visitor.visit_bytes(text.as_bytes()),
    }
}

struct Elements<'v> {
    rest: std::slice::Iter<'v, Value>,
    index: usize,
}

impl<'de> SeqAccess<'de> for &mut Elements<'_> {
    type Error = Failure;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Filled<Option<T::Value>> {
        let Some(value) = self.rest.next() else { return Ok(None) };
        let index = self.index;
        self.index += 1;
        let element = seed.deserialize(Reader(value));
        element.map(Some).map_err(|failure| failure.within(index.to_string()))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

struct Members<'v, I> {
    rest: I,
    value: Option<(&'v str, &'v Value)>,
}

impl<'de, 'v, I: Iterator<Item = (&'v String, &'v Value)>> MapAccess<'de> for Members<'v, I> {
    type Error = Failure;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Filled<Option<K::Value>> {
        let Some((name, value)) = self.rest.next() else { return Ok(None) };
        self.value = Some((name, value));
        let name: StrDeserializer<'_, Failure> = name.as_str().into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Filled<T::Value> {
        let (name, value) = self.value.take().unwrap_or(("", &Value::Null));
        seed.deserialize(Reader(value)).map_err(|failure| failure.within(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::super::{Raw, parse};
    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "snake_case")]
    enum Durability {
        Sync,
        Batched,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Options {
        create: Option<bool>,
        #[serde(default)]
        interval_ms: u32,
        level: Option<i8>,
        durability: Option<Durability>,
        #[serde(default)]
        names: Vec<String>,
        inner: Option<Box<Options>>,
        #[serde(default)]
        list: Vec<Inner>,
        exact: Option<Raw>,
        pair: Option<(u8, u8)>,
        map: Option<BTreeMap<String, u64>>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        name: String,
    }

    fn read(text: &str) -> Result<Options> {
        from_value(&parse(text).unwrap())
    }

    #[test]
    fn structs_are_filled_from_objects() {
        let options = read(
            r#"{"create":true,"interval_ms":2e3,"level":-128,"durability":"batched",
            "names":["a","\u0000"],"inner":{"create":null,"names":[]},"list":[{"name":"x"}],
            "pair":[1,255.0],"map":{"z":18446744073709551615,"a":0}}"#,
        )
        .unwrap();
        assert_eq!(options.create, Some(true));
        assert_eq!((options.interval_ms, options.level), (2000, Some(-128)));
        assert_eq!(options.durability, Some(Durability::Batched));
        assert_eq!(options.names, ["a", "\0"]);
        assert_eq!(options.inner.unwrap().create, None);
        assert_eq!(options.list, [Inner { name: "x".into() }]);
        assert_eq!(options.pair, Some((1, 255)));
        assert_eq!(options.map.unwrap().get("z"), Some(&u64::MAX));
        assert_eq!(read("{}").unwrap().interval_ms, 0);
    }

    #[test]
    fn raw_values_keep_every_number_and_the_order_of_members() {
        let text =
            r#"{"z":[0.10,1E2,-0,-5,1e400,18446744073709551616],"a":{"":null,"b":[true,"x"]}}"#;
        let options = read(&format!(r#"{{"exact":{text}}}"#)).unwrap();
        assert_eq!(options.exact.unwrap().0.to_text(), text);
        assert_eq!(read(r#"{"exact":null}"#).unwrap().exact, None);
        assert_eq!(from_value::<Raw>(&parse("null").unwrap()).unwrap(), Raw(Value::Null));
    }

    /// What serde buffers on the way (tagged enums) loses nothing either.
    #[test]
    fn raw_values_inside_tagged_enums_are_exact() {
        #[derive(Debug, Deserialize)]
        #[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
        enum Operation {
            Add { document: Raw, rev: u64 },
        }
        let value = parse(r#"{"document":{"n":1.0,"m":[-0,7,-7]},"op":"add","rev":3}"#).unwrap();
        let Operation::Add { document, rev } = from_value(&value).unwrap();
        assert_eq!((document.0.to_text().as_str(), rev), (r#"{"n":1.0,"m":[-0,7,-7]}"#, 3));
        let error = from_value::<Operation>(&parse(r#"{"op":"ad"}"#).unwrap()).unwrap_err();
        assert_eq!(error.message(), "'op' takes one of add, not 'ad'");
    }
}
