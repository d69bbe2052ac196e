//! Makes `include/nanostore.h` from the doc comments and signatures in `src/ffi`.
//!
//! `cbindgen.toml` says how; here are the order of the groups, their headings, and what makes a
//! doc comment for Rust readable in C. Nothing about a single function is decided here.

use crate::{Result, place};

/// The sources in the order of the header; a heading goes before the first function of each group.
const GROUPS: &[(&str, &str)] = &[
    ("status", ""),
    ("handle", ""),
    ("library", "The library"),
    ("error", "Errors"),
    ("json", "Help with JSON"),
    ("store", "Stores"),
    ("documents", "Documents"),
    ("ids", "IDs"),
    ("query", "Queries"),
    ("changes", "Changes"),
    ("merge", "Versions of a file"),
];

const HEADER: &str = "include/nanostore.h";
const LINES_SHOWN_MAX: usize = 40;

/// Writes the header, or with `check` only sees that it is what would be written.
pub(crate) fn run(check: bool) -> Result<()> {
    let made = generate()?;
    let path = place::root().join(HEADER);
    if !check {
        return place::write(&path, &made);
    }
    let kept = place::read(&path)?;
    match difference(&kept, &made) {
        None => Ok(()),
        Some(lines) => {
            Err(format!("{HEADER} is out of date; `cargo xtask header` writes it\n{lines}"))
        }
    }
}

/// The text of the header.
fn generate() -> Result<String> {
    let root = place::root();
    let config = cbindgen::Config::from_file(root.join("cbindgen.toml"))?;
    let mut builder = cbindgen::Builder::new().with_config(config);
    for (file, _) in GROUPS {
        builder = builder.with_src(root.join(format!("src/ffi/{file}.rs")));
    }
    let bindings = builder.generate().map_err(|error| format!("cbindgen: {error}"))?;
    let mut bytes = Vec::new();
    bindings.write(&mut bytes);
    let text = String::from_utf8(bytes).map_err(|error| format!("cbindgen: {error}"))?;
    let mut text = without_fences(&text);
    for (file, heading) in GROUPS.iter().filter(|(_, heading)| !heading.is_empty()) {
        let source = place::read(&root.join(format!("src/ffi/{file}.rs")))?;
        text = with_heading(&text, heading, first_function(&source).unwrap_or_default())?;
    }
    Ok(text)
}

/// The name of the first function that a source exports.
fn first_function(source: &str) -> Option<&str> {
    let (_, after) = source.split_once("extern \"C\" fn ")?;
    after.split('(').next()
}

/// Puts a heading before the comment of a function.
fn with_heading(text: &str, heading: &str, function: &str) -> Result<String> {
    // Comments mention functions too; a declaration is what does not stand in one.
    let declared = text.match_indices(&format!("{function}(")).find_map(|(place, _)| {
        let comment = text.get(..place)?.rfind("/**")?;
        let ended = text.get(comment..place)?.contains("*/");
        ended.then_some(comment)
    });
    let comment = declared.ok_or_else(|| format!("no function for the heading {heading}"))?;
    let (before, after) = text.split_at(comment);
    let rule = "=".repeat(94);
    Ok(format!("{before}/* {rule}\n * {heading}\n * {rule} */\n\n{after}"))
}

/// Indents what stands between the fences of a Rust doc comment, and drops the fences.
fn without_fences(text: &str) -> String {
    let mut fenced = false;
    let mut shown = String::new();
    for line in text.lines() {
        let content = line.trim_start().strip_prefix('*').map(str::trim_start);
        if content.is_some_and(|content| content.starts_with("```")) {
            fenced = !fenced;
            continue;
        }
        match line.split_once("* ").filter(|_| fenced) {
            Some((before, content)) => shown += &format!("{before}*     {content}"),
            None => shown += line.trim_end(),
        }
        shown.push('\n');
    }
    shown
}

/// The lines that differ, as a person reads a diff; nothing when the texts are the same.
fn difference(kept: &str, made: &str) -> Option<String> {
    if kept == made {
        return None;
    }
    let kept: Vec<&str> = kept.split('\n').collect();
    let made: Vec<&str> = made.split('\n').collect();
    let same = |pair: &(&&str, &&str)| pair.0 == pair.1;
    let head = kept.iter().zip(&made).take_while(same).count();
    let rest = kept.len().min(made.len()) - head;
    let tail = kept.iter().rev().zip(made.iter().rev()).take(rest).take_while(same).count();
    let shown = |sign: char, lines: &[&str]| -> String {
        let end = lines.len() - tail;
        let changed = lines.iter().take(end).skip(head).take(LINES_SHOWN_MAX);
        changed.map(|line| format!("{sign}{line}\n")).collect()
    };
    let place = head + 1;
    Some(format!("line {place}:\n{}{}", shown('-', &kept), shown('+', &made)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fences_become_indentation() {
        let text = "/**\n * Says:\n *\n * ```text\n * {\"a\":1}\n *\n * ```\n * End.\n */\n";
        let shown = "/**\n * Says:\n *\n *     {\"a\":1}\n *\n * End.\n */\n";
        assert_eq!(without_fences(text), shown);
    }

    #[test]
    fn a_heading_stands_before_the_comment_of_its_function() {
        let text = "/* f(void) */\nint x;\n\n/** Opens. */\nint f(void);\n";
        let headed = with_heading(text, "Files", "f").unwrap();
        assert!(headed.starts_with("/* f(void) */\nint x;\n\n/* ==="), "{headed}");
        assert!(headed.contains("\n * Files\n"), "{headed}");
        assert!(headed.ends_with(" */\n\n/** Opens. */\nint f(void);\n"), "{headed}");
        assert!(with_heading(text, "Files", "g").is_err());
    }

    #[test]
    fn only_the_lines_that_differ_are_shown() {
        assert_eq!(difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(difference("a\nb\nc\n", "a\nx\ny\nc\n").unwrap(), "line 2:\n-b\n+x\n+y\n");
        assert_eq!(difference("a\na\n", "a\n").unwrap(), "line 2:\n-a\n");
    }
}
