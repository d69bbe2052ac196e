//! The torturer's bench: the built library, the programs, scratch space in memory, and the seed.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::figures::{Finding, Harm};
use super::program::Program;
use crate::call::Call;
use crate::library::{self, Library};
use crate::{Result, compiler, place};

/// The name of the store in its folder.
const STORE: &str = "s.json";
const SCHEMA: &str = concat!(
    r#""schema":{"dimensions":[{"name":"status","type":"enumerated","#,
    r#""values":["pending","active","done"],"prefixes":{"active":"a","done":"d"},"#,
    r#""default_value":"pending"}]}"#,
);

/// How long programs wait for locks where nobody should keep one for ever.
const PATIENCE_MS: u32 = 20_000;

/// So many findings keep the files of their stores.
const EXPLAINED_MAX: u32 = 200;
/// So many lines at the beginning and at the end of a finding are printed.
const SHOWN_LINES: usize = 6;

/// How a store is kept: a durability and a checkpoint policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Policy {
    pub(super) name: &'static str,
    members: &'static str,
    /// A power cut takes only what was not synced: acknowledgements alone promise nothing.
    pub(super) is_batched: bool,
    /// Commits may go to a log.
    pub(super) has_log: bool,
}

/// The policies that are tortured.
pub(super) const POLICIES: &[Policy] = &[
    Policy {
        name: "sync-commit",
        members: r#""durability":"sync","checkpoint":"commit""#,
        is_batched: false,
        has_log: false,
    },
    Policy {
        name: "sync-auto",
        members: r#""durability":"sync","checkpoint":"auto""#,
        is_batched: false,
        has_log: true,
    },
    Policy {
        name: "batched-auto",
        members: r#""durability":"batched","checkpoint":"auto","interval_ms":5"#,
        is_batched: true,
        has_log: true,
    },
];

/// Everything that a battery needs.
pub(super) struct Bench {
    library: Library,
    programs: PathBuf,
    shim: PathBuf,
    scratch: PathBuf,
    found: PathBuf,
    count: AtomicU32,
    /// Findings whose files were kept.
    explained: AtomicU32,
    /// File systems may be mounted here.
    pub(super) can_mount: bool,
    /// The quick form, for the check.
    pub(super) short: bool,
    /// Where all chance comes from.
    pub(super) seed: u64,
}

/// A folder that goes when it is no longer used.
pub(super) struct Folder(PathBuf);

impl Policy {
    /// The options that a worker opens a store with.
    pub(super) fn options(&self, lock_timeout_ms: u32) -> String {
        format!("{{{SCHEMA},{},\"lock_timeout_ms\":{lock_timeout_ms}}}", self.members)
    }

    /// The options of somebody who knows no schema.
    pub(super) fn bare_options(&self) -> String {
        format!("{{{},\"lock_timeout_ms\":{PATIENCE_MS}}}", self.members)
    }
}

impl Bench {
    /// Builds the library and the programs; scratch space is in memory where that can be mounted.
    pub(super) fn make(short: bool, seed: u64, can_mount: bool) -> Result<Bench> {
        let library = library::release()?;
        let programs = place::scratch("torture/programs")?;
        let scratch = place::scratch("torture/scratch")?;
        let found = place::scratch("torture/found")?;
        for source in place::files(&place::root().join("tests/torture"), "c")? {
            if !source.ends_with("shim.c") {
                compiler::compile(&source, &library, &programs)?;
            }
        }
        let shim = compiler::compile_preloaded(
            &place::root().join("tests/torture/shim.c"),
            &programs.join("shim.so"),
        )?;
        if can_mount {
            Call::new("mount").words("-t tmpfs -o size=4g tmpfs").path(&scratch).run()?;
        }
        let (count, explained) = (AtomicU32::new(0), AtomicU32::new(0));
        Ok(Bench {
            library,
            programs,
            shim,
            scratch,
            found,
            count,
            explained,
            can_mount,
            short,
            seed,
        })
    }

    /// One of the C programs.
    pub(super) fn program(&self, name: &str) -> Program {
        self.tool(&self.programs.join(name))
            .variable("LD_LIBRARY_PATH", self.library.folder.display())
    }

    /// A program of the machine.
    pub(super) fn tool(&self, path: &Path) -> Program {
        Program::new(path, self.unused("said"))
    }

    /// The worker, acting on a store.
    pub(super) fn worker(&self, store: &Path, policy: &Policy) -> Program {
        self.impatient_worker(store, policy, PATIENCE_MS)
    }

    /// The worker, waiting for locks no longer than that.
    pub(super) fn impatient_worker(&self, store: &Path, policy: &Policy, ms: u32) -> Program {
        self.program("worker")
            .arg(format!("path={}", store.display()))
            .arg(format!("options={}", policy.options(ms)))
    }

    /// The checker, looking at a store.
    pub(super) fn checker(&self, store: &Path, policy: &Policy) -> Program {
        self.program("checker")
            .arg(format!("path={}", store.display()))
            .arg(format!("options={}", policy.bare_options()))
    }

    /// Puts the shim between a program and the calls that concern the folder of a store.
    pub(super) fn shimmed(&self, program: Program, store: &Path) -> Program {
        let folder = store.parent().unwrap_or(store);
        program
            .variable("LD_PRELOAD", self.shim.display())
            .variable("TORTURE_FOLDER", folder.display())
    }

    /// A new empty folder in the scratch space.
    pub(super) fn folder(&self) -> Result<Folder> {
        let path = self.unused("at");
        fs::create_dir(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Folder(path))
    }

    /// A path in the scratch space that nobody has used.
    pub(super) fn unused(&self, name: &str) -> PathBuf {
        self.scratch.join(format!("{name}-{}", self.count.fetch_add(1, Ordering::Relaxed)))
    }

    /// Adds to a finding how it came about, and keeps what the store looked like.
    pub(super) fn explain(&self, mut finding: Finding, store: &Path, how: &str) -> Finding {
        finding.text = format!("{}\n  {how}", finding.text);
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        if self.explained.fetch_add(1, Ordering::Relaxed) >= EXPLAINED_MAX {
            // What goes wrong everywhere would fill the disk.
            finding.text = shortened(&finding.text);
            return finding;
        }
        let kept = self.found.join(number.to_string());
        // The folder may be gone; that is then what it looks like.
        drop(copy_files(store.parent().unwrap_or(store), &kept));
        let noted = place::write(&kept.join("how"), &finding.text);
        let place = noted.map_or_else(|error| error, |()| place::shown(&kept));
        finding.text = shortened(&finding.text);
        finding.text += &format!("\n  this and the store's files: {place}");
        finding
    }
}

impl Folder {
    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// The path of the store in it.
    pub(super) fn store(&self) -> PathBuf {
        self.0.join(STORE)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed goes with the scratch space.
        drop(fs::remove_dir_all(&self.0));
    }
}

/// The files in the folder of a store that should not be there once it is closed.
pub(super) fn leftovers(store: &Path, may_be_torn: bool) -> Option<Finding> {
    let folder = store.parent()?;
    let names = fs::read_dir(folder).ok()?.flatten();
    let names = names.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let known = |name: &String| {
        let ending = name.strip_prefix(STORE).unwrap_or("?");
        matches!(ending, "" | ".lock") || may_be_torn && ending.starts_with(".torn-")
    };
    let strange: Vec<String> = names.filter(|name| !known(name)).collect();
    (!strange.is_empty())
        .then(|| Finding::new(Harm::Leftover, format!("left behind: {}", strange.join(", "))))
}

/// The beginning and the end of a long text.
fn shortened(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let (first, rest) = lines.split_at(lines.len().min(SHOWN_LINES));
    let (left_out, last) = rest.split_at(rest.len().saturating_sub(SHOWN_LINES));
    let mut shown = first.to_vec();
    if !left_out.is_empty() {
        shown.push("...");
    }
    shown.extend(last);
    shown.join("\n")
}

/// Copies the files of a folder, not what is below it, and makes the folder where there is none.
pub(super) fn copy_files(from: &Path, to: &Path) -> Result<()> {
    let failed = |error: std::io::Error| format!("cannot copy {}: {error}", from.display());
    fs::create_dir_all(to).map_err(failed)?;
    for entry in fs::read_dir(from).map_err(failed)?.flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_file()) {
            fs::copy(entry.path(), to.join(entry.file_name())).map_err(failed)?;
        }
    }
    Ok(())
}
