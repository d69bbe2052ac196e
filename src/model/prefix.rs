//! Which sets of prefixes make IDs that read one way only.
//!
//! The prefixes of one level of an ID stand in schema order, each dimension giving one or none. A
//! set is ambiguous when two different choices spell the same letters (`x` + `y` against `xy`).
//! Decided in the manner of Sardinas and Patterson (1953): follow two readings of one text, and
//! look only at what the longer one is ahead by, so no combination is ever enumerated.

use std::collections::BTreeSet;

use crate::error::{Error, ErrorKind, Result};

/// Letters in one prefix at most.
pub(crate) const LETTERS_MAX: usize = 16;
const PREFIXES_MAX: usize = 256;

/// Whether `text` is made of 1 to [`LETTERS_MAX`] letters a to z.
pub(crate) fn is_well_formed(text: &str) -> bool {
    (1..=LETTERS_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// One reading has just taken a prefix of dimension `behind`; the other, after one of dimension
/// `ahead`, has read `rest` more.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Lead<'a> {
    behind: usize,
    ahead: usize,
    rest: &'a str,
}

/// Refuses prefixes, given as (dimension, prefix), of which two combinations read alike.
///
/// # Errors
/// INVALID naming the prefixes; LIMIT for more than 256 of them.
pub(crate) fn check_unambiguous(prefixes: &[(usize, &str)]) -> Result<()> {
    if prefixes.len() > PREFIXES_MAX {
        return Err(Error::new(
            ErrorKind::Limit,
            format!("a schema has at most {PREFIXES_MAX} prefixes, not {}", prefixes.len()),
        ));
    }
    let mut seen = BTreeSet::new();
    let mut open = Vec::new();
    for (position, &(one, first)) in prefixes.iter().enumerate() {
        for &(other, second) in prefixes.iter().skip(position + 1) {
            if first == second {
                return Err(ambiguous(first, "is the prefix of two values"));
            }
            if let Some(rest) = second.strip_prefix(first) {
                open.push(Lead { behind: one, ahead: other, rest });
            } else if let Some(rest) = first.strip_prefix(second) {
                open.push(Lead { behind: other, ahead: one, rest });
            }
        }
    }
    while let Some(lead) = open.pop() {
        for &(dimension, prefix) in prefixes.iter().filter(|(index, _)| *index > lead.behind) {
            let next = if prefix == lead.rest {
                return Err(ambiguous(prefix, "can end a longer prefix or stand for itself"));
            } else if let Some(rest) = lead.rest.strip_prefix(prefix) {
                Lead { behind: dimension, ahead: lead.ahead, rest }
            } else if let Some(rest) = prefix.strip_prefix(lead.rest) {
                Lead { behind: lead.ahead, ahead: dimension, rest }
            } else {
                continue;
            };
            if seen.insert(next.clone()) {
                open.push(next);
            }
        }
    }
    Ok(())
}

fn ambiguous(prefix: &str, reason: &str) -> Error {
    Error::invalid(format!("the prefixes are ambiguous: '{prefix}' {reason}"))
        .named("AMBIGUOUS_PREFIXES")
        .actual(prefix)
        .hint("choose prefixes of which no combination spells another one")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Spells every combination and looks for a repeat: what the real check must not do.
    fn ambiguous_by_enumeration(prefixes: &[(usize, &str)]) -> bool {
        let dimensions = prefixes.iter().map(|(index, _)| index + 1).max().unwrap_or(0);
        let mut texts = vec![String::new()];
        for dimension in 0..dimensions {
            let longer: Vec<String> = texts
                .iter()
                .flat_map(|text| {
                    prefixes
                        .iter()
                        .filter(move |(index, _)| *index == dimension)
                        .map(move |(_, prefix)| format!("{text}{prefix}"))
                })
                .collect();
            texts.extend(longer);
        }
        let count = texts.len();
        texts.sort();
        texts.dedup();
        texts.len() != count
    }

    #[test]
    fn x_and_y_against_xy_is_refused() {
        assert!(check_unambiguous(&[(0, "x"), (0, "xy"), (1, "y")]).is_err());
        assert!(check_unambiguous(&[(0, "x"), (1, "y"), (2, "xy")]).is_err());
    }

    #[test]
    fn order_of_dimensions_decides() {
        // y comes before x here, so 'xy' has one reading only.
        assert!(check_unambiguous(&[(0, "y"), (1, "x"), (1, "xy")]).is_ok());
    }

    #[test]
    fn agrees_with_enumeration_on_every_small_set() {
        let words = ["a", "b", "ab", "ba", "aa", "aab", "bab"];
        let mut refused = 0;
        for mask in 0u32..3u32.pow(words.len() as u32) {
            let mut prefixes = Vec::new();
            let mut rest = mask;
            for word in words {
                match rest % 3 {
                    1 => prefixes.push((0, word)),
                    2 => prefixes.push((1, word)),
                    _ => {}
                }
                rest /= 3;
            }
            // A third dimension makes chains of three possible.
            prefixes.push((2, "b"));
            if prefixes.iter().filter(|(_, word)| *word == "b").count() > 1 {
                continue;
            }
            let expected = ambiguous_by_enumeration(&prefixes);
            refused += u32::from(expected);
            assert_eq!(check_unambiguous(&prefixes).is_err(), expected, "{prefixes:?}");
        }
        assert!(refused > 100);
    }
}
