//! What an index holds: which documents have entries, and with which keys.
//!
//! A key is made of one document alone, so that an entry changes only with its document: fields
//! and conditions that depend on other documents (short IDs, levels, subtrees) are refused.

use crate::error::{Error, Result};
use crate::index::Key;
use crate::model::document::quoted_key;
use crate::model::json::Value;
use crate::model::schema::{IndexDeclaration, KEY_INDEX, ReduceKind, Schema};
use crate::query::field::Field;
use crate::query::key_range::{push_part, read_part};
use crate::query::order::{SortValue, index_value};
use crate::query::project::Projection;
use crate::query::reader::{DocumentReader, Reading};
use crate::query::{Filter, Source};

/// The bytes of most keys at most.
const KEY_LEN: usize = 64;

/// A declared index, made ready.
#[derive(Debug)]
pub(crate) struct IndexRule {
    pub(crate) name: String,
    pub(crate) is_unique: bool,
    pub(super) parts: Vec<Part>,
    /// Whether an array in the first part gives an entry for each of its elements.
    pub(super) is_multi: bool,
    pub(super) has_missing: bool,
    filter: Filter,
    /// The condition as it was declared.
    pub(super) condition: Option<Value>,
    pub(super) include: Option<Projection>,
    pub(super) reduce: Option<(ReduceKind, Option<Field>)>,
}

/// One part of a key.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) field: Field,
    pub(super) is_descending: bool,
    pub(super) slice: Option<(usize, usize)>,
    /// Whether no document lacks the field.
    pub(super) is_always_there: bool,
}

impl IndexRule {
    /// Makes all indexes of the schema of `source` ready: the declared ones, the one of the keys
    /// of documents, and one for each dimension that takes any text.
    ///
    /// # Errors
    /// INVALID and LIMIT naming the member of the schema.
    pub(crate) fn all(source: &dyn Source) -> Result<Vec<IndexRule>> {
        let schema = source.schema();
        let mut rules = vec![IndexRule::simple(KEY_INDEX, Field::Key, schema)];
        for (place, dimension) in schema.dimensions.iter().enumerate() {
            if dimension.values.is_none() && dimension.ref_field.is_none() {
                let name = format!("dimensions.{}", dimension.name);
                rules.push(IndexRule::simple(&name, Field::Dimension(place), schema));
            }
        }
        for (place, declaration) in schema.indexes.iter().enumerate() {
            let rule = IndexRule::compile(declaration, source);
            rules.push(rule.map_err(|error| error.within(&format!("indexes.{place}")))?);
        }
        Ok(rules)
    }

    fn simple(name: &str, field: Field, schema: &Schema) -> IndexRule {
        IndexRule {
            name: name.to_owned(),
            is_unique: false,
            parts: vec![Part::new(field, false, schema)],
            is_multi: false,
            has_missing: false,
            filter: Filter::everything(),
            condition: None,
            include: None,
            reduce: None,
        }
    }

    fn compile(declaration: &IndexDeclaration, source: &dyn Source) -> Result<IndexRule> {
        let schema = source.schema();
        let parts = declaration.fields.iter().enumerate().map(|(place, field)| {
            let name = format!("fields.{place}");
            let own = own_field(&field.name, schema).map_err(|error| error.field(name))?;
            Ok(Part { slice: field.slice, ..Part::new(own, field.is_descending, schema) })
        });
        let parts = parts.collect::<Result<_>>()?;
        let filter = match &declaration.filter {
            Some(condition) => Filter::compile(condition, source)?,
            None => Filter::everything(),
        };
        if filter.depends_on_others() {
            return Err(of_other_documents("a condition").field("where"));
        }
        let include = declaration.include.as_deref();
        let include =
            include.map(|names| Projection::compile_named("include", Some(names), schema));
        let reduce = declaration.reduce.as_ref().map(|reduce| {
            let field = reduce.field.as_ref().map(|name| Field::parse(name, schema)).transpose();
            field.map(|field| (reduce.kind, field)).map_err(|error| error.field("reduce"))
        });
        Ok(IndexRule {
            name: declaration.name.clone(),
            is_unique: declaration.unique,
            parts,
            is_multi: declaration.multi,
            has_missing: declaration.missing,
            filter,
            condition: declaration.filter.clone(),
            include: include.transpose()?,
            reduce: reduce.transpose()?,
        })
    }

    /// The keys of the entries of a document in each of some indexes, each once, in order; `data`
    /// is what it holds there, if that is at hand.
    pub(crate) fn keys_in<'r>(
        rules: impl Iterator<Item = Option<&'r IndexRule>>,
        source: &dyn Source,
        slot: u32,
        data: Option<&str>,
    ) -> Vec<Option<Vec<Key>>> {
        let document = match data {
            Some(data) => DocumentReader::with_data(source, slot, data),
            None => DocumentReader::new(source, slot),
        };
        rules.map(|rule| Some(rule?.keys(&document))).collect()
    }

    /// The keys of the entries of a document in this index, each once, in order.
    pub(crate) fn keys_of(&self, source: &dyn Source, slot: u32) -> Vec<Key> {
        self.keys(&DocumentReader::new(source, slot))
    }

    fn keys(&self, document: &DocumentReader<'_>) -> Vec<Key> {
        if self.is_key_index() && quoted_key(document.source.text(document.slot)).is_none() {
            return Vec::new();
        }
        if !self.filter.takes(document) {
            return Vec::new();
        }
        let Some((first, rest)) = self.parts.split_first() else { return Vec::new() };
        let mut tail = Vec::new();
        for part in rest {
            match part.value(index_value(&part.field, document)) {
                SortValue::Missing if !self.has_missing => return Vec::new(),
                value => push_part(&value, part.is_descending, &mut tail),
            }
        }
        let key = |head| match first.value(head) {
            SortValue::Missing if !self.has_missing => None,
            head => {
                let mut bytes = Vec::with_capacity(KEY_LEN);
                push_part(&head, first.is_descending, &mut bytes);
                bytes.extend_from_slice(&tail);
                Some(Key::from(bytes.as_slice()))
            }
        };
        let reading = self.is_multi.then(|| document.read(&first.field));
        let Some(Reading::Json(Value::Array(elements))) = reading else {
            return key(index_value(&first.field, document)).into_iter().collect();
        };
        let mut keys: Vec<Key> =
            elements.into_iter().map(SortValue::Json).filter_map(key).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// Whether it is the index of the keys of documents.
    pub(crate) fn is_key_index(&self) -> bool {
        self.name == KEY_INDEX
    }

    /// The bytes of the first `count` parts of a key.
    pub(crate) fn beginning<'k>(&self, key: &'k [u8], count: usize) -> &'k [u8] {
        let mut rest = key;
        for part in self.parts.iter().take(count) {
            if read_part(&mut rest, part.is_descending).is_none() {
                break;
            }
        }
        key.get(..key.len() - rest.len()).unwrap_or(key)
    }

    /// A key, or its beginning, as people see it: the value of its only part, or an array. What is
    /// missing is shown as null.
    pub(crate) fn show(&self, key: &[u8], schema: &Schema) -> Value {
        let mut rest = key;
        let mut values = Vec::new();
        for part in &self.parts {
            let Some(value) = read_part(&mut rest, part.is_descending) else { break };
            values.push(part.show(value, schema));
        }
        match self.parts.len() {
            1 => values.pop().unwrap_or_default(),
            _ => Value::Array(values),
        }
    }
}

impl Part {
    fn new(field: Field, is_descending: bool, schema: &Schema) -> Part {
        let is_always_there = match &field {
            Field::Uuid | Field::Rev | Field::CreatedAt => true,
            Field::Dimension(place) => {
                schema.dimensions.get(*place).is_some_and(|it| it.default_value.is_some())
            }
            _ => false,
        };
        Part { field, is_descending, slice: None, is_always_there }
    }

    /// What of a field counts.
    fn value(&self, value: SortValue) -> SortValue {
        let Some((start, end)) = self.slice else { return value };
        let text = match value {
            SortValue::Json(Value::String(text)) => text,
            SortValue::Instant(time) => time.to_text(),
            // What is no text has no slices.
            _ => return SortValue::Missing,
        };
        SortValue::Json(Value::String(text.chars().skip(start).take(end - start).collect()))
    }

    fn show(&self, value: SortValue, schema: &Schema) -> Value {
        match (value, &self.field) {
            (SortValue::Json(value), _) => value,
            (SortValue::Instant(time), _) => Value::String(time.to_text()),
            (SortValue::Place(place), Field::Dimension(dimension)) => {
                let value = schema.dimensions.get(*dimension).and_then(|it| it.value(place));
                value.map_or(Value::Null, |value| Value::String(value.to_owned()))
            }
            _ => Value::Null,
        }
    }
}

/// A field that a document holds by itself.
fn own_field(name: &str, schema: &Schema) -> Result<Field> {
    match Field::parse(name, schema)? {
        Field::Id | Field::Level | Field::HasChildren => Err(of_other_documents(name)),
        field => Ok(field),
    }
}

fn of_other_documents(what: &str) -> Error {
    Error::invalid(format!("{what} depends on other documents, so no index can have it"))
        .named("NOT_INDEXABLE")
        .hint("id, level, has_children, $under and a named parent are for queries")
}
