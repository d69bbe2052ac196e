//! Compiles and links C programs against a built library.

use std::path::{Path, PathBuf};

use crate::call::Call;
use crate::library::Library;
use crate::{Result, place};

/// The warnings under which all C of this project is compiled.
pub(crate) const WARNINGS: &str = "-Wall -Wextra -pedantic -Werror";

/// Compiles the C program `source` and links it with `library`; gives the program's path.
pub(crate) fn compile(source: &Path, library: &Library, folder: &Path) -> Result<PathBuf> {
    let stem = source.file_stem().unwrap_or_default();
    let program = folder.join(stem);
    let root = place::root();
    Call::new("gcc")
        .words("-std=c99 -g -O1 -Wstrict-prototypes")
        .words(WARNINGS)
        .words(library.flags)
        .arg(format!("-I{}", root.join("include").display()))
        .arg(format!("-I{}", root.join("bindings/c").display()))
        .arg("-o")
        .path(&program)
        .path(source)
        .arg(format!("-L{}", library.folder.display()))
        .words("-lnanostore -lpthread")
        .run()?;
    Ok(program)
}

/// Compiles the C program `source` into a library that the loader puts before all others.
pub(crate) fn compile_preloaded(source: &Path, library: &Path) -> Result<PathBuf> {
    Call::new("gcc")
        .words("-std=c99 -g -O1 -Wstrict-prototypes -shared -fPIC")
        .words(WARNINGS)
        .arg("-o")
        .path(library)
        .path(source)
        .arg("-ldl")
        .run()?;
    Ok(library.to_path_buf())
}
