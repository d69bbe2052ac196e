//! Swift 6, from Debian 13, and the library as SwiftPM finds it.

use std::os::unix::fs::symlink;
use std::path::PathBuf;

use crate::call::Call;
use crate::library::{Library, SONAME};
use crate::trixie::Trixie;
use crate::{Result, place};

/// The Swift compiler with the library that its programs are linked to.
pub(crate) struct Swift {
    trixie: Trixie,
    /// The library and its description for pkg-config, under names that hold in there, too.
    library: PathBuf,
}

impl Swift {
    /// Sees to it that the compiler is here.
    pub(crate) fn with(library: &Library) -> Result<Swift> {
        Ok(Swift { trixie: compiler()?, library: described(library)? })
    }

    /// A call of a program beside the compiler.
    pub(crate) fn call(&self, program: &str) -> Call {
        let library = self.library.display();
        self.trixie
            .call(&[&place::root(), &place::target()])
            .arg(format!("LD_LIBRARY_PATH={library}"))
            .arg(format!("PKG_CONFIG_PATH={library}"))
            .arg(program)
    }

    /// A call of SwiftPM on the binding's package: `swift test`, `swift build`.
    pub(crate) fn package(&self, verb: &str) -> Call {
        self.call("swift")
            .arg(verb)
            .arg("--package-path")
            .path(&place::root().join("bindings/swift"))
            .arg("--scratch-path")
            .path(&place::target().join("swift"))
            .words("-Xswiftc -warnings-as-errors")
    }
}

/// The compiler alone.
pub(crate) fn compiler() -> Result<Trixie> {
    Trixie::with(&["swiftlang", "libstdc++-14-dev"])
}

/// A folder with the library under its names and its description for pkg-config, by which SwiftPM
/// finds header and library as it would find an installed one.
fn described(library: &Library) -> Result<PathBuf> {
    let folder = place::scratch("lib-swift")?;
    for name in ["libnanostore.so", SONAME] {
        let link = folder.join(name);
        symlink(&library.file, &link).map_err(|e| format!("{}: {e}", link.display()))?;
    }
    let description = format!(
        "Name: nanostore\nDescription: the library of this source tree\nVersion: {}\n\
         Libs: -L{} -lnanostore\nCflags: -I{}\n",
        env!("CARGO_PKG_VERSION"),
        folder.display(),
        place::root().join("include").display()
    );
    place::write(&folder.join("nanostore.pc"), &description)?;
    Ok(folder)
}
