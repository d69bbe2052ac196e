//! What a caller expects of the document that an ID leads to, and the conflict when it is not so.
//!
//! A short ID and a key may lead to another document by the time they are used, and documents of
//! one batch share a revision: only the UUID tells one document from another.

use uuid::Uuid;

use crate::engine::draft::Draft;
use crate::engine::identify::{Identifier, identifier};
use crate::engine::state::State;
use crate::error::{CANDIDATES_MAX, Error, ErrorKind, Result, shown};
use crate::model::document::Problem;
use crate::model::input::{Input, read_uuid};
use crate::model::schema::Dimension;
use crate::query::Source;

/// Characters of an ID, and of a title, that a message shows at most.
pub(super) const SHOWN_MAX: usize = 80;

/// What a write expects: `if_rev` and `if_uuid`, or the `rev` and `uuid` inside of its input.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Guard {
    pub(super) rev: Option<u64>,
    pub(super) uuid: Option<Uuid>,
}

impl Guard {
    /// Reads what options and operations say.
    ///
    /// # Errors
    /// INVALID for what is no UUID.
    pub(crate) fn read(if_rev: Option<u64>, if_uuid: Option<&str>) -> Result<Guard> {
        let uuid = if_uuid.map(|text| read_uuid("if_uuid", text)).transpose()?;
        Ok(Guard { rev: if_rev, uuid })
    }

    /// Adds what an input says of the document that it is for.
    fn and(self, input: &Input) -> Result<Guard> {
        let differ = |option, member| {
            Error::invalid(format!("{option} and the {member} inside differ")).field(member)
        };
        if self.uuid.zip(input.uuid).is_some_and(|(one, other)| one != other) {
            return Err(differ("if_uuid", "uuid"));
        }
        if self.rev.zip(input.rev).is_some_and(|(one, other)| one != other) {
            return Err(differ("if_rev", "rev"));
        }
        Ok(Guard { rev: self.rev.or(input.rev), uuid: self.uuid.or(input.uuid) })
    }
}

impl State {
    /// A document as errors name it: its short ID, or its UUID where it has none, and its title.
    pub(super) fn named(&self, slot: u32) -> String {
        let id = self.id(slot).unwrap_or_else(|| self.uuid_text(slot));
        match self.title(slot) {
            Some(title) => format!("{id} {title}"),
            None => id,
        }
    }

    /// The beginning of a document's title, quoted; none where it is empty.
    fn title(&self, slot: u32) -> Option<String> {
        let document = self.document(slot).ok()?;
        let title = document.title.as_str().filter(|title| !title.is_empty())?;
        Some(format!("\"{}\"", shown(&title, SHOWN_MAX)))
    }
}

impl Draft {
    /// Checks that the `id`, `uuid` and `rev` of an input and the guard mean the document in
    /// `slot`, which `id` led to, if it is one that an ID leads to.
    pub(super) fn check_identity(
        &self,
        id: Option<&str>,
        slot: u32,
        input: &Input,
        guard: Guard,
    ) -> Result<()> {
        let guard = guard.and(input)?;
        self.check_uuid(id, slot, guard.uuid)?;
        if let Some(inside) = &input.id {
            if self.resolve(inside).map_err(|error| error.field("id"))? != slot {
                return Err(Error::invalid(format!(
                    "the id '{inside}' inside is another document's"
                ))
                .field("id")
                .actual(inside.as_str()));
            }
        }
        self.check_rev(slot, guard.rev)
    }

    /// Checks the guard of a write without an input.
    pub(super) fn check_guard(&self, id: Option<&str>, slot: u32, guard: Guard) -> Result<()> {
        self.check_uuid(id, slot, guard.uuid)?;
        self.check_rev(slot, guard.rev)
    }

    fn check_uuid(&self, id: Option<&str>, slot: u32, expected: Option<Uuid>) -> Result<()> {
        match (expected, id) {
            (None, _) => Ok(()),
            (Some(uuid), _) if uuid.as_u128() == self.state.uuid(slot) => Ok(()),
            (Some(uuid), Some(id)) if !matches!(identifier(id), Identifier::Uuid(_)) => {
                Err(self.other_document(id, slot, uuid))
            }
            (Some(_), _) => Err(other_uuid()),
        }
    }

    /// The conflict when an ID leads to another document than it did.
    #[cold]
    fn other_document(&self, id: &str, slot: u32, expected: Uuid) -> Error {
        let id = shown(id.trim(), SHOWN_MAX);
        let found = self.known(slot);
        let title = found.title(slot).unwrap_or_else(|| found.uuid_text(slot));
        let hint = match self.state.find_uuid(expected.as_u128()) {
            Some(meant) => {
                let place = self.known(meant).named(meant);
                format!("the one that was meant is now {place}: read it again and decide anew")
            }
            None => "the one that was meant is gone: list again and decide anew".to_owned(),
        };
        Error::new(ErrorKind::Conflict, format!("{id} is now another document: {title}"))
            .named("OTHER_DOCUMENT")
            .id(id)
            .field("uuid")
            .expected(expected.hyphenated().to_string())
            .actual(self.state.uuid_text(slot))
            .hint(hint)
    }

    /// The state in which the caller knows a document: that before the batch, if it was there.
    pub(super) fn known(&self, slot: u32) -> &State {
        if self.before.is_live(slot) { &self.before } else { &self.state }
    }

    fn check_rev(&self, slot: u32, expected: Option<u64>) -> Result<()> {
        let Some(expected) = expected else { return Ok(()) };
        let known = self.known(slot);
        let actual = known.rev(slot);
        if actual == expected {
            return Ok(());
        }
        let message = match expected {
            0 => format!("the document exists already, at revision {actual}"),
            _ => format!("the document is at revision {actual}, not {expected}"),
        };
        Err(Error::new(ErrorKind::Conflict, message)
            .id(known.uuid_text(slot))
            .field("if_rev")
            .expected(expected.to_string())
            .actual(actual.to_string())
            .hint("read it again and decide anew"))
    }

    /// The error for a write that leaves in a document what breaks the schema.
    #[cold]
    pub(super) fn must_mend(&self, slot: u32, problem: Problem) -> Error {
        let known = self.known(slot);
        let error = Error::new(
            ErrorKind::Constraint,
            format!("{}: {}", known.named(slot), problem.message),
        );
        let error = error.named("BREAKS_SCHEMA").id(known.uuid_text(slot)).field(&problem.field);
        let schema = &self.state.schema;
        let name = problem.field.strip_prefix("dimensions.").filter(|_| problem.kind == "value");
        let place = name.and_then(|name| schema.dimension(name));
        match place.and_then(|place| schema.dimensions.get(place)) {
            Some(Dimension { name, default_value, values: Some(values), .. }) => {
                let choice = default_value.as_ref().or(values.first()).cloned().unwrap_or_default();
                let set = format!(r#"{{"dimensions":{{"{name}":"{choice}"}}}}"#);
                let values = values.iter().take(CANDIDATES_MAX).cloned().collect();
                error.candidates(values).hint(format!("set it in the same update, as by {set}"))
            }
            _ => error.hint("it was so in the file: set it in the same update"),
        }
    }

    /// Checks that nothing is expected of a document that is not there, and is to be created.
    pub(super) fn check_absent(&self, id: &str, input: &Input, guard: Guard) -> Result<()> {
        let rev = guard.and(input)?.rev.filter(|&rev| rev != 0);
        let (field, expected, what) = match (rev, guard.uuid) {
            (Some(rev), _) => ("if_rev", rev.to_string(), format!("revision {rev}")),
            (None, Some(uuid)) => ("if_uuid", uuid.hyphenated().to_string(), uuid.to_string()),
            (None, None) => return Ok(()),
        };
        let message = format!("the document is not there, but {what} was expected");
        Err(Error::new(ErrorKind::Conflict, message)
            .id(shown(id, SHOWN_MAX))
            .field(field)
            .expected(expected)
            .actual("0")
            .hint("if it was deleted, add puts it back"))
    }
}

/// The error for a document that is named by one UUID and has another one inside.
pub(super) fn other_uuid() -> Error {
    Error::invalid("a document keeps its UUID: the one inside, or in if_uuid, is another")
        .named("OTHER_UUID")
        .field("uuid")
        .hint("take it out, or give the ID of the document that is meant")
}
