//! Loads and plays the scripts of `fixtures/scripts`, in whatever language a [`Player`] speaks.
//!
//! The format is described in `fixtures/scripts/README.md`. Calls on files (`write_file`,
//! `read_file`, `read_json`, `remove_file`) are done here; all others go to the player.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::expectation;
use crate::json::Value;

/// One call, as plain text: what a program in any language can do.
#[derive(Debug, Default)]
pub(crate) struct Call {
    pub(crate) name: String,
    /// The name of the handle or cursor it is made on.
    pub(crate) on: String,
    /// The arguments by name; an argument that is not there is NULL.
    pub(crate) arguments: BTreeMap<String, String>,
}

impl Call {
    pub(crate) fn new(name: &str, arguments: &[(&str, &str)]) -> Call {
        let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
        Call {
            name: name.to_owned(),
            on: "a".to_owned(),
            arguments: arguments.iter().map(owned).collect(),
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.arguments.get(name).map(String::as_str)
    }
}

/// What came of a call: the result, or the error's JSON.
pub(crate) type Outcome = Result<Value, Value>;

/// A language, as a runner of calls; forgets all handles when dropped.
pub(crate) trait Player {
    fn play(&mut self, call: &Call) -> Outcome;
}

/// Where the store of a script lives.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Place {
    File,
    Memory,
}

pub(crate) struct Script {
    pub(crate) name: String,
    text: Value,
}

impl Script {
    pub(crate) fn load(path: &Path) -> Script {
        let text = fs::read_to_string(path).expect("the script can be read");
        let text =
            Value::parse(&text).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()));
        let name = path.file_stem().expect("a script has a name").to_string_lossy().into_owned();
        let named = text.get("name").and_then(Value::as_text);
        assert_eq!(named, Some(name.as_str()), "a script is named like its file");
        Script { name, text }
    }

    pub(crate) fn steps(&self) -> &[Value] {
        self.text.get("steps").and_then(Value::elements).unwrap_or_default()
    }

    fn flag(&self, name: &str, default: bool) -> bool {
        match self.text.get(name) {
            Some(Value::Bool(flag)) => *flag,
            _ => default,
        }
    }

    /// Whether all it does makes sense for a store without a file.
    pub(crate) fn fits(&self, place: Place) -> bool {
        let open = self.text.get("open");
        let starts_with_file = open.is_some_and(|open| {
            ["fixture", "file"]
                .iter()
                .any(|name| !matches!(open.get(name), None | Some(Value::Null)))
        });
        let needs_file = |step: &Value| {
            let call = step.get("call").and_then(Value::as_text).unwrap_or_default();
            call.contains("file") || call == "read_json" || call == "open"
        };
        place == Place::File
            || (self.flag("memory", true)
                && !starts_with_file
                && !self.steps().iter().any(needs_file))
    }

    /// Plays the script; gives the number of steps that went as expected, or the first that did
    /// not.
    pub(crate) fn play(
        &self,
        player: &mut dyn Player,
        place: Place,
        folder: &Path,
    ) -> Result<u64, String> {
        let mut stage = Stage {
            player,
            path: folder.join("store.json"),
            memory: place == Place::Memory,
            saved: BTreeMap::new(),
        };
        let mut done = 0;
        if let Some(open) = self.text.get("open") {
            stage.prepare_file(open)?;
            stage.step(open, "open").map_err(|fault| format!("open: {fault}"))?;
        }
        for (at, step) in self.steps().iter().enumerate() {
            let call = step.get("call").and_then(Value::as_text).unwrap_or_default();
            stage
                .step(step, call)
                .map_err(|fault| format!("step {}: {step}\n        {fault}", at + 1))?;
            done += 1;
        }
        if self.flag("finale", true) {
            stage.finale().map_err(|fault| format!("after the last step: {fault}"))?;
        }
        Ok(done)
    }
}

struct Stage<'a> {
    player: &'a mut dyn Player,
    path: PathBuf,
    memory: bool,
    saved: BTreeMap<String, Value>,
}

/// Members of a step that are not arguments of its call.
const NOT_ARGUMENTS: [&str; 8] =
    ["call", "on", "about", "expect", "error", "save", "fixture", "file"];

impl Stage<'_> {
    fn prepare_file(&self, open: &Value) -> Result<(), String> {
        if let Some(name) = open.get("fixture").and_then(Value::as_text) {
            let from = fixtures().join(name).with_extension("json");
            fs::copy(from, &self.path).map_err(|error| format!("{name}: {error}"))?;
        }
        match open.get("file") {
            None | Some(Value::Null) => Ok(()),
            Some(content) => write_file(&self.path, &plain(content)).map_err(|e| e.to_string()),
        }
    }

    fn step(&mut self, step: &Value, name: &str) -> Result<(), String> {
        let step = self.substituted(step)?;
        let mut call = Call::new(name, &[]);
        if let Some(on) = step.get("on").and_then(Value::as_text) {
            on.clone_into(&mut call.on);
        }
        for (name, value) in step.members().unwrap_or_default() {
            if !NOT_ARGUMENTS.contains(&name.as_str()) {
                call.arguments.insert(name.clone(), plain(value));
            }
        }
        let outcome = self.perform(&mut call);
        judge(&step, &outcome)?;
        for (name, pointer) in step.get("save").and_then(Value::members).unwrap_or_default() {
            let result = outcome.as_ref().map_err(|_| "a failed call has nothing to save")?;
            let pointer = pointer.as_text().unwrap_or_default();
            let value = result.pointer(pointer).ok_or_else(|| format!("no {pointer} to save"))?;
            self.saved.insert(name.clone(), value.clone());
        }
        Ok(())
    }

    fn perform(&mut self, call: &mut Call) -> Outcome {
        let failed = |error: std::io::Error| Value::text(error.to_string());
        match call.name.as_str() {
            "write_file" => write_file(&self.path, call.get("text").unwrap_or_default())
                .map(|()| Value::Null)
                .map_err(failed),
            "remove_file" => fs::remove_file(&self.path).map(|()| Value::Null).map_err(failed),
            "read_file" => fs::read_to_string(&self.path).map(Value::Text).map_err(failed),
            "read_json" => {
                let text = fs::read_to_string(&self.path).map_err(failed)?;
                Value::parse(&text).map_err(Value::Text)
            }
            "open" => {
                let path =
                    if self.memory { ":memory:".into() } else { self.path.to_string_lossy() };
                call.arguments.entry("path".to_owned()).or_insert_with(|| path.into_owned());
                self.player.play(call)
            }
            _ => self.player.play(call),
        }
    }

    /// Every script leaves a store that is whole, and a file that says the same when read again.
    fn finale(&mut self) -> Result<(), String> {
        let all = Call::new("list", &[("query", r#"{"view":"all"}"#)]);
        let report = self.player.play(&Call::new("verify", &[])).map_err(|e| e.to_string())?;
        if report.get("ok") != Some(&Value::Bool(true)) {
            return Err(format!("verify says {report}"));
        }
        let before = self.player.play(&all).map_err(|e| e.to_string())?;
        self.player.play(&Call::new("close", &[])).map_err(|e| e.to_string())?;
        if self.memory {
            return Ok(());
        }
        let mut open = Call::new("open", &[]);
        self.perform(&mut open).map_err(|e| e.to_string())?;
        let after = self.player.play(&all).map_err(|e| e.to_string())?;
        self.player.play(&Call::new("close", &[])).map_err(|e| e.to_string())?;
        expectation::matches(&before, &after, "reopened")
    }

    /// `value` with each `${name}` replaced by what was saved under that name.
    fn substituted(&self, value: &Value) -> Result<Value, String> {
        Ok(match value {
            Value::Text(text) => self.substituted_text(text)?,
            Value::Array(elements) => Value::Array(
                elements
                    .iter()
                    .map(|element| self.substituted(element))
                    .collect::<Result<_, _>>()?,
            ),
            Value::Object(members) => {
                let mut out = Vec::new();
                for (name, value) in members {
                    let name = plain(&self.substituted_text(name)?);
                    out.push((name, self.substituted(value)?));
                }
                Value::Object(out)
            }
            other => other.clone(),
        })
    }

    /// A text that is nothing but one `${name}` becomes the saved value, of whatever type.
    fn substituted_text(&self, text: &str) -> Result<Value, String> {
        let saved =
            |name: &str| self.saved.get(name).ok_or_else(|| format!("nothing saved as {name}"));
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after.split_once('}').ok_or("'${' without '}'")?;
            if before.is_empty() && after.is_empty() && out.is_empty() {
                return saved(name).cloned();
            }
            out.push_str(before);
            out.push_str(&plain(saved(name)?));
            rest = after;
        }
        out.push_str(rest);
        Ok(Value::Text(out))
    }
}

fn judge(step: &Value, outcome: &Outcome) -> Result<(), String> {
    match (outcome, step.get("error")) {
        (Err(error), Some(expected)) => expectation::matches(expected, &with_name(error), "error"),
        (Err(error), None) => Err(format!("failed: {error}")),
        (Ok(result), Some(_)) => Err(format!("expected an error, got {result}")),
        (Ok(result), None) => match step.get("expect") {
            Some(expected) => expectation::matches(expected, result, "result"),
            None => Ok(()),
        },
    }
}

/// The statuses by number, so that scripts can name them.
const STATUSES: [&str; 26] = [
    "OK",
    "INTERNAL",
    "INVALID",
    "NOTFOUND",
    "EXISTS",
    "AMBIGUOUS",
    "CONFLICT",
    "CONSTRAINT",
    "READONLY",
    "BUSY",
    "TIMEOUT",
    "CANCELLED",
    "IO",
    "NOSPACE",
    "PERMISSION",
    "CORRUPT",
    "TOONEW",
    "UNSUPPORTED",
    "LIMIT",
    "MISUSE",
    "FORKED",
    "CLOSED",
    "PANIC",
    "HAS_CHILDREN",
    "SCHEMA_MISMATCH",
    "UNKNOWN_OUTCOME",
];

/// The error with its status as a name.
pub(crate) fn with_name(error: &Value) -> Value {
    let named = |(name, value): &(String, Value)| {
        let number = value.as_u64().filter(|_| name == "status");
        let status = number.and_then(|number| STATUSES.get(usize::try_from(number).ok()?));
        (name.clone(), status.map_or_else(|| value.clone(), |status| Value::text(*status)))
    };
    match error.members() {
        Some(members) => Value::Object(members.iter().map(named).collect()),
        None => error.clone(),
    }
}

/// Writes a file that looks an hour old: one that changed just now may be half written, and the
/// library would wait for the rest of a bad one.
fn write_file(path: &Path, text: &str) -> std::io::Result<()> {
    fs::write(path, text)?;
    let an_hour_ago = SystemTime::now() - Duration::from_secs(3_600);
    File::options().append(true).open(path)?.set_modified(an_hour_ago)
}

/// A text as it is, any other value as JSON: how arguments are passed.
fn plain(value: &Value) -> String {
    value.as_text().map_or_else(|| value.to_string(), str::to_owned)
}

pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}
