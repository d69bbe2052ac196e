//! Plays the tables of short IDs in `fixtures/ids` through Rust and through C.
//!
//! `cases.json` came with the design, `more.json` has what its `about` says is missing; the
//! format is the same and is described in `fixtures/ids/README.md`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::c_program::CPlayer;
use crate::expectation;
use crate::json::Value;
use crate::rust_player::RustPlayer;
use crate::script::{Call, Outcome, Player, fixtures, with_name};
use crate::universe::TestFolder;

#[test]
fn every_table_of_ids_holds_in_rust() {
    play_all("rust", || Box::<RustPlayer>::default());
}

#[test]
fn every_table_of_ids_holds_in_c() {
    play_all("c", || Box::new(CPlayer::start()));
}

fn play_all(language: &str, player: fn() -> Box<dyn Player>) {
    let mut failures = Vec::new();
    for file in ["cases.json", "more.json"] {
        let text = fs::read_to_string(fixtures().join("ids").join(file)).expect("the table");
        let table = Value::parse(&text).unwrap_or_else(|fault| panic!("{file}: {fault}"));
        let cases = table.get("cases").and_then(Value::elements).expect("a list of cases");
        let mut checks = 0;
        for case in cases {
            match Case::new(case, player()).play() {
                Ok(count) => checks += count,
                Err(fault) => failures.push(format!("{file}: {}: {fault}", text_of(case, "name"))),
            }
        }
        println!("{file} in {language}: {} cases, {checks} checks", cases.len());
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

fn text_of<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_text).unwrap_or_default()
}

fn members_of<'a>(value: &'a Value, name: &str) -> &'a [(String, Value)] {
    value.get(name).and_then(Value::members).unwrap_or_default()
}

struct Case<'a> {
    case: &'a Value,
    player: Box<dyn Player>,
    folder: TestFolder,
    /// The UUID of each document by its title.
    uuids: BTreeMap<String, String>,
    checks: u64,
}

impl<'a> Case<'a> {
    fn new(case: &'a Value, player: Box<dyn Player>) -> Case<'a> {
        let folder = TestFolder::new("ids");
        Case { case, player, folder, uuids: BTreeMap::new(), checks: 0 }
    }

    /// Gives the number of things that were compared.
    fn play(mut self) -> Result<u64, String> {
        let opened = self.open();
        if self.case.get("expected_ids") == Some(&Value::Null) {
            let wanted = Value::Object(vec![("status".to_owned(), Value::text("INVALID"))]);
            self.refused(&opened, self.case.get("error").unwrap_or(&wanted))?;
            return Ok(self.checks);
        }
        opened.map_err(|error| format!("cannot be opened: {error}"))?;
        self.compare_ids(members_of(self.case, "expected_ids"), "after opening")?;
        for (typed, wanted) in members_of(self.case, "resolve") {
            self.compare_resolved(typed, wanted)?;
        }
        for (at, step) in
            self.case.get("steps").and_then(Value::elements).unwrap_or_default().iter().enumerate()
        {
            self.step(step).map_err(|fault| format!("step {}: {step}: {fault}", at + 1))?;
        }
        self.call("close", &[]).map_err(|error| error.to_string())?;
        Ok(self.checks)
    }

    fn call(&mut self, name: &str, arguments: &[(&str, &str)]) -> Outcome {
        self.player.play(&Call::new(name, arguments))
    }

    fn open(&mut self) -> Outcome {
        let path = self.folder.path().join("store.json");
        if let Some(documents) = self.case.get("documents") {
            for document in documents.elements().unwrap_or_default() {
                self.remember(document);
            }
            let metadata = self
                .case
                .get("metadata")
                .map(|data| format!(",\"metadata\":{data}"))
                .unwrap_or_default();
            fs::write(&path, format!("{{\"documents\":{documents}{metadata}}}")).expect("the file");
        }
        let schema = self.case.get("schema").expect("a case has a schema");
        let options = format!(
            r#"{{"schema":{schema},"uuid_seed":1,
                "clock":{{"start":"2026-01-01T00:00:00Z","step_ms":1000}}}}"#
        );
        self.call("open", &[("path", &path.to_string_lossy()), ("options", &options)])
    }

    fn remember(&mut self, document: &Value) {
        let (title, uuid) = (text_of(document, "title"), text_of(document, "uuid"));
        self.uuids.insert(title.to_owned(), uuid.to_owned());
    }

    /// The UUID that `@title` stands for; anything else stands for itself.
    fn named<'b>(&'b self, text: &'b str) -> &'b str {
        text.strip_prefix('@').map_or(text, |title| {
            self.uuids.get(title).unwrap_or_else(|| panic!("no document is named {title}"))
        })
    }

    fn compare_ids(&mut self, expected: &[(String, Value)], when: &str) -> Result<(), String> {
        let query = r#"{"view":"all","fields":["uuid","id","title"]}"#;
        let page = self.call("list", &[("query", query)]).map_err(|error| error.to_string())?;
        let documents = page.get("documents").and_then(Value::elements).unwrap_or_default();
        if documents.len() != expected.len() {
            return Err(format!(
                "{when}: {} documents, expected {}",
                documents.len(),
                expected.len()
            ));
        }
        for (name, id) in expected {
            let uuid = self.named(name).to_owned();
            let by_name = |document: &&Value| {
                text_of(document, "uuid") == uuid || text_of(document, "title") == name
            };
            let document =
                documents.iter().find(by_name).ok_or_else(|| format!("{when}: {name} is gone"))?;
            if document.get("id") != Some(id) {
                return Err(format!("{when}: {name} should have the ID {id}, but: {document}"));
            }
            if let Some(id) = id.as_text() {
                let resolved = self.call("resolve_id", &[("id", id)]);
                let uuid = text_of(document, "uuid");
                if resolved.as_ref().ok().and_then(Value::as_text) != Some(uuid) {
                    return Err(format!("{when}: {id} should resolve to {uuid}, got {resolved:?}"));
                }
            }
            self.checks += 2;
        }
        Ok(())
    }

    fn compare_resolved(&mut self, typed: &str, wanted: &Value) -> Result<(), String> {
        let got = self.call("resolve_id", &[("id", typed)]);
        self.checks += 1;
        let fault = match (wanted, &got) {
            (Value::Text(uuid), Ok(found)) if found.as_text() == Some(self.named(uuid)) => None,
            (Value::Null, Err(error)) => {
                let status = with_name(error).get("status").cloned();
                let known = ["NOTFOUND", "INVALID"].map(Value::text);
                (!status.is_some_and(|s| known.contains(&s))).then(|| error.to_string())
            }
            (Value::Object(_), Err(error)) => {
                expectation::matches(wanted, &with_name(error), "error").err()
            }
            _ => Some(format!("{got:?}")),
        };
        fault.map_or(Ok(()), |fault| Err(format!("{typed:?} should give {wanted}: {fault}")))
    }

    fn refused(&mut self, outcome: &Outcome, wanted: &Value) -> Result<(), String> {
        self.checks += 1;
        match outcome {
            Err(error) if matches!(wanted, Value::Object(_)) => {
                expectation::matches(wanted, &with_name(error), "error")
            }
            Err(_) => Ok(()),
            Ok(_) => Err("this should have been refused".to_owned()),
        }
    }

    fn step(&mut self, step: &Value) -> Result<(), String> {
        let id = self.named(text_of(step, "id")).to_owned();
        let member = |name: &str| step.get(name).cloned().unwrap_or(Value::Object(Vec::new()));
        let dimensions = ("dimensions".to_owned(), member("dims"));
        let outcome = match text_of(step, "op") {
            "add" => {
                let mut document = vec![("title".to_owned(), Value::text(text_of(step, "title")))];
                document.extend(
                    step.get("created_at").map(|time| ("created_at".to_owned(), time.clone())),
                );
                document.push(dimensions);
                self.call("add", &[("document", &Value::Object(document).to_string())])
            }
            "update" => {
                let patch = Value::Object(vec![dimensions]).to_string();
                self.call("update", &[("id", &id), ("patch", &patch)])
            }
            "delete" => {
                let cascade = step.get("cascade").is_some();
                let options = if cascade { r#"{"cascade":true}"# } else { "{}" };
                self.call("delete", &[("id", &id), ("options", options)])
            }
            "apply" => self.call("apply", &[("operations", &member("operations").to_string())]),
            "reopen" => {
                self.call("close", &[]).map_err(|error| error.to_string())?;
                let path = self.folder.path().join("store.json");
                self.call("open", &[("path", &path.to_string_lossy())])
            }
            other => return Err(format!("unknown operation {other}")),
        };
        match step.get("error") {
            Some(wanted) => self.refused(&outcome, wanted)?,
            None => {
                let result = outcome.map_err(|error| error.to_string())?;
                if text_of(step, "op") == "add" {
                    self.remember(&result);
                }
            }
        }
        self.compare_ids(members_of(step, "ids_after"), "after it")?;
        for (typed, wanted) in members_of(step, "resolve") {
            self.compare_resolved(typed, wanted)?;
        }
        Ok(())
    }
}

const TREE: &str = r#"{"schema":{"dimensions":[
    {"name":"parent","type":"hierarchical","ref_field":"parent_id"}]}}"#;

/// The UUID of the document on the given level of a generated chain.
fn link(level: usize) -> String {
    format!("00000000-0000-7000-8000-{level:012x}")
}

fn write_chain(path: &Path, levels: usize) {
    let documents: Vec<String> = (1..=levels)
        .map(|level| {
            let parent = if level > 1 { link(level - 1) } else { String::new() };
            let uuid = link(level);
            format!(
                r#"{{"uuid":"{uuid}","title":"{level}","dimensions":{{"parent_id":"{parent}"}},
                    "created_at":"2026-01-01T00:00:00Z"}}"#
            )
        })
        .collect();
    fs::write(path, format!("{{\"documents\":[{}]}}", documents.join(","))).expect("the file");
}

#[test]
fn documents_below_a_thousand_levels_have_no_id_and_cannot_be_added() {
    for player in [Box::<RustPlayer>::default() as Box<dyn Player>, Box::new(CPlayer::start())] {
        let (mut player, folder) = (player, TestFolder::new("chain"));
        let path = folder.path().join("chain.json");
        write_chain(&path, 1_100);
        let arguments = [("path", path.to_str().expect("a plain path")), ("options", TREE)];
        player.play(&Call::new("open", &arguments)).expect("a deep chain opens");
        for level in [1, 2, 500, 999, 1_000, 1_001, 1_002, 1_100] {
            let document =
                player.play(&Call::new("get", &[("id", &link(level))])).expect("its UUID works");
            let id = document.get("id").cloned().expect("the ID is told");
            let expected = (level <= 1_000).then(|| vec!["1"; level].join("."));
            assert_eq!(id, expected.as_ref().map_or(Value::Null, Value::text), "level {level}");
            if let Some(id) = expected {
                let resolved = player.play(&Call::new("resolve_id", &[("id", &id)]));
                assert_eq!(resolved.expect("an ID resolves"), Value::text(link(level)));
            }
        }
        let add = |level: usize| format!(r#"{{"dimensions":{{"parent_id":"{}"}}}}"#, link(level));
        player.play(&Call::new("add", &[("document", &add(999))])).expect("level 1,000 is allowed");
        for level in [1_000, 1_001, 1_100] {
            let refused = player.play(&Call::new("add", &[("document", &add(level))]));
            refused.expect_err("a level below 1,000 is refused");
        }
        player.play(&Call::new("close", &[])).expect("the store closes");
    }
}

#[test]
fn a_move_that_would_make_a_tree_too_deep_is_refused() {
    let folder = TestFolder::new("deep-move");
    let path = folder.path().join("chain.json");
    write_chain(&path, 999);
    let mut player = RustPlayer::default();
    let arguments = [("path", path.to_str().expect("a plain path")), ("options", TREE)];
    player.play(&Call::new("open", &arguments)).expect("a deep chain opens");
    let mut add = |document: &str| {
        let added = player.play(&Call::new("add", &[("document", document)])).expect("an add");
        text_of(&added, "uuid").to_owned()
    };
    let top = add("{}");
    let below = add(&format!(r#"{{"dimensions":{{"parent_id":"{top}"}}}}"#));
    let mut move_below = |id: &str, level: usize| {
        let patch = format!(r#"{{"dimensions":{{"parent_id":"{}"}}}}"#, link(level));
        player.play(&Call::new("update", &[("id", id), ("patch", &patch)]))
    };
    let refused = move_below(&top, 999).expect_err("its child would be on level 1,001");
    assert_eq!(with_name(&refused).get("status"), Some(&Value::text("LIMIT")), "{refused}");
    move_below(&below, 999).expect("level 1,000 is allowed");
    move_below(&top, 998).expect("it has no child any more");
    move_below(&below, 998).expect("and up again");
}
