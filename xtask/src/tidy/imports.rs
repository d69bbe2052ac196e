//! Imports point down only: the layers of `docs/architecture.md` as a table, and who breaks it.
//!
//! Paths that begin with `crate` are read wherever they stand, and so are chains of `super` that
//! end at the top. What only tests are compiled with may import anything.

use std::collections::BTreeMap;

use super::mask::{line_of, without_tests};
use super::{Fault, Source, modules};

/// Each module of the top level, and what it may import besides itself.
const LAYERS: &[(&str, &[&str])] = &[
    ("error", &[]),
    ("memory", &[]),
    ("threads", &[]),
    ("model", &["memory", "threads", "error"]),
    ("index", &["memory", "model", "error"]),
    ("ids", &["index", "memory", "model", "error"]),
    ("query", &["index", "model", "error"]),
    ("view", &["index", "model", "error"]),
    ("rules", &["index", "model", "error"]),
    ("file", &["model", "error"]),
    ("wal", &["file", "model", "error"]),
    ("storage", &["wal", "file", "memory", "model", "error"]),
    (
        "engine",
        &[
            "ids", "query", "view", "rules", "index", "storage", "memory", "threads", "model",
            "error",
        ],
    ),
    ("store", &["engine", "ids", "query", "rules", "storage", "model", "error"]),
    ("transfer", &["store", "model", "error"]),
    ("ffi", &["transfer", "store", "model", "error"]),
];

/// Imports that the table of layers does not have.
pub(super) fn forbidden_imports(sources: &[Source]) -> Vec<Fault> {
    let exported = exported(sources);
    let test_only = modules::test_only(sources);
    let mut faults = Vec::new();
    for source in sources {
        let Some(path) = modules::path(&source.path) else { continue };
        let Some(module) = path.first() else { continue };
        if modules::is_in(&path, &test_only) {
            continue;
        }
        let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| name == module) else {
            faults.push(source.fault(1, format!("{module} is not in the table of layers")));
            continue;
        };
        let code = without_tests(&source.code);
        for (place, name) in imports(&code, path.len()) {
            let target = exported.get(name.as_str()).copied().unwrap_or(name.as_str());
            if target != *module && !allowed.contains(&target) {
                let message = format!("{module} may not import {name}");
                faults.push(source.fault(line_of(&code, place), message));
            }
        }
    }
    faults
}

/// The names that `src/lib.rs` re-exports, each with its module.
fn exported(sources: &[Source]) -> BTreeMap<&str, &str> {
    let mut names = BTreeMap::new();
    let Some(top) = sources.iter().find(|source| source.path == "src/lib.rs") else {
        return names;
    };
    for (place, word) in top.code.match_indices("pub use ") {
        let rest = top.code.get(place + word.len()..).unwrap_or_default();
        let Some((path, _)) = rest.split_once(';') else { continue };
        let Some((module, inner)) = path.split_once("::") else { continue };
        let inner = inner.trim_matches(['{', '}', ' ', '\n']);
        for name in inner.split(',').filter_map(|part| part.rsplit([':', ' ']).next()) {
            names.insert(name.trim(), module);
        }
    }
    names
}

/// The first names behind the crate's top in a code, each with its place.
fn imports(code: &str, depth: usize) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let climb = "super::".repeat(depth);
    for top in ["crate::", climb.as_str()] {
        for (place, _) in code.match_indices(top) {
            let before = code.get(..place).unwrap_or_default();
            if before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':')
                || before.trim_end().ends_with("(in")
            {
                continue;
            }
            let rest = code.get(place + top.len()..).unwrap_or_default();
            found.extend(first_names(rest).into_iter().map(|name| (place, name)));
        }
    }
    found
}

/// `a::b` begins with `a`; `{a, b::c}` with `a` and with `b`.
fn first_names(path: &str) -> Vec<String> {
    let Some(group) = path.strip_prefix('{') else {
        return vec![first_name(path)];
    };
    let mut depth = 0_i32;
    let mut names = vec![String::new()];
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(String::new()),
            _ if depth == 0 => names.iter_mut().last().into_iter().for_each(|name| name.push(c)),
            _ => {}
        }
    }
    names.iter().map(|name| first_name(name.trim())).filter(|name| !name.is_empty()).collect()
}

fn first_name(path: &str) -> String {
    path.chars().take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '*')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(path: &str, text: &str) -> Vec<String> {
        let top = "pub use error::{Error, ErrorKind as Kind};\npub use store::Store;\n";
        let sources = [
            Source::new("src/lib.rs", top),
            Source::new(path, text),
            Source::new("src/storage/mod.rs", "#[cfg(test)]\nmod conformance;\n"),
        ];
        forbidden_imports(&sources).iter().map(Fault::to_string).collect()
    }

    #[test]
    fn an_import_upwards_is_found() {
        assert_eq!(
            faults("src/ids/resolver.rs", "use std::fmt;\nuse crate::engine::State;\n"),
            ["src/ids/resolver.rs:2: ids may not import engine"]
        );
    }

    #[test]
    fn siblings_do_not_import_each_other() {
        assert_eq!(
            faults("src/ids/mod.rs", "fn f(q: &crate::query::Query) {}"),
            ["src/ids/mod.rs:1: ids may not import query"]
        );
    }

    #[test]
    fn groups_re_exports_globs_and_chains_of_super_are_read() {
        for text in [
            "use crate::{error::Error, index::{self, a::{b}}, engine::State};",
            "use crate::{\n    Error,\n    Store,\n};",
            "use crate::*;",
            "use super::super::engine::State;",
        ] {
            assert_eq!(faults("src/ids/resolver.rs", text).len(), 1, "{text}");
        }
    }

    #[test]
    fn imports_downwards_and_inside_are_well() {
        for text in [
            "use crate::{Error, Kind, error::Result, index::Table, model::Time};",
            "use crate::ids::mask;\nuse super::resolver::x;",
            "pub(in crate::engine) fn f() {}",
            "/// See [`crate::engine`].\nfn f() { x(\"crate::engine::\") }",
            "#[cfg(test)]\nmod tests {\n    use crate::engine::State;\n}\n",
        ] {
            assert_eq!(faults("src/ids/resolver.rs", text), [""; 0], "{text}");
        }
    }

    #[test]
    fn a_module_for_tests_alone_may_import_anything() {
        assert_eq!(faults("src/storage/conformance.rs", "use crate::engine::State;"), [""; 0]);
        assert_eq!(faults("src/storage/memory.rs", "use crate::engine::State;").len(), 1);
    }

    #[test]
    fn a_module_without_a_place_is_found() {
        assert_eq!(
            faults("src/extra.rs", ""),
            ["src/extra.rs:1: extra is not in the table of layers"]
        );
    }
}
