//! Swift 6 on a Debian machine: a folder with a small Debian 13 in it, which has the compiler, and
//! ways to run programs in there.
//!
//! The folder is made by debootstrap in about two minutes, takes 3.3 GB, and is kept for all clones
//! of this project: `nanostore-check/trixie` in `XDG_CACHE_HOME` or else in `~/.cache`. It may be
//! deleted at any time.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::call::Call;
use crate::library::{Library, SONAME};
use crate::{Result, place, tools};

const SUITE: &str = "trixie";

/// Mounts what the compiler needs (without /proc it does not find its own libraries) and the
/// project under its own path, and runs the rest of the words in there. All of it is in a name
/// space of its own, so that nothing stays mounted.
const ENTER: &str = r#"
folder=$1 project=$2 target=$3; shift 3
mount -t proc proc "$folder/proc"
mount --rbind /dev "$folder/dev"
for path in "$project" "$target"; do
    mkdir -p "$folder$path"
    mount --bind "$path" "$folder$path"
done
exec chroot "$folder" env -i HOME=/root LANG=C.UTF-8 PATH=/usr/bin:/bin "$@"
"#;

/// What makes the folder, under a name of its own until it is whole.
const MAKE: &str = r#"
folder=$1 mirror=$2 suite=$3
debootstrap --variant=minbase --include=gcc,libc6-dev,binutils "$suite" "$folder" "$mirror"
mount -t proc proc "$folder/proc"
mount --rbind /dev "$folder/dev"
DEBIAN_FRONTEND=noninteractive chroot "$folder" \
    apt-get install -q --yes --no-install-recommends swiftlang libstdc++-14-dev
chroot "$folder" apt-get clean
"#;

/// The Swift compiler with the library that its programs are linked to.
pub(crate) struct Swift {
    folder: PathBuf,
    /// The library and its description for pkg-config, under names that hold in the folder, too.
    library: PathBuf,
}

impl Swift {
    /// Sees to it that the compiler is here.
    pub(crate) fn with(library: &Library) -> Result<Swift> {
        let folder = cache()?.join(SUITE);
        if !folder.exists() {
            make(&folder)?;
        }
        Ok(Swift { folder, library: described(library)? })
    }

    /// A call of a program of the folder, in the binding's package.
    pub(crate) fn call(&self, program: &str) -> Call {
        let library = self.library.display();
        Call::new("unshare")
            .words("--mount --propagation private sh -euc")
            .arg(ENTER)
            .arg("sh")
            .path(&self.folder)
            .path(&place::root())
            .path(&place::target())
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
            "there is no Swift 6 in {}; on Debian, root gets it made by this step",
            folder.display()
        ));
    }
    if !tools::is_here("debootstrap") {
        tools::install(&["debootstrap"])?;
    }
    let mirror = mirror()?;
    let unfinished = folder.with_extension(std::process::id().to_string());
    fs::create_dir_all(&unfinished).map_err(|e| format!("{}: {e}", unfinished.display()))?;
    println!("making {} from {mirror}: 3.3 GB, about two minutes", folder.display());
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
        Err(_) if folder.join("usr/bin/swift").exists() => {
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
