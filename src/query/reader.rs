//! Reading the fields of one document: from the columns of the state where they answer, from its
//! text where they do not.

use std::borrow::Cow;
use std::cell::OnceCell;

use uuid::Uuid;

use crate::model::json::{Number, Value, cut, parse};
use crate::model::schema::CODE_NONE;
use crate::model::time::Time;
use crate::query::Source;
use crate::query::field::Field;

/// What a document holds in a field.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Reading<'a> {
    /// Nothing, which is not null.
    Missing,
    /// A time, compared as an instant.
    Instant(Time),
    /// Any other value.
    Json(Cow<'a, Value>),
}

impl Reading<'_> {
    fn text(text: impl Into<String>) -> Reading<'static> {
        Reading::Json(Cow::Owned(Value::String(text.into())))
    }
}

/// Reads the fields of one document: its text is cut into members at most once, a member parsed
/// at most once, and both only when a field needs it.
pub(super) struct DocumentReader<'a> {
    pub(super) source: &'a dyn Source,
    pub(super) slot: u32,
    members: OnceCell<Vec<Member<'a>>>,
}

/// A member of a stored text, its value parsed when it is first asked for.
struct Member<'a> {
    name: &'a str,
    text: &'a str,
    value: OnceCell<Value>,
}

impl<'a> DocumentReader<'a> {
    pub(super) fn new(source: &'a dyn Source, slot: u32) -> DocumentReader<'a> {
        DocumentReader { source, slot, members: OnceCell::new() }
    }

    /// A member of the stored text; none of a document that is gone.
    pub(super) fn member(&self, name: &str) -> Option<&Value> {
        let member = self.find(name)?;
        Some(member.value.get_or_init(|| parse(member.text).unwrap_or_default()))
    }

    /// A member as it is written in the stored text.
    pub(super) fn member_text(&self, name: &str) -> Option<&'a str> {
        self.find(name).map(|member| member.text)
    }

    fn find(&self, name: &str) -> Option<&Member<'a>> {
        let members = self.members.get_or_init(|| {
            let members = cut::members(self.source.text(self.slot));
            members.map(|(name, text)| Member { name, text, value: OnceCell::new() }).collect()
        });
        members.iter().find(|member| member.name == name)
    }

    /// What the document holds in `field`.
    pub(super) fn read(&self, field: &Field) -> Reading<'_> {
        let (source, slot) = (self.source, self.slot);
        match field {
            Field::Uuid => Reading::text(uuid_text(source.uuid(slot))),
            Field::Id => source.id(slot).map_or_else(null, Reading::text),
            Field::Key => found(self.member("key")),
            Field::Rev => number(source.rev(slot)),
            Field::Title => found(self.member("title")),
            Field::Body => found(self.member("body")),
            Field::CreatedAt => Reading::Instant(source.created(slot)),
            Field::UpdatedAt => self.updated_at(),
            Field::Level => source.level(slot).map_or_else(null, |level| number(level.into())),
            Field::HasChildren => Reading::Json(Cow::Owned(Value::Bool(source.has_children(slot)))),
            Field::Dimension(place) => self.dimension(*place),
            Field::Parent(place) => self.parent(*place),
            Field::Undeclared(name) => self.in_dimensions(name),
            Field::Data(path) => self.data(path),
        }
    }

    fn in_dimensions(&self, name: &str) -> Reading<'_> {
        let dimensions = self.member("dimensions").and_then(Value::as_object);
        found(dimensions.and_then(|dimensions| dimensions.get(name)))
    }

    fn updated_at(&self) -> Reading<'_> {
        let reading = found(self.member("updated_at"));
        match &reading {
            Reading::Json(value) => match value.as_str().and_then(|text| Time::parse(text).ok()) {
                Some(time) => Reading::Instant(time),
                None => reading,
            },
            _ => reading,
        }
    }

    fn dimension(&self, place: usize) -> Reading<'_> {
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

    fn parent(&self, place: usize) -> Reading<'_> {
        if self.source.is_root(self.slot) {
            return Reading::Missing;
        }
        match (self.source.parent(self.slot), self.source.schema().dimensions.get(place)) {
            (Some(parent), _) => Reading::text(uuid_text(self.source.uuid(parent))),
            (None, Some(dimension)) => self.in_dimensions(dimension.member()),
            (None, None) => Reading::Missing,
        }
    }

    fn data(&self, path: &[String]) -> Reading<'_> {
        if path.is_empty() {
            return found(self.member("data"));
        }
        let mut text = self.member_text("data");
        for name in path {
            text = text.and_then(|text| cut::member(text, name));
        }
        text.map_or(Reading::Missing, |text| {
            Reading::Json(Cow::Owned(parse(text).unwrap_or_default()))
        })
    }
}

/// The hyphenated lower-case form of a UUID.
pub(super) fn uuid_text(uuid: u128) -> String {
    Uuid::from_u128(uuid).hyphenated().to_string()
}

fn found(value: Option<&Value>) -> Reading<'_> {
    value.map_or(Reading::Missing, |value| Reading::Json(Cow::Borrowed(value)))
}

fn null() -> Reading<'static> {
    Reading::Json(Cow::Owned(Value::Null))
}

fn number(number: u64) -> Reading<'static> {
    Reading::Json(Cow::Owned(Value::Number(Number::from(number))))
}
