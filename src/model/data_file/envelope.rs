//! What a file holds beside its documents: the metadata, and members nobody knows.

use std::collections::BTreeMap;
use std::sync::Arc;

use uuid::Uuid;

use super::Format;
use crate::error::{Error, ErrorKind, Result};
use crate::model::json::{Number, Object, Value};

/// The version of the format that is written.
const VERSION: &str = "1.0";
/// Removals that the metadata remember at most.
const REMOVED_MAX: usize = 1000;

/// What a file holds beside its documents.
#[derive(Clone, Debug, Default)]
pub(crate) struct Envelope {
    pub(crate) format: Format,
    pub(crate) commit: u64,
    pub(crate) created_at: Option<String>,
    pub(crate) updated_at: Option<String>,
    pub(crate) schema: Option<Arc<Value>>,
    /// The highest number given, by parent UUID and prefix text (stable numbering).
    pub(crate) numbers: Object,
    /// What was given as a parent and led nowhere, by the documents that give it.
    pub(crate) unresolved: BTreeMap<Uuid, String>,
    /// The documents removed last and the commits that removed them, oldest first.
    removed: Arc<Vec<(Uuid, u64)>>,
    /// What was removed by commits after this one is known.
    removed_from: u64,
    /// Documents with a lower revision count as written by this commit; 0: there are none.
    pub(crate) rev_floor: u64,
    /// Members of the metadata that this version does not know.
    pub(crate) metadata: Object,
    /// Members beside documents and metadata.
    pub(crate) others: Object,
}
impl Envelope {
    pub(super) fn read_metadata(&mut self, value: &Value) -> Result<()> {
        let object = match value {
            Value::Null => return Ok(()),
            Value::Object(object) => object,
            _ => {
                return Err(Error::invalid(
                    "the metadata is not an object; mend it, or take it out",
                ));
            }
        };
        for (name, value) in object.iter() {
            match (name.as_str(), value) {
                ("version" | "Version", Value::String(version)) => check_version(version)?,
                ("commit", Value::Number(number)) => self.commit = number.as_u64().unwrap_or(0),
                ("created_at" | "CreatedAt", Value::String(time)) => {
                    self.created_at = Some(time.clone());
                }
                ("updated_at" | "UpdatedAt", Value::String(time)) => {
                    self.updated_at = Some(time.clone());
                }
                ("schema", Value::Object(_)) => self.schema = Some(Arc::new(value.clone())),
                ("numbers", Value::Object(numbers)) => self.numbers = numbers.clone(),
                ("unresolved", Value::Object(unresolved)) => {
                    self.unresolved = unresolved.iter().filter_map(read_unresolved).collect();
                }
                ("removed", Value::Array(removed)) => {
                    self.removed = Arc::new(removed.iter().filter_map(read_removed).collect());
                }
                ("removed_from", Value::Number(number)) => {
                    self.removed_from = number.as_u64().unwrap_or(0);
                }
                ("rev_floor", Value::Number(number)) => {
                    self.rev_floor = number.as_u64().unwrap_or(0);
                }
                ("version" | "Version" | "schema", _) => {
                    let message = format!(
                        "the {name} in the metadata is {}; mend it, or take it out",
                        value.type_name()
                    );
                    return Err(Error::invalid(message).field(format!("metadata.{name}")));
                }
                // The store's own notes, made anew at the next commit.
                (
                    "commit" | "created_at" | "updated_at" | "numbers" | "unresolved" | "removed"
                    | "removed_from" | "rev_floor",
                    _,
                ) => {}
                _ => {
                    self.metadata.insert(name.clone(), value.clone());
                }
            }
        }
        Ok(())
    }

    /// Notes that `commit` removed a document. The list is bounded: the oldest entries go first.
    pub(crate) fn note_removal(&mut self, uuid: Uuid, commit: u64) {
        let removed = Arc::make_mut(&mut self.removed);
        removed.push((uuid, commit));
        let forgotten = removed.drain(..removed.len().saturating_sub(REMOVED_MAX));
        let last = forgotten.map(|(_, commit)| commit).max();
        self.removed_from = self.removed_from.max(last.unwrap_or(0));
    }

    /// Notes that nobody knows what was removed up to `commit`.
    pub(crate) fn forget_removals(&mut self, commit: u64) {
        self.removed_from = self.removed_from.max(commit);
    }

    /// Adds removals, the last of each document, to a list that is whole after commit `from`.
    pub(crate) fn add_removals(&mut self, removals: &[(Uuid, u64)], from: u64) {
        let mut last: BTreeMap<Uuid, u64> = BTreeMap::new();
        for (uuid, commit) in self.removed.iter().chain(removals) {
            let known = last.entry(*uuid).or_default();
            *known = (*known).max(*commit);
        }
        let mut removed: Vec<(Uuid, u64)> = last.into_iter().collect();
        removed.sort_by_key(|(_, commit)| *commit);
        self.removed = Arc::default();
        self.removed_from = from;
        for (uuid, commit) in removed {
            self.note_removal(uuid, commit);
        }
    }

    /// The commit after which all removals are known.
    pub(crate) fn removals_known_from(&self) -> u64 {
        self.removed_from
    }

    /// The documents removed after `commit`, and the commits that removed them, in their order.
    pub(crate) fn removed_since(&self, commit: u64) -> impl Iterator<Item = (Uuid, u64)> + '_ {
        self.removed.iter().copied().filter(move |(_, removed)| *removed > commit)
    }

    /// Notes that a document is there again.
    pub(crate) fn note_return(&mut self, uuid: Uuid) {
        Arc::make_mut(&mut self.removed).retain(|(removed, _)| *removed != uuid);
    }

    /// Forgets the removal of documents that are there again.
    pub(crate) fn note_returns(&mut self, is_there: impl Fn(Uuid) -> bool) {
        if self.removed.iter().any(|(uuid, _)| is_there(*uuid)) {
            Arc::make_mut(&mut self.removed).retain(|(uuid, _)| !is_there(*uuid));
        }
    }

    /// The commit that removed a document, if that was not long ago.
    pub(crate) fn removal_of(&self, uuid: Uuid) -> Option<u64> {
        let found = self.removed.iter().find(|(removed, _)| *removed == uuid);
        found.map(|(_, commit)| *commit)
    }

    pub(super) fn metadata_object(&self) -> Object {
        let mut object = Object::default();
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                object.insert(name.to_owned(), value);
            }
        };
        put("version", Some(Value::String(VERSION.to_owned())));
        put("created_at", self.created_at.clone().map(Value::String));
        put("updated_at", self.updated_at.clone().map(Value::String));
        put("commit", Some(Value::Number(Number::from(self.commit))));
        let removed = self.removed.iter().map(|(uuid, commit)| {
            let uuid = Value::String(uuid.hyphenated().to_string());
            Value::Array(vec![uuid, Value::Number(Number::from(*commit))])
        });
        let removed: Vec<Value> = removed.collect();
        put("removed", (!removed.is_empty()).then_some(Value::Array(removed)));
        let from = self.removed_from;
        put("removed_from", (from > 0).then(|| Value::Number(Number::from(from))));
        let floor = self.rev_floor;
        put("rev_floor", (floor > 0).then(|| Value::Number(Number::from(floor))));
        let numbers = (!self.numbers.is_empty()).then(|| Value::Object(self.numbers.clone()));
        put("numbers", numbers);
        let unresolved = self
            .unresolved
            .iter()
            .map(|(uuid, text)| (uuid.hyphenated().to_string(), Value::String(text.clone())));
        let unresolved: Object = unresolved.collect();
        put("unresolved", (!unresolved.is_empty()).then_some(Value::Object(unresolved)));
        for (name, value) in self.metadata.iter() {
            put(name, Some(value.clone()));
        }
        put("schema", self.schema.as_deref().cloned());
        object
    }
}

fn read_removed(value: &Value) -> Option<(Uuid, u64)> {
    let Value::Array(pair) = value else { return None };
    match pair.as_slice() {
        [Value::String(uuid), Value::Number(commit)] => {
            Some((Uuid::try_parse(uuid).ok()?, commit.as_u64()?))
        }
        _ => None,
    }
}

fn read_unresolved((uuid, text): (&String, &Value)) -> Option<(Uuid, String)> {
    Some((Uuid::try_parse(uuid).ok()?, text.as_str()?.to_owned()))
}

fn check_version(version: &str) -> Result<()> {
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    match major {
        Some(0 | 1) => Ok(()),
        Some(_) => Err(Error::new(
            ErrorKind::TooNew,
            format!(
                "the file has format {version}, and this version reads formats up to 1; open it \
                 with a newer libnanostore"
            ),
        )
        .expected(VERSION)
        .actual(version)),
        None => Err(Error::invalid("the version in the metadata is not a number; write 1.0")),
    }
}
