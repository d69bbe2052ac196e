//! The modules that the files of the library are.

use super::Source;

/// `src/ids/mod.rs` is `[ids]`, `src/ids/resolver.rs` is `[ids, resolver]`, `src/lib.rs` is `[]`.
pub(super) fn path(path: &str) -> Option<Vec<&str>> {
    let inner = path.strip_prefix("src/")?.strip_suffix(".rs")?;
    let mut parts: Vec<&str> = inner.split('/').collect();
    if matches!(parts.last(), Some(&"mod" | &"lib")) {
        parts.pop();
    }
    Some(parts)
}

/// The modules declared for tests alone.
pub(super) fn test_only(sources: &[Source]) -> Vec<Vec<&str>> {
    let mut found = Vec::new();
    for source in sources {
        let Some(parent) = path(&source.path) else { continue };
        for (place, word) in source.code.match_indices("#[cfg(test)]") {
            let rest = source.code.get(place + word.len()..).unwrap_or_default();
            let item = rest.split([';', '{']).next().unwrap_or_default();
            if let Some((_, name)) = item.split_once("mod ") {
                let mut inner = parent.clone();
                inner.push(name.trim());
                found.push(inner);
            }
        }
    }
    found
}

/// Is the module one of those, or inside one of them?
pub(super) fn is_in(path: &[&str], modules: &[Vec<&str>]) -> bool {
    modules.iter().any(|module| path.starts_with(module))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_the_module_that_it_is_called_by() {
        assert_eq!(path("src/lib.rs"), Some(vec![]));
        assert_eq!(path("src/ids/mod.rs"), Some(vec!["ids"]));
        assert_eq!(path("src/ids/resolver.rs"), Some(vec!["ids", "resolver"]));
        assert_eq!(path("tests/it/main.rs"), None);
    }

    #[test]
    fn modules_for_tests_alone_are_known_with_all_that_is_in_them() {
        let text = "#[cfg(test)]\npub(crate) mod tests;\nmod a;\n#[cfg(test)]\nmod b {}";
        let sources = [Source::new("src/ffi/mod.rs", text)];
        let found = test_only(&sources);
        assert_eq!(found, [["ffi", "tests"], ["ffi", "b"]]);
        assert!(is_in(&["ffi", "tests", "inner"], &found));
        assert!(!is_in(&["ffi", "a"], &found));
    }
}
