//! Adding, updating and replacing one document in a draft.

use uuid::Uuid;

use crate::engine::draft::Draft;
use crate::engine::guard::{Guard, SHOWN_MAX, other_uuid};
use crate::engine::identify::{Identifier, identifier};
use crate::error::{Error, ErrorKind, Result, shown};
use crate::ids::LEVELS_MAX;
use crate::model::document::{Document, ParentRef};
use crate::model::input::{Beside, Input};
use crate::model::json::JsonText;
use crate::model::schema::Schema;
use crate::model::time::Time;

impl Draft {
    /// Adds a document. One that was deleted comes back as it was: its UUID tells which one it is,
    /// its ID and its revision are over.
    pub(super) fn add(&mut self, object: &JsonText<'_>) -> Result<u32> {
        let schema = self.state.schema.clone();
        let input = Input::read(object, &schema, Beside::Nothing);
        let input = input.or_else(|error| returning(object, &schema).ok_or(error))?;
        if input.uuid.is_none() {
            if input.id.is_some() {
                return Err(not_new("a new document has no ID yet", "id"));
            }
            if input.rev.is_some() {
                return Err(not_new("a new document has no revision yet", "rev"));
            }
        }
        self.create(input)
    }

    fn create(&mut self, input: Input) -> Result<u32> {
        let schema = self.state.schema.clone();
        let parent = self.parent_of_new(&input)?;
        let (created_at, updated_at) = (input.created_at, input.updated_at);
        let mut document = input.into_new(&schema)?;
        if document.uuid != Uuid::nil() {
            self.check_uuid_is_free(document.uuid)?;
        }
        self.check_key_is_free(&document, None)?;
        if let Some(parent) = parent {
            self.set_parent(&mut document, parent);
        }
        self.check_fits(None, &document)?;
        let now = self.tick();
        if document.uuid == Uuid::nil() {
            document.uuid = self.uuid_at(now);
        }
        let now = now.to_json();
        document.created_at = created_at.map_or_else(|| now.clone(), Time::to_json);
        document.updated_at = updated_at.map_or(now, Time::to_json);
        document.complete(&schema);
        let slot = self.put_new(document)?;
        self.note_waiting(slot);
        Ok(slot)
    }

    /// Merges a patch into a document.
    pub(super) fn update(
        &mut self,
        id: Option<&str>,
        slot: u32,
        patch: &JsonText<'_>,
        guard: Guard,
    ) -> Result<()> {
        let schema = self.state.schema.clone();
        let stored = self.state.document(slot)?;
        let input = Input::read(patch, &schema, Beside::Stored(&stored))?;
        self.check_identity(id, slot, &input, guard)?;
        let parent = self.parent_of(&input)?;
        let times = (input.created_at, input.updated_at);
        let (stored_at, mut document) = (stored.updated_at.clone(), stored);
        document.strip(&schema, self.state.implied(slot));
        input.merge_into(&mut document, &schema);
        self.write(slot, stored_at, document, parent, times)
    }

    /// Replaces a document; creates it when `id` is a key or a UUID that is not there.
    pub(super) fn replace(&mut self, id: &str, object: &JsonText<'_>, guard: Guard) -> Result<u32> {
        let schema = self.state.schema.clone();
        let Some(slot) = self.find_for_replace(id)? else {
            return self.create_as(id, object, guard);
        };
        let stored = self.state.document(slot)?;
        let input = Input::read(object, &schema, Beside::Stored(&stored))?;
        self.check_identity(Some(id), slot, &input, guard)?;
        let parent = self.parent_of(&input)?;
        let times = (input.created_at, input.updated_at);
        let document = input.into_replacement(&stored, &schema);
        let parent = parent.or(Some(ParentRef::Root));
        self.write(slot, stored.updated_at, document, parent, times)?;
        Ok(slot)
    }

    fn create_as(&mut self, id: &str, object: &JsonText<'_>, guard: Guard) -> Result<u32> {
        let schema = self.state.schema.clone();
        let mut input = Input::read(object, &schema, Beside::Nothing)?;
        self.check_absent(id, &input, guard)?;
        if input.id.is_some() {
            let message = "the document to replace is not there, so it has no ID";
            return Err(Error::new(ErrorKind::NotFound, message).field("id"));
        }
        match identifier(id) {
            Identifier::Uuid(uuid) => {
                let uuid = Uuid::from_u128(uuid);
                if input.uuid.is_some_and(|given| given != uuid) {
                    return Err(other_uuid());
                }
                input.uuid = Some(uuid);
            }
            Identifier::Key(key) => input.name_by_key(key)?,
            Identifier::Short(_) | Identifier::Piece(_) => {}
        }
        self.create(input)
    }

    /// Puts another version of a document in the place of the one that was written `stored_at`,
    /// unless they hold the same.
    fn write(
        &mut self,
        slot: u32,
        stored_at: JsonText<'static>,
        mut document: Document,
        parent: Option<ParentRef>,
        (created_at, updated_at): (Option<Time>, Option<Time>),
    ) -> Result<()> {
        if let Some(parent) = parent {
            self.set_parent(&mut document, parent);
        }
        if let Some(time) = created_at {
            document.created_at = time.to_json();
        }
        let implied = document.complete(&self.state.schema);
        let given = updated_at.map(Time::to_json);
        let given = given.filter(|time| *time != stored_at);
        document.updated_at = stored_at;
        if given.is_none() && self.is_stored(slot, &document) {
            return Ok(());
        }
        self.check_key_is_free(&document, Some(slot))?;
        self.check_fits(Some(slot), &document)?;
        let now = self.tick();
        document.updated_at = given.unwrap_or_else(|| now.to_json());
        self.put(slot, document, implied)
    }

    /// Whether a document is just as it is stored.
    fn is_stored(&self, slot: u32, document: &Document) -> bool {
        let stored = self.state.text(slot);
        let mut text = String::with_capacity(stored.len());
        document.write(&mut text);
        text == stored
    }

    /// The parent that an input names, by its UUID; none when it says nothing of a parent.
    fn parent_of(&self, input: &Input) -> Result<Option<ParentRef>> {
        match &input.parent {
            None => Ok(None),
            Some(None) => Ok(Some(ParentRef::Root)),
            Some(Some(id)) => self.find_parent(id).map(Some),
        }
    }

    /// The parent of a document that is to be created, which a later operation of a batch may add.
    fn parent_of_new(&self, input: &Input) -> Result<Option<ParentRef>> {
        self.parent_of(input).or_else(|error| {
            let named = input.parent.as_ref().and_then(|parent| parent.as_deref()).map(identifier);
            match named {
                Some(Identifier::Uuid(uuid)) if self.may_wait(None) => {
                    Ok(Some(ParentRef::Uuid(Uuid::from_u128(uuid))))
                }
                _ => Err(error),
            }
        })
    }

    /// The parent that an ID in an input leads to.
    pub(super) fn find_parent(&self, id: &str) -> Result<ParentRef> {
        let slot = self.resolve(id).map_err(|error| {
            let message = match error.kind() {
                ErrorKind::NotFound => format!("the parent is not there: {error}"),
                _ => format!("the parent: {error}"),
            };
            error.with_message(message).field(self.parent_field())
        })?;
        Ok(ParentRef::Uuid(Uuid::from_u128(self.state.uuid(slot))))
    }

    fn parent_field(&self) -> String {
        let member = self.state.schema.hierarchy().map_or("", |parent| parent.member());
        format!("dimensions.{member}")
    }

    fn set_parent(&self, document: &mut Document, parent: ParentRef) {
        let Some(hierarchy) = self.state.schema.hierarchy() else { return };
        let uuid = match parent {
            ParentRef::Uuid(uuid) => Some(uuid),
            ParentRef::Root | ParentRef::Unreadable => None,
        };
        document.set_parent(hierarchy, uuid);
    }

    fn check_key_is_free(&self, document: &Document, own: Option<u32>) -> Result<()> {
        let Some(key) = &document.key else { return Ok(()) };
        match self.state.find_quoted_key(key.as_text()) {
            Some(other) if Some(other) != own => {
                let text = key.as_str().unwrap_or_default();
                let (shown, known) = (shown(&text, SHOWN_MAX), self.known(other));
                let message =
                    format!("another document has the key '{shown}': {}", known.named(other));
                Err(Error::new(ErrorKind::Exists, message)
                    .field("key")
                    .id(self.state.uuid_text(other))
                    .actual(text)
                    .hint("give another key, or change that document"))
            }
            _ => Ok(()),
        }
    }

    /// Checks that the parent of a document is there, is not below it, and not too deep.
    pub(super) fn check_fits(&self, slot: Option<u32>, document: &Document) -> Result<()> {
        let refuse = |kind, name, message: &str| {
            Err(Error::new(kind, message).named(name).field(self.parent_field()))
        };
        let uuid = match document.parent(&self.state.schema) {
            ParentRef::Root => return Ok(()),
            // The rules for documents report it.
            ParentRef::Unreadable => return Ok(()),
            ParentRef::Uuid(uuid) => uuid,
        };
        let own = slot.map_or(document.uuid.as_u128(), |slot| self.state.uuid(slot));
        if uuid.as_u128() == own {
            let message = "a document cannot be its own parent";
            return refuse(ErrorKind::Constraint, "SELF_PARENT", message);
        }
        let Some(parent) = self.state.find_uuid(uuid.as_u128()) else {
            if self.may_wait(slot) {
                return Ok(());
            }
            let message = "the parent of the document does not exist: give another one or null";
            return refuse(ErrorKind::Constraint, "MISSING_PARENT", message);
        };
        let forest = self.state.forest();
        if slot.is_some_and(|slot| forest.is_within(parent, slot)) {
            let message = "the parent hangs below the document itself";
            return refuse(ErrorKind::Constraint, "PARENT_CYCLE", message);
        }
        if !forest.fits_below(slot, parent) {
            let message = format!("a tree has at most {LEVELS_MAX} levels");
            return refuse(ErrorKind::Limit, "TOO_DEEP", &message);
        }
        Ok(())
    }

    fn check_uuid_is_free(&self, uuid: Uuid) -> Result<()> {
        let Some(slot) = self.state.find_uuid(uuid.as_u128()) else { return Ok(()) };
        let message = format!("a document with this UUID exists: {}", self.known(slot).named(slot));
        Err(Error::new(ErrorKind::Exists, message)
            .field("uuid")
            .actual(self.state.uuid_text(slot))
            .hint("update or replace changes it"))
    }
}

/// A document that was in a store before, with whatever its file held that no schema knows.
#[cold]
fn returning(object: &JsonText<'_>, schema: &Schema) -> Option<Input> {
    let input = Input::read(object, schema, Beside::Anything).ok()?;
    (input.uuid.is_some() && input.rev.is_some_and(|rev| rev > 0)).then_some(input)
}

fn not_new(message: &str, member: &str) -> Error {
    Error::invalid(message).field(member).hint(
        "leave id and rev out; what was deleted is added with its uuid; update or replace change \
         what is there",
    )
}
