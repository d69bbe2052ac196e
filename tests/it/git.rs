//! Stores in git, with git itself: what a diff names after an edit that no program saw; merges.

mod merges;
mod repository;

use nanostore::{ErrorKind, Store};

use crate::json::Value;
use repository::Repository;

/// Both forms of a file, and how many lines a change of one document takes in a diff: its title,
/// `updated_at` and `rev`, or its one line, and the metadata.
pub(crate) const FORMS: [(&str, usize); 2] = [("pretty", 4), ("lines", 2)];

/// How a file becomes another one that no program wrote.
#[derive(Clone, Copy, Debug)]
enum Way {
    Hand,
    Checkout,
    Pull,
    Stash,
    Restore,
}

const WAYS: [Way; 5] = [Way::Hand, Way::Checkout, Way::Pull, Way::Stash, Way::Restore];

pub(crate) fn update(store: &Store, key: &str, patch: &str, options: Option<&str>) {
    store.update(&format!("key:{key}"), patch, options).expect("it is updated");
}

fn rev(store: &Store, key: &str) -> u64 {
    let document = store.get(&format!("key:{key}"), None).expect("it is there");
    let document = Value::parse(&document).expect("the library writes JSON");
    document.get("rev").and_then(Value::as_u64).expect("a revision")
}

/// Changes the document k20 in that way; the result is what HEAD has. Gives the revision that a
/// program saw before.
fn change(repository: &Repository, form: &str, way: Way) -> u64 {
    let retitle = |repository: &Repository, title: &str| {
        let store = repository.open();
        update(&store, "k20", &format!(r#"{{"title":"{title}"}}"#), None);
        let seen = rev(&store, "k20");
        store.close().expect("it closes");
        seen
    };
    match way {
        Way::Hand => {
            let seen = rev(&repository.open(), "k20");
            let text = repository.read().replace("\"title 20\"", "\"by hand\"");
            let text = text.replace("\"title\": \"title 20\"", "\"title\": \"by hand\"");
            repository.write(&text);
            repository.git("commit -qam edited");
            seen
        }
        Way::Checkout => {
            repository.git("branch before");
            let seen = retitle(repository, "later");
            repository.git("commit -qam later");
            repository.git("checkout -q before");
            seen
        }
        Way::Pull => {
            let seen = rev(&repository.open(), "k20");
            let other = repository.clone_it();
            retitle(&other, "theirs");
            other.git("commit -qam theirs");
            repository.git(&format!("pull -q {} main", other.folder().display()));
            seen
        }
        Way::Stash => {
            let seen = retitle(repository, "stashed");
            repository.git("stash -q");
            seen
        }
        Way::Restore => {
            let backup = repository.read();
            let seen = retitle(repository, &format!("after the backup, in {form}"));
            repository.write(&backup);
            seen
        }
    }
}

#[test]
fn after_an_edit_that_no_program_saw_a_diff_names_what_was_written_and_nothing_else() {
    for (form, lines) in FORMS {
        for way in WAYS {
            let repository = Repository::new(form, 100);
            let seen = change(&repository, form, way);
            let store = repository.open();
            let stale = format!(r#"{{"if_rev":{seen}}}"#);
            let error = store.update("key:k20", r#"{"title":"stale"}"#, Some(&stale));
            let error = error.expect_err("it was changed since");
            assert_eq!(error.kind(), ErrorKind::Conflict, "{form}, {way:?}");
            update(&store, "k50", r#"{"title":"changed"}"#, None);
            store.close().expect("it closes");
            let (added, removed) = repository.numstat();
            println!("{form:6} {way:?}: +{added} -{removed}");
            assert_eq!((added, removed), (lines, lines), "{form}, {way:?}");
            // Another program computes the same, and nothing is written again.
            let listed = repository.open().list(None).expect("it is listed");
            repository.git("commit -qam written");
            let again = repository.open();
            assert_eq!(again.list(None).expect("it is listed"), listed, "{form}, {way:?}");
            assert_eq!(repository.numstat(), (0, 0));
        }
    }
}

#[test]
fn beside_a_program_that_saw_what_was_before_the_edited_documents_alone_are_written_too() {
    for (form, lines) in FORMS {
        for way in WAYS {
            let repository = Repository::new(form, 100);
            let store = repository.open();
            rev(&store, "k50");
            let seen = change(&repository, form, way);
            let unchanged = format!(r#"{{"if_rev":{}}}"#, rev(&store, "k50"));
            assert_ne!(rev(&store, "k20"), seen, "{form}, {way:?}");
            update(&store, "k50", r#"{"title":"changed"}"#, Some(&unchanged));
            store.close().expect("it closes");
            let (added, removed) = repository.numstat();
            println!("{form:6} {way:?}, seen: +{added} -{removed}");
            // `rev` of the document that was edited; later work has numbers of its own.
            let more = if matches!(way, Way::Pull) { 0 } else { 1 };
            assert_eq!((added, removed), (lines + more, lines + more), "{form}, {way:?}");
        }
    }
}

#[test]
fn a_document_without_a_revision_is_written_when_it_is_changed() {
    for (form, lines) in FORMS {
        let repository = Repository::new(form, 10);
        let text = repository.read();
        let is_rev = |line: &&str| line.trim_start().starts_with("\"rev\"");
        let without: Vec<String> = match form {
            "pretty" => {
                let kept = text.replace("Z\",\n      \"rev\"", "Z\"\n      \"rev\"");
                kept.lines().filter(|line| !is_rev(line)).map(str::to_owned).collect()
            }
            _ => text.lines().map(without_rev).collect(),
        };
        repository.write(&(without.join("\n") + "\n"));
        repository.git("commit -qam without");
        let store = repository.open();
        update(&store, "k5", r#"{"title":"changed"}"#, None);
        store.close().expect("it closes");
        // A revision is a line of its own in one form.
        let more = usize::from(form == "pretty");
        assert_eq!(repository.numstat(), (lines, lines - more), "{form}");
    }
}

/// A line without its last member, if that is a revision.
fn without_rev(line: &str) -> String {
    let Some((before, rest)) = line.split_once(",\"rev\":") else { return line.to_owned() };
    let end = rest.find('}').expect("a document ends");
    format!("{before}{}", &rest[end..])
}
