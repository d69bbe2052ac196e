//! The only door to the disk: traits for file systems, folders and files, and what stands on them.
//!
//! Everything above calls these traits, so that faults and crashes can be injected below them.
//! Nothing here may interpret the bytes of a store; that is the engine's.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use obstacle::Obstacle;

pub(crate) mod atomic;
pub(crate) mod header;
pub(crate) mod lock;
pub(crate) mod lock_descriptors;
pub(crate) mod obstacle;
pub(crate) mod os;
#[cfg(test)]
pub(crate) mod scratch;
#[cfg(feature = "testing")]
pub(crate) mod simulated;
pub(crate) mod turns;

/// A file system with its clocks.
pub(crate) trait FileSystem: Send + Sync {
    /// Opens a folder; all calls on what is in it go through the returned descriptor.
    fn open_directory(&self, path: &Path) -> io::Result<Box<dyn Directory>>;

    /// The absolute path of the file that `path` names once the symbolic links at its end are
    /// followed (at most 40); the file itself need not exist.
    fn resolve(&self, path: &Path) -> io::Result<PathBuf>;

    /// The time since 1970, by the clock that also stamps the files.
    fn now(&self) -> Duration;

    /// A clock that is never set, for time limits.
    fn monotonic(&self) -> Duration;

    /// Waits.
    fn sleep(&self, time: Duration);

    /// A number nobody can foresee.
    fn random(&self) -> u64;

    /// Who uses it: equal only for one process on one machine.
    fn process(&self) -> (usize, u64);
}

/// What becomes of a file that bears the name already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rename {
    /// It goes.
    Replacing,
    /// It gets the other name. Not all file systems can.
    Exchanging,
}

/// An open folder. Names are single names, never paths, and links are never followed.
pub(crate) trait Directory: Send + Sync {
    /// Opens or creates a file.
    fn open(&self, name: &OsStr, how: Open) -> io::Result<Box<dyn File>>;

    /// What `name` is, a symbolic link being a link; `.` is the folder itself.
    fn metadata(&self, name: &OsStr) -> io::Result<Metadata>;

    /// Which file has the name. It asks for no times, where the system lets it: since version 6.13
    /// Linux gives the next write to a file whose times somebody asked for, and to any other file
    /// after that, a new time, and `fdatasync` may then write one block more (ext4 without a
    /// journal does).
    fn id(&self, name: &OsStr) -> io::Result<FileId>;

    /// Gives `from` the name `to`, in one step.
    fn rename(&self, from: &OsStr, to: &OsStr, how: Rename) -> io::Result<()>;

    /// Removes the entry of a file.
    fn remove(&self, name: &OsStr) -> io::Result<()>;

    /// Makes the entries durable.
    fn sync(&self) -> io::Result<()>;

    /// The names in the folder, in no order.
    fn entries(&self) -> io::Result<Vec<OsString>>;

    /// Fails unless entries can be made and replaced here.
    fn check_writable(&self) -> io::Result<()>;

    /// What keeps `name` from being replaced, whether it is there or not; None where nothing does.
    fn obstacle(&self, name: &OsStr) -> io::Result<Option<Obstacle>>;

    /// Whether the folder itself has been removed, so that its path may lead elsewhere now.
    fn is_removed(&self) -> bool;

    /// The kind of file system the folder is on, such as `ext4`.
    fn file_system_name(&self) -> &str;

    /// The user this process acts as.
    fn user(&self) -> u32;
}

/// An open file. The locks belong to this descriptor and go with it.
pub(crate) trait File: Send + Sync {
    /// Reads at most `buffer.len()` bytes; 0 at the end of the file.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes some of `bytes`, and says how many.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize>;

    /// Makes the content and the metadata durable.
    fn sync_all(&self) -> io::Result<()>;

    /// Makes the content durable, and as much of the metadata as reading it back needs.
    fn sync_data(&self) -> io::Result<()>;

    /// What the file is like now.
    fn metadata(&self) -> io::Result<Metadata>;

    /// Sets the permission bits.
    fn set_mode(&self, mode: u32) -> io::Result<()>;

    /// Sets the owner (None: stays) and the group.
    fn set_owner(&self, user: Option<u32>, group: u32) -> io::Result<()>;

    /// Takes the lock of the whole file, or says that someone else has it.
    fn try_lock(&self, mode: LockMode) -> io::Result<bool>;

    /// Gives up the lock of the whole file.
    fn unlock(&self) -> io::Result<()>;

    /// Takes the lock of a range of bytes, which need not exist; independent of
    /// [`File::try_lock`].
    fn try_lock_bytes(&self, mode: LockMode, start: u64, length: u64) -> io::Result<bool>;

    /// The system's number for it, where there is one.
    fn descriptor(&self) -> Option<i32>;

    /// Gives up the lock of a range of bytes.
    fn unlock_bytes(&self, start: u64, length: u64) -> io::Result<()>;
}

/// How a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Open {
    /// An existing file, for reading.
    Read,
    /// An existing file, for reading and writing.
    ReadWrite,
    /// A file that must not exist, for reading and writing; the umask narrows `mode` until
    /// [`Rights::give`] sets it.
    CreateNew { mode: u32 },
}

/// Who else may hold a lock at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LockMode {
    /// Others that lock it shared.
    Shared,
    /// Nobody.
    Exclusive,
}

/// What an entry of a folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileKind {
    Regular,
    Directory,
    SymbolicLink,
    Fifo,
    Socket,
    CharacterDevice,
    BlockDevice,
    Unknown,
}

impl FileKind {
    /// The kind in words, with its article.
    pub(crate) fn describe(self) -> &'static str {
        match self {
            FileKind::Regular => "a regular file",
            FileKind::Directory => "a directory",
            FileKind::SymbolicLink => "a symbolic link",
            FileKind::Fifo => "a named pipe",
            FileKind::Socket => "a socket",
            FileKind::CharacterDevice => "a character device",
            FileKind::BlockDevice => "a block device",
            FileKind::Unknown => "something unknown",
        }
    }
}

/// Which file it is, whatever it holds and whatever its name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileId {
    pub(crate) device: u64,
    pub(crate) inode: u64,
}

/// What the file system tells of a file. Times are nanoseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Metadata {
    pub(crate) kind: FileKind,
    pub(crate) id: FileId,
    pub(crate) size: u64,
    pub(crate) modified_ns: i128,
    pub(crate) changed_ns: i128,
    pub(crate) mode: u32,
    pub(crate) user: u32,
    pub(crate) group: u32,
    pub(crate) links: u64,
}

/// What changes when somebody changes a file: compared to notice it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    id: FileId,
    size: u64,
    modified_ns: i128,
    changed_ns: i128,
}

impl Fingerprint {
    /// Whether it is the same file with the same content, as far as its times tell: renaming a file
    /// moves the time of its last change.
    pub(crate) fn has_content_of(&self, other: &Fingerprint) -> bool {
        Fingerprint { changed_ns: other.changed_ns, ..*self } == *other
    }

    /// The bytes of the file.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }
}

/// Who may do what with a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rights {
    /// The permission bits.
    pub(crate) mode: u32,
    /// The user and the group, where it is not just whoever made the file.
    pub(crate) owner: Option<(u32, u32)>,
}

impl Rights {
    /// Those of another file, but for its special bits.
    pub(crate) fn like(file: &Metadata) -> Rights {
        Rights { mode: file.mode & 0o777, owner: Some((file.user, file.group)) }
    }

    /// Gives them to a file that this process just made, whatever the umask left of its mode. Where
    /// the group cannot be kept, its rights are not given to another group.
    pub(crate) fn give(self, file: &dyn File) -> io::Result<()> {
        let made = file.metadata()?;
        let mut mode = self.mode;
        if let Some((user, group)) = self.owner.filter(|it| *it != (made.user, made.group)) {
            let is_kept = file.set_owner(Some(user), group).is_ok()
                || made.group == group
                || file.set_owner(None, group).is_ok();
            if !is_kept {
                mode &= !0o070;
            }
        }
        if made.mode & 0o777 == mode {
            return Ok(());
        }
        match file.set_mode(mode) {
            // A file system without modes gives every file the same: who owns a file may set it
            // everywhere else.
            Err(error) if os::unsupported(&error) => Ok(()),
            Err(error) if self.owner.is_none() && error.raw_os_error() == Some(libc::EPERM) => {
                Ok(())
            }
            result => result,
        }
    }
}

impl Metadata {
    /// The members that tell one version of a file from another.
    pub(crate) fn fingerprint(&self) -> Fingerprint {
        Fingerprint {
            id: self.id,
            size: self.size,
            modified_ns: self.modified_ns,
            changed_ns: self.changed_ns,
        }
    }

    /// Whether the last change lies less than `window` before `now`; a stamp in the future, as
    /// another machine's clock gives, counts by its distance too.
    pub(crate) fn changed_within(&self, window: Duration, now: Duration) -> bool {
        let last = self.changed_ns.max(self.modified_ns);
        let distance = i128::try_from(now.as_nanos()).unwrap_or(i128::MAX).saturating_sub(last);
        distance.unsigned_abs() <= window.as_nanos()
    }
}

/// Looks at `name`; None when there is no such entry.
pub(crate) fn look(
    directory: &dyn Directory,
    name: &OsStr,
    path: &Path,
) -> Result<Option<Metadata>> {
    found(directory.metadata(name), path)
}

/// Which file has the name; None when there is no such entry.
pub(crate) fn look_which(
    directory: &dyn Directory,
    name: &OsStr,
    path: &Path,
) -> Result<Option<FileId>> {
    found(directory.id(name), path)
}

fn found<T>(looked: io::Result<T>, path: &Path) -> Result<Option<T>> {
    match looked {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io("look at", path, error)),
    }
}

/// Opens `name` if it is there and a regular file, and says what the file is like; anything else is
/// refused before it is opened, since opening a device may already act on it.
pub(crate) fn open_regular(
    directory: &dyn Directory,
    name: &OsStr,
    path: &Path,
    how: Open,
) -> Result<Option<(Box<dyn File>, Metadata)>> {
    let Some(before) = look(directory, name, path)? else { return Ok(None) };
    check_regular(&before, path)?;
    let file = match directory.open(name, how) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io("open", path, error)),
    };
    // It may have been exchanged since it was looked at.
    let metadata = file.metadata().map_err(|error| Error::io("look at", path, error))?;
    check_regular(&metadata, path)?;
    Ok(Some((file, metadata)))
}

fn check_regular(metadata: &Metadata, path: &Path) -> Result<()> {
    if metadata.kind == FileKind::Regular {
        return Ok(());
    }
    Err(not_a_file(path, metadata.kind))
}

/// The error for a path that names something a store cannot be kept in.
pub(crate) fn not_a_file(path: &Path, kind: FileKind) -> Error {
    Error::new(
        ErrorKind::Invalid,
        format!("{} is {}, not a regular file", path.display(), kind.describe()),
    )
    .named("NOT_A_FILE")
    .path(path)
    .expected(FileKind::Regular.describe())
    .actual(kind.describe())
    .hint("give the path of a file")
}

/// Fills `buffer` from `offset` on, as far as the file goes, and says how far that was.
pub(crate) fn read_full(file: &dyn File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, offset + filled as u64)? {
            0 => break,
            count => filled += count,
        }
    }
    Ok(filled)
}

/// Writes all of `bytes` at `offset`, in as many steps as it takes.
pub(crate) fn write_full(file: &dyn File, bytes: &[u8], offset: u64) -> io::Result<()> {
    let mut written = 0;
    while let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
        match file.write_at(rest, offset + written as u64)? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            count => written += count,
        }
    }
    Ok(())
}
