//! The options of calls, as JSON objects; an option that is not known is an error naming it.

use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::engine::Limits;
use crate::engine::clock::ClockOptions;
use crate::engine::guard::Guard;
use crate::engine::open::Request;
use crate::engine::policy::{Checkpoint, Durability};
use crate::error::{Error, ErrorKind, Result};
use crate::model::data_file::Format;
use crate::model::json::{Raw, from_value, parse};
use crate::model::schema::Schema;
use crate::storage::json_file::Access;

const LOCK_TIMEOUT_MS: u64 = 3000;
const INTERVAL_MS: u64 = 2000;
const DOCUMENT_BYTES_MAX: usize = 16 << 20;
const MODE: u32 = 0o600;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct OpenText {
    schema: Option<Raw>,
    collections: Option<Raw>,
    create: Option<bool>,
    read_only: Option<bool>,
    durability: Option<Durability>,
    interval_ms: Option<u64>,
    checkpoint: Option<Checkpoint>,
    format: Option<Format>,
    lock_timeout_ms: Option<u64>,
    mode: Option<String>,
    max_document_bytes: Option<usize>,
    strict: Option<bool>,
    salvage: Option<bool>,
    clock: Option<ClockOptions>,
    uuid_seed: Option<u64>,
}

/// Reads the options of open.
pub(super) fn read_open(text: Option<&str>) -> Result<Request> {
    let options: OpenText = read(text)?;
    if options.collections.is_some() {
        return Err(unsupported("this version knows no other collections yet", "collections"));
    }
    let durability = options.durability.unwrap_or_default();
    let checkpoint = options.checkpoint.unwrap_or_default();
    if (durability, checkpoint) == (Durability::Batched, Checkpoint::Commit) {
        let message = "durability 'batched' does not go with checkpoint 'commit'";
        return Err(Error::invalid(message).field("durability"));
    }
    let schema = match &options.schema {
        Some(Raw(schema)) => Some(Schema::from_call(schema).map_err(|error| {
            let message = format!("schema: {error}");
            error.within("schema").with_message(message)
        })?),
        None => None,
    };
    let read_only = options.read_only.unwrap_or(false);
    if read_only && options.create == Some(true) {
        let message = "a store that is open for reading only cannot be created";
        return Err(Error::invalid(message).field("create"));
    }
    let timeout = options.lock_timeout_ms.unwrap_or(LOCK_TIMEOUT_MS);
    Ok(Request {
        access: Access {
            read_only,
            create: options.create,
            mode: mode(options.mode)?,
            salvage: options.salvage.unwrap_or(false),
        },
        schema,
        strict: options.strict.unwrap_or(false),
        format: options.format,
        clock: options.clock,
        uuid_seed: options.uuid_seed,
        limits: Limits {
            lock_timeout: Duration::from_millis(timeout),
            document_bytes_max: options.max_document_bytes.unwrap_or(DOCUMENT_BYTES_MAX),
            durability,
            checkpoint,
            interval: Duration::from_millis(options.interval_ms.unwrap_or(INTERVAL_MS)),
        },
    })
}

fn mode(text: Option<String>) -> Result<u32> {
    let Some(text) = text else { return Ok(MODE) };
    let mode = (3..=4).contains(&text.len()).then(|| u32::from_str_radix(&text, 8).ok()).flatten();
    // Without both rights for the owner the store could not be opened a second time.
    mode.filter(|mode| mode & !0o777 == 0 && mode & 0o600 == 0o600).ok_or_else(|| {
        Error::invalid("mode takes permission bits such as \"0600\" or \"0644\", in octal")
            .field("mode")
            .actual(text)
    })
}

fn unsupported(message: &str, field: &str) -> Error {
    Error::new(ErrorKind::Unsupported, message).field(field)
}

/// Reads options; none are the empty ones.
pub(super) fn read<T: DeserializeOwned>(text: Option<&str>) -> Result<T> {
    let options = parse(text.unwrap_or("{}")).and_then(|options| from_value(&options));
    options.map_err(|error| error.in_argument("options"))
}

/// The options of calls that know none yet.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NoOptions {}

/// The options of define.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DefineOptions {
    pub(super) strict: Option<bool>,
}

/// The options of get.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GetOptions {
    pub(super) fields: Option<Vec<String>>,
}

/// The options of update and replace.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeOptions {
    if_rev: Option<u64>,
    if_uuid: Option<String>,
}

impl ChangeOptions {
    pub(super) fn guard(&self) -> Result<Guard> {
        Guard::read(self.if_rev, self.if_uuid.as_deref())
    }
}

/// The options of delete.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DeleteOptions {
    if_rev: Option<u64>,
    if_uuid: Option<String>,
    pub(super) cascade: Option<bool>,
}

impl DeleteOptions {
    pub(super) fn guard(&self) -> Result<Guard> {
        Guard::read(self.if_rev, self.if_uuid.as_deref())
    }
}

/// The options of merge.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MergeOptions {
    pub(super) ours: Option<String>,
    pub(super) theirs: Option<String>,
}

/// The options of changes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangesOptions {
    pub(super) since: Option<u64>,
    pub(super) limit: Option<usize>,
    pub(super) timeout_ms: Option<u64>,
}
