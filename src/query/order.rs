//! The order that a query asks for: several fields, each ascending or descending, ties in the
//! default order of the state.
//!
//! A missing field is the least value. Dimensions that declare their values order by the place
//! of the value, undeclared texts behind them; `id` and the parent order by place in the default
//! order, so that 2 comes before 10.

use std::cmp::Ordering;

use crate::error::{Error, Result};
use crate::model::input::scalar_text;
use crate::model::json::Value;
use crate::model::schema::{CODE_NONE, Schema};
use crate::model::time::Time;
use crate::query::field::Field;
use crate::query::key_range::push_part;
use crate::query::reader::{DocumentReader, Reading};
use crate::query::rule::IndexRule;

/// What a document is ordered by in one field; the variants are in order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SortValue {
    Missing,
    /// The place among the declared values of a dimension, from 1.
    Place(u16),
    Instant(Time),
    /// A place in the default order.
    Bytes(Vec<u8>),
    Json(Value),
}

/// Where a document stands: its values in the fields of the order, then its default place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) values: Vec<SortValue>,
    pub(super) place: Vec<u8>,
}

/// An order of documents.
#[derive(Clone, Debug, Default)]
pub(super) struct Order {
    keys: Vec<Key>,
}

#[derive(Clone, Debug)]
struct Key {
    field: Field,
    is_descending: bool,
}

impl Order {
    /// Compiles `order_by`.
    ///
    /// # Errors
    /// INVALID naming the entry.
    pub(super) fn compile(names: &[String], schema: &Schema) -> Result<Order> {
        let keys = names.iter().enumerate().map(|(index, name)| {
            let (is_descending, field) = match name.strip_prefix('-') {
                Some(field) => (true, field),
                None => (false, name.as_str()),
            };
            let field = Field::parse(field, schema)
                .map_err(|error: Error| error.field(format!("order_by.{index}")))?;
            Ok(Key { field, is_descending })
        });
        Ok(Order { keys: keys.collect::<Result<_>>()? })
    }

    /// Whether it is the default order.
    pub(super) fn is_native(&self) -> bool {
        self.keys.is_empty()
    }

    /// How many fields it orders by.
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether the entries of an index, whose first `fixed` parts have one value, stand in this
    /// order, ties aside: by how many parts, and whether from the last to the first.
    pub(super) fn served_by(&self, rule: &IndexRule, fixed: usize) -> Option<(usize, bool)> {
        let end = fixed + self.keys.len();
        let parts = rule.parts.get(fixed..end)?;
        let is_reversed = self.keys.first()?.is_descending != parts.first()?.is_descending;
        let fits = self.keys.iter().zip(parts).all(|(key, part)| {
            // By parents documents are ordered as these stand in the default order.
            key.field == part.field
                && !matches!(key.field, Field::Parent(_))
                && (key.is_descending != part.is_descending) == is_reversed
        });
        fits.then_some((end, is_reversed))
    }

    /// The bytes with which the keys of documents begin that stand where `position` does, given
    /// those of the first `fixed` parts.
    pub(super) fn push_key(
        &self,
        position: &Position,
        rule: &IndexRule,
        fixed: usize,
        out: &mut Vec<u8>,
    ) {
        let parts = rule.parts.iter().skip(fixed);
        for (value, part) in position.values.iter().zip(parts) {
            push_part(value, part.is_descending, out);
        }
    }

    /// What a document is ordered by.
    pub(super) fn values(&self, document: &DocumentReader<'_>) -> Vec<SortValue> {
        self.keys.iter().map(|key| sort_value(&key.field, document)).collect()
    }

    /// Where a document stands.
    pub(super) fn position(&self, document: &DocumentReader<'_>) -> Position {
        let place = document.source.place(document.slot);
        Position { values: self.values(document), place }
    }

    /// Compares the values of two documents; their places settle ties.
    pub(super) fn compare(&self, left: &[SortValue], right: &[SortValue]) -> Ordering {
        for (key, (left, right)) in self.keys.iter().zip(left.iter().zip(right)) {
            let ordering = if key.is_descending { right.cmp(left) } else { left.cmp(right) };
            if ordering.is_ne() {
                return ordering;
            }
        }
        Ordering::Equal
    }
}

fn sort_value(field: &Field, document: &DocumentReader<'_>) -> SortValue {
    let (source, slot) = (document.source, document.slot);
    match field {
        Field::Id if source.level(slot).is_none() => SortValue::Missing,
        Field::Id => SortValue::Bytes(source.place(slot)),
        Field::Parent(_) => match source.parent(slot) {
            Some(parent) => SortValue::Bytes(source.place(parent)),
            None => index_value(field, document),
        },
        _ => index_value(field, document),
    }
}

/// What an index orders a document by in one field: what the document holds by itself.
pub(super) fn index_value(field: &Field, document: &DocumentReader<'_>) -> SortValue {
    if let Field::Dimension(place) = field {
        let dimension = document.source.schema().dimensions.get(*place);
        let code = document.source.code(document.slot, *place);
        let is_declared = dimension
            .is_some_and(|dimension| dimension.values.is_some() && dimension.value(code).is_some());
        if is_declared && code != CODE_NONE {
            return SortValue::Place(code);
        }
    }
    match document.read(field) {
        Reading::Missing => SortValue::Missing,
        Reading::Instant(time) => SortValue::Instant(time),
        // What a hand-edited file holds in a dimension counts as the text that a call would store.
        Reading::Json(value) if matches!(field, Field::Dimension(_)) => {
            let text = scalar_text(&value).map(Value::String);
            SortValue::Json(text.unwrap_or(value))
        }
        Reading::Json(value) => SortValue::Json(value),
    }
}
