//! What keeps a file from being replaced although it can be written: found before anything is
//! promised that could not be kept.
//!
//! A store is written by giving a new file its name. Who can make files in the folder can still be
//! kept from that, and could go on for long with a log whose commits never get into the file.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, openat};
use nix::sys::stat::{FileStat, Mode, SFlag, fstatat};
use rustix::process::geteuid;

use super::Directory;
use super::os::{retry, unsupported, wide};
use crate::error::{Error, ErrorKind, Result};

const STICKY: u32 = 0o1000;

/// Why a file cannot be replaced.
#[cfg_attr(not(feature = "testing"), expect(unreachable_pub, reason = "tests put it there"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// It is mounted by itself.
    MountPoint,
    /// It belongs to another user, and so does its folder, which has the sticky bit.
    StickyFolder,
    /// It has other names, which would go on with the old file.
    HardLinks,
    /// Nobody may change it.
    Immutable,
    /// It may only grow.
    AppendOnly,
    /// Nobody may change its folder.
    ImmutableFolder,
    /// Its folder may only get more files.
    AppendOnlyFolder,
}

impl Obstacle {
    /// The error for the file at `path`.
    #[cold]
    fn error(self, path: &Path) -> Error {
        use ErrorKind::{Permission, ReadOnly, Unsupported};
        let (kind, name, why, way_out) = match self {
            Obstacle::MountPoint => (
                ReadOnly,
                "MOUNT_POINT",
                "is mounted by itself, and a mounted file cannot be replaced",
                "mount the folder that it is in",
            ),
            Obstacle::StickyFolder => (
                Permission,
                "STICKY_FOLDER",
                "belongs to another user, and its folder has the sticky bit: only the owner can \
                 replace it",
                "keep it in a folder of your own, or take the bit away (chmod -t)",
            ),
            Obstacle::HardLinks => (
                Unsupported,
                "HARD_LINKED",
                "has several names (hard links): replacing it would part them",
                "remove the other names or use symbolic links",
            ),
            Obstacle::Immutable => {
                (Permission, "IMMUTABLE", "is immutable", "take the attribute away (chattr -i)")
            }
            Obstacle::AppendOnly => (
                Permission,
                "APPEND_ONLY",
                "can only be appended to, not replaced",
                "take the attribute away (chattr -a)",
            ),
            Obstacle::ImmutableFolder => (
                Permission,
                "IMMUTABLE",
                "cannot be replaced: its folder is immutable",
                "take the attribute from the folder (chattr -i)",
            ),
            Obstacle::AppendOnlyFolder => (
                Permission,
                "APPEND_ONLY",
                "cannot be replaced: its folder can only be added to",
                "take the attribute from the folder (chattr -a)",
            ),
        };
        Error::new(kind, format!("{} {why}", path.display()))
            .named(name)
            .path(path)
            .hint(format!("{way_out}, or open it with read_only as true"))
    }
}

/// Refuses a file that cannot be replaced, and a new one where none could be put in place.
pub(crate) fn check_replaceable(
    directory: &dyn Directory,
    name: &OsStr,
    path: &Path,
) -> Result<()> {
    match directory.obstacle(name) {
        Ok(None) => Ok(()),
        Ok(Some(obstacle)) => Err(obstacle.error(path)),
        Err(error) => Err(Error::io("look at", path, error)),
    }
}

/// What is asked of a file and of its folder.
struct Facts {
    is_file: bool,
    user: u32,
    mode: u32,
    links: u64,
    immutable: bool,
    append_only: bool,
    /// None: the system does not tell.
    mounted: Option<bool>,
}

/// What keeps `name` in this folder from being replaced, by the rules of the kernel.
pub(super) fn find(directory: &File, name: &OsStr) -> io::Result<Option<Obstacle>> {
    let folder = facts(directory, OsStr::new("."))?;
    if folder.immutable {
        return Ok(Some(Obstacle::ImmutableFolder));
    }
    if folder.append_only {
        return Ok(Some(Obstacle::AppendOnlyFolder));
    }
    let file = match facts(directory, name) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    if !file.is_file {
        // Refused for what it is, elsewhere.
        return Ok(None);
    }
    let mounted = match file.mounted {
        Some(mounted) => mounted,
        None => is_on_another_mount(directory, name),
    };
    let owners = [file.user, folder.user];
    let guarded = folder.mode & STICKY != 0 && !owners.contains(&geteuid().as_raw());
    let obstacles = [
        (mounted, Obstacle::MountPoint),
        (file.immutable, Obstacle::Immutable),
        (file.append_only, Obstacle::AppendOnly),
        (guarded && !counts_as_owner(directory, name)?, Obstacle::StickyFolder),
        (file.links > 1, Obstacle::HardLinks),
    ];
    Ok(obstacles.into_iter().find_map(|(is_there, obstacle)| is_there.then_some(obstacle)))
}

/// Asks for no times, as [`Directory::id`] does not.
#[cfg(target_os = "linux")]
fn facts(directory: &File, name: &OsStr) -> io::Result<Facts> {
    use rustix::fs::{AtFlags, StatxAttributes, StatxFlags, statx};
    let wanted = StatxFlags::TYPE | StatxFlags::MODE | StatxFlags::UID | StatxFlags::NLINK;
    let found = match retry(|| statx(directory, name, AtFlags::SYMLINK_NOFOLLOW, wanted)) {
        Err(error) if unsupported(&error) => return plain_facts(directory, name),
        found => found?,
    };
    let has = |attribute| found.stx_attributes.contains(attribute);
    let tells_mounts = found.stx_attributes_mask.contains(StatxAttributes::MOUNT_ROOT);
    let mode = u32::from(found.stx_mode);
    Ok(Facts {
        is_file: SFlag::from_bits_truncate(mode & SFlag::S_IFMT.bits()) == SFlag::S_IFREG,
        user: found.stx_uid,
        mode,
        links: u64::from(found.stx_nlink),
        immutable: has(StatxAttributes::IMMUTABLE),
        append_only: has(StatxAttributes::APPEND),
        mounted: tells_mounts.then(|| has(StatxAttributes::MOUNT_ROOT)),
    })
}

#[cfg(not(target_os = "linux"))]
fn facts(directory: &File, name: &OsStr) -> io::Result<Facts> {
    plain_facts(directory, name)
}

/// Where the system tells no attributes.
fn plain_facts(directory: &File, name: &OsStr) -> io::Result<Facts> {
    let stat: FileStat = retry(|| fstatat(directory, name, AtFlags::AT_SYMLINK_NOFOLLOW))?;
    let format = SFlag::from_bits_truncate(stat.st_mode & SFlag::S_IFMT.bits());
    Ok(Facts {
        is_file: format == SFlag::S_IFREG,
        user: stat.st_uid,
        mode: u32::try_from(wide(stat.st_mode)).unwrap_or_default(),
        links: wide(stat.st_nlink),
        immutable: false,
        append_only: false,
        mounted: None,
    })
}

/// Whether the file and its folder are on two mounts, as `/proc` tells.
#[cfg(target_os = "linux")]
fn is_on_another_mount(directory: &File, name: &OsStr) -> bool {
    let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let file = retry(|| openat(directory, name, flags, Mode::empty()));
    let mounts = file.map(|file| (mount_of(&file.into()), mount_of(directory)));
    matches!(mounts, Ok((Some(file), Some(folder))) if file != folder)
}

#[cfg(target_os = "linux")]
fn mount_of(file: &File) -> Option<u64> {
    use std::os::fd::AsRawFd;
    let known = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", file.as_raw_fd())).ok()?;
    let number = known.lines().find_map(|line| line.strip_prefix("mnt_id:"))?;
    number.trim().parse().ok()
}

#[cfg(not(target_os = "linux"))]
fn is_on_another_mount(_: &File, _: &OsStr) -> bool {
    false
}

/// Whether this process may do what the owner of the file may. The kernel knows, user namespaces
/// and all: only the owner may read without leaving a time of access.
#[cfg(target_os = "linux")]
fn counts_as_owner(directory: &File, name: &OsStr) -> io::Result<bool> {
    let flags = OFlag::O_RDONLY
        | OFlag::O_NOATIME
        | OFlag::O_NOFOLLOW
        | OFlag::O_NONBLOCK
        | OFlag::O_CLOEXEC;
    match retry(|| openat(directory, name, flags, Mode::empty())) {
        Ok(_) => Ok(true),
        Err(error) if error.raw_os_error() == Some(Errno::EPERM as i32) => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(not(target_os = "linux"))]
fn counts_as_owner(_: &File, _: &OsStr) -> io::Result<bool> {
    Ok(geteuid().is_root())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::FileSystem;
    use crate::file::os::OsFileSystem;
    use crate::file::scratch::Scratch;

    fn found(scratch: &Scratch, name: &str) -> Option<Obstacle> {
        let directory = OsFileSystem::new().open_directory(scratch.path()).unwrap();
        directory.obstacle(OsStr::new(name)).unwrap()
    }

    #[test]
    fn nothing_is_in_the_way_of_an_ordinary_file_or_of_a_new_one() {
        let scratch = Scratch::new();
        scratch.write("a", b"x");
        assert_eq!((found(&scratch, "a"), found(&scratch, "new")), (None, None));
        std::fs::hard_link(scratch.join("a"), scratch.join("b")).unwrap();
        assert_eq!(found(&scratch, "a"), Some(Obstacle::HardLinks));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn mounts_are_told_apart_without_the_newest_system_calls() {
        let open = |path: &Path| -> File {
            let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
            nix::fcntl::open(path, flags, Mode::empty()).unwrap().into()
        };
        assert!(is_on_another_mount(&open(Path::new("/")), OsStr::new("proc")));
        let scratch = Scratch::new();
        scratch.write("a", b"x");
        let folder = open(scratch.path());
        assert!(!is_on_another_mount(&folder, OsStr::new("a")));
        assert!(!is_on_another_mount(&folder, OsStr::new("none")));
    }

    #[test]
    fn each_obstacle_has_a_way_out() {
        for (obstacle, name) in [
            (Obstacle::MountPoint, "MOUNT_POINT"),
            (Obstacle::StickyFolder, "STICKY_FOLDER"),
            (Obstacle::HardLinks, "HARD_LINKED"),
            (Obstacle::Immutable, "IMMUTABLE"),
            (Obstacle::AppendOnly, "APPEND_ONLY"),
            (Obstacle::ImmutableFolder, "IMMUTABLE"),
            (Obstacle::AppendOnlyFolder, "APPEND_ONLY"),
        ] {
            let error = obstacle.error(Path::new("/a.json"));
            assert_eq!(error.name(), name);
            assert!(error.message().starts_with("/a.json "), "{}", error.message());
            assert!(error.to_json().contains("read_only"), "{}", error.to_json());
        }
    }
}
