//! Ranges of the keys of an index.
//!
//! A key is the bytes of one sort value after the other; a part whose greatest value comes first
//! has all its bits flipped. No sort value begins with another one, so keys compare part by part.
//!
//! ```text
//! missing 01   place among declared values 02, u16   instant 03, i64 (sign flipped), u32
//! any other value as model::json::ordered has it, from 10 on           (all big endian)
//! ```

use crate::model::json::ordered::{self, Ordered};
use crate::model::time::Time;
use crate::query::order::SortValue;

const MISSING: u8 = 0x01;
const PLACE: u8 = 0x02;
const INSTANT: u8 = 0x03;

/// The keys from `from` on, up to but without `to`, if there is an end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyRange {
    pub(crate) from: Vec<u8>,
    pub(crate) to: Option<Vec<u8>>,
}

/// Where a range begins or ends.
#[derive(Clone, Debug, Default)]
pub(super) struct Bounds {
    /// The least bytes of what comes, and the bytes that nothing of it reaches.
    from: Option<Vec<u8>>,
    to: Option<Vec<u8>>,
}

impl KeyRange {
    /// The keys that begin with `bytes`.
    pub(crate) fn beginning(bytes: &[u8]) -> KeyRange {
        KeyRange { from: bytes.to_vec(), to: after_beginning(bytes) }
    }

    /// Those keys of it that lie within `bounds` too.
    pub(super) fn within(mut self, bounds: &Bounds) -> KeyRange {
        if let Some(from) = bounds.from.as_ref().filter(|from| **from > self.from) {
            self.from.clone_from(from);
        }
        if let Some(to) = &bounds.to {
            if self.to.as_ref().is_none_or(|end| to < end) {
                self.to = Some(to.clone());
            }
        }
        self
    }
}

impl Bounds {
    /// Nothing less than what begins with `bytes`; or, without `inclusive`, than what follows it.
    pub(super) fn raise(&mut self, bytes: &[u8], inclusive: bool) {
        let from = if inclusive { Some(bytes.to_vec()) } else { after_beginning(bytes) };
        // Nothing follows the highest bytes.
        let from = from.unwrap_or_else(|| vec![0xff; bytes.len() + 1]);
        if self.from.as_ref().is_none_or(|known| *known < from) {
            self.from = Some(from);
        }
    }

    /// Nothing greater than what begins with `bytes`; or, without `inclusive`, nothing of that.
    pub(super) fn lower(&mut self, bytes: &[u8], inclusive: bool) {
        let to = if inclusive { after_beginning(bytes) } else { Some(bytes.to_vec()) };
        if let Some(to) = to {
            if self.to.as_ref().is_none_or(|known| to < *known) {
                self.to = Some(to);
            }
        }
    }
}

/// The least bytes greater than all that begin with `bytes`.
fn after_beginning(bytes: &[u8]) -> Option<Vec<u8>> {
    let end = bytes.iter().rposition(|&byte| byte != 0xff)?;
    let mut after = bytes.get(..=end)?.to_vec();
    if let Some(last) = after.last_mut() {
        *last += 1;
    }
    Some(after)
}

/// Appends the bytes of one part of a key.
pub(super) fn push_part(value: &SortValue, is_descending: bool, out: &mut Vec<u8>) {
    let start = out.len();
    match value {
        SortValue::Missing => out.push(MISSING),
        SortValue::Place(place) => {
            out.push(PLACE);
            out.extend(place.to_be_bytes());
        }
        SortValue::Instant(time) => {
            let (seconds, nanos) = time.parts();
            out.push(INSTANT);
            out.extend((seconds ^ i64::MIN).to_be_bytes());
            out.extend(nanos.to_be_bytes());
        }
        // Places in the default order change with other documents: no index has them.
        SortValue::Bytes(_) => {}
        SortValue::Json(value) => ordered::push_value(value, out),
    }
    flip(out, start, is_descending);
}

/// Appends the bytes with which the part of each text begins that begins with `text`.
pub(super) fn push_beginning(text: &str, is_descending: bool, out: &mut Vec<u8>) {
    let start = out.len();
    ordered::push_beginning(text, out);
    flip(out, start, is_descending);
}

fn flip(bytes: &mut [u8], start: usize, is_descending: bool) {
    if is_descending {
        bytes.iter_mut().skip(start).for_each(|byte| *byte = !*byte);
    }
}

/// The first and the last byte of parts of the type of `value`.
pub(super) fn type_bytes(value: &SortValue) -> (u8, u8) {
    let mut bytes = Vec::new();
    push_part(value, false, &mut bytes);
    match bytes.first().copied().unwrap_or_default() {
        ordered::FALSE..=ordered::TRUE => (ordered::FALSE, ordered::TRUE),
        number if (ordered::NUMBER..ordered::TEXT).contains(&number) => {
            (ordered::NUMBER, ordered::NUMBER + 2)
        }
        other => (other, other),
    }
}

/// Reads the next part of a key; none where the bytes hold none.
pub(super) fn read_part(bytes: &mut &[u8], is_descending: bool) -> Option<SortValue> {
    let mut reader = Ordered { bytes, flip: if is_descending { 0xff } else { 0 } };
    let value = match reader.peek()? {
        MISSING => reader.byte().map(|_| SortValue::Missing),
        PLACE => reader.byte().and(reader.array()).map(u16::from_be_bytes).map(SortValue::Place),
        INSTANT => {
            reader.byte()?;
            let seconds = i64::from_be_bytes(reader.array()?) ^ i64::MIN;
            let nanos = u32::from_be_bytes(reader.array()?);
            Some(SortValue::Instant(Time::from_unix(seconds, nanos)))
        }
        _ => reader.value().map(SortValue::Json),
    };
    *bytes = reader.bytes;
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::json::parse;

    fn values() -> Vec<SortValue> {
        let time = |text| SortValue::Instant(Time::parse(text).unwrap());
        let json = ["null", "true", "-1", "2", "10", "\"\"", "\"a\"", "[1]"];
        let mut values = vec![
            SortValue::Missing,
            SortValue::Place(1),
            SortValue::Place(300),
            time("0001-01-01T00:00:00Z"),
            time("2026-01-01T00:00:00Z"),
            time("2026-01-01T00:00:00.000000001Z"),
        ];
        values.extend(json.iter().map(|text| SortValue::Json(parse(text).unwrap())));
        values
    }

    #[test]
    fn the_order_of_parts_is_that_of_sort_values_and_they_come_back() {
        for is_descending in [false, true] {
            let mut keys = Vec::new();
            for value in values() {
                let mut key = Vec::new();
                push_part(&value, is_descending, &mut key);
                let mut bytes = key.as_slice();
                assert_eq!(read_part(&mut bytes, is_descending), Some(value));
                assert!(bytes.is_empty());
                keys.push(key);
            }
            assert!(keys.is_sorted_by(|one, other| (one < other) != is_descending));
        }
        assert_eq!(read_part(&mut &[][..], false), None);
        assert_eq!(read_part(&mut &[INSTANT, 0][..], false), None);
    }

    #[test]
    fn ranges_hold_what_begins_so_and_nothing_else() {
        let beginning = KeyRange::beginning(&[1, 0xff]);
        assert_eq!(beginning, KeyRange { from: vec![1, 0xff], to: Some(vec![2]) });
        assert_eq!(KeyRange::beginning(&[0xff]).to, None);
        let mut bounds = Bounds::default();
        bounds.raise(&[1, 0xff, 5], false);
        bounds.raise(&[1], true);
        bounds.lower(&[1, 0xff, 9], true);
        bounds.lower(&[1, 0xff, 9], false);
        bounds.lower(&[7], true);
        let range = beginning.within(&bounds);
        assert_eq!(range, KeyRange { from: vec![1, 0xff, 6], to: Some(vec![1, 0xff, 9]) });
    }
}
