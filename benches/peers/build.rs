//! Links with the shared library in the folder that `NANOSTORE_LIBRARY` names.
#![allow(clippy::disallowed_methods, reason = "the library's rules are not those of this program")]

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-env-changed=NANOSTORE_LIBRARY");
    if let Ok(folder) = std::env::var("NANOSTORE_LIBRARY") {
        println!("cargo::rustc-link-search=native={folder}");
    }
    println!("cargo::rustc-link-lib=dylib=nanostore");
    println!("cargo::rustc-env=COMPILER={}", compiler());
}

/// What compiles this, as reports name it.
fn compiler() -> String {
    let program = std::env::var("RUSTC").expect("cargo names it");
    let output = Command::new(program).arg("--version").output().expect("it runs");
    let version = String::from_utf8_lossy(&output.stdout).into_owned();
    version.split(" (").next().unwrap_or_default().to_owned()
}
