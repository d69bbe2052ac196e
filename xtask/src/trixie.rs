//! A folder with a small Debian 13 in it, for compilers that this machine may lack, and a way to
//! run programs in there.
//!
//! The folder is made by debootstrap in about two minutes, takes 4.4 GB with all that is asked of
//! it, and is kept for all clones of this project: `nanostore-check/trixie` in `XDG_CACHE_HOME` or
//! else in `~/.cache`. It may be deleted at any time.

use std::fs;
use std::path::{Path, PathBuf};

use crate::call::Call;
use crate::{Result, place, tools};

const SUITE: &str = "trixie";

/// Mounts what compilers need (without /proc they do not find their own libraries) and the named
/// folders under their own paths, and runs the words behind `--` in there. All of it is in a name
/// space of its own, so that nothing stays mounted.
const ENTER: &str = r#"
folder=$1; shift
mount -t proc proc "$folder/proc"
mount --rbind /dev "$folder/dev"
while [ "$1" != -- ]; do
    mkdir -p "$folder$1"
    mount --bind "$1" "$folder$1"
    shift
done
shift
exec chroot "$folder" env -i HOME=/root LANG=C.UTF-8 PATH=/usr/bin:/bin "$@"
"#;

/// What makes the folder, under a name of its own until it is whole.
const MAKE: &str = r#"
folder=$1 mirror=$2 suite=$3
debootstrap --variant=minbase --include=gcc,libc6-dev,binutils "$suite" "$folder" "$mirror"
"#;

/// Adds packages to it.
const INSTALL: &str = "apt-get update -q; DEBIAN_FRONTEND=noninteractive \
    apt-get install -q --yes --no-install-recommends \"$@\"; apt-get clean";

/// The folder.
pub(crate) struct Trixie(PathBuf);

impl Trixie {
    /// Sees to it that the folder is here and has these packages.
    pub(crate) fn with(packages: &[&str]) -> Result<Trixie> {
        let folder = cache()?.join(SUITE);
        if !folder.exists() {
            make(&folder)?;
        }
        let trixie = Trixie(folder);
        let has_all = trixie.call(&[]).words("dpkg-query --show").words(&packages.join(" "));
        if !has_all.end()?.good {
            println!("adding to {}: {}", trixie.0.display(), packages.join(" "));
            let install = trixie.call(&[]).words("sh -euc").arg(INSTALL).arg("sh");
            install.words(&packages.join(" ")).run()?;
        }
        Ok(trixie)
    }

    /// A call in the folder; the program and its arguments are still to come. `shared` folders are
    /// seen in there under their own paths.
    pub(crate) fn call(&self, shared: &[&Path]) -> Call {
        let enter = Call::new("unshare").words("--mount --propagation private sh -euc");
        let enter = enter.arg(ENTER).arg("sh").path(&self.0);
        shared.iter().fold(enter, |call, path| call.path(path)).arg("--")
    }

    /// A call of the cargo in there, on the project's sources; what it downloads is shared with the
    /// one out here. `words` are what to do; variables come before them.
    pub(crate) fn cargo(&self, variables: &[&str], words: &str) -> Result<Call> {
        let home = cargo_home()?;
        let shared = [&place::root(), &place::target(), &home, Path::new("/etc/ssl/certs")];
        let call = variables.iter().fold(self.call(&shared), |call, variable| call.arg(*variable));
        Ok(call
            .arg(format!("CARGO_HOME={}", home.display()))
            .arg("cargo")
            .words(words)
            .arg("--manifest-path")
            .path(&place::root().join("Cargo.toml")))
    }
}

fn cargo_home() -> Result<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from);
    folder("CARGO_HOME")
        .or_else(|| folder("HOME").map(|home| home.join(".cargo")))
        .ok_or_else(|| "neither CARGO_HOME nor HOME is set".to_owned())
}

fn cache() -> Result<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from);
    folder("XDG_CACHE_HOME")
        .or_else(|| folder("HOME").map(|home| home.join(".cache")))
        .map(|cache| cache.join("nanostore-check"))
        .ok_or_else(|| "neither XDG_CACHE_HOME nor HOME is set".to_owned())
}

fn make(folder: &Path) -> Result<()> {
    if !tools::is_debian_root() {
        return Err(format!(
            "there is no Debian 13 in {}; on Debian, root gets it made by this step",
            folder.display()
        ));
    }
    if !tools::is_here("debootstrap") {
        tools::install(&["debootstrap"])?;
    }
    let mirror = mirror()?;
    let unfinished = folder.with_extension(std::process::id().to_string());
    fs::create_dir_all(&unfinished).map_err(|e| format!("{}: {e}", unfinished.display()))?;
    println!("making {} from {mirror}: about two minutes", folder.display());
    let made = Call::new("unshare")
        .words("--mount --propagation private sh -euc")
        .arg(MAKE)
        .arg("sh")
        .path(&unfinished)
        .arg(mirror)
        .arg(SUITE)
        .run()
        .and_then(|_| rename(&unfinished, folder));
    if made.is_err() {
        // Nothing is mounted outside of the name space, so this removes files of its own only.
        let _ = fs::remove_dir_all(&unfinished);
    }
    made
}

/// Another check may have been faster; its folder is as good.
fn rename(unfinished: &Path, folder: &Path) -> Result<()> {
    match fs::rename(unfinished, folder) {
        Err(_) if folder.join("usr/bin/gcc").exists() => {
            fs::remove_dir_all(unfinished).map_err(|e| format!("{}: {e}", unfinished.display()))
        }
        done => done.map_err(|e| format!("{}: {e}", folder.display())),
    }
}

/// Where this machine gets its own Debian packages from.
fn mirror() -> Result<String> {
    let release = place::read(Path::new("/etc/os-release"))?;
    let suite = release
        .lines()
        .find_map(|line| line.strip_prefix("VERSION_CODENAME="))
        .ok_or("/etc/os-release names no VERSION_CODENAME")?;
    let mut paths = vec![PathBuf::from("/etc/apt/sources.list")];
    for ending in ["list", "sources"] {
        paths.extend(place::files(Path::new("/etc/apt/sources.list.d"), ending)?);
    }
    for path in paths.iter().filter(|path| path.exists()) {
        if let Some(mirror) = mirror_in(&place::read(path)?, suite) {
            return Ok(mirror);
        }
    }
    Err(format!("no source in /etc/apt has the suite {suite}"))
}

/// The address that serves `suite`, in either form of apt's sources.
fn mirror_in(sources: &str, suite: &str) -> Option<String> {
    sources.split("\n\n").find_map(|part| {
        let lines = || part.lines().filter(|line| !line.starts_with('#'));
        let field = |name: &str| lines().find_map(|line| line.strip_prefix(name));
        let has_suite = |text: &str| text.split_whitespace().any(|word| word == suite);
        let of_field = field("URIs:").filter(|_| field("Suites:").is_some_and(has_suite));
        let of_line = lines().find(|line| line.starts_with("deb ") && has_suite(line));
        let mut words = of_field.or(of_line)?.split_whitespace();
        words.find(|word| word.contains("://")).map(str::to_owned)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mirror_is_found_in_both_forms_of_sources() {
        let new = "Types: deb\nURIs: http://a.example/debian-security\nSuites: b-security\n\n\
                   Types: deb\n# URIs: http://c.example\nURIs: http://d.example/debian\n\
                   Suites: b b-updates\n";
        assert_eq!(mirror_in(new, "b").as_deref(), Some("http://d.example/debian"));
        let old = "# deb http://c.example b main\ndeb-src http://e.example b main\n\
                   deb [arch=amd64] http://f.example/debian b main\n";
        assert_eq!(mirror_in(old, "b").as_deref(), Some("http://f.example/debian"));
        assert_eq!(mirror_in(old, "c"), None);
    }
}
