//! No function is longer than a screen, no file longer than one subject needs.

use super::mask::{code_lines, item_end, line_of, without_tests};
use super::{Fault, Source, modules};

const FUNCTION_LINES_MAX: usize = 60;
const FILE_LINES_MAX: usize = 400;

/// Functions of more than 60 lines of code, signature and braces included.
pub(super) fn long_functions(sources: &[Source]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for source in sources.iter().filter(|source| source.is_rust() || source.is_c()) {
        let places = if source.is_rust() { rust(&source.code) } else { c(&source.code) };
        for (place, end) in places {
            let lines = code_lines(source.code.get(place..end).unwrap_or_default());
            if lines > FUNCTION_LINES_MAX {
                faults.push(source.fault(
                    line_of(&source.code, place),
                    format!("a function of {lines} lines; {FUNCTION_LINES_MAX} are the most"),
                ));
            }
        }
    }
    faults
}

/// Files of more than 400 lines of code, tests beside the code not counted.
pub(super) fn long_files(sources: &[Source]) -> Vec<Fault> {
    let mut faults = Vec::new();
    let test_only = modules::test_only(sources);
    for source in sources.iter().filter(|source| source.is_rust() || source.path.ends_with(".c")) {
        if modules::path(&source.path).is_some_and(|path| modules::is_in(&path, &test_only)) {
            continue;
        }
        let lines = code_lines(&without_tests(&source.code));
        if lines > FILE_LINES_MAX {
            let message = format!("a file of {lines} lines of code; {FILE_LINES_MAX} are the most");
            faults.push(source.fault(1, message));
        }
    }
    faults
}

fn rust(code: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for (place, _) in code.match_indices("fn ") {
        let before = code.get(..place).unwrap_or_default();
        if before.ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let item = code.get(place..).unwrap_or_default();
        found.push((place, place + item_end(item)));
    }
    found
}

/// In C a function is a block outside all others, behind a closing parenthesis.
fn c(code: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut depth = 0_i32;
    let mut start = None;
    let mut last = ' ';
    for (place, c) in code.char_indices() {
        if c == '{' {
            if last == ')' {
                start = start.or(Some((depth, place)));
            }
            depth += 1;
        } else if c == '}' {
            depth -= 1;
            if let Some((_, begin)) = start.take_if(|(outer, _)| *outer == depth) {
                found.push((begin, place + 1));
            }
        }
        if !c.is_whitespace() {
            last = c;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(lines: usize) -> String {
        "    call();\n    // a comment counts nothing\n\n".repeat(lines)
    }

    #[test]
    fn a_function_of_61_lines_is_found() {
        let source = |lines| Source::new("src/a.rs", format!("\nfn a() {{\n{}}}\n", body(lines)));
        assert_eq!(long_functions(&[source(58)]), []);
        let faults = long_functions(&[source(59)]);
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].to_string(), "src/a.rs:2: a function of 61 lines; 60 are the most");
    }

    #[test]
    fn a_c_function_of_61_lines_is_found_even_between_linkage_braces() {
        let text = |lines| {
            format!("extern \"C\" {{\nint a(void)\n{{\n{}}}\nint b(void) {{}}\n}}\n", body(lines))
        };
        assert_eq!(long_functions(&[Source::new("a.c", text(58))]), []);
        assert_eq!(long_functions(&[Source::new("a.c", text(59))]).len(), 1);
    }

    #[test]
    fn a_file_of_401_lines_is_found_and_its_tests_are_not_counted() {
        let text = |lines: usize| {
            let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "use a;\n".repeat(500));
            Source::new("src/a.rs", format!("{}{tests}", "use a;\n".repeat(lines)))
        };
        assert_eq!(long_files(&[text(400)]), []);
        assert_eq!(long_files(&[text(401)]).len(), 1);
    }
}
