//! Sorting what no order of the state gives: documents come in any order, a page goes out.
//!
//! Memory is bounded by the page (offset and limit), not by the documents that match; the place
//! of a document in the default order is asked for only when its values tie with another's.

use std::cell::OnceCell;
use std::cmp::Ordering;

use crate::query::Source;
use crate::query::order::{Order, Position, SortValue};
use crate::query::reader::DocumentReader;

/// Documents kept beyond the page before they are cut back to it.
const SLACK: usize = 1_024;

/// The documents of a page in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sorted {
    /// The documents, offset and limit applied.
    pub(crate) slots: Vec<u32>,
    /// Whether more documents follow the page.
    pub(crate) has_more: bool,
}

/// Collects the documents of one page.
pub(super) struct Sorter<'a> {
    source: &'a dyn Source,
    order: &'a Order,
    after: Option<&'a Position>,
    offset: usize,
    limit: Option<usize>,
    rows: Vec<Row>,
}

struct Row {
    slot: u32,
    values: Vec<SortValue>,
    place: OnceCell<Vec<u8>>,
}

impl<'a> Sorter<'a> {
    pub(super) fn new(
        source: &'a dyn Source,
        order: &'a Order,
        after: Option<&'a Position>,
        offset: usize,
        limit: Option<usize>,
    ) -> Sorter<'a> {
        Sorter { source, order, after, offset, limit, rows: Vec::new() }
    }

    /// Takes a document that the query selects.
    pub(super) fn add(&mut self, document: &DocumentReader<'_>) {
        let values = self.order.values(document);
        let row = Row { slot: document.slot, values, place: OnceCell::new() };
        if self.after.is_some_and(|after| self.compare_with(&row, after).is_le()) {
            return;
        }
        self.rows.push(row);
        if let Some(kept) = self.kept() {
            if self.rows.len() >= kept.saturating_mul(2).saturating_add(SLACK) {
                self.cut(kept);
            }
        }
    }

    /// Gives the page.
    pub(super) fn finish(mut self) -> Sorted {
        if let Some(kept) = self.kept() {
            self.cut(kept);
        }
        let mut rows = std::mem::take(&mut self.rows);
        rows.sort_unstable_by(|left, right| self.compare(left, right));
        let rest = rows.len().saturating_sub(self.offset);
        let limit = self.limit.unwrap_or(rest);
        let slots = rows.iter().skip(self.offset).take(limit).map(|row| row.slot).collect();
        Sorted { slots, has_more: rest > limit }
    }

    /// How many documents decide about the page: one more than it holds, to know of the next.
    fn kept(&self) -> Option<usize> {
        Some(self.limit?.saturating_add(self.offset).saturating_add(1))
    }

    fn cut(&mut self, kept: usize) {
        if self.rows.len() <= kept {
            return;
        }
        let mut rows = std::mem::take(&mut self.rows);
        rows.select_nth_unstable_by(kept, |left, right| self.compare(left, right));
        rows.truncate(kept);
        self.rows = rows;
    }

    fn compare(&self, left: &Row, right: &Row) -> Ordering {
        self.order
            .compare(&left.values, &right.values)
            .then_with(|| self.place(left).cmp(self.place(right)))
    }

    fn compare_with(&self, row: &Row, position: &Position) -> Ordering {
        self.order
            .compare(&row.values, &position.values)
            .then_with(|| self.place(row).cmp(&position.place))
    }

    fn place<'r>(&self, row: &'r Row) -> &'r [u8] {
        row.place.get_or_init(|| self.source.place(row.slot))
    }
}
