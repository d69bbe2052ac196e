//! The text that `search` looks for, whatever the case of letters, in titles and bodies.
//!
//! Both sides are folded as Unicode says (full case folding), then one is looked for in the other
//! in linear time.

use std::borrow::Cow;

use unicase::UniCase;

use crate::model::json::Value;
use crate::query::reader::DocumentReader;

/// A text to look for.
#[derive(Clone, Debug)]
pub(super) struct Search {
    folded: String,
    /// Whether it would stand in the JSON of a document as it is.
    is_plain: bool,
}

impl Search {
    pub(super) fn new(text: &str) -> Search {
        let folded = fold(text).into_owned();
        let is_plain = folded.bytes().all(|byte| {
            byte.is_ascii() && !byte.is_ascii_control() && byte != b'"' && byte != b'\\'
        });
        Search { folded, is_plain }
    }

    /// Whether the title or the body of the document holds the text.
    pub(super) fn finds(&self, document: &DocumentReader<'_>) -> bool {
        if self.is_absent(document.source.text(document.slot)) {
            return false;
        }
        ["title", "body"].iter().any(|name| {
            let text = document.member(name).and_then(Value::as_str);
            text.is_some_and(|text| fold(text).contains(&self.folded))
        })
    }

    /// Whether the JSON of a document shows without being parsed that the text is not in it.
    fn is_absent(&self, json: &str) -> bool {
        // In ASCII without escapes a text stands as it is; other letters may fold to ASCII ones.
        self.is_plain
            && json.is_ascii()
            && !json.contains('\\')
            && !json.to_ascii_lowercase().contains(&self.folded)
    }
}

fn fold(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase() || !byte.is_ascii()) {
        Cow::Owned(UniCase::new(text).to_folded_case())
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::testing::World;

    fn found(title: &str, body: &str, search: &str) -> bool {
        let mut world = World::new();
        let slot = world.add(title, body);
        Search::new(search).finds(&DocumentReader::new(&world, slot))
    }

    #[test]
    fn case_is_ignored_as_unicode_folds_it() {
        for (title, search, expected) in [
            ("Buy BREAD", "bread", true),
            ("buy bread", "BREAD", true),
            ("buy bread", "beard", false),
            ("Stra\u{df}e", "STRASSE", true),
            ("STRASSE", "stra\u{df}e", true),
            ("\u{39f}\u{394}\u{39f}\u{3a3}", "\u{3bf}\u{3b4}\u{3bf}\u{3c2}", true),
            ("\u{c9}cole", "\u{e9}cole", true),
            ("\u{212a}elvin", "kelvin", true),
            ("\u{1f35e} bread", "\u{1f35e}", true),
            ("say \"hi\"", "\"HI\"", true),
            ("a\\b", "A\\B", true),
            ("two\nlines", "TWO\nL", true),
            ("one", "uuid", false),
        ] {
            assert_eq!(found(title, "", search), expected, "{search:?} in {title:?}");
        }
    }

    #[test]
    fn title_and_body_are_searched_and_nothing_else() {
        assert!(found("a", "the body", "BODY ") == found("a", "the body", "body "));
        assert!(found("a", "the Body", "body"));
        assert!(!found("a", "b", "title"));
        assert!(!found("a", "b", "pending"));
        assert!(!found("left", "right", "leftright"));
    }
}
