//! The errors for what a query got wrong: what was expected, what was found, and the nearest
//! thing that would have been understood.

use crate::error::{Error, nearest};
use crate::model::json::Value;

const SHOWN_CHARACTERS_MAX: usize = 200;
const CANDIDATES_MAX: usize = 40;

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

/// A name from the caller as an error shows it.
pub(super) fn shown(name: &str) -> String {
    crate::error::shown(name, SHOWN_CHARACTERS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_cut_in_messages() {
        let message = unknown("field", &"x".repeat(1_000_000), Vec::new()).message().to_owned();
        assert!(message.len() < 250, "{}", message.len());
    }

    #[test]
    fn long_lists_are_cut_but_guessed_from_as_a_whole() {
        let known: Vec<String> = (0..1_000).map(|number| format!("value{number}")).collect();
        let json = unknown("value", "vlue999", known).to_json();
        assert!(json.contains("did you mean 'value999'?") && !json.contains("value40"), "{json}");
    }
}
