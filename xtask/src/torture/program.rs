//! Runs the programs of the torture: many, short ones, that may be killed and must never hang.
//!
//! What a program says goes to a file, not through a pipe, so that the last words of one that is
//! killed are there and nobody waits for anybody.

use std::fmt;
use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::Result;

/// How long a program may take; one that needs longer hangs.
const LIMIT: Duration = Duration::from_secs(60);
/// For this long a program that was started is looked at often.
const SOON: Duration = Duration::from_millis(20);

/// A program that can be started as it is, any number of times.
#[derive(Clone)]
pub(super) struct Program {
    words: Vec<String>,
    variables: Vec<(String, String)>,
    said: PathBuf,
    limit: Duration,
}

/// A program that was started.
pub(super) struct Running {
    child: Child,
    limit: Duration,
    said: PathBuf,
    line: String,
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// With this exit status.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// Not at all within the limit; it was killed.
    Overdue,
}

/// What is left of a program that ended.
pub(super) struct Ended {
    pub(super) ending: Ending,
    /// Its standard output.
    pub(super) said: String,
    /// The program as a line for a shell.
    pub(super) line: String,
}

impl Program {
    /// The program `path`; what it says goes to the file `said`.
    pub(super) fn new(path: &Path, said: PathBuf) -> Program {
        Program {
            words: vec![path.display().to_string()],
            variables: Vec::new(),
            said,
            limit: LIMIT,
        }
    }

    /// Adds an argument.
    pub(super) fn arg(mut self, word: impl fmt::Display) -> Program {
        self.words.push(word.to_string());
        self
    }

    /// Adds the words of a line as arguments.
    pub(super) fn args(mut self, line: &str) -> Program {
        self.words.extend(line.split_whitespace().map(str::to_owned));
        self
    }

    /// Puts the words of a program that starts this one before it.
    pub(super) fn behind(mut self, starter: &[&str]) -> Program {
        self.words.splice(0..0, starter.iter().map(|word| (*word).to_owned()));
        self
    }

    /// Sets a variable of its environment.
    pub(super) fn variable(mut self, name: &str, value: impl fmt::Display) -> Program {
        self.variables.push((name.to_owned(), value.to_string()));
        self
    }

    /// Gives it so many seconds in place of a minute.
    pub(super) fn limit(mut self, seconds: u64) -> Program {
        self.limit = Duration::from_secs(seconds);
        self
    }

    /// Runs it to its end.
    pub(super) fn run(&self) -> Result<Ended> {
        self.start()?.wait()
    }

    /// Runs a program that must end with 0; gives what it said.
    pub(super) fn must(&self) -> Result<String> {
        let ended = self.run()?;
        match ended.ending {
            Ending::Code(0) => Ok(ended.said),
            other => Err(format!("{other:?}: {}\n{}", ended.line, ended.said)),
        }
    }

    /// Starts it.
    pub(super) fn start(&self) -> Result<Running> {
        let failed = |error: std::io::Error| format!("cannot start {self}: {error}");
        let said = File::create(&self.said).map_err(failed)?;
        let complaints = said.try_clone().map_err(failed)?;
        let (program, arguments) = self.words.split_first().ok_or("no program")?;
        let mut command = Command::new(program);
        command.args(arguments).envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(said).stderr(complaints);
        let child = command.spawn().map_err(failed)?;
        Ok(Running { child, limit: self.limit, said: self.said.clone(), line: self.to_string() })
    }
}

impl Running {
    /// Waits until it ends.
    pub(super) fn wait(mut self) -> Result<Ended> {
        let begun = Instant::now();
        let ending = loop {
            let status = self.child.try_wait().map_err(|error| error.to_string())?;
            if let Some(status) = status {
                break ending(status);
            }
            if begun.elapsed() > self.limit {
                self.kill();
                drop(self.child.wait());
                break Ending::Overdue;
            }
            thread::sleep(pause(begun));
        };
        let said = self.said_so_far();
        drop(fs::remove_file(&self.said));
        Ok(Ended { ending, said, line: std::mem::take(&mut self.line) })
    }

    /// Kills it, as `kill -9` does.
    pub(super) fn kill(&mut self) {
        // One that has ended already needs no killing.
        drop(self.child.kill());
    }

    /// What it has said so far.
    pub(super) fn said_so_far(&self) -> String {
        let bytes = fs::read(&self.said).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Waits until it has said a line; false when it ends before or takes too long.
    pub(super) fn wait_for(&mut self, line: &str) -> bool {
        self.wait_until(|said| said == line)
    }

    /// Waits until it has said a line that begins so; false when it ends before or takes too long.
    pub(super) fn wait_for_start(&mut self, start: &str) -> bool {
        self.wait_until(|said| said.starts_with(start))
    }

    fn wait_until(&mut self, is_it: impl Fn(&str) -> bool) -> bool {
        let begun = Instant::now();
        while begun.elapsed() < self.limit {
            let ended = !matches!(self.child.try_wait(), Ok(None));
            if self.said_so_far().lines().any(&is_it) {
                return true;
            }
            if ended {
                return false;
            }
            thread::sleep(pause(begun));
        }
        false
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
        drop(self.child.wait());
    }
}

impl fmt::Display for Program {
    /// The program as a line for a shell.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.variables {
            write!(f, "{name}={} ", quoted(value))?;
        }
        let words: Vec<String> = self.words.iter().map(|word| quoted(word)).collect();
        f.write_str(&words.join(" "))
    }
}

fn pause(begun: Instant) -> Duration {
    Duration::from_micros(if begun.elapsed() < SOON { 100 } else { 1000 })
}

fn ending(status: ExitStatus) -> Ending {
    match (status.code(), status.signal()) {
        (Some(code), _) => Ending::Code(code),
        (None, signal) => Ending::Signal(signal.unwrap_or(0)),
    }
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=+:,@%".contains(c);
    if word.chars().all(plain) { word.to_owned() } else { format!("'{word}'") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(name: &str, script: &str) -> Program {
        let said = std::env::temp_dir().join(format!("torture-{}-{name}", std::process::id()));
        Program::new(Path::new("sh"), said).arg("-c").arg(script)
    }

    #[test]
    fn the_last_words_of_a_killed_program_are_there() {
        let mut running = shell("killed", "echo one; exec sleep 60").start().unwrap();
        assert!(running.wait_for("one"));
        running.kill();
        let ended = running.wait().unwrap();
        assert_eq!((ended.ending, ended.said.as_str()), (Ending::Signal(9), "one\n"));
    }

    #[test]
    fn a_program_that_fails_must_not() {
        let failure = shell("fails", "echo no paper; exit 3").must().unwrap_err();
        assert!(failure.contains("Code(3)") && failure.contains("no paper"), "{failure}");
    }
}
