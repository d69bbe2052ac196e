//! `cargo xtask planted`: negative controls inside the library. Each plants one fault in a copy of
//! the sources and demands that the test which guards against it fails there: a test that cannot
//! fail would be worth nothing. Faults of the disk are planted by `cargo xtask torture controls`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::call::Call;
use crate::{Result, place};

/// A fault, and the test that has to find it.
struct Planted {
    about: &'static str,
    file: &'static str,
    /// Stands in the file once.
    right: &'static str,
    wrong: &'static str,
    test: &'static str,
}

const ONE_OR_TWO: &str = "crash::power::a_power_cut_anywhere_in_one_or_two_changes_loses_nothing";
const THIRD: &str =
    "crash::power::a_power_cut_anywhere_in_the_third_of_three_changes_loses_nothing";
const KILLED: &str = "crash::power::a_process_killed_anywhere_loses_nothing_and_hinders_nobody";
const UNSEEN_EDIT: &str =
    "git::after_an_edit_that_no_program_saw_a_diff_names_what_was_written_and_nothing_else";

const FAULTS: &[Planted] = &[
    Planted {
        about: "a new file is not synced",
        file: "src/file/atomic.rs",
        right: "self.file.sync_all().map_err(",
        wrong: "std::io::Result::Ok(()).map_err(",
        test: ONE_OR_TWO,
    },
    Planted {
        about: "the folder is not synced",
        file: "src/file/atomic.rs",
        right: "match self.directory.sync() {",
        wrong: "match std::io::Result::Ok(()) {",
        test: ONE_OR_TWO,
    },
    Planted {
        about: "a file is renamed before it is synced",
        file: "src/file/atomic.rs",
        right: "let path = self.target.path;",
        wrong: "let path = self.target.path; self.rename()?;",
        test: ONE_OR_TWO,
    },
    Planted {
        about: "a commit is acknowledged before the log is synced",
        file: "src/engine/group.rs",
        right: "exclusive.sync()?;\n            self.publish_log(",
        wrong: "self.publish_log(",
        test: ONE_OR_TWO,
    },
    Planted {
        about: "records of another log count (the salt is ignored)",
        file: "src/wal/record.rs",
        right: "rest.strip_prefix(salt)?",
        wrong: "rest.get(salt.len()..)?",
        test: "log::a_record_of_another_log_does_not_count",
    },
    Planted {
        about: "what others wrote is not read under the lock",
        file: "src/engine/catch_up.rs",
        right: "match exclusive.changed()? {",
        wrong: "match Change::None {",
        test: "processes::three_hundred_increments_by_six_processes_end_at_three_hundred",
    },
    Planted {
        about: "a checkpoint removes the log before the new file is in place",
        file: "src/storage/json_file/held.rs",
        right: "let placed = version.put_in_place()",
        wrong: "let _ = self.place.directory.remove(self.store.log_name()); \
                let _ = self.place.directory.sync(); let placed = version.put_in_place()",
        test: ONE_OR_TWO,
    },
    Planted {
        about: "a folded log goes before the header on disk says so",
        file: "src/storage/json_file/held.rs",
        right: "self.guard.write_durable_header(&done, intent)",
        wrong: "self.guard.write_header(&done)",
        test: THIRD,
    },
    Planted {
        about: "a commit that was found in the log is built upon before it is synced",
        file: "src/storage/json_file/load.rs",
        right: "log.sync().map_err(|error| failed(\"sync\", error))?;",
        wrong: "",
        test: KILLED,
    },
    Planted {
        about: "a data file that is gone counts as one that the log was folded into",
        file: "src/storage/json_file/bond.rs",
        right: "let Some(file) = file else { return Bond::Strange };",
        wrong: "let Some(file) = file else { return Bond::Folded };",
        test: "three_files::a_running_program_loses_nothing_of_what_it_acknowledged",
    },
    Planted {
        about: "a log that is gone is not missed where the file was edited",
        file: "src/storage/json_file/bond.rs",
        right: "log != Some(noted) && file.is_some() && file != header.pending",
        wrong: "log.is_none() && file.is_some() && file == header.digest",
        test: "three_files::what_opens_and_what_is_refused_follows_one_rule",
    },
    Planted {
        about: "the format of a store is changed outside of a commit",
        file: "src/engine/open.rs",
        right: "self.reform(&request.limits, format)?;",
        wrong: "let published = self.published.write(); \
                let mut published = published.unwrap_or_else(PoisonError::into_inner); \
                Arc::make_mut(&mut Arc::make_mut(&mut published).envelope).format = format;",
        test: "threads::a_format_given_at_open_holds_whatever_others_write_meanwhile",
    },
    Planted {
        about: "what an edit undoes is not kept",
        file: "src/engine/catch_up.rs",
        right: "exclusive.keep(Kept::Overridden(&found.overridden))?;",
        wrong: "",
        test: "stale_saves::what_a_save_of_an_older_text_undoes_is_kept_aside",
    },
    Planted {
        about: "a file that cannot be replaced is taken at open",
        file: "src/storage/json_file/place.rs",
        right: "if !how.read_only {\n        check_replaceable(",
        wrong: "if false {\n        check_replaceable(",
        test: "obstacles::what_cannot_be_replaced_is_refused_at_open_and_can_be_read",
    },
    Planted {
        about: "a log is begun beside a file that has come to be one that cannot be replaced",
        file: "src/storage/json_file/held.rs",
        right: "if log.is_none() || !self.store.replaceable",
        wrong: "if false && !self.store.replaceable",
        test: "obstacles::no_log_is_begun_beside_a_file_that_has_come_to_be_one",
    },
    Planted {
        about: "a log goes on beside a file that was changed into one that cannot be replaced",
        file: "src/storage/json_file/load.rs",
        right: "self.replaceable.store(false, Ordering::Relaxed);",
        wrong: "",
        test: "obstacles::a_log_does_not_grow_beside_a_file_that_was_changed_into_one",
    },
    Planted {
        about: "an edit that no program saw gives all documents in the file a new revision",
        file: "src/engine/load.rs",
        right: "let file_rev = state.file_rev(slot);",
        wrong: "let file_rev: Option<u64> = None;",
        test: UNSEEN_EDIT,
    },
];

impl Planted {
    /// The source with the fault in it.
    fn plant(&self, sound: &str) -> Result<String> {
        if sound.matches(self.right).count() != 1 {
            return Err(format!("{} does not hold {:?} once", self.file, self.right));
        }
        Ok(sound.replace(self.right, self.wrong))
    }
}

/// Plants each fault, and sees that the tests pass without.
pub(crate) fn run() -> Result<()> {
    let copy = copy_of_sources()?;
    let mut missed = 0;
    for planted in FAULTS {
        let path = copy.join(planted.file);
        let sound = place::read(&path)?;
        place::write(&path, &planted.plant(&sound)?)?;
        let caught = fails(&copy, planted.test)?;
        place::write(&path, &sound)?;
        missed += u32::from(!caught);
        let verdict = if caught { "caught by" } else { "MISSED by" };
        println!("{}: {verdict} {}", planted.about, planted.test);
    }
    for planted in FAULTS {
        passes(&copy, planted.test)?;
    }
    println!("{} faults planted, {missed} missed; without them the tests pass", FAULTS.len());
    if missed == 0 { Ok(()) } else { Err(format!("{missed} planted faults went unnoticed")) }
}

/// Copies what git would keep of the project.
fn copy_of_sources() -> Result<PathBuf> {
    let copy = place::scratch("planted")?;
    for file in place::project_files(&place::root())? {
        let to = copy.join(&file);
        let folder = to.parent().unwrap_or(&copy);
        fs::create_dir_all(folder)
            .and_then(|()| fs::copy(place::root().join(&file), &to))
            .map_err(|error| format!("cannot copy to {}: {error}", to.display()))?;
    }
    Ok(copy)
}

fn test(copy: &Path, name: &str) -> Call {
    // Its own output folder outlives the copy: only what was planted is compiled anew.
    let target = place::target().join("planted").display().to_string();
    Call::cargo()
        .words("test --quiet --all-features --test it --")
        .words(name)
        .arg("--exact")
        .folder(copy)
        .variable("CARGO_TARGET_DIR", target)
        .variable("CARGO_MANIFEST_DIR", copy.display().to_string())
        .variable("RUST_BACKTRACE", "0")
}

fn passes(copy: &Path, name: &str) -> Result<()> {
    let printed = test(copy, name).run()?;
    if printed.contains("1 passed") {
        Ok(())
    } else {
        Err(format!("there is no test {name}:\n{printed}"))
    }
}

/// Whether the test runs and fails; a fault that does not compile is a failure of this program.
fn fails(copy: &Path, name: &str) -> Result<bool> {
    let ending = test(copy, name).end()?;
    if !ending.good && !ending.printed.contains("1 failed") {
        return Err(ending.failure());
    }
    Ok(!ending.good)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_has_its_place_in_the_sources() {
        for planted in FAULTS {
            let sound = place::read(&place::root().join(planted.file)).unwrap();
            assert_ne!(planted.plant(&sound).unwrap(), sound, "{}", planted.about);
        }
    }
}
