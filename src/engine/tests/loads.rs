//! From bytes to a state and back.

use std::sync::Arc;

use super::{
    check, document, file, ids, load, outputs, reloaded, schema, stable_schema, uuid, uuid_number,
    written,
};
use crate::engine::load::{Foreign, mark_edit, read};
use crate::engine::state::State;
use crate::error::ErrorKind;
use crate::model::json::{Value, parse};
use crate::model::schema::Schema;

fn revs(state: &State) -> Vec<u64> {
    state.slots().map(|slot| state.rev(slot)).collect()
}

fn edited(text: &str, rev: u64, known: Option<&State>) -> State {
    let mut state = read(text.as_bytes(), None, rev - 1).unwrap();
    mark_edit(&mut state, &Foreign { edit: None, commit_floor: rev - 1 }, known).unwrap();
    state
}

fn some_documents() -> Vec<String> {
    let below = |number, parent| {
        let parent = uuid(parent);
        document(number, &format!(r#","dimensions":{{"parent_id":"{parent}","x":[1.0]}},"rev":3"#))
    };
    vec![
        document(1, r#","rev":2,"odd":{"b":1,"a":1E2},"data":{"due":null,"n":0.10}"#),
        below(2, 1),
        document(3, r#","dimensions":{"status":"typo","priority":"high"}"#),
        below(4, 2),
        below(5, 99),
        document(6, r#","key":"k","created_at":"2026-01-01T00:00:00+01:00""#),
    ]
}

#[test]
fn what_is_written_is_read_and_written_the_same() {
    for schema in [schema(), stable_schema()] {
        let state = load(&file(&some_documents(), &schema));
        check(&state);
        let text = written(&state);
        let again = load(&text);
        check(&again);
        assert_eq!(written(&again), text);
        assert_eq!(outputs(&again), outputs(&state));
        assert_eq!((again.commit, revs(&again)), (state.commit, revs(&state)));
    }
}

#[test]
fn metadata_are_found_wherever_they_are_and_nothing_else_is_taken_for_them() {
    let texts = outputs(&load(&file(&some_documents(), &schema())));
    let documents = format!("\"documents\": [\n{}\n]", some_documents().join(",\n"));
    let metadata = format!(
        "\"metadata\": {{\"version\":\"1.0\",\"commit\":9,\"schema\":{}}}",
        schema().source.to_text()
    );
    let looks_so = "\"metadata\":{\"commit\":1000}";
    let quoted = looks_so.replace('"', "\\\"");
    for (text, others) in [
        (format!("{{\n  {documents},\n  {metadata}\n}}\n"), 0),
        (format!("{{{documents},\n{metadata}}}"), 0),
        (format!("{{{documents},{metadata}}}"), 0),
        (format!("{{{metadata},\n{documents}}}"), 0),
        (format!("{{{documents},\n{metadata},\n\"beside\":1}}"), 1),
        (format!("{{{documents},\n{metadata},\n\"beside\":{{\n{looks_so}}}}}"), 1),
        (format!("{{{documents},\n{metadata},\n\"beside\":[{{\n{looks_so}\n}}\n]}}"), 1),
        (format!("{{{documents},\n{metadata},\n\"beside\":\"{quoted}}}\"}}"), 1),
        (format!("{{\"beside\":{{\n{looks_so}\n}},{documents},\n{metadata}\n}}"), 1),
    ] {
        let state = load(&text);
        assert_eq!((outputs(&state), state.commit), (texts.clone(), 9), "{text}");
        let rewritten = written(&state);
        assert_eq!(rewritten.contains("\"beside\""), others == 1, "{text}");
        assert_eq!(outputs(&load(&rewritten)), texts, "{text}");
    }
    for (text, name, line) in [
        (format!("{{{documents},\n{looks_so},\n{metadata}\n}}"), "JSON_DUPLICATE_KEY", 10),
        (format!("{{{documents}\n{metadata}\n}}"), "JSON_SYNTAX", 9),
        (format!("{{{documents},\n{metadata}\n"), "JSON_SYNTAX", 10),
        (format!("{{{documents},\n{metadata}\n}}\n}}"), "JSON_SYNTAX", 11),
        (format!("{{{documents},\n{metadata}}}\n}}"), "JSON_SYNTAX", 10),
    ] {
        let error = read(text.as_bytes(), None, 0).map(drop).unwrap_err();
        assert_eq!((error.name(), error.position().map(|it| it.0)), (name, Some(line)), "{text}");
    }
}

#[test]
fn values_that_the_file_leaves_out_are_seen_but_not_written() {
    let state = load(&file(&[document(1, r#","dimensions":{"priority":"high"}"#)], &schema()));
    assert!(state.text(0).contains(r#""dimensions":{"status":"pending","priority":"high"}"#));
    assert!(written(&state).contains(r#""dimensions":{"priority":"high"}"#));
    // Another schema, another default: the file stays as it is.
    let other = r#"{"dimensions":[{"name":"priority","type":"enumerated","default_value":"x"},
        {"name":"mood","type":"enumerated","values":["good","bad"],"default_value":"good"}]}"#;
    let other = Arc::new(Schema::from_call(&parse(other).unwrap()).unwrap());
    let defined = state.with_schema(other).unwrap();
    check(&defined);
    assert!(defined.text(0).contains(r#""dimensions":{"priority":"high","mood":"good"}"#));
    assert!(written(&defined).contains(r#""dimensions":{"priority":"high"}"#));
    assert_eq!(outputs(&reloaded(&defined)), outputs(&defined));
    let back = defined.with_schema(schema()).unwrap();
    assert_eq!(outputs(&back), outputs(&state));
}

#[test]
fn defining_a_schema_and_loading_with_it_give_the_same() {
    let state = load(&file(&some_documents(), &schema()));
    let plain = Arc::new(Schema::default());
    let defined = state.with_schema(plain.clone()).unwrap();
    let loaded = read(written(&state).as_bytes(), Some(plain), 0).unwrap();
    check(&defined);
    assert_eq!(outputs(&defined), outputs(&loaded));
}

#[test]
fn the_commit_is_the_highest_number_anywhere() {
    let text = file(&[document(1, r#","rev":12"#)], &schema());
    assert_eq!(load(&text).commit, 12);
    assert_eq!(load(&file(&[document(1, "")], &schema())).commit, 7);
    assert_eq!(read(text.as_bytes(), None, 30).unwrap().commit, 30);
}

#[test]
fn an_edit_gives_a_new_revision_to_what_differs_and_to_nothing_else() {
    let documents = some_documents();
    let known = load(&file(&documents, &schema()));
    let before = revs(&known);
    let mut changed = documents.clone();
    changed[1] = changed[1].replace("\"t2\"", "\"another\"");
    changed.push(document(7, r#","rev":4"#));
    let state = edited(&file(&changed, &schema()), 8, Some(&known));
    check(&state);
    assert_eq!(state.commit, 8);
    assert_eq!(revs(&state), [before[0], 8, before[2], before[3], before[4], before[5], 8]);
    // Nobody knows what was before: everything may be new.
    let unknown = edited(&file(&changed, &schema()), 8, None);
    assert_eq!(revs(&unknown), [8; 7]);
}

#[test]
fn a_revision_that_a_person_typed_or_took_back_does_not_count() {
    let known = load(&file(&[document(1, r#","rev":5"#)], &schema()));
    let state = edited(&file(&[document(1, r#","rev":2"#)], &schema()), 8, Some(&known));
    assert_eq!((revs(&state), state.commit), (vec![5], 7), "the same document in other words");
}

#[test]
fn taking_a_document_out_is_an_edit() {
    let documents = some_documents();
    let known = load(&file(&documents, &schema()));
    let state = edited(&file(&documents[..5], &schema()), 8, Some(&known));
    assert_eq!(state.commit, 8);
    assert_eq!(revs(&state), revs(&known)[..5]);
    let same = edited(&file(&documents, &schema()), 8, Some(&known));
    assert_eq!(same.commit, 7, "nothing was edited");
}

/// What the file holds of revisions: those of its documents (0: none), and the floor.
fn file_revs(state: &State) -> (Vec<u64>, u64) {
    let text = written(state);
    let number = |line: &str, name: &str| {
        let (_, rest) = line.split_once(name)?;
        rest.split([',', '}']).next()?.parse().ok()
    };
    let (documents, metadata) = text.split_once("\"metadata\"").unwrap();
    let documents = documents.lines().filter(|line| line.contains("\"uuid\""));
    let revs = documents.map(|line| number(line, "\"rev\":").unwrap_or(0)).collect();
    (revs, number(metadata, "\"rev_floor\":").unwrap_or(0))
}

#[test]
fn where_nobody_knows_what_was_edited_all_documents_count_from_a_floor_and_none_is_rewritten() {
    let documents = some_documents();
    for schema in [schema(), stable_schema()] {
        let before = load(&file(&documents, &schema));
        let mut state = edited(&file(&documents, &schema), 8, None);
        check(&state);
        assert_eq!((state.commit, revs(&state)), (8, vec![8; 6]));
        assert_eq!(file_revs(&before), (vec![2, 3, 0, 3, 3, 0], 0));
        assert_eq!(file_revs(&state), (vec![2, 3, 0, 3, 3, 0], 8));
        assert_eq!(outputs(&reloaded(&state)), outputs(&state));
        // What is written from now on has a revision of its own.
        let mut document = state.document(4).unwrap();
        document.rev = 9;
        state.change(4, &mut document, state.implied(4));
        state.remove(3);
        state.commit = 9;
        check(&state);
        assert_eq!(file_revs(&state), (vec![2, 3, 0, 9, 0], 8));
        let again = reloaded(&state);
        check(&again);
        assert_eq!(revs(&again), [8, 8, 8, 9, 8]);
        assert_eq!(outputs(&again), outputs(&state));
        let defined = again.with_schema(Arc::new(Schema::default())).unwrap();
        assert_eq!((revs(&defined), file_revs(&defined)), (revs(&again), file_revs(&again)));
        // A second such edit raises the floor.
        let second = edited(&written(&state), 12, None);
        assert_eq!((revs(&second), file_revs(&second)), (vec![12; 5], (vec![2, 3, 0, 9, 0], 12)));
    }
}

#[test]
fn a_floor_that_no_document_needs_is_not_written() {
    let mut state = edited(&file(&[document(1, r#","rev":2"#)], &schema()), 8, None);
    let mut document = state.document(0).unwrap();
    document.rev = 9;
    state.change(0, &mut document, 0);
    assert_eq!(file_revs(&state), (vec![9], 0));
}

#[test]
fn a_known_state_tells_which_documents_count_from_the_floor() {
    let documents = some_documents();
    let known = reloaded(&edited(&file(&documents, &schema()), 8, None));
    // The file as it was before the floor, as a checkout brings it back, with one title changed.
    let mut older = documents.clone();
    older[1] = older[1].replace("\"t2\"", "\"another\"");
    let state = edited(&file(&older, &schema()), 12, Some(&known));
    check(&state);
    assert_eq!((state.commit, revs(&state)), (12, vec![8, 12, 8, 8, 8, 8]));
    assert_eq!(file_revs(&state), (vec![2, 12, 0, 3, 3, 0], 8));
    // A floor that the known state does not have is not taken over from the file.
    let higher = written(&state).replace("\"rev_floor\":8", "\"rev_floor\":11");
    let again = edited(&higher, 13, Some(&state));
    assert_eq!((again.commit, revs(&again)), (12, revs(&state)), "nothing was edited");
    assert_eq!(file_revs(&again), file_revs(&state));
}

#[test]
fn an_edit_is_a_commit_after_all_that_the_file_knows_of() {
    let text = file(&[document(1, r#","rev":3"#)], &schema());
    for (text, expected) in [(text.clone(), 8), (text.replace("\"rev\":3", "\"rev\":30"), 31)] {
        let state = edited(&text, 8, None);
        assert_eq!((state.commit, revs(&state)), (expected, vec![expected]));
    }
}

#[test]
fn a_file_with_numbers_that_were_never_given_out_here_speaks_for_itself() {
    let file = |title: &str, rev: u64, removed: &str| {
        let documents = [document(1, r#","rev":3"#), document(2, r#","rev":4"#)];
        let text = file(&documents, &schema()).replace("\"commit\":7", removed);
        text.replace("t1", title).replace("\"rev\":3", &format!("\"rev\":{rev}"))
    };
    let text = file("theirs", 6, "\"commit\":7");
    let state = edited(&text, 6, None);
    assert_eq!((state.commit, revs(&state), file_revs(&state)), (7, vec![6, 4], (vec![6, 4], 0)));
    // A program that knows what was before sees that nothing else was edited, too.
    let known = load(&file("t1", 3, "\"commit\":5"));
    let seen = edited(&text, 6, Some(&known));
    assert_eq!((seen.commit, revs(&seen), file_revs(&seen)), (7, vec![6, 4], (vec![6, 4], 0)));
    // Numbers that were given out here, for something else, do not count.
    let seen = edited(&text, 7, Some(&known));
    assert_eq!((seen.commit, revs(&seen), file_revs(&seen)), (8, vec![8, 4], (vec![8, 4], 0)));
}

#[test]
fn a_known_state_tells_which_documents_are_gone() {
    let removed = |text: &str, removed: &str| {
        let list = format!("\"commit\":7,\"removed\":[{removed}],\"removed_from\":6");
        text.replace("\"commit\":7", &list)
    };
    let told = |state: &State| {
        let removed = state
            .envelope
            .removed_since(0)
            .map(|(uuid, commit)| (uuid.as_u128() as u32 & 0xffff, commit));
        (removed.collect::<Vec<_>>(), state.envelope.removals_known_from())
    };
    let documents: Vec<String> = (1..=4).map(|number| document(number, "")).collect();
    let before = file(&documents, &schema());
    let known = load(&removed(&before, &format!(r#"["{}",5]"#, uuid(9))).replace(":6", ":2"));
    let after = file(&documents[2..], &schema());
    let text = removed(&after, &format!(r#"["{}",7],["{}",20]"#, uuid(1), uuid(2)));
    let state = edited(&text, 8, Some(&known));
    // What the file tells of 1 was given out here for something else, what it tells of 2 was not.
    assert_eq!((told(&state), state.commit), ((vec![(9, 5), (1, 8), (2, 20)], 2), 20));
}

#[test]
fn a_document_that_is_there_again_does_not_count_as_removed() {
    let removed = format!(r#""commit":7,"removed":[["{}",5],["{}",6]]"#, uuid(1), uuid(2));
    let text = file(&[document(1, r#","rev":3"#)], &schema()).replace(r#""commit":7"#, &removed);
    let state = load(&text);
    let removed: Vec<u64> = state.envelope.removed_since(0).map(|(_, commit)| commit).collect();
    assert_eq!(removed, [6]);
}

#[test]
fn two_documents_of_one_uuid_are_named_by_their_lines() {
    let documents = [document(1, ""), document(2, ""), document(1, "")];
    let text = file(&documents, &schema());
    let error = read(text.as_bytes(), None, 0).err().unwrap();
    assert_eq!((error.name(), error.position()), ("DUPLICATE_UUID", Some((4, 1))));
    assert!(error.message().contains("line 2 and line 4"), "{error}");
    // Of several the one that comes first.
    for second in [1, 2, 3, 4, 5, 6, 7] {
        let mut numbers = vec![1, 2, 3, 4, 5, 6, 7, second];
        numbers.extend((1..8).rev().filter(|&number| number != second));
        let documents: Vec<String> = numbers.iter().map(|&number| document(number, "")).collect();
        let error = read(file(&documents, &schema()).as_bytes(), None, 0).err().unwrap();
        let lines = format!("line {} and line 9", second + 1);
        assert!(error.message().contains(&lines), "{error}");
    }
}

#[test]
fn of_two_mistakes_the_first_in_the_file_is_told() {
    let text = written(&load(&file(&[document(1, ""), document(2, "")], &schema())));
    let mut lines: Vec<&str> = text.lines().collect();
    let twice = format!("{}{{\"uuid\":1}}", lines[1]);
    let second = format!("{},", lines[2]);
    lines.splice(2..3, [second.as_str(), twice.as_str()]);
    let error = read(lines.join("\n").as_bytes(), None, 0).err().unwrap();
    assert_eq!((error.name(), error.position()), ("DUPLICATE_UUID", Some((4, 1))));
    lines[1] = "{\"uuid\":2},";
    let error = read(lines.join("\n").as_bytes(), None, 0).err().unwrap();
    assert_eq!((error.kind(), error.position()), (ErrorKind::Corrupt, Some((2, 1))));
}

#[test]
fn stable_numbers_survive_a_reload_and_so_does_their_memory() {
    let documents: Vec<String> = (1..=4).map(|number| document(number, "")).collect();
    let mut state = load(&file(&documents, &stable_schema()));
    state.remove(3);
    state.remove(1);
    assert_eq!(ids(&state), [Some("1".to_owned()), Some("3".to_owned())]);
    let mut again = reloaded(&state);
    assert_eq!(ids(&again), ids(&state));
    let mut next = again.document(0).unwrap();
    next.uuid = uuid::Uuid::from_u128(uuid_number(9));
    next.numbers = Default::default();
    let (slot, _) = again.add(&mut next, 0);
    assert_eq!(again.forest().id(slot).as_deref(), Some("5"), "4 was given once");
    assert_eq!(next.number(""), 5, "the document carries its number");
    assert_eq!(ids(&reloaded(&again)), ids(&again));
}

#[test]
fn a_number_is_kept_for_a_document_that_completes_and_reopens() {
    let documents: Vec<String> = (1..=3).map(|number| document(number, "")).collect();
    let mut state = load(&file(&documents, &stable_schema()));
    for (status, expected) in [("done", "d1"), ("pending", "1"), ("done", "d1")] {
        let mut document = state.document(0).unwrap();
        document.dimensions.insert("status".to_owned(), Value::String(status.to_owned()));
        state.change(0, &mut document, 0);
        assert_eq!(state.forest().id(0).as_deref(), Some(expected));
        state = reloaded(&state);
        assert_eq!(state.forest().id(0).as_deref(), Some(expected), "after a reload");
    }
    assert_eq!(state.document(0).unwrap().numbers.len(), 2);
}

#[test]
fn a_new_schema_does_not_forget_which_numbers_were_given() {
    let documents: Vec<String> = (1..=3).map(|number| document(number, "")).collect();
    let mut state = load(&file(&documents, &stable_schema()));
    let mut fourth = state.document(0).unwrap();
    fourth.uuid = uuid::Uuid::from_u128(uuid_number(4));
    fourth.numbers = Default::default();
    let (slot, _) = state.add(&mut fourth, 0);
    state.remove(slot);
    let mut defined = state.with_schema(stable_schema()).unwrap();
    let mut fifth = defined.document(0).unwrap();
    fifth.uuid = uuid::Uuid::from_u128(uuid_number(5));
    fifth.numbers = Default::default();
    let (slot, _) = defined.add(&mut fifth, 0);
    assert_eq!(defined.forest().id(slot).as_deref(), Some("5"), "4 was given once");
}

#[test]
fn children_that_found_their_parent_keep_the_numbers_they_got() {
    let parent = uuid(9);
    let orphan = |number, numbers: &str| {
        document(number, &format!(r#","dimensions":{{"parent_id":"{parent}"}}{numbers}"#))
    };
    let mut state = load(&file(&[orphan(1, ""), orphan(2, ""), document(3, "")], &stable_schema()));
    let mut found = state.document(2).unwrap();
    found.uuid = uuid::Uuid::from_u128(uuid_number(9));
    found.numbers = Default::default();
    state.add(&mut found, 0);
    let given = ids(&state);
    assert_eq!(given[0].as_deref(), Some("2.1"));
    assert_eq!(ids(&reloaded(&state)), given);
}

#[test]
fn an_orphan_in_an_edited_file_keeps_its_numbers() {
    let members =
        format!(r#","dimensions":{{"parent_id":"{}"}},"numbers":{{"":4}},"rev":2"#, uuid(9));
    let orphan = document(1, &members);
    let known = load(&file(std::slice::from_ref(&orphan), &stable_schema()));
    let state =
        edited(&file(&[orphan.clone(), document(2, "")], &stable_schema()), 8, Some(&known));
    assert_eq!(state.document(0).unwrap().number(""), 4);
    let next = edited(&file(&[orphan, document(3, "")], &stable_schema()), 9, Some(&state));
    assert_eq!(revs(&next), [2, 9], "the orphan was not edited");
}
