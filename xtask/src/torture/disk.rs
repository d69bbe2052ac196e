//! Bad conditions that are real: a full disk, missing rights, a lock that is never given back.
//!
//! Each gives a clear cause, with errno and path where the system gave one; the state of before is
//! intact once the condition is over, and nothing stays behind.

use std::fs;
use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::base::{self, Base};
use super::bench::{Bench, Policy};
use super::figures::{Figures, Finding, Harm, Verdict};
use super::image::{Image, Kind, Mounted, obstacle};
use super::inspection::{Expected, examine, inspect};
use super::oracle::{Durable, possible};
use super::program::{Ended, Ending, Program, Running};
use super::transcript::Transcript;
use crate::Result;

/// Where the store lies.
#[derive(Clone, Copy)]
enum Ground {
    Scratch,
    /// A file system in memory, with these options.
    Memory(&'static str),
    /// A file system that knows attributes.
    Ext4,
}

/// A bad condition.
struct Case {
    name: &'static str,
    ground: Ground,
    /// The statuses that tell it, with their errno (0: the system gave none).
    told_as: &'static [(&'static str, i32)],
    /// Brings the condition about, lets a worker work, and ends the condition.
    torture: fn(&Site<'_>) -> Result<Ended>,
}

/// Starts a program as a user who owns nothing.
const NOBODY: &[&str] = &["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];
const NO_RIGHTS: &str = "no rights";
const STICKY_FOLDER: &str = "sticky folder";

const CASES: &[Case] = &[
    Case {
        name: "full disk",
        ground: Ground::Memory("size=40k"),
        told_as: &[("NOSPACE", 28)],
        torture: |site| site.fill("mode=add ops=40 scale=4000 checkpoint=7", "size=8m"),
    },
    Case {
        name: "no inodes",
        ground: Ground::Memory("size=8m"),
        told_as: &[("NOSPACE", 28)],
        torture: |site| {
            // One for the folder and one for each file that is there.
            let files = fs::read_dir(&site.folder).map_err(|error| error.to_string())?.count();
            site.remount(&format!("nr_inodes={}", files + 1))?;
            site.fill("mode=add ops=3 checkpoint=2", "nr_inodes=100")
        },
    },
    Case {
        name: "file size limit",
        ground: Ground::Scratch,
        told_as: &[("NOSPACE", 27)],
        torture: |site| site.limited("trap '' XFSZ; ulimit -f 40", "mode=add ops=40 scale=6000"),
    },
    Case {
        name: "too many files",
        ground: Ground::Scratch,
        told_as: &[("IO", 24)],
        torture: |site| site.limited("ulimit -n 5", "mode=add ops=2 checkpoint=1"),
    },
    Case {
        name: "read-only mount",
        ground: Ground::Memory("size=8m"),
        told_as: &[("READONLY", 30)],
        torture: |site| {
            site.remount("ro")?;
            let mut ended = site.worker("ops=2").run()?;
            ended.said += site.read_only()?;
            site.remount("rw")?;
            Ok(ended)
        },
    },
    Case {
        name: "immutable file",
        ground: Ground::Ext4,
        told_as: &[("PERMISSION", 0)],
        torture: |site| site.attributed("i", &site.store),
    },
    Case {
        name: "append-only file",
        ground: Ground::Ext4,
        told_as: &[("PERMISSION", 0)],
        torture: |site| site.attributed("a", &site.store),
    },
    Case {
        name: "immutable folder",
        ground: Ground::Ext4,
        told_as: &[("PERMISSION", 0)],
        torture: |site| site.attributed("i", &site.folder),
    },
    Case {
        name: "append-only folder",
        ground: Ground::Ext4,
        told_as: &[("PERMISSION", 0)],
        torture: |site| site.attributed("a", &site.folder),
    },
    Case {
        name: "immutable while in use",
        ground: Ground::Ext4,
        // Now and then it comes between the look at the file and its replacement.
        told_as: &[("PERMISSION", 0), ("PERMISSION", 1)],
        torture: |site| {
            let ended = site.while_in_use(|| site.attribute("+i", &site.store));
            site.attribute("-i", &site.store)?;
            ended
        },
    },
    Case {
        name: "mounted file",
        ground: Ground::Scratch,
        told_as: &[("READONLY", 0)],
        torture: |site| site.mounted(0),
    },
    Case {
        name: "big mounted file",
        ground: Ground::Scratch,
        told_as: &[("READONLY", 0)],
        torture: |site| {
            // Bigger than what the first commits of a process replace.
            let grown = site.worker("ops=12 mode=add scale=60000").run()?;
            let mut ended = site.mounted(12)?;
            let done = |line: &&str| line.starts_with("ATTEMPT ") || line.starts_with("ACK ");
            let lines = grown.said.lines().filter(done).map(|line| format!("{line}\n"));
            ended.said.insert_str(0, &lines.collect::<String>());
            Ok(ended)
        },
    },
    Case {
        name: "mounted while in use",
        ground: Ground::Scratch,
        told_as: &[("READONLY", 0), ("READONLY", 16)],
        torture: |site| {
            let mut mounted = None;
            site.while_in_use(|| {
                mounted = Some(Mounted::file(site.bench, &site.store)?);
                Ok(())
            })
        },
    },
    Case {
        name: STICKY_FOLDER,
        ground: Ground::Scratch,
        told_as: &[("PERMISSION", 0)],
        torture: |site| site.in_sticky_folder(),
    },
    Case {
        name: NO_RIGHTS,
        ground: Ground::Scratch,
        told_as: &[("PERMISSION", 13)],
        torture: |site| site.worker("ops=2").behind(NOBODY).run(),
    },
    Case {
        name: "folder goes",
        ground: Ground::Scratch,
        told_as: &[("NOTFOUND", 2), ("NOTFOUND", 0)],
        torture: |site| site.without_folder(),
    },
    Case {
        name: "lock held for ever",
        ground: Ground::Scratch,
        told_as: &[("TIMEOUT", 0)],
        torture: |site| site.locked_out(),
    },
    Case {
        name: "file becomes a link",
        ground: Ground::Scratch,
        told_as: &[("INVALID", 40), ("INVALID", 0)],
        torture: |site| site.with_link(),
    },
    Case {
        name: "hard link",
        ground: Ground::Scratch,
        told_as: &[("UNSUPPORTED", 0)],
        torture: |site| {
            let other = site.folder.with_extension("other");
            fs::hard_link(&site.store, &other).map_err(|error| error.to_string())?;
            let ended = site.worker("ops=2 checkpoint=2").run()?;
            fs::remove_file(&other).map_err(|error| error.to_string())?;
            Ok(ended)
        },
    },
];

/// Runs all cases, on a store that was closed and on one whose writer died.
pub(super) fn run(bench: &Bench, policy: &Policy) -> Result<Figures> {
    let mut figures = Figures::default();
    let obstacle = obstacle(bench)?;
    let bases = base::all(bench, policy)?;
    for base in bases.iter().filter(|base| base.documents > 0) {
        for case in CASES {
            let is_nobodys = [NO_RIGHTS, STICKY_FOLDER].contains(&case.name);
            if is_nobodys && !nobody_gets_here(bench)? {
                figures.notes.push(format!("{}: left out, this folder is private", case.name));
            } else if obstacle.is_none() {
                // What needs no mounts needs the rights of root all the same.
                figures.count(run_case(bench, policy, base, case)?);
            }
        }
    }
    figures.notes.extend(obstacle);
    Ok(figures)
}

/// Can a user who owns nothing start the programs? Not where the project lies in a private folder.
fn nobody_gets_here(bench: &Bench) -> Result<bool> {
    let trial = bench.program("checker").arg("path=/nowhere/s.json").behind(NOBODY).run()?;
    Ok(trial.ending == Ending::Code(3))
}

/// A store under a bad condition.
struct Site<'a> {
    bench: &'a Bench,
    policy: &'a Policy,
    base: &'a Base,
    folder: PathBuf,
    store: PathBuf,
}

fn run_case(bench: &Bench, policy: &Policy, base: &Base, case: &Case) -> Verdict {
    let ground = bench.folder()?;
    let mut folder = ground.path().join("at");
    fs::create_dir(&folder).map_err(|error| error.to_string())?;
    let (mut _memory, mut _image) = (None, None);
    match case.ground {
        Ground::Scratch => {}
        Ground::Memory(options) => _memory = Some(Mounted::memory(bench, options, &folder)?),
        Ground::Ext4 => {
            let image = Image::make(bench, Kind::Ext4)?;
            folder = image.point().join("at");
            fs::create_dir(&folder).map_err(|error| error.to_string())?;
            _image = Some(image);
        }
    }
    base.copy_to(&folder)?;
    let site = Site { bench, policy, base, store: folder.join("s.json"), folder };
    let ended = (case.torture)(&site)?;
    let transcript = Transcript::read(1, &ended.said)?;
    let states = possible(std::slice::from_ref(&base.state), &transcript, Durable::All);
    let highest = transcript.revisions().last().copied().unwrap_or(0).max(base.revision);
    let may_be_torn = false;
    let expected = Expected { states: &states, revision: highest, may_be_torn };
    let result = match examine(&ended, &transcript, true).and_then(|()| judge(case, &transcript)) {
        // A folder that is gone stays so.
        Ok(()) if !site.folder.exists() => Ok(()),
        Ok(()) => inspect(bench, policy, &site.store, &expected)?.map(drop),
        Err(finding) => Err(finding),
    };
    let how = format!("{} (base {}): {}\n{}", case.name, base.name, ended.line, ended.said);
    Ok(result.map_err(|finding| bench.explain(finding, &site.store, &how)))
}

/// There are failures, and each tells the condition.
fn judge(case: &Case, transcript: &Transcript) -> std::result::Result<(), Finding> {
    if transcript.failures().next().is_none() {
        return Err(Finding::new(Harm::Unclear, "nothing failed"));
    }
    for failure in transcript.failures() {
        let told = (failure.status.as_str(), failure.errno);
        if matches!(told.0, "INTERNAL" | "PANIC") {
            return Err(Finding::new(Harm::Crash, format!("{failure:?}")));
        }
        if !case.told_as.contains(&told) || failure.path.is_empty() {
            return Err(Finding::new(Harm::Unclear, format!("{failure:?}")));
        }
    }
    Ok(())
}

impl Site<'_> {
    fn worker(&self, words: &str) -> Program {
        self.worker_with(1000, words)
    }

    fn worker_with(&self, lock_timeout_ms: u32, words: &str) -> Program {
        let worker = self.bench.impatient_worker(&self.store, self.policy, lock_timeout_ms);
        worker.arg(format!("base={}", self.base.documents)).args(words)
    }

    /// Lets a worker meet the end of the space, then makes more of it.
    fn fill(&self, words: &str, more: &str) -> Result<Ended> {
        let ended = self.worker(words).run()?;
        self.remount(more)?;
        Ok(ended)
    }

    fn remount(&self, options: &str) -> Result<()> {
        let mount = self.bench.tool(Path::new("mount")).arg("-o");
        mount.arg(format!("remount,{options}")).arg(self.folder.display()).must().map(drop)
    }

    /// Who only reads needs no rights to write; gives a line if that is not so.
    fn read_only(&self) -> Result<&'static str> {
        self.read_only_with(0)
    }

    /// The same with documents that a worker added.
    fn read_only_with(&self, added: usize) -> Result<&'static str> {
        let reader =
            self.bench.program("checker").arg("probe=0").arg("options={\"read_only\":true}");
        let ended = reader.arg(format!("path={}", self.store.display())).run()?;
        let seen = ended.said.lines().filter(|line| line.starts_with("DOC ")).count();
        Ok(if ended.ending == Ending::Code(0) && seen == self.base.state.len() + added {
            ""
        } else {
            "WRONG 0 the store cannot be read where it cannot be written\n"
        })
    }

    /// Lets a worker work under a limit that a shell sets.
    fn limited(&self, limit: &str, words: &str) -> Result<Ended> {
        let script = format!("{limit}; exec \"$@\"");
        self.worker(words).behind(&["sh", "-c", &script, "sh"]).run()
    }

    /// Lets a worker work while a file or folder has an attribute.
    fn attributed(&self, attribute: &str, path: &Path) -> Result<Ended> {
        self.attribute(&format!("+{attribute}"), path)?;
        let mut ended = self.worker("ops=2 checkpoint=2").run()?;
        ended.said += self.read_only()?;
        self.attribute(&format!("-{attribute}"), path)?;
        Ok(ended)
    }

    fn attribute(&self, change: &str, path: &Path) -> Result<()> {
        let chattr = self.bench.tool(Path::new("chattr")).arg(change);
        chattr.arg(path.display()).must().map(drop)
    }

    /// Lets a worker work on a file that is mounted by itself, with documents that another one
    /// added.
    fn mounted(&self, added: usize) -> Result<Ended> {
        let _mounted = Mounted::file(self.bench, &self.store)?;
        let mut ended = self.worker("ops=2 checkpoint=2").run()?;
        ended.said += self.read_only_with(added)?;
        Ok(ended)
    }

    /// Lets something happen after the third operation of a worker that does twenty and closes.
    fn while_in_use(&self, happen: impl FnOnce() -> Result<()>) -> Result<Ended> {
        let mut running = self.worker("ops=20 mode=add pause=50").start()?;
        if !running.wait_for_start("ACK 3 ") {
            return Err(format!("no third operation:\n{}", running.said_so_far()));
        }
        happen()?;
        running.wait()
    }

    /// Lets a worker work on a file that it may write, where it may make others, but that belongs
    /// to somebody else, as its folder does.
    fn in_sticky_folder(&self) -> Result<Ended> {
        let failed = |error: std::io::Error| error.to_string();
        let set_mode = |path: &Path, mode| {
            fs::set_permissions(path, Permissions::from_mode(mode)).map_err(failed)
        };
        set_mode(&self.folder, 0o1777)?;
        for entry in fs::read_dir(&self.folder).map_err(failed)? {
            set_mode(&entry.map_err(failed)?.path(), 0o666)?;
        }
        let mut ended = self.worker("ops=2 checkpoint=2").behind(NOBODY).run()?;
        ended.said += self.read_only()?;
        Ok(ended)
    }

    /// Starts a worker that goes on for ever, with pauses, and waits for one of these.
    fn busy(&self) -> Result<Running> {
        let mut running = self.worker("ops=0 mode=add pause=200").start()?;
        if !running.wait_for_start("ACK 3 ") {
            return Err(format!("no third operation:\n{}", running.said_so_far()));
        }
        Ok(running)
    }

    /// Waits until it fails, and kills it.
    fn until_failure(mut running: Running) -> Result<Ended> {
        running.wait_for_start("FAIL");
        thread::sleep(Duration::from_millis(20));
        running.kill();
        running.wait()
    }

    /// Takes the folder away from under a worker.
    fn without_folder(&self) -> Result<Ended> {
        let running = self.busy()?;
        let begun = Instant::now();
        while fs::remove_dir_all(&self.folder).is_err() && begun.elapsed().as_secs() < 10 {}
        Site::until_failure(running)
    }

    /// Holds the lock while a worker wants it; it must give up in time.
    fn locked_out(&self) -> Result<Ended> {
        let lock = format!("{}.lock", self.store.display());
        let mut holder = self.bench.program("hold").arg(lock).arg("30").start()?;
        if !holder.wait_for("HELD") {
            return Err(format!("the lock was not to be had: {}", holder.said_so_far()));
        }
        let begun = Instant::now();
        let mut ended = self.worker_with(300, "ops=2").run()?;
        // Two attempts to open, or one and two operations, at 300 ms each.
        if begun.elapsed() > Duration::from_secs(3) {
            ended.said += "WRONG 0 the lock was waited for too long\n";
        }
        holder.kill();
        Ok(ended)
    }

    /// Puts a link to some other file in the place of the store: that file must stay as it is.
    fn with_link(&self) -> Result<Ended> {
        let failed = |error: std::io::Error| error.to_string();
        let canary = self.folder.with_extension("canary");
        let kept = self.folder.with_extension("kept");
        fs::write(&canary, "{}").map_err(failed)?;
        let running = self.busy()?;
        fs::rename(&self.store, &kept).map_err(failed)?;
        symlink(&canary, &self.store).map_err(failed)?;
        let mut ended = Site::until_failure(running)?;
        if fs::read(&canary).map_err(failed)? != b"{}" {
            ended.said += "WRONG 0 the file behind the link was changed\n";
        }
        if !fs::symlink_metadata(&self.store).is_ok_and(|it| it.is_symlink()) {
            ended.said += "WRONG 0 the link was replaced\n";
        }
        fs::rename(&kept, &self.store).map_err(failed)?;
        Ok(ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_that_nobody_tells_is_unclear() {
        let case = CASES.iter().find(|case| case.name == "full disk").unwrap();
        let harm = |said: &str| {
            judge(case, &Transcript::read(1, said).unwrap()).map_err(|finding| finding.harm)
        };
        assert_eq!(harm("DID open OK\n"), Err(Harm::Unclear));
        assert_eq!(harm("DID open NOSPACE NOSPACE 28 /a\n"), Ok(()));
        assert_eq!(harm("DID open NOSPACE NOSPACE 28 \n"), Err(Harm::Unclear));
        assert_eq!(harm("DID open IO IO 28 /a\n"), Err(Harm::Unclear));
        assert_eq!(harm("DID open PANIC PANIC 0 /a\n"), Err(Harm::Crash));
    }
}
