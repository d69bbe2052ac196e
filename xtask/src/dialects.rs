//! The header compiles in every dialect of C and C++ that a caller may use, without a warning.
//!
//! Each compilation includes the header twice (the guard) and takes the address of every function
//! of the symbol list, so that each is declared in each dialect.

use crate::call::Call;
use crate::{Result, compiler, place, symbols};

const C: &[&str] = &["c89", "c99", "c11", "c17"];
const CPP: &[&str] = &["c++98", "c++11", "c++17", "c++20"];

/// Compiles the header in all dialects.
pub(crate) fn run() -> Result<String> {
    let folder = place::scratch("dialects")?;
    let c = folder.join("dialect.c");
    let cpp = folder.join("dialect.cpp");
    let text = program(&symbols::listed()?);
    place::write(&c, &text)?;
    place::write(&cpp, &text)?;
    let mut count = 0;
    for (compilers, dialects, source, more) in
        [(["gcc", "clang"], C, &c, "-Wstrict-prototypes"), (["g++", "clang++"], CPP, &cpp, "")]
    {
        for compiler in compilers {
            for dialect in dialects {
                Call::new(compiler)
                    .arg(format!("-std={dialect}"))
                    .words(compiler::WARNINGS)
                    .words(more)
                    .arg(format!("-I{}", place::root().join("include").display()))
                    .words("-o /dev/null -c")
                    .path(source)
                    .run()?;
                count += 1;
            }
        }
    }
    Ok(format!("{count} compilations without a warning"))
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
