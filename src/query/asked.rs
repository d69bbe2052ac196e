//! The part of a query that asks for an index: `index`, `key`, `range`, `prefix`, `desc`, `group`.

use crate::error::{Error, Result};
use crate::model::input::scalar_text;
use crate::model::json::{Object, Value};
use crate::model::schema::{KEY_INDEX, ReduceKind};
use crate::model::time::Time;
use crate::query::field::Field;
use crate::query::key_range::{Bounds, KeyRange, push_beginning, push_part};
use crate::query::mistake::{unknown, wrong_type};
use crate::query::order::SortValue;
use crate::query::rule::{IndexRule, Part};
use crate::query::{Query, Source};

const BOUNDS: [&str; 4] = ["gt", "gte", "lt", "lte"];
const TIME: &str = "a time such as 2026-01-01T00:00:00Z";

/// Which entries of which index a query asks for.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// The place of the index among those of the source.
    pub(crate) index: usize,
    pub(crate) range: KeyRange,
    pub(crate) is_descending: bool,
    /// How many parts of the key make a group, where groups are wanted.
    pub(crate) group: Option<usize>,
}

impl Asked {
    /// Compiles what a query asks of an index, if it does.
    ///
    /// # Errors
    /// INVALID naming the member; for a parent in a key also NOTFOUND and AMBIGUOUS.
    pub(super) fn compile(query: &Query, source: &dyn Source) -> Result<Option<Asked>> {
        let by_key = query.key.is_some() || query.range.is_some() || query.prefix.is_some();
        let name = match &query.index {
            Some(name) => name.as_str(),
            None if by_key => KEY_INDEX,
            None if query.desc || query.group.is_some() => {
                let member = if query.desc { "desc" } else { "group" };
                return Err(Error::invalid(format!("{member} goes with an index"))
                    .field(member)
                    .hint("name the index; order_by takes '-' for descending order"));
            }
            None => return Ok(None),
        };
        if !query.order_by.is_empty() {
            let message = "order_by does not go with an index, which has an order of its own";
            return Err(Error::invalid(message).field("order_by"));
        }
        let rules = source.rules();
        let Some(index) = rules.iter().position(|rule| rule.name == name) else {
            let known = rules.iter().map(|rule| rule.name.clone()).collect();
            return Err(unknown("index", name, known).named("UNKNOWN_INDEX").field("index"));
        };
        let Some(rule) = rules.get(index) else { return Ok(None) };
        let compiler = Compiler { rule, source };
        Ok(Some(Asked {
            index,
            range: compiler.range(query)?,
            is_descending: query.desc,
            group: query.group.map(|group| compiler.group(group)).transpose()?,
        }))
    }
}

struct Compiler<'a> {
    rule: &'a IndexRule,
    source: &'a dyn Source,
}

impl Compiler<'_> {
    fn group(&self, count: usize) -> Result<usize> {
        let parts = self.rule.parts.len();
        if self.rule.reduce.is_none() {
            let message = format!("the index '{}' declares no reduce", self.rule.name);
            return Err(Error::invalid(message).field("group"));
        }
        Ok(count.min(parts))
    }

    fn range(&self, query: &Query) -> Result<KeyRange> {
        let mut beginning = Vec::new();
        let mut known = 0;
        if let Some(key) = &query.key {
            known = self.push(key, 0, "key", &mut beginning)?;
        }
        let mut bounds = Bounds::default();
        match (&query.range, &query.prefix) {
            (Some(_), Some(_)) => {
                return Err(Error::invalid("prefix does not go with range").field("prefix"));
            }
            (None, None) => {}
            (Some(range), None) => {
                let part = self.next_part(known, "range")?;
                for (name, value) in range.iter() {
                    let place = format!("range.{name}");
                    let mut bytes = beginning.clone();
                    let (is_lower, inclusive) = match name.as_str() {
                        "gt" => (true, false),
                        "gte" => (true, true),
                        "lt" => (false, false),
                        "lte" => (false, true),
                        _ => {
                            let known = BOUNDS.iter().map(|&bound| bound.to_owned()).collect();
                            return Err(unknown("bound", name, known).field(place));
                        }
                    };
                    self.push(value, known, &place, &mut bytes)?;
                    match is_lower != part.is_descending {
                        true => bounds.raise(&bytes, inclusive),
                        false => bounds.lower(&bytes, inclusive),
                    }
                }
            }
            (None, Some(text)) => {
                let part = self.next_part(known, "prefix")?;
                push_beginning(text, part.is_descending, &mut beginning);
            }
        }
        Ok(KeyRange::beginning(&beginning).within(&bounds))
    }

    fn next_part(&self, known: usize, member: &str) -> Result<&Part> {
        self.rule.parts.get(known).ok_or_else(|| {
            let message = format!("key names all fields of the index, so {member} has none left");
            Error::invalid(message).field(member)
        })
    }

    /// Appends the parts from `known` on that `value` names: the value of the only part that is
    /// left, or an array of some of them. Returns how many parts are named then.
    fn push(&self, value: &Value, known: usize, name: &str, out: &mut Vec<u8>) -> Result<usize> {
        let left = self.rule.parts.get(known..).unwrap_or_default();
        let values = match (left, value) {
            ([_], _) => std::slice::from_ref(value),
            (_, Value::Array(values)) if (1..=left.len()).contains(&values.len()) => values,
            _ => {
                let expected = format!("an array of 1 to {} values", left.len());
                return Err(wrong_type(name, &expected, value).field(name));
            }
        };
        for (part, value) in left.iter().zip(values) {
            let value = self.sort_value(part, value).map_err(|error| error.field(name))?;
            push_part(&value, part.is_descending, out);
        }
        Ok(known + values.len())
    }

    /// The value as the index has it.
    fn sort_value(&self, part: &Part, value: &Value) -> Result<SortValue> {
        let as_it_is = || SortValue::Json(value.clone());
        if part.slice.is_some() || *value == Value::Null {
            return Ok(as_it_is());
        }
        let schema = self.source.schema();
        match (&part.field, value) {
            (Field::Dimension(place), _) => {
                let Some(text) = scalar_text(value) else { return Ok(as_it_is()) };
                let dimension = schema.dimensions.get(*place);
                let Some(dimension) = dimension.filter(|dimension| dimension.values.is_some())
                else {
                    return Ok(SortValue::Json(Value::String(text)));
                };
                dimension.check(&text)?;
                Ok(SortValue::Place(dimension.code(&text)))
            }
            (Field::Parent(_), Value::String(id)) => {
                let uuid = self.source.uuid(self.source.resolve(id)?);
                let text = crate::query::reader::uuid_text(uuid);
                Ok(SortValue::Json(Value::String(text)))
            }
            (Field::Uuid, Value::String(text)) => {
                Ok(SortValue::Json(Value::String(text.to_ascii_lowercase())))
            }
            (field, Value::String(text)) if field.is_time() => {
                let time = Time::parse(text).map_err(|error| error.expected(TIME));
                time.map(SortValue::Instant)
            }
            (field, _) if field.is_time() => Err(wrong_type("the key", TIME, value)),
            _ => Ok(as_it_is()),
        }
    }
}

/// What a group of entries comes to.
#[derive(Debug, Default)]
pub(crate) struct Reduction {
    count: u64,
    sum: Option<crate::model::json::Sum>,
    least: Option<Value>,
    greatest: Option<Value>,
}

impl IndexRule {
    /// Takes the entry of a document into a group.
    ///
    /// # Errors
    /// LIMIT for a sum of too many digits.
    pub(crate) fn reduce(
        &self,
        source: &dyn Source,
        slot: u32,
        reduction: &mut Reduction,
    ) -> Result<()> {
        reduction.count += 1;
        let Some((_, Some(field))) = &self.reduce else { return Ok(()) };
        let document = crate::query::reader::DocumentReader::new(source, slot);
        let value = match document.read(field) {
            crate::query::reader::Reading::Json(value) => value,
            crate::query::reader::Reading::Instant(time) => Value::String(time.to_text()),
            crate::query::reader::Reading::Missing => return Ok(()),
        };
        if let Value::Number(number) = &value {
            reduction.sum.get_or_insert_default().add(number)?;
        }
        if reduction.least.as_ref().is_none_or(|least| value < *least) {
            reduction.least = Some(value.clone());
        }
        if reduction.greatest.as_ref().is_none_or(|greatest| value > *greatest) {
            reduction.greatest = Some(value);
        }
        Ok(())
    }

    /// Whether a group is counted and nothing else, which needs no document.
    pub(crate) fn only_counts(&self) -> bool {
        matches!(self.reduce, Some((ReduceKind::Count, _)))
    }

    /// The value of a group.
    pub(crate) fn reduced(&self, reduction: Reduction) -> Value {
        let count = Value::Number(reduction.count.into());
        let sum = Value::Number(reduction.sum.unwrap_or_default().total());
        let (least, greatest) =
            (reduction.least.unwrap_or_default(), reduction.greatest.unwrap_or_default());
        match self.reduce.as_ref().map(|(kind, _)| *kind).unwrap_or(ReduceKind::Count) {
            ReduceKind::Count => count,
            ReduceKind::Sum => sum,
            ReduceKind::Min => least,
            ReduceKind::Max => greatest,
            ReduceKind::Stats => {
                let members = [("count", count), ("sum", sum), ("min", least), ("max", greatest)];
                let members = members.map(|(name, value)| (name.to_owned(), value));
                Value::Object(members.into_iter().collect::<Object>())
            }
        }
    }
}

impl Reduction {
    /// Whether no entry is in the group.
    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// A group of `count` entries that are only counted.
    pub(crate) fn of_count(count: u64) -> Reduction {
        Reduction { count, ..Reduction::default() }
    }
}
