//! The errors for what a query got wrong: what was expected, what was found, and the nearest
//! thing that would have been understood.

use crate::error::Error;
use crate::model::json::Value;

const SHOWN_CHARACTERS_MAX: usize = 200;
const CANDIDATES_MAX: usize = 40;
/// Bytes of a name for which a guess is tried at most.
const GUESS_BYTES_MAX: usize = 64;

/// Makes the error for a name that is none of `known`.
pub(super) fn unknown(what: &str, name: &str, mut known: Vec<String>) -> Error {
    let guess = nearest(name, &known).map(|close| format!("did you mean '{close}'?"));
    let more = if known.len() > CANDIDATES_MAX { ", ..." } else { "" };
    known.truncate(CANDIDATES_MAX);
    let list = known.join(", ") + more;
    let error = Error::invalid(format!("unknown {what} '{}'; known: {list}", shown(name)))
        .expected(format!("one of {list}"))
        .actual(shown(name))
        .candidates(known);
    match guess {
        Some(guess) => error.hint(guess),
        None => error,
    }
}

/// Makes the error for a value of another type than the one expected.
pub(super) fn wrong_type(what: &str, expected: &str, value: &Value) -> Error {
    Error::invalid(format!("{what} takes {expected}, not {}", value.type_name()))
        .named("WRONG_TYPE")
        .expected(expected)
        .actual(value.type_name())
}

/// A name from the caller as an error shows it: not too long, without control characters.
pub(super) fn shown(name: &str) -> String {
    let mut short = String::new();
    for character in name.chars().take(SHOWN_CHARACTERS_MAX) {
        if character.is_control() {
            short.extend(character.escape_default());
        } else {
            short.push(character);
        }
    }
    if name.chars().nth(SHOWN_CHARACTERS_MAX).is_some() {
        short.push_str("...");
    }
    short
}

/// The known name that differs from `name` in at most two letters, if there is one.
pub(super) fn nearest<'a>(name: &str, known: &'a [String]) -> Option<&'a str> {
    if name.len() > GUESS_BYTES_MAX {
        return None;
    }
    known
        .iter()
        .filter(|candidate| candidate.len() <= 2 * GUESS_BYTES_MAX)
        .map(|candidate| (distance(name, candidate), candidate.as_str()))
        .filter(|(distance, candidate)| *distance <= 2 && *distance < candidate.len())
        .min()
        .map(|(_, candidate)| candidate)
}

/// How many letters must be put in, taken out or changed to turn `left` into `right`.
fn distance(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.chars().count()).collect();
    for (line, from) in left.chars().enumerate() {
        let mut diagonal = line;
        let mut before = line + 1;
        let mut next = vec![before];
        for (above, to) in row.iter().skip(1).zip(right.chars()) {
            before = (diagonal + usize::from(from != to)).min(above + 1).min(before + 1);
            diagonal = *above;
            next.push(before);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_letters() {
        for (left, right, expected) in
            [("", "", 0), ("", "ab", 2), ("ab", "", 2), ("kitten", "sitting", 3), ("a", "a", 0)]
        {
            assert_eq!(distance(left, right), expected, "{left} {right}");
        }
    }

    #[test]
    fn long_names_are_cut_in_messages() {
        let message = unknown("field", &"x".repeat(1_000_000), Vec::new()).message().to_owned();
        assert!(message.len() < 250, "{}", message.len());
        assert_eq!(shown("a\u{0}\n\\'\u{e9}"), "a\\u{0}\\n\\'\u{e9}");
    }

    #[test]
    fn long_lists_are_cut_but_guessed_from_as_a_whole() {
        let known: Vec<String> = (0..1_000).map(|number| format!("value{number}")).collect();
        let json = unknown("value", "vlue999", known).to_json();
        assert!(json.contains("did you mean 'value999'?") && !json.contains("value40"), "{json}");
    }
}
