//! Links in the documents lead somewhere, and the header documents each of its functions.

use std::collections::BTreeSet;

use super::{Fault, Source};

/// Links between the documents, and from them to other files, that lead nowhere.
pub(super) fn broken_links(sources: &[Source]) -> Vec<Fault> {
    let mut files: BTreeSet<String> = BTreeSet::new();
    for source in sources {
        let mut path = source.path.as_str();
        while let Some((folder, _)) = path.rsplit_once('/') {
            files.insert(folder.to_owned());
            path = folder;
        }
        files.insert(source.path.clone());
    }
    let mut faults = Vec::new();
    for source in sources.iter().filter(|source| source.path.ends_with(".md")) {
        for (line, link) in links(&source.text) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let path = resolved(&source.path, file);
            let target = sources.iter().find(|other| other.path == path);
            if !files.contains(&path) {
                faults.push(source.fault(line, format!("there is no {path} to link to")));
            } else if let Some(target) = target.filter(|_| !anchor.is_empty()) {
                if !headings(&target.text).any(|heading| heading == anchor) {
                    faults.push(source.fault(line, format!("{path} has no heading #{anchor}")));
                }
            }
        }
    }
    faults
}

/// Functions of the public header without a comment right before them.
pub(super) fn undocumented_functions(sources: &[Source]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for source in sources.iter().filter(|source| source.path == "include/nanostore.h") {
        // The line that a declaration begins on; None outside of declarations.
        let mut start = None;
        let mut commented = false;
        for (place, (line, code)) in source.text.lines().zip(source.code.lines()).enumerate() {
            if code.trim().is_empty() {
                commented = line.trim_end().ends_with("*/");
                continue;
            }
            if code.starts_with('#') {
                commented = false;
                continue;
            }
            let (_, documented) = *start.get_or_insert((place, commented));
            if let Some((name, _)) = code.split_once('(').filter(|_| !documented) {
                let name = name.rsplit([' ', '*']).next().unwrap_or_default();
                if name.starts_with("nanostore_") {
                    faults.push(source.fault(place + 1, format!("{name} is not documented")));
                }
            }
            if code.trim_end().ends_with([';', '{', '}']) {
                start = None;
                commented = false;
            }
        }
    }
    faults
}

/// The links of a document that stay in the project, each with its line.
fn links(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut fenced = false;
    for (place, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        // Every second piece lies between two backquotes.
        for prose in line.split('`').step_by(2).flat_map(|prose| prose.split("](").skip(1)) {
            let link = prose.split([')', ' ']).next().unwrap_or_default();
            if !link.contains("://") && !link.starts_with("mailto:") {
                found.push((place + 1, link));
            }
        }
    }
    found
}

fn resolved(from: &str, link: &str) -> String {
    if link.is_empty() {
        return from.to_owned();
    }
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

/// The anchors that a document's headings make.
fn headings(text: &str) -> impl Iterator<Item = String> {
    text.lines().filter(|line| line.starts_with('#')).map(|line| {
        let name = line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
        name.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<String> {
        let sources = [
            Source::new("docs/a.md", text),
            Source::new("docs/b.md", "# One `b`: two\n"),
            Source::new("src/ids/mod.rs", ""),
        ];
        broken_links(&sources).iter().map(Fault::to_string).collect()
    }

    #[test]
    fn a_link_to_nowhere_is_found() {
        assert_eq!(faults("\n[x](c.md)"), ["docs/a.md:2: there is no docs/c.md to link to"]);
        assert_eq!(faults("[x](b.md#two)"), ["docs/a.md:1: docs/b.md has no heading #two"]);
        assert_eq!(faults("[`x`](../src/gone.rs) [y](b.md)").len(), 1);
    }

    #[test]
    fn links_that_lead_somewhere_are_well() {
        let text = "# Top\n[a](b.md#one-b-two) [b](../src/ids/) [c](#top) [d](https://x.org/y)\n\
                    `[e](f)`\n```\n[g](h)\n```\n";
        assert_eq!(faults(text), [""; 0]);
    }

    #[test]
    fn a_function_without_a_comment_is_found() {
        let text = "#define A 1\n/** Opens. */\nnanostore_status nanostore_open(const char *path,\n\
                    nanostore **store_out);\n\n/** Older. */\n#define B 2\n\
                    const char *nanostore_version(void);\n\
                    /** Says. */\nint32_t\nnanostore_number(void);\n";
        let faults = undocumented_functions(&[Source::new("include/nanostore.h", text)]);
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert_eq!(
            faults[0].to_string(),
            "include/nanostore.h:8: nanostore_version is not documented"
        );
    }
}
