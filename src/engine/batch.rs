//! A batch: its operations in order, and the documents in it that come before their parents.
//!
//! Such a document waits for its parent as one does whose parent is missing from a file: it has no
//! ID meanwhile. At the end each parent must be there.

use std::collections::BTreeMap;

use crate::engine::draft::{Draft, Outcome};
use crate::engine::operation::Operation;
use crate::error::{Error, Result};
use crate::ids::forest::Parent;
use crate::model::document::{ParentRef, push_uuid};

/// What a draft knows of the batch that it runs.
pub(super) struct Batch {
    /// How many operations there are.
    len: usize,
    /// The index of the operation that is being done.
    index: usize,
    /// The documents that were added before their parents, and the operations that did it.
    waiting: BTreeMap<u32, usize>,
}

impl Draft {
    /// Does all operations of a batch.
    ///
    /// # Errors
    /// As [`Draft::run`], naming the operation.
    pub(crate) fn run_all(&mut self, operations: Vec<Operation>) -> Result<Vec<Outcome>> {
        self.batch = Some(Batch { index: 0, len: operations.len(), waiting: BTreeMap::new() });
        let mut outcomes = Vec::with_capacity(operations.len());
        for (index, operation) in operations.into_iter().enumerate() {
            if let Some(batch) = &mut self.batch {
                batch.index = index;
            }
            outcomes.push(self.run(operation).map_err(|error| self.in_operation(index, error))?);
        }
        self.check_waiting()?;
        Ok(outcomes)
    }

    /// Whether a document, new or in `slot`, may do without its parent for now.
    pub(super) fn may_wait(&self, slot: Option<u32>) -> bool {
        let Some(batch) = &self.batch else { return false };
        slot.is_none_or(|slot| batch.waiting.contains_key(&slot))
    }

    /// Notes whether a document that was just added waits for its parent.
    pub(super) fn note_waiting(&mut self, slot: u32) {
        let Some(batch) = &mut self.batch else { return };
        if matches!(self.state.forest().parent(slot), Parent::Missing(_)) {
            batch.waiting.insert(slot, batch.index);
        }
    }

    /// Checks that the parents of all that waited have come, and make no circle.
    fn check_waiting(&self) -> Result<()> {
        let waiting = self.batch.iter().flat_map(|batch| &batch.waiting);
        for (&slot, &index) in waiting.filter(|(slot, _)| self.state.is_live(**slot)) {
            self.check_parent(slot).map_err(|error| self.in_operation(index, error))?;
        }
        Ok(())
    }

    /// Says which operation failed: its message does, too, where there are several.
    #[cold]
    fn in_operation(&self, index: usize, error: Error) -> Error {
        match self.batch.as_ref().is_some_and(|batch| batch.len > 1) {
            true => error.in_operation(index),
            false => error.within(&index.to_string()),
        }
    }

    fn check_parent(&self, slot: u32) -> Result<()> {
        let document = self.state.document(slot)?;
        if let ParentRef::Uuid(uuid) = document.parent(&self.state.schema) {
            let mut id = String::new();
            push_uuid(uuid, &mut id);
            self.find_parent(&id)?;
        }
        self.check_fits(Some(slot), &document)
    }
}
