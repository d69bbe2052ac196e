//! Writing values as text: compact, or with two spaces for each level.

use super::string::plain_run;
use super::{Object, Value};

/// Appends `text` as a JSON string with as few escapes as there can be: quotation mark, reverse
/// solidus and control characters. Everything else stands for itself.
pub(crate) fn quote(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text;
    loop {
        let (plain, special) =
            rest.split_at_checked(plain_run(rest.as_bytes())).unwrap_or((rest, ""));
        out.push_str(plain);
        let Some(&byte) = special.as_bytes().first() else { break };
        push_escape(byte, out);
        // What needs an escape is one byte long.
        rest = special.get(1..).unwrap_or_default();
    }
    out.push('"');
}

fn push_escape(byte: u8, out: &mut String) {
    let short = match byte {
        b'"' => "\\\"",
        b'\\' => "\\\\",
        0x08 => "\\b",
        0x0C => "\\f",
        b'\n' => "\\n",
        b'\r' => "\\r",
        b'\t' => "\\t",
        _ => {
            out.push_str("\\u00");
            for digit in [byte >> 4, byte & 15] {
                out.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
            }
            return;
        }
    };
    out.push_str(short);
}

impl Value {
    /// Appends the value without any white space.
    pub(crate) fn write(&self, out: &mut String) {
        match self {
            Value::Null => out.push_str("null"),
            Value::Bool(true) => out.push_str("true"),
            Value::Bool(false) => out.push_str("false"),
            Value::Number(number) => out.push_str(number.as_str()),
            Value::String(text) => quote(text, out),
            Value::Array(elements) => {
                let mut separator = '[';
                for element in elements {
                    out.push(separator);
                    separator = ',';
                    element.write(out);
                }
                out.push_str(if elements.is_empty() { "[]" } else { "]" });
            }
            Value::Object(object) => object.write(out),
        }
    }

    /// Appends the value with a line for each element and member, as it looks `indent` levels of
    /// two spaces deep. The first line is not indented and the last one not ended.
    pub(crate) fn write_pretty(&self, out: &mut String, indent: usize) {
        match self {
            Value::Array(elements) if !elements.is_empty() => {
                let mut separator = '[';
                for element in elements {
                    out.push(separator);
                    separator = ',';
                    new_line(out, indent + 1);
                    element.write_pretty(out, indent + 1);
                }
                new_line(out, indent);
                out.push(']');
            }
            Value::Object(object) if !object.is_empty() => {
                let mut separator = '{';
                for (name, value) in object.iter() {
                    out.push(separator);
                    separator = ',';
                    new_line(out, indent + 1);
                    quote(name, out);
                    out.push_str(": ");
                    value.write_pretty(out, indent + 1);
                }
                new_line(out, indent);
                out.push('}');
            }
            flat => flat.write(out),
        }
    }

    /// The value as compact text.
    pub(crate) fn to_text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }
}

impl Object {
    /// Appends the object without any white space.
    pub(crate) fn write(&self, out: &mut String) {
        let mut separator = '{';
        for (name, value) in self.iter() {
            out.push(separator);
            separator = ',';
            quote(name, out);
            out.push(':');
            value.write(out);
        }
        out.push_str(if self.is_empty() { "{}" } else { "}" });
    }
}

/// Begins a line that is `indent` levels of two spaces deep.
pub(super) fn new_line(out: &mut String, indent: usize) {
    /// As deep as documents go, but for what they hold in their data.
    const LINE: &str = "\n                ";
    match LINE.get(..1 + 2 * indent) {
        Some(line) => out.push_str(line),
        None => {
            out.push('\n');
            out.extend(std::iter::repeat_n("  ", indent));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::json::parse;

    #[test]
    fn quoting_escapes_what_it_must_and_nothing_else() {
        let text: String =
            (0..=0xFF_u8).map(char::from).chain("\u{2028}\u{1F600}".chars()).collect();
        let mut quoted = String::new();
        quote(&text, &mut quoted);
        let controls = concat!(
            r"\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e\u000f",
            r"\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b",
            r"\u001c\u001d\u001e\u001f",
        );
        let printed: String = (0x20..=0xFF_u8).map(char::from).collect();
        let printed = printed.replace('\\', "\\\\").replace('"', "\\\"");
        assert_eq!(quoted, format!("\"{controls}{printed}\u{2028}\u{1F600}\""));
        assert_eq!(parse(&quoted).unwrap().as_str(), Some(text.as_str()));
    }

    #[test]
    fn quoting_finds_special_characters_at_every_place() {
        for length in 0..40 {
            for place in 0..length {
                for (special, escape) in [('"', "\\\""), ('\\', "\\\\"), ('\u{1f}', "\\u001f")] {
                    let plain = |count: usize| "\u{7f}".repeat(count);
                    let text = format!("{}{special}{}", plain(place), plain(length - place));
                    let mut quoted = String::new();
                    quote(&text, &mut quoted);
                    let expected = format!("\"{}{escape}{}\"", plain(place), plain(length - place));
                    assert_eq!(quoted, expected);
                }
            }
        }
    }

    #[test]
    fn pretty_text_has_a_line_for_each_member() {
        let value = parse(r#"{"a":[1,[],{}],"b":{"c":null,"d":[{"e":"f"}]}}"#).unwrap();
        let mut text = String::new();
        value.write_pretty(&mut text, 1);
        let expected = [
            "{",
            "    \"a\": [",
            "      1,",
            "      [],",
            "      {}",
            "    ],",
            "    \"b\": {",
            "      \"c\": null,",
            "      \"d\": [",
            "        {",
            "          \"e\": \"f\"",
            "        }",
            "      ]",
            "    }",
            "  }",
        ];
        assert_eq!(text, expected.join("\n"));
        assert_eq!(parse(&text).unwrap(), value);
    }
}
