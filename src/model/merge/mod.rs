//! Merging two versions of a data file, document by document, by UUID.
//!
//! With the version that both come from, what one side changed counts, member by member; what both
//! changed in different ways is a conflict. Without it, documents that only one side has count as
//! added, unless the other side tells that it deleted them, and a document that differs is a
//! conflict.
//!
//! - [`document`]: one document; [`metadata`]: what is beside them
//! - [`text`]: what comes of it, with conflict markers around what is in conflict

mod document;
mod metadata;
#[cfg(test)]
mod tests;
mod text;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use uuid::Uuid;

use crate::error::Result;
use crate::model::data_file::{self, Envelope, Read, Reader};
use crate::model::document::Document;
use crate::model::json::{Object, Value, parse_object};
use crate::model::schema::Schema;

pub(crate) use document::has_same_content;

/// What the two sides are called in messages and conflict markers.
#[derive(Clone, Copy)]
pub(crate) struct Labels<'a> {
    pub(crate) ours: &'a str,
    pub(crate) theirs: &'a str,
}

/// The two sides, where nobody says what they are called.
pub(crate) const LABELS: Labels<'_> = Labels { ours: "ours", theirs: "theirs" };

/// What came of a merge.
#[derive(Serialize)]
pub(crate) struct Merged {
    /// The file: with conflict markers where there are conflicts.
    #[serde(skip)]
    pub(crate) text: String,
    clean: bool,
    /// Documents in the file, those in conflict among them.
    documents: usize,
    pub(crate) conflicts: Vec<Conflict>,
}

/// Something that a person has to decide.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Conflict {
    /// `changed`, `deleted` or `metadata`.
    pub(crate) kind: &'static str,
    pub(crate) uuid: Option<String>,
    title: Option<String>,
    /// The members that both sides changed.
    fields: Vec<String>,
    pub(crate) message: String,
}

/// A version of the file.
struct Side {
    envelope: Envelope,
    documents: Vec<(Uuid, Object)>,
    places: BTreeMap<Uuid, usize>,
}

/// What the merged file has in one place.
enum Entry {
    Merged(Object),
    /// What either side has.
    Torn([Option<Object>; 2]),
}

impl Side {
    fn read(text: &str, label: &str) -> Result<Side> {
        let mut gathering = Gathering(Vec::new());
        let envelope = data_file::read(text, &mut gathering).map_err(|error| {
            let message = format!("{label}: {error}");
            error.with_message(message)
        })?;
        let Gathering(documents) = gathering;
        let places = documents.iter().enumerate().map(|(place, (uuid, _))| (*uuid, place));
        Ok(Side { places: places.collect(), envelope, documents })
    }

    fn find(&self, uuid: Uuid) -> Option<&Object> {
        self.documents.get(*self.places.get(&uuid)?).map(|(_, document)| document)
    }
}

struct Gathering(Vec<(Uuid, Object)>);

impl Reader for Gathering {
    /// Documents are taken as they are: dimensions mean nothing here.
    fn schema(&mut self, _: &Envelope) -> Result<Arc<Schema>> {
        Ok(Arc::default())
    }

    fn document(&mut self, document: Read<'_>, _: usize) -> Result<()> {
        let (uuid, text) = match document {
            Read::Canonical(document) => (document.head.uuid, document.text.to_owned()),
            Read::Free(document) | Read::New(document) => (document.uuid, stored(&document)),
        };
        self.0.push((uuid, parse_object(&text)?));
        Ok(())
    }
}

fn stored(document: &Document) -> String {
    let mut text = String::new();
    document.write(&mut text);
    text
}

/// Merges `theirs` into `ours`; `base` is what both come from, if that is known.
///
/// # Errors
/// Those of reading a data file, for each of the three.
pub(crate) fn merge(
    base: Option<&str>,
    ours: &str,
    theirs: &str,
    labels: Labels<'_>,
) -> Result<Merged> {
    let base = base.map(|text| Side::read(text, "base")).transpose()?;
    let merging = Merging {
        base: base.as_ref(),
        ours: &Side::read(ours, labels.ours)?,
        theirs: &Side::read(theirs, labels.theirs)?,
        labels,
        conflicts: Vec::new(),
    };
    Ok(merging.run())
}

struct Merging<'a> {
    base: Option<&'a Side>,
    ours: &'a Side,
    theirs: &'a Side,
    labels: Labels<'a>,
    conflicts: Vec<Conflict>,
}

impl Merging<'_> {
    fn run(mut self) -> Merged {
        let mut entries: Vec<(Uuid, Entry)> = Vec::new();
        let added = self.theirs.documents.iter().map(|(uuid, _)| *uuid);
        let added = added.filter(|uuid| self.ours.find(*uuid).is_none());
        let all: Vec<Uuid> =
            self.ours.documents.iter().map(|(uuid, _)| *uuid).chain(added).collect();
        for uuid in all {
            entries.extend(self.entry(uuid).map(|entry| (uuid, entry)));
        }
        let envelopes = self.merge_metadata();
        self.keep_parents(&mut entries, &envelopes[0]);
        let documents = entries.len();
        let entries = entries.into_iter().map(|(_, entry)| entry).collect();
        let text = text::write(entries, envelopes, self.labels);
        let clean = self.conflicts.is_empty();
        Merged { text, clean, documents, conflicts: self.conflicts }
    }

    /// What becomes of a document that is on at least one side.
    fn entry(&mut self, uuid: Uuid) -> Option<Entry> {
        let base = self.base.and_then(|base| base.find(uuid));
        match (self.ours.find(uuid), self.theirs.find(uuid)) {
            (Some(ours), Some(theirs)) => {
                let (document, fields) = document::merge(base, ours, theirs);
                if fields.is_empty() {
                    return Some(Entry::Merged(document));
                }
                let message = format!("was changed on both sides: {}", fields.join(", "));
                self.note("changed", uuid, ours, fields, &message);
                // What is not in dispute is on both sides of the markers.
                let sides = match base {
                    Some(_) => [document, document::merge(base, theirs, ours).0],
                    None => [ours.clone(), theirs.clone()],
                };
                Some(Entry::Torn(sides.map(Some)))
            }
            (Some(ours), None) => self.one_sided(uuid, base, ours, true),
            (None, Some(theirs)) => self.one_sided(uuid, base, theirs, false),
            (None, None) => None,
        }
    }

    /// What becomes of a document that only one side has.
    fn one_sided(
        &mut self,
        uuid: Uuid,
        base: Option<&Object>,
        document: &Object,
        is_ours: bool,
    ) -> Option<Entry> {
        let other = if is_ours { self.theirs } else { self.ours };
        let is_deleted = match self.base {
            Some(_) => base.is_some(),
            None => other.envelope.removal_of(uuid).is_some(),
        };
        if !is_deleted {
            return Some(Entry::Merged(document.clone()));
        }
        if base.is_some_and(|base| has_same_content(base, document)) {
            return None;
        }
        let Labels { ours, theirs } = self.labels;
        let (here, there) = if is_ours { (ours, theirs) } else { (theirs, ours) };
        let change = if self.base.is_some() { "changed" } else { "kept" };
        let message = format!("was {change} in {here} and deleted in {there}");
        self.note("deleted", uuid, document, Vec::new(), &message);
        Some(torn(document.clone(), is_ours))
    }

    /// A parent that one side deleted, and below which the other side has put something, stays for
    /// a person to decide.
    fn keep_parents(&mut self, entries: &mut Vec<(Uuid, Entry)>, envelope: &Envelope) {
        let Some(base) = self.base else { return };
        let schema = envelope.schema.as_deref().map(Schema::from_file);
        let Some(Ok(schema)) = schema else { return };
        let Some(member) = schema.hierarchy().map(|hierarchy| hierarchy.member().to_owned()) else {
            return;
        };
        let mut there: BTreeMap<Uuid, ()> = entries.iter().map(|(uuid, _)| (*uuid, ())).collect();
        let mut place = 0;
        while let Some((_, entry)) = entries.get(place) {
            place += 1;
            let document = match entry {
                Entry::Merged(document) => Some(document),
                Entry::Torn([ours, theirs]) => ours.as_ref().or(theirs.as_ref()),
            };
            let parent = document
                .and_then(|document| {
                    document.get("dimensions")?.as_object()?.get(&member)?.as_str()
                })
                .and_then(|parent| Uuid::try_parse(parent).ok());
            let Some(parent) = parent.filter(|parent| !there.contains_key(parent)) else {
                continue;
            };
            let kept = self.ours.find(parent).map(|document| (document, true));
            let kept = kept.or_else(|| Some((self.theirs.find(parent)?, false)));
            let Some((document, is_ours)) = kept.filter(|_| base.find(parent).is_some()) else {
                continue;
            };
            there.insert(parent, ());
            let Labels { ours, theirs } = self.labels;
            let deleting = if is_ours { theirs } else { ours };
            let message = format!("was deleted in {deleting}, but has a child on the other side");
            self.note("deleted", parent, document, Vec::new(), &message);
            entries.push((parent, torn(document.clone(), is_ours)));
        }
    }

    fn note(
        &mut self,
        kind: &'static str,
        uuid: Uuid,
        document: &Object,
        fields: Vec<String>,
        message: &str,
    ) {
        let uuid = uuid.hyphenated().to_string();
        let title = document.get("title").and_then(Value::as_str).map(str::to_owned);
        let message = match &title {
            Some(title) => format!("'{title}' ({uuid}) {message}"),
            None => format!("{uuid} {message}"),
        };
        self.conflicts.push(Conflict { kind, uuid: Some(uuid), title, fields, message });
    }
}

fn torn(document: Object, is_ours: bool) -> Entry {
    Entry::Torn(if is_ours { [Some(document), None] } else { [None, Some(document)] })
}
