//! Runs the programs that the check is made of, and says on failure how to run them by hand.
//!
//! What a program prints goes to a file of its own, so that a program which hangs or fails leaves
//! its last words behind; it is shown when the program fails.

use std::fmt;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::{Result, place};

const LIMIT: Duration = Duration::from_secs(900);
const PAUSE: Duration = Duration::from_millis(5);
const SHOWN_LINES: usize = 60;
static COUNT: AtomicU32 = AtomicU32::new(0);

/// A program with its arguments, variables and folder.
#[derive(Clone)]
pub(crate) struct Call {
    program: String,
    arguments: Vec<String>,
    variables: Vec<(String, String)>,
    folder: PathBuf,
    limit: Duration,
}

/// How a program ended, and all that it printed.
pub(crate) struct Ending {
    /// Did it end with 0?
    pub(crate) good: bool,
    /// What it wrote to its standard output and its error output.
    pub(crate) printed: String,
    described: String,
}

impl Call {
    /// A call of `program` from the project's folder.
    pub(crate) fn new(program: impl Into<String>) -> Call {
        Call {
            program: program.into(),
            arguments: Vec::new(),
            variables: Vec::new(),
            folder: place::root(),
            limit: LIMIT,
        }
    }

    /// A call of the cargo that runs this program.
    pub(crate) fn cargo() -> Call {
        Call::new("cargo")
    }

    /// Adds an argument.
    pub(crate) fn arg(mut self, argument: impl Into<String>) -> Call {
        self.arguments.push(argument.into());
        self
    }

    /// Adds the words of a line as arguments.
    pub(crate) fn words(mut self, line: &str) -> Call {
        self.arguments.extend(line.split_whitespace().map(str::to_owned));
        self
    }

    /// Adds a path as an argument.
    pub(crate) fn path(self, path: &Path) -> Call {
        self.arg(path.display().to_string())
    }

    /// Sets a variable of the environment.
    pub(crate) fn variable(mut self, name: &str, value: impl Into<String>) -> Call {
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    /// Runs it in another folder than the project's.
    pub(crate) fn folder(mut self, folder: &Path) -> Call {
        self.folder = folder.to_path_buf();
        self
    }

    /// Lets it run for longer, or not so long.
    pub(crate) fn limit(mut self, limit: Duration) -> Call {
        self.limit = limit;
        self
    }

    /// Runs the program; one that does not end with 0 is a failure. Gives what it printed.
    pub(crate) fn run(&self) -> Result<String> {
        let ending = self.end()?;
        if ending.good { Ok(ending.printed) } else { Err(ending.failure()) }
    }

    /// Runs the program to its end, whichever that is.
    pub(crate) fn end(&self) -> Result<Ending> {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let log = self.log(number)?;
        let mut child = self.spawn(&log)?;
        let (status, in_time) = wait(&mut child, self.limit)
            .map_err(|error| format!("cannot wait for {}: {error}\n  {self}", self.program))?;
        let printed = fs::read(&log).map_err(|error| format!("{}: {error}", log.display()))?;
        let how = if in_time { status.to_string() } else { self.overdue() };
        Ok(Ending {
            good: in_time && status.success(),
            printed: String::from_utf8_lossy(&printed).into_owned(),
            described: format!("{how}:\n  {self}\nall it printed: {}", log.display()),
        })
    }

    fn overdue(&self) -> String {
        format!("stopped after {} seconds", self.limit.as_secs())
    }

    fn log(&self, number: u32) -> Result<PathBuf> {
        let folder = place::target().join("xtask").join("log");
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let name = Path::new(&self.program).file_name().unwrap_or_default().to_string_lossy();
        let process = std::process::id();
        Ok(folder.join(format!("{process}-{number:03}-{name}.log")))
    }

    fn spawn(&self, log: &Path) -> Result<Child> {
        let file = File::create(log).map_err(|error| format!("{}: {error}", log.display()))?;
        let second = file.try_clone().map_err(|error| format!("{}: {error}", log.display()))?;
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).current_dir(&self.folder);
        command.stdin(Stdio::null()).stdout(file).stderr(second);
        // Cargo's own variables would make a cargo started from here build things anew.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("CARGO_PKG_") || name == "CARGO_MANIFEST_DIR" {
                command.env_remove(name);
            }
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.spawn().map_err(|error| format!("cannot start {}: {error}\n  {self}", self.program))
    }
}

impl Ending {
    /// The failure of a program that should have ended otherwise.
    pub(crate) fn failure(&self) -> String {
        format!("{}\n{}", self.described, last_lines(&self.printed, SHOWN_LINES))
    }
}

impl fmt::Display for Call {
    /// The call as a line for a shell.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cd {} &&", quoted(&self.folder.display().to_string()))?;
        for (name, value) in &self.variables {
            write!(f, " {name}={}", quoted(value))?;
        }
        write!(f, " {}", quoted(&self.program))?;
        self.arguments.iter().try_for_each(|argument| write!(f, " {}", quoted(argument)))
    }
}

fn wait(child: &mut Child, limit: Duration) -> std::io::Result<(ExitStatus, bool)> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok((status, true));
        }
        if start.elapsed() > limit {
            child.kill()?;
            return Ok((child.wait()?, false));
        }
        thread::sleep(PAUSE);
    }
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=+:,@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let skipped = lines.len().saturating_sub(count);
    let shown: Vec<&str> = lines.into_iter().skip(skipped).collect();
    shown.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_program_tells_how_to_run_it_by_hand() {
        let call = Call::new("sh").arg("-c").arg("echo 'out of paper'; exit 3");
        let failure = call.variable("A", "b c").folder(Path::new("/")).run().unwrap_err();
        assert!(failure.contains("exit status: 3"), "{failure}");
        assert!(failure.contains(r"cd / && A='b c' sh -c 'echo '\''out of paper'\''; exit 3'"));
        assert!(failure.ends_with("out of paper"), "{failure}");
    }

    #[test]
    fn a_program_that_does_not_end_is_stopped() {
        let mut call = Call::new("sleep").arg("60");
        call.limit = Duration::from_millis(30);
        let failure = call.run().unwrap_err();
        assert!(failure.starts_with("stopped after 0 seconds"), "{failure}");
    }

    #[test]
    fn a_missing_program_is_a_failure() {
        let failure = Call::new("no-such-program").run().unwrap_err();
        assert!(failure.starts_with("cannot start no-such-program"), "{failure}");
    }
}
