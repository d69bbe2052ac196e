//! Merging what two versions of a file hold beside their documents.

use std::sync::Arc;

use super::document::{highest, member};
use super::{Conflict, Merging, Side};
use crate::model::data_file::Envelope;
use crate::model::json::{Object, Value};
use crate::model::time::Time;

impl Merging<'_> {
    /// What is beside the documents of the merged file, as either side has it: the two differ in
    /// what is in conflict.
    pub(super) fn merge_metadata(&mut self) -> [Envelope; 2] {
        let [mut ours, mut theirs] = [self.ours, self.theirs].map(|side| side.envelope.clone());
        let mut fields = Vec::new();
        let base = self.base.map(|base| given(&base.envelope));
        let values = [given(&ours), given(&theirs)];
        let [own, other] = [&values[0], &values[1]].map(Some);
        let merged = member(base.as_ref().map(Some), own, other, "", &mut fields);
        match version_of(&theirs).cmp(&version_of(&ours)) {
            _ if fields.is_empty() => {
                let merged = merged.unwrap_or_default();
                give(&mut ours, &merged);
                give(&mut theirs, &merged);
            }
            // The schema of the later version of a program counts, as it does at opening.
            order if order.is_ne() && fields.iter().all(|field| is_of_schema(field)) => {
                let later = if order.is_gt() { &theirs } else { &ours };
                let schema = later.schema.clone();
                let merged = merged.unwrap_or_default();
                for envelope in [&mut ours, &mut theirs] {
                    give(envelope, &merged);
                    envelope.schema = schema.clone();
                }
                fields.clear();
            }
            _ => {}
        }
        self.count_on(&mut ours, &mut theirs);
        if !fields.is_empty() {
            let message = format!("was changed on both sides: {}", fields.join(", "));
            let message = format!("what is beside the documents {message}");
            self.conflicts.push(Conflict {
                kind: "metadata",
                uuid: None,
                title: None,
                fields,
                message,
            });
        }
        [ours, theirs]
    }

    /// Merges the store's own notes. Commits of the two sides have the same numbers and are about
    /// different things, so the merged file is a commit after all of them, and every document
    /// counts as written by it.
    fn count_on(&self, ours: &mut Envelope, theirs: &mut Envelope) {
        let commit = last_commit(self.ours).max(last_commit(self.theirs)).saturating_add(1);
        let removals: Vec<_> = theirs.removed_since(0).collect();
        ours.add_removals(&removals, commit);
        ours.commit = commit;
        ours.rev_floor = commit;
        ours.numbers = highest(&ours.numbers, &theirs.numbers);
        let time = |text: &Option<String>| Time::parse(text.as_deref()?).ok();
        if time(&theirs.updated_at) > time(&ours.updated_at) {
            ours.updated_at = theirs.updated_at.take();
        }
        let created = ours.created_at.take().or_else(|| theirs.created_at.take());
        ours.created_at = created;
        let (schema, format) = (theirs.schema.take(), ours.format);
        let own = (std::mem::take(&mut theirs.metadata), std::mem::take(&mut theirs.others));
        *theirs = ours.clone();
        theirs.format = format;
        theirs.schema = schema;
        (theirs.metadata, theirs.others) = own;
    }
}

/// The highest commit number that a side knows of.
fn last_commit(side: &Side) -> u64 {
    let revs = side.documents.iter().filter_map(|(_, document)| match document.get("rev")? {
        Value::Number(rev) => rev.as_u64(),
        _ => None,
    });
    let Envelope { commit, rev_floor, .. } = side.envelope;
    revs.chain([commit, rev_floor]).max().unwrap_or_default()
}

/// What people and programs gave: the schema, and members that this version does not know.
fn given(envelope: &Envelope) -> Value {
    let mut members = Object::default();
    if let Some(schema) = &envelope.schema {
        members.insert("schema".to_owned(), (**schema).clone());
    }
    members.insert("metadata".to_owned(), Value::Object(envelope.metadata.clone()));
    members.insert("others".to_owned(), Value::Object(envelope.others.clone()));
    Value::Object(members)
}

fn give(envelope: &mut Envelope, given: &Value) {
    let object = |name: &str| given.as_object().and_then(|it| it.get(name)).cloned();
    envelope.schema = object("schema").map(Arc::new);
    if let (Some(Value::Object(metadata)), Some(Value::Object(others))) =
        (object("metadata"), object("others"))
    {
        envelope.metadata = metadata;
        envelope.others = others;
    }
}

fn version_of(envelope: &Envelope) -> Option<u64> {
    match envelope.schema.as_deref()?.as_object()?.get("schema_version")? {
        Value::Number(version) => version.as_u64(),
        _ => None,
    }
}

fn is_of_schema(field: &str) -> bool {
    field == "schema" || field.starts_with("schema.")
}
