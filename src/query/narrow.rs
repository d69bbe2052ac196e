//! Which entries of an index can hold what a filter takes.
//!
//! The answer may hold more than the filter takes, never less: whoever reads the entries still asks
//! the filter.

use crate::model::json::Value;
use crate::model::schema::{CODE_NONE, Schema};
use crate::query::compare::{Operand, Side, Test};
use crate::query::field::Field;
use crate::query::key_range::{Bounds, KeyRange, push_beginning, push_part, type_bytes};
use crate::query::matcher::{CodeTest, Node};
use crate::query::order::SortValue;
use crate::query::rule::{IndexRule, Part};

/// Ranges of one index at most: `$in` of several fields multiplies.
const RANGES_MAX: usize = 1_000;
/// The bytes of most parts of a key at most.
const PART_LEN: usize = 32;

/// The part of an index that a filter leaves.
#[derive(Clone, Debug)]
pub(crate) struct Narrowed {
    /// Apart from each other, in order.
    pub(crate) ranges: Vec<KeyRange>,
    /// How many parts of the key have one value.
    pub(crate) fixed: usize,
    /// Whether every entry is of a document that the filter takes.
    pub(crate) is_exact: bool,
    /// Whether no entry is left out.
    pub(crate) is_everything: bool,
}

impl IndexRule {
    /// The entries that may be of documents that all `conditions` hold for; none where documents
    /// without an entry may be among these.
    pub(super) fn narrow(&self, conditions: &[Node], schema: &Schema) -> Option<Narrowed> {
        let is_plain = !self.is_multi && self.parts.iter().all(|part| part.slice.is_none());
        let have_entries =
            self.has_missing || self.parts.iter().all(|part| is_never_missing(part, conditions));
        if !is_plain || !have_entries {
            return None;
        }
        let mut used = Vec::with_capacity(conditions.len());
        let mut beginnings = vec![Vec::new()];
        let mut fixed = 0;
        let mut parts = self.parts.iter();
        let mut last = None;
        for part in parts.by_ref() {
            let Some((at, values)) = self.equals(part, conditions, schema) else {
                last = Some(part);
                break;
            };
            if beginnings.len() * values.len() > RANGES_MAX {
                last = Some(part);
                break;
            }
            used.push(at);
            beginnings = extended(&beginnings, &values, part.is_descending);
            if beginnings.len() <= 1 {
                fixed += 1;
            }
        }
        let mut ranges: Vec<KeyRange> =
            beginnings.iter().map(|beginning| KeyRange::beginning(beginning)).collect();
        if let Some(part) = last {
            for (beginning, range) in beginnings.iter().zip(&mut ranges) {
                let bounds = bounds(part, beginning, conditions, &mut used);
                *range = range.clone().within(&bounds);
            }
        }
        used.sort_unstable();
        used.dedup();
        ranges.sort_by(|one, other| one.from.cmp(&other.from));
        let is_exact = used.len() == conditions.len();
        Some(Narrowed { ranges, fixed, is_exact, is_everything: used.is_empty() })
    }

    /// The values that a condition allows in a part, and which condition; none where that is not
    /// a list.
    fn equals(
        &self,
        part: &Part,
        conditions: &[Node],
        schema: &Schema,
    ) -> Option<(usize, Vec<SortValue>)> {
        conditions.iter().enumerate().find_map(|(at, node)| {
            let values = match (node, &part.field) {
                (Node::Field(field, test), wanted) if field == wanted => listed(test)?,
                (Node::Code(test), Field::Dimension(place)) if test.dimension == *place => {
                    self.coded(test, schema)?
                }
                _ => return None,
            };
            Some((at, values))
        })
    }

    /// The values of a dimension that pass a test, as keys have them.
    fn coded(&self, test: &CodeTest, schema: &Schema) -> Option<Vec<SortValue>> {
        let dimension = schema.dimensions.get(test.dimension)?;
        let is_declared = dimension.values.is_some();
        let mut values = Vec::new();
        for (code, _) in (0..).zip(&test.passing).filter(|(_, passes)| **passes) {
            match (code, is_declared) {
                (CODE_NONE, _) if self.has_missing => values.push(SortValue::Missing),
                (CODE_NONE, _) => return None,
                (_, true) => values.push(SortValue::Place(code)),
                // What has no place in the order is a text; the test below lists it.
                (_, false) => {}
            }
        }
        match &test.otherwise {
            Some(test) => values.extend(listed(test)?.into_iter().filter(|value| {
                let SortValue::Json(Value::String(text)) = value else { return true };
                !(is_declared && dimension.value(dimension.code(text)).is_some())
            })),
            None if is_declared => {}
            None => return None,
        }
        Some(values)
    }
}

/// The values that pass a test, where that is a list.
fn listed(test: &Test) -> Option<Vec<SortValue>> {
    let sort_value = |operand: &Operand| match operand {
        Operand::Instant(time) => SortValue::Instant(*time),
        Operand::Json(value) => SortValue::Json(value.clone()),
    };
    match test {
        Test::Equal(operand) => Some(vec![sort_value(operand)]),
        Test::In { values, instants } => {
            let instants = instants.iter().copied().map(SortValue::Instant);
            let mut values: Vec<SortValue> =
                instants.chain(values.iter().cloned().map(SortValue::Json)).collect();
            values.sort_unstable();
            values.dedup();
            Some(values)
        }
        _ => None,
    }
}

fn extended(beginnings: &[Vec<u8>], values: &[SortValue], is_descending: bool) -> Vec<Vec<u8>> {
    let with = |beginning: &Vec<u8>, value| {
        let mut bytes = Vec::with_capacity(beginning.len() + PART_LEN);
        bytes.extend_from_slice(beginning);
        push_part(value, is_descending, &mut bytes);
        bytes
    };
    let each =
        beginnings.iter().flat_map(|beginning| values.iter().map(|value| with(beginning, value)));
    each.collect()
}

/// How the conditions bound a part that they give no list for; notes which they are.
fn bounds(part: &Part, beginning: &[u8], conditions: &[Node], used: &mut Vec<usize>) -> Bounds {
    let mut bounds = Bounds::default();
    for (at, node) in conditions.iter().enumerate() {
        let Node::Field(field, test) = node else { continue };
        if *field != part.field {
            continue;
        }
        match test {
            Test::Range(side, operand) => {
                let value = match operand {
                    Operand::Instant(time) => SortValue::Instant(*time),
                    Operand::Json(value) => SortValue::Json(value.clone()),
                };
                bound_by(&mut bounds, part, beginning, *side, &value);
                used.push(at);
            }
            // A time has a text too, which keys do not have.
            Test::Prefix(text) if !field.is_time() => {
                let mut bytes = beginning.to_vec();
                push_beginning(text, part.is_descending, &mut bytes);
                bounds.raise(&bytes, true);
                bounds.lower(&bytes, true);
                used.push(at);
            }
            _ => {}
        }
    }
    bounds
}

/// Ranges compare within one type.
fn bound_by(bounds: &mut Bounds, part: &Part, beginning: &[u8], side: Side, value: &SortValue) {
    let mut bytes = beginning.to_vec();
    push_part(value, part.is_descending, &mut bytes);
    let inclusive = matches!(side, Side::GreaterOrEqual | Side::LessOrEqual);
    let is_lower = matches!(side, Side::Greater | Side::GreaterOrEqual);
    let (first, last) = type_bytes(value);
    let of_type = if is_lower { last } else { first };
    let end = if part.is_descending { !of_type } else { of_type };
    let end = [beginning, &[end]].concat();
    if is_lower != part.is_descending {
        bounds.raise(&bytes, inclusive);
        bounds.lower(&end, true);
    } else {
        bounds.lower(&bytes, inclusive);
        bounds.raise(&end, true);
    }
}

/// Whether all documents that the conditions hold for have something in a part.
fn is_never_missing(part: &Part, conditions: &[Node]) -> bool {
    // What is missing passes no test.
    part.is_always_there
        || conditions.iter().any(|node| {
            let excludes_missing = match node {
                Node::Code(test) => test.excludes_missing(),
                _ => true,
            };
            node.is_about(&part.field) && excludes_missing
        })
}
