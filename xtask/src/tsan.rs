//! `cargo xtask tsan`: the C tests under ThreadSanitizer, with the library and Rust's own library
//! instrumented. Without the latter every lock would look like a race.
//!
//! That needs the sources of the standard library, which a compiler from rustup has not; Debian's
//! has. So all of it is built and run in a small Debian 13 (see `trixie`).

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::call::Call;
use crate::library::{self, SONAME};
use crate::trixie::Trixie;
use crate::{Result, compiler, place};

const PACKAGES: &[&str] = &["rustc", "cargo", "rust-src", "gcc"];
/// How long each kind of store is read and written by `readers_beside_writer`.
const SECONDS: u64 = 20;
/// What programs end with in which something races.
const RACED: &str = "9";

/// Builds and runs all.
pub(crate) fn run(words: &[&str]) -> Result<()> {
    let seconds = match words {
        [] => SECONDS,
        ["--seconds", seconds] => seconds.parse().map_err(|_| "--seconds takes a number")?,
        _ => return Err("usage: cargo xtask tsan [--seconds N]".to_owned()),
    };
    let (trixie, built) = (Trixie::with(PACKAGES)?, place::target().join("tsan"));
    let bench = Bench { trixie, built, seconds };
    let library = bench.build()?;
    let sources = place::files(&place::root().join("tests/c"), "c")?;
    for source in &sources {
        println!("{}", bench.play(&library, source)?);
    }
    bench.control(&library)?;
    println!("{} programs, 0 races; a planted race was found", sources.len());
    Ok(())
}

struct Bench {
    trixie: Trixie,
    built: PathBuf,
    seconds: u64,
}

impl Bench {
    fn call(&self) -> Call {
        self.trixie.call(&[&place::root(), &place::target()])
    }

    /// Builds the library; gives the folder it is in.
    fn build(&self) -> Result<PathBuf> {
        let host = library::host()?;
        // Neither sanitisers nor another standard library are stable yet.
        let variables = ["RUSTC_BOOTSTRAP=1", "RUSTFLAGS=-Zsanitizer=thread -Zexternal-clangrt"];
        let words = "build --locked -Zbuild-std=std,panic_unwind --lib --package nanostore";
        self.trixie
            .cargo(&variables, words)?
            .arg("--target-dir")
            .path(&self.built)
            .arg("--target")
            .arg(&host)
            .run()?;
        let folder = place::scratch("lib-tsan")?;
        let library = self.built.join(host).join("debug/libnanostore.so");
        for name in [SONAME, "libnanostore.so"] {
            let link = folder.join(name);
            symlink(&library, &link).map_err(|e| format!("{}: {e}", link.display()))?;
        }
        Ok(folder)
    }

    /// Compiles a program; gives a call of it, in a folder of its own.
    fn program(&self, library: &Path, source: &Path) -> Result<Call> {
        let stem = source.file_stem().unwrap_or_default().to_string_lossy();
        let folder = place::scratch(&format!("tsan/{stem}"))?;
        let program = folder.join(stem.as_ref());
        let root = place::root();
        self.call()
            .words("gcc -std=c99 -g -O1 -fsanitize=thread -Wstrict-prototypes")
            .words(compiler::WARNINGS)
            .arg(format!("-I{}", root.join("include").display()))
            .arg(format!("-I{}", root.join("bindings/c").display()))
            .arg("-o")
            .path(&program)
            .path(source)
            .arg(format!("-L{}", library.display()))
            .words("-lnanostore -lpthread")
            .run()?;
        let call = self
            .call()
            .arg(format!("LD_LIBRARY_PATH={}", library.display()))
            .arg(format!("TSAN_OPTIONS=exitcode={RACED}"))
            .arg(format!("NANOSTORE_SECONDS={}", self.seconds));
        Ok(call.arg("env").arg(format!("--chdir={}", folder.display())).path(&program))
    }

    /// Runs a program that must end well; gives what it says of itself.
    fn play(&self, library: &Path, source: &Path) -> Result<String> {
        let printed = self.program(library, source)?.run()?;
        let name = source.file_stem().unwrap_or_default().to_string_lossy();
        Ok(format!("{name}: {}", printed.lines().collect::<Vec<_>>().join("; ")))
    }

    /// What races must be found, in the library as well.
    fn control(&self, library: &Path) -> Result<()> {
        let source = place::root().join("tests/tsan/race.c");
        let ending = self.program(library, &source)?.end()?;
        let found = ending.printed.contains("data race") && ending.printed.contains("src/ffi/");
        if ending.good || !found {
            return Err(format!("the planted race was not found:\n{}", ending.printed));
        }
        Ok(())
    }
}
