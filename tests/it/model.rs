//! The model test: random operations on a store and on a plain model, whose IDs must be the same.
//!
//! Prints its seed; `SEED=n` repeats a run.

use std::path::{Path, PathBuf};
use std::time::Instant;

use nanostore::Store;

use crate::json::Value;
use crate::model_calls::{documents_of, nanoseconds, operation, parsed, perform, text};
use crate::plain_model::{Action, Handle, PlainModel, schema};
use crate::random::{Random, seed};
use crate::universe::TestFolder;

/// One part of the test.
struct Round {
    stable: bool,
    /// In a file, with reopening, and mostly in batches, as each commit replaces the file.
    file: bool,
    operations: usize,
    documents_max: usize,
}

const ROUNDS: [Round; 6] = [
    Round { stable: false, file: false, operations: 30_000, documents_max: 150 },
    Round { stable: true, file: false, operations: 30_000, documents_max: 150 },
    Round { stable: false, file: false, operations: 10_000, documents_max: 2_000 },
    Round { stable: true, file: false, operations: 10_000, documents_max: 2_000 },
    Round { stable: false, file: true, operations: 10_000, documents_max: 100 },
    Round { stable: true, file: true, operations: 10_000, documents_max: 100 },
];

#[test]
fn random_operations_give_the_ids_of_the_plain_model() {
    let seed = seed();
    for (number, round) in (0..).zip(&ROUNDS) {
        let started = Instant::now();
        let mut trial = Trial::new(round, Random(seed + number * 1_000));
        trial.run();
        println!(
            "{} {}: {} operations, {} refused, {} batches, {} reopenings, {} IDs compared, {:?}",
            if round.stable { "stable" } else { "dense" },
            if round.file { "file" } else { "memory" },
            trial.operations,
            trial.refused,
            trial.batches,
            trial.reopenings,
            trial.compared,
            started.elapsed()
        );
    }
}

struct Trial<'a> {
    round: &'a Round,
    random: Random,
    model: PlainModel,
    store: Option<Store>,
    path: PathBuf,
    _folder: TestFolder,
    operations: usize,
    refused: usize,
    batches: usize,
    reopenings: usize,
    compared: usize,
}

impl Trial<'_> {
    fn new(round: &Round, random: Random) -> Trial<'_> {
        let folder = TestFolder::new("model");
        let path = folder.path().join("model.json");
        let mut trial = Trial {
            round,
            random,
            model: PlainModel::new(round.stable),
            store: None,
            path: if round.file { path } else { Path::new(":memory:").to_owned() },
            _folder: folder,
            operations: 0,
            refused: 0,
            batches: 0,
            reopenings: 0,
            compared: 0,
        };
        trial.open();
        trial
    }

    fn open(&mut self) {
        let schema = schema(self.round.stable);
        let clock = r#"{"start":"2026-01-01T00:00:00Z","step_ms":10}"#;
        let options = format!(r#"{{"schema":{schema},"clock":{clock},"uuid_seed":7}}"#);
        let options = if self.reopenings == 0 {
            options
        } else {
            // The clock goes on where it was: a caller may give any time, and automatic ones
            // are later than the last in any case.
            format!(r#"{{"clock":{clock},"uuid_seed":{}}}"#, 7 + self.reopenings)
        };
        self.store = Some(Store::open(&self.path, Some(&options)).expect("the store opens"));
    }

    fn store(&self) -> &Store {
        self.store.as_ref().expect("the store is open")
    }

    fn run(&mut self) {
        let mut checked = 0;
        while self.operations < self.round.operations {
            let batch =
                if self.round.file { !self.random.one_in(20) } else { self.random.one_in(8) };
            if batch {
                let size = 2 + self.random.below(if self.round.file { 30 } else { 6 });
                self.play_batch(size);
            } else {
                self.play_single();
            }
            if self.operations - checked >= 500 {
                checked = self.operations;
                self.compare_all();
            }
            if self.round.file && self.random.one_in(50) {
                self.store.take().expect("the store is open").close().expect("it closes");
                self.reopenings += 1;
                self.open();
                self.compare_all();
            }
        }
        self.compare_all();
    }

    fn any_document(&mut self) -> Option<Handle> {
        let count = self.model.documents.len();
        (count > 0).then(|| {
            let nth = self.random.below(count);
            *self.model.documents.keys().nth(nth).expect("it is below the count")
        })
    }

    fn any_parent(&mut self) -> Option<Handle> {
        if self.random.one_in(3) { None } else { self.any_document() }
    }

    fn any_action(&mut self) -> Action {
        let Some(target) = self.any_document() else { return self.any_add() };
        let full = self.model.documents.len() >= self.round.documents_max;
        match self.random.below(100) {
            0..30 if !full => self.any_add(),
            0..50 => Action::Change {
                targets: vec![target],
                status: Some(self.random.below(3)),
                priority: None,
            },
            50..60 => Action::Change {
                targets: vec![target],
                status: None,
                priority: Some(self.random.below(3)),
            },
            60..80 => Action::Move { target, parent: self.any_parent() },
            80..95 => Action::Delete { target, cascade: false },
            _ => Action::Delete { target, cascade: full || self.random.one_in(4) },
        }
    }

    fn any_add(&mut self) -> Action {
        let parent = self.any_parent();
        let (status, priority) = (self.random.below(3), self.random.below(3));
        let created = match self.random.below(10) {
            0 => Some(self.random.below(300) as i64 * 1_000_000_000),
            1 => self
                .any_document()
                .map(|handle| self.model.documents[&handle].created)
                .filter(|created| *created < i64::MAX),
            _ => None,
        };
        Action::Add { parent, status, priority, created }
    }

    fn play_single(&mut self) {
        self.operations += 1;
        let action = self.any_action();
        let before = self.model.clone();
        let touched = self.model.apply(&action);
        let outcome = perform(self.store(), &before, &action);
        match (touched, outcome) {
            (Ok(touched), Ok(documents)) => self.compare_touched(&action, &touched, &documents),
            (Err(_), Err(_)) => {
                self.refused += 1;
                self.model = before;
            }
            (model, store) => panic!("{action:?}: the model says {model:?}, the store {store:?}"),
        }
    }

    fn play_batch(&mut self, size: usize) {
        self.batches += 1;
        let before = self.model.clone();
        let (mut actions, mut touched, mut refused) = (Vec::new(), Vec::new(), None);
        while actions.len() < size && refused.is_none() {
            let mut action = self.any_action();
            if let Action::Change { targets, .. } = &mut action {
                let more = self.random.below(4);
                for _ in 0..more {
                    let handle = self.any_document().expect("there is one");
                    if !targets.contains(&handle) {
                        targets.push(handle);
                    }
                }
            }
            match self.model.apply(&action) {
                Ok(handles) => touched.push(handles),
                // Most batches should succeed: a refused action usually just stays out.
                Err(_) if !self.random.one_in(30) => continue,
                Err(why) => refused = Some(why),
            }
            actions.push(action);
            self.operations += 1;
        }
        let mut added = touched.iter().map(|handles| handles[0]);
        let operations: Vec<String> = actions
            .iter()
            .map(|action| operation(&before, action, added.next().unwrap_or(Handle::MAX)))
            .collect();
        let text = format!("[{}]", operations.join(","));
        match (refused, self.store().apply(&text, None)) {
            (None, Ok(results)) => self.compare_batch(&actions, &touched, &results),
            (Some(_), Err(_)) => {
                self.refused += 1;
                self.model = before;
            }
            (model, store) => panic!("{text}: the model says {model:?}, the store {store:?}"),
        }
    }

    fn compare_batch(&mut self, actions: &[Action], touched: &[Vec<Handle>], results: &str) {
        let results = parsed(results);
        let results = results.get("results").and_then(Value::elements).expect("results");
        assert_eq!(results.len(), actions.len(), "a result for each operation");
        // Times and UUIDs of all added documents come first: they decide the IDs of the others.
        let documents: Vec<Vec<Value>> = results.iter().map(documents_of).collect();
        for ((action, handles), documents) in actions.iter().zip(touched).zip(&documents) {
            self.learn(action, handles, documents);
        }
        for ((action, handles), documents) in actions.iter().zip(touched).zip(&documents) {
            if !matches!(action, Action::Delete { .. }) {
                self.compare_ids(handles, documents);
            }
        }
    }

    fn compare_touched(&mut self, action: &Action, touched: &[Handle], documents: &[Value]) {
        self.learn(action, touched, documents);
        if matches!(action, Action::Delete { .. }) {
            assert_eq!(documents.len(), touched.len(), "{action:?}");
        } else {
            self.compare_ids(touched, documents);
        }
        if let Some(handle) = self.any_document() {
            self.compare_resolved(handle);
        }
    }

    /// Takes over what only the store knows of a document just added.
    fn learn(&mut self, action: &Action, handles: &[Handle], documents: &[Value]) {
        if let (Action::Add { .. }, [handle], [document]) = (action, handles, documents) {
            if let Some(added) = self.model.document_mut(*handle) {
                text(document, "uuid").clone_into(&mut added.uuid);
                added.created = nanoseconds(text(document, "created_at"));
            }
        }
    }

    fn compare_ids(&mut self, handles: &[Handle], documents: &[Value]) {
        assert_eq!(documents.len(), handles.len());
        for (handle, document) in handles.iter().zip(documents) {
            let Some(expected) = self.model.documents.get(handle) else { continue };
            assert_eq!(text(document, "uuid"), expected.uuid);
            assert_eq!(text(document, "id"), self.model.id(*handle), "{document}");
            self.compare_resolved(*handle);
        }
    }

    fn compare_resolved(&mut self, handle: Handle) {
        let (id, uuid) = (self.model.id(handle), &self.model.documents[&handle].uuid);
        assert_eq!(&self.store().resolve_id(&id).expect("an ID resolves"), uuid, "{id}");
        self.compared += 1;
    }

    fn compare_all(&mut self) {
        let query = r#"{"view":"all","fields":["uuid","id"]}"#;
        let page = parsed(&self.store().list(Some(query)).expect("all can be listed"));
        let pair =
            |document: &Value| (text(document, "uuid").to_owned(), text(document, "id").to_owned());
        let found: Vec<_> = page
            .get("documents")
            .and_then(Value::elements)
            .expect("a page")
            .iter()
            .map(pair)
            .collect();
        let expected = self.model.listing();
        if let Some(at) =
            (0..expected.len().max(found.len())).find(|at| expected.get(*at) != found.get(*at))
        {
            panic!("place {at}: expected {:?}, found {:?}", expected.get(at), found.get(at));
        }
        for (uuid, id) in &expected {
            assert_eq!(&self.store().resolve_id(id).expect("an ID resolves"), uuid, "{id}");
        }
        let count = self.store().count(Some(r#"{"view":"all"}"#)).expect("they can be counted");
        assert_eq!(usize::try_from(count).ok(), Some(expected.len()));
        self.compared += expected.len();
    }
}
