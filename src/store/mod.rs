//! The public nouns: [`Store`] and [`Cursor`].
//!
//! Everything is JSON text in and out, as in the C interface; what the texts look like stands in
//! `include/nanostore.h`, function by function. A method here converts and calls the engine.

mod options;

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::engine::draft::{Draft, Outcome};
use crate::engine::feed::changes;
use crate::engine::listing::{self, Scan};
use crate::engine::merge::merge_files;
use crate::engine::open::{Violation, open_file, open_memory, violations};
use crate::engine::operation::{Operation, Target, read_batch};
use crate::engine::snapshots::SnapshotReport;
use crate::engine::state::State;
use crate::engine::{Engine, Limits};
use crate::error::{Error, ErrorKind, Result};
use crate::model::document::check_document_bytes;
use crate::model::json::{self, JsonText, Value, from_value, parse, parse_object};
use crate::model::merge::{LABELS, Labels};
use crate::model::schema::Schema;
use crate::query::{Query, Selection};
pub(crate) use crate::storage::lock_descriptors;
use crate::storage::{Machine, this_machine};

use options::{
    ChangeOptions, ChangesOptions, DefineOptions, DeleteOptions, GetOptions, MergeOptions,
    NoOptions, read, read_open,
};

/// How many changes are told at a time, unless the caller says.
const CHANGES: usize = 1000;
/// The path of a store in memory.
const MEMORY: &str = ":memory:";

/// An open store.
///
/// A clone is another handle on the same store, which closes with the last one. All methods may be
/// called from any thread; reads run in parallel, writes one after the other, across processes,
/// too. Before each call the store takes in what other processes and people wrote.
///
/// ```
/// use nanostore::Store;
///
/// let store = Store::open(
///     ":memory:".as_ref(),
///     Some(r#"{"schema":{"dimensions":[
///         {"name":"status","type":"enumerated","values":["open","done"],
///          "prefixes":{"done":"d"},"default_value":"open"},
///         {"name":"parent","type":"hierarchical"}]}}"#),
/// )?;
/// store.add(r#"{"title":"Bread"}"#, None)?;
/// store.add(r#"{"title":"Flour","dimensions":{"parent":"1"}}"#, None)?;
/// let flour = store.update("1.1", r#"{"dimensions":{"status":"done"}}"#, None)?;
/// assert!(flour.contains(r#""id":"1.d1""#));
/// # Ok::<(), nanostore::Error>(())
/// ```
pub struct Store {
    engine: Arc<Engine>,
    limits: Limits,
    /// The state that a snapshot reads.
    pinned: Option<Arc<State>>,
    /// The handle has done what it does at its end.
    ended: bool,
}

impl Clone for Store {
    fn clone(&self) -> Store {
        Store::new(Arc::clone(&self.engine), self.limits.clone(), self.pinned.clone())
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // Who wants to know calls close.
        let _ = self.end();
    }
}

impl Store {
    /// Opens the store in the file at `path`, which is made when it is not there; `:memory:` is a
    /// store that is kept nowhere. `options` is a JSON object (`docs/c-api.md` lists its members).
    ///
    /// # Errors
    /// Those of the options, of the file and its rights, and of its content.
    pub fn open(path: &Path, options: Option<&str>) -> Result<Store> {
        Store::open_on(this_machine(), path, options)
    }

    /// Opens a store on another file system than the machine's.
    #[cfg(feature = "testing")]
    #[doc(hidden)]
    pub fn open_simulated(
        process: crate::storage::SimulatedProcess,
        path: &Path,
        options: Option<&str>,
    ) -> Result<Store> {
        Store::open_on(Arc::new(process), path, options)
    }

    fn open_on(machine: Machine, path: &Path, options: Option<&str>) -> Result<Store> {
        let request = read_open(options)?;
        let engine = match path.as_os_str() == MEMORY {
            true => open_memory(machine, &request)?,
            false => open_file(machine, path, &request)?,
        };
        Ok(Store::new(engine, request.limits, None))
    }

    fn new(engine: Arc<Engine>, limits: Limits, pinned: Option<Arc<State>>) -> Store {
        engine.enter();
        Store { engine, limits, pinned, ended: false }
    }

    /// Closes this handle. The last one of a process makes durable what is not yet, and folds the
    /// log into the file unless another process goes on with it.
    ///
    /// # Errors
    /// Those of the disk. What was acknowledged under the policy `sync` is safe all the same.
    pub fn close(mut self) -> Result<()> {
        self.end()
    }

    fn end(&mut self) -> Result<()> {
        if std::mem::replace(&mut self.ended, true) || !self.engine.exit() {
            return Ok(());
        }
        self.engine.close(&self.limits)
    }

    /// Gives up this handle in the child of a fork: memory only, no lock, no file.
    pub(crate) fn abandon(mut self) {
        self.engine.abandon();
        self.ended = true;
    }

    /// Refuses writes from now on: a call panicked.
    pub(crate) fn poison(&self) {
        self.engine.poison();
    }

    /// Returns a handle on the store as it is now: all reads on it, short IDs included, stay as
    /// they are while others write, and it cannot be written. Taking one costs the same at any
    /// size; while it is held, what is changed is kept twice.
    ///
    /// # Errors
    /// Those of reading.
    pub fn snapshot(&self) -> Result<Store> {
        let state = self.state()?;
        Ok(Store::new(Arc::clone(&self.engine), self.limits.clone(), Some(state)))
    }

    /// The state to read on for longer than a call.
    fn state(&self) -> Result<Arc<State>> {
        match &self.pinned {
            Some(state) => Ok(Arc::clone(state)),
            None => self.engine.snapshot(&self.limits),
        }
    }

    fn read<R>(&self, look: impl FnOnce(&State) -> Result<R>) -> Result<R> {
        match &self.pinned {
            Some(state) => look(state),
            None => self.engine.read(&self.limits, look),
        }
    }

    /// Refuses what a snapshot does not do.
    fn check_live(&self) -> Result<()> {
        match &self.pinned {
            None => Ok(()),
            Some(_) => Err(Error::new(ErrorKind::ReadOnly, "a snapshot is only read")
                .named("SNAPSHOT")
                .hint("call the store that it was taken of")),
        }
    }

    fn write<R>(&self, decide: impl FnMut(&mut Draft) -> Result<R>) -> Result<R> {
        self.check_live()?;
        self.engine.write(&self.limits, decide)
    }

    /// Replaces the schema. Options: `strict`. Returns `{"changed","violations","examples"}`.
    /// Costs a pass over all documents.
    ///
    /// # Errors
    /// INVALID, LIMIT or UNSUPPORTED for the schema; CONSTRAINT, with `strict`, when documents
    /// break it; those of writing.
    pub fn define(&self, schema: &str, options: Option<&str>) -> Result<String> {
        let schema = parse_object(schema).map_err(|error| error.in_argument("schema"))?;
        let schema = Schema::from_call(&Value::Object(schema))?;
        let options: DefineOptions = read(options)?;
        self.check_live()?;
        report(&self.engine.define(&self.limits, &schema, options.strict.unwrap_or(false))?)
    }

    /// Tells what and where the store is, and in what state.
    ///
    /// # Errors
    /// Those of reading.
    pub fn info(&self) -> Result<String> {
        let description = self.engine.description();
        // First, since reading may keep something aside.
        self.read(|_| Ok(()))?;
        let backlog = self.engine.backlog();
        self.read(|state| {
            report(&Info {
                path: description.path.map(|path| path.to_string_lossy().into_owned()),
                engine: description.engine,
                format: state.envelope.format.name(),
                documents: state.len(),
                commit: state.commit,
                policy: Policy {
                    durability: self.limits.durability.name(),
                    interval_ms: self.limits.interval.as_millis(),
                    checkpoint: self.limits.checkpoint.name(),
                },
                log_bytes: backlog.log_bytes,
                unsynced: backlog.unsynced,
                unsynced_ms: backlog.unsynced_age.as_millis(),
                violations: state.violating().len(),
                violation_examples: violations(state).collect(),
                conflicts: backlog.kept_aside.iter().map(|path| path.to_string_lossy()).collect(),
                text_bytes: state.text_bytes().0,
                text_bytes_held: state.text_bytes().1,
                file_system: description.file_system,
                read_only: description.read_only || self.pinned.is_some(),
                snapshot: self.pinned.is_some(),
                snapshots: self.engine.snapshot_report(),
            })
        })
    }

    /// Reads the file anew and lists what is wrong with it: `{"ok","problems":[...]}`. Costs a
    /// pass over all documents.
    ///
    /// # Errors
    /// Those of reading, but for a damaged file, which is a problem in the list.
    pub fn verify(&self) -> Result<String> {
        self.check_live()?;
        report(&self.engine.verify(&self.limits)?)
    }

    /// Makes durable what was committed by the policy `batched`.
    ///
    /// # Errors
    /// Those of writing.
    pub fn sync(&self) -> Result<()> {
        self.check_live()?;
        self.engine.sync(&self.limits)
    }

    /// Brings the file up to date: folds the log into it. Costs a pass over all documents, if
    /// there is a log.
    ///
    /// # Errors
    /// Those of writing.
    pub fn checkpoint(&self) -> Result<()> {
        self.check_live()?;
        self.engine.checkpoint(&self.limits)
    }

    /// Adds a document and returns it.
    ///
    /// # Errors
    /// INVALID, LIMIT, EXISTS, NOTFOUND (the parent); those of writing.
    pub fn add(&self, document: &str, options: Option<&str>) -> Result<String> {
        self.write_one(|| {
            let document = self.read_document("document", document)?;
            let NoOptions {} = read(options)?;
            Ok(Operation::Add { document, name: None })
        })
    }

    /// Returns a document. Options: `fields`, as in a query.
    ///
    /// # Errors
    /// NOTFOUND, INVALID, AMBIGUOUS; those of reading.
    pub fn get(&self, id: &str, options: Option<&str>) -> Result<String> {
        let options: GetOptions = read(options)?;
        self.read(|state| {
            let slot = state.resolve(id)?;
            if options.fields.is_none() {
                return Ok(state.output(slot));
            }
            let query = Query { fields: options.fields, ..Query::default() };
            let mut out = String::new();
            let id = state.forest().id(slot);
            Selection::compile(query, state)?.write(state, slot, id.as_deref(), None, &mut out);
            Ok(out)
        })
    }

    /// Merges a patch into a document and returns it. Options: `if_rev`, `if_uuid`.
    ///
    /// # Errors
    /// NOTFOUND, INVALID, AMBIGUOUS, CONFLICT, CONSTRAINT, EXISTS, LIMIT; those of writing.
    pub fn update(&self, id: &str, patch: &str, options: Option<&str>) -> Result<String> {
        self.write_one(|| {
            let patch = self.read_document("patch", patch)?;
            let guard = read::<ChangeOptions>(options)?.guard()?;
            Ok(Operation::Update { target: Target::Id(id.to_owned()), patch, guard })
        })
    }

    /// Replaces a document, or creates it when `id` is a `key:` or a UUID that is not there, and
    /// returns it. Options: `if_rev`, `if_uuid`.
    ///
    /// # Errors
    /// As [`Store::update`].
    pub fn replace(&self, id: &str, document: &str, options: Option<&str>) -> Result<String> {
        self.write_one(|| {
            let document = self.read_document("document", document)?;
            let guard = read::<ChangeOptions>(options)?.guard()?;
            Ok(Operation::Replace { id: id.to_owned(), document, guard })
        })
    }

    /// Deletes a document and returns `{"deleted":[...]}`, the documents as they were. Options:
    /// `cascade`, `if_rev`, `if_uuid`.
    ///
    /// # Errors
    /// NOTFOUND, INVALID, AMBIGUOUS, CONFLICT, HAS_CHILDREN; those of writing.
    pub fn delete(&self, id: &str, options: Option<&str>) -> Result<String> {
        self.write_one(|| {
            let options: DeleteOptions = read(options)?;
            let (target, guard) = (Target::Id(id.to_owned()), options.guard()?);
            Ok(Operation::Delete { target, cascade: options.cascade.unwrap_or(false), guard })
        })
    }

    /// Does all operations of a batch, or none, in one commit, and returns
    /// `{"commit","results":[...]}`.
    ///
    /// # Errors
    /// Those of its operations, the place of the operation in `field`.
    pub fn apply(&self, operations: &str, options: Option<&str>) -> Result<String> {
        let read_batch = |text| read_batch(text).map_err(|error| error.in_argument("operations"));
        let mut read_before = Some(read_batch(operations)?);
        let NoOptions {} = read(options)?;
        self.write(|draft| {
            let operations = read_before.take().map_or_else(|| read_batch(operations), Ok)?;
            let outcomes = draft.run_all(operations)?;
            Ok(batch_report(draft, &outcomes))
        })
    }

    /// Reads the argument `name`, a document or a patch, unless its text is longer than a document
    /// may be.
    fn read_document(&self, name: &'static str, text: &str) -> Result<JsonText<'static>> {
        check_document_bytes(text.len(), self.limits.document_bytes_max)?;
        JsonText::read_object(text).map_err(|error| error.in_argument(name))
    }

    /// Does one operation.
    fn write_one(&self, read: impl Fn() -> Result<Operation>) -> Result<String> {
        self.check_live()?;
        self.engine.write_one(&self.limits, read)
    }

    /// Returns the UUID of the document that an ID names.
    ///
    /// # Errors
    /// NOTFOUND saying how far the ID resolved, INVALID, AMBIGUOUS; those of reading.
    pub fn resolve_id(&self, id: &str) -> Result<String> {
        self.read(|state| Ok(state.uuid_text(state.resolve(id)?)))
    }

    /// Returns the UUIDs of the documents that the IDs in a JSON array name, in their order.
    ///
    /// # Errors
    /// As [`Store::resolve_id`], the place in `field`.
    pub fn resolve_ids(&self, ids: &str) -> Result<String> {
        let ids = parse(ids).and_then(|ids| from_value::<Vec<String>>(&ids));
        let ids = ids.map_err(|error| error.in_argument("ids"))?;
        self.read(|state| {
            let resolve = |(index, id): (usize, &String)| {
                let slot = state.resolve(id).map_err(|error| error.within(&index.to_string()))?;
                Ok(state.uuid_text(slot))
            };
            let uuids: Vec<String> = ids.iter().enumerate().map(resolve).collect::<Result<_>>()?;
            report(&uuids)
        })
    }

    /// Returns the page of documents that a query asks for: `{"documents":[...],"next":token}`.
    ///
    /// # Errors
    /// INVALID, LIMIT, UNSUPPORTED, NOTFOUND for the query; those of reading.
    pub fn list(&self, query: Option<&str>) -> Result<String> {
        let query = Query::parse(query)?;
        self.read(|state| listing::page(query, state))
    }

    /// Counts the documents that a query selects, whatever its limit and offset.
    ///
    /// # Errors
    /// As [`Store::list`].
    pub fn count(&self, query: Option<&str>) -> Result<i64> {
        let query = Query::parse(query)?;
        let count = self.read(|state| listing::count(query, state))?;
        Ok(i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// Tells how a query is answered: `{"access","index","estimated","order"}`.
    ///
    /// # Errors
    /// As [`Store::list`].
    pub fn explain(&self, query: Option<&str>) -> Result<String> {
        let query = Query::parse(query)?;
        self.read(|state| report(&listing::explain(query, state)?))
    }

    /// Tells what was written since a revision: `{"changes":[{"op","uuid","id","rev"}],"next",
    /// "truncated"}`. Options: `since`, `limit`, `timeout_ms`.
    ///
    /// # Errors
    /// Those of reading.
    pub fn changes(&self, options: Option<&str>) -> Result<String> {
        let ChangesOptions { since, limit, timeout_ms } = read(options)?;
        let (since, limit) = (since.unwrap_or(0), limit.unwrap_or(CHANGES));
        if let Some(state) = &self.pinned {
            return report(&changes(state, since, limit));
        }
        let wait = Duration::from_millis(timeout_ms.unwrap_or(0));
        report(&self.engine.changes(&self.limits, since, limit, wait)?)
    }

    /// Starts a cursor over what a query selects, on the state as it is now.
    ///
    /// # Errors
    /// As [`Store::list`].
    pub fn cursor(&self, query: Option<&str>) -> Result<Cursor> {
        let query = Query::parse(query)?;
        let state = self.state()?;
        let scan = Scan::new(query, &state)?;
        Ok(Cursor { state, scan })
    }
}

/// Gives the documents of a query one by one, all from the state in which it was started.
///
/// Writers do not wait for it. Dropping it ends it.
pub struct Cursor {
    state: Arc<State>,
    scan: Scan,
}

impl Cursor {
    /// Returns the next document; none at the end.
    ///
    /// # Errors
    /// None in this version.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<String>> {
        let mut out = String::new();
        Ok(self.scan.write_next(&self.state, &mut out).then_some(out))
    }

    /// Returns the token, as a JSON text, from which the same query goes on behind the document
    /// given last: the member `after` of a query.
    ///
    /// # Errors
    /// None in this version.
    pub fn token(&self) -> Result<String> {
        Ok(self.scan.token(&self.state))
    }

    /// Gives up this cursor in the child of a fork: memory only.
    pub(crate) fn abandon(self) {}
}

#[derive(Serialize)]
struct Info<'a> {
    path: Option<String>,
    engine: &'static str,
    format: &'static str,
    documents: u32,
    commit: u64,
    policy: Policy,
    log_bytes: u64,
    unsynced: u64,
    unsynced_ms: u128,
    violations: usize,
    violation_examples: Vec<Violation>,
    conflicts: Vec<Cow<'a, str>>,
    text_bytes: usize,
    text_bytes_held: usize,
    file_system: Option<String>,
    read_only: bool,
    /// Whether this handle is one.
    snapshot: bool,
    snapshots: SnapshotReport,
}

#[derive(Serialize)]
struct Policy {
    durability: &'static str,
    interval_ms: u128,
    checkpoint: &'static str,
}

fn report(report: &impl Serialize) -> Result<String> {
    serde_json::to_string(report)
        .map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))
}

fn batch_report(draft: &Draft, outcomes: &[Outcome]) -> String {
    let mut out = format!(r#"{{"commit":{},"results":["#, draft.commit());
    for (index, outcome) in outcomes.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        draft.write_outcome(outcome, &mut out);
    }
    out.push_str("]}");
    out
}

/// Merges the version of a store's file at `theirs` into the one at `ours`, document by document;
/// `base` is what both come from. `options` may name the sides. Gives a report: whether there were
/// no conflicts, and which.
///
/// # Errors
/// Those of the options, of the files and of their content, which leave `ours` as it is.
pub fn merge(
    base: Option<&Path>,
    ours: &Path,
    theirs: &Path,
    options: Option<&str>,
) -> Result<String> {
    let MergeOptions { ours: our_name, theirs: their_name } = read(options)?;
    let labels = Labels {
        ours: our_name.as_deref().unwrap_or(LABELS.ours),
        theirs: their_name.as_deref().unwrap_or(LABELS.theirs),
    };
    for (field, name) in [("ours", labels.ours), ("theirs", labels.theirs)] {
        if name.is_empty() || name.contains(char::is_control) {
            let message = format!("'{field}' names a side in one line, of one character at least");
            return Err(Error::invalid(message).field(field).actual(name));
        }
    }
    report(&merge_files(&this_machine(), base, ours, theirs, labels)?)
}

/// Returns `text` as a JSON text, quoted and escaped.
pub fn json_quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    json::quote(text, &mut out);
    out
}

/// Returns the member of a JSON text that a pointer (RFC 6901) leads to: texts unquoted, other
/// values as JSON; none when nothing is there.
///
/// # Errors
/// INVALID for what is no JSON or no pointer.
pub fn json_get(json: &str, pointer: &str) -> Result<Option<String>> {
    let escapes_well = pointer.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
    if !escapes_well || !(pointer.is_empty() || pointer.starts_with('/')) {
        let message = "a pointer is empty or begins with '/', and has ~ only in ~0 and ~1";
        return Err(Error::invalid(message).field("pointer").actual(pointer));
    }
    let value = parse(json).map_err(|error| error.in_argument("json"))?;
    Ok(value.pointer(pointer).map(|value| match value {
        Value::String(text) => text.clone(),
        other => other.to_text(),
    }))
}
