//! The opaque token that a page hands out and the next query takes as `after`.
//!
//! A token is base64url text (RFC 4648, no padding) of: 4 bytes checksum of the rest, 1 byte
//! version, 8 bytes hash of the query it belongs to (little-endian both), then a compact JSON
//! array of where the last document stood: its place, then its sort values; empty for the
//! beginning. It names a position and no document, so the last document may be changed or gone.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use xxhash_rust::xxh3::xxh3_64;

use crate::error::{Error, Result};
use crate::model::json::{Number, Value, parse};
use crate::model::time::Time;
use crate::query::order::{Position, SortValue};

const VERSION: u8 = 1;
const CHECKSUM_BYTES: usize = 4;

/// Makes the token of a position in the answer to the query of hash `query`; no position is the
/// beginning.
pub(super) fn encode(query: u64, position: Option<&Position>) -> String {
    let mut json = String::from("[");
    if let Some(position) = position {
        json.push('"');
        URL_SAFE_NO_PAD.encode_string(&position.place, &mut json);
        json.push('"');
        for value in &position.values {
            json.push(',');
            value_to_json(value).write(&mut json);
        }
    }
    json.push(']');
    let mut body = vec![VERSION];
    body.extend_from_slice(&query.to_le_bytes());
    body.extend_from_slice(json.as_bytes());
    let mut bytes = checksum(&body).to_vec();
    bytes.append(&mut body);
    to_base64(&bytes)
}

/// Reads a token given to the query of hash `query`, which orders by `values` fields.
///
/// # Errors
/// INVALID, named `TOKEN` for what is no token and `TOKEN_OF_ANOTHER_QUERY` for one that belongs
/// to a query with another `where`, `search`, `order_by` or `view`.
pub(super) fn decode(token: &str, query: u64, values: usize) -> Result<Option<Position>> {
    let bytes = from_base64(token).ok_or_else(malformed)?;
    let (sum, body) = bytes.split_first_chunk::<CHECKSUM_BYTES>().ok_or_else(malformed)?;
    if *sum != checksum(body) {
        return Err(malformed());
    }
    let (&version, rest) = body.split_first().ok_or_else(malformed)?;
    let (hash, json) = rest.split_first_chunk::<8>().ok_or_else(malformed)?;
    if version != VERSION {
        return Err(malformed());
    }
    if u64::from_le_bytes(*hash) != query {
        return Err(of_another_query());
    }
    let json = std::str::from_utf8(json).ok().and_then(|json| parse(json).ok());
    let Some(Value::Array(parts)) = json else { return Err(malformed()) };
    let Some((place, rest)) = parts.split_first() else { return Ok(None) };
    let place = place.as_str().and_then(from_base64).ok_or_else(malformed)?;
    let read: Option<Vec<SortValue>> = rest.iter().map(value_from_json).collect();
    match read {
        Some(read) if read.len() == values => Ok(Some(Position { values: read, place })),
        _ => Err(malformed()),
    }
}

fn malformed() -> Error {
    Error::invalid("after takes the token of an earlier page, not this text")
        .named("TOKEN")
        .field("after")
        .expected("the token of an earlier page")
        .actual("another text")
        .hint("hand back the token as it was given, or start again without after")
}

fn of_another_query() -> Error {
    Error::invalid(
        "the token in after belongs to a query with another where, search, order or view",
    )
    .named("TOKEN_OF_ANOTHER_QUERY")
    .field("after")
    .expected("a token of this query")
    .actual("a token of another query")
    .hint("repeat the query that gave the token, or start again without after")
}

fn checksum(bytes: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let [a, b, c, d, ..] = xxh3_64(bytes).to_le_bytes();
    [a, b, c, d]
}

fn value_to_json(value: &SortValue) -> Value {
    let tagged = |tag: &str, value: Value| Value::Array(vec![Value::String(tag.to_owned()), value]);
    match value {
        SortValue::Missing => Value::Null,
        SortValue::Place(place) => tagged("p", Value::Number(Number::from(u64::from(*place)))),
        SortValue::Instant(time) => tagged("t", Value::String(time.to_text())),
        SortValue::Bytes(bytes) => tagged("b", Value::String(to_base64(bytes))),
        SortValue::Json(value) => tagged("v", value.clone()),
    }
}

fn value_from_json(value: &Value) -> Option<SortValue> {
    let (tag, value) = match value {
        Value::Null => return Some(SortValue::Missing),
        Value::Array(parts) => match parts.as_slice() {
            [Value::String(tag), value] => (tag, value),
            _ => return None,
        },
        _ => return None,
    };
    match (tag.as_str(), value) {
        ("p", Value::Number(place)) => {
            place.as_u64().and_then(|place| u16::try_from(place).ok()).map(SortValue::Place)
        }
        ("t", Value::String(text)) => Time::parse(text).ok().map(SortValue::Instant),
        ("b", Value::String(text)) => from_base64(text).map(SortValue::Bytes),
        ("v", value) => Some(SortValue::Json(value.clone())),
        _ => None,
    }
}

fn to_base64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// None of what is no base64, or is written in another way than [`to_base64`] does.
fn from_base64(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position() -> Position {
        let number = parse("1.50").unwrap();
        Position {
            values: vec![
                SortValue::Missing,
                SortValue::Place(3),
                SortValue::Instant(Time::parse("2026-01-01T00:00:00.5Z").unwrap()),
                SortValue::Bytes(vec![0, 255]),
                SortValue::Json(number),
                SortValue::Json(Value::Null),
            ],
            place: vec![0, 1, 2, 253, 254, 255],
        }
    }

    #[test]
    fn a_token_gives_back_the_position_it_was_made_of() {
        let token = encode(7, Some(&position()));
        assert!(token.bytes().all(|it| it.is_ascii_alphanumeric() || b"-_".contains(&it)));
        assert_eq!(decode(&token, 7, 6).unwrap(), Some(position()));
        assert_eq!(decode(&encode(7, None), 7, 6).unwrap(), None);
    }

    #[test]
    fn a_token_of_another_query_is_told_from_a_broken_one() {
        let token = encode(7, Some(&position()));
        assert_eq!(decode(&token, 8, 6).unwrap_err().name(), "TOKEN_OF_ANOTHER_QUERY");
        for broken in ["", "A", "AAAA", "no token", "!!!!", &token[1..], &token[..token.len() - 1]]
        {
            let error = decode(broken, 7, 6).unwrap_err();
            assert_eq!((error.name(), error.field_path()), ("TOKEN", Some("after")), "{broken}");
        }
        assert_eq!(decode(&token, 7, 5).unwrap_err().name(), "TOKEN");
    }

    #[test]
    fn no_changed_letter_passes() {
        let token = encode(7, Some(&position()));
        for place in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(decode(&changed, 7, 6).unwrap_err().name(), "TOKEN", "{changed}");
        }
    }

    #[test]
    fn each_sequence_of_bytes_is_written_in_one_way() {
        assert_eq!(to_base64(&[251, 255]), "-_8");
        for wrong in ["Zh", "Zm9", "Z", "Zg==", "+/8", "Zm9vY"] {
            assert_eq!(from_base64(wrong), None, "{wrong}");
        }
    }
}
