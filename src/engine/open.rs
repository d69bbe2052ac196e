//! Opening: which engine a handle shares, what a new file begins with, whose schema counts.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use serde::Serialize;

use crate::engine::clock::{ClockOptions, Minter};
use crate::engine::load;
use crate::engine::policy;
use crate::engine::replay::Replay;
use crate::engine::state::State;
use crate::engine::{Engine, Limits};
use crate::error::{Error, ErrorKind, Result};
use crate::model::data_file::{Envelope, Format, NOT_A_STORE, is_blank};
use crate::model::schema::Schema;
use crate::query::{Filter, Source};
use crate::storage::json_file::{Access, JsonFile};
use crate::storage::memory::Memory;
use crate::storage::{Body, Change, Exclusive, LeftOver, Loaded, Machine};

/// Documents named in a report of violations at most.
const EXAMPLES_MAX: usize = 10;

/// What the caller wants opened.
pub(crate) struct Request {
    pub(crate) access: Access,
    pub(crate) schema: Option<Schema>,
    pub(crate) strict: bool,
    pub(crate) format: Option<Format>,
    pub(crate) clock: Option<ClockOptions>,
    pub(crate) uuid_seed: Option<u64>,
    pub(crate) limits: Limits,
}

/// What defining a schema did.
#[derive(Debug, Serialize)]
pub(crate) struct Definition {
    changed: bool,
    violations: usize,
    examples: Vec<Violation>,
}

/// A document that breaks the rules, and the first of them.
#[derive(Debug, Serialize)]
pub(crate) struct Violation {
    kind: &'static str,
    uuid: String,
    id: Option<String>,
    field: String,
    message: String,
}

/// Process, device and inode of a lock file: handles with equal ones share an engine. The process
/// is among them because the child of a fork must not use what its parent shared.
pub(super) type Identity = ((usize, u64), u64, u64);

struct Shared {
    engine: Weak<Engine>,
    clock: Option<ClockOptions>,
    uuid_seed: Option<u64>,
}

/// The engines in use, so that handles of this process on one store share one.
static REGISTRY: Mutex<BTreeMap<Identity, Shared>> = Mutex::new(BTreeMap::new());

/// Opens a store in memory.
///
/// # Errors
/// INVALID for a schema or a clock that breaks the rules.
pub(crate) fn open_memory(machine: Machine, request: &Request) -> Result<Arc<Engine>> {
    let minter = minter(&machine, request)?;
    let engine = Engine::new(Box::new(Memory::default()), machine, minter, None);
    engine.publish(engine.new_state(request)?);
    Ok(engine.shared())
}

/// Opens the store in the file at `path`, and makes the file if it may.
///
/// # Errors
/// Those of the file and of its content; SCHEMA_MISMATCH; CONSTRAINT with `strict`.
pub(crate) fn open_file(machine: Machine, path: &Path, request: &Request) -> Result<Arc<Engine>> {
    let storage = JsonFile::open(machine.clone(), path, request.access)?;
    let minter = minter(&machine, request)?;
    if request.access.read_only {
        let schema = request.schema.clone().map(Arc::new);
        let engine = Engine::new(Box::new(storage), machine, minter, schema).shared();
        engine.read(&request.limits, |state| {
            check_view(state)?;
            check_strict(state, request.strict)
        })?;
        return Ok(engine);
    }
    let engine = share(storage, machine, minter, request)?;
    engine.settle(request)?;
    Ok(engine)
}

fn minter(machine: &Machine, request: &Request) -> Result<Minter> {
    let entropy = [(); 4].map(|()| machine.random());
    Minter::new(request.clock.as_ref(), request.uuid_seed, entropy)
}

fn share(
    storage: JsonFile,
    machine: Machine,
    minter: Minter,
    request: &Request,
) -> Result<Arc<Engine>> {
    let identity = storage.identity().map(|(device, inode)| (machine.process(), device, inode));
    let Some(identity) = identity else {
        return Ok(Engine::new(Box::new(storage), machine, minter, None).shared());
    };
    let mut registry = REGISTRY.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(shared) = registry.get(&identity) {
        if let Some(engine) = shared.engine.upgrade() {
            if shared.clock != request.clock || shared.uuid_seed != request.uuid_seed {
                // The engine may go with this handle, and asks for the registry then.
                drop(registry);
                return Err(Error::invalid(
                    "clock and uuid_seed are the same in all handles of a process on one store",
                )
                .field("clock"));
            }
            // It may be closing just now.
            engine.storage.enter();
            return Ok(engine);
        }
    }
    let mut engine = Engine::new(Box::new(storage), machine, minter, None);
    engine.identity = Some(identity);
    let engine = engine.shared();
    let shared = Shared {
        engine: Arc::downgrade(&engine),
        clock: request.clock.clone(),
        uuid_seed: request.uuid_seed,
    };
    registry.insert(identity, shared);
    Ok(engine)
}

/// Takes an engine that is going out of the registry.
pub(super) fn unregister(identity: Identity) {
    let mut registry = REGISTRY.lock().unwrap_or_else(PoisonError::into_inner);
    // Another one may have taken its place already.
    if registry.get(&identity).is_some_and(|shared| shared.engine.strong_count() == 0) {
        registry.remove(&identity);
    }
    if registry.is_empty() {
        // An empty map may still hold memory.
        *registry = BTreeMap::new();
    }
}

impl Engine {
    /// Makes the file, or catches up with it; then lets the schema of the request count.
    fn settle(&self, request: &Request) -> Result<()> {
        let exclusive = self.storage.lock(request.limits.lock_timeout)?;
        if self.is_stale() || exclusive.changed()? == Change::All {
            let loaded = exclusive.load()?;
            if is_unborn(&loaded, request.access) {
                return self.create(&*exclusive, &loaded, request);
            }
            let schema = request.schema.clone().map(Arc::new);
            self.take_in(&*exclusive, loaded, schema, true).inspect_err(|error| {
                if error.name() == NOT_A_STORE {
                    exclusive.withdraw();
                }
            })?;
            let size = exclusive.size();
            if size.log_bytes.is_some() && policy::is_small(size) {
                self.note_logged(&request.limits);
            }
        }
        drop(exclusive);
        if let Some(format) = request.format {
            self.reform(&request.limits, format)?;
        }
        if let Some(schema) = &request.schema {
            if self.read(&request.limits, |state| takes_over(schema, state))? {
                self.define(&request.limits, schema, request.strict)?;
            }
        }
        if request.strict {
            self.read(&request.limits, |state| check_strict(state, true))?;
        }
        Ok(())
    }

    /// Writes a new store. A file that was here before may have given out numbers already. Commits
    /// that wait in a log are not written over: with `salvage` they are what can be had of the
    /// store.
    fn create(&self, exclusive: &dyn Exclusive, loaded: &Loaded, request: &Request) -> Result<()> {
        if !loaded.records.is_empty() && !loaded.salvage {
            return Err(self.gone(loaded));
        }
        let mut state = self.new_state(request)?;
        state.commit = loaded.commit_floor;
        let mut replay = Replay::new(true);
        for record in &loaded.records {
            replay.run(&mut state, record)?;
        }
        let image = |out: &mut dyn FnMut(&[u8]) -> Result<()>| load::write(&state, out);
        if loaded.records.is_empty() && !loaded.poisoned {
            exclusive.replace(state.commit, &image)?;
        } else {
            // The file may turn up again, and would lack what the log has.
            let operations = loaded.records.iter().filter_map(|record| match &record.body {
                Body::Operations(operations) => Some(operations.as_str()),
                Body::Checkpoint(_) => None,
            });
            let operations: Vec<&str> = operations.collect();
            let left = (!operations.is_empty()).then(|| operations.join("\n") + "\n");
            exclusive.rebase(state.commit, &image, left.map(LeftOver::All))?;
        }
        self.publish(state);
        Ok(())
    }

    /// Brings the file into the form `format`: a commit of its own, as all that changes it.
    fn reform(&self, limits: &Limits, format: Format) -> Result<()> {
        if self.read(limits, |state| Ok(state.envelope.format == format))? {
            return Ok(());
        }
        self.write(limits, |draft| {
            draft.reform(format);
            Ok(())
        })
    }

    /// The state of a new store.
    fn new_state(&self, request: &Request) -> Result<State> {
        let schema = Arc::new(request.schema.clone().unwrap_or_default());
        let mut state = State::new(schema.clone());
        let mut envelope = Envelope::default();
        let now =
            self.minter.lock().unwrap_or_else(PoisonError::into_inner).time(self.machine.now());
        envelope.created_at = Some(now.to_text());
        envelope.updated_at = Some(now.to_text());
        envelope.format = request.format.unwrap_or_default();
        envelope.schema = request.schema.as_ref().map(|schema| Arc::new(schema.source.clone()));
        state.envelope = Arc::new(envelope);
        load::number_stably(&mut state, None)?;
        state.declare_indexes()?;
        check_view(&state)?;
        Ok(state)
    }

    /// Puts `schema` in the place of the stored one, and tells which documents break it.
    ///
    /// # Errors
    /// INVALID for a canonical view that is no condition; CONSTRAINT, with `strict`, when
    /// documents break the schema; those of writing.
    pub(crate) fn define(
        &self,
        limits: &Limits,
        schema: &Schema,
        strict: bool,
    ) -> Result<Definition> {
        let schema = Arc::new(schema.clone());
        self.write(limits, |draft| {
            let stored = draft.state.envelope.schema.is_some();
            let changed = *schema != *draft.state.schema || !stored;
            if changed {
                let state = draft.state.with_schema(schema.clone())?;
                state.check_new_unique(&draft.state)?;
                draft.take_over(state);
            }
            check_view(&draft.state)?;
            check_strict(&draft.state, strict)?;
            let violating = draft.state.violating();
            Ok(Definition {
                changed,
                violations: violating.len(),
                examples: violations(&draft.state).collect(),
            })
        })
    }
}

/// Whether a new store begins: where there is no file, or, with `create`, one that holds nothing
/// and held no store before.
fn is_unborn(loaded: &Loaded, access: Access) -> bool {
    let Some(image) = loaded.image.as_deref().filter(|image| !image.is_empty()) else {
        return true;
    };
    access.create == Some(true) && !loaded.foreign && is_blank(image)
}

/// Whether the schema a caller opens with replaces the stored one.
///
/// Two versions of a program must not flip all IDs at each start: with version numbers on both
/// sides the higher one counts, and what carries none does not replace what carries one.
fn takes_over(given: &Schema, state: &State) -> Result<bool> {
    let stored = &*state.schema;
    let differs = given != stored || state.envelope.schema.is_none();
    match (given.schema_version, stored.schema_version) {
        (_, None) => Ok(differs),
        (Some(new), Some(old)) if new == old && given != stored => Err(mismatch(
            format!("the stored schema has version {old} too, but another content"),
            new.to_string(),
            old,
            "raise schema_version when you change the schema",
        )),
        (Some(new), Some(old)) => Ok(new > old),
        (None, Some(old)) => Err(mismatch(
            format!("the stored schema has version {old}, the given one has no schema_version"),
            "none".to_owned(),
            old,
            "give it a schema_version, open without a schema, or call define, which replaces any",
        )),
    }
}

fn mismatch(message: String, given: String, stored: u64, hint: &str) -> Error {
    Error::new(ErrorKind::SchemaMismatch, message)
        .field("schema.schema_version")
        .expected(format!("a version above {stored}"))
        .actual(given)
        .hint(hint)
}

fn check_view(state: &State) -> Result<()> {
    match &state.schema.canonical_view {
        Some(view) => Filter::compile_named("canonical_view", view, state).map(|_| ()),
        None => Ok(()),
    }
}

fn check_strict(state: &State, strict: bool) -> Result<()> {
    if !strict || state.violating().is_empty() {
        return Ok(());
    }
    let count = state.violating().len();
    let noun = if count == 1 { "document breaks" } else { "documents break" };
    let first: Vec<String> =
        violations(state).map(|v| format!("{} ({}: {})", v.uuid, v.field, v.message)).collect();
    let message = format!("{count} {noun} the schema: {}", first.join("; "));
    Err(Error::new(ErrorKind::Constraint, message)
        .named("BREAKS_SCHEMA")
        .candidates(first)
        .hint("mend them, or open without strict and see verify"))
}

/// The first documents that break the rules of documents or of the schema.
pub(crate) fn violations(state: &State) -> impl Iterator<Item = Violation> + '_ {
    let found = state.violating().iter().filter_map(|&slot| {
        let problem = state.document(slot).ok()?.problems(&state.schema).into_iter().next()?;
        Some(Violation {
            kind: problem.kind,
            uuid: state.uuid_text(slot),
            id: state.id(slot),
            field: problem.field,
            message: problem.message,
        })
    });
    found.take(EXAMPLES_MAX)
}
