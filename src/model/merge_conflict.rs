//! A file with conflict markers, as `git merge` leaves it: the versions that it was made of, and
//! their merge by document where that needs no person.

use std::borrow::Cow;

use crate::error::{Error, ErrorKind, Result};
use crate::model::merge::{self, Conflict, LABELS};

const OURS: &str = "<<<<<<< ";
const BASE: &str = "|||||||";
const MIDDLE: &str = "=======";
const THEIRS: &str = ">>>>>>> ";

/// The versions of a file with conflict markers.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Sides {
    pub(crate) ours: Version,
    pub(crate) theirs: Version,
    /// What both come from, where the markers tell (`merge.conflictStyle` is `diff3` or `zdiff3`).
    base: Option<Version>,
    /// The first and the last line of each conflict.
    places: Vec<(u64, u64)>,
}

/// A version, and where its lines stand in the file with the markers.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) text: String,
    lines: Vec<u64>,
}

impl Version {
    fn push(&mut self, line: &str, number: u64) {
        self.text.push_str(line);
        self.text.push('\n');
        self.lines.push(number);
    }

    /// The line of the file in which line `number` of this version stands.
    pub(crate) fn line(&self, number: u64) -> u64 {
        let index = usize::try_from(number).unwrap_or(usize::MAX).saturating_sub(1);
        self.lines.get(index).or(self.lines.last()).copied().unwrap_or(number)
    }
}

/// Which versions a line belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    All,
    Ours,
    Base,
    Theirs,
}

/// Takes a file with conflict markers apart; none if it has none, or some that do not match.
pub(crate) fn sides(text: &str) -> Option<Sides> {
    // Most files have none, and looking for it is faster than going over their lines.
    memchr::memmem::find(text.as_bytes(), OURS.as_bytes())?;
    let [mut ours, mut theirs, mut base] = [(); 3].map(|()| Version::default());
    let (mut places, mut has_base) = (Vec::new(), true);
    let (mut part, mut start, mut saw_base) = (Part::All, 0, false);
    for (line, number) in text.lines().zip(1..) {
        match part {
            Part::All if line.starts_with(OURS) => {
                (part, start, saw_base) = (Part::Ours, number, false);
            }
            Part::Ours if line.starts_with(BASE) => (part, saw_base) = (Part::Base, true),
            Part::Ours | Part::Base if line == MIDDLE => part = Part::Theirs,
            Part::Theirs if line.starts_with(THEIRS) => {
                part = Part::All;
                has_base &= saw_base;
                places.push((start, number));
            }
            _ => {
                let into =
                    [(&mut ours, Part::Ours), (&mut base, Part::Base), (&mut theirs, Part::Theirs)];
                for (version, own) in into {
                    if part == own || part == Part::All {
                        version.push(line, number);
                    }
                }
            }
        }
    }
    let is_whole = part == Part::All && !places.is_empty();
    is_whole.then(|| Sides { ours, theirs, base: has_base.then_some(base), places })
}

/// Gives `text` with its conflicts resolved; `text` itself when it has none, or none that can be
/// taken apart.
///
/// # Errors
/// CORRUPT naming the first document that a person has to see to.
pub(crate) fn resolve(text: &str) -> Result<Cow<'_, str>> {
    let Some(sides) = sides(text) else { return Ok(Cow::Borrowed(text)) };
    let base = sides.base.as_ref().map(|base| base.text.as_str());
    let Ok(merged) = merge::merge(base, &sides.ours.text, &sides.theirs.text, LABELS) else {
        // A side that is no store has nothing to be merged: the markers are what is wrong.
        return Ok(Cow::Borrowed(text));
    };
    match merged.conflicts.first() {
        None => Ok(Cow::Owned(merged.text)),
        Some(conflict) => Err(unresolved(&sides, conflict, text)),
    }
}

fn unresolved(sides: &Sides, conflict: &Conflict, text: &str) -> Error {
    // The conflict of a document is the first one that ends behind its UUID.
    let names_it = |line: &str| match &conflict.uuid {
        Some(uuid) => line.contains(uuid.as_str()),
        None => line.trim_start().starts_with("\"metadata\""),
    };
    let named = text.lines().position(names_it).map_or(0, |index| index as u64 + 1);
    let place = sides.places.iter().find(|(_, end)| *end >= named).or(sides.places.last());
    let (start, end) = place.copied().unwrap_or_default();
    let message = &conflict.message;
    Error::new(
        ErrorKind::Corrupt,
        format!("the file has a merge conflict in lines {start} to {end}: {message}"),
    )
    .named("CONFLICT_MARKERS")
    .at(start, 1)
    .hint(
        "keep what is to stay and take the lines with <<<<<<<, ======= and >>>>>>> out; or open \
         it with salvage as true, which keeps both; docs/git.md tells of a merge driver",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u32) -> String {
        format!("00000000-0000-7000-8000-{number:012x}")
    }

    fn document(number: u32, title: &str) -> String {
        format!(r#"{{"uuid":"{}","title":"{title}","rev":{number}}}"#, id(number))
    }

    fn metadata(commit: u64, more: &str) -> String {
        format!(r#""metadata":{{"commit":{commit}{more}}}}}"#)
    }

    fn hunk(ours: &[&str], theirs: &[&str]) -> String {
        let (ours, theirs) = (ours.join("\n"), theirs.join("\n"));
        format!("<<<<<<< HEAD\n{ours}\n=======\n{theirs}\n>>>>>>> other\n").replace("\n\n", "\n")
    }

    fn file(documents: &str, metadata: &str) -> String {
        format!("{{\"documents\":[\n{documents}\n],\n{metadata}\n")
    }

    fn resolved(text: &str) -> String {
        resolve(text).unwrap().into_owned()
    }

    fn titles(text: &str) -> Vec<&str> {
        let parts = text.split(r#""title":""#).skip(1);
        parts.filter_map(|part| part.split('"').next()).collect()
    }

    #[test]
    fn documents_that_both_sides_added_are_all_there_ours_first() {
        let first = document(1, "first");
        let added = hunk(&[&document(2, "ours")], &[&document(3, "theirs")]);
        let meta = hunk(&[&metadata(7, "")], &[&metadata(9, "")]);
        let resolved = resolved(&file(&format!("{first},\n{added}"), &meta));
        assert_eq!(titles(&resolved), ["first", "ours", "theirs"]);
        assert!(resolved.contains(r#""commit":10,"#), "{resolved}");
        assert!(resolved.contains(r#""rev_floor":10"#), "{resolved}");
    }

    #[test]
    fn a_metadata_line_alone_is_merged() {
        let removed = |number: u32, commit: u64| {
            format!(r#","removed":[["{}",{commit}]],"numbers":{{"":{{"":{commit}}}}}"#, id(number))
        };
        let meta = hunk(&[&metadata(7, &removed(5, 6))], &[&metadata(8, &removed(6, 8))]);
        let resolved = resolved(&file(&document(1, "A"), &meta));
        let lists = format!(r#""removed":[["{}",6],["{}",8]]"#, id(5), id(6));
        assert!(resolved.contains(&lists), "{resolved}");
        assert!(resolved.contains(r#""numbers":{"":{"":8}}"#), "{resolved}");
    }

    #[test]
    fn a_schema_that_differs_is_for_a_person_unless_it_has_another_version() {
        let schema = |version: &str, dimension: &str| {
            format!(r#","schema":{{{version}"dimensions":[{{"name":"{dimension}"}}]}}"#)
        };
        let resolve_both = |ours: &str, theirs: &str| {
            let meta = hunk(&[&metadata(7, ours)], &[&metadata(8, theirs)]);
            resolve(&file(&document(1, "A"), &meta)).map(Cow::into_owned)
        };
        let error = resolve_both(&schema("", "a"), &schema("", "b")).unwrap_err();
        assert_eq!((error.name(), error.position()), ("CONFLICT_MARKERS", Some((4, 1))));
        assert!(error.message().contains("schema.dimensions"), "{error}");
        let newer = schema(r#""schema_version":2,"#, "a");
        let older = schema(r#""schema_version":1,"#, "b");
        for (ours, theirs) in [(&newer, &older), (&older, &newer)] {
            let resolved = resolve_both(ours, theirs).unwrap();
            assert!(resolved.contains(r#"{"name":"a"}"#) && !resolved.contains(r#""name":"b""#));
        }
    }

    #[test]
    fn what_a_side_changed_is_for_a_person_to_see_to_unless_the_base_is_told() {
        let [base, ours, theirs] = [
            document(2, "B"),
            document(2, "B").replace("\"rev\"", "\"body\":\"ours\",\"rev\""),
            document(2, "theirs"),
        ];
        let text = file(&format!("{},\n{}", document(1, "A"), hunk(&[&ours], &[&theirs])), "");
        let text = text.trim_end().to_owned() + &metadata(7, "") + "\n";
        let error = resolve(&text).unwrap_err();
        assert_eq!((error.name(), error.position()), ("CONFLICT_MARKERS", Some((3, 1))));
        let message = error.message();
        assert!(message.contains("'B'") && message.contains(&id(2)), "{message}");
        assert!(message.contains("body, title") || message.contains("title, body"), "{message}");
        let told = text.replace("=======", &format!("||||||| base\n{base}\n======="));
        let resolved = resolve(&told).unwrap();
        assert_eq!(titles(&resolved), ["A", "theirs"]);
        assert!(resolved.contains(r#""body":"ours""#), "{resolved}");
    }

    #[test]
    fn documents_that_differ_in_what_commits_count_alone_are_one() {
        let at = |rev: u32, second: u32| {
            let time = format!(r#""updated_at":"2026-01-01T00:00:0{second}Z""#);
            document(1, "A").replace("\"rev\":1", &format!("{time},\"rev\":{rev}"))
        };
        let text = file(&hunk(&[&at(4, 5)], &[&at(6, 2)]), &metadata(7, ""));
        let resolved = resolve(&text).unwrap();
        assert!(resolved.contains(r#"00:00:05Z","rev":6}"#), "{resolved}");
    }

    #[test]
    fn a_document_that_one_side_deleted_is_never_lost() {
        let removed = format!(r#","removed":[["{}",8]]"#, id(2));
        let added = hunk(&[&document(2, "B")], &[]);
        let documents = format!("{added}{}", document(1, "A")).replace("}\n=", "},\n=");
        let meta = hunk(&[&metadata(7, "")], &[&metadata(8, &removed)]);
        let error = resolve(&file(&documents, &meta)).unwrap_err();
        assert!(error.message().contains("deleted in theirs"), "{error}");
        let meta = metadata(8, "");
        assert_eq!(titles(&resolved(&file(&documents, &meta))), ["B", "A"]);
    }

    #[test]
    fn every_other_conflict_is_left_to_a_person() {
        let whole = hunk(&[&metadata(7, "")], &[&metadata(8, "")]);
        for text in [
            file("\"title\": \"x\"", &whole),
            file("", &whole.replace(">>>>>>> other", "")),
            file("", &whole.replace("=======", "======")),
            file(&format!("{whole}{whole}"), &whole),
            "{}".to_owned(),
            file(&document(1, "<<<<<<< "), &metadata(7, "")),
        ] {
            assert_eq!(resolve(&text).unwrap(), text);
        }
    }
}
