//! The order that a query asks for: several fields, each ascending or descending, ties in the
//! default order of the state.
//!
//! A missing field is the least value. Dimensions that declare their values order by the place
//! of the value, undeclared texts behind them; `id` and the parent order by place in the default
//! order, so that 2 comes before 10.

use std::cmp::Ordering;

use crate::error::{Error, Result};
use crate::model::json::Value;
use crate::model::schema::{CODE_NONE, Schema};
use crate::model::time::Time;
use crate::query::field::Field;
use crate::query::reader::{DocumentReader, Reading};

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
        Field::Id if source.level(slot).is_none() => return SortValue::Missing,
        Field::Id => return SortValue::Bytes(source.place(slot)),
        Field::Parent(_) => {
            if let Some(parent) = source.parent(slot) {
                return SortValue::Bytes(source.place(parent));
            }
        }
        Field::Dimension(place) => {
            let dimension = source.schema().dimensions.get(*place);
            let code = source.code(slot, *place);
            let is_declared = dimension.is_some_and(|dimension| {
                dimension.values.is_some() && dimension.value(code).is_some()
            });
            if is_declared && code != CODE_NONE {
                return SortValue::Place(code);
            }
        }
        _ => {}
    }
    match document.read(field) {
        Reading::Missing => SortValue::Missing,
        Reading::Instant(time) => SortValue::Instant(time),
        Reading::Json(value) => SortValue::Json(value.into_owned()),
    }
}
