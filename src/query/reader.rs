//! Reading the fields of one document: from the columns of the state where they answer, from its
//! text where they do not.
use std::cell::{Cell, OnceCell};

use uuid::Uuid;

use crate::model::json::{JsonText, Number, Value, cut};
use crate::model::schema::CODE_NONE;
use crate::model::time::Time;
use crate::query::Source;
use crate::query::field::Field;

/// What a document holds in a field.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Reading {
    /// Nothing, which is not null.
    Missing,
    /// A time, compared as an instant.
    Instant(Time),
    /// Any other value.
    Json(Value),
}

impl Reading {
    fn text(text: impl Into<String>) -> Reading {
        Reading::Json(Value::String(text.into()))
    }
}

/// Looks for members of a text before it is cut into all of them.
const LOOKS_MAX: u8 = 3;

/// Reads the fields of one document. Its text is looked through only when a field needs it, and cut
/// into members when many do.
pub(super) struct DocumentReader<'a> {
    pub(super) source: &'a dyn Source,
    pub(super) slot: u32,
    text: OnceCell<&'a str>,
    looks: Cell<u8>,
    members: OnceCell<Vec<(&'a str, &'a str)>>,
    /// The member that most fields lie in.
    data: OnceCell<Option<&'a str>>,
}

impl<'a> DocumentReader<'a> {
    pub(super) fn new(source: &'a dyn Source, slot: u32) -> DocumentReader<'a> {
        let (text, members, data) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        DocumentReader { source, slot, text, looks: Cell::new(0), members, data }
    }

    /// The same for a document whose data is at hand.
    pub(super) fn with_data(source: &'a dyn Source, slot: u32, data: &'a str) -> Self {
        DocumentReader { data: Some(data).into(), ..DocumentReader::new(source, slot) }
    }

    /// A member of the stored text; none of a document that is gone.
    pub(super) fn member(&self, name: &str) -> Option<Value> {
        self.member_text(name).map(|text| JsonText::stored(text).value())
    }

    /// A member as it is written in the stored text.
    pub(super) fn member_text(&self, name: &str) -> Option<&'a str> {
        let text = self.text.get_or_init(|| self.source.text(self.slot));
        if self.looks.get() < LOOKS_MAX {
            self.looks.set(self.looks.get() + 1);
            return cut::member(text, name);
        }
        let members = self.members.get_or_init(|| cut::members(text).collect());
        members.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
    }

    /// What the document holds in `field`.
    pub(super) fn read(&self, field: &Field) -> Reading {
        let (source, slot) = (self.source, self.slot);
        match field {
            Field::Uuid => Reading::text(uuid_text(source.uuid(slot))),
            Field::Id => source.id(slot).map_or_else(null, Reading::text),
            Field::Key => found(self.member_text("key")),
            Field::Rev => number(source.rev(slot)),
            Field::Title => found(self.member_text("title")),
            Field::Body => found(self.member_text("body")),
            Field::CreatedAt => Reading::Instant(source.created(slot)),
            Field::UpdatedAt => self.updated_at(),
            Field::Level => source.level(slot).map_or_else(null, |level| number(level.into())),
            Field::HasChildren => Reading::Json(Value::Bool(source.has_children(slot))),
            Field::Dimension(place) => self.dimension(*place),
            Field::Parent(place) => self.parent(*place),
            Field::Undeclared(name) => self.in_dimensions(name),
            Field::Data(path) => self.data(path),
        }
    }

    fn in_dimensions(&self, name: &str) -> Reading {
        let dimensions = self.member_text("dimensions");
        found(dimensions.and_then(|dimensions| cut::member(dimensions, name)))
    }

    fn updated_at(&self) -> Reading {
        let reading = found(self.member_text("updated_at"));
        match &reading {
            Reading::Json(value) => match value.as_str().and_then(|text| Time::parse(text).ok()) {
                Some(time) => Reading::Instant(time),
                None => reading,
            },
            _ => reading,
        }
    }

    fn dimension(&self, place: usize) -> Reading {
        let Some(dimension) = self.source.schema().dimensions.get(place) else {
            return Reading::Missing;
        };
        let code = self.source.code(self.slot, place);
        if code == CODE_NONE {
            return Reading::Missing;
        }
        match dimension.value(code) {
            Some(value) => Reading::text(value),
            None => self.in_dimensions(dimension.member()),
        }
    }

    fn parent(&self, place: usize) -> Reading {
        if self.source.is_root(self.slot) {
            return Reading::Missing;
        }
        match (self.source.parent(self.slot), self.source.schema().dimensions.get(place)) {
            (Some(parent), _) => Reading::text(uuid_text(self.source.uuid(parent))),
            (None, Some(dimension)) => self.in_dimensions(dimension.member()),
            (None, None) => Reading::Missing,
        }
    }

    fn data(&self, path: &[String]) -> Reading {
        let mut text = *self.data.get_or_init(|| self.member_text("data"));
        for name in path {
            text = text.and_then(|text| cut::member(text, name));
        }
        found(text)
    }
}

/// The hyphenated lower-case form of a UUID.
pub(super) fn uuid_text(uuid: u128) -> String {
    Uuid::from_u128(uuid).hyphenated().to_string()
}

fn found(text: Option<&str>) -> Reading {
    text.map_or(Reading::Missing, |text| Reading::Json(JsonText::stored(text).value()))
}

fn null() -> Reading {
    Reading::Json(Value::Null)
}

fn number(number: u64) -> Reading {
    Reading::Json(Value::Number(Number::from(number)))
}
