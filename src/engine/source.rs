//! What queries see of a state, and of a batch in the making.

use std::collections::BTreeMap;

use crate::engine::identify::{Identifier, identifier};
use crate::engine::place;
use crate::engine::state::State;
use crate::error::{Error, ErrorKind, Result};
use crate::ids::forest::Parent;
use crate::model::schema::{CODE_NONE, Schema};
use crate::model::time::Time;
use crate::query::{IndexRule, Source};

impl Source for State {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn rules(&self) -> &[IndexRule] {
        self.indexes.as_ref().map_or(&[], |indexes| &indexes.rules)
    }

    fn find_uuid(&self, uuid: u128) -> Option<u32> {
        State::find_uuid(self, uuid)
    }

    fn text(&self, slot: u32) -> &str {
        State::text(self, slot)
    }

    fn uuid(&self, slot: u32) -> u128 {
        State::uuid(self, slot)
    }

    fn rev(&self, slot: u32) -> u64 {
        State::rev(self, slot)
    }

    fn created(&self, slot: u32) -> Time {
        self.forest().created(slot)
    }

    fn code(&self, slot: u32, dimension: usize) -> u16 {
        self.codes(slot).get(dimension).copied().unwrap_or(CODE_NONE)
    }

    fn id(&self, slot: u32) -> Option<String> {
        self.forest().id(slot)
    }

    fn level(&self, slot: u32) -> Option<u32> {
        self.forest().level(slot)
    }

    fn has_children(&self, slot: u32) -> bool {
        self.forest().has_children(slot)
    }

    fn parent(&self, slot: u32) -> Option<u32> {
        match self.forest().parent(slot) {
            Parent::Slot(parent) => Some(parent),
            Parent::Root | Parent::Missing(_) => None,
        }
    }

    fn is_root(&self, slot: u32) -> bool {
        self.forest().parent(slot) == Parent::Root
    }

    fn resolve(&self, id: &str) -> Result<u32> {
        State::resolve(self, id)
    }

    fn place(&self, slot: u32) -> Vec<u8> {
        place::encode(self, slot)
    }
}

/// The state that a batch has made so far, in which short IDs still mean the one before it.
pub(super) struct During<'a> {
    pub(super) before: &'a State,
    pub(super) now: &'a State,
    /// The documents that operations of the batch gave names.
    pub(super) names: &'a BTreeMap<String, u32>,
}

impl During<'_> {
    fn resolve_name(&self, id: &str, name: &str) -> Result<u32> {
        self.names.get(name).copied().ok_or_else(|| {
            Error::new(ErrorKind::NotFound, format!("no operation before is named '{name}'"))
                .id(id)
                .candidates(self.names.keys().map(|name| format!("${name}")).collect())
        })
    }
}

impl Source for During<'_> {
    fn schema(&self) -> &Schema {
        self.now.schema()
    }

    fn rules(&self) -> &[IndexRule] {
        self.now.rules()
    }

    fn find_uuid(&self, uuid: u128) -> Option<u32> {
        self.now.find_uuid(uuid)
    }

    fn text(&self, slot: u32) -> &str {
        State::text(self.now, slot)
    }

    fn uuid(&self, slot: u32) -> u128 {
        State::uuid(self.now, slot)
    }

    fn rev(&self, slot: u32) -> u64 {
        State::rev(self.now, slot)
    }

    fn created(&self, slot: u32) -> Time {
        self.now.created(slot)
    }

    fn code(&self, slot: u32, dimension: usize) -> u16 {
        self.now.code(slot, dimension)
    }

    fn id(&self, slot: u32) -> Option<String> {
        self.before.id(slot)
    }

    fn level(&self, slot: u32) -> Option<u32> {
        self.now.level(slot)
    }

    fn has_children(&self, slot: u32) -> bool {
        self.now.has_children(slot)
    }

    fn parent(&self, slot: u32) -> Option<u32> {
        self.now.parent(slot)
    }

    fn is_root(&self, slot: u32) -> bool {
        self.now.is_root(slot)
    }

    fn resolve(&self, id: &str) -> Result<u32> {
        let slot = match identifier(id) {
            Identifier::Short(short) => match short.strip_prefix('$') {
                Some(name) => self.resolve_name(id, name),
                None => State::resolve(self.before, id),
            },
            Identifier::Piece(_) => State::resolve(self.before, id),
            Identifier::Uuid(_) | Identifier::Key(_) => State::resolve(self.now, id),
        }?;
        if self.now.is_live(slot) {
            return Ok(slot);
        }
        let message = format!("{id}: an operation before has deleted this document");
        Err(Error::new(ErrorKind::NotFound, message).id(id))
    }

    fn place(&self, slot: u32) -> Vec<u8> {
        self.now.place(slot)
    }
}
