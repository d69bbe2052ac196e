//! The fuzz targets of `fuzz/`, built with libFuzzer and AddressSanitizer and run for a time.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::call::Call;
use crate::{Result, library, place};

const TARGETS: &[&str] = &["data_file", "log", "query", "short_id", "c_calls"];
/// What `cargo xtask fuzz` gives each target, and what the step of the check does.
const LONG: u64 = 1800;
const SHORT: u64 = 10;
/// What cargo-fuzz hands to the compiler, so that libFuzzer sees which code runs.
const FLAGS: &str = "-Zsanitizer=address -Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares \
    -Cdebug-assertions -Coverflow-checks -Ccodegen-units=1 --cfg fuzzing";

/// Runs the named targets, or all, for `--seconds` each.
pub(crate) fn run(words: &[&str]) -> Result<()> {
    let (seconds, names) = match words {
        ["--seconds", seconds, names @ ..] => {
            (seconds.parse().map_err(|_| "--seconds takes a number")?, names)
        }
        names => (LONG, names),
    };
    if let Some(unknown) = names.iter().find(|name| !TARGETS.contains(name)) {
        return Err(format!("there is no target {unknown}; there are: {}", TARGETS.join(" ")));
    }
    let built = build()?;
    for target in TARGETS.iter().filter(|it| names.is_empty() || names.contains(it)) {
        println!("{}", fuzz(&built, target, seconds)?);
    }
    Ok(())
}

/// The short form, a step of the check: the sources of the targets are as good as the others, and
/// each target runs for seconds.
pub(crate) fn step() -> Result<String> {
    Call::cargo().words("fmt --check").folder(&folder()).run()?;
    Call::cargo()
        .words("clippy --locked --target-dir")
        .path(&place::target().join("fuzz-lints"))
        .words("-- -D warnings")
        .folder(&folder())
        .run()?;
    let built = build()?;
    let lines = TARGETS.iter().map(|target| fuzz(&built, target, SHORT));
    Ok(lines.collect::<Result<Vec<String>>>()?.join("\n"))
}

fn folder() -> PathBuf {
    place::root().join("fuzz")
}

/// Builds the targets; gives the folder they are in.
fn build() -> Result<PathBuf> {
    let (host, output) = (library::host()?, place::target().join("fuzz"));
    Call::cargo()
        // libFuzzer's hooks in the compiler are not stable yet.
        .variable("RUSTC_BOOTSTRAP", "1")
        .variable("RUSTFLAGS", FLAGS)
        .words("build --release --locked --target")
        .arg(&host)
        .arg("--target-dir")
        .path(&output)
        .folder(&folder())
        .run()?;
    Ok(output.join(host).join("release"))
}

/// Fuzzes one target; what was found new stays in its corpus for the next time.
fn fuzz(built: &Path, target: &str, seconds: u64) -> Result<String> {
    let scratch = place::target().join("xtask").join("fuzz").join(target);
    let (corpus, found) = (scratch.join("corpus"), scratch.join("found"));
    for folder in [&corpus, &found] {
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    let begun = Instant::now();
    let program = built.join(target).display().to_string();
    let temporary = temporary(&scratch);
    remove(&temporary)?;
    fs::create_dir(&temporary).map_err(|error| format!("{}: {error}", temporary.display()))?;
    let ending = Call::new(&program)
        .variable("TMPDIR", temporary.display().to_string())
        .arg(format!("-max_total_time={seconds}"))
        .words("-print_final_stats=1 -rss_limit_mb=3000 -timeout=60")
        .arg(format!("-artifact_prefix={}/", found.display()))
        .path(&corpus)
        .limit(Duration::from_secs(seconds + 300))
        .end()?;
    remove(&temporary)?;
    if !ending.good {
        let how = format!("repeat: {program} FILE, with the file that is named below");
        return Err(format!("{target}: {how}\n{}", ending.failure()));
    }
    let executions = statistic(&ending.printed, "number_of_executed_units")?;
    let taken = begun.elapsed().as_secs();
    Ok(format!("{target}: {executions} executions, 0 crashes, {taken} seconds"))
}

/// Where the target with that scratch space puts its files. They are to be many: where there is a
/// disk in memory, that is where they go. The name is the same for each run, so that what one left
/// that was killed goes with the next, and another in each copy of the project.
fn temporary(scratch: &Path) -> PathBuf {
    let memory = Path::new("/dev/shm");
    if !memory.is_dir() {
        return scratch.join("files");
    }
    memory.join(format!("nanostore-fuzz{}", scratch.display().to_string().replace('/', "-")))
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(format!("{}: {error}", folder.display()))
        }
        _ => Ok(()),
    }
}

/// A line such as `stat::number_of_executed_units: 12`.
fn statistic(printed: &str, name: &str) -> Result<u64> {
    let line = printed.lines().find_map(|line| line.strip_prefix("stat::")?.strip_prefix(name));
    let number = line.and_then(|rest| rest.trim_start_matches(':').trim().parse().ok());
    number.ok_or_else(|| format!("libFuzzer does not say its {name}:\n{printed}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_are_read_from_what_libfuzzer_prints() {
        let printed = "Done\nstat::number_of_executed_units: 12\nstat::peak_rss_mb:  9\n";
        assert_eq!(statistic(printed, "number_of_executed_units"), Ok(12));
        assert!(statistic(printed, "slowest").is_err());
    }

    #[test]
    fn copies_of_the_project_have_folders_of_their_own() {
        assert_ne!(temporary(Path::new("/a/x")), temporary(Path::new("/b/x")));
    }

    #[test]
    fn an_unknown_target_is_named() {
        assert!(run(&["nothing"]).is_err_and(|message| message.contains("c_calls")));
    }
}
