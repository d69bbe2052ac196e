//! Takes comments and literals out of Rust and C, so that what is left can be searched for words.

/// The code of a text: each character of a comment is a space and each of a literal a quote mark.
///
/// Lines and columns stay where they are.
pub(crate) fn code_of(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let in_word = code.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let (length, cover) = match opaque(rest, in_word) {
            Some(found) => found,
            None => (first.len_utf8(), None),
        };
        let (here, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        match cover {
            Some(cover) => code.extend(here.chars().map(|c| if c == '\n' { c } else { cover })),
            None => code.push_str(here),
        }
        rest = after;
    }
    code
}

/// The length in bytes of the comment or literal that `rest` begins with, and what covers it.
fn opaque(rest: &str, in_word: bool) -> Option<(usize, Option<char>)> {
    if rest.starts_with("//") {
        Some((rest.find('\n').unwrap_or(rest.len()), Some(' ')))
    } else if rest.starts_with("/*") {
        Some((block_comment(rest), Some(' ')))
    } else if rest.starts_with('"') {
        Some((quoted(rest, '"'), Some('"')))
    } else if rest.starts_with('\'') {
        character(rest).map(|length| (length, Some('"')))
    } else if !in_word {
        raw_string(rest).map(|length| (length, Some('"')))
    } else {
        None
    }
}

fn block_comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut previous = ' ';
    for (place, c) in rest.char_indices() {
        match (previous, c) {
            ('/', '*') => depth += 1,
            ('*', '/') if depth <= 1 => return place + 1,
            ('*', '/') => depth -= 1,
            _ => {
                previous = c;
                continue;
            }
        }
        previous = ' ';
    }
    rest.len()
}

fn quoted(rest: &str, mark: char) -> usize {
    let mut escaped = false;
    for (place, c) in rest.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == mark {
            return place + c.len_utf8();
        }
    }
    rest.len()
}

/// A character literal; a lifetime is none.
fn character(rest: &str) -> Option<usize> {
    let mut characters = rest.chars().skip(1);
    let (first, second) = (characters.next()?, characters.next()?);
    match (first, second) {
        ('\\', _) => Some(quoted(rest, '\'')),
        (_, '\'') => Some(2 + first.len_utf8()),
        _ => None,
    }
}

fn raw_string(rest: &str) -> Option<usize> {
    let after = ["r", "br", "cr"].iter().find_map(|prefix| rest.strip_prefix(prefix))?;
    let inner = after.trim_start_matches('#');
    let hashes = after.len() - inner.len();
    let inner = inner.strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = inner.find(&end).map_or(inner.len(), |place| place + end.len());
    Some(rest.len() - inner.len() + length)
}

/// The number of the line in which the byte at `offset` lies, from 1.
pub(crate) fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

/// How many lines of a code have anything in them.
pub(crate) fn code_lines(code: &str) -> usize {
    code.lines().filter(|line| !line.trim().is_empty()).count()
}

/// The offset behind the item at the beginning of `code`: behind its block, or its semicolon.
pub(crate) fn item_end(code: &str) -> usize {
    let mut depth = 0_i32;
    for (place, c) in code.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' => depth -= 1,
            '}' => {
                depth -= 1;
                if depth == 0 {
                    return place + 1;
                }
            }
            ';' if depth == 0 => return place + 1,
            _ => {}
        }
    }
    code.len()
}

/// The code with what only tests are compiled with taken out; lines stay where they are.
pub(crate) fn without_tests(code: &str) -> String {
    let mut kept = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(place) = rest.find("#[cfg(test)]") {
        let (before, after) = rest.split_at_checked(place).unwrap_or((rest, ""));
        kept.push_str(before);
        let (item, behind) = after.split_at_checked(item_end(after)).unwrap_or((after, ""));
        kept.extend(item.chars().filter(|c| *c == '\n'));
        rest = behind;
    }
    kept + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_become_spaces_and_literals_quote_marks() {
        let cases = [
            ("a // b\nc", "a     \nc"),
            ("a /* b /* c */ d\n*/ e", "a               \n   e"),
            (r#"x("a\"b // c") y"#, "x(~~~~~~~~~~~) y"),
            (r#"f('"', '\'', 'a') <'a>"#, "f(~~~, ~~~~, ~~~) <'a>"),
            ("r#\"a\"b\"# br\"\\\" r#type", "~~~~~~~~ ~~~~~ r#type"),
            ("for_r\"x\"", "for_r~~~"),
        ];
        for (text, code) in cases {
            assert_eq!(code_of(text).replace('"', "~"), code, "{text}");
        }
    }

    #[test]
    fn what_only_tests_are_compiled_with_is_left_out() {
        let code = "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\nfn c() {}\n";
        assert_eq!(without_tests(code), "fn a() {}\n\n\n\n\nfn c() {}\n");
        assert_eq!(without_tests("#[cfg(test)]\nmod conformance;\nmod b;"), "\n\nmod b;");
        assert_eq!(without_tests("#[cfg(test)]\nuse a::{b, c};\nx"), "\n;\nx");
    }

    #[test]
    fn an_item_ends_with_its_block_or_its_semicolon() {
        assert_eq!(item_end("fn f(a: [u8; 2]) -> u8 { { 1 } } x"), 32);
        assert_eq!(item_end("mod a; x"), 6);
    }
}
