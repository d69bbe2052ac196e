//! Where in a text something is, as a person counts: lines and columns from 1.

use crate::error::{Error, Result};

/// The byte-order mark that some editors put before a text; it takes no column.
pub(super) const BYTE_ORDER_MARK: char = '\u{FEFF}';

/// The line and the column, both from 1, of the byte at `offset`; columns count characters.
pub(crate) fn line_column(text: &str, offset: usize) -> (u64, u64) {
    let mut before = text.get(..offset).unwrap_or(text);
    before = before.strip_prefix(BYTE_ORDER_MARK).unwrap_or(before);
    let (lines, last) = match before.rsplit_once('\n') {
        Some((above, last)) => (above.bytes().filter(|&byte| byte == b'\n').count() + 1, last),
        None => (0, before),
    };
    (lines as u64 + 1, last.chars().count() as u64 + 1)
}

/// Takes bytes as text.
///
/// # Errors
/// INVALID with the line and the column where they stop being UTF-8.
pub(crate) fn utf8(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|error| {
        let offset = error.valid_up_to();
        let before = bytes.get(..offset).and_then(|valid| std::str::from_utf8(valid).ok());
        let (line, column) = line_column(before.unwrap_or_default(), offset);
        let byte = bytes.get(offset).copied().unwrap_or_default();
        let message = match (error.error_len(), char::from(byte)) {
            (None, _) => "cut off in the middle of a character; restore what is missing".to_owned(),
            (_, letter) if letter.is_alphanumeric() => {
                format!(
                    "the byte {byte:02X} is not UTF-8, as {letter} is in Latin-1: save it as UTF-8"
                )
            }
            _ => format!("the byte {byte:02X} is not UTF-8; save the text as UTF-8, or restore it"),
        };
        Error::invalid(message).named("NOT_UTF8").expected("UTF-8").at(line, column)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_a_line_feed_ends_a_line() {
        let text = "a\u{e9}\u{1F600}b\r\nc\n\nd";
        let at = |piece: &str| line_column(text, text.find(piece).unwrap());
        assert_eq!(at("a"), (1, 1));
        assert_eq!(at("b"), (1, 4));
        assert_eq!(at("\r"), (1, 5));
        assert_eq!(at("c"), (2, 1));
        assert_eq!(at("d"), (4, 1));
        assert_eq!(line_column(text, text.len()), (4, 2));
        assert_eq!(line_column(text, 1_000), (4, 2));
    }

    #[test]
    fn a_byte_order_mark_takes_no_column() {
        assert_eq!(line_column("\u{FEFF}x", 3), (1, 1));
        assert_eq!(line_column("\u{FEFF}\u{FEFF}x", 3), (1, 1));
        assert_eq!(line_column("\u{FEFF}\u{FEFF}x", 6), (1, 2));
    }

    #[test]
    fn invalid_utf8_is_refused_with_its_place() {
        assert_eq!(utf8("\u{e9}".as_bytes()).unwrap(), "\u{e9}");
        let error = utf8(b"ab\n\xC3\xA9\xFFz").unwrap_err();
        let message = "the byte FF is not UTF-8, as \u{ff} is in Latin-1: save it as UTF-8";
        assert_eq!(error.message(), message);
        assert_eq!((error.name(), error.position()), ("NOT_UTF8", Some((2, 2))));
        for (bytes, message) in [
            (&b"a\xC3"[..], "cut off in the middle of a character"),
            (b"a\x93b\x94", "the byte 93 is not UTF-8; save the text as UTF-8"),
        ] {
            let error = utf8(bytes).unwrap_err();
            assert!(error.message().starts_with(message), "{error}");
        }
    }
}
