//! The rules about the sources that neither rustfmt nor clippy knows.
//!
//! Every rule is a function from sources to faults in a file of its own; none reads the disk, so
//! that each is shown by a test to find what it is there for.

mod documents;
mod functions;
mod imports;
mod items;
mod mask;
mod modules;
mod names;
mod text;

use std::fmt;
use std::path::Path;

pub(crate) use mask::code_of;

use crate::{Result, place};

/// A file of the project.
pub(crate) struct Source {
    /// Its path from the project's folder.
    path: String,
    /// What it says.
    text: String,
    /// What it says, without comments and the contents of literals; see [`mask::code_of`].
    code: String,
}

/// A place where a rule is broken.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    path: String,
    line: usize,
    message: String,
}

type Rule = fn(&[Source]) -> Vec<Fault>;

const RULES: &[Rule] = &[
    documents::broken_links,
    documents::undocumented_functions,
    functions::long_functions,
    functions::long_files,
    imports::forbidden_imports,
    items::missing_introductions,
    items::orphans,
    items::unfinished,
    items::unguarded,
    names::banned_names,
    text::foreign_characters,
    text::long_lines,
];

/// The files that are read; of all others only the names are looked at.
const ENDINGS: &[&str] = &["rs", "c", "h", "toml", "md", "symbols", "sh", "swift"];

/// Applies all rules to the project.
pub(crate) fn run() -> Result<String> {
    let sources = sources(&place::root())?;
    let mut faults: Vec<Fault> = RULES.iter().flat_map(|rule| rule(&sources)).collect();
    if faults.is_empty() {
        return Ok(format!("{} rules on {} files", RULES.len(), sources.len()));
    }
    faults.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
    let lines: Vec<String> = faults.iter().map(Fault::to_string).collect();
    Err(format!("{}\n{} places are untidy: cargo xtask tidy", lines.join("\n"), lines.len()))
}

fn sources(root: &Path) -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    for path in place::project_files(root)? {
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        let is_read = ENDINGS.contains(&ending)
            || path.ends_with("Makefile")
            || (path.starts_with(".ci") && ending.is_empty());
        let text = if is_read { place::read(&root.join(&path))? } else { String::new() };
        sources.push(Source::new(&path.display().to_string(), text));
    }
    Ok(sources)
}

impl Source {
    fn new(path: &str, text: impl Into<String>) -> Source {
        let text = text.into();
        let code = if path.ends_with(".rs") || path.ends_with(".c") || path.ends_with(".h") {
            code_of(&text)
        } else {
            String::new()
        };
        Source { path: path.to_owned(), text, code }
    }

    fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    fn is_c(&self) -> bool {
        self.path.ends_with(".c") || self.path.ends_with(".h")
    }

    fn fault(&self, line: usize, message: impl Into<String>) -> Fault {
        Fault { path: self.path.clone(), line, message: message.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_project_is_tidy() {
        let found = run();
        assert!(found.is_ok(), "{}", found.unwrap_err());
    }

    #[test]
    fn a_fault_names_its_place() {
        let fault = Source::new("src/a.rs", "").fault(7, "too long");
        assert_eq!(fault.to_string(), "src/a.rs:7: too long");
    }
}
