//! A JSON number: its exact text, compared by its exact value as a decimal.
//!
//! Floats would lose digits (2^64), range (1e400) and form (0.10), so none are used.

use std::cmp::Ordering;

/// Numbers of more digits before the point, or more zeros behind it, are written with an exponent.
const PLAIN_DIGITS_MAX: usize = 21;
const PLAIN_ZEROS_MAX: i64 = 6;

/// A number as it was written.
#[derive(Clone, Debug)]
pub(crate) struct Number(Box<str>);

/// A number taken apart; its value is 0.d1d2d3... times ten to the power of `magnitude`.
struct Decimal<'a> {
    negative: bool,
    whole: &'a [u8],
    fraction: &'a [u8],
    /// Zeros before the first digit that counts.
    leading: usize,
    /// Digits from the first to the last that is not zero; 0 for a number that is zero.
    significant: usize,
    magnitude: i64,
}

impl<'a> Decimal<'a> {
    fn new(text: &'a str) -> Decimal<'a> {
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (digits, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let (whole, fraction) = (whole.as_bytes(), fraction.as_bytes());
        let digits = || whole.iter().chain(fraction);
        let leading = digits().take_while(|&&digit| digit == b'0').count();
        let trailing = digits().rev().take_while(|&&digit| digit == b'0').count();
        let total = whole.len() + fraction.len();
        // The parser lets no exponent pass that does not fit.
        let exponent: i64 = exponent.parse().unwrap_or_default();
        let before_point = i64::try_from(whole.len()).unwrap_or(i64::MAX);
        let skipped = i64::try_from(leading).unwrap_or(i64::MAX);
        Decimal {
            negative,
            whole,
            fraction,
            leading,
            significant: total.saturating_sub(leading + trailing),
            magnitude: before_point.saturating_add(exponent).saturating_sub(skipped),
        }
    }

    fn digits(&self) -> impl Iterator<Item = u8> {
        self.whole.iter().chain(self.fraction).copied().skip(self.leading).take(self.significant)
    }

    /// -1, 0 or 1.
    fn sign(&self) -> i8 {
        match (self.significant, self.negative) {
            (0, _) => 0,
            (_, true) => -1,
            (_, false) => 1,
        }
    }

    fn cmp_absolute(&self, other: &Decimal<'_>) -> Ordering {
        self.magnitude.cmp(&other.magnitude).then_with(|| self.digits().cmp(other.digits()))
    }

    /// The absolute value, where it is a whole number that fits.
    fn absolute(&self) -> Option<u64> {
        if self.significant == 0 {
            return Some(0);
        }
        let places = usize::try_from(self.magnitude).ok().filter(|&places| places <= 20)?;
        let zeros = places.checked_sub(self.significant)?;
        let digits = self.digits().chain(std::iter::repeat_n(b'0', zeros));
        digits
            .map(|digit| u64::from(digit - b'0'))
            .try_fold(0_u64, |value, digit| value.checked_mul(10)?.checked_add(digit))
    }
}

impl Number {
    /// Takes a text that the parser found to be a number.
    pub(super) fn from_checked(text: &str) -> Number {
        Number(text.into())
    }

    /// The exact text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Sign (-1, 0, 1), magnitude and digits: the value is 0.d1d2d3... times ten to the power of
    /// the magnitude, the first and the last digit not being zero.
    pub(super) fn scientific(&self) -> (i8, i64, Vec<u8>) {
        let decimal = Decimal::new(&self.0);
        (decimal.sign(), decimal.magnitude, decimal.digits().collect())
    }

    /// The opposite of [`Number::scientific`], in the shortest form.
    pub(super) fn from_scientific(negative: bool, magnitude: i64, digits: &str) -> Number {
        let sign = if negative { "-" } else { "" };
        let text = match usize::try_from(magnitude) {
            Ok(0) => format!("{sign}0.{digits}"),
            Ok(places @ 1..=PLAIN_DIGITS_MAX) => match digits.split_at_checked(places) {
                Some((whole, "")) => format!("{sign}{whole}"),
                Some((whole, fraction)) => format!("{sign}{whole}.{fraction}"),
                None => format!("{sign}{digits:0<places$}"),
            },
            Err(_) if magnitude > -PLAIN_ZEROS_MAX => {
                let zeros = "0".repeat(usize::try_from(-magnitude).unwrap_or_default());
                format!("{sign}0.{zeros}{digits}")
            }
            _ => {
                let (first, rest) = digits.split_at_checked(1).unwrap_or((digits, ""));
                let point = if rest.is_empty() { "" } else { "." };
                format!("{sign}{first}{point}{rest}e{}", magnitude.saturating_sub(1))
            }
        };
        Number(text.into())
    }

    /// The value, where it is a whole number of that range; `1.0` and `1e2` are whole numbers.
    pub(crate) fn as_u64(&self) -> Option<u64> {
        let decimal = Decimal::new(&self.0);
        if decimal.sign() < 0 { None } else { decimal.absolute() }
    }

    /// The value, where it is a whole number of that range; `1.0` and `1e2` are whole numbers.
    pub(crate) fn as_i64(&self) -> Option<i64> {
        let decimal = Decimal::new(&self.0);
        let absolute = decimal.absolute()?;
        if decimal.sign() < 0 {
            0_i64.checked_sub_unsigned(absolute)
        } else {
            i64::try_from(absolute).ok()
        }
    }
}

impl From<u64> for Number {
    fn from(number: u64) -> Number {
        Number(number.to_string().into())
    }
}

impl From<i64> for Number {
    fn from(number: i64) -> Number {
        Number(number.to_string().into())
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Number) -> Ordering {
        // Nearly all numbers are small whole ones; both ways agree on them.
        if let (Ok(left), Ok(right)) = (self.0.parse::<i64>(), other.0.parse::<i64>()) {
            return left.cmp(&right);
        }
        let (left, right) = (Decimal::new(&self.0), Decimal::new(&other.0));
        left.sign().cmp(&right.sign()).then_with(|| match left.sign() {
            0 => Ordering::Equal,
            1 => left.cmp_absolute(&right),
            _ => right.cmp_absolute(&left),
        })
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Number) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Number) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Number {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_taken_exactly_or_not_at_all() {
        let cases: &[(&str, Option<u64>, Option<i64>)] = &[
            ("0", Some(0), Some(0)),
            ("-0", Some(0), Some(0)),
            ("-0.0e5", Some(0), Some(0)),
            ("0e999999999", Some(0), Some(0)),
            ("1.0", Some(1), Some(1)),
            ("1e2", Some(100), Some(100)),
            ("1200e-2", Some(12), Some(12)),
            ("0.0012e4", Some(12), Some(12)),
            ("1.5", None, None),
            ("1e-1", None, None),
            ("-7", None, Some(-7)),
            ("-7e0", None, Some(-7)),
            ("9223372036854775807", Some(i64::MAX as u64), Some(i64::MAX)),
            ("9223372036854775808", Some(1 << 63), None),
            ("-9223372036854775808", None, Some(i64::MIN)),
            ("-9223372036854775809", None, None),
            ("18446744073709551615", Some(u64::MAX), None),
            ("18446744073709551615.000", Some(u64::MAX), None),
            ("1844674407370955161.5E1", Some(u64::MAX), None),
            ("18446744073709551616", None, None),
            ("99999999999999999999", None, None),
            ("1e20", None, None),
            ("1e999999999", None, None),
            ("1e-999999999", None, None),
        ];
        for &(text, unsigned, signed) in cases {
            let number = Number::from_checked(text);
            assert_eq!((number.as_u64(), number.as_i64()), (unsigned, signed), "{text}");
            assert_eq!(number.as_str(), text);
        }
    }

    #[test]
    fn numbers_compare_by_their_exact_value() {
        let ascending: &[&str] = &[
            "-1e999999999",
            "-1e999999998",
            "-100000000000000000000000000000000000001",
            "-1e38",
            "-10.5",
            "-10",
            "-1.1",
            "-1",
            "-0.9",
            "-1e-999999999",
            "0",
            "1e-999999999",
            "0.1",
            "0.10000000000000000000000000000000000000000001",
            "0.11",
            "1",
            "1.00000000000000000000000000000000000000000001",
            "2",
            "9.99",
            "10",
            "9007199254740992",
            "9007199254740993",
            "1e100",
            "1e999999999",
        ];
        for (i, left) in ascending.iter().enumerate() {
            for (j, right) in ascending.iter().enumerate() {
                let (a, b) = (Number::from_checked(left), Number::from_checked(right));
                assert_eq!(a.cmp(&b), i.cmp(&j), "{left} {right}");
            }
        }
    }

    #[test]
    fn numbers_made_from_integers_keep_them() {
        assert_eq!(Number::from(u64::MAX).as_str(), "18446744073709551615");
        assert_eq!(Number::from(i64::MIN).as_i64(), Some(i64::MIN));
    }
}
