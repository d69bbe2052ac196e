//! Names of fields as queries write them, and what each stands for.
//!
//! A name is a dotted path; a dot inside a name is written `\.` and a backslash `\\`. Declared
//! dimensions are found by name, and the hierarchical one by its `ref_field` too.

use std::borrow::Cow;

use crate::error::{Error, Result, nearest};
use crate::model::schema::{DimensionKind, Schema};
use crate::query::mistake::{shown, unknown};

/// The members of a document that a query may name, apart from `dimensions`.
const DOCUMENT_FIELDS: [&str; 11] = [
    "uuid",
    "id",
    "key",
    "rev",
    "title",
    "body",
    "data",
    "created_at",
    "updated_at",
    "level",
    "has_children",
];

/// What a name in a query stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Uuid,
    Id,
    Key,
    Rev,
    Title,
    Body,
    CreatedAt,
    UpdatedAt,
    Level,
    HasChildren,
    /// An enumerated dimension, by its place in the schema.
    Dimension(usize),
    /// The hierarchical dimension, by its place in the schema.
    Parent(usize),
    /// A dimension that the schema does not declare.
    Undeclared(String),
    /// A path into `data`; empty for the whole of it.
    Data(Vec<String>),
}

impl Field {
    /// Reads a name.
    ///
    /// # Errors
    /// INVALID with the names that would have been understood.
    pub(super) fn parse(name: &str, schema: &Schema) -> Result<Field> {
        let single = if name.contains(['.', '\\']) { None } else { Field::single(name, schema) };
        if let Some(field) = single {
            return Ok(field);
        }
        let parts = split(name)?;
        let field = match parts.as_slice() {
            [only] => Field::single(only, schema),
            [first, rest @ ..] if first == "data" => {
                Some(Field::Data(rest.iter().map(|part| part.to_string()).collect()))
            }
            [first, dimension] if first == "dimensions" => Some(
                Field::declared(dimension, schema)
                    .unwrap_or_else(|| Field::Undeclared(dimension.to_string())),
            ),
            _ => None,
        };
        field.ok_or_else(|| unknown_field(name, schema))
    }

    fn single(name: &str, schema: &Schema) -> Option<Field> {
        match name {
            "uuid" => Some(Field::Uuid),
            "id" => Some(Field::Id),
            "key" => Some(Field::Key),
            "rev" => Some(Field::Rev),
            "title" => Some(Field::Title),
            "body" => Some(Field::Body),
            "created_at" => Some(Field::CreatedAt),
            "updated_at" => Some(Field::UpdatedAt),
            "data" => Some(Field::Data(Vec::new())),
            // A schema may declare a dimension called level: it goes before the computed one.
            _ => Field::declared(name, schema).or(match name {
                "level" => Some(Field::Level),
                "has_children" => Some(Field::HasChildren),
                _ => None,
            }),
        }
    }

    fn declared(name: &str, schema: &Schema) -> Option<Field> {
        let place = schema.dimension(name)?;
        let dimension = schema.dimensions.get(place)?;
        Some(match dimension.kind {
            DimensionKind::Hierarchical => Field::Parent(place),
            DimensionKind::Enumerated => Field::Dimension(place),
        })
    }

    /// Whether it is `other`. Not inlined, nor is the next one: in some callers the compiler would
    /// look at a place before it knows that there is one, which valgrind reports.
    #[inline(never)]
    pub(super) fn is(&self, other: &Field) -> bool {
        self == other
    }

    /// Whether it is the enumerated dimension at `place`.
    #[inline(never)]
    pub(super) fn is_dimension(&self, place: usize) -> bool {
        matches!(self, Field::Dimension(own) if *own == place)
    }

    /// Whether the field holds a time.
    pub(super) fn is_time(&self) -> bool {
        matches!(self, Field::CreatedAt | Field::UpdatedAt)
    }
}

fn split(name: &str) -> Result<Vec<Cow<'_, str>>> {
    let parts = match name.contains('\\') {
        true => split_escaped(name)?,
        false => name.split('.').map(Cow::Borrowed).collect(),
    };
    if parts.iter().any(|part| part.is_empty()) {
        return Err(malformed(name, "an empty part"));
    }
    Ok(parts)
}

fn split_escaped(name: &str) -> Result<Vec<Cow<'_, str>>> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut characters = name.chars();
    while let Some(character) = characters.next() {
        match character {
            '.' => parts.push(Cow::Owned(std::mem::take(&mut part))),
            '\\' => match characters.next() {
                Some(escaped @ ('.' | '\\')) => part.push(escaped),
                _ => return Err(malformed(name, r"a backslash before neither '.' nor '\'")),
            },
            _ => part.push(character),
        }
    }
    parts.push(Cow::Owned(part));
    Ok(parts)
}

fn malformed(name: &str, found: &str) -> Error {
    Error::invalid(format!(
        "the field name '{}' has {found}; write names with dots between, as in data.due",
        shown(name)
    ))
    .named("FIELD_NAME")
    .expected("names with dots between")
    .actual(shown(name))
    .hint(r"a dot inside a name is written '\.', a backslash '\\'")
}

fn unknown_field(name: &str, schema: &Schema) -> Error {
    let mut known: Vec<String> = DOCUMENT_FIELDS.iter().map(|&field| field.to_owned()).collect();
    for dimension in &schema.dimensions {
        let names = [Some(&dimension.name), dimension.ref_field.as_ref()];
        for name in names.into_iter().flatten() {
            if !known.contains(name) {
                known.push(name.clone());
            }
        }
    }
    let is_close = nearest(name, &known).is_some();
    let error = unknown("field", name, known).named("UNKNOWN_FIELD");
    if is_close {
        return error;
    }
    error.hint("members of data are written data.NAME, undeclared dimensions dimensions.NAME")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::query::testing::schema;

    #[test]
    fn names_stand_for_fields() {
        let data = |path: &[&str]| Field::Data(path.iter().map(|&name| name.to_owned()).collect());
        for (name, expected) in [
            ("uuid", Field::Uuid),
            ("status", Field::Dimension(0)),
            ("dimensions.status", Field::Dimension(0)),
            ("parent", Field::Parent(2)),
            ("parent_id", Field::Parent(2)),
            ("dimensions.parent_id", Field::Parent(2)),
            ("dimensions.colour", Field::Undeclared("colour".to_owned())),
            ("level", Field::Level),
            ("data", data(&[])),
            ("data.a.b", data(&["a", "b"])),
            (r"data.a\.b", data(&["a.b"])),
            (r"data.a\\.b", data(&["a\\", "b"])),
        ] {
            assert_eq!(Field::parse(name, &schema()).unwrap(), expected, "{name}");
        }
    }

    #[test]
    fn a_misspelt_name_is_answered_with_candidates_and_a_guess() {
        let error = Field::parse("statsu", &schema()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.message().starts_with("unknown field 'statsu'; known: uuid, id, key,"));
        let json = error.to_json();
        assert!(json.contains(r#""hint":"did you mean 'status'?""#), "{json}");
        assert!(json.contains(r#""status","priority","parent","parent_id","context"]"#), "{json}");
    }

    #[test]
    fn malformed_and_unknown_names_are_refused() {
        for name in [
            "",
            ".",
            "data.",
            "data..a",
            r"data.a\b",
            "data.a\\",
            "due",
            "title.x",
            "dimensions",
            "dimensions.a.b",
        ] {
            let error = Field::parse(name, &schema()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid, "{name}");
        }
    }
}
