//! What the README shows is true: each of its blocks is compiled or run.
//!
//! A block of C is a whole program. Blocks of Rust are tests of rustdoc's. The lines of a block for
//! the shell are run in the project's folder, but for those that run the check itself.

use std::path::Path;

use crate::call::Call;
use crate::library::Library;
use crate::suite::{self, Tally};
use crate::{Result, compiler, library, place};

/// A fenced block: its language, its first line's number and its text.
#[derive(Debug, PartialEq, Eq)]
struct Block {
    language: String,
    line: usize,
    text: String,
}

/// Compiles and runs every block of the README.
pub(crate) fn run(tally: &mut Tally) -> Result<String> {
    let path = place::root().join("README.md");
    let blocks = blocks(&place::read(&path)?);
    let library = library::release()?;
    let (mut programs, mut scripts) = (0, 0);
    for block in &blocks {
        let result = match block.language.as_str() {
            "c" => run_c(block, &library).map(|()| programs += 1),
            "sh" => run_shell(block).map(|()| scripts += 1),
            "rust" | "json" | "text" | "toml" => Ok(()),
            other => Err(format!("there is no way to run a block of {other:?}")),
        };
        result.map_err(|message| format!("README.md:{}: {message}", block.line))?;
    }
    let rust = if blocks.iter().any(|block| block.language == "rust") {
        run_rust(&path, tally)?
    } else {
        "none".to_owned()
    };
    Ok(format!("C programs: {programs}, shell: {scripts}, Rust: {rust}"))
}

fn run_c(block: &Block, library: &Library) -> Result<()> {
    let folder = place::scratch("readme")?;
    let source = folder.join("readme.c");
    place::write(&source, &block.text)?;
    let program = compiler::compile(&source, library, &folder)?;
    Call::new(program.display().to_string())
        .variable("LD_LIBRARY_PATH", library.folder.display().to_string())
        .folder(&folder)
        .run()?;
    Ok(())
}

fn run_shell(block: &Block) -> Result<()> {
    let lines: Vec<&str> = block.text.lines().filter(|line| !is_check(line)).collect();
    Call::new("sh").arg("-euc").arg(lines.join("\n")).run()?;
    Ok(())
}

/// The check is running already; started from itself it would never end.
fn is_check(line: &str) -> bool {
    line.trim_start().starts_with("cargo xtask check") || line.trim_start().starts_with(".ci/run")
}

fn run_rust(readme: &Path, tally: &mut Tally) -> Result<String> {
    Call::cargo().words("build --lib --package nanostore").run()?;
    let built = place::target().join("debug");
    let ending = Call::new("rustdoc")
        .words("--edition 2024 --test")
        .path(readme)
        .arg("--extern")
        .arg(format!("nanostore={}", built.join("libnanostore.rlib").display()))
        .arg("-L")
        .arg(format!("dependency={}", built.join("deps").display()))
        .end()?;
    suite::count(&ending, tally)
}

fn blocks(text: &str) -> Vec<Block> {
    let mut found: Vec<Block> = Vec::new();
    let mut open = false;
    for (place, line) in text.lines().enumerate() {
        if let Some(language) = line.strip_prefix("```") {
            if !open {
                let (language, text) = (language.trim().to_owned(), String::new());
                found.push(Block { language, line: place + 2, text });
            }
            open = !open;
        } else if let Some(block) = found.last_mut().filter(|_| open) {
            block.text += line;
            block.text.push('\n');
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_found_with_their_languages_and_lines() {
        let found = blocks("# Top\n```c\nint x;\n```\ntext\n\n```sh\nls\nmake\n```\n");
        let block = |language: &str, line, text: &str| Block {
            language: language.to_owned(),
            line,
            text: text.to_owned(),
        };
        assert_eq!(found, [block("c", 3, "int x;\n"), block("sh", 8, "ls\nmake\n")]);
    }

    #[test]
    fn a_failing_line_of_the_shell_is_a_failure() {
        let block =
            |text: &str| Block { language: "sh".to_owned(), line: 1, text: text.to_owned() };
        assert!(run_shell(&block("true\ncargo xtask check\n")).is_ok());
        assert!(run_shell(&block("false\ntrue\n")).is_err());
    }
}
