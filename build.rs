//! Gives the shared library of a development build the soname that the released one has.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let system = std::env::var_os("CARGO_CFG_TARGET_OS").unwrap_or_default();
    let systems = ["linux", "freebsd", "netbsd", "openbsd", "dragonfly"];
    if systems.iter().any(|known| system == *known) {
        println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libnanostore.so.0");
    }
}
