//! The grammar of a short ID: levels parted by dots, each letters and then a number from 1.

use crate::error::{Error, Result};

/// Levels in an ID that is worth reading; more cannot name a document.
const LEVELS_READ_MAX: usize = super::LEVELS_MAX as usize;

/// One level of an ID as it was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Level<'a> {
    /// The prefix letters, maybe none.
    pub(crate) letters: &'a str,
    /// The number, from 1; numbers that no document can have are `u32::MAX`.
    pub(crate) number: u32,
}

/// Reads a short ID in lower case.
///
/// # Errors
/// INVALID saying what an ID looks like.
pub(crate) fn parse(text: &str) -> Result<Vec<Level<'_>>> {
    if text.is_empty() {
        return Err(malformed(text, "it is empty"));
    }
    let mut levels = Vec::new();
    for part in text.split('.') {
        levels.push(parse_level(text, part)?);
        if levels.len() > LEVELS_READ_MAX {
            return Err(malformed("", "it has more than 1000 levels"));
        }
    }
    Ok(levels)
}

fn parse_level<'a>(text: &str, part: &'a str) -> Result<Level<'a>> {
    let letters = part.bytes().take_while(u8::is_ascii_lowercase).count();
    let (letters, digits) = part.split_at(letters);
    if part.is_empty() {
        return Err(malformed(text, "a level between the dots is empty"));
    }
    if digits.is_empty() {
        return Err(malformed(text, "a level has no number"));
    }
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(malformed(text, "a level is letters and then a number"));
    }
    if digits.starts_with('0') {
        return Err(malformed(text, "numbers start at 1 and have no leading zeros"));
    }
    Ok(Level { letters, number: digits.parse().unwrap_or(u32::MAX) })
}

fn malformed(text: &str, reason: &str) -> Error {
    let shown: String = text.chars().take(40).collect();
    Error::invalid(format!("'{shown}' is not an ID: {reason}"))
        .named("MALFORMED_ID")
        .expected("a short ID such as 2, 1.3 or d1, a UUID, uuid:... or key:...")
        .id(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_letters_and_a_number() {
        let levels = parse("h1.dh12").unwrap();
        assert_eq!(
            levels,
            [Level { letters: "h", number: 1 }, Level { letters: "dh", number: 12 }]
        );
        assert_eq!(parse("99999999999").unwrap()[0].number, u32::MAX);
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for text in
            ["", ".", ".1", "1.", "1..2", "0", "01", "d", "1d", "d-1", "d 1", "1.d", "\u{e9}1"]
        {
            assert_eq!(parse(text).unwrap_err().name(), "MALFORMED_ID", "{text}");
        }
        assert!(parse(&vec!["1"; 1001].join(".")).is_err());
        assert!(parse(&vec!["1"; 1000].join(".")).is_ok());
    }
}
