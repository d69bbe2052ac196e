//! Names that say nothing are not taken.

use std::collections::BTreeSet;

use super::{Fault, Source};

const BANNED: &[&str] =
    &["util", "utils", "helper", "helpers", "common", "manager", "misc", "impl", "ext", "v2"];

/// Files and folders whose name has a banned word in it; data may be called anything.
pub(super) fn banned_names(sources: &[Source]) -> Vec<Fault> {
    let mut seen = BTreeSet::new();
    let mut faults = Vec::new();
    for source in sources.iter().filter(|source| !source.path.starts_with("fixtures/")) {
        for part in source.path.split('/') {
            let words = part.split(['_', '-', '.']);
            for word in words.filter(|word| BANNED.contains(&word.to_lowercase().as_str())) {
                if seen.insert((part, word)) {
                    faults.push(source.fault(1, format!("the name {part} has {word} in it")));
                }
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_says_nothing_is_found() {
        for path in ["src/utils.rs", "src/ids/id_helper.rs", "tests/common/mod.rs", "src/x-v2.c"] {
            assert_eq!(banned_names(&[Source::new(path, "")]).len(), 1, "{path}");
        }
        for path in ["src/ids/commonality.rs", "src/text.rs", "fixtures/formats/v2/todo.json"] {
            assert_eq!(banned_names(&[Source::new(path, "")]), [], "{path}");
        }
    }
}
