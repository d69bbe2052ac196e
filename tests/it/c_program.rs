//! Compiles C programs, those of `tests/c` above all, against the library built with these tests.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::time::SystemTime;

use crate::json::Value;
use crate::script::{Call, Outcome, Player};

/// A compiled program and the folder where it finds the library.
pub(crate) struct CProgram {
    path: PathBuf,
    libraries: PathBuf,
}

impl CProgram {
    /// Compiles `tests/c/<name>.c`.
    pub(crate) fn compile(name: &str) -> CProgram {
        CProgram::compile_in("tests/c", name)
    }

    /// Compiles `<sources>/<name>.c`.
    pub(crate) fn compile_in(sources: &str, name: &str) -> CProgram {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let (output, libraries) = (folder().join(name), library_folder().to_owned());
        let compiler = cc::Build::new()
            .cargo_metadata(false)
            .target(TARGET)
            .host(TARGET)
            .opt_level(1)
            .debug(true)
            .warnings(false)
            .get_compiler();
        let status = compiler
            .to_command()
            .args(["-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror"])
            .arg("-I")
            .arg(root.join("include"))
            .arg("-I")
            .arg(root.join("bindings/c"))
            .arg(root.join(sources).join(name).with_extension("c"))
            .arg("-o")
            .arg(&output)
            .arg("-L")
            .arg(&libraries)
            .arg("-lnanostore")
            .status()
            .expect("the C compiler starts");
        assert!(status.success(), "{name}.c compiles without a warning");
        CProgram { path: output, libraries }
    }

    /// A line of a shell that starts the program.
    pub(crate) fn shell(&self) -> String {
        format!("LD_LIBRARY_PATH='{}' '{}'", self.libraries.display(), self.path.display())
    }

    /// The program, ready to be started; `C_RUNNER="valgrind -q ..."` puts a tool before it.
    pub(crate) fn command(&self) -> Command {
        let runner = env::var("C_RUNNER").unwrap_or_default();
        let mut words = runner.split_whitespace();
        let mut command = match words.next() {
            Some(tool) => Command::new(tool),
            None => Command::new(&self.path),
        };
        if !runner.is_empty() {
            command.args(words).arg(&self.path);
        }
        command.env("LD_LIBRARY_PATH", &self.libraries);
        command
    }
}

const TARGET: &str = if cfg!(all(target_arch = "x86_64", target_os = "linux")) {
    "x86_64-unknown-linux-gnu"
} else if cfg!(all(target_arch = "aarch64", target_os = "linux")) {
    "aarch64-unknown-linux-gnu"
} else if cfg!(all(target_arch = "x86_64", target_os = "macos")) {
    "x86_64-apple-darwin"
} else {
    "aarch64-apple-darwin"
};

fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("c");
    fs::create_dir_all(&folder).expect("the folder for C programs can be made");
    folder
}

/// A folder with the freshly built library, also under the name that programs load it by.
fn library_folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        // `cargo test` rebuilds the copy beside the test binary, not the one a level higher.
        let binary = env::current_exe().expect("the test binary has a path");
        let library = binary.with_file_name("libnanostore.so");
        assert_fresh(&library);
        let folder = folder().join("lib");
        fs::create_dir_all(&folder).expect("the folder for the library can be made");
        for name in ["libnanostore.so", "libnanostore.so.0"] {
            let link = folder.join(name);
            let _ = fs::remove_file(&link);
            symlink(&library, &link).expect("the library can be linked to");
        }
        folder
    })
}

/// A stale library would make every C test a test of yesterday's code.
fn assert_fresh(library: &Path) {
    let changed = |path: &Path| -> SystemTime {
        fs::metadata(path)
            .and_then(|data| data.modified())
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let built = changed(library);
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("the sources can be listed") {
            let path = entry.expect("the sources can be listed").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                assert!(changed(&path) <= built, "{} is newer than the library", path.display());
            }
        }
    }
}

/// Plays calls through the C interface, by the program `script_driver`.
pub(crate) struct CPlayer {
    driver: Child,
    answers: BufReader<ChildStdout>,
}

impl CPlayer {
    pub(crate) fn start() -> CPlayer {
        static DRIVER: OnceLock<CProgram> = OnceLock::new();
        let mut driver = DRIVER
            .get_or_init(|| CProgram::compile("script_driver"))
            .command()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the driver starts");
        let answers = BufReader::new(driver.stdout.take().expect("the driver's output is piped"));
        CPlayer { driver, answers }
    }
}

impl Player for CPlayer {
    fn play(&mut self, call: &Call) -> Outcome {
        let text = |(name, text): (&String, &String)| (name.clone(), Value::text(text));
        let mut members: Vec<_> = call.arguments.iter().map(text).collect();
        members.push(("call".to_owned(), Value::text(&call.name)));
        members.push(("on".to_owned(), Value::text(&call.on)));
        let input = self.driver.stdin.as_mut().expect("the driver's input is piped");
        writeln!(input, "{}", Value::Object(members)).expect("the driver takes the call");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("the driver answers");
        let answer = Value::parse(&line).unwrap_or_else(|fault| panic!("{fault} in {line:?}"));
        match (answer.get("ok"), answer.get("error")) {
            (Some(result), None) => Ok(result.clone()),
            (None, Some(error)) => Err(error.clone()),
            _ => panic!("the driver said neither ok nor error: {line}"),
        }
    }
}

/// The end of its input lets the driver close everything and leave.
impl Drop for CPlayer {
    fn drop(&mut self) {
        drop(self.driver.stdin.take());
        let status = self.driver.wait().expect("the driver ends");
        if !std::thread::panicking() {
            assert!(status.success(), "the driver ended with {status}");
        }
    }
}
