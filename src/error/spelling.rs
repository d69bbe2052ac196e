//! Names and texts of callers in errors: which known name a misspelt one may have been meant to be,
//! and how much of it is shown.

/// Bytes of a name for which a guess is tried at most.
const GUESS_BYTES_MAX: usize = 64;

/// The known name that differs from `name` in at most two letters, if there is one.
pub(crate) fn nearest<'a>(name: &str, known: &'a [String]) -> Option<&'a str> {
    if name.len() > GUESS_BYTES_MAX {
        return None;
    }
    known
        .iter()
        .filter(|candidate| candidate.len() <= 2 * GUESS_BYTES_MAX)
        .map(|candidate| (distance(name, candidate), candidate.as_str()))
        .filter(|(distance, candidate)| *distance <= 2 && *distance < candidate.len())
        .min()
        .map(|(_, candidate)| candidate)
}

/// How many letters must be put in, taken out or changed to turn `left` into `right`.
fn distance(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.chars().count()).collect();
    for (line, from) in left.chars().enumerate() {
        let mut diagonal = line;
        let mut before = line + 1;
        let mut next = vec![before];
        for (above, to) in row.iter().skip(1).zip(right.chars()) {
            before = (diagonal + usize::from(from != to)).min(above + 1).min(before + 1);
            diagonal = *above;
            next.push(before);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

/// A text as an error shows it: at most `most` characters of it, none of them a control character.
pub(crate) fn shown(text: &str, most: usize) -> String {
    let mut short = String::new();
    for character in text.chars().take(most) {
        if character.is_control() {
            short.extend(character.escape_default());
        } else {
            short.push(character);
        }
    }
    if text.chars().nth(most).is_some() {
        short.push_str("...");
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_letters() {
        for (left, right, expected) in
            [("", "", 0), ("", "ab", 2), ("ab", "", 2), ("kitten", "sitting", 3), ("a", "a", 0)]
        {
            assert_eq!(distance(left, right), expected, "{left} {right}");
        }
    }

    #[test]
    fn the_nearest_name_is_near() {
        let known = ["title", "body", "id"].map(str::to_owned);
        for (name, expected) in [
            ("titel", Some("title")),
            ("bdy", Some("body")),
            ("di", None),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(name, &known), expected, "{name}");
        }
        assert_eq!(nearest(&"x".repeat(1_000_000), &known), None);
    }

    #[test]
    fn long_texts_are_cut_and_control_characters_escaped() {
        assert_eq!(shown("a\u{0}\n\\'\u{e9}", 9), "a\\u{0}\\n\\'\u{e9}");
        assert_eq!((shown("abc", 3), shown("abcd", 3)), ("abc".to_owned(), "abc...".to_owned()));
    }
}
