//! The operating system's file system: at-calls on descriptors, every interrupted call repeated.
//!
//! All descriptors are closed on exec, no link is followed, and no open waits for the other end of
//! a pipe. Nothing here may decide anything about stores.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, openat, renameat};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat, fstatat};
use nix::unistd::{AccessFlags, UnlinkatFlags, faccessat, unlinkat};
use rustix::process::geteuid;

use super::obstacle::{self, Obstacle};
use super::{Directory, File, FileId, FileKind, FileSystem, LockMode, Metadata, Open, Rename};

const LINKS_MAX: usize = 40;
const NANOS_PER_SECOND: i128 = 1_000_000_000;
/// The sticky bit and the right of everybody to write.
const SHARED_DIRECTORY_BITS: u32 = 0o1002;

/// The file system of this machine.
pub(crate) struct OsFileSystem {
    started: Instant,
}

impl OsFileSystem {
    /// Nothing is opened yet.
    pub(crate) fn new() -> OsFileSystem {
        OsFileSystem { started: Instant::now() }
    }
}

impl FileSystem for OsFileSystem {
    fn open_directory(&self, path: &Path) -> io::Result<Box<dyn Directory>> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let file = retry(|| nix::fcntl::open(path, flags, Mode::empty()))?.into();
        let file_system = file_system_name(&file);
        Ok(Box::new(OsDirectory { file, path: path.to_owned(), file_system }))
    }

    fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        let mut path = std::path::absolute(path)?;
        for _ in 0..=LINKS_MAX {
            let target = match retry(|| std::fs::read_link(&path)) {
                Ok(target) => target,
                Err(error) => match error.raw_os_error() {
                    // Not a link, or nothing there: this is the place.
                    Some(libc::EINVAL | libc::ENOENT) => return Ok(path),
                    _ => return Err(error),
                },
            };
            let parent = path.parent().unwrap_or(Path::new("/"));
            check_link(&path, parent)?;
            path = parent.join(target);
        }
        Err(Errno::ELOOP.into())
    }

    #[expect(clippy::disallowed_methods, reason = "the time that file stamps are compared with")]
    fn now(&self) -> Duration {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }

    fn sleep(&self, time: Duration) {
        std::thread::sleep(time);
    }

    fn random(&self) -> u64 {
        rand::random()
    }

    fn process(&self) -> (usize, u64) {
        (0, u64::from(std::process::id()))
    }
}

/// In a folder where everybody may put links, such as `/tmp`, only one's own links and those of the
/// folder's owner are followed: what the kernel does for links that it follows itself.
fn check_link(link: &Path, parent: &Path) -> io::Result<()> {
    let directory = retry(|| std::fs::metadata(parent))?;
    let owner = retry(|| std::fs::symlink_metadata(link))?.uid();
    let shared = directory.mode() & SHARED_DIRECTORY_BITS == SHARED_DIRECTORY_BITS;
    if shared && owner != geteuid().as_raw() && owner != directory.uid() {
        return Err(Errno::EACCES.into());
    }
    Ok(())
}

struct OsDirectory {
    file: std::fs::File,
    path: PathBuf,
    file_system: String,
}

impl Directory for OsDirectory {
    fn open(&self, name: &OsStr, how: Open) -> io::Result<Box<dyn File>> {
        let (flags, mode) = match how {
            Open::Read => (OFlag::O_RDONLY, 0),
            Open::ReadWrite => (OFlag::O_RDWR, 0),
            Open::CreateNew { mode } => (OFlag::O_RDWR | OFlag::O_CREAT | OFlag::O_EXCL, mode),
        };
        let flags =
            flags | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC | OFlag::O_NOCTTY;
        // The kernel's type for modes differs from system to system.
        let mode = Mode::from_bits_truncate(mode as libc::mode_t);
        let descriptor = retry(|| openat(&self.file, name, flags, mode))?;
        Ok(Box::new(OsFile { file: descriptor.into(), writable: how != Open::Read }))
    }

    fn metadata(&self, name: &OsStr) -> io::Result<Metadata> {
        let stat = retry(|| fstatat(&self.file, name, AtFlags::AT_SYMLINK_NOFOLLOW))?;
        Ok(metadata_of(&stat))
    }

    fn id(&self, name: &OsStr) -> io::Result<FileId> {
        match id_without_times(&self.file, name) {
            Err(error) if unsupported(&error) => {
                let stat = retry(|| fstatat(&self.file, name, AtFlags::AT_SYMLINK_NOFOLLOW))?;
                Ok(id_of(&stat))
            }
            id => id,
        }
    }

    fn rename(&self, from: &OsStr, to: &OsStr, how: Rename) -> io::Result<()> {
        match how {
            Rename::Replacing => retry(|| renameat(&self.file, from, &self.file, to)),
            Rename::Exchanging => exchange(&self.file, from, to),
        }
    }

    fn remove(&self, name: &OsStr) -> io::Result<()> {
        retry(|| unlinkat(&self.file, name, UnlinkatFlags::NoRemoveDir))
    }

    fn sync(&self) -> io::Result<()> {
        // A descriptor of a folder is synced as that of a file is, with F_FULLFSYNC on macOS.
        self.file.sync_all()
    }

    fn entries(&self) -> io::Result<Vec<OsString>> {
        // By its path, since a descriptor has one reading position. Who exchanges the folder gets
        // names that lead nowhere through the descriptor.
        let entries = retry(|| std::fs::read_dir(&self.path))?;
        entries.map(|entry| Ok(entry?.file_name())).collect()
    }

    fn check_writable(&self) -> io::Result<()> {
        let wanted = AccessFlags::W_OK | AccessFlags::X_OK;
        retry(|| faccessat(&self.file, ".", wanted, AtFlags::AT_EACCESS))
    }

    fn obstacle(&self, name: &OsStr) -> io::Result<Option<Obstacle>> {
        obstacle::find(&self.file, name)
    }

    fn is_removed(&self) -> bool {
        fstat(&self.file).is_ok_and(|stat| stat.st_nlink == 0)
    }

    fn file_system_name(&self) -> &str {
        &self.file_system
    }

    fn user(&self) -> u32 {
        geteuid().as_raw()
    }
}

#[cfg(target_os = "linux")]
fn id_without_times(directory: &std::fs::File, name: &OsStr) -> io::Result<FileId> {
    use rustix::fs::{AtFlags, StatxFlags, makedev, statx};
    let stat = retry(|| statx(directory, name, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::INO))?;
    Ok(FileId { device: makedev(stat.stx_dev_major, stat.stx_dev_minor), inode: stat.stx_ino })
}

#[cfg(not(target_os = "linux"))]
fn id_without_times(_: &std::fs::File, _: &OsStr) -> io::Result<FileId> {
    Err(Errno::EOPNOTSUPP.into())
}

#[cfg(target_os = "linux")]
fn file_system_name(directory: &std::fs::File) -> String {
    use nix::sys::statfs as known;
    const CIFS_SUPER_MAGIC: u64 = 0xFF53_4D42;
    const SMB2_SUPER_MAGIC: u64 = 0xFE53_4D42;
    const EXFAT_SUPER_MAGIC: u64 = 0x2011_BAB0;
    const NTFS3_SUPER_MAGIC: u64 = 0x7366_746E;
    const NINE_P_SUPER_MAGIC: u64 = 0x0102_1997;
    const ZFS_SUPER_MAGIC: u64 = 0x2FC1_2FC1;
    let Ok(status) = known::fstatfs(directory) else { return "unknown".to_owned() };
    let name = match status.filesystem_type() {
        known::EXT4_SUPER_MAGIC => "ext4",
        known::XFS_SUPER_MAGIC => "xfs",
        known::BTRFS_SUPER_MAGIC => "btrfs",
        known::F2FS_SUPER_MAGIC => "f2fs",
        known::TMPFS_MAGIC => "tmpfs",
        known::OVERLAYFS_SUPER_MAGIC => "overlay",
        known::NFS_SUPER_MAGIC => "nfs",
        known::SMB_SUPER_MAGIC => "smb",
        known::MSDOS_SUPER_MAGIC => "fat",
        known::FUSE_SUPER_MAGIC => "fuse",
        known::ECRYPTFS_SUPER_MAGIC => "ecryptfs",
        other => match wide(other.0) & 0xFFFF_FFFF {
            CIFS_SUPER_MAGIC => "cifs",
            SMB2_SUPER_MAGIC => "smb",
            EXFAT_SUPER_MAGIC => "exfat",
            NTFS3_SUPER_MAGIC => "ntfs",
            NINE_P_SUPER_MAGIC => "9p",
            ZFS_SUPER_MAGIC => "zfs",
            unknown => return format!("0x{unknown:x}"),
        },
    };
    name.to_owned()
}

#[cfg(not(target_os = "linux"))]
fn file_system_name(directory: &std::fs::File) -> String {
    nix::sys::statfs::fstatfs(directory)
        .map_or_else(|_| "unknown".to_owned(), |status| status.filesystem_type_name().to_owned())
}

struct OsFile {
    file: std::fs::File,
    writable: bool,
}

impl File for OsFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        retry(|| self.file.read_at(buffer, offset))
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        retry(|| self.file.write_at(bytes, offset))
    }

    fn sync_all(&self) -> io::Result<()> {
        self.file.sync_all()
    }

    fn sync_data(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn metadata(&self) -> io::Result<Metadata> {
        Ok(metadata_of(&retry(|| fstat(&self.file))?))
    }

    fn set_mode(&self, mode: u32) -> io::Result<()> {
        self.file.set_permissions(std::fs::Permissions::from_mode(mode))
    }

    fn set_owner(&self, user: Option<u32>, group: u32) -> io::Result<()> {
        std::os::unix::fs::fchown(&self.file, user, Some(group))
    }

    fn descriptor(&self) -> Option<i32> {
        Some(self.file.as_raw_fd())
    }

    fn try_lock(&self, mode: LockMode) -> io::Result<bool> {
        let taken = retry(|| match mode {
            LockMode::Shared => fs2::FileExt::try_lock_shared(&self.file),
            LockMode::Exclusive => fs2::FileExt::try_lock_exclusive(&self.file),
        });
        granted(taken)
    }

    fn unlock(&self) -> io::Result<()> {
        retry(|| fs2::FileExt::unlock(&self.file))
    }

    fn try_lock_bytes(&self, mode: LockMode, start: u64, length: u64) -> io::Result<bool> {
        if mode == LockMode::Exclusive && !self.writable {
            return Err(Errno::EBADF.into());
        }
        granted(lock_bytes(&self.file, Some(mode), start, length))
    }

    fn unlock_bytes(&self, start: u64, length: u64) -> io::Result<()> {
        lock_bytes(&self.file, None, start, length)
    }
}

fn granted(taken: io::Result<()>) -> io::Result<bool> {
    match taken {
        Ok(()) => Ok(true),
        Err(error) => match error.raw_os_error() {
            Some(libc::EWOULDBLOCK | libc::EACCES) => Ok(false),
            _ => Err(error),
        },
    }
}

/// Locks of the open file description, which threads and libraries of one process cannot drop for
/// each other as they can with the older locks of bytes. No mode gives the lock up.
#[cfg(target_os = "linux")]
fn lock_bytes(
    file: &std::fs::File,
    mode: Option<LockMode>,
    start: u64,
    length: u64,
) -> io::Result<()> {
    use nix::fcntl::{FcntlArg, fcntl};
    let overflow = || io::Error::from(Errno::EOVERFLOW);
    let kind = match mode {
        Some(LockMode::Shared) => libc::F_RDLCK,
        Some(LockMode::Exclusive) => libc::F_WRLCK,
        None => libc::F_UNLCK,
    };
    let range = libc::flock {
        l_type: kind as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: libc::off_t::try_from(start).map_err(|_| overflow())?,
        l_len: libc::off_t::try_from(length).map_err(|_| overflow())?,
        l_pid: 0,
    };
    retry(|| fcntl(file, FcntlArg::F_OFD_SETLK(&range)))?;
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn lock_bytes(_: &std::fs::File, _: Option<LockMode>, _: u64, _: u64) -> io::Result<()> {
    Err(Errno::EOPNOTSUPP.into())
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn exchange(folder: &std::fs::File, one: &OsStr, other: &OsStr) -> io::Result<()> {
    use nix::fcntl::{RenameFlags, renameat2};
    retry(|| renameat2(folder, one, folder, other, RenameFlags::RENAME_EXCHANGE))
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn exchange(_folder: &std::fs::File, _one: &OsStr, _other: &OsStr) -> io::Result<()> {
    Err(io::Error::from_raw_os_error(libc::ENOSYS))
}

/// Whether the error says that the file system does not know the call.
pub(crate) fn unsupported(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EOPNOTSUPP | libc::ENOSYS | libc::EINVAL))
}

fn metadata_of(stat: &FileStat) -> Metadata {
    let format = SFlag::from_bits_truncate(stat.st_mode & SFlag::S_IFMT.bits());
    let kind = match format {
        SFlag::S_IFREG => FileKind::Regular,
        SFlag::S_IFDIR => FileKind::Directory,
        SFlag::S_IFLNK => FileKind::SymbolicLink,
        SFlag::S_IFIFO => FileKind::Fifo,
        SFlag::S_IFSOCK => FileKind::Socket,
        SFlag::S_IFCHR => FileKind::CharacterDevice,
        SFlag::S_IFBLK => FileKind::BlockDevice,
        _ => FileKind::Unknown,
    };
    let time = |seconds: libc::time_t, nanos: libc::c_long| {
        i128::from(seconds) * NANOS_PER_SECOND + i128::from(nanos)
    };
    Metadata {
        kind,
        id: id_of(stat),
        size: u64::try_from(stat.st_size).unwrap_or_default(),
        modified_ns: time(stat.st_mtime, stat.st_mtime_nsec),
        changed_ns: time(stat.st_ctime, stat.st_ctime_nsec),
        mode: u32::try_from(wide(stat.st_mode) & 0o7777).unwrap_or_default(),
        user: stat.st_uid,
        group: stat.st_gid,
        links: wide(stat.st_nlink),
    }
}

fn id_of(stat: &FileStat) -> FileId {
    FileId { device: wide(stat.st_dev), inode: wide(stat.st_ino) }
}

/// The numbers of the system calls have other widths on other systems.
pub(super) fn wide(number: impl TryInto<u64>) -> u64 {
    number.try_into().unwrap_or(u64::MAX)
}

/// Makes a system call again for as long as signals interrupt it.
pub(super) fn retry<T, E: Into<io::Error>>(
    mut call: impl FnMut() -> Result<T, E>,
) -> io::Result<T> {
    loop {
        match call().map_err(Into::into) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::scratch::Scratch;
    use std::os::unix::fs::symlink;

    fn directory(path: &Path) -> Box<dyn Directory> {
        OsFileSystem::new().open_directory(path).unwrap()
    }

    #[test]
    fn forty_links_are_followed_and_one_more_is_not() {
        let scratch = Scratch::new();
        for number in 1..=41 {
            symlink(format!("{}", number - 1), scratch.join(&number.to_string())).unwrap();
        }
        let resolve = |name| OsFileSystem::new().resolve(&scratch.join(name));
        assert_eq!(resolve("40").unwrap(), scratch.join("0"), "it need not exist");
        assert_eq!(resolve("41").unwrap_err().raw_os_error(), Some(libc::ELOOP));
    }

    #[test]
    fn no_link_is_followed_at_open_and_a_name_in_use_is_not_created() {
        let scratch = Scratch::new();
        scratch.write("file", b"x");
        symlink("file", scratch.join("link")).unwrap();
        symlink("canary", scratch.join("dangling")).unwrap();
        let directory = directory(scratch.path());
        let errno = |name: &str, how| {
            directory.open(OsStr::new(name), how).err().and_then(|error| error.raw_os_error())
        };
        assert_eq!(errno("link", Open::Read), Some(libc::ELOOP));
        assert_eq!(errno("link", Open::ReadWrite), Some(libc::ELOOP));
        for name in ["file", "link", "dangling"] {
            assert_eq!(errno(name, Open::CreateNew { mode: 0o600 }), Some(libc::EEXIST));
        }
        let link = directory.metadata(OsStr::new("link")).unwrap();
        assert_eq!(link.kind, FileKind::SymbolicLink);
        assert_eq!(scratch.names(), ["dangling", "file", "link"]);
    }

    #[test]
    fn a_file_is_known_by_its_name_and_by_itself_and_a_link_is_another_file() {
        let scratch = Scratch::new();
        scratch.write("file", b"x");
        symlink("file", scratch.join("link")).unwrap();
        std::fs::hard_link(scratch.join("file"), scratch.join("same")).unwrap();
        let directory = directory(scratch.path());
        let id = |name: &str| directory.id(OsStr::new(name)).unwrap();
        let metadata = |name: &str| directory.metadata(OsStr::new(name)).unwrap();
        for name in ["file", "link", "same", "."] {
            assert_eq!(id(name), metadata(name).id, "{name}");
        }
        assert!(id("file") == id("same") && id("file") != id("link"));
        let gone = directory.id(OsStr::new("gone")).unwrap_err();
        assert_eq!(gone.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn entries_are_read_anew_each_time() {
        let scratch = Scratch::new();
        let directory = directory(scratch.path());
        assert!(directory.entries().unwrap().is_empty());
        scratch.write("a", b"");
        assert_eq!(directory.entries().unwrap(), ["a"]);
        assert_eq!(directory.entries().unwrap(), ["a"]);
    }

    #[test]
    fn a_removed_folder_is_known_for_removed() {
        let scratch = Scratch::new();
        std::fs::create_dir(scratch.join("d")).unwrap();
        let directory = directory(&scratch.join("d"));
        assert!(!directory.is_removed());
        std::fs::remove_dir(scratch.join("d")).unwrap();
        assert!(directory.is_removed());
    }

    #[test]
    fn a_descriptor_for_reading_takes_no_exclusive_lock_of_bytes() {
        let scratch = Scratch::new();
        scratch.write("a", b"");
        let file = directory(scratch.path()).open(OsStr::new("a"), Open::Read).unwrap();
        assert!(file.try_lock_bytes(LockMode::Shared, 1, 2).unwrap());
        assert!(file.try_lock_bytes(LockMode::Exclusive, 1, 2).is_err());
        assert!(file.write_at(b"x", 0).is_err());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn file_systems_have_names() {
        assert_eq!(directory(Path::new("/proc")).file_system_name(), "0x9fa0");
        assert_ne!(directory(Path::new("/")).file_system_name(), "unknown");
    }
}
