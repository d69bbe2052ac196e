//! The state of one commit: documents, the index of their names, and their trees.
//!
//! Cloning costs a few reference counts; a clone never changes when another one does. Only a
//! `Draft` (see `commit`) and a load make a new state.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

use foldhash::fast::RandomState;
use uuid::Uuid;

use crate::engine::indexes::{Indexes, Keys};
use crate::engine::parents;
use crate::error::Result;
use crate::ids::forest::{Forest, Parent, Seat};
use crate::index::{HashIndex, Span, Table, TextHeap};
use crate::memory::prefetch;
use crate::model::data_file::{Envelope, settle_dimensions};
use crate::model::document::{Codes, Document, ParentRef, push_output, quoted_key, with_rev};
use crate::model::json::quote;
use crate::model::schema::Schema;

pub(super) mod gathered;

/// What is known of a document without reading its text.
#[derive(Clone, Debug)]
struct Row {
    uuid: u128,
    /// [`Span::NONE`] once the document is gone. Slots are never reused.
    text: Span,
    rev: u64,
    codes: Codes,
    /// A bit for each dimension whose default value the file leaves out.
    implied: u8,
}

/// Everything that one commit made.
#[derive(Clone)]
pub(crate) struct State {
    /// The number of the commit.
    pub(crate) commit: u64,
    pub(crate) schema: Arc<Schema>,
    /// What the file holds beside documents.
    pub(crate) envelope: Arc<Envelope>,
    /// The file that it was read from is not as a store writes it, and nothing was written since.
    pub(super) is_foreign: bool,
    rows: Table<Row>,
    /// By slot, the revisions in the file of the documents that count as written later, by the
    /// floor; 0: it has none. The next revision of a document is above the floor, so what stands
    /// here of it counts no more.
    file_revs: Arc<Vec<(u32, u64)>>,
    texts: TextHeap,
    forest: Forest,
    by_uuid: HashIndex,
    by_key: HashIndex,
    /// Documents whose key another, older document has (from a hand-edited file).
    shadowed: Arc<BTreeSet<u32>>,
    /// Documents that break the schema (from a hand-edited file).
    violating: Arc<BTreeSet<u32>>,
    len: u32,
    /// None while documents are being loaded.
    pub(super) indexes: Option<Indexes>,
    hasher: RandomState,
}

impl State {
    /// A state without documents, and without indexes.
    pub(crate) fn new(schema: Arc<Schema>) -> State {
        State {
            commit: 0,
            envelope: Arc::default(),
            is_foreign: false,
            rows: Table::new(),
            file_revs: Arc::default(),
            texts: TextHeap::new(),
            forest: Forest::new(schema.clone()),
            by_uuid: HashIndex::new(),
            by_key: HashIndex::new(),
            shadowed: Arc::default(),
            violating: Arc::default(),
            len: 0,
            indexes: None,
            hasher: RandomState::default(),
            schema,
        }
    }

    /// The number of documents.
    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    /// The trees.
    pub(crate) fn forest(&self) -> &Forest {
        &self.forest
    }

    /// The trees, to set how they are numbered after a load.
    pub(super) fn forest_mut(&mut self) -> &mut Forest {
        &mut self.forest
    }

    /// The slots of all documents, in the order of arrival.
    pub(crate) fn slots(&self) -> impl Iterator<Item = u32> + '_ {
        let live = |(_, row): &(u32, &Row)| row.text != Span::NONE;
        (0..).zip(self.rows.iter()).filter(live).map(|(slot, _)| slot)
    }

    /// The documents that break the schema.
    pub(crate) fn violating(&self) -> &BTreeSet<u32> {
        &self.violating
    }

    /// The documents whose key an older document has.
    pub(crate) fn shadowed(&self) -> &BTreeSet<u32> {
        &self.shadowed
    }

    /// The stored text; empty once the document is gone.
    pub(crate) fn text(&self, slot: u32) -> &str {
        self.rows.get(slot).and_then(|row| self.texts.get(row.text)).unwrap_or_default()
    }

    /// Asks memory for the rows of documents.
    pub(super) fn prefetch_rows(&self, slots: impl Iterator<Item = u32>) {
        let mut rows = self.rows.reader();
        for row in slots.filter_map(|slot| rows.get(slot)) {
            // A row may lie on two lines.
            prefetch(&row.uuid);
            prefetch(&row.codes);
        }
    }

    /// Asks memory for the texts of documents.
    pub(super) fn prefetch_texts(&self, slots: impl Iterator<Item = u32>) {
        let mut rows = self.rows.reader();
        self.texts.prefetch(slots.filter_map(|slot| rows.get(slot)).map(|row| row.text));
    }

    /// The text that calls return, with the short ID of this state.
    pub(crate) fn output(&self, slot: u32) -> String {
        let mut out = String::new();
        self.write_output(slot, self.forest.id(slot).as_deref(), &mut out);
        out
    }

    /// Appends the text that calls return, with `id` spliced in; `null` once it is gone.
    pub(crate) fn write_output(&self, slot: u32, id: Option<&str>, out: &mut String) {
        push_output(self.text(slot), id, out);
    }

    /// The document, to change it.
    ///
    /// # Errors
    /// INTERNAL when the stored text is damaged.
    pub(crate) fn document(&self, slot: u32) -> Result<Document> {
        Document::from_stored(self.text(slot))
    }

    /// The document as the file holds it: without the default values it leaves out.
    pub(crate) fn file_document(&self, slot: u32) -> Result<Document> {
        let mut document = self.document(slot)?;
        document.strip(&self.schema, self.implied(slot));
        Ok(document)
    }

    /// The permanent UUID.
    pub(crate) fn uuid(&self, slot: u32) -> u128 {
        self.rows.get(slot).map_or(0, |row| row.uuid)
    }

    /// The commit that wrote this version.
    pub(crate) fn rev(&self, slot: u32) -> u64 {
        self.rows.get(slot).map_or(0, |row| row.rev)
    }

    /// The revision that the file keeps of a document, where that is not the one by which it
    /// counts; 0: it has none.
    pub(super) fn file_rev(&self, slot: u32) -> Option<u64> {
        if self.file_revs.is_empty() || self.rev(slot) > self.envelope.rev_floor.max(1) {
            return None;
        }
        let found = self.file_revs.binary_search_by_key(&slot, |(slot, _)| *slot).ok()?;
        self.file_revs.get(found).map(|(_, rev)| *rev)
    }

    /// Gives the documents other revisions, after a load. In the file they keep those that they
    /// have there where `floor` makes them the ones given.
    ///
    /// # Errors
    /// Those of declaring the indexes anew.
    pub(super) fn count_from(&mut self, floor: u64, revs: &[(u32, u64)]) -> Result<()> {
        let mut file_revs = Vec::new();
        for &(slot, rev) in revs {
            let own = self.rev(slot);
            let in_file = self.file_rev(slot).unwrap_or(own);
            if in_file != rev && in_file.max(floor).max(1) == rev {
                file_revs.push((slot, in_file));
            }
            if own != rev {
                if let Some(text) = with_rev(self.text(slot), rev) {
                    self.put_text(slot, &text);
                }
                if let Some(row) = self.rows.get_mut(slot) {
                    row.rev = rev;
                }
            }
        }
        self.file_revs = Arc::new(file_revs);
        Arc::make_mut(&mut self.envelope).rev_floor = floor;
        self.declare_indexes()
    }

    /// The codes of its values.
    pub(crate) fn codes(&self, slot: u32) -> Codes {
        self.rows.get(slot).map(|row| row.codes).unwrap_or_default()
    }

    /// Which default values its file leaves out.
    pub(super) fn implied(&self, slot: u32) -> u8 {
        self.rows.get(slot).map_or(0, |row| row.implied)
    }

    /// Whether a document is in `slot`.
    pub(crate) fn is_live(&self, slot: u32) -> bool {
        self.rows.get(slot).is_some_and(|row| row.text != Span::NONE)
    }

    /// The document with that UUID.
    pub(crate) fn find_uuid(&self, uuid: u128) -> Option<u32> {
        self.by_uuid.find(self.hash(uuid), |slot| self.uuid(slot) == uuid)
    }

    /// The document with that key.
    pub(crate) fn find_key(&self, key: &str) -> Option<u32> {
        let mut quoted = String::with_capacity(key.len() + 2);
        quote(key, &mut quoted);
        self.find_quoted_key(&quoted)
    }

    /// The document with the key that is written so.
    pub(super) fn find_quoted_key(&self, quoted: &str) -> Option<u32> {
        self.find_hashed_key(self.hash(quoted), quoted)
    }

    /// What a UUID or a quoted key is found by.
    fn hash(&self, name: impl Hash) -> u32 {
        self.hasher.hash_one(name) as u32
    }

    fn find_hashed_key(&self, hash: u32, quoted: &str) -> Option<u32> {
        self.by_key.find(hash, |slot| quoted_key(self.text(slot)) == Some(quoted))
    }

    /// The place that a document takes in the trees.
    pub(super) fn seat(&self, document: &Document) -> Seat {
        let parent = self.parent(document.parent(&self.schema));
        let codes = document.codes(&self.schema);
        Seat { created: document.created(), parent, codes, claim: 0 }
    }

    fn parent(&self, parent: ParentRef) -> Parent {
        match parent {
            ParentRef::Root => Parent::Root,
            ParentRef::Unreadable => Parent::Missing(None),
            ParentRef::Uuid(uuid) => match self.find_uuid(uuid.as_u128()) {
                Some(slot) => Parent::Slot(slot),
                None => Parent::Missing(Some(uuid.as_u128())),
            },
        }
    }

    /// Adds a document whose UUID is not there yet. `implied` tells which default values its file
    /// leaves out. Gives its slot, and its keys in the indexes.
    pub(super) fn add(&mut self, document: &mut Document, implied: u8) -> (u32, Keys) {
        let mut seat = self.seat(document);
        self.claim_number(document, &mut seat, None);
        let mut text = String::with_capacity(512);
        document.write(&mut text);
        self.own_indexes();
        let slot = self.put_new(document.uuid.as_u128(), document.rev, &seat, &text, implied);
        self.note_problems(slot, document);
        (slot, self.index_new(slot, document.data.as_text()))
    }

    fn put_new(&mut self, uuid: u128, rev: u64, seat: &Seat, text: &str, implied: u8) -> u32 {
        let slot = self.forest.insert(uuid, seat);
        let text = self.texts.add(slot, text);
        self.rows.push(Row { uuid, text, rev, codes: seat.codes, implied });
        self.by_uuid.insert(self.hash(uuid), slot);
        self.index_key(slot);
        self.len += 1;
        self.keep_numbers_of_adopted(slot);
        slot
    }

    /// With stable numbering, writes down the numbers of documents that were waiting for `parent`.
    fn keep_numbers_of_adopted(&mut self, parent: u32) {
        if !self.forest.numbers_stay() {
            return;
        }
        let adopted: Vec<u32> = self.forest.children(parent).collect();
        for slot in adopted {
            let number = self.forest.number(slot).map(|(text, number)| (text.to_owned(), number));
            if let (Ok(mut document), Some((prefix, number))) = (self.document(slot), number) {
                document.set_number(prefix, number);
                let mut text = String::new();
                document.write(&mut text);
                self.put_text(slot, &text);
            }
        }
    }

    /// Puts another version of a document in its place. Gives its keys in the indexes.
    pub(super) fn change(&mut self, slot: u32, document: &mut Document, implied: u8) -> Keys {
        let mut seat = self.seat(document);
        let has_new_age = self.forest.created(slot) != seat.created;
        let held = self.held(slot, has_new_age);
        let moved = self.is_elsewhere(slot, &seat);
        if moved {
            let stays_below = match (self.forest.parent(slot), seat.parent) {
                // Only loads write orphans, and loads move nothing.
                (Parent::Missing(_), Parent::Missing(_)) => true,
                (now, then) => now == then,
            };
            if !stays_below {
                document.numbers = Default::default();
            }
            self.claim_number(document, &mut seat, Some(slot));
        }
        let mut text = String::with_capacity(512);
        document.write(&mut text);
        // Of documents with one key the oldest has it.
        let rekeyed = has_new_age || quoted_key(self.text(slot)) != quoted_key(&text);
        if rekeyed {
            self.forget_key(slot);
        }
        self.put_text(slot, &text);
        if let Some(row) = self.rows.get_mut(slot) {
            row.rev = document.rev;
            row.codes = seat.codes;
            row.implied = implied;
        }
        if moved {
            self.forest.relocate(slot, &seat);
        }
        self.note_problems(slot, document);
        if rekeyed {
            self.index_key(slot);
        }
        self.index_again(held, document.data.as_text())
    }

    /// Takes a document out. What hangs below it must be gone.
    pub(super) fn remove(&mut self, slot: u32) {
        self.unindex(slot);
        let hash = self.hash(self.uuid(slot));
        self.by_uuid.remove(hash, |other| other == slot);
        self.forget_key(slot);
        self.forest.remove(slot);
        if self.violating.contains(&slot) {
            Arc::make_mut(&mut self.violating).remove(&slot);
        }
        self.put_text(slot, "");
        self.len -= 1;
    }

    fn is_elsewhere(&self, slot: u32, seat: &Seat) -> bool {
        let same_parent = match (self.forest.parent(slot), seat.parent) {
            // Which document an orphan waits for is not known here: place it again.
            (_, Parent::Missing(_)) => false,
            (now, then) => now == then,
        };
        !same_parent || self.codes(slot) != seat.codes || self.forest.created(slot) != seat.created
    }

    /// With stable numbering, gives the document the number that its ID will end with.
    fn claim_number(&self, document: &mut Document, seat: &mut Seat, own: Option<u32>) {
        let prefix = self.forest.prefix_text(seat);
        seat.claim = document.number(&prefix);
        let number = self.forest.number_at(seat, own);
        if number > 0 {
            seat.claim = number;
            document.set_number(prefix, number);
        }
    }

    /// Replaces the text of a document; an empty one means that it is gone.
    pub(super) fn put_text(&mut self, slot: u32, text: &str) {
        let old = self.rows.get(slot).map_or(Span::NONE, |row| row.text);
        for (owner, span) in self.texts.remove(old) {
            if let Some(row) = self.rows.get_mut(owner) {
                row.text = span;
            }
        }
        let span = if text.is_empty() { Span::NONE } else { self.texts.add(slot, text) };
        if let Some(row) = self.rows.get_mut(slot) {
            row.text = span;
        }
    }

    fn note_problems(&mut self, slot: u32, document: &Document) {
        let breaks = !document.problems(&self.schema).is_empty();
        if breaks != self.violating.contains(&slot) {
            let violating = Arc::make_mut(&mut self.violating);
            if breaks {
                violating.insert(slot)
            } else {
                violating.remove(&slot)
            };
        }
    }

    fn index_key(&mut self, slot: u32) {
        let Some(quoted) = quoted_key(self.text(slot)) else { return };
        let hash = self.hash(quoted);
        if let Some(other) = self.find_hashed_key(hash, quoted) {
            let age = |slot| (self.forest.created(slot), slot);
            let younger = if age(slot) < age(other) { other } else { slot };
            Arc::make_mut(&mut self.shadowed).insert(younger);
            if younger == slot {
                return;
            }
            self.by_key.remove(hash, |found| found == other);
        }
        self.by_key.insert(hash, slot);
    }

    fn forget_key(&mut self, slot: u32) {
        let Some(quoted) = quoted_key(self.text(slot)) else { return };
        let hash = self.hash(quoted);
        if self.shadowed.contains(&slot) {
            Arc::make_mut(&mut self.shadowed).remove(&slot);
            return;
        }
        let has_key = |&other: &u32| quoted_key(self.text(other)) == Some(quoted);
        let heirs = self.shadowed.iter().copied().filter(has_key);
        let heir = heirs.min_by_key(|&other| (self.forest.created(other), other));
        self.by_key.remove(hash, |found| found == slot);
        if let Some(heir) = heir {
            Arc::make_mut(&mut self.shadowed).remove(&heir);
            self.index_key(heir);
        }
    }

    /// The same documents under another schema.
    ///
    /// # Errors
    /// INTERNAL when a stored text is damaged.
    pub(super) fn with_schema(&self, schema: Arc<Schema>) -> Result<State> {
        let mut state = State::new(schema);
        state.commit = self.commit;
        let mut envelope = (*self.envelope).clone();
        envelope.schema = Some(Arc::new(state.schema.source.clone()));
        state.envelope = Arc::new(envelope);
        state.is_foreign = self.is_foreign;
        let mut file_revs = Vec::new();
        for slot in self.slots() {
            let mut document = self.file_document(slot)?;
            settle_dimensions(&mut document, &state.schema);
            let implied = document.complete(&state.schema);
            let (added, _) = state.add(&mut document, implied);
            file_revs.extend(self.file_rev(slot).map(|rev| (added, rev)));
        }
        state.file_revs = Arc::new(file_revs);
        super::load::number_stably(&mut state, Some(self))?;
        parents::settle(&mut state, &BTreeSet::new(), &parents::unresolved(self)?)?;
        state.declare_indexes()?;
        Ok(state)
    }

    /// An index that does not hold as many documents as there are: a defect of this library.
    pub(crate) fn index_defect(&self) -> Option<String> {
        let (found, len) = (self.by_uuid.len(), self.len);
        (found != len).then(|| format!("the index of UUIDs holds {found} of {len} documents"))
    }

    /// Bytes of the texts of documents, and bytes held for them.
    pub(crate) fn text_bytes(&self) -> (usize, usize) {
        self.texts.bytes()
    }

    /// About how many bytes of texts and rows it holds that `current`, a later state, does not.
    pub(super) fn bytes_beyond(&self, current: &State) -> usize {
        self.texts.bytes_beyond(&current.texts)
            + self.rows.entries_beyond(&current.rows) * size_of::<Row>()
    }

    /// The UUID of a document.
    pub(crate) fn uuid_text(&self, slot: u32) -> String {
        Uuid::from_u128(self.uuid(slot)).hyphenated().to_string()
    }
}
