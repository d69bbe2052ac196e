//! Reading JSON strings: long plain runs at once, escapes one by one.

use std::borrow::Cow;

use super::Parser;
use super::mistakes::Expected;
use crate::error::{Error, Result};

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// How many bytes from the start stand for themselves in a JSON string: all but quotation marks,
/// reverse solidi and control characters.
#[inline]
pub(super) fn plain_run(bytes: &[u8]) -> usize {
    // Eight bytes at a time: a byte is zero, or less than n, where the subtraction borrows into
    // its highest bit. Borrows go upwards only, so the lowest such bit is exact.
    let mut run = 0;
    while let Some(word) = bytes.get(run..).and_then(<[u8]>::first_chunk) {
        let word = u64::from_le_bytes(*word);
        let quote = word ^ (ONES * u64::from(b'"'));
        let solidus = word ^ (ONES * u64::from(b'\\'));
        let special = (quote.wrapping_sub(ONES) & !quote)
            | (solidus.wrapping_sub(ONES) & !solidus)
            | (word.wrapping_sub(ONES * 0x20) & !word);
        let special = special & HIGHS;
        if special != 0 {
            return run + special.trailing_zeros() as usize / 8;
        }
        run += 8;
    }
    let rest = bytes.get(run..).unwrap_or_default();
    run + rest.iter().take_while(|&&byte| is_plain(byte)).count()
}

fn is_plain(byte: u8) -> bool {
    byte >= 0x20 && byte != b'"' && byte != b'\\'
}

impl<'a> Parser<'a> {
    /// Reads the string that begins here; borrowed from the text unless it has escapes.
    pub(super) fn string(&mut self) -> Result<Cow<'a, str>> {
        self.at += 1;
        let first = self.plain();
        if self.byte() == Some(b'"') {
            self.at += 1;
            return Ok(Cow::Borrowed(first));
        }
        let mut whole = first.to_owned();
        loop {
            match self.byte() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Cow::Owned(whole));
                }
                Some(b'\\') => whole.push(self.escape()?),
                Some(_) => return Err(self.unexpected(Expected::Character)),
                None => return Err(self.unexpected(Expected::Quotation)),
            }
            whole.push_str(self.plain());
        }
    }

    fn plain(&mut self) -> &'a str {
        let start = self.at;
        self.at += plain_run(self.text.as_bytes().get(start..).unwrap_or_default());
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// Reads the escape that begins here.
    fn escape(&mut self) -> Result<char> {
        let start = self.at;
        self.at += 1;
        let character = match self.byte() {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{C}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                return self.code_point(start);
            }
            _ => return Err(self.unexpected(Expected::Escape)),
        };
        self.at += 1;
        Ok(character)
    }

    /// Reads the digits of the `\u` escape that begins at `start`, and the second escape of a
    /// surrogate pair.
    fn code_point(&mut self, start: usize) -> Result<char> {
        let first = self.four_digits()?;
        if let Some(character) = char::from_u32(first) {
            return Ok(character);
        }
        let is_high = first < 0xDC00;
        let rest = self.text.get(self.at..).unwrap_or_default();
        if is_high && rest.starts_with("\\u") {
            self.at += 2;
            let second = self.four_digits()?;
            if (0xDC00..=0xDFFF).contains(&second) {
                let point = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
                return Ok(char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
        }
        let message = "a \\u escape is half of a surrogate pair; write both halves, the high one \
                       (D800 to DBFF) first";
        let error = Error::invalid(message).named("JSON_SURROGATE");
        Err(self.located(error, start))
    }

    fn four_digits(&mut self) -> Result<u32> {
        let mut value = 0;
        for _ in 0..4 {
            let digit = self.byte().and_then(|byte| char::from(byte).to_digit(16));
            let Some(digit) = digit else {
                return Err(self.unexpected(Expected::HexDigits));
            };
            value = value * 16 + digit;
            self.at += 1;
        }
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_run_ends_at_the_first_special_byte_wherever_it_is() {
        for filler in [0x20, 0x21, 0x23, 0x5B, 0x5D, 0x7F, 0x80, 0xA2, 0xDC, 0xFF] {
            for length in 0..20 {
                let plain = vec![filler; length];
                assert_eq!(plain_run(&plain), length, "{filler}");
                for place in 0..length {
                    for byte in 0..=0xFF {
                        let mut bytes = plain.clone();
                        bytes[place] = byte;
                        let expected = if is_plain(byte) { length } else { place };
                        assert_eq!(plain_run(&bytes), expected, "{bytes:?}");
                    }
                }
            }
        }
    }
}
