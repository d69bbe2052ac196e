//! Exact sums of numbers.

use super::Number;
use crate::error::{Error, ErrorKind, Result};

/// A sum: a whole number of units, each ten to the power of `exponent`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sum {
    units: i128,
    exponent: i64,
}

impl Sum {
    /// Adds a number, exactly.
    ///
    /// # Errors
    /// LIMIT where the sum has more digits than 38.
    pub(crate) fn add(&mut self, number: &Number) -> Result<()> {
        self.added(number).ok_or_else(|| {
            Error::new(ErrorKind::Limit, "the sum has more digits than the 38 that are added up")
                .named("SUM_DIGITS")
        })
    }

    fn added(&mut self, number: &Number) -> Option<()> {
        let (sign, magnitude, digits) = number.scientific();
        if sign == 0 {
            return Some(());
        }
        let mut units =
            i128::from(sign).checked_mul(std::str::from_utf8(&digits).ok()?.parse().ok()?)?;
        let mut exponent = magnitude.checked_sub(i64::try_from(digits.len()).ok()?)?;
        if self.units == 0 {
            (self.units, self.exponent) = (units, exponent);
            return Some(());
        }
        // Both in the smaller unit.
        while exponent > self.exponent {
            (units, exponent) = (units.checked_mul(10)?, exponent - 1);
        }
        while self.exponent > exponent {
            (self.units, self.exponent) = (self.units.checked_mul(10)?, self.exponent - 1);
        }
        self.units = self.units.checked_add(units)?;
        Some(())
    }

    /// The sum in its shortest form.
    pub(crate) fn total(&self) -> Number {
        let digits = self.units.unsigned_abs().to_string();
        let short = digits.trim_end_matches('0');
        if short.is_empty() {
            return Number::from(0_u64);
        }
        let magnitude =
            self.exponent.saturating_add(i64::try_from(digits.len()).unwrap_or(i64::MAX));
        Number::from_scientific(self.units < 0, magnitude, short)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::json::{Value, parse};

    fn sum(texts: &[&str]) -> Result<String> {
        let mut sum = Sum::default();
        for text in texts {
            let Value::Number(number) = parse(text).unwrap() else { panic!("a number") };
            sum.add(&number)?;
        }
        Ok(sum.total().as_str().to_owned())
    }

    #[test]
    fn sums_are_exact() {
        for (texts, expected) in [
            (&[][..], "0"),
            (&["0.1", "0.2"], "0.3"),
            (&["9007199254740993", "1"], "9007199254740994"),
            (&["18446744073709551616", "-1", "0.5"], "18446744073709551615.5"),
            (&["1e3", "-1000"], "0"),
            (&["1e3", "-1000", "7"], "7"),
            (&["-2.50", "-2.5"], "-5"),
            (&["1e400", "1e400"], "2e400"),
            (&["0", "0.00"], "0"),
        ] {
            assert_eq!(sum(texts).unwrap(), expected, "{texts:?}");
        }
    }

    #[test]
    fn a_sum_of_too_many_digits_is_refused() {
        for texts in [
            &["1e400", "1"][..],
            &["1", "1e-400"],
            &["170141183460469231731687303715884105727", "1"],
        ] {
            assert_eq!(sum(texts).unwrap_err().name(), "SUM_DIGITS", "{texts:?}");
        }
        let long = "1".repeat(60);
        assert_eq!(sum(&[&long]).unwrap_err().kind(), ErrorKind::Limit);
    }
}
