//! Documents that are gathered, to be made a state all at once: that takes far less time than to
//! add one after the other.

use std::collections::BTreeSet;
use std::sync::Arc;

use uuid::Uuid;

use super::{Row, State};
use crate::ids::forest::{Forest, Parent, Seat};
use crate::index::{HashIndex, TextHeap};
use crate::model::data_file::Head;
use crate::model::document::{Document, ParentRef, quoted_key, with_rev};
use crate::model::schema::Schema;

/// So many documents are looked for at once.
const AHEAD: usize = 32;

/// The documents of a store in their order.
pub(crate) struct Gathered {
    schema: Arc<Schema>,
    rev_floor: u64,
    file_revs: Vec<(u32, u64)>,
    rows: Vec<Row>,
    /// The documents without their places.
    seats: Vec<Seat>,
    /// Those that hang below another one, by their slots, and whose UUID that is.
    below: Vec<(u32, Uuid)>,
    texts: TextHeap,
    violating: BTreeSet<u32>,
    commit: u64,
}

/// The slots of two documents that have one UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TwoOfOneUuid {
    pub(crate) uuid: Uuid,
    pub(crate) first: u32,
    pub(crate) second: u32,
}

impl Gathered {
    /// Documents with a revision below `rev_floor` count as written by that commit.
    pub(crate) fn new(schema: Arc<Schema>, rev_floor: u64) -> Gathered {
        Gathered {
            schema,
            rev_floor,
            file_revs: Vec::new(),
            rows: Vec::new(),
            seats: Vec::new(),
            below: Vec::new(),
            texts: TextHeap::new(),
            violating: BTreeSet::new(),
            commit: 0,
        }
    }

    /// Adds a document that keeps all rules, given what decides on its place, and its text.
    pub(crate) fn add(&mut self, head: &Head, text: &str) {
        let Head { uuid, rev: file_rev, created, codes, parent, implied } = *head;
        let slot = self.rows.len() as u32;
        let rev = file_rev.max(self.rev_floor).max(1);
        let text = if rev == file_rev {
            self.texts.add(slot, text)
        } else {
            self.file_revs.push((slot, file_rev));
            self.texts.add(slot, with_rev(text, rev).as_deref().unwrap_or(text))
        };
        self.rows.push(Row { uuid: uuid.as_u128(), text, rev, codes, implied });
        let parent = match parent {
            ParentRef::Root => Parent::Root,
            ParentRef::Unreadable => Parent::Missing(None),
            ParentRef::Uuid(uuid) => {
                self.below.push((slot, uuid));
                Parent::Missing(Some(uuid.as_u128()))
            }
        };
        self.seats.push(Seat { created, parent, codes, claim: 0 });
        self.commit = self.commit.max(rev);
    }

    /// Adds a document that may break rules.
    pub(crate) fn add_free(&mut self, document: &mut Document) {
        let implied = document.complete(&self.schema);
        let mut text = String::new();
        document.write(&mut text);
        let head = Head {
            uuid: document.uuid,
            rev: document.rev,
            created: document.created(),
            codes: document.codes(&self.schema),
            parent: document.parent(&self.schema),
            implied,
        };
        if !document.problems(&self.schema).is_empty() {
            self.violating.insert(self.rows.len() as u32);
        }
        self.add(&head, &text);
    }

    /// The state of these documents, without indexes; its commit is their highest revision.
    ///
    /// # Errors
    /// The first document that has the UUID of one before it.
    pub(crate) fn into_state(mut self) -> Result<State, TwoOfOneUuid> {
        let mut state = State::new(Arc::clone(&self.schema));
        state.commit = self.commit;
        state.file_revs = Arc::new(self.file_revs);
        state.texts = self.texts;
        state.len = self.rows.len() as u32;
        state.rows.extend(self.rows);
        state.violating = Arc::new(self.violating);
        state.index_uuids()?;
        state.find_parents(&self.below, &mut self.seats);
        state.forest = Forest::of(self.schema, &self.seats, |slot| state.uuid(slot));
        state.index_keys();
        Ok(state)
    }
}

impl State {
    fn index_uuids(&mut self) -> Result<(), TwoOfOneUuid> {
        let mut found: Option<TwoOfOneUuid> = None;
        let uuids = (0..).zip(self.rows.iter().map(|row| row.uuid));
        let hashes = uuids.map(|(slot, uuid)| (self.hash(uuid), slot));
        self.by_uuid = HashIndex::of(hashes, |one, other| {
            let is_same = self.uuid(one) == self.uuid(other);
            if is_same && found.is_none_or(|found| other < found.second) {
                let uuid = Uuid::from_u128(self.uuid(one));
                found = Some(TwoOfOneUuid { uuid, first: one, second: other });
            }
            is_same.then_some(one)
        });
        found.map_or(Ok(()), Err)
    }

    /// Gives the documents that hang below others the slots of these, where they are there.
    fn find_parents(&self, below: &[(u32, Uuid)], seats: &mut [Seat]) {
        for some in below.chunks(AHEAD) {
            for (_, parent) in some {
                self.by_uuid.prefetch(self.hash(parent.as_u128()));
            }
            for (slot, parent) in some {
                let found = self.find_uuid(parent.as_u128());
                if let (Some(found), Some(seat)) = (found, seats.get_mut(*slot as usize)) {
                    seat.parent = Parent::Slot(found);
                }
            }
        }
    }

    fn index_keys(&mut self) {
        let keys = self.slots().filter_map(|slot| Some((slot, quoted_key(self.text(slot))?)));
        let hashes = keys.map(|(slot, quoted)| (self.hash(quoted), slot));
        let mut shadowed = BTreeSet::new();
        let by_key = HashIndex::of(hashes, |one, other| {
            let is_same = quoted_key(self.text(one)) == quoted_key(self.text(other));
            let age = |slot| (self.forest.created(slot), slot);
            let (older, younger) = if age(other) < age(one) { (other, one) } else { (one, other) };
            is_same.then(|| {
                shadowed.insert(younger);
                older
            })
        });
        self.by_key = by_key;
        self.shadowed = Arc::new(shadowed);
    }
}
