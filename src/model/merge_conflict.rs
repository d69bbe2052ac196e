//! A git merge whose only conflict is the metadata line, which needs no person to resolve it.

use std::borrow::Cow;

use crate::model::json::parse_object;

/// Gives `text` with a conflict of metadata lines resolved in favour of the higher commit; `text`
/// itself when it has no such conflict, or any other one.
pub(crate) fn resolve(text: &str) -> Cow<'_, str> {
    resolved(text).map_or(Cow::Borrowed(text), Cow::Owned)
}

fn resolved(text: &str) -> Option<String> {
    // Most files have none, and looking for it is faster than going over their lines.
    memchr::memmem::find(text.as_bytes(), b"<<<<<<< ")?;
    let mut before = Vec::new();
    let mut lines = text.lines();
    let mut sides = [Vec::new(), Vec::new()];
    for line in lines.by_ref() {
        if line.starts_with("<<<<<<< ") {
            break;
        }
        before.push(line);
    }
    let [ours, theirs] = &mut sides;
    let mut into = &mut *ours;
    let mut is_base = false;
    let mut closed = false;
    for line in lines.by_ref() {
        if line.starts_with(">>>>>>> ") {
            closed = true;
            break;
        }
        if line == "=======" {
            into = &mut *theirs;
            is_base = false;
        } else if line.starts_with("||||||| ") {
            is_base = true;
        } else if !is_base {
            into.push(line);
        }
    }
    let (&[ours], &[theirs]) = (ours.as_slice(), theirs.as_slice()) else { return None };
    let line = if commit_of(ours)? >= commit_of(theirs)? { ours } else { theirs };
    let after: Vec<&str> = lines.collect();
    let another = after.iter().any(|line| line.starts_with("<<<<<<< "));
    (closed && !another).then(|| {
        let all: Vec<&str> = before.into_iter().chain([line]).chain(after).collect();
        all.join("\n")
    })
}

/// The commit that a metadata line names; none for another line.
fn commit_of(line: &str) -> Option<u64> {
    let value = line.trim().strip_prefix(r#""metadata""#)?.trim_start().strip_prefix(':')?;
    // In the form of one document a line, the file's last brace stands on the same line.
    let value = value.trim_end().trim_end_matches(',');
    let metadata = parse_object(value)
        .or_else(|error| value.strip_suffix('}').map_or(Err(error), parse_object))
        .ok()?;
    match metadata.get("commit") {
        Some(crate::model::json::Value::Number(commit)) => commit.as_u64(),
        _ => Some(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = r#"  "metadata": {"commit":7,"a":1}"#;
    const THEIRS: &str = r#"  "metadata": {"commit":9,"a":2}"#;

    fn conflict(ours: &str, theirs: &str) -> String {
        format!("{{\n<<<<<<< HEAD\n{ours}\n=======\n{theirs}\n>>>>>>> other\n}}")
    }

    #[test]
    fn the_higher_commit_wins_on_either_side() {
        let expected = format!("{{\n{THEIRS}\n}}");
        assert_eq!(resolve(&conflict(OURS, THEIRS)), expected);
        assert_eq!(resolve(&conflict(THEIRS, OURS)), expected);
    }

    #[test]
    fn the_base_of_a_three_way_conflict_is_left_out() {
        let text = conflict(OURS, THEIRS).replace("=======", "||||||| base\n  \"x\"\n=======");
        assert_eq!(resolve(&text), format!("{{\n{THEIRS}\n}}"));
    }

    #[test]
    fn one_document_a_line_ends_with_the_brace_of_the_file() {
        let (one, two) = (r#""metadata":{"commit":1}}"#, r#""metadata":{"commit":2}}"#);
        let text = format!("{{\"documents\":[\n],\n<<<<<<< a\n{one}\n=======\n{two}\n>>>>>>> b");
        assert_eq!(resolve(&text), format!("{{\"documents\":[\n],\n{two}"));
    }

    #[test]
    fn every_other_conflict_is_left_to_a_person() {
        let title = r#"  "title": "x","#;
        for text in [
            conflict(title, THEIRS),
            conflict(&format!("{title}\n{OURS}"), &format!("{title}\n{THEIRS}")),
            conflict(OURS, THEIRS) + "\n" + &conflict(OURS, THEIRS),
            conflict(OURS, THEIRS).replace(">>>>>>> other", ""),
            "{}".to_owned(),
        ] {
            assert_eq!(resolve(&text), text);
        }
    }
}
