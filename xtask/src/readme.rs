//! What the pages of documentation show is true: their recipes are run word for word.
//!
//! A block for the shell (`sh`) is run in a copy of the project's folder that is made of links, in
//! which the first program of the page, or else of README.md, is called `first`, as readers are
//! told to call it. `sh excerpt` is a part of a recipe and not run. Blocks of Rust are tests of
//! rustdoc's; those of Go and Swift are run by the tests of the bindings, and `text` is what
//! something prints.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::call::Call;
use crate::go_toolchain::Go;
use crate::suite::{self, Tally};
use crate::trixie::Trixie;
use crate::{Result, library, place, swift_toolchain};

/// A fenced block: its language, its first line's number and its text.
#[derive(Debug, PartialEq, Eq)]
struct Block {
    language: String,
    line: usize,
    text: String,
}

/// Where the commands of a page are run.
enum Shell {
    Machine,
    Go(Go),
    Swift(Trixie),
}

/// How commands begin: such lines are recipes, and stand in blocks for the shell.
const COMMANDS: &[&str] =
    &["$ ", "./", "cargo ", "cc ", "export ", "gcc ", "git ", "go ", "make ", "swift "];

/// Runs the recipes of all pages, and the blocks of Rust in README.md.
pub(crate) fn run(tally: &mut Tally) -> Result<String> {
    // What readers are told to do first.
    let library = library::release()?;
    let mut scripts = 0;
    for page in pages()? {
        let blocks = blocks(&place::read(&place::root().join(&page))?);
        check_languages(&blocks).map_err(|message| format!("{page}:{message}"))?;
        let recipes: Vec<&Block> = blocks.iter().filter(|block| block.language == "sh").collect();
        if recipes.is_empty() {
            continue;
        }
        let shell = match page.as_str() {
            "bindings/go/README.md" => Shell::Go(Go::with(&library)?),
            "bindings/swift/README.md" => Shell::Swift(swift_toolchain::compiler()?),
            _ => Shell::Machine,
        };
        let view = view(&page, &blocks)?;
        for recipe in recipes {
            let run = shell.run(recipe, &view);
            run.map_err(|message| format!("{page}:{}: {message}", recipe.line))?;
            scripts += 1;
        }
    }
    let readme = place::root().join("README.md");
    let has_rust = blocks(&place::read(&readme)?).iter().any(|block| block.language == "rust");
    let rust = if has_rust { run_rust(&readme, tally)? } else { "none".to_owned() };
    Ok(format!("recipes: {scripts}, Rust: {rust}"))
}

/// Every page with text for people, from the project's folder.
fn pages() -> Result<Vec<String>> {
    let files = place::project_files(&place::root())?.into_iter();
    let pages = files.filter(|file| file.extension().is_some_and(|ending| ending == "md"));
    Ok(pages.map(|page| page.display().to_string()).collect())
}

/// Each block has a language that says what becomes of it, and no recipe escapes.
fn check_languages(blocks: &[Block]) -> Result<()> {
    for Block { language, line, text } in blocks {
        let is_known = ["c", "go", "json", "rust", "sh", "sh excerpt", "swift", "text", "toml"]
            .contains(&language.as_str());
        if !is_known {
            return Err(format!("{line}: there is no way to see to a block of {language:?}"));
        }
        let is_command = |line: &str| COMMANDS.iter().any(|command| line.starts_with(command));
        if language == "text" && text.lines().any(is_command) {
            return Err(format!(
                "{line}: commands are a block of \"sh\", which is run, or of \"sh excerpt\""
            ));
        }
    }
    Ok(())
}

/// A folder that looks like the project's, and in which files can be made.
fn view(page: &str, blocks: &[Block]) -> Result<PathBuf> {
    let folder = place::scratch(&format!("pages/{}", page.replace('/', "-")))?;
    let root = place::root();
    let link = |to: &Path, name: &std::ffi::OsStr| {
        symlink(to, folder.join(name)).map_err(|error| format!("{}: {error}", to.display()))
    };
    for entry in std::fs::read_dir(&root).map_err(|error| error.to_string())? {
        let name = entry.map_err(|error| error.to_string())?.file_name();
        if name != "target" {
            link(&root.join(&name), &name)?;
        }
    }
    link(&place::target(), "target".as_ref())?;
    let readme = self::blocks(&place::read(&root.join("README.md"))?);
    for (language, name) in [("c", "first.c"), ("go", "first.go")] {
        let program = blocks.iter().chain(&readme).find(|block| block.language == language);
        if let Some(program) = program {
            place::write(&folder.join(name), &program.text)?;
        }
    }
    Ok(folder)
}

impl Shell {
    fn run(&self, recipe: &Block, view: &Path) -> Result<()> {
        let lines: Vec<&str> = recipe.text.lines().filter(|line| !is_check(line)).collect();
        // In the view cargo would take the project for another one, and build all of it anew.
        let cargo =
            format!("cargo() {{ (cd '{}' && command cargo \"$@\"); }}", place::root().display());
        let script = format!("{cargo}\n{}", lines.join("\n"));
        let call = match self {
            Shell::Machine => Call::new("sh"),
            Shell::Go(go) => go.plain_call("sh"),
            Shell::Swift(trixie) => trixie
                .call(&[&place::root(), &place::target()])
                .arg(format!("SWIFTPM_BUILD_DIR={}", place::target().join("swift-page").display()))
                .arg("env")
                .arg(format!("--chdir={}", view.display()))
                .arg("sh"),
        };
        call.arg("-euc").arg(script).folder(view).run().map(drop)
    }
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
        let run = |text: &str| {
            let block = Block { language: "sh".to_owned(), line: 1, text: text.to_owned() };
            Shell::Machine.run(&block, &place::root())
        };
        assert!(run("true\ncargo xtask check\n").is_ok());
        assert!(run("false\ntrue\n").is_err());
    }

    #[test]
    fn no_recipe_escapes_as_a_text() {
        let check = |language: &str, text: &str| {
            let block = Block { language: language.to_owned(), line: 1, text: text.to_owned() };
            check_languages(&[block])
        };
        assert!(check("text", "1.1 Buy paint\n").is_ok());
        assert!(check("text", "cc -o first first.c\n").is_err());
        assert!(check("sh excerpt", "cc -o first first.c\n").is_ok());
        assert!(check("", "x\n").is_err());
    }
}
