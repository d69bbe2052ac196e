//! An instant: read from RFC 3339 text with any offset, kept and written in UTC.
//!
//! This module never asks a clock; the engine's clock makes instants with [`Time::from_unix`].

use std::fmt;
use std::ops::Range;

use chrono::{DateTime, Datelike, NaiveDate, Timelike};

use crate::error::{Error, Result};
use crate::model::json::JsonText;

const NANOS_PER_SECOND: u32 = 1_000_000_000;
const FRACTION_DIGITS_MAX: usize = 9;
/// The longest text of a time, but for the `Z` at its end.
const FORM: &[u8; 29] = b"yyyy-mm-ddThh:mm:ss.nnnnnnnnn";

/// An instant between the years 1 and 9999, to the nanosecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Time {
    /// Since 1970-01-01T00:00:00Z.
    seconds: i64,
    nanos: u32,
}

impl Time {
    /// 0001-01-01T00:00:00Z
    pub(crate) const MIN: Time = Time { seconds: -62_135_596_800, nanos: 0 };
    /// 9999-12-31T23:59:59.999999999Z
    pub(crate) const MAX: Time = Time { seconds: 253_402_300_799, nanos: NANOS_PER_SECOND - 1 };

    /// Makes an instant of seconds since 1970 and nanoseconds on top; what lies outside the years
    /// 1 to 9999 becomes the nearest instant within.
    pub(crate) fn from_unix(seconds: i64, nanos: u32) -> Time {
        let seconds = seconds.saturating_add(i64::from(nanos / NANOS_PER_SECOND));
        Time { seconds, nanos: nanos % NANOS_PER_SECOND }.clamp(Time::MIN, Time::MAX)
    }

    /// Reads `YYYY-MM-DDTHH:MM:SS`, an optional fraction of up to nine digits, and `Z` or an
    /// offset such as `+01:00`.
    ///
    /// # Errors
    /// INVALID saying what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Time> {
        read(text).map_err(|reason| {
            Error::invalid(format!("a time is written as 2026-11-21T09:00:00Z; this one {reason}"))
                .named("TIME")
                .expected("an RFC 3339 time")
        })
    }

    /// Reads a time that is written just as [`Time::to_text`] writes it; none from any other text.
    pub(crate) fn parse_canonical(text: &str) -> Option<Time> {
        let (_, rest) = text.split_at_checked("2026-11-21".len())?;
        let (_, fraction) = rest.split_at_checked("T09:00:00".len())?;
        let is_canonical = rest.starts_with('T')
            && fraction.ends_with('Z')
            && (fraction == "Z" || !fraction.ends_with("0Z"));
        read(text).ok().filter(|_| is_canonical)
    }

    /// The text in UTC, without needless zeros in the fraction: `2026-11-21T09:00:00.5Z`.
    pub(crate) fn to_text(self) -> String {
        let mut text = String::with_capacity(FORM.len() + 1);
        self.push_text(&mut text);
        text
    }

    /// The text as a document holds it.
    pub(crate) fn to_json(self) -> JsonText<'static> {
        let mut text = String::with_capacity(FORM.len() + 3);
        text.push('"');
        self.push_text(&mut text);
        text.push('"');
        JsonText::written(text)
    }

    fn push_text(self, out: &mut String) {
        let time = DateTime::from_timestamp(self.seconds, 0).unwrap_or_default().naive_utc();
        let mut form = *FORM;
        let parts = [
            (0..4, time.year().unsigned_abs()),
            (5..7, time.month()),
            (8..10, time.day()),
            (11..13, time.hour()),
            (14..16, time.minute()),
            (17..19, time.second()),
            (20..29, self.nanos),
        ];
        for (place, number) in parts {
            write_digits(form.get_mut(place).unwrap_or_default(), number);
        }
        let form = std::str::from_utf8(&form).unwrap_or_default();
        out.push_str(match self.nanos {
            0 => form.get(..19).unwrap_or_default(),
            _ => form.trim_end_matches('0'),
        });
        out.push('Z');
    }

    /// The instant `nanos` later, at most [`Time::MAX`].
    pub(crate) fn plus_nanos(self, nanos: u64) -> Time {
        let nanos = nanos.saturating_add(u64::from(self.nanos));
        let per_second = u64::from(NANOS_PER_SECOND);
        let seconds = self.seconds.saturating_add_unsigned(nanos / per_second);
        let below = u32::try_from(nanos % per_second).unwrap_or_default();
        Time { seconds, nanos: below }.min(Time::MAX)
    }

    /// Seconds since 1970 and nanoseconds beyond them.
    pub(crate) fn parts(self) -> (i64, u32) {
        (self.seconds, self.nanos)
    }

    /// Whole milliseconds since 1970, rounded down.
    pub(crate) fn unix_millis(self) -> i64 {
        self.seconds * 1_000 + i64::from(self.nanos / 1_000_000)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text())
    }
}

/// Fills `place` with the last digits of `number`.
fn write_digits(place: &mut [u8], mut number: u32) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// The number that at most nine digits stand for.
fn value_of(digits: &[u8]) -> u32 {
    digits.iter().fold(0, |value, digit| value * 10 + u32::from(digit & 15))
}

type Reading<T> = std::result::Result<T, &'static str>;

fn read(text: &str) -> Reading<Time> {
    let (local, rest) = take(text.as_bytes(), b"0000-00-00T00:00:00")?;
    let part = |place: Range<usize>| value_of(local.get(place).unwrap_or_default());
    let (year, month, day) = (part(0..4), part(5..7), part(8..10));
    let (hour, minute, second) = (part(11..13), part(14..16), part(17..19));
    let (nanos, rest) = take_fraction(rest)?;
    let (offset, rest) = take_offset(rest)?;
    if !rest.is_empty() {
        return Err("goes on after its end");
    }
    if second == 60 {
        return Err("is a leap second, which cannot be kept: give the second before or after");
    }
    let year = i32::try_from(year).unwrap_or_default();
    let date = NaiveDate::from_ymd_opt(year, month, day).ok_or("is a day that does not exist")?;
    let local = date.and_hms_opt(hour, minute, second).ok_or("is an hour that does not exist")?;
    let time = Time { seconds: local.and_utc().timestamp() - offset, nanos };
    if time < Time::MIN || time > Time::MAX {
        return Err("is outside the years 1 to 9999");
    }
    Ok(time)
}

/// Takes a part of a text that has the given form, in which a 0 stands for any digit.
#[inline]
fn take<'t, const BYTES: usize>(
    text: &'t [u8],
    form: &[u8; BYTES],
) -> Reading<(&'t [u8; BYTES], &'t [u8])> {
    let Some((part, rest)) = text.split_first_chunk() else {
        check(text, form)?;
        return Err("is not complete");
    };
    check(part, form)?;
    Ok((part, rest))
}

/// Checks that a text has the given form as far as it goes.
#[inline]
fn check(text: &[u8], form: &[u8]) -> Reading<()> {
    for (byte, form) in text.iter().zip(form) {
        match form {
            b'0' if !byte.is_ascii_digit() => {
                return Err("has something else where a digit belongs");
            }
            b'T' if !matches!(byte, b'T' | b't') => {
                return Err("has no 'T' between day and hour");
            }
            b'-' | b':' if byte != form => {
                return Err("has something else where '-' or ':' belongs");
            }
            _ => {}
        }
    }
    Ok(())
}

/// Takes a fraction of a second, if there is one, as nanoseconds.
fn take_fraction(text: &[u8]) -> Reading<(u32, &[u8])> {
    let Some(fraction) = text.strip_prefix(b".") else { return Ok((0, text)) };
    let count = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if count == 0 {
        return Err("has no digit after the point");
    }
    if count > FRACTION_DIGITS_MAX {
        return Err("has more than nine digits after the point");
    }
    let (digits, rest) = fraction.split_at_checked(count).unwrap_or_default();
    let nanos = (count..FRACTION_DIGITS_MAX).fold(value_of(digits), |nanos, _| nanos * 10);
    Ok((nanos, rest))
}

/// Takes `Z` or an offset, as seconds east of UTC.
fn take_offset(text: &[u8]) -> Reading<(i64, &[u8])> {
    let (sign, offset) = match text.split_first() {
        Some((b'Z' | b'z', rest)) => return Ok((0, rest)),
        Some((b'+', offset)) => (1, offset),
        Some((b'-', offset)) => (-1, offset),
        Some(_) => return Err("has no 'Z' or offset after the seconds"),
        None => return Err("has no 'Z' or offset at its end"),
    };
    let (&[h, hh, _, m, mm], rest) = take(offset, b"00:00")?;
    let (hours, minutes) = (value_of(&[h, hh]), value_of(&[m, mm]));
    if hours > 23 || minutes > 59 {
        return Err("has an offset of a day or more");
    }
    Ok((sign * i64::from(hours * 3_600 + minutes * 60), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_written_so_is_canonical() {
        for text in [
            "2026-11-21T09:00:00Z",
            "2026-11-21T09:00:00.5Z",
            "0001-01-01T00:00:00.000000001Z",
            "9999-12-31T23:59:59.999999999Z",
        ] {
            assert_eq!(Time::parse_canonical(text).unwrap().to_text(), text);
        }
        for text in [
            "",
            "2026-11-21T09:00:00",
            "2026-11-21t09:00:00Z",
            "2026-11-21T09:00:00z",
            "2026-11-21T09:00:00.0Z",
            "2026-11-21T09:00:00.50Z",
            "2026-11-21T09:00:00+00:00",
            "2026-11-31T09:00:00Z",
            "2026-11-21T09:00:60Z",
        ] {
            assert_eq!(Time::parse_canonical(text), None, "{text}");
        }
    }

    #[test]
    fn times_are_normalised_to_utc() {
        let cases = [
            ("2026-11-21T09:00:00Z", "2026-11-21T09:00:00Z"),
            ("2026-11-21t09:00:00z", "2026-11-21T09:00:00Z"),
            ("2026-11-21T09:00:00.123456789Z", "2026-11-21T09:00:00.123456789Z"),
            ("2026-11-21T09:00:00.120000000Z", "2026-11-21T09:00:00.12Z"),
            ("2026-11-21T09:00:00.000Z", "2026-11-21T09:00:00Z"),
            ("2026-11-21T09:00:00.000000001Z", "2026-11-21T09:00:00.000000001Z"),
            ("2026-11-21T09:00:00+00:00", "2026-11-21T09:00:00Z"),
            ("2026-11-21T09:00:00-00:00", "2026-11-21T09:00:00Z"),
            ("2026-11-21T00:30:00+01:00", "2026-11-20T23:30:00Z"),
            ("2026-12-31T23:30:00.5-05:45", "2027-01-01T05:15:00.5Z"),
            ("2024-02-28T23:59:59-23:59", "2024-02-29T23:58:59Z"),
            ("2000-02-29T00:00:00Z", "2000-02-29T00:00:00Z"),
            ("1969-12-31T23:59:59.25Z", "1969-12-31T23:59:59.25Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
            ("0000-12-31T23:30:00-00:30", "0001-01-01T00:00:00Z"),
            ("9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.999999999Z"),
        ];
        for (text, expected) in cases {
            let time = Time::parse(text).unwrap();
            assert_eq!(time.to_text(), expected, "{text}");
            assert_eq!(Time::parse(expected).unwrap(), time);
        }
    }

    #[test]
    fn what_is_not_a_time_is_refused_with_the_reason() {
        let cases = [
            ("", "is not complete"),
            ("2026-11-21", "is not complete"),
            ("2026-11-21T09:00Z", "has something else where '-' or ':' belongs"),
            ("2026-11-21T09:00:00", "has no 'Z' or offset at its end"),
            ("2026-11-21T09:00:00.5", "has no 'Z' or offset at its end"),
            ("2026-11-21 09:00:00Z", "has no 'T' between day and hour"),
            ("2026-11-21T09:00:00 Z", "has no 'Z' or offset after the seconds"),
            ("2026-11-21T09:00:00,5Z", "has no 'Z' or offset after the seconds"),
            ("2026-11-21T09:00:00.Z", "has no digit after the point"),
            ("2026-11-21T09:00:00.0000000000Z", "has more than nine digits after the point"),
            ("2026-11-21T09:00:00Zx", "goes on after its end"),
            ("2026-11-21T09:00:00+1", "is not complete"),
            ("2026-11-21T09:00:00+0100", "has something else where '-' or ':' belongs"),
            ("2026-11-21T09:00:00+24:00", "has an offset of a day or more"),
            ("2026-11-21T09:00:00+00:60", "has an offset of a day or more"),
            ("2026/11/21T09:00:00Z", "has something else where '-' or ':' belongs"),
            (" 2026-11-21T09:00:00Z", "has something else where a digit belongs"),
            ("+026-11-21T09:00:00Z", "has something else where a digit belongs"),
            ("2026-1-21T09:00:00Z", "has something else where a digit belongs"),
            ("2026-11-2\u{661}T09:00:00Z", "has something else where a digit belongs"),
            ("2026-00-21T09:00:00Z", "is a day that does not exist"),
            ("2026-13-21T09:00:00Z", "is a day that does not exist"),
            ("2026-11-31T09:00:00Z", "is a day that does not exist"),
            ("2026-11-00T09:00:00Z", "is a day that does not exist"),
            ("2023-02-29T09:00:00Z", "is a day that does not exist"),
            ("1900-02-29T09:00:00Z", "is a day that does not exist"),
            ("2026-11-21T24:00:00Z", "is an hour that does not exist"),
            ("2026-11-21T09:60:00Z", "is an hour that does not exist"),
            ("2026-11-21T09:00:61Z", "is an hour that does not exist"),
            (
                "2016-12-31T23:59:60Z",
                "is a leap second, which cannot be kept: give the second before or after",
            ),
            ("0000-12-31T23:59:59Z", "is outside the years 1 to 9999"),
            ("0001-01-01T00:00:00+00:01", "is outside the years 1 to 9999"),
            ("9999-12-31T23:59:59-00:01", "is outside the years 1 to 9999"),
        ];
        for (text, reason) in cases {
            let error = Time::parse(text).expect_err(text);
            let expected = format!("a time is written as 2026-11-21T09:00:00Z; this one {reason}");
            assert_eq!(error.message(), expected, "{text}");
            assert_eq!(error.name(), "TIME");
        }
    }

    #[test]
    fn times_order_as_instants() {
        let times = [
            "0001-01-01T00:00:00Z",
            "1969-12-31T23:59:59.9Z",
            "1970-01-01T00:00:00Z",
            "2026-11-21T10:00:00+02:00",
            "2026-11-21T09:00:00Z",
            "2026-11-21T09:00:00.000000001Z",
        ];
        let times: Vec<Time> = times.iter().map(|text| Time::parse(text).unwrap()).collect();
        assert!(times.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn adding_nanoseconds_carries_and_stops_at_the_end() {
        let plus = |text: &str, nanos| Time::parse(text).unwrap().plus_nanos(nanos).to_text();
        assert_eq!(plus("2026-12-31T23:59:59.999999999Z", 1), "2027-01-01T00:00:00Z");
        assert_eq!(plus("1969-12-31T23:59:59.5Z", 1_750_000_000), "1970-01-01T00:00:01.25Z");
        assert_eq!(plus("2026-01-01T00:00:00Z", 0), "2026-01-01T00:00:00Z");
        assert_eq!(plus("2026-01-01T00:00:00Z", u64::MAX), "2610-07-22T23:34:33.709551615Z");
        assert_eq!(Time::MAX.plus_nanos(1), Time::MAX);
    }

    #[test]
    fn unix_times_convert_and_clamp() {
        let text = |seconds, nanos| Time::from_unix(seconds, nanos).to_text();
        assert_eq!(text(0, 0), "1970-01-01T00:00:00Z");
        assert_eq!(text(-1, 250_000_000), "1969-12-31T23:59:59.25Z");
        assert_eq!(text(1, 2_500_000_000), "1970-01-01T00:00:03.5Z");
        assert_eq!(text(i64::MIN, 0), "0001-01-01T00:00:00Z");
        assert_eq!(text(i64::MAX, u32::MAX), "9999-12-31T23:59:59.999999999Z");
        assert_eq!(Time::MIN.to_text(), "0001-01-01T00:00:00Z");
        let millis = |text| Time::parse(text).unwrap().unix_millis();
        assert_eq!(millis("1970-01-01T00:00:01.9999Z"), 1_999);
        assert_eq!(millis("1969-12-31T23:59:59.9999Z"), -1);
        assert_eq!(Time::MIN.unix_millis(), -62_135_596_800_000);
    }
}
