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
            let value = document.member(name);
            let text = value.as_ref().and_then(Value::as_str);
            text.is_some_and(|text| fold(text).contains(&self.folded))
        })
    }

    /// Where the text stands in the title and the body, from the first place to the last, none of
    /// them within another.
    pub(super) fn hits(&self, document: &DocumentReader<'_>) -> Vec<Hit> {
        let mut hits = Vec::new();
        for field in ["title", "body"] {
            let value = document.member(field);
            let Some(text) = value.as_ref().and_then(Value::as_str) else { continue };
            let folded = Folded::new(text);
            let found = folded.text.match_indices(&self.folded);
            hits.extend(found.map(|(place, piece)| Hit {
                field,
                start_bytes: folded.origin(place),
                end_bytes: folded.end(place + piece.len()),
            }));
        }
        hits
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

/// Where a search was found: bytes of the UTF-8 of a field, the first and the one behind the last.
#[derive(Debug, PartialEq, Eq, serde::Serialize)]
pub(super) struct Hit {
    field: &'static str,
    start_bytes: usize,
    end_bytes: usize,
}

/// A text folded character by character, so that places in it lead back to the text.
struct Folded {
    text: String,
    /// Where each character of the text begins, folded and as it was; then where both end.
    places: Vec<(usize, usize)>,
}

impl Folded {
    fn new(text: &str) -> Folded {
        let mut folded = Folded { text: String::with_capacity(text.len()), places: Vec::new() };
        for (place, character) in text.char_indices() {
            folded.places.push((folded.text.len(), place));
            folded.text.push_str(&fold(character.encode_utf8(&mut [0; 4])));
        }
        folded.places.push((folded.text.len(), text.len()));
        folded
    }

    /// Where the character begins that was folded into `place`.
    fn origin(&self, place: usize) -> usize {
        let behind = self.places.partition_point(|(folded, _)| *folded <= place);
        self.places.get(behind.saturating_sub(1)).map_or(0, |(_, origin)| *origin)
    }

    /// Where the character ends that was folded into what stands before `place`.
    fn end(&self, place: usize) -> usize {
        let at = self.places.partition_point(|(folded, _)| *folded < place);
        self.places.get(at).map_or(0, |(_, origin)| *origin)
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
    fn hits_are_places_in_the_text_as_it_is() {
        let mut world = World::new();
        let slot = world.add("Bread, bREAD", "Stra\u{df}e und STRASSE; \u{130}bread");
        let document = DocumentReader::new(&world, slot);
        let hits = |search: &str| -> Vec<(&str, usize, usize)> {
            let hits = Search::new(search).hits(&document);
            hits.iter().map(|hit| (hit.field, hit.start_bytes, hit.end_bytes)).collect()
        };
        assert_eq!(hits("BREAD"), [("title", 0, 5), ("title", 7, 12), ("body", 23, 28)]);
        assert_eq!(hits("strasse"), [("body", 0, 7), ("body", 12, 19)]);
        // Half of a letter that folds to two is a hit of the letter.
        assert_eq!(
            hits("s"),
            [
                ("body", 0, 1),
                ("body", 4, 6),
                ("body", 4, 6),
                ("body", 12, 13),
                ("body", 16, 17),
                ("body", 17, 18)
            ]
        );
        assert_eq!(hits("nothing"), []);
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
