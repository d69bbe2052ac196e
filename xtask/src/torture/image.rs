//! A file system in a file, which can be cut off from its device as by a power cut.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::bench::Bench;
use crate::{Result, tools};

const MIB: u64 = 1 << 20;
/// For so long a file system may be busy before that is a failure.
const BUSY: Duration = Duration::from_secs(10);

/// A kind of file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Xfs,
    Ext4,
}

/// A file system, mounted at a folder of its own. Dropped, it is unmounted.
pub(super) struct Image<'a> {
    bench: &'a Bench,
    file: PathBuf,
    point: PathBuf,
}

impl Kind {
    pub(super) const ALL: &'static [Kind] = &[Kind::Xfs, Kind::Ext4];

    fn maker(self) -> &'static str {
        match self {
            Kind::Xfs => "mkfs.xfs",
            Kind::Ext4 => "mkfs.ext4",
        }
    }

    /// How large the file appears to be; XFS takes nothing smaller.
    fn bytes(self) -> u64 {
        match self {
            Kind::Xfs => 300 * MIB,
            Kind::Ext4 => 32 * MIB,
        }
    }
}

/// Why file systems cannot be mounted here, if they cannot. That a program is missing is a failure.
pub(super) fn obstacle(bench: &Bench) -> Result<Option<String>> {
    if !bench.can_mount {
        return Ok(Some("left out, mounting is not allowed here".to_owned()));
    }
    let makers = Kind::ALL.iter().map(|kind| kind.maker());
    let absent: Vec<&str> = makers.filter(|maker| !tools::is_here(maker)).collect();
    if absent.is_empty() { Ok(None) } else { Err(format!("not here: {}", absent.join(", "))) }
}

impl<'a> Image<'a> {
    /// Makes and mounts an empty one.
    pub(super) fn make(bench: &'a Bench, kind: Kind) -> Result<Image<'a>> {
        let image = Image { bench, file: bench.unused("image"), point: bench.unused("mounted") };
        let failed = |error: std::io::Error| format!("{}: {error}", image.file.display());
        File::create(&image.file).and_then(|file| file.set_len(kind.bytes())).map_err(failed)?;
        fs::create_dir(&image.point).map_err(failed)?;
        let maker = bench.tool(Path::new(kind.maker())).arg("-q");
        let maker = if kind == Kind::Xfs { maker } else { maker.arg("-F") };
        maker.arg(image.file.display()).must()?;
        image.mount()?;
        Ok(image)
    }

    /// Where it is mounted.
    pub(super) fn point(&self) -> &Path {
        &self.point
    }

    /// Cuts it off: what is not on its device by now is lost.
    pub(super) fn cut(&self) -> Result<()> {
        self.bench.program("cut").arg(self.point.display()).must().map(drop)
    }

    /// Unmounts it and mounts it again, as after a new start of the machine.
    pub(super) fn restart(&self) -> Result<()> {
        self.unmount()?;
        self.mount()
    }

    fn mount(&self) -> Result<()> {
        let mount = self.bench.tool(Path::new("mount")).args("-o loop");
        mount.arg(self.file.display()).arg(self.point.display()).must().map(drop)
    }

    /// Between fork and exec a program that another battery starts holds, for a moment, what this
    /// process has open here: busy is worth waiting for.
    fn unmount(&self) -> Result<()> {
        let end = Instant::now() + BUSY;
        loop {
            let unmounted = self.bench.tool(Path::new("umount")).arg(self.point.display()).must();
            if unmounted.is_ok() || Instant::now() > end {
                return unmounted.map(drop);
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// A file system in memory, mounted at a folder, or a file. Dropped, it is unmounted.
pub(super) struct Mounted<'a> {
    bench: &'a Bench,
    point: PathBuf,
}

impl<'a> Mounted<'a> {
    /// Mounts an empty one with these options.
    pub(super) fn memory(bench: &'a Bench, options: &str, point: &Path) -> Result<Mounted<'a>> {
        let mount = bench.tool(Path::new("mount")).args("-t tmpfs -o").arg(options).arg("tmpfs");
        mount.arg(point.display()).must()?;
        Ok(Mounted { bench, point: point.to_path_buf() })
    }

    /// Mounts a file upon itself, as containers mount single files.
    pub(super) fn file(bench: &'a Bench, file: &Path) -> Result<Mounted<'a>> {
        let mount = bench.tool(Path::new("mount")).arg("--bind").arg(file.display());
        mount.arg(file.display()).must()?;
        Ok(Mounted { bench, point: file.to_path_buf() })
    }
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        let unmount = self.bench.tool(Path::new("umount")).arg("--lazy");
        drop(unmount.arg(self.point.display()).run());
    }
}

impl Drop for Image<'_> {
    fn drop(&mut self) {
        // Lazily, should somebody still use it; all mounts go with this process anyway.
        let unmount = self.bench.tool(Path::new("umount")).arg("--lazy");
        drop(unmount.arg(self.point.display()).run());
        drop(fs::remove_file(&self.file));
    }
}
