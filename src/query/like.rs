//! Patterns of `$like`: `%` stands for any text, `_` for one character, `\` takes the next
//! character as it is.
//!
//! A pattern is cut at its `%` into pieces that are looked for from left to right, each at its
//! first place: the time is linear in the text whatever the pattern. A piece with `_` is looked
//! for with one bit per character of the piece (shift-and, Baeza-Yates and Gonnet 1992).

use std::collections::BTreeMap;

use crate::error::{Error, ErrorKind, Result};

/// Characters of a pattern at most: what bounds the work for each character of a text.
const CHARACTERS_MAX: usize = 4_096;

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(super) struct Like {
    /// What the text begins with: all of it when `rest` is none.
    first: Piece,
    rest: Option<Rest>,
}

#[derive(Clone, Debug)]
struct Rest {
    /// What lies between two `%`.
    middle: Vec<Piece>,
    /// What the text ends with.
    last: Piece,
}

/// A part of a pattern without `%`; none stands for any one character.
#[derive(Clone, Debug)]
struct Piece {
    characters: Vec<Option<char>>,
    search: Search,
}

#[derive(Clone, Debug)]
enum Search {
    /// There is no `_` in the piece.
    Plain(String),
    Bits(Bits),
}

/// For each character the places in the piece where it may stand, as bits.
#[derive(Clone, Debug)]
struct Bits {
    places: BTreeMap<char, Vec<u64>>,
    /// The places of characters that the piece does not name: those of `_`.
    any: Vec<u64>,
    last: u64,
}

impl Like {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// INVALID when it ends in a lone backslash, LIMIT when it is too long.
    pub(super) fn compile(pattern: &str) -> Result<Like> {
        let count = pattern.chars().count();
        if count > CHARACTERS_MAX {
            let message = format!("$like takes at most {CHARACTERS_MAX} characters, not {count}");
            return Err(Error::new(ErrorKind::Limit, message)
                .expected(format!("at most {CHARACTERS_MAX} characters"))
                .actual(format!("{count} characters")));
        }
        let mut pieces = vec![Vec::new()];
        let mut characters = pattern.chars();
        while let Some(character) = characters.next() {
            let wanted = match character {
                '%' => {
                    pieces.push(Vec::new());
                    continue;
                }
                '_' => None,
                '\\' => Some(characters.next().ok_or_else(lone_backslash)?),
                _ => Some(character),
            };
            if let Some(piece) = pieces.last_mut() {
                piece.push(wanted);
            }
        }
        let mut pieces = pieces.into_iter();
        let first = Piece::new(pieces.next().unwrap_or_default());
        let last = pieces.next_back().map(Piece::new);
        let middle = pieces.filter(|piece| !piece.is_empty()).map(Piece::new).collect();
        Ok(Like { first, rest: last.map(|last| Rest { middle, last }) })
    }

    /// Whether the whole of `text` matches.
    pub(super) fn matches(&self, text: &str) -> bool {
        let Some(mut text) = self.first.strip_start(text) else { return false };
        let Some(rest) = &self.rest else { return text.is_empty() };
        // The first place of each piece leaves the most for the next ones, so none is tried twice.
        for piece in &rest.middle {
            match piece.after_first(text) {
                Some(remaining) => text = remaining,
                None => return false,
            }
        }
        rest.last.ends(text)
    }
}

fn lone_backslash() -> Error {
    Error::invalid(r"$like ends in a lone backslash; write '\\' for a backslash")
        .expected(r"a character after the backslash")
        .actual("the end of the pattern")
}

impl Piece {
    fn new(characters: Vec<Option<char>>) -> Piece {
        let search = match characters.iter().copied().collect::<Option<String>>() {
            Some(text) => Search::Plain(text),
            None => Search::Bits(Bits::new(&characters)),
        };
        Piece { characters, search }
    }

    fn strip_start<'a>(&self, text: &'a str) -> Option<&'a str> {
        let mut rest = text.chars();
        for wanted in &self.characters {
            let found = rest.next()?;
            if wanted.is_some_and(|wanted| wanted != found) {
                return None;
            }
        }
        Some(rest.as_str())
    }

    fn ends(&self, text: &str) -> bool {
        let mut rest = text.chars().rev();
        self.characters.iter().rev().all(|wanted| {
            rest.next().is_some_and(|found| wanted.is_none_or(|wanted| wanted == found))
        })
    }

    /// What follows the first place of this piece in `text`.
    fn after_first<'a>(&self, text: &'a str) -> Option<&'a str> {
        match &self.search {
            Search::Plain(piece) => {
                let place = text.find(piece.as_str())?;
                text.get(place + piece.len()..)
            }
            Search::Bits(bits) => bits.after_first(text),
        }
    }
}

impl Bits {
    fn new(characters: &[Option<char>]) -> Bits {
        let words = characters.len().div_ceil(64);
        let mut any = vec![0; words];
        let mut places: BTreeMap<char, Vec<u64>> = BTreeMap::new();
        for (index, wanted) in characters.iter().enumerate() {
            let target = match wanted {
                Some(wanted) => places.entry(*wanted).or_insert_with(|| vec![0; words]),
                None => &mut any,
            };
            set(target, index);
        }
        for mask in places.values_mut() {
            for (word, any) in mask.iter_mut().zip(&any) {
                *word |= any;
            }
        }
        let last = characters.len().saturating_sub(1) % 64;
        Bits { places, any, last: 1 << last }
    }

    fn after_first<'a>(&self, text: &'a str) -> Option<&'a str> {
        // Bit n: the characters just read are the first n + 1 of the piece.
        let mut state = vec![0_u64; self.any.len()];
        let mut rest = text.chars();
        while let Some(character) = rest.next() {
            let mask = self.places.get(&character).unwrap_or(&self.any);
            let mut carry = 1;
            for (word, mask) in state.iter_mut().zip(mask) {
                let shifted = (*word << 1) | carry;
                carry = *word >> 63;
                *word = shifted & mask;
            }
            if state.last().is_some_and(|word| word & self.last != 0) {
                return Some(rest.as_str());
            }
        }
        None
    }
}

fn set(words: &mut [u64], bit: usize) {
    if let Some(word) = words.get_mut(bit / 64) {
        *word |= 1 << (bit % 64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_texts() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("abc", "abc", true),
            ("abc", "abcd", false),
            ("%", "", true),
            ("%", "anything", true),
            ("a%", "abc", true),
            ("a%", "ba", false),
            ("%c", "abc", true),
            ("%c", "abcd", false),
            ("%b%", "abc", true),
            ("%x%", "abc", false),
            ("a%a", "a", false),
            ("a%a", "aa", true),
            ("%ab%ab", "xabab", true),
            ("%ab%ab", "xab", false),
            ("_", "", false),
            ("_", "\u{1f35e}", true),
            ("_", "ab", false),
            ("a_c", "abc", true),
            ("%_", "", false),
            ("_%_", "ab", true),
            ("_%_", "a", false),
            ("%a_c%", "xxabcxx", true),
            ("%a_c%", "xxabxcx", false),
            ("%a_b%_c", "aaxbzzc", true),
            ("%\u{e9}_%", "caf\u{e9}s", true),
            ("100\\%", "100%", true),
            ("100\\%", "1000", false),
            ("a\\_b", "a_b", true),
            ("a\\_b", "axb", false),
            ("a\\\\b", "a\\b", true),
            ("Bread", "bread", false),
        ] {
            let like = Like::compile(pattern).unwrap();
            assert_eq!(like.matches(text), expected, "{text:?} like {pattern:?}");
        }
    }

    #[test]
    fn pieces_longer_than_a_word_of_bits_are_found() {
        let piece = format!("{}_{}", "a".repeat(100), "b".repeat(100));
        let like = Like::compile(&format!("%{piece}%z")).unwrap();
        let text = |between: &str| format!("b{}{between}{}..z", "a".repeat(100), "b".repeat(100));
        assert!(like.matches(&text("x")));
        assert!(!like.matches(&text("xx")));
    }

    #[test]
    fn every_pattern_agrees_with_a_plain_matcher() {
        fn plain(pattern: &[char], text: &[char]) -> bool {
            match pattern {
                [] => text.is_empty(),
                ['%', rest @ ..] => (0..=text.len()).any(|from| plain(rest, &text[from..])),
                ['_', rest @ ..] => !text.is_empty() && plain(rest, &text[1..]),
                [wanted, rest @ ..] => text.first() == Some(wanted) && plain(rest, &text[1..]),
            }
        }
        let words = |letters: &[char], length: u32| {
            let base = letters.len();
            (0..base.pow(length))
                .map(move |number| {
                    let digit = |place| letters[number / base.pow(place) % base];
                    (0..length).map(digit).collect::<Vec<char>>()
                })
                .collect::<Vec<_>>()
        };
        for pattern in (0..=5).flat_map(|length| words(&['a', 'b', '%', '_'], length)) {
            let like = Like::compile(&pattern.iter().collect::<String>()).unwrap();
            for text in (0..=5).flat_map(|length| words(&['a', 'b'], length)) {
                let expected = plain(&pattern, &text);
                let text: String = text.iter().collect();
                assert_eq!(like.matches(&text), expected, "{text:?} like {pattern:?}");
            }
        }
    }

    #[test]
    fn a_lone_backslash_and_an_endless_pattern_are_refused() {
        assert_eq!(Like::compile("a\\").unwrap_err().kind(), ErrorKind::Invalid);
        let long = "_".repeat(CHARACTERS_MAX + 1);
        assert_eq!(Like::compile(&long).unwrap_err().kind(), ErrorKind::Limit);
    }

    #[test]
    fn a_hostile_pattern_does_not_go_back() {
        let like = Like::compile(&format!("{}b", "%a_".repeat(1_000))).unwrap();
        assert!(!like.matches(&"a".repeat(200_000)));
    }
}
