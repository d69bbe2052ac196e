//! Plays calls through the Rust interface.

use std::collections::BTreeMap;
use std::path::Path;

use nanostore::{Cursor, Store};

use crate::json::Value;
use crate::script::{Call, Outcome, Player};

#[derive(Default)]
pub(crate) struct RustPlayer {
    stores: BTreeMap<String, Store>,
    cursors: BTreeMap<String, Cursor>,
}

impl Player for RustPlayer {
    fn play(&mut self, call: &Call) -> Outcome {
        let played = match call.name.as_str() {
            "json_quote" => Ok(json(nanostore::json_quote(argument(call, "text")))),
            "json_get" => nanostore::json_get(argument(call, "json"), argument(call, "pointer"))
                .map(|text| text.map_or(Value::Null, Value::Text)),
            "open" => {
                Store::open(Path::new(argument(call, "path")), call.get("options")).map(|store| {
                    self.stores.insert(call.on.clone(), store);
                    Value::Null
                })
            }
            "close" => match self.stores.remove(&call.on) {
                Some(store) => store.close().map(|()| Value::Null),
                None => Ok(Value::Null),
            },
            "cursor_next" | "cursor_token" | "cursor_close" => self.with_cursor(call),
            _ => self.with_store(call),
        };
        played.map_err(|error| json(error.to_json()))
    }
}

impl RustPlayer {
    fn with_cursor(&mut self, call: &Call) -> nanostore::Result<Value> {
        let name = argument(call, "cursor");
        if call.name == "cursor_close" {
            self.cursors.remove(name);
            return Ok(Value::Null);
        }
        let cursor = self.cursors.get_mut(name).expect("the script opened this cursor");
        match call.name.as_str() {
            "cursor_next" => Ok(cursor.next()?.map_or(Value::Null, json)),
            _ => cursor.token().map(json),
        }
    }

    fn with_store(&mut self, call: &Call) -> nanostore::Result<Value> {
        let store = self.stores.get(&call.on).expect("the script opened this store");
        let (id, options, query) =
            (call.get("id").unwrap_or_default(), call.get("options"), call.get("query"));
        let text = match call.name.as_str() {
            "define" => store.define(argument(call, "schema"), options)?,
            "info" => store.info()?,
            "verify" => store.verify()?,
            "sync" => return store.sync().map(|()| Value::Null),
            "checkpoint" => return store.checkpoint().map(|()| Value::Null),
            "add" => store.add(argument(call, "document"), options)?,
            "get" => store.get(id, options)?,
            "update" => store.update(id, argument(call, "patch"), options)?,
            "replace" => store.replace(id, argument(call, "document"), options)?,
            "delete" => store.delete(id, options)?,
            "apply" => store.apply(argument(call, "operations"), options)?,
            "resolve_id" => return store.resolve_id(id).map(Value::Text),
            "resolve_ids" => store.resolve_ids(argument(call, "ids"))?,
            "list" => store.list(query)?,
            "explain" => store.explain(query)?,
            "count" => return store.count(query).map(|count| Value::Number(count.to_string())),
            "changes" => store.changes(options)?,
            "snapshot" => {
                let snapshot = store.snapshot()?;
                self.stores.insert(argument(call, "snapshot").to_owned(), snapshot);
                return Ok(Value::Null);
            }
            "cursor_open" => {
                let cursor = store.cursor(query)?;
                self.cursors.insert(argument(call, "cursor").to_owned(), cursor);
                return Ok(Value::Null);
            }
            other => panic!("the script calls an unknown function {other}"),
        };
        Ok(json(text))
    }
}

fn argument<'a>(call: &'a Call, name: &str) -> &'a str {
    call.get(name).unwrap_or_else(|| panic!("{} needs {name}", call.name))
}

fn json(text: impl AsRef<str>) -> Value {
    let text = text.as_ref();
    Value::parse(text).unwrap_or_else(|fault| panic!("the library gave bad JSON ({fault}): {text}"))
}
