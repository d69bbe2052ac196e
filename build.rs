//! Gives the shared library of a development build the soname that the released one has, and a file
//! of that name beside it, which the loader looks for.

use std::os::unix::fs::symlink;
use std::path::Path;

const SONAME: &str = "libnanostore.so.0";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let system = std::env::var_os("CARGO_CFG_TARGET_OS").unwrap_or_default();
    let systems = ["linux", "freebsd", "netbsd", "openbsd", "dragonfly"];
    if systems.iter().any(|known| system == *known) {
        println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,{SONAME}");
        name_after_soname();
    }
}

/// The folder in which cargo puts the library is the one with the folder `build` in it, whatever
/// the target and the profile are. That the library is yet to be made does not matter to a link.
fn name_after_soname() {
    let out = std::env::var_os("OUT_DIR").unwrap_or_default();
    let build = Path::new(&out).ancestors().find(|folder| folder.ends_with("build"));
    let Some(profile) = build.and_then(Path::parent) else { return };
    match symlink("libnanostore.so", profile.join(SONAME)) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            println!("cargo::warning=cannot name the library {SONAME}: {error}");
        }
        _ => {}
    }
}
