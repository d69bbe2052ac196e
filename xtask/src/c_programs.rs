//! Runs the C examples and the C tests: as they are, under valgrind, and under AddressSanitizer.
//!
//! The examples are built and compared with what they should print by `examples-c/Makefile`; the
//! programs of `tests/c` need no argument and no input, and end with 0 when all is well.

use std::path::{Path, PathBuf};
use std::thread;

use crate::call::Call;
use crate::library::{self, Library};
use crate::suite::{self, Tally};
use crate::{Result, compiler, place};

/// Without the debugger's pipe, which a program that gives up its rights could not remove.
const VALGRIND: &str = "valgrind -q --vgdb=no --leak-check=full --show-leak-kinds=all \
                        --errors-for-leak-kinds=all --error-exitcode=9";

/// Which integration tests start C programs.
const TESTS_IN_C: &str = "scripts ids_cases bad_input";

/// How the programs are started.
struct Way {
    name: &'static str,
    /// What stands before each program.
    starter: &'static str,
    library: Library,
}

/// Runs the programs as they are.
pub(crate) fn run_natively() -> Result<String> {
    run(&Way { name: "native", starter: "", library: library::release()? })
}

/// Runs the programs under valgrind, with the library as it is shipped.
pub(crate) fn run_valgrind() -> Result<String> {
    run(&Way { name: "valgrind", starter: VALGRIND, library: library::release()? })
}

/// Runs the programs with AddressSanitizer in them and in the library; then the integration tests
/// that start C programs, so that all of `fixtures/scripts` passes through the C interface so.
pub(crate) fn run_sanitised() -> Result<String> {
    let note = run(&Way { name: "asan", starter: "", library: library::sanitised()? })?;
    let ending = library::sanitised_tests()?.arg("--").words(TESTS_IN_C).end()?;
    let tests = suite::count(&ending, &mut Tally::default())?;
    Ok(format!("{note}; integration tests in C: {tests}"))
}

/// Builds `tests/c/easy.c` into programs that need no shared library at all, in C and in the oldest
/// C++, without a warning of the compiler or the linker, and runs them.
pub(crate) fn run_static() -> Result<String> {
    let library = library::for_static_programs()?;
    let folder = place::scratch("static")?;
    let dialects = [
        ("gcc", "-std=c99"),
        ("clang", "-std=c99"),
        ("g++", "-std=c++98"),
        ("clang++", "-std=c++98"),
    ];
    for (compiler, dialect) in dialects {
        let program = folder.join(compiler);
        let language = if compiler.ends_with("++") { "c++" } else { "c" };
        Call::new(compiler)
            .words("-static -Wl,--fatal-warnings")
            .arg(dialect)
            .words(compiler::WARNINGS)
            .arg(format!("-I{}", place::root().join("include").display()))
            .arg(format!("-I{}", place::root().join("bindings/c").display()))
            .arg("-o")
            .path(&program)
            .words("-x")
            .arg(language)
            .path(&place::root().join("tests/c/easy.c"))
            .words("-x none")
            .path(&library)
            .run()?;
        Call::new(program.display().to_string()).folder(&folder).run()?;
    }
    Ok(format!("{} static programs without a warning", dialects.len()))
}

/// Runs all side by side; one failure does not hide another.
fn run(way: &Way) -> Result<String> {
    let sources = place::files(&place::root().join("tests/c"), "c")?;
    let (examples, programs) = thread::scope(|scope| {
        let start = |source| scope.spawn(move || run_program(way, source));
        let running: Vec<_> = sources.iter().map(PathBuf::as_path).map(start).collect();
        let examples = run_examples(way);
        let died = |_| Err("a thread of the check died".to_owned());
        let ended = running.into_iter().map(|thread| thread.join().unwrap_or_else(died));
        (examples, ended.collect::<Vec<Result<()>>>())
    });
    let failures: Vec<&str> = programs
        .iter()
        .filter_map(|done| done.as_ref().err())
        .chain(examples.as_ref().err())
        .map(String::as_str)
        .collect();
    if !failures.is_empty() {
        return Err(failures.join("\n"));
    }
    Ok(format!("{}; tests/c: {} programs end well", examples?, sources.len()))
}

fn run_program(way: &Way, source: &Path) -> Result<()> {
    let stem = source.file_stem().unwrap_or_default().to_string_lossy();
    let folder = place::scratch(&format!("c-{}/{stem}", way.name))?;
    let program = compiler::compile(source, &way.library, &folder)?;
    let mut words = way.starter.split_whitespace();
    let call = match words.next() {
        Some(starter) => Call::new(starter).words(&words.collect::<Vec<_>>().join(" ")),
        None => Call::new("env"),
    };
    let library = way.library.folder.display().to_string();
    call.path(&program).variable("LD_LIBRARY_PATH", library).folder(&folder).run()?;
    Ok(())
}

fn run_examples(way: &Way) -> Result<String> {
    let folder = place::scratch(&format!("examples-{}", way.name))?;
    let flags = format!("-std=c99 -O1 -g {} {}", compiler::WARNINGS, way.library.flags);
    let printed = Call::new("make")
        .words("--no-print-directory --keep-going -C examples-c check")
        .arg(format!("BUILD={}", folder.display()))
        .arg(format!("LIBDIR={}", way.library.folder.display()))
        .arg(format!("CFLAGS={}", flags.trim_end()))
        .arg(format!("RUN={}", way.starter))
        .run()?;
    let last = printed.lines().rfind(|line| line.starts_with("examples-c: "));
    last.map(str::to_owned).ok_or_else(|| format!("make did not say what it ran:\n{printed}"))
}
