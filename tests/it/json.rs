//! JSON for the tests: a second, plain reader that keeps the exact text of numbers.
//!
//! It is no part of the library, so that a fault in the library's reader shows here. It refuses
//! repeated member names, since nothing the library writes may have one.

use std::fmt::{self, Write as _};

/// A JSON value; two values are equal when they are written alike but for white space and the
/// order of members.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    /// The number's exact text.
    Number(String),
    Text(String),
    Array(Vec<Value>),
    Object(Vec<(String, Value)>),
}

impl Value {
    /// Reads a whole text.
    pub(crate) fn parse(text: &str) -> Result<Value, String> {
        let mut reader = Reader { text, at: 0 };
        let value = reader.value()?;
        reader.space();
        if reader.at < text.len() {
            return Err(reader.fault("the end"));
        }
        Ok(value)
    }

    pub(crate) fn text(text: impl Into<String>) -> Value {
        Value::Text(text.into())
    }

    /// The member `name` of an object.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.members()?.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    pub(crate) fn members(&self) -> Option<&[(String, Value)]> {
        if let Value::Object(members) = self { Some(members) } else { None }
    }

    pub(crate) fn elements(&self) -> Option<&[Value]> {
        if let Value::Array(elements) = self { Some(elements) } else { None }
    }

    pub(crate) fn as_text(&self) -> Option<&str> {
        if let Value::Text(text) = self { Some(text) } else { None }
    }

    pub(crate) fn as_u64(&self) -> Option<u64> {
        if let Value::Number(text) = self { text.parse().ok() } else { None }
    }

    /// The value that a JSON pointer (RFC 6901) leads to.
    pub(crate) fn pointer(&self, pointer: &str) -> Option<&Value> {
        pointer.split('/').skip(1).try_fold(self, |value, part| match value {
            Value::Array(elements) => elements.get(part.parse::<usize>().ok()?),
            _ => value.get(&part.replace("~1", "/").replace("~0", "~")),
        })
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Null, Value::Null) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Number(a), Value::Number(b)) | (Value::Text(a), Value::Text(b)) => a == b,
            (Value::Array(a), Value::Array(b)) => a == b,
            (Value::Object(a), Value::Object(b)) => {
                a.len() == b.len() && a.iter().all(|(key, value)| other.get(key) == Some(value))
            }
            _ => false,
        }
    }
}

/// Writes the value in one line.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("null"),
            Value::Bool(value) => write!(f, "{value}"),
            Value::Number(text) => f.write_str(text),
            Value::Text(text) => write_text(text, f),
            Value::Array(elements) => {
                for (at, element) in elements.iter().enumerate() {
                    f.write_str(if at == 0 { "[" } else { "," })?;
                    write!(f, "{element}")?;
                }
                f.write_str(if elements.is_empty() { "[]" } else { "]" })
            }
            Value::Object(members) => {
                for (at, (name, value)) in members.iter().enumerate() {
                    f.write_str(if at == 0 { "{" } else { "," })?;
                    write_text(name, f)?;
                    write!(f, ":{value}")?;
                }
                f.write_str(if members.is_empty() { "{}" } else { "}" })
            }
        }
    }
}

fn write_text(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_char('"')?;
    for letter in text.chars() {
        match letter {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\0'..='\u{1f}' => write!(f, "\\u{:04x}", u32::from(letter))?,
            _ => f.write_char(letter)?,
        }
    }
    f.write_char('"')
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn fault(&self, expected: &str) -> String {
        let rest: String = self.text[self.at..].chars().take(30).collect();
        format!("expected {expected} at byte {}, found {rest:?}", self.at)
    }

    fn byte(&self) -> u8 {
        *self.text.as_bytes().get(self.at).unwrap_or(&0)
    }

    fn space(&mut self) {
        while matches!(self.byte(), b' ' | b'\t' | b'\n' | b'\r') {
            self.at += 1;
        }
    }

    /// Skips space; takes `byte` when it is next.
    fn takes(&mut self, byte: u8) -> bool {
        self.space();
        let found = self.byte() == byte;
        self.at += usize::from(found);
        found
    }

    fn value(&mut self) -> Result<Value, String> {
        self.space();
        match self.byte() {
            b'{' => self.object(),
            b'[' => self.array(),
            b'"' => self.string().map(Value::Text),
            b'-' | b'0'..=b'9' => Ok(self.number()),
            _ => {
                for (word, value) in [
                    ("null", Value::Null),
                    ("true", Value::Bool(true)),
                    ("false", Value::Bool(false)),
                ] {
                    if self.text[self.at..].starts_with(word) {
                        self.at += word.len();
                        return Ok(value);
                    }
                }
                Err(self.fault("a value"))
            }
        }
    }

    fn number(&mut self) -> Value {
        let start = self.at;
        while matches!(self.byte(), b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9') {
            self.at += 1;
        }
        Value::Number(self.text[start..self.at].to_owned())
    }

    fn array(&mut self) -> Result<Value, String> {
        self.at += 1;
        let mut elements = Vec::new();
        if self.takes(b']') {
            return Ok(Value::Array(elements));
        }
        loop {
            elements.push(self.value()?);
            if self.takes(b']') {
                return Ok(Value::Array(elements));
            }
            if !self.takes(b',') {
                return Err(self.fault("',' or ']'"));
            }
        }
    }

    fn object(&mut self) -> Result<Value, String> {
        self.at += 1;
        let mut members: Vec<(String, Value)> = Vec::new();
        if self.takes(b'}') {
            return Ok(Value::Object(members));
        }
        loop {
            self.space();
            let name = self.string()?;
            if members.iter().any(|(key, _)| *key == name) {
                return Err(format!("member {name:?} appears twice"));
            }
            if !self.takes(b':') {
                return Err(self.fault("':'"));
            }
            members.push((name, self.value()?));
            if self.takes(b'}') {
                return Ok(Value::Object(members));
            }
            if !self.takes(b',') {
                return Err(self.fault("',' or '}'"));
            }
        }
    }

    fn string(&mut self) -> Result<String, String> {
        if self.byte() != b'"' {
            return Err(self.fault("a text"));
        }
        self.at += 1;
        let mut out = String::new();
        loop {
            let Some(letter) = self.text[self.at..].chars().next() else {
                return Err(self.fault("'\"'"));
            };
            self.at += letter.len_utf8();
            match letter {
                '"' => return Ok(out),
                '\\' => out.push(self.escape()?),
                '\0'..='\u{1f}' => return Err(self.fault("an escape")),
                _ => out.push(letter),
            }
        }
    }

    fn escape(&mut self) -> Result<char, String> {
        let letter = self.byte();
        self.at += 1;
        Ok(match letter {
            b'"' | b'\\' | b'/' => char::from(letter),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let high = self.hex()?;
                if (0xd800..0xdc00).contains(&high) && self.text[self.at..].starts_with("\\u") {
                    self.at += 2;
                    let low = self.hex()?;
                    let code =
                        0x10000 + ((high - 0xd800) << 10) + (low.wrapping_sub(0xdc00) & 0x3ff);
                    return char::from_u32(code).ok_or_else(|| self.fault("a character"));
                }
                char::from_u32(high).ok_or_else(|| self.fault("a character"))?
            }
            _ => return Err(self.fault("an escape")),
        })
    }

    fn hex(&mut self) -> Result<u32, String> {
        let digits =
            self.text.get(self.at..self.at + 4).ok_or_else(|| self.fault("four digits"))?;
        self.at += 4;
        u32::from_str_radix(digits, 16).map_err(|_| self.fault("four digits"))
    }
}
