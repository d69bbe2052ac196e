//! A small state for the tests of this module: documents in a vector, IDs by counting siblings.

use std::cell::Cell;

use crate::error::{Error, ErrorKind, Result};
use crate::model::json::{Number, Object, Value, parse_object};
use crate::model::schema::{CODE_NONE, CODE_OTHER, Dimension, DimensionKind, Schema};
use crate::model::time::Time;
use crate::query::reader::uuid_text;
use crate::query::{IndexRule, Source};

const FIRST_UUID: u128 = 0x0194_a3f0_5c1e_7d3b_8a41_2f6e_9c0b_7d00;

/// Three dimensions: `status` and `priority` with declared values, `parent` as `parent_id`; and
/// `context`, which takes any text.
pub(super) fn schema() -> Schema {
    let texts = |values: &[&str]| values.iter().map(|&value| value.to_owned()).collect();
    let enumerated = |name: &str, values: Option<Vec<String>>, default: Option<&str>| Dimension {
        name: name.to_owned(),
        kind: DimensionKind::Enumerated,
        values,
        prefixes: Vec::new(),
        default_value: default.map(str::to_owned),
        ref_field: None,
    };
    let mut context = enumerated("context", None, None);
    context.prefixes = vec![("work".to_owned(), "w".to_owned())];
    let parent = Dimension {
        kind: DimensionKind::Hierarchical,
        ref_field: Some("parent_id".to_owned()),
        ..enumerated("parent", None, None)
    };
    Schema {
        dimensions: vec![
            enumerated("status", Some(texts(&["pending", "active", "done"])), Some("pending")),
            enumerated("priority", Some(texts(&["low", "medium", "high"])), None),
            parent,
            context,
        ],
        canonical_view: None,
        ..Schema::default()
    }
}

struct Entry {
    text: String,
    codes: Vec<u16>,
    parent: Option<u32>,
    is_root: bool,
    created: Time,
}

/// A state.
pub(super) struct World {
    pub(super) schema: Schema,
    /// How often the text of a document was asked for.
    pub(super) texts_read: Cell<usize>,
    entries: Vec<Entry>,
}

impl World {
    pub(super) fn new() -> World {
        World { schema: schema(), texts_read: Cell::new(0), entries: Vec::new() }
    }

    /// A state with these documents, each the object that [`World::put`] takes.
    pub(super) fn of(documents: &[&str]) -> World {
        let mut world = World::new();
        for document in documents {
            world.put(document);
        }
        world
    }

    pub(super) fn add(&mut self, title: &str, body: &str) -> u32 {
        let text = |text: &str| Value::String(text.to_owned());
        let members = [("title".to_owned(), text(title)), ("body".to_owned(), text(body))];
        self.put(&Value::Object(members.into_iter().collect()).to_text())
    }

    /// Adds a document: its members in JSON, the parent in `parent_id` as a slot number. What is
    /// missing is made up, the creation time growing from 2026-01-01 by a second each.
    pub(super) fn put(&mut self, members: &str) -> u32 {
        let slot = u32::try_from(self.entries.len()).unwrap();
        let given = parse_object(members).unwrap();
        let mut dimensions = Object::default();
        let known = match given.get("dimensions") {
            Some(Value::Object(object)) => object.clone(),
            _ => Object::default(),
        };
        for dimension in &self.schema.dimensions {
            if let Some(value) = &dimension.default_value {
                dimensions.insert(dimension.name.clone(), Value::String(value.clone()));
            }
        }
        for (name, value) in known {
            dimensions.insert(name, value);
        }
        let (parent, is_root) = match dimensions.get("parent_id") {
            Some(Value::Number(slot)) => (slot.as_u64().and_then(|s| u32::try_from(s).ok()), false),
            Some(_) => (None, false),
            None => (None, true),
        };
        if let Some(parent) = parent {
            let text = uuid_text(self.uuid(parent));
            dimensions.insert("parent_id".to_owned(), Value::String(text));
        }
        let codes = self.codes(&dimensions);
        let time = format!("2026-01-01T00:{:02}:{:02}Z", slot / 60, slot % 60);
        let mut document = Object::default();
        let text = |text: &str| Value::String(text.to_owned());
        document.insert("uuid".to_owned(), text(&uuid_text(self.uuid(slot))));
        if let Some(key) = given.get("key") {
            document.insert("key".to_owned(), key.clone());
        }
        document.insert("rev".to_owned(), Value::Number(Number::from(self.rev(slot))));
        let defaults = [
            ("title", text("")),
            ("body", text("")),
            ("dimensions", Value::Object(dimensions)),
            ("data", Value::Object(Object::default())),
            ("created_at", text(&time)),
            ("updated_at", text(&time)),
        ];
        for (name, default) in defaults {
            let value = given.get(name).filter(|_| name != "dimensions").cloned();
            document.insert(name.to_owned(), value.unwrap_or(default));
        }
        let created = document.get("created_at").and_then(Value::as_str);
        let created = Time::parse(created.unwrap()).unwrap();
        let text = Value::Object(document).to_text();
        self.entries.push(Entry { text, codes, parent, is_root, created });
        slot
    }

    fn codes(&self, dimensions: &Object) -> Vec<u16> {
        let codes = self.schema.dimensions.iter().map(|dimension| {
            match dimensions.get(dimension.member()) {
                _ if dimension.kind == DimensionKind::Hierarchical => CODE_NONE,
                None => CODE_NONE,
                Some(Value::String(text)) => dimension.code(text),
                Some(_) => CODE_OTHER,
            }
        });
        codes.collect()
    }

    /// All slots.
    pub(super) fn slots(&self) -> impl Iterator<Item = u32> + use<> {
        0..u32::try_from(self.entries.len()).unwrap()
    }

    fn entry(&self, slot: u32) -> &Entry {
        &self.entries[usize::try_from(slot).unwrap()]
    }

    /// The numbers of the document and those above it; none below a missing parent.
    fn numbers(&self, slot: u32) -> Option<Vec<u32>> {
        let mut numbers = Vec::new();
        let mut at = slot;
        loop {
            let entry = self.entry(at);
            let is_sibling =
                |other: &&Entry| other.parent == entry.parent && other.is_root == entry.is_root;
            let before = self.entries.iter().take(usize::try_from(at).unwrap());
            let number = before.filter(is_sibling).count() + 1;
            numbers.insert(0, u32::try_from(number).unwrap());
            match entry.parent {
                Some(parent) if numbers.len() <= self.entries.len() => at = parent,
                _ => return entry.is_root.then_some(numbers),
            }
        }
    }
}

impl Source for World {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn rules(&self) -> &[IndexRule] {
        &[]
    }

    fn find_uuid(&self, uuid: u128) -> Option<u32> {
        let slot = u32::try_from(uuid.checked_sub(FIRST_UUID)?).ok()?;
        (slot < self.entries.len() as u32).then_some(slot)
    }

    fn text(&self, slot: u32) -> &str {
        self.texts_read.set(self.texts_read.get() + 1);
        &self.entry(slot).text
    }

    fn uuid(&self, slot: u32) -> u128 {
        FIRST_UUID + u128::from(slot)
    }

    fn rev(&self, slot: u32) -> u64 {
        u64::from(slot) + 1
    }

    fn created(&self, slot: u32) -> Time {
        self.entry(slot).created
    }

    fn code(&self, slot: u32, dimension: usize) -> u16 {
        self.entry(slot).codes[dimension]
    }

    fn id(&self, slot: u32) -> Option<String> {
        let numbers: Vec<String> = self.numbers(slot)?.iter().map(u32::to_string).collect();
        Some(numbers.join("."))
    }

    fn level(&self, slot: u32) -> Option<u32> {
        self.numbers(slot).map(|numbers| u32::try_from(numbers.len()).unwrap())
    }

    fn has_children(&self, slot: u32) -> bool {
        self.entries.iter().any(|entry| entry.parent == Some(slot))
    }

    fn parent(&self, slot: u32) -> Option<u32> {
        self.entry(slot).parent
    }

    fn is_root(&self, slot: u32) -> bool {
        self.entry(slot).is_root
    }

    fn resolve(&self, id: &str) -> Result<u32> {
        let wanted = id.trim().to_ascii_lowercase();
        self.slots()
            .find(|&slot| {
                self.id(slot).as_ref() == Some(&wanted) || uuid_text(self.uuid(slot)) == wanted
            })
            .ok_or_else(|| Error::new(ErrorKind::NotFound, format!("no document {id}")).id(id))
    }

    fn place(&self, slot: u32) -> Vec<u8> {
        let numbers = self.numbers(slot).unwrap_or_else(|| vec![u32::MAX, slot]);
        numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
    }
}
