//! What cargo itself can say of the sources: format, lints, oldest compiler, documentation.

use crate::call::Call;
use crate::trixie::Trixie;
use crate::{Result, place};

/// The sources are as rustfmt writes them.
pub(crate) fn format() -> Result<String> {
    Call::cargo().words("fmt --all --check").run()?;
    Ok("as rustfmt writes it".to_owned())
}

/// Clippy finds nothing, in all that there is and in the library alone as it is shipped.
pub(crate) fn lints() -> Result<String> {
    const DENIED: &str = "-- -D warnings -D clippy::incompatible_msrv";
    let clippy = || Call::cargo().arg("clippy");
    clippy().words("--workspace --all-targets --all-features").words(DENIED).run()?;
    clippy().words("--package nanostore --lib --no-default-features").words(DENIED).run()?;
    Ok("no warnings, with all features and with none".to_owned())
}

/// The oldest compiler that the project promises to work with, which Debian 13 has, compiles the
/// library; no dependency asks for a newer one, and the lint `incompatible_msrv` looks at the
/// standard library's own functions.
pub(crate) fn msrv() -> Result<String> {
    let metadata = Call::cargo().words("metadata --format-version 1 --locked").run()?;
    let manifest = place::read(&place::root().join("Cargo.toml"))?;
    let promised = quoted_after(&manifest, "rust-version = \"")
        .next()
        .ok_or("Cargo.toml names no rust-version")?;
    let newest = quoted_after(&metadata, "\"rust_version\":\"")
        .max_by_key(|version| numbers(version))
        .unwrap_or(promised);
    if numbers(newest) > numbers(promised) {
        return Err(format!(
            "a dependency needs Rust {newest}, newer than the {promised} that Cargo.toml \
             promises; find it with: cargo metadata --format-version 1 | grep -o \
             '\"rust_version\":\"{newest}\"'"
        ));
    }
    let trixie = Trixie::with(&["rustc", "cargo", "gcc"])?;
    let version = trixie.call(&[]).words("rustc --version").run()?;
    let version = version.split_whitespace().nth(1).unwrap_or_default();
    if !is_release_of(version, promised) {
        return Err(format!("Cargo.toml promises Rust {promised}, Debian 13 has {version}"));
    }
    let check = trixie.cargo(&[], "check --locked --lib --package nanostore")?;
    check.arg("--target-dir").path(&place::target().join("msrv")).run()?;
    Ok(format!("the library compiles with Rust {version}"))
}

/// Whether `version` is `promised`, or a correction of it.
fn is_release_of(version: &str, promised: &str) -> bool {
    version.strip_prefix(promised).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The documentation builds without a warning.
pub(crate) fn documentation() -> Result<String> {
    Call::cargo()
        .variable("RUSTDOCFLAGS", "-D warnings")
        .words("doc --no-deps --package nanostore --all-features")
        .run()?;
    Ok("no warnings".to_owned())
}

fn quoted_after<'a>(text: &'a str, opening: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(opening).skip(1).filter_map(|rest| rest.split('"').next())
}

fn numbers(version: &str) -> Vec<u32> {
    let mut numbers: Vec<u32> = version.split('.').map(|part| part.parse().unwrap_or(0)).collect();
    while numbers.last() == Some(&0) {
        numbers.pop();
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_their_numbers() {
        assert!(numbers("1.100") > numbers("1.85.1"));
        assert!(numbers("1.85.1") > numbers("1.85"));
        assert_eq!(numbers("1.85.0"), numbers("1.85"));
    }

    #[test]
    fn only_corrections_count_as_the_promised_version() {
        assert!(is_release_of("1.85.0", "1.85") && is_release_of("1.85.0", "1.85.0"));
        assert!(!is_release_of("1.86.0", "1.85") && !is_release_of("1.850.0", "1.85"));
    }

    #[test]
    fn quoted_values_are_found_in_order() {
        let found: Vec<&str> =
            quoted_after(r#"{"v":"1.2","x":null,"v":"3"}"#, "\"v\":\"").collect();
        assert_eq!(found, ["1.2", "3"]);
    }
}
