//! What of a document goes out: all of it, or the fields that the query names.
//!
//! Both ways give the nesting of whole documents, members in the same order: dimensions under
//! `dimensions`, paths into `data` under `data`. A named field that the document lacks is left
//! out.

use uuid::Uuid;

use crate::error::Result;
use crate::model::document::{push_id, push_output, push_uuid};
use crate::model::json::{Object, Value};
use crate::model::schema::Schema;
use crate::query::Source;
use crate::query::field::Field;
use crate::query::reader::{DocumentReader, Reading};

/// The members of the output that are no groups, in the order of output.
const MEMBERS: [(&str, Field); 10] = [
    ("uuid", Field::Uuid),
    ("id", Field::Id),
    ("key", Field::Key),
    ("rev", Field::Rev),
    ("title", Field::Title),
    ("body", Field::Body),
    ("created_at", Field::CreatedAt),
    ("updated_at", Field::UpdatedAt),
    ("level", Field::Level),
    ("has_children", Field::HasChildren),
];

/// The groups come behind so many of them.
const BEFORE_GROUPS: usize = 6;

/// Stands for the key by which an index lists a document.
pub(super) const INDEX_KEY: &str = "$key";

/// Which part of a document goes out.
#[derive(Clone, Debug)]
pub(super) enum Projection {
    /// All of it but `level` and `has_children`.
    Whole,
    /// What `fields` names.
    Fields(Fields),
}

/// The fields that go out.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields {
    /// Places among [`MEMBERS`], in order.
    members: Vec<usize>,
    dimensions: Branch,
    data: Branch,
    /// Whether the key of the index goes out too.
    pub(super) index_key: bool,
}

/// Which part of a JSON value goes out.
#[derive(Clone, Debug)]
enum Branch {
    Whole,
    /// The members of an object that go out, by name; no name: nothing.
    Members(Vec<(String, Branch)>),
}

impl Default for Branch {
    fn default() -> Branch {
        Branch::Members(Vec::new())
    }
}

impl Branch {
    /// Adds what lies at `path`.
    fn add(&mut self, path: &[String]) {
        let Branch::Members(members) = self else { return };
        let Some((name, rest)) = path.split_first() else {
            *self = Branch::Whole;
            return;
        };
        let known = members.iter().position(|(known, _)| known == name);
        let place = known.unwrap_or_else(|| {
            members.push((name.clone(), Branch::default()));
            members.len() - 1
        });
        if let Some((_, branch)) = members.get_mut(place) {
            branch.add(rest);
        }
    }

    /// The part of `value` that goes out, if it holds any.
    fn part(&self, value: &Value) -> Option<Value> {
        let Branch::Members(members) = self else { return Some(value.clone()) };
        let object = value.as_object()?;
        let found: Object = object
            .iter()
            .filter_map(|(name, value)| {
                let (_, branch) = members.iter().find(|(wanted, _)| wanted == name)?;
                Some((name.clone(), branch.part(value)?))
            })
            .collect();
        (!found.is_empty()).then_some(Value::Object(found))
    }
}

impl Projection {
    /// Compiles `fields`; none is the whole document.
    ///
    /// # Errors
    /// INVALID naming the entry.
    pub(super) fn compile(names: Option<&[String]>, schema: &Schema) -> Result<Projection> {
        Projection::compile_named("fields", names, schema)
    }

    /// Compiles a list of fields that errors call `member`.
    ///
    /// # Errors
    /// INVALID naming the entry.
    pub(super) fn compile_named(
        member: &str,
        names: Option<&[String]>,
        schema: &Schema,
    ) -> Result<Projection> {
        let Some(names) = names else { return Ok(Projection::Whole) };
        let mut fields = Fields::default();
        for (index, name) in names.iter().enumerate() {
            // A schema may declare a dimension of that very name: then it is meant.
            if name == "dimensions" && schema.dimension(name).is_none() {
                fields.dimensions = Branch::Whole;
                continue;
            }
            if name == INDEX_KEY {
                fields.index_key = true;
                continue;
            }
            let field = Field::parse(name, schema)
                .map_err(|error| error.field(format!("{member}.{index}")))?;
            fields.add(field, schema);
        }
        Ok(Projection::Fields(fields))
    }

    /// Whether the key of the index goes out too.
    pub(super) fn has_index_key(&self) -> bool {
        matches!(self, Projection::Fields(fields) if fields.index_key)
    }

    /// Whether all of a document goes out.
    pub(super) fn is_whole(&self) -> bool {
        matches!(self, Projection::Whole)
    }

    /// Whether the short ID goes out.
    pub(super) fn has_id(&self) -> bool {
        match self {
            Projection::Whole => true,
            Projection::Fields(fields) => fields.named().any(|field| *field == Field::Id),
        }
    }

    /// Whether the text of a document is read.
    pub(super) fn reads_texts(&self) -> bool {
        let Projection::Fields(fields) = self else { return true };
        let is_known = |field: &Field| {
            matches!(field, Field::Uuid | Field::Id | Field::Level | Field::HasChildren)
        };
        let is_empty =
            |branch: &Branch| matches!(branch, Branch::Members(members) if members.is_empty());
        !fields.named().all(is_known) || !is_empty(&fields.dimensions) || !is_empty(&fields.data)
    }

    /// Appends the output for a document with that short ID.
    pub(super) fn write(&self, source: &dyn Source, slot: u32, id: Option<&str>, out: &mut String) {
        match self {
            Projection::Whole => push_output(source.text(slot), id, out),
            Projection::Fields(fields) => fields.write(&DocumentReader::new(source, slot), id, out),
        }
    }
}

impl Fields {
    fn add(&mut self, field: Field, schema: &Schema) {
        match field {
            Field::Dimension(place) | Field::Parent(place) => {
                if let Some(dimension) = schema.dimensions.get(place) {
                    self.dimensions.add(&[dimension.member().to_owned()]);
                }
            }
            Field::Undeclared(name) => self.dimensions.add(&[name]),
            Field::Data(path) => self.data.add(&path),
            field => {
                let place = MEMBERS.iter().position(|(_, known)| *known == field);
                self.members.extend(place);
                self.members.sort_unstable();
                self.members.dedup();
            }
        }
    }

    /// The fields that are no groups.
    fn named(&self) -> impl Iterator<Item = &'static Field> {
        self.members.iter().filter_map(|&place| MEMBERS.get(place)).map(|(_, field)| field)
    }

    fn write(&self, document: &DocumentReader<'_>, id: Option<&str>, out: &mut String) {
        let start = out.len();
        let behind = self.members.partition_point(|&place| place < BEFORE_GROUPS);
        let (before, behind) = self.members.split_at(behind);
        let write = |places: &[usize], out: &mut String| {
            for (name, field) in places.iter().filter_map(|&place| MEMBERS.get(place)) {
                write_member(name, field, document, id, start, out);
            }
        };
        write(before, out);
        for (name, branch) in [("dimensions", &self.dimensions), ("data", &self.data)] {
            if matches!(branch, Branch::Members(members) if members.is_empty()) {
                continue;
            }
            if let Some(part) = document.member(name).and_then(|value| branch.part(&value)) {
                write_name(name, start, out);
                part.write(out);
            }
        }
        write(behind, out);
        out.push_str(if out.len() == start { "{}" } else { "}" });
    }
}

/// Writes a member of the object that begins at `start`, if the document has it.
fn write_member(
    name: &'static str,
    field: &Field,
    document: &DocumentReader<'_>,
    id: Option<&str>,
    start: usize,
    out: &mut String,
) {
    match field {
        Field::Uuid => {
            write_name(name, start, out);
            out.push('"');
            push_uuid(Uuid::from_u128(document.source.uuid(document.slot)), out);
            out.push('"');
        }
        Field::Id => {
            write_name(name, start, out);
            push_id(id, out);
        }
        Field::Level | Field::HasChildren => {
            if let Reading::Json(value) = document.read(field) {
                write_name(name, start, out);
                value.write(out);
            }
        }
        // The rest goes out as the document holds it, times that cannot be read among them.
        _ => {
            if let Some(text) = document.member_text(name) {
                write_name(name, start, out);
                out.push_str(text);
            }
        }
    }
}

/// Writes a name that needs no escapes.
fn write_name(name: &'static str, start: usize, out: &mut String) {
    out.push_str(if out.len() == start { "{\"" } else { ",\"" });
    out.push_str(name);
    out.push_str("\":");
}
