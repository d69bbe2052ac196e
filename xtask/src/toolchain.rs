//! What cargo itself can say of the sources: format, lints, oldest compiler, documentation.

use crate::call::Call;
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

/// The oldest compiler that the project promises to work with.
///
/// Where that compiler is installed it compiles the library; everywhere no dependency may ask for
/// a newer one, and the lint `incompatible_msrv` looks at the standard library's own functions.
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
    let old = Call::new("rustup").words(&format!("run {promised} cargo"));
    if !old.clone().arg("--version").end().is_ok_and(|ending| ending.good) {
        return Ok(format!(
            "no dependency needs more than Rust {promised} (not installed here, so not tried)"
        ));
    }
    let folder = place::target().join("msrv");
    old.words("check --locked --lib --package nanostore --target-dir").path(&folder).run()?;
    Ok(format!("the library compiles with Rust {promised}"))
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
    fn quoted_values_are_found_in_order() {
        let found: Vec<&str> =
            quoted_after(r#"{"v":"1.2","x":null,"v":"3"}"#, "\"v\":\"").collect();
        assert_eq!(found, ["1.2", "3"]);
    }
}
