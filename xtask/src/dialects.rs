//! The headers compile in every dialect of C and C++ that a caller may use, without a warning.
//!
//! Each compilation of `nanostore.h` includes the header twice (the guard) and takes the address of
//! every function of the symbol list, so that each is declared in each dialect. `nanostore_easy.h`
//! is used by `tests/c/easy.c`.

use std::path::Path;

use crate::call::Call;
use crate::{Result, compiler, place, symbols};

/// The first of C is for `nanostore.h` only.
const C: &[&str] = &["c89", "c99", "c11", "c17"];
const CPP: &[&str] = &["c++98", "c++11", "c++17", "c++20"];

/// Compiles the headers in all dialects.
pub(crate) fn run() -> Result<String> {
    let folder = place::scratch("dialects")?;
    let c = folder.join("dialect.c");
    place::write(&c, &program(&symbols::listed()?))?;
    let easy = place::root().join("tests/c/easy.c");
    let mut count = 0;
    for (compilers, dialects, more) in
        [(["gcc", "clang"], C, "-Wstrict-prototypes -x c"), (["g++", "clang++"], CPP, "-x c++")]
    {
        for compiler in compilers {
            for dialect in dialects {
                compile(compiler, dialect, more, &c)?;
                count += 1;
                if *dialect != "c89" {
                    compile(compiler, dialect, more, &easy)?;
                    count += 1;
                }
            }
        }
    }
    Ok(format!("{count} compilations without a warning"))
}

fn compile(compiler: &str, dialect: &str, more: &str, source: &Path) -> Result<()> {
    let root = place::root();
    Call::new(compiler)
        .arg(format!("-std={dialect}"))
        .words(compiler::WARNINGS)
        .arg(format!("-I{}", root.join("include").display()))
        .arg(format!("-I{}", root.join("bindings/c").display()))
        .words("-o /dev/null -c")
        .words(more)
        .path(source)
        .run()
        .map(drop)
}

fn program(functions: &[String]) -> String {
    let mut text = String::from(
        "#include \"nanostore.h\"\n#include \"nanostore.h\"\n\
         typedef void (*any_function)(void);\n\
         extern any_function const every_function[];\n\
         any_function const every_function[] = {\n",
    );
    for function in functions {
        text += &format!("    (any_function)&{function},\n");
    }
    text += "    (any_function)0\n};\n";
    text
}
