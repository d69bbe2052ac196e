//! Sources are plain ASCII in at most 100 columns.

use super::{Fault, Source};

const COLUMNS_MAX: usize = 100;

/// Characters outside ASCII, tabs and trailing spaces.
pub(super) fn foreign_characters(sources: &[Source]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (source, number, line) in lines(sources) {
        if let Some(c) = line.chars().find(|c| !c.is_ascii()) {
            faults.push(source.fault(number, format!("{c} is not ASCII")));
        }
        if line.contains('\t') && !source.path.ends_with("Makefile") {
            faults.push(source.fault(number, "a tab"));
        }
        if line.ends_with([' ', '\t', '\r']) {
            faults.push(source.fault(number, "space at the end of the line"));
        }
    }
    faults
}

/// Lines of more than 100 columns.
pub(super) fn long_lines(sources: &[Source]) -> Vec<Fault> {
    lines(sources)
        .filter(|(_, _, line)| line.chars().count() > COLUMNS_MAX)
        .map(|(source, number, line)| {
            let columns = line.chars().count();
            source.fault(number, format!("{columns} columns; {COLUMNS_MAX} are the most"))
        })
        .collect()
}

/// The lines of the code; documents may speak to people in all their letters.
fn lines(sources: &[Source]) -> impl Iterator<Item = (&Source, usize, &str)> {
    sources.iter().filter(|source| !source.path.ends_with(".md")).flat_map(|source| {
        source.text.split('\n').enumerate().map(move |(place, line)| (source, place + 1, line))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_101_columns_is_found() {
        let source = |columns| Source::new("src/a.rs", format!("\n{}\n", "a".repeat(columns)));
        assert_eq!(long_lines(&[source(100)]), []);
        assert_eq!(long_lines(&[source(101)])[0].line, 2);
    }

    #[test]
    fn what_is_not_plain_ascii_is_found() {
        for text in ["x\n\u{e9}", "x\n\ta", "x\na ", "x\na\r\n"] {
            let faults = foreign_characters(&[Source::new("src/a.rs", text)]);
            assert_eq!(faults.len(), 1, "{text:?}");
            assert_eq!(faults[0].line, 2);
        }
        assert_eq!(foreign_characters(&[Source::new("README.md", "\u{e9}")]), []);
        assert_eq!(foreign_characters(&[Source::new("examples-c/Makefile", "a:\n\tb")]), []);
    }
}
