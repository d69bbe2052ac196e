//! Values as bytes whose order, as bytes, is the order of the values.
//!
//! ```text
//! null 10   false 11   true 12
//! number    20 less than 0, 21 zero, 22 greater; then, all bits flipped where it is less than 0,
//!           its magnitude and its digits, two to a byte (1 + 10 a + b), ended by 00
//! text      30, its UTF-8 with 00 written as 00 ff, ended by 00 01
//! array     40, its elements, ended by 00
//! object    50, its members sorted by name, each a text and a value, ended by 00
//! ```
//!
//! Equal values have equal bytes, and none are the beginning of others, so that sequences of values
//! may be strung together. The manner is that of the tuple layers of ordered key-value stores.

use super::{Number, Object, Value};

pub(crate) const NULL: u8 = 0x10;
pub(crate) const FALSE: u8 = 0x11;
pub(crate) const TRUE: u8 = 0x12;
pub(crate) const NUMBER: u8 = 0x20;
pub(crate) const TEXT: u8 = 0x30;
pub(crate) const ARRAY: u8 = 0x40;
pub(crate) const OBJECT: u8 = 0x50;
const END: u8 = 0x00;
const ESCAPED: u8 = 0xff;
const END_OF_TEXT: u8 = 0x01;
/// Magnitudes up to this one lie in one byte.
const MAGNITUDE_MAX: i64 = 60;

/// Appends the bytes of a value.
pub(crate) fn push_value(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.push(NULL),
        Value::Bool(false) => out.push(FALSE),
        Value::Bool(true) => out.push(TRUE),
        Value::Number(number) => push_number(number, out),
        Value::String(text) => push_text(text, out),
        Value::Array(values) => {
            out.push(ARRAY);
            values.iter().for_each(|value| push_value(value, out));
            out.push(END);
        }
        Value::Object(object) => {
            out.push(OBJECT);
            for (name, value) in object.in_name_order() {
                push_text(name, out);
                push_value(value, out);
            }
            out.push(END);
        }
    }
}

fn push_text(text: &str, out: &mut Vec<u8>) {
    push_beginning(text, out);
    out.extend([END, END_OF_TEXT]);
}

/// Appends the bytes with which every text begins that begins with `text`.
pub(crate) fn push_beginning(text: &str, out: &mut Vec<u8>) {
    out.push(TEXT);
    for (place, run) in text.as_bytes().split(|&byte| byte == END).enumerate() {
        if place > 0 {
            out.extend([END, ESCAPED]);
        }
        out.extend_from_slice(run);
    }
}

fn push_number(number: &Number, out: &mut Vec<u8>) {
    let (sign, magnitude, digits) = number.scientific();
    out.push(NUMBER.wrapping_add_signed(sign + 1));
    if sign == 0 {
        return;
    }
    let start = out.len();
    match i8::try_from(magnitude).ok().filter(|m| i64::from(*m).abs() <= MAGNITUDE_MAX) {
        Some(small) => out.push(0x80_u8.wrapping_add_signed(small)),
        None => {
            out.push(if magnitude < 0 { 0 } else { 0xff });
            out.extend((magnitude ^ i64::MIN).to_be_bytes());
        }
    }
    for pair in digits.chunks(2) {
        let digit = |place: usize| pair.get(place).map_or(0, |digit| digit - b'0');
        out.push(1 + 10 * digit(0) + digit(1));
    }
    out.push(END);
    if sign < 0 {
        out.iter_mut().skip(start).for_each(|byte| *byte = !*byte);
    }
}

/// Bytes that are read back; `flip` is laid over each of them.
pub(crate) struct Ordered<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) flip: u8,
}

impl Ordered<'_> {
    /// The next byte.
    pub(crate) fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(first ^ self.flip)
    }

    /// The next byte, which stays.
    pub(crate) fn peek(&self) -> Option<u8> {
        self.bytes.first().map(|byte| byte ^ self.flip)
    }

    /// So many bytes.
    pub(crate) fn array<const LEN: usize>(&mut self) -> Option<[u8; LEN]> {
        let mut bytes = [0; LEN];
        for place in &mut bytes {
            *place = self.byte()?;
        }
        Some(bytes)
    }

    /// The next value; numbers in their shortest form. None where the bytes hold none.
    pub(crate) fn value(&mut self) -> Option<Value> {
        match self.peek()? {
            TEXT => return self.text().map(Value::String),
            NULL..=TRUE | NUMBER..=0x22 | ARRAY | OBJECT => {}
            _ => return None,
        }
        Some(match self.byte()? {
            NULL => Value::Null,
            FALSE => Value::Bool(false),
            TRUE => Value::Bool(true),
            ARRAY => {
                let mut values = Vec::new();
                while self.peek()? != END {
                    values.push(self.value()?);
                }
                self.byte()?;
                Value::Array(values)
            }
            OBJECT => {
                let mut object = Object::default();
                while self.peek()? != END {
                    object.insert(self.text()?, self.value()?);
                }
                self.byte()?;
                Value::Object(object)
            }
            sign => self.number(sign)?,
        })
    }

    fn text(&mut self) -> Option<String> {
        self.byte().filter(|&tag| tag == TEXT)?;
        let mut text = Vec::new();
        loop {
            match self.byte()? {
                END if self.byte()? == END_OF_TEXT => return String::from_utf8(text).ok(),
                byte => text.push(byte),
            }
        }
    }

    fn number(&mut self, tag: u8) -> Option<Value> {
        let sign = i16::from(tag) - i16::from(NUMBER) - 1;
        if sign == 0 {
            return Some(Value::Number(Number::from(0_u64)));
        }
        let flip = self.flip;
        if sign < 0 {
            self.flip = !flip;
        }
        let magnitude = match self.byte()? {
            0 | 0xff => i64::from_be_bytes(self.array()?) ^ i64::MIN,
            small => i64::from(small) - 0x80,
        };
        let mut digits = String::new();
        loop {
            match self.byte()? {
                END => break,
                pair => {
                    digits.push(char::from(b'0' + (pair - 1) / 10));
                    digits.push(char::from(b'0' + (pair - 1) % 10));
                }
            }
        }
        self.flip = flip;
        Some(Value::Number(Number::from_scientific(
            sign < 0,
            magnitude,
            digits.trim_end_matches('0'),
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::json::parse;

    const VALUES: &str = r#"[null,false,true,-1e400,-18446744073709551617,-18446744073709551616,
        -1000,-101,-100.5,-100,-12,-10,-9.99,-1.5,-1,-0.5,-1e-7,-1e-400,0,1e-400,1e-61,1e-60,1e-7,
        0.05,0.5,0.501,0.51,1,1.5,2,9,9.5,10,12,99,100,100.01,101,9007199254740992,
        9007199254740993,18446744073709551616,1e59,1e60,1e61,1.5e400,
        "","\u0000","\u0000\u0000","\u0000a","\u0001","A","a","a\u0000","a\u0000b","aa","ab","b",
        "\u00e9","\ud83c\udf5e",[],[null],[1],[1,0],[1,[2]],[2],["a"],
        {},{"a":1},{"a":1,"b":0},{"a":2},{"b":0}]"#;

    fn bytes(value: &Value) -> Vec<u8> {
        let mut bytes = Vec::new();
        push_value(value, &mut bytes);
        bytes
    }

    #[test]
    fn the_order_of_bytes_is_the_order_of_values() {
        let Value::Array(values) = parse(VALUES).unwrap() else { panic!("an array") };
        for (place, one) in values.iter().enumerate() {
            for (other_place, other) in values.iter().enumerate() {
                assert_eq!(one.cmp(other), place.cmp(&other_place), "{one:?} {other:?}");
                let (one_bytes, other_bytes) = (bytes(one), bytes(other));
                assert_eq!(
                    one_bytes.cmp(&other_bytes),
                    place.cmp(&other_place),
                    "{one:?} {other:?}"
                );
                let begins = one_bytes.starts_with(&other_bytes);
                assert_eq!(begins, place == other_place, "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn values_come_back_from_their_bytes_flipped_or_not() {
        let Value::Array(values) = parse(VALUES).unwrap() else { panic!("an array") };
        for flip in [0, 0xff] {
            let mut all: Vec<u8> = values.iter().flat_map(bytes).map(|byte| byte ^ flip).collect();
            all.push(0xff);
            let mut read = Ordered { bytes: &all, flip };
            for value in &values {
                assert_eq!(read.value().as_ref(), Some(value));
            }
            assert_eq!(read.value(), None);
        }
    }

    #[test]
    fn equal_numbers_have_equal_bytes_and_come_back_short() {
        for (texts, short) in [
            (&["100", "1e2", "1E+2", "100.0", "0.1e3"][..], "100"),
            (&["0", "-0", "0.000", "0e9"][..], "0"),
            (&["-0.050", "-5e-2"][..], "-0.05"),
            (&["12e21"][..], "1.2e22"),
            (&["1e-9"][..], "1e-9"),
            (&["123456789012345678901.5"][..], "123456789012345678901.5"),
        ] {
            let first = bytes(&parse(texts[0]).unwrap());
            for text in texts {
                assert_eq!(bytes(&parse(text).unwrap()), first, "{text}");
            }
            let read = Ordered { bytes: &first, flip: 0 }.value().unwrap();
            assert_eq!(read.to_text(), short);
        }
    }

    #[test]
    fn broken_bytes_hold_no_value() {
        for bytes in [&[][..], &[0x30], &[0x30, 0x00], &[0x22, 0x80], &[0x40], &[0x50, 0x10], &[7]]
        {
            assert_eq!(Ordered { bytes, flip: 0 }.value(), None, "{bytes:?}");
        }
    }
}
