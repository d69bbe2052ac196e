//! Compiling one operator of one field.
//!
//! Fields that the columns of a state answer become conditions on columns: dimensions on codes,
//! UUIDs and short IDs on numbers and slots. All others become tests of what is read.

use uuid::Uuid;

use super::{Compiler, OPERATORS, names};
use crate::error::{Error, Result};
use crate::model::input::scalar_text;
use crate::model::json::Value;
use crate::model::time::Time;
use crate::query::compare::{Operand, Side, Test};
use crate::query::field::Field;
use crate::query::like::Like;
use crate::query::matcher::{CodeTest, Node};
use crate::query::mistake::{shown, unknown};
use crate::query::reader::Reading;

const PARENT_OPERATORS: [&str; 6] = ["$eq", "$ne", "$in", "$nin", "$exists", "$not"];
const TIME: &str = "a time such as 2026-01-01T00:00:00Z";
/// The way to documents with a value that no write takes.
const TYPED: &str = "another value that somebody typed into the file is found by $like";

impl<'a> Compiler<'a> {
    /// Compiles one of the operators that are no negation of another one.
    pub(super) fn test(&mut self, field: &Field, name: &str, operand: &'a Value) -> Result<Node> {
        match (field, name) {
            (Field::Parent(_), _) => self.parent(name, operand),
            (Field::Dimension(place), "$gt" | "$gte" | "$lt" | "$lte") => {
                self.dimension_range(*place, name, operand)
            }
            (Field::Dimension(place), _) => {
                let test = self.plain_test(field, name, operand)?;
                Ok(self.dimension(*place, test))
            }
            (Field::Id, "$eq") => Ok(self.slots(std::slice::from_ref(operand))),
            (Field::Id, "$in") => Ok(self.slots(self.list(operand)?)),
            (Field::Uuid, "$eq") => Ok(uuids(std::slice::from_ref(operand))),
            (Field::Uuid, "$in") => Ok(uuids(self.list(operand)?)),
            _ => Ok(Node::Field(field.clone(), self.plain_test(field, name, operand)?)),
        }
    }

    fn plain_test(&mut self, field: &Field, name: &str, operand: &'a Value) -> Result<Test> {
        if let Some(side) = side(name) {
            return Ok(Test::Range(side, self.operand(field, operand)?));
        }
        match (name, operand) {
            ("$eq", _) => Ok(Test::Equal(self.operand(field, operand)?)),
            ("$in", _) => self.one_of(field, operand),
            ("$exists", _) => Ok(Test::Exists),
            ("$contains", _) => Ok(Test::Contains(in_case_of(field, operand))),
            ("$prefix", Value::String(text)) => Ok(Test::Prefix(text_in_case_of(field, text))),
            ("$like", Value::String(text)) => match Like::compile(&text_in_case_of(field, text)) {
                Ok(like) => Ok(Test::Like(like)),
                Err(error) => self.fail(error),
            },
            ("$prefix" | "$like", _) => self.wrong_type("text", operand),
            ("$size", Value::Number(number)) if number.as_u64().is_some() => {
                Ok(Test::Size(number.as_u64().unwrap_or_default()))
            }
            ("$size", _) => self.wrong_type("a whole number from 0", operand),
            _ => self.fail(self.unknown_operator(name, &OPERATORS)),
        }
    }

    fn unknown_operator(&self, name: &str, known: &[&str]) -> Error {
        let error = unknown("operator", name, names(known)).named("UNKNOWN_OPERATOR");
        if name.starts_with('$') {
            return error;
        }
        error.hint("an object compared as a whole goes behind $eq")
    }

    fn one_of(&mut self, field: &Field, operand: &'a Value) -> Result<Test> {
        let (mut values, mut instants) = (Vec::new(), Vec::new());
        for (index, value) in self.list(operand)?.iter().enumerate() {
            match self.inside(index.to_string(), |inner| inner.operand(field, value))? {
                Operand::Json(value) => values.push(value),
                Operand::Instant(time) => instants.push(time),
            }
        }
        values.sort_unstable();
        instants.sort_unstable();
        Ok(Test::In { values, instants })
    }

    fn list<'v>(&self, operand: &'v Value) -> Result<&'v [Value]> {
        match operand {
            Value::Array(values) => Ok(values),
            _ => self.wrong_type("an array of values", operand),
        }
    }

    /// The value to compare `field` with.
    fn operand(&self, field: &Field, value: &Value) -> Result<Operand> {
        match value {
            Value::Null => Ok(Operand::Json(Value::Null)),
            Value::String(text) if field.is_time() => match Time::parse(text) {
                Ok(time) => Ok(Operand::Instant(time)),
                Err(error) => self.fail(error.expected(TIME).actual(shown(text))),
            },
            _ if field.is_time() => self.wrong_type(TIME, value),
            _ => {
                let value = in_case_of(field, value);
                if let Field::Dimension(place) = field {
                    self.check_value(*place, &value)?;
                }
                Ok(Operand::Json(value))
            }
        }
    }

    fn dimension(&self, place: usize, test: Test) -> Node {
        let dimension = self.source.schema().dimensions.get(place);
        let values = dimension.and_then(|dimension| dimension.values.as_ref()).map_or(0, Vec::len);
        let mut passing = Vec::with_capacity(1 + values);
        passing.push(test.holds(&Reading::Missing));
        if let Some(dimension) = dimension {
            let coded = (1..).map_while(|code| dimension.value(code));
            match &test {
                Test::Equal(Operand::Json(Value::String(wanted))) => {
                    passing.extend(coded.map(|value| value == wanted));
                }
                test => passing.extend(
                    coded.map(|value| test.holds(&Reading::Json(Value::String(value.to_owned())))),
                ),
            }
        }
        Node::Code(CodeTest { dimension: place, passing, otherwise: Some(test) })
    }

    /// Checks a value that a dimension is compared with: one that no write takes is a slip.
    fn check_value(&self, place: usize, value: &Value) -> Result<()> {
        let Some(dimension) = self.source.schema().dimensions.get(place) else { return Ok(()) };
        match value {
            Value::String(text) => match dimension.check(text) {
                Ok(()) => Ok(()),
                Err(error) => self.fail(error.or_hint(TYPED)),
            },
            _ if dimension.values.is_none() => Ok(()),
            _ => self.wrong_type("a declared value", value),
        }
    }

    /// A range of a dimension: by place where values are declared, by text elsewhere.
    fn dimension_range(&mut self, place: usize, name: &str, operand: &'a Value) -> Result<Node> {
        let test = self.plain_test(&Field::Dimension(place), name, operand)?;
        let schema = self.source.schema();
        let values = schema.dimensions.get(place).and_then(|dimension| dimension.values.as_ref());
        let (Some(values), Test::Range(side, Operand::Json(wanted))) = (values, &test) else {
            return Ok(self.dimension(place, test));
        };
        let wanted_place = values.iter().position(|value| Some(value.as_str()) == wanted.as_str());
        // Nothing is greater or less than null.
        let Some(wanted_place) = wanted_place else {
            return self.wrong_type("a declared value", operand);
        };
        let within = (0..values.len()).map(|place| side.takes(place.cmp(&wanted_place)));
        let passing = std::iter::once(false).chain(within).collect();
        Ok(Node::Code(CodeTest { dimension: place, passing, otherwise: None }))
    }

    /// A condition on the parent, which is named by any form of ID.
    fn parent(&mut self, name: &str, operand: &'a Value) -> Result<Node> {
        match name {
            "$eq" => self.child_of(operand),
            "$exists" => Ok(Node::Root.negate()),
            "$in" => {
                let mut nodes = Vec::new();
                for (index, value) in self.list(operand)?.iter().enumerate() {
                    nodes.push(self.inside(index.to_string(), |inner| inner.child_of(value))?);
                }
                Ok(Node::any(nodes))
            }
            _ if OPERATORS.contains(&name) => {
                let error = Error::invalid(format!("{name} does not work on a parent"))
                    .named("UNKNOWN_OPERATOR")
                    .expected(format!("one of {}", PARENT_OPERATORS.join(", ")))
                    .actual(name)
                    .candidates(names(&PARENT_OPERATORS));
                self.fail(error.hint("use $under for a whole subtree"))
            }
            _ => self.fail(self.unknown_operator(name, &PARENT_OPERATORS)),
        }
    }

    fn child_of(&mut self, operand: &'a Value) -> Result<Node> {
        match operand {
            Value::Null => Ok(Node::Root),
            Value::String(id) if id.is_empty() => Ok(Node::Root),
            Value::String(id) => Ok(Node::ChildOf(self.resolve(id)?)),
            _ => self.wrong_type("the ID of a document as text, or null for roots", operand),
        }
    }

    pub(super) fn resolve(&self, id: &str) -> Result<u32> {
        self.source.resolve(id).or_else(|error| self.fail(error))
    }

    /// The documents whose short ID is one of `ids`; null stands for those without one.
    fn slots(&self, ids: &[Value]) -> Node {
        let mut slots = Vec::new();
        let mut nodes = Vec::new();
        for id in ids {
            match id {
                Value::String(id) => slots.extend(
                    self.source
                        .resolve(id)
                        .ok()
                        .filter(|&slot| self.source.id(slot).as_ref() == Some(id)),
                ),
                Value::Null if nodes.is_empty() => {
                    nodes.push(Node::Field(Field::Id, Test::Equal(Operand::Json(Value::Null))));
                }
                _ => {}
            }
        }
        slots.sort_unstable();
        nodes.push(if slots.is_empty() { Node::Nothing } else { Node::Slots(slots) });
        Node::any(nodes)
    }
}

fn side(name: &str) -> Option<Side> {
    match name {
        "$gt" => Some(Side::Greater),
        "$gte" => Some(Side::GreaterOrEqual),
        "$lt" => Some(Side::Less),
        "$lte" => Some(Side::LessOrEqual),
        _ => None,
    }
}

/// The operand as the field would hold it: UUIDs are in lower case, and dimensions hold texts.
fn in_case_of(field: &Field, value: &Value) -> Value {
    match (field, value) {
        (Field::Uuid, Value::String(text)) => Value::String(text_in_case_of(field, text)),
        (Field::Dimension(_), _) => scalar_text(value).map_or_else(|| value.clone(), Value::String),
        _ => value.clone(),
    }
}

fn text_in_case_of(field: &Field, text: &str) -> String {
    if *field == Field::Uuid { text.to_ascii_lowercase() } else { text.to_owned() }
}

/// The documents that have one of these UUIDs; what is no UUID is nobody's.
fn uuids(values: &[Value]) -> Node {
    let mut uuids: Vec<u128> = values
        .iter()
        .filter_map(Value::as_str)
        .filter(|text| text.len() == 36)
        .filter_map(|text| Uuid::try_parse(text).ok())
        .map(|uuid| uuid.as_u128())
        .collect();
    uuids.sort_unstable();
    if uuids.is_empty() { Node::Nothing } else { Node::Uuids(uuids) }
}
