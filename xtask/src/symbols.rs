//! The library exports what `include/nanostore.symbols` lists, and nothing else.

use std::path::Path;

use crate::call::Call;
use crate::{Result, library, place};

const PREFIX: &str = "nanostore_";

/// Compares the exports of the release library, the list and the header, and looks at the soname.
pub(crate) fn run() -> Result<String> {
    let library = library::release()?;
    let listed = listed()?;
    same("the library's exports", &exported(&library.file)?, &listed)?;
    let header = place::read(&place::root().join("include/nanostore.h"))?;
    same("the header's functions", &declared(&header), &listed)?;
    let dynamic = Call::new("readelf").words("--dynamic --wide").path(&library.file).run()?;
    let soname = dynamic.lines().find(|line| line.contains("(SONAME)")).unwrap_or("no soname");
    if !soname.contains(&format!("[{}]", library::SONAME)) {
        return Err(format!("the soname should be {}, found: {soname}", library::SONAME));
    }
    Ok(format!("{} functions, soname {}", listed.len(), library::SONAME))
}

/// The names of `include/nanostore.symbols`, one a line, in alphabetical order.
pub(crate) fn listed() -> Result<Vec<String>> {
    let path = place::root().join("include/nanostore.symbols");
    let names: Vec<String> = place::read(&path)?.lines().map(str::to_owned).collect();
    if !names.is_sorted() {
        return Err(format!("{} is not in alphabetical order", place::shown(&path)));
    }
    match names.iter().find(|name| !name.starts_with(PREFIX)) {
        Some(name) => Err(format!("{}: {name} does not begin with {PREFIX}", place::shown(&path))),
        None => Ok(names),
    }
}

fn exported(library: &Path) -> Result<Vec<String>> {
    let table = Call::new("nm").words("--dynamic --defined-only").path(library).run()?;
    let mut names: Vec<String> =
        table.lines().filter_map(|line| line.split(' ').nth(2)).map(str::to_owned).collect();
    names.sort();
    Ok(names)
}

/// The functions a header declares: names with the prefix right before a parenthesis.
fn declared(header: &str) -> Vec<String> {
    let code = crate::tidy::code_of(header);
    let mut names: Vec<String> = code
        .split('(')
        .filter_map(|before| before.rsplit(|c: char| !c.is_alphanumeric() && c != '_').next())
        .filter(|name| name.starts_with(PREFIX))
        .map(str::to_owned)
        .collect();
    names.sort();
    names.dedup();
    names
}

fn same(what: &str, found: &[String], listed: &[String]) -> Result<()> {
    let extra: Vec<&str> =
        found.iter().filter(|name| !listed.contains(name)).map(String::as_str).collect();
    let lacking: Vec<&str> =
        listed.iter().filter(|name| !found.contains(name)).map(String::as_str).collect();
    if extra.is_empty() && lacking.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{what} differ from include/nanostore.symbols; not listed: [{}]; listed only: [{}]",
        extra.join(", "),
        lacking.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_of_a_header_are_found_outside_its_comments() {
        let header = "/* nanostore_x() */\nnanostore_status nanostore_open(const char *,\n\
                      nanostore **store_out);\nconst char *nanostore_version(void);\n";
        assert_eq!(declared(header), ["nanostore_open", "nanostore_version"]);
    }

    #[test]
    fn a_function_too_many_and_one_too_few_are_named() {
        let names = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(same("it", &names("a b"), &names("a b")), Ok(()));
        let failure = same("it", &names("a b"), &names("b c")).unwrap_err();
        assert!(failure.ends_with("not listed: [a]; listed only: [c]"), "{failure}");
    }
}
