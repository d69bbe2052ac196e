//! A query made ready for one state: what the engine asks while it lists, counts or walks.
//!
//! In the default order ([`Selection::is_native_order`]) the engine walks the state from
//! [`Selection::resume_place`] on and asks [`Selection::matches`] of each document; offset and
//! limit are the engine's then. In any other order it hands all documents to
//! [`Selection::sort`], which applies token, offset and limit.

use xxhash_rust::xxh3::xxh3_64;

use crate::error::{Error, Result};
use crate::model::json::{Number, Value, quote};
use crate::query::asked::Asked;
use crate::query::matcher::Node;
use crate::query::narrow::Narrowed;
use crate::query::order::{Order, Position, SortValue};
use crate::query::project::Projection;
use crate::query::reader::DocumentReader;
use crate::query::rule::IndexRule;
use crate::query::search::Search;
use crate::query::sort::{Sorted, Sorter};
use crate::query::{Filter, Query, Source, View, page};

/// A compiled query.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    query: Query,
    /// Whether only documents of the canonical view are selected.
    is_canonical: bool,
    filter: Filter,
    search: Option<Search>,
    order: Order,
    projection: Projection,
    asked: Option<Asked>,
    after: Option<Position>,
}

impl Selection {
    /// Makes `query` ready for the state of `source`: names become fields, IDs documents, and the
    /// canonical view is added where it applies.
    ///
    /// # Errors
    /// INVALID, LIMIT, and NOTFOUND or AMBIGUOUS for IDs inside, all naming the member.
    pub(crate) fn compile(query: Query, source: &dyn Source) -> Result<Selection> {
        let schema = source.schema();
        let asked = Asked::compile(&query, source)?;
        let is_canonical = match query.view {
            Some(view) => view == View::Canonical,
            None => query.filter.is_none() && asked.is_none(),
        };
        let mut filter = match &query.filter {
            Some(condition) => Filter::compile(condition, source)?,
            None => Filter::everything(),
        };
        if let Some(view) = schema.canonical_view.as_ref().filter(|_| is_canonical) {
            filter = filter.and(Filter::compile_named("canonical_view", view, source)?);
        }
        let order = Order::compile(&query.order_by, schema)?;
        // An index orders by one value, its key.
        let values = if asked.is_some() { 1 } else { order.len() };
        let after = match &query.after {
            Some(token) => page::decode(token, hash(&query, is_canonical), values)?,
            None => None,
        };
        Ok(Selection {
            filter,
            search: query.search.as_deref().map(Search::new),
            order,
            projection: projection(&query, asked.as_ref(), source)?,
            asked,
            after,
            is_canonical,
            query,
        })
    }

    /// Whether the document in `slot` is selected, wherever it stands.
    pub(crate) fn matches(&self, source: &dyn Source, slot: u32) -> bool {
        self.takes(&DocumentReader::new(source, slot))
    }

    fn takes(&self, document: &DocumentReader<'_>) -> bool {
        self.filter.takes(document)
            && self.search.as_ref().is_none_or(|search| search.finds(document))
    }

    /// Whether every document is selected, so that counting needs no walk.
    pub(crate) fn matches_everything(&self) -> bool {
        self.search.is_none() && self.filter.matches_everything()
    }

    /// Whether all documents of these codes are selected, or none; none of both where each has to
    /// be asked.
    pub(crate) fn decide(&self, codes: &[u16]) -> Option<bool> {
        match self.filter.decide(codes) {
            Some(true) if self.search.is_some() => None,
            decided => decided,
        }
    }

    /// Whether codes tell anything of which documents are selected.
    pub(crate) fn reads_codes(&self) -> bool {
        self.filter.reads_codes()
    }

    /// What the query asks of an index, if it names one.
    pub(crate) fn asked(&self) -> Option<&Asked> {
        self.asked.as_ref()
    }

    /// Whether an index may narrow the search: a condition is about the first part of its keys.
    pub(crate) fn is_about(&self, rule: &IndexRule) -> bool {
        let first = rule.parts.first();
        let conditions = self.filter.conjuncts();
        first.is_some_and(|part| conditions.iter().any(|node| node.is_about(&part.field)))
    }

    /// The entries of an index among which all selected documents are; none where it does not say.
    pub(crate) fn narrow(&self, rule: &IndexRule, source: &dyn Source) -> Option<Narrowed> {
        let condition = rule.condition.as_ref().and_then(Value::as_object);
        let view = source.schema().canonical_view.as_ref().filter(|_| self.is_canonical);
        let is_written = |(name, operand): (&String, &Value)| {
            let conditions = [self.query.filter.as_ref(), view].into_iter().flatten();
            let mut conditions = conditions.filter_map(Value::as_object);
            conditions.any(|written| written.get(name).is_some_and(|known| known == operand))
        };
        if !condition.is_none_or(|condition| condition.iter().all(is_written)) {
            return None;
        }
        let mut narrowed = rule.narrow(self.filter.conjuncts(), source.schema())?;
        narrowed.is_exact &= self.search.is_none();
        Some(narrowed)
    }

    /// The documents of which one is selected at most, as far as the conditions name them.
    pub(crate) fn named(&self, source: &dyn Source) -> Option<Named> {
        self.filter.conjuncts().iter().find_map(|node| match node {
            Node::Nothing => Some(Named::Slots(Vec::new())),
            Node::Slots(slots) => Some(Named::Slots(slots.clone())),
            Node::Uuids(uuids) => {
                let slots = uuids.iter().filter_map(|uuid| source.find_uuid(*uuid));
                Some(Named::Slots(slots.collect()))
            }
            Node::ChildOf(parent) => Some(Named::ChildrenOf(*parent)),
            Node::Under(top) => Some(Named::Under(*top)),
            _ => None,
        })
    }

    /// Whether the documents are wanted in the default order.
    pub(crate) fn is_native_order(&self) -> bool {
        self.order.is_native()
    }

    /// Whether the entries of an index stand in the order that is wanted: by how many parts of
    /// their keys, and whether from the last to the first.
    pub(crate) fn order_on(&self, rule: &IndexRule, fixed: usize) -> Option<(usize, bool)> {
        self.order.served_by(rule, fixed)
    }

    /// The beginning of the keys where the page begins, given the key of an entry whose first
    /// `fixed` parts all have.
    pub(crate) fn resume_key(&self, rule: &IndexRule, key: &[u8], fixed: usize) -> Option<Vec<u8>> {
        let after = self.after.as_ref()?;
        let mut bytes = rule.beginning(key, fixed).to_vec();
        self.order.push_key(after, rule, fixed, &mut bytes);
        Some(bytes)
    }

    /// In the order of an index: key and identity of the entry behind which the page begins.
    pub(crate) fn resume_entry(&self) -> Option<(&[u8], &[u8])> {
        let after = self.after.as_ref()?;
        match after.values.first()? {
            SortValue::Bytes(key) => Some((key, &after.place)),
            _ => None,
        }
    }

    /// In the default order: the place behind which the page begins, if it does not begin at the
    /// first document.
    pub(crate) fn resume_place(&self) -> Option<&[u8]> {
        self.after.as_ref().map(|after| after.place.as_slice())
    }

    /// Whether the short IDs of documents are wanted.
    pub(crate) fn wants_ids(&self) -> bool {
        self.projection.has_id()
    }

    /// Whether documents go out whole.
    pub(crate) fn wants_all(&self) -> bool {
        self.projection.is_whole()
    }

    /// Whether the keys of the entries by which documents were found are wanted.
    pub(crate) fn wants_index_key(&self) -> bool {
        self.projection.has_index_key()
    }

    /// Whether the texts of documents are read.
    pub(crate) fn reads_texts(&self) -> bool {
        self.projection.reads_texts()
    }

    /// Whether the page tells how many documents there are on all pages.
    pub(crate) fn wants_total(&self) -> bool {
        self.query.total
    }

    /// How many documents are wanted at most.
    pub(crate) fn limit(&self) -> Option<u64> {
        self.query.limit
    }

    /// How many selected documents are left out before the first.
    pub(crate) fn offset(&self) -> u64 {
        self.query.offset
    }

    /// Selects among `slots` and gives the page in the order of the query: what follows the
    /// token, without the offset, up to the limit.
    /// Those that are `sure` to be selected are not asked.
    pub(crate) fn sort(
        &self,
        source: &dyn Source,
        slots: impl Iterator<Item = u32>,
        sure: bool,
    ) -> Sorted {
        let size = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        let limit = self.query.limit.map(size);
        let after = self.after.as_ref();
        let mut sorter = Sorter::new(source, &self.order, after, size(self.query.offset), limit);
        for slot in slots {
            let document = DocumentReader::new(source, slot);
            if sure || self.takes(&document) {
                sorter.add(&document);
            }
        }
        sorter.finish()
    }

    /// Whether a document stands behind the place where the page begins.
    pub(crate) fn is_behind_start(&self, source: &dyn Source, slot: u32) -> bool {
        let Some(after) = &self.after else { return true };
        let document = DocumentReader::new(source, slot);
        let by_values = self.order.compare(&self.order.values(&document), &after.values);
        by_values.then_with(|| source.place(slot).cmp(&after.place)).is_gt()
    }

    /// The token from which the page behind the document in `last` begins; without one, the token
    /// from which this page begins.
    pub(crate) fn token(&self, source: &dyn Source, last: Option<u32>) -> String {
        let position = last.map(|slot| self.order.position(&DocumentReader::new(source, slot)));
        page::encode(self.hash(), position.as_ref().or(self.after.as_ref()))
    }

    /// The token from which the page behind an entry of an index begins.
    pub(crate) fn entry_token(&self, key: &[u8], identity: Vec<u8>) -> String {
        let values = vec![SortValue::Bytes(key.to_vec())];
        page::encode(self.hash(), Some(&Position { values, place: identity }))
    }

    /// The hash of what a token is bound to.
    fn hash(&self) -> u64 {
        hash(&self.query, self.is_canonical)
    }

    /// Appends what the query wants of the document in `slot`, given its short ID where IDs are
    /// wanted, and, where it is wanted, the key by which an index listed it.
    pub(crate) fn write(
        &self,
        source: &dyn Source,
        slot: u32,
        id: Option<&str>,
        key: Option<&[u8]>,
        out: &mut String,
    ) {
        self.projection.write(source, slot, id, out);
        if let Some(key) = key {
            let rule = self.asked.as_ref().and_then(|asked| source.rules().get(asked.index));
            if let Some(rule) = rule {
                push_member("$key", &rule.show(key, source.schema()).to_text(), out);
            }
        }
        if let (true, Some(search)) = (self.query.hits, &self.search) {
            let hits = search.hits(&DocumentReader::new(source, slot));
            push_member("hits", &serde_json::to_string(&hits).unwrap_or_default(), out);
        }
    }
}

/// Documents that a condition names.
pub(crate) enum Named {
    Slots(Vec<u32>),
    ChildrenOf(u32),
    Under(u32),
}

/// What of the documents goes out: what the query says, or else the index.
fn projection(query: &Query, asked: Option<&Asked>, source: &dyn Source) -> Result<Projection> {
    let schema = source.schema();
    let rule = asked.and_then(|asked| source.rules().get(asked.index));
    let projection = match (&query.fields, rule.and_then(|rule| rule.include.as_ref())) {
        (None, Some(include)) => include.clone(),
        (fields, _) => Projection::compile(fields.as_deref(), schema)?,
    };
    if asked.is_none() && projection.has_index_key() {
        return Err(Error::invalid("$key goes with an index").field("fields"));
    }
    if query.hits && query.search.is_none() {
        return Err(Error::invalid("hits goes with search").field("hits"));
    }
    Ok(projection)
}

/// Appends a member to the object that `out` ends with.
fn push_member(name: &str, value: &str, out: &mut String) {
    out.pop();
    if !out.ends_with('{') {
        out.push(',');
    }
    quote(name, out);
    out.push(':');
    out.push_str(value);
    out.push('}');
}

/// The hash of what decides which documents come in which order. Member order in `where` does
/// not count: some callers' dictionaries have none.
fn hash(query: &Query, is_canonical: bool) -> u64 {
    let mut parts = String::from("[");
    write_in_name_order(query.filter.as_ref().unwrap_or(&Value::Null), &mut parts);
    parts.push(',');
    match &query.search {
        Some(text) => quote(text, &mut parts),
        None => parts.push_str("null"),
    }
    parts.push_str(",[");
    for (place, name) in query.order_by.iter().enumerate() {
        parts.push_str(if place > 0 { "," } else { "" });
        quote(name, &mut parts);
    }
    parts.push_str(if is_canonical { "],true" } else { "],false" });
    let text = |text: &String| Value::String(text.clone());
    let asked = [
        query.index.as_ref().map(text),
        query.key.clone(),
        query.range.clone().map(Value::Object),
        query.prefix.as_ref().map(text),
        query.desc.then_some(Value::Bool(true)),
        query.group.map(|count| Value::Number(Number::from(count as u64))),
    ];
    // Queries that ask for no index keep the tokens they had before there were any.
    if asked.iter().any(Option::is_some) {
        for part in asked {
            parts.push(',');
            part.unwrap_or_default().write(&mut parts);
        }
    }
    parts.push(']');
    xxh3_64(parts.as_bytes())
}

/// Appends the JSON of a value, the members of objects sorted by name.
fn write_in_name_order(value: &Value, out: &mut String) {
    match value {
        Value::Array(values) => {
            out.push('[');
            for (place, value) in values.iter().enumerate() {
                out.push_str(if place > 0 { "," } else { "" });
                write_in_name_order(value, out);
            }
            out.push(']');
        }
        Value::Object(object) => {
            out.push('{');
            for (place, (name, value)) in object.in_name_order().into_iter().enumerate() {
                out.push_str(if place > 0 { "," } else { "" });
                quote(name, out);
                out.push(':');
                write_in_name_order(value, out);
            }
            out.push('}');
        }
        value => value.write(out),
    }
}

#[cfg(test)]
mod tests;
