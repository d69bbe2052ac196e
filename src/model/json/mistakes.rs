//! What people write that is no JSON, said in words and with the way out: the place where reading
//! stopped, and what was expected there, mostly tell what was meant.

use std::fmt;

/// What reading cannot go on without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    Value,
    Object,
    Array,
    /// The name of a member; `first`: or the end of the object.
    Name {
        first: bool,
    },
    Colon,
    /// A comma, or the end of the object or array.
    Comma {
        close: char,
    },
    /// The end of the whole text.
    End,
    /// What may stand in a string.
    Character,
    /// The quotation mark at the end of a string.
    Quotation,
    Escape,
    HexDigits,
    /// A part of a number.
    Digit(&'static str),
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Expected::Value => "a value",
            Expected::Object => "an object",
            Expected::Array => "an array",
            Expected::Name { first: true } => "a name in double quotes or '}'",
            Expected::Name { first: false } => "a name in double quotes",
            Expected::Colon => "a colon",
            Expected::Comma { close } => return write!(f, "a comma or '{close}'"),
            Expected::End => "the end of the text",
            Expected::Character => "the rest of a text without control characters",
            Expected::Quotation => "the double quotation mark that ends a text",
            Expected::Escape => r#"one of " \ / b f n r t u after \"#,
            Expected::HexDigits => r"four hexadecimal digits after \u",
            Expected::Digit(what) => what,
        })
    }
}

/// A character in a message, where quotation marks around a quotation mark would not be read.
pub(super) fn described(character: Option<char>) -> String {
    match character {
        None => "the end of the text".to_owned(),
        Some('\'') => "a single quotation mark".to_owned(),
        Some('"') => "a double quotation mark".to_owned(),
        Some('`') => "a backquote".to_owned(),
        Some('\n' | '\r') => "the end of the line".to_owned(),
        Some(' ') => "a space".to_owned(),
        Some('\t') => "a tab".to_owned(),
        Some('\0') => "a zero byte (U+0000)".to_owned(),
        Some(character) if character.is_ascii_graphic() => format!("'{character}'"),
        Some(character) => format!("U+{:04X}", u32::from(character)),
    }
}

/// What was done at the byte `at` of `text`, where `expected` should be, and the way out; none when
/// it looks like nothing that people are known to do.
pub(super) fn recognised(text: &str, at: usize, expected: Expected) -> Option<String> {
    let (before, rest) = text.split_at_checked(at)?;
    let found = Found {
        expected,
        rest,
        next: rest.chars().next(),
        touching: before.chars().next_back(),
        last: before.trim_end().chars().next_back(),
        word: word(rest),
    };
    match expected {
        Expected::Character => found.within_text(),
        Expected::Quotation => Some(
            "a text in double quotes is not ended before the end comes; put a double quotation \
             mark at its end, or restore what was cut off"
                .to_owned(),
        ),
        Expected::Escape | Expected::HexDigits => {
            let example = r"write \\ for one backslash";
            found.next.map(|next| {
                let next = described(Some(next));
                format!("expected {expected}, found {next}; {example}")
            })
        }
        _ => found.at_a_comma().or_else(|| found.mark()).or_else(|| found.structure()),
    }
}

/// The letters, digits and underscores that begin a text.
fn word(text: &str) -> &str {
    let is_part = |character: char| character.is_alphanumeric() || "_$".contains(character);
    let end = text.find(|character| !is_part(character)).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

/// Where reading stopped.
struct Found<'a> {
    expected: Expected,
    /// From there on.
    rest: &'a str,
    next: Option<char>,
    /// The character right before it.
    touching: Option<char>,
    /// The character before it that is no white space.
    last: Option<char>,
    word: &'a str,
}

impl Found<'_> {
    /// A character that may not stand within a text.
    fn within_text(&self) -> Option<String> {
        Some(match self.next? {
            '\n' | '\r' => "a text that is not ended on its line; put a double quotation mark at \
                            its end, or write \\n for a line break"
                .to_owned(),
            '\t' => "a tab in a text; write \\t for it".to_owned(),
            '\0' => ZERO_BYTE.to_owned(),
            other => {
                let code = u32::from(other);
                format!("the control character U+{code:04X} in a text; write \\u{code:04x} for it")
            }
        })
    }

    /// Commas where none belong, and names without values.
    fn at_a_comma(&self) -> Option<String> {
        Some(match (self.last, self.next) {
            (Some(','), Some(close @ (']' | '}'))) => {
                format!("a comma before '{close}'; take the comma out")
            }
            (Some(','), Some(',')) => "two commas in a row; take one out".to_owned(),
            (Some('[' | '{'), Some(',')) => {
                "a comma with nothing before it; take the comma out".to_owned()
            }
            (Some(':'), Some(',' | '}' | ']')) => {
                "a name without a value; put its value behind the colon".to_owned()
            }
            (Some('"'), Some(',' | '}' | ']')) if self.expected == Expected::Colon => {
                "a name without a value; put a colon and its value behind it".to_owned()
            }
            (_, None) => {
                let expected = self.expected;
                format!(
                    "the text ends too early: expected {expected}; restore what was cut off, or \
                     put the missing brackets at its end"
                )
            }
            _ => return None,
        })
    }

    /// Marks that JSON does not know, wherever they stand.
    fn mark(&self) -> Option<String> {
        let comments = ["//", "/*", "#"];
        if comments.iter().any(|begin| self.rest.starts_with(begin)) {
            return Some("a comment, which JSON does not have; take it out".to_owned());
        }
        Some(match self.next? {
            mark @ ('\'' | '`') => {
                let mark = described(Some(mark));
                format!("{mark}; JSON takes double ones: write \"...\"")
            }
            '\u{2018}'..='\u{201F}' | '\u{AB}' | '\u{BB}' => {
                "a typographic quotation mark; write a plain double one (\")".to_owned()
            }
            '\0' => ZERO_BYTE.to_owned(),
            '\u{FEFF}' => "a byte-order mark in the middle, as where two texts were joined; take \
                           it out"
                .to_owned(),
            space if space.is_whitespace() || space == '\u{200B}' => {
                let code = u32::from(space);
                format!("a space that JSON does not know (U+{code:04X}); write a plain one")
            }
            _ => return None,
        })
    }

    /// What only the place tells.
    fn structure(&self) -> Option<String> {
        match self.expected {
            Expected::Value => self.at_a_value(),
            Expected::Digit(_) if self.word == "Infinity" => Some(not_a_number("-Infinity")),
            Expected::Name { .. } if !self.word.is_empty() => {
                Some("a name without quotation marks; write it in double quotes".to_owned())
            }
            Expected::Colon if self.next == Some('=') => {
                Some("'=' behind a name; write a colon".to_owned())
            }
            Expected::Comma { close } => self.instead_of_a_comma(close),
            Expected::End => Some(self.behind_the_end()),
            _ => None,
        }
    }

    fn at_a_value(&self) -> Option<String> {
        Some(match (self.next?, self.word) {
            (_, "NaN" | "Infinity") => not_a_number(self.word),
            (_, "undefined" | "None" | "nil" | "NONE") => {
                format!("'{}' where JSON writes null; write null", self.word)
            }
            (_, word) if ["null", "true", "false"].contains(&&*word.to_ascii_lowercase()) => {
                format!("'{word}' in capitals; write {}", word.to_ascii_lowercase())
            }
            ('+', _) => "a plus sign before a number; take it out".to_owned(),
            ('.', _) => "a number that begins with its point; write a 0 before it".to_owned(),
            ('=', _) => "'=' where a value should be; take it out".to_owned(),
            (close @ (']' | '}'), _) => {
                format!("'{close}' without its beginning; a bracket is missing or wrong")
            }
            (_, "") => return None,
            _ => "a text without quotation marks; write it in double quotes".to_owned(),
        })
    }

    fn instead_of_a_comma(&self, close: char) -> Option<String> {
        let is_word = !self.word.is_empty();
        Some(match self.next? {
            _ if is_word && self.touching == Some('"') => {
                "a double quotation mark within a text; write \\\" for it".to_owned()
            }
            'x' | 'X' if self.touching == Some('0') => {
                "a hexadecimal number; write it in decimal".to_owned()
            }
            ';' => "a semicolon; write a comma".to_owned(),
            ':' if close == ']' => {
                "a name and a value in an array; put both into { and }".to_owned()
            }
            other @ (']' | '}') => {
                format!("'{other}' where '{close}' should be; a bracket is missing or wrong")
            }
            '"' | '{' | '[' | '-' => MISSING_COMMA.to_owned(),
            _ if is_word && self.touching.is_some_and(char::is_whitespace) => {
                MISSING_COMMA.to_owned()
            }
            _ => return None,
        })
    }

    fn behind_the_end(&self) -> String {
        match self.next {
            Some(open @ ('{' | '[')) => {
                let what = if open == '{' { "object" } else { "array" };
                format!(
                    "another {what} begins behind the end: two texts were joined; keep one of \
                     them, or put what both hold into one"
                )
            }
            Some(close @ ('}' | ']')) => format!("one '{close}' too many; take it out"),
            Some(',') => "a comma behind the end; take it out".to_owned(),
            _ => "there is more text behind the end; take it out".to_owned(),
        }
    }
}

const ZERO_BYTE: &str = "a zero byte (U+0000); the text is damaged or none: restore it";
const MISSING_COMMA: &str = "a comma is missing before this; put one behind the value above";

fn not_a_number(word: &str) -> String {
    format!("'{word}' is no number in JSON; write null, or a text")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::json::parse;

    /// What people write, where reading stops, and the beginning of what they are told.
    const CASES: &[(&str, (u64, u64), &str)] = &[
        ("{\"a\":[1,2,]}", (1, 11), "a comma before ']'; take the comma out"),
        ("{\"a\":1,\n}", (2, 1), "a comma before '}'; take the comma out"),
        ("[1,,2]", (1, 4), "two commas in a row; take one out"),
        ("[,1]", (1, 2), "a comma with nothing before it"),
        ("{\"a\":,\"b\":1}", (1, 6), "a name without a value; put its value"),
        ("{\"a\":}", (1, 6), "a name without a value"),
        ("{\"a\"}", (1, 5), "a name without a value; put a colon"),
        ("{\"a\":1 // one\n}", (1, 8), "a comment, which JSON does not have"),
        ("/* a */{}", (1, 1), "a comment"),
        ("{\n# a\n}", (2, 1), "a comment"),
        ("{'a':1}", (1, 2), "a single quotation mark; JSON takes double ones"),
        ("{\"a\":'b'}", (1, 6), "a single quotation mark"),
        ("[`a`]", (1, 2), "a backquote"),
        ("{\u{201C}a\u{201D}:1}", (1, 2), "a typographic quotation mark; write a plain double"),
        ("{\"a\":\u{AB}b\u{BB}}", (1, 6), "a typographic quotation mark"),
        ("{\"a\":NaN}", (1, 6), "'NaN' is no number in JSON; write null, or a text"),
        ("[Infinity]", (1, 2), "'Infinity' is no number"),
        ("[-Infinity]", (1, 3), "'-Infinity' is no number"),
        ("[None]", (1, 2), "'None' where JSON writes null"),
        ("[undefined]", (1, 2), "'undefined' where JSON writes null"),
        ("[True]", (1, 2), "'True' in capitals; write true"),
        ("[+1]", (1, 2), "a plus sign before a number"),
        ("[.5]", (1, 2), "a number that begins with its point"),
        ("{a:1}", (1, 2), "a name without quotation marks; write it in double quotes"),
        ("{\"a\":1,b:2}", (1, 8), "a name without quotation marks"),
        ("{\"a\":open}", (1, 6), "a text without quotation marks; write it in double quotes"),
        ("{\"a\":1 \"b\":2}", (1, 8), "a comma is missing before this"),
        ("{\"a\":1\n\"b\":2}", (2, 1), "a comma is missing before this"),
        ("[{} {}]", (1, 5), "a comma is missing before this"),
        ("[1 2]", (1, 4), "a comma is missing before this"),
        ("{\"a\"=1}", (1, 5), "'=' behind a name; write a colon"),
        ("{\"a\":1;\"b\":2}", (1, 7), "a semicolon; write a comma"),
        ("{\"a\":\"say \"hi\"\"}", (1, 12), "a double quotation mark within a text; write \\\""),
        ("[0x1F]", (1, 3), "a hexadecimal number; write it in decimal"),
        ("[\"a\":1]", (1, 5), "a name and a value in an array"),
        ("{\"a\":[}", (1, 7), "'}' without its beginning; a bracket is missing or wrong"),
        ("{\"a\":[1}", (1, 8), "'}' where ']' should be; a bracket is missing or wrong"),
        ("{\"a\":\"b\n}", (1, 8), "a text that is not ended on its line"),
        ("{\"a\":\"b", (1, 8), "a text in double quotes is not ended before the end comes"),
        ("[\"a\tb\"]", (1, 4), "a tab in a text; write \\t for it"),
        ("[\"a\u{1}b\"]", (1, 4), "the control character U+0001 in a text; write \\u0001"),
        ("[\"a\0b\"]", (1, 4), "a zero byte (U+0000)"),
        ("[1\0]", (1, 3), "a zero byte (U+0000)"),
        ("{\u{A0}\"a\":1}", (1, 2), "a space that JSON does not know (U+00A0)"),
        ("[1,\u{FEFF}2]", (1, 4), "a byte-order mark in the middle"),
        ("{\"a\":1", (1, 7), "the text ends too early: expected a comma or '}'; restore"),
        ("[", (1, 2), "the text ends too early: expected a value"),
        ("", (1, 1), "the text ends too early"),
        ("{}\n{}", (2, 1), "another object begins behind the end: two texts were joined"),
        ("{}[]", (1, 3), "another array begins behind the end"),
        ("{}}", (1, 3), "one '}' too many; take it out"),
        ("{},", (1, 3), "a comma behind the end; take it out"),
        ("{} x", (1, 4), "there is more text behind the end"),
        ("[\"\\x\"]", (1, 4), "expected one of \" \\ / b f n r t u after \\, found 'x'; write"),
        ("[\"C:\\users\"]", (1, 7), "expected four hexadecimal digits after \\u, found 's'"),
        ("[!]", (1, 2), "expected a value, found '!'"),
        ("[1\"]", (1, 3), "a comma is missing"),
        ("[-'1']", (1, 3), "a single quotation mark"),
    ];

    #[test]
    fn what_people_do_is_said_in_words_with_the_way_out() {
        for &(text, place, expected) in CASES {
            let error = parse(text).unwrap_err();
            assert!(error.message().starts_with(expected), "{text}: {error}");
            assert_eq!(error.position(), Some(place), "{text}: {error}");
            assert!(!error.message().contains("'''"), "{text}: {error}");
        }
    }

    #[test]
    fn every_character_can_be_read_in_a_message() {
        for (character, expected) in [
            ('\'', "a single quotation mark"),
            ('x', "'x'"),
            ('\u{e9}', "U+00E9"),
            (' ', "a space"),
        ] {
            assert_eq!(described(Some(character)), expected);
        }
        for character in (0..=0xFF).map(char::from) {
            let text = described(Some(character));
            assert!(text.chars().all(|it| it.is_ascii_graphic() || it == ' '), "{text}");
        }
    }
}
