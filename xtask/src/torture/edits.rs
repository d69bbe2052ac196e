//! A person saves the file, in each of the ways in which editors do it, or checks another version
//! out of git, while three writers and a reader use the store. Nothing that was acknowledged and no
//! edit may be lost: each is in the file afterwards, or in one that was kept beside it.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::bench::{Bench, Folder, Policy};
use super::figures::{Figures, Finding, Harm, each};
use super::program::{Ending, Program, Running};
use super::random::Random;
use crate::Result;
use crate::call::Call;

const WRITERS: u32 = 3;
const SAVES_PER_ROUND: u32 = 20;
/// What was kept beside a store is no leftover.
const KEPT: [&str; 4] = [".conflict-", ".orphan-", ".edit-", ".torn-"];

/// How a person changes the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A new file takes the name of the old one.
    Rename,
    /// The file is emptied and written.
    InPlace,
    /// The old file gets another name, and a new one is written, as vim does.
    Backup,
    /// `git checkout` of another version.
    Checkout,
}

const KINDS: [Kind; 4] = [Kind::Rename, Kind::InPlace, Kind::Backup, Kind::Checkout];

/// Runs all rounds of a policy.
pub(super) fn run(bench: &Bench, policy: &Policy) -> Result<Figures> {
    let rounds: u32 = if bench.short { 1 } else { 10 };
    let rounds: Vec<(Kind, u32)> =
        KINDS.iter().flat_map(|kind| (0..rounds).map(move |round| (*kind, round))).collect();
    each(&rounds, |(kind, round)| run_round(bench, policy, *kind, *round))
}

/// The person at work on one store.
struct Person {
    kind: Kind,
    store: PathBuf,
    /// The last edit, and those that were not seen in the file when it was opened next.
    last: u32,
    unseen: Vec<u32>,
}

fn run_round(bench: &Bench, policy: &Policy, kind: Kind, round: u32) -> Result<Figures> {
    let mut random = Random::new(bench.seed, &format!("edits {kind:?} {round}"));
    let folder = bench.folder()?;
    let until = folder.path().join("until");
    let mut person = Person::begin(bench, policy, kind, &folder)?;
    let running = start_all(bench, policy, &folder, &until)?;
    thread::sleep(Duration::from_millis(50));
    let mut figures = Figures::default();
    for _ in 0..SAVES_PER_ROUND {
        person.save()?;
        figures.points += 1;
        thread::sleep(Duration::from_millis(random.between(1, 25)));
    }
    // Each of them is to have looked once more.
    thread::sleep(Duration::from_millis(300));
    write(&until, "")?;
    let said = end_all(running, &mut figures)?;
    drop(fs::remove_file(&until));
    let texts = person.texts(&mut figures)?;
    for (writer, said) in (1..=WRITERS).zip(&said) {
        for number in acknowledged(said) {
            let uuid = format!("{writer:08x}-0000-7000-8000-0000{number:08x}");
            if !texts.contains(&uuid) {
                figures.add(Finding::new(Harm::Lost, format!("{kind:?}: {writer}.{number}")));
            }
        }
    }
    person.unseen.push(person.last);
    for edit in person.unseen.iter().filter(|_| kind != Kind::Checkout) {
        if !texts.contains(&mark(*edit)) {
            figures.add(Finding::new(Harm::Lost, format!("{kind:?}: edit {edit}")));
        }
    }
    if figures.is_harmed() {
        let finding = Finding::new(Harm::Unclear, format!("{kind:?}, round {round}"));
        figures.add(bench.explain(finding, &person.store, &said.join("\n")));
    }
    Ok(figures)
}

fn start_all(
    bench: &Bench,
    policy: &Policy,
    folder: &Folder,
    until: &Path,
) -> Result<Vec<Running>> {
    let store = folder.store();
    let until = |program: Program| program.arg(format!("until={}", until.display()));
    let mut running = Vec::new();
    for writer in 1..=WRITERS {
        let worker = bench.worker(&store, policy).args("ops=0 mode=add pause=1 scale=60");
        running.push(until(worker.arg(format!("worker={writer}"))).start()?);
    }
    let reader = bench
        .program("reader")
        .arg(format!("path={}", store.display()))
        .arg(format!("options={}", policy.bare_options()));
    running.push(until(reader).start()?);
    Ok(running)
}

/// Waits for all of them; what they said. Nothing fails because a person edits the file.
fn end_all(running: Vec<Running>, figures: &mut Figures) -> Result<Vec<String>> {
    let mut all = Vec::new();
    for running in running {
        let ended = running.wait()?;
        if ended.ending != Ending::Code(0) {
            figures.add(Finding::new(Harm::Crash, format!("{:?}: {}", ended.ending, ended.line)));
        }
        let failures = ended.said.lines().filter(|line| {
            line.starts_with("FAIL")
                || line.starts_with("WRONG")
                || line.starts_with("DID") && !line.ends_with(" OK")
        });
        failures.for_each(|line| figures.add(Finding::new(Harm::Unclear, line)));
        all.push(ended.said);
    }
    Ok(all)
}

/// The numbers of the operations that a worker says are done.
fn acknowledged(said: &str) -> impl Iterator<Item = u32> + '_ {
    let number = |line: &str| line.strip_prefix("ACK ")?.split(' ').next()?.parse().ok();
    said.lines().filter_map(number)
}

/// The title that an edit gives to the person's own document.
fn mark(edit: u32) -> String {
    format!("edit {edit} by hand")
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

impl Person {
    /// Makes a store with a document of the person's own, and for git a version of it with another.
    fn begin(bench: &Bench, policy: &Policy, kind: Kind, folder: &Folder) -> Result<Person> {
        let store = folder.store();
        let document = format!(
            r#"{{"documents":[{{"uuid":"00000000-0000-7000-8000-000000000000","title":"{}"}}]}}"#,
            mark(0)
        );
        write(&store, &document)?;
        let worker = bench.worker(&store, policy).args("worker=0 mode=add ops=3 scale=60");
        worker.must()?;
        let person = Person { kind, store, last: 0, unseen: Vec::new() };
        if kind == Kind::Checkout {
            person.git("init --quiet")?;
            for edit in [0, 1] {
                let text = person.read()?.replace(&mark(0), &mark(edit));
                write(&person.store, &text)?;
                person.git(&format!("add {}", person.name()))?;
                person.git("-c user.name=a -c user.email=a commit --quiet --message x")?;
                person.git(&format!("tag v{edit}"))?;
            }
        }
        Ok(person)
    }

    fn name(&self) -> String {
        self.store.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    fn git(&self, words: &str) -> Result<()> {
        let folder = self.store.parent().unwrap_or(&self.store);
        Call::new("git").words("-C").path(folder).words(words).run().map(drop)
    }

    fn read(&self) -> Result<String> {
        fs::read_to_string(&self.store).map_err(|error| format!("the file: {error}"))
    }

    /// Opens the file, changes it, and saves it at once.
    fn save(&mut self) -> Result<()> {
        if self.kind == Kind::Checkout {
            self.last += 1;
            return self.git(&format!("checkout --quiet v{} -- {}", self.last % 2, self.name()));
        }
        let text = self.read()?;
        if !text.contains(&mark(self.last)) {
            self.unseen.push(self.last);
        }
        let there = (0..=self.last).rev().find(|edit| text.contains(&mark(*edit)));
        let there = there.ok_or_else(|| format!("the person's document is gone:\n{text}"))?;
        self.last += 1;
        let text = text.replace(&mark(there), &mark(self.last));
        let beside = |ending: &str| PathBuf::from(format!("{}{ending}", self.store.display()));
        let failed = |error: std::io::Error| format!("saving: {error}");
        match self.kind {
            Kind::Rename => {
                write(&beside(".new"), &text)?;
                fs::rename(beside(".new"), &self.store).map_err(failed)
            }
            Kind::Backup => {
                fs::rename(&self.store, beside("~")).map_err(failed)?;
                write(&self.store, &text)?;
                fs::remove_file(beside("~")).map_err(failed)
            }
            Kind::InPlace | Kind::Checkout => write(&self.store, &text),
        }
    }

    /// The text of the store and of all that was kept beside it; anything else is left over.
    fn texts(&self, figures: &mut Figures) -> Result<String> {
        let mut texts = self.read()?;
        let folder = self.store.parent().unwrap_or(&self.store);
        let entries = fs::read_dir(folder).map_err(|error| format!("the folder: {error}"))?;
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let ending = name.strip_prefix(&self.name()).unwrap_or(&name);
            if KEPT.iter().any(|kept| ending.starts_with(kept)) {
                let bytes = fs::read(entry.path()).map_err(|error| format!("{name}: {error}"))?;
                texts.push_str(&String::from_utf8_lossy(&bytes));
            } else if !["", ".lock", ".git"].contains(&ending) {
                figures.add(Finding::new(Harm::Leftover, format!("left behind: {name}")));
            }
        }
        Ok(texts)
    }
}
