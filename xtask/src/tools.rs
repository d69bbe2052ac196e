//! The programs that the check calls: are they here, and if not, how do they get here?
//!
//! On a Debian machine root gets what is missing installed; everyone else is told what to install,
//! and the check fails: what was not tried does not count as passed.

use std::path::Path;

use crate::Result;
use crate::call::Call;

/// The programs, each with the Debian package that has it.
const PROGRAMS: &[(&str, &str)] = &[
    ("gcc", "gcc"),
    ("g++", "g++"),
    ("make", "make"),
    ("clang", "clang"),
    ("clang++", "clang"),
    ("valgrind", "valgrind"),
    ("nm", "binutils"),
    ("readelf", "binutils"),
    ("python3", "python3"),
    ("pip3", "python3-pip"),
    ("git", "git"),
    ("mkfs.xfs", "xfsprogs"),
    ("mkfs.ext4", "e2fsprogs"),
    ("chattr", "e2fsprogs"),
    ("mount", "mount"),
    ("unshare", "util-linux"),
    ("setpriv", "util-linux"),
    ("git", "git"),
];

const COMPONENTS: &[(&str, &str)] = &[("cargo-fmt", "rustfmt"), ("cargo-clippy", "clippy")];

/// Sees to it that the programs are here.
pub(crate) fn run() -> Result<String> {
    let mut packages = absent_packages();
    if !packages.is_empty() && is_debian_root() {
        install(&packages)?;
        packages = absent_packages();
    }
    let components: Vec<&str> = COMPONENTS
        .iter()
        .filter(|(program, _)| !is_here(program))
        .map(|(_, component)| *component)
        .collect();
    let mut wanted = Vec::new();
    if !packages.is_empty() {
        let packages = packages.join(" ");
        wanted.push(format!("missing packages; on Debian: apt-get install {packages}"));
    }
    if !components.is_empty() {
        let components = components.join(" ");
        wanted.push(format!("missing parts of Rust: rustup component add {components}"));
    }
    if wanted.is_empty() {
        Ok(format!("{} programs are here", PROGRAMS.len() + COMPONENTS.len()))
    } else {
        Err(wanted.join("\n"))
    }
}

/// Is a program of that name in the search path?
pub(crate) fn is_here(program: &str) -> bool {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders).any(|folder| folder.join(program).is_file())
}

fn absent_packages() -> Vec<&'static str> {
    let mut packages: Vec<&str> = PROGRAMS
        .iter()
        .filter(|(program, _)| !is_here(program))
        .map(|(_, package)| *package)
        .collect();
    packages.dedup();
    packages
}

/// May this program install packages?
pub(crate) fn is_debian_root() -> bool {
    let root = Call::new("id").arg("-u").run().is_ok_and(|user| user.trim() == "0");
    root && Path::new("/etc/debian_version").exists() && is_here("apt-get")
}

/// Installs Debian packages.
pub(crate) fn install(packages: &[&str]) -> Result<()> {
    println!("installing {}", packages.join(" "));
    apt().arg("update").run()?;
    apt().words("install --yes --no-install-recommends").words(&packages.join(" ")).run()?;
    Ok(())
}

fn apt() -> Call {
    Call::new("apt-get")
        .variable("DEBIAN_FRONTEND", "noninteractive")
        .words("-q -o DPkg::Lock::Timeout=300")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_no_folder_has_is_not_here() {
        assert!(is_here("sh"));
        assert!(!is_here("no-such-program"));
    }
}
