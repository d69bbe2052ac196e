//! What is wrong with a store: rules that its documents break, and defects of its structures.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;

use crate::engine::state::State;
use crate::engine::{Engine, Limits, load};
use crate::error::{ErrorKind, Result};
use crate::ids::forest::Parent;
use crate::ids::walk::Walk;
use crate::model::data_file::{
    self, Envelope, NOT_A_STORE, Read, Reader, doubtful_in_document, doubtful_in_envelope, salvage,
};
use crate::model::document::{ParentRef, Problem};
use crate::model::json::line_column;
use crate::model::schema::Schema;

/// What [`Engine::verify`] found.
#[derive(Serialize)]
pub(crate) struct Report {
    ok: bool,
    problems: Vec<Finding>,
}

#[derive(Serialize)]
struct Finding {
    kind: &'static str,
    uuid: Option<String>,
    line: Option<u64>,
    field: Option<String>,
    message: String,
}

impl Engine {
    /// Reads the file anew and lists what is wrong, in the order of the file.
    ///
    /// # Errors
    /// Those of reading, but for a file that cannot be understood: that is a finding.
    pub(crate) fn verify(&self, limits: &Limits) -> Result<Report> {
        let problems = match self.read(limits, findings) {
            Ok(problems) => problems,
            Err(error) if error.kind() == ErrorKind::Corrupt => vec![Finding {
                kind: "corrupt",
                uuid: None,
                line: error.position().map(|(line, _)| line),
                field: error.field_path().map(str::to_owned),
                message: error.message().to_owned(),
            }],
            Err(error) => return Err(error),
        };
        let mut report = Report { ok: problems.is_empty(), problems };
        let Some(image) = self.image(limits)? else { return Ok(report) };
        match load::read(&image, None, 0) {
            Err(error) if error.name() == NOT_A_STORE => {}
            Err(error) if error.kind() == ErrorKind::Corrupt => report.add_lost(&image),
            _ => self.add_lines(limits, &image, &mut report)?,
        }
        Ok(report)
    }

    /// Adds the lines of the file to findings about documents.
    fn add_lines(&self, limits: &Limits, image: &[u8], report: &mut Report) -> Result<()> {
        if report.problems.iter().all(|finding| finding.uuid.is_none()) {
            return Ok(());
        }
        let Ok(text) = std::str::from_utf8(image) else { return Ok(()) };
        let schema = self.read(limits, |state| Ok(state.schema.clone()))?;
        let mut lines = Lines { text, schema, report };
        // Findings of a file that cannot be read whole have fewer lines.
        data_file::read(text, &mut lines).map(drop).or(Ok(()))
    }
}

/// Adds lines to what was found about the documents of a file.
struct Lines<'a> {
    text: &'a str,
    schema: Arc<Schema>,
    report: &'a mut Report,
}

impl Reader for Lines<'_> {
    fn schema(&mut self, _: &Envelope) -> Result<Arc<Schema>> {
        Ok(Arc::clone(&self.schema))
    }

    fn document(&mut self, document: Read<'_>, offset: usize) -> Result<()> {
        let uuid = document.uuid().hyphenated().to_string();
        for finding in &mut self.report.problems {
            if finding.uuid.as_deref() == Some(&uuid) {
                finding.line = Some(line_column(self.text, offset).0);
            }
        }
        Ok(())
    }
}

impl Report {
    /// Adds what opening the damaged file with `salvage` would lose or keep as another document, or
    /// has so for a reader.
    fn add_lost(&mut self, image: &[u8]) {
        let lost = salvage(image).map(|salvaged| salvaged.lost).unwrap_or_default();
        self.ok = false;
        self.problems.extend(lost.into_iter().map(|lost| Finding {
            kind: lost.kind,
            uuid: None,
            line: Some(lost.line),
            field: None,
            message: lost.message,
        }));
    }
}

fn findings(state: &State) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let duplicates = state.duplicates().into_iter();
    let duplicates: Vec<(&str, BTreeSet<u32>)> =
        duplicates.map(|(name, slots)| (name, slots.into_iter().collect())).collect();
    for slot in state.slots() {
        let mut report = |kind, field: Option<String>, message: String| {
            let uuid = Some(state.uuid_text(slot));
            findings.push(Finding { kind, uuid, line: None, field, message });
        };
        if state.violating().contains(&slot) {
            for problem in state.document(slot)?.problems(&state.schema) {
                report(problem.kind, Some(problem.field), problem.message);
            }
        }
        for problem in doubtful_in_document(&state.file_document(slot)?, &state.schema) {
            report(problem.kind, Some(problem.field), problem.message);
        }
        if !state.forest().is_placed(slot) {
            if let Some((kind, message)) = why_unplaced(state, slot)? {
                let parent = state.schema.hierarchy().map(|h| format!("dimensions.{}", h.member()));
                report(kind, parent, message);
            }
        }
        if state.shadowed().contains(&slot) {
            let message = "an older document has the same key".to_owned();
            report("key", Some("key".to_owned()), message);
        }
        for (name, _) in duplicates.iter().filter(|(_, slots)| slots.contains(&slot)) {
            let message = format!("another document has its key in the unique index '{name}'");
            report("unique", Some(format!("indexes.{name}")), message);
        }
        if let Some(message) = defect(state, slot) {
            report("defect", None, message.to_owned());
        }
    }
    for Problem { kind, field, message } in doubtful_in_envelope(&state.envelope) {
        findings.push(Finding { kind, uuid: None, line: None, field: Some(field), message });
    }
    if let Some(message) = walk_defect(state).or_else(|| state.index_defect()) {
        let finding = Finding { kind: "defect", uuid: None, line: None, field: None, message };
        findings.push(finding);
    }
    Ok(findings)
}

/// Why a document has no ID; none where the rules for documents say it.
fn why_unplaced(state: &State, slot: u32) -> Result<Option<(&'static str, String)>> {
    let parent = state.document(slot)?.parent(&state.schema);
    Ok(match (state.forest().parent(slot), parent) {
        (_, ParentRef::Unreadable) => None,
        (Parent::Missing(_), _) => Some(("parent", "its parent does not exist".to_owned())),
        (Parent::Slot(parent), _) if state.forest().is_within(parent, slot) => {
            Some(("parent", "it hangs below itself".to_owned()))
        }
        _ => {
            let message = "no chain of parents leads to it from a root in 1000 levels";
            Some(("unplaced", message.to_owned()))
        }
    })
}

/// A structure that disagrees with the documents, which would be a defect of this library.
fn defect(state: &State, slot: u32) -> Option<&'static str> {
    if state.find_uuid(state.uuid(slot)) != Some(slot) {
        return Some("its UUID does not lead to it");
    }
    let Ok(document) = state.document(slot) else {
        return Some("its stored text cannot be read");
    };
    if document.codes(&state.schema) != state.codes(slot) {
        return Some("the codes of its values are not those of its text");
    }
    let by_key = document.key_text().and_then(|key| state.find_key(&key));
    if document.key_text().is_some() && by_key != Some(slot) && !state.shadowed().contains(&slot) {
        return Some("its key does not lead to it");
    }
    match state.forest().id(slot) {
        Some(id) if state.forest().resolve(&id).ok() != Some(slot) => {
            Some("its short ID does not lead to it")
        }
        _ => None,
    }
}

fn walk_defect(state: &State) -> Option<String> {
    let mut walk = Walk::new(state.forest());
    let mut count = 0;
    while let Some(slot) = walk.next(state.forest()) {
        count += 1;
        if walk.id().map(str::to_owned) != state.forest().id(slot) {
            return Some(format!("a walk gives {:?} another ID", state.uuid_text(slot)));
        }
    }
    let len = state.len();
    (count != len).then(|| format!("a walk finds {count} of {len} documents"))
}
