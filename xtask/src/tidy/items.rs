//! What a Rust file must have, and what it must not.

use std::collections::BTreeSet;

use super::mask::line_of;
use super::{Fault, Source};

/// Files that do not begin by saying what they are for.
pub(super) fn missing_introductions(sources: &[Source]) -> Vec<Fault> {
    sources
        .iter()
        .filter(|source| source.is_rust() && !source.text.starts_with("//!"))
        .map(|source| source.fault(1, "the file does not begin with //! and what it is for"))
        .collect()
}

/// Files that no module declares: they are compiled by nobody.
pub(super) fn orphans(sources: &[Source]) -> Vec<Fault> {
    let mut declared = BTreeSet::new();
    for source in sources.iter().filter(|source| source.is_rust()) {
        let (folder, name) = source.path.rsplit_once('/').unwrap_or(("", &source.path));
        let inner = match name {
            "mod.rs" | "lib.rs" | "main.rs" => folder.to_owned(),
            _ => format!("{folder}/{}", name.trim_end_matches(".rs")),
        };
        for (place, word) in source.code.match_indices("mod ") {
            let rest = source.code.get(place + word.len()..).unwrap_or_default();
            if let Some((module, _)) = rest.split_once(';') {
                declared.insert(format!("{inner}/{module}.rs"));
                declared.insert(format!("{inner}/{module}/mod.rs"));
            }
        }
    }
    let is_top = |path: &str| {
        path.ends_with("/lib.rs") || path.ends_with("/main.rs") || !path.contains("src/")
    };
    sources
        .iter()
        .filter(|source| source.is_rust() && !is_top(&source.path))
        .filter(|source| !declared.contains(&source.path))
        .map(|source| source.fault(1, "no module declares this file"))
        .collect()
}

/// Where `unsafe` is allowed: at the C boundary, and for hints that measurements paid for.
const UNGUARDED: [&str; 2] = ["src/ffi/", "src/memory.rs"];

/// Uses of `unsafe` elsewhere.
pub(super) fn unguarded(sources: &[Source]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for source in sources.iter().filter(|source| source.is_rust()) {
        let library = source.path.starts_with("src/") || source.path.starts_with("xtask/");
        if !library || UNGUARDED.iter().any(|place| source.path.starts_with(place)) {
            continue;
        }
        for (place, _) in source.code.match_indices("unsafe ") {
            let line = line_of(&source.code, place);
            faults.push(source.fault(line, "unsafe is for src/ffi"));
        }
    }
    faults.dedup();
    faults
}

/// What is left to be done, or to be looked at.
pub(super) fn unfinished(sources: &[Source]) -> Vec<Fault> {
    // Written so that this file does not find itself.
    const NOTE: &str = concat!("FIX", "ME");
    let mut faults = Vec::new();
    for source in sources.iter().filter(|source| source.is_rust() || source.is_c()) {
        for (place, _) in source.text.match_indices(NOTE) {
            faults.push(source.fault(line_of(&source.text, place), NOTE));
        }
        for word in ["todo!", "unimplemented!", "dbg!"] {
            for (place, _) in source.code.match_indices(word) {
                faults.push(source.fault(line_of(&source.code, place), word));
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_an_introduction_is_found() {
        let sources = [Source::new("src/a.rs", "//! It is.\n"), Source::new("src/b.rs", "mod a;")];
        let faults = missing_introductions(&sources);
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].path, "src/b.rs");
    }

    #[test]
    fn a_file_that_no_module_declares_is_found() {
        let sources = [
            Source::new("src/lib.rs", "mod ids;\npub mod error;\n// mod comment;\n"),
            Source::new("src/error.rs", ""),
            Source::new("src/comment.rs", ""),
            Source::new("src/ids/mod.rs", "pub(crate) mod resolver;"),
            Source::new("src/ids/resolver.rs", "mod deep;"),
            Source::new("src/ids/resolver/deep.rs", ""),
            Source::new("tests/it/main.rs", ""),
        ];
        let faults = orphans(&sources);
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert_eq!(faults[0].path, "src/comment.rs");
    }

    #[test]
    fn unguarded_code_outside_the_boundary_is_found() {
        let text = "// unsafe to say\nfn a() {\n    unsafe { b() }\n}\n";
        assert_eq!(unguarded(&[Source::new("src/ffi/text.rs", text)]), []);
        let faults = unguarded(&[Source::new("src/ids/mod.rs", text)]);
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].line, 3);
    }

    #[test]
    fn unfinished_work_is_found() {
        let note = concat!("// FIX", "ME later");
        for text in [note, "todo!()", "dbg!(x)", "unimplemented!()"] {
            assert_eq!(unfinished(&[Source::new("src/a.rs", text)]).len(), 1, "{text}");
        }
        assert_eq!(unfinished(&[Source::new("src/a.rs", "\"todo!()\" // dbg!(x)")]), []);
    }
}
