//! Builds the shared library in the forms that the steps link against.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::call::Call;
use crate::{Result, place};

/// The name that programs ask the loader for.
pub(crate) const SONAME: &str = "libnanostore.so.0";

const SANITISER: &str = "-fsanitize=address";

/// A built library.
pub(crate) struct Library {
    /// The shared library itself.
    pub(crate) file: PathBuf,
    /// A folder with the names under which linker and loader look for it, and nothing else.
    pub(crate) folder: PathBuf,
    /// What a C compiler needs to be told besides where it is.
    pub(crate) flags: &'static str,
}

/// The library as it is shipped.
pub(crate) fn release() -> Result<Library> {
    Call::cargo().words("build --release --lib --package nanostore").run()?;
    place_in("release", &place::target().join("release"), "")
}

/// The library for programs that are linked statically, built as `bindings/c/README.md` says.
pub(crate) fn for_static_programs() -> Result<PathBuf> {
    let folder = place::target().join("static");
    Call::cargo()
        .words("rustc --release --lib --package nanostore --crate-type staticlib --target-dir")
        .path(&folder)
        .run()?;
    Ok(folder.join("release/libnanostore.a"))
}

/// The library with AddressSanitizer in it, and the leak checker that comes along.
pub(crate) fn sanitised() -> Result<Library> {
    sanitised_tests()?.arg("--no-run").run()?;
    place_in("asan", &place::target().join("asan").join(host()?).join("debug/deps"), SANITISER)
}

/// The integration tests with AddressSanitizer in them, in the library and in their C programs.
pub(crate) fn sanitised_tests() -> Result<Call> {
    Ok(Call::cargo()
        // The sanitisers are not stable yet; this lets a stable compiler use them.
        .variable("RUSTC_BOOTSTRAP", "1")
        .variable("RUSTFLAGS", "-Zsanitizer=address")
        .variable("CFLAGS", SANITISER)
        .words("test --package nanostore --test it --target")
        .arg(host()?)
        .arg("--target-dir")
        .path(&place::target().join("asan")))
}

fn place_in(name: &str, built: &Path, flags: &'static str) -> Result<Library> {
    let file = built.join("libnanostore.so");
    let folder = place::scratch(&format!("lib-{name}"))?;
    for link in [SONAME, "libnanostore.so"] {
        let link = folder.join(link);
        symlink(&file, &link).map_err(|error| format!("{}: {error}", link.display()))?;
    }
    Ok(Library { file, folder, flags })
}

/// The triple of this machine.
pub(crate) fn host() -> Result<String> {
    let version = Call::new("rustc").arg("-vV").run()?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| "rustc -vV names no host".to_owned())
}
