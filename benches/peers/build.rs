//! Links with the shared library in the folder that `NANOSTORE_LIBRARY` names.
#![allow(clippy::disallowed_methods, reason = "the library's rules are not those of this program")]

fn main() {
    println!("cargo::rerun-if-env-changed=NANOSTORE_LIBRARY");
    if let Ok(folder) = std::env::var("NANOSTORE_LIBRARY") {
        println!("cargo::rustc-link-search=native={folder}");
    }
    println!("cargo::rustc-link-lib=dylib=nanostore");
}
