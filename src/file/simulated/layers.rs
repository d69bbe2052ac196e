//! The two layers of a simulated disk, and the changes that one has and the other has not yet.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::USER;
use super::plan::{Keep, Lie};
use crate::file::obstacle::Obstacle;
use crate::file::{FileId, FileKind, Metadata, Rename};

/// A power cut tears a write only between sectors.
const SECTOR_BYTES: usize = 512;
/// 2026-01-01.
const START: Duration = Duration::from_secs(1_767_225_600);
/// Files are stamped with a clock that ticks this often.
const TICK_NS: u128 = 4_000_000;
const DEVICE: u64 = 1;
const FOLDER_INODE: u64 = 1;

#[derive(Clone, Default)]
struct Node {
    content: Vec<u8>,
    mode: u32,
    group: u32,
    user: u32,
    modified: Duration,
    changed: Duration,
}

#[derive(Clone, Default)]
struct Folder {
    entries: BTreeMap<OsString, u64>,
    durable: BTreeMap<OsString, u64>,
    changed: Duration,
}

#[derive(Clone)]
enum Change {
    Write { inode: u64, offset: usize, bytes: Vec<u8> },
    Empty { inode: u64 },
    Rights { inode: u64, mode: u32, user: u32, group: u32 },
    Entries { folder: PathBuf, edits: Vec<(OsString, Option<u64>)> },
}

/// What is on the disk, and what would be after a power cut.
#[derive(Clone)]
pub(super) struct Layers {
    now: Duration,
    files: BTreeMap<u64, Node>,
    durable: BTreeMap<u64, Node>,
    folders: BTreeMap<PathBuf, Folder>,
    pending: Vec<Change>,
    lies: Vec<Lie>,
    inodes: u64,
    later: Vec<Edit>,
    obstacles: BTreeMap<PathBuf, Obstacle>,
}

/// What a person will do to a file: write it, or remove it.
#[derive(Clone)]
struct Edit {
    at: Duration,
    path: PathBuf,
    bytes: Option<Vec<u8>>,
}

/// The error of a system call.
pub(super) fn failure(errno: i32) -> io::Error {
    io::Error::from_raw_os_error(errno)
}

impl Layers {
    pub(super) fn new() -> Layers {
        Layers {
            now: START,
            files: BTreeMap::new(),
            durable: BTreeMap::new(),
            folders: BTreeMap::from([(PathBuf::from("/"), Folder::default())]),
            pending: Vec::new(),
            lies: Vec::new(),
            inodes: FOLDER_INODE,
            later: Vec::new(),
            obstacles: BTreeMap::new(),
        }
    }

    pub(super) fn now(&self) -> Duration {
        self.now
    }

    pub(super) fn advance(&mut self, time: Duration) {
        self.now = self.now.saturating_add(time);
        let due = |edit: &Edit| edit.at <= self.now;
        let (due, later): (Vec<_>, _) = std::mem::take(&mut self.later).into_iter().partition(due);
        self.later = later;
        for Edit { path, bytes, .. } in due {
            match bytes {
                Some(bytes) => self.write_path(&path, &bytes),
                None => self.remove_path(&path),
            }
        }
    }

    /// Edits have to be planned in the order in which they are to happen.
    pub(super) fn edit_later(&mut self, after: Duration, path: PathBuf, bytes: Option<Vec<u8>>) {
        let at = self.now.saturating_add(after);
        self.later.push(Edit { at, path, bytes });
    }

    fn remove_path(&mut self, path: &Path) {
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return };
        // Nothing to remove is as good as removed.
        drop(self.remove(folder, name));
        self.sync_folder(folder);
    }

    pub(super) fn lie(&mut self, lie: Lie) {
        self.lies.push(lie);
    }

    pub(super) fn pending(&self) -> usize {
        self.pending.len()
    }

    pub(super) fn make_folder(&mut self, path: PathBuf) {
        self.folders.entry(path).or_default();
    }

    pub(super) fn check_folder(&self, path: &Path) -> io::Result<()> {
        self.folders.contains_key(path).then_some(()).ok_or_else(|| failure(libc::ENOENT))
    }

    pub(super) fn names(&self, folder: &Path) -> Vec<OsString> {
        let entries = self.folders.get(folder).map(|folder| folder.entries.keys().cloned());
        entries.into_iter().flatten().collect()
    }

    pub(super) fn find(&self, folder: &Path, name: &OsStr) -> io::Result<u64> {
        let found = self.folders.get(folder).and_then(|folder| folder.entries.get(name));
        found.copied().ok_or_else(|| failure(libc::ENOENT))
    }

    pub(super) fn create(&mut self, folder: &Path, name: &OsStr, mode: u32) -> io::Result<u64> {
        if self.find(folder, name).is_ok() {
            return Err(failure(libc::EEXIST));
        }
        self.inodes += 1;
        let inode = self.inodes;
        let stamp = self.stamp();
        let node = Node {
            mode,
            user: USER,
            group: USER,
            modified: stamp,
            changed: stamp,
            content: Vec::new(),
        };
        self.files.insert(inode, node.clone());
        self.durable.insert(inode, node);
        self.edit(folder, vec![(name.to_owned(), Some(inode))]);
        Ok(inode)
    }

    pub(super) fn obstruct(&mut self, path: PathBuf, obstacle: Option<Obstacle>) {
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return };
        let attributes = [Some(Obstacle::Immutable), Some(Obstacle::AppendOnly)];
        let before = self.obstacle(folder, name);
        let is_touched = attributes.contains(&before) || attributes.contains(&obstacle);
        if let Some(inode) = self.find(folder, name).ok().filter(|_| is_touched) {
            // It cannot fail: the file is there.
            drop(self.touch(inode, false));
        }
        self.obstacles.remove(&path);
        self.obstacles.extend(obstacle.map(|obstacle| (path, obstacle)));
    }

    pub(super) fn obstacle(&self, folder: &Path, name: &OsStr) -> Option<Obstacle> {
        self.obstacles.get(&folder.join(name)).copied()
    }

    fn check_unobstructed(&self, folder: &Path, name: &OsStr) -> io::Result<()> {
        match self.obstacle(folder, name) {
            None | Some(Obstacle::HardLinks) => Ok(()),
            Some(Obstacle::MountPoint) => Err(failure(libc::EBUSY)),
            Some(_) => Err(failure(libc::EPERM)),
        }
    }

    pub(super) fn rename(
        &mut self,
        folder: &Path,
        from: &OsStr,
        to: &OsStr,
        how: Rename,
    ) -> io::Result<()> {
        self.check_unobstructed(folder, to)?;
        let inode = self.find(folder, from)?;
        let other = match how {
            Rename::Replacing => None,
            Rename::Exchanging => Some(self.find(folder, to)?),
        };
        self.edit(folder, vec![(from.to_owned(), other), (to.to_owned(), Some(inode))]);
        other.map_or(Ok(()), |other| self.touch(other, false))?;
        self.touch(inode, false)
    }

    pub(super) fn remove(&mut self, folder: &Path, name: &OsStr) -> io::Result<()> {
        self.find(folder, name)?;
        self.check_unobstructed(folder, name)?;
        self.edit(folder, vec![(name.to_owned(), None)]);
        Ok(())
    }

    pub(super) fn read_at(&self, inode: u64, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let content = &self.file(inode)?.content;
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let rest = content.get(offset..).unwrap_or_default();
        buffer.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        Ok(rest.len().min(buffer.len()))
    }

    pub(super) fn write_at(&mut self, inode: u64, bytes: &[u8], offset: u64) -> io::Result<usize> {
        let mut offset = usize::try_from(offset).map_err(|_| failure(libc::EFBIG))?;
        let mut rest = bytes;
        while !rest.is_empty() {
            let sector = SECTOR_BYTES - offset % SECTOR_BYTES;
            let (first, after) = rest.split_at(sector.min(rest.len()));
            self.change(Change::Write { inode, offset, bytes: first.to_vec() });
            offset += first.len();
            rest = after;
        }
        self.touch(inode, true)?;
        Ok(bytes.len())
    }

    pub(super) fn set_rights(
        &mut self,
        inode: u64,
        mode: Option<u32>,
        owner: Option<(Option<u32>, u32)>,
    ) -> io::Result<()> {
        let node = self.file(inode)?;
        let (user, group) = owner.unwrap_or((None, node.group));
        let (mode, user) = (mode.unwrap_or(node.mode), user.unwrap_or(node.user));
        self.change(Change::Rights { inode, mode, user, group });
        self.touch(inode, false)
    }

    pub(super) fn sync_file(&mut self, inode: u64) {
        if !self.lies.contains(&Lie::Sync) {
            self.make_durable(|change| change.inode() == Some(inode));
        }
    }

    pub(super) fn sync_folder(&mut self, path: &Path) {
        if !self.lies.contains(&Lie::SyncFolder) {
            self.make_durable(
                |change| matches!(change, Change::Entries { folder, .. } if folder == path),
            );
        }
    }

    pub(super) fn metadata(&self, inode: u64) -> io::Result<Metadata> {
        let node = self.file(inode)?;
        Ok(Metadata {
            kind: FileKind::Regular,
            id: FileId { device: DEVICE, inode },
            size: node.content.len() as u64,
            modified_ns: nanos(node.modified),
            changed_ns: nanos(node.changed),
            mode: node.mode,
            user: node.user,
            group: node.group,
            links: 1,
        })
    }

    pub(super) fn folder_metadata(&self, path: &Path) -> io::Result<Metadata> {
        let folder = self.folders.get(path).ok_or_else(|| failure(libc::ENOENT))?;
        Ok(Metadata {
            kind: FileKind::Directory,
            id: FileId { device: DEVICE, inode: FOLDER_INODE },
            size: 0,
            modified_ns: nanos(folder.changed),
            changed_ns: nanos(folder.changed),
            mode: 0o700,
            user: USER,
            group: USER,
            links: 2,
        })
    }

    pub(super) fn read_path(&self, path: &Path) -> Option<Vec<u8>> {
        let inode = self.find(path.parent()?, path.file_name()?).ok()?;
        Some(self.file(inode).ok()?.content.clone())
    }

    pub(super) fn write_path(&mut self, path: &Path, bytes: &[u8]) {
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return };
        let found = self.find(folder, name).or_else(|_| self.create(folder, name, 0o600));
        let Ok(inode) = found else { return };
        self.change(Change::Empty { inode });
        self.change(Change::Write { inode, offset: 0, bytes: bytes.to_vec() });
        // It cannot fail: the file is there.
        drop(self.touch(inode, true));
        self.make_durable(|change| change.inode() == Some(inode));
        self.make_durable(
            |change| matches!(change, Change::Entries { folder: it, .. } if it == folder),
        );
    }

    /// Cuts the power.
    pub(super) fn cut(&mut self, keep: Keep) {
        let pending = std::mem::take(&mut self.pending);
        let mut coins = match keep {
            Keep::Random(seed) => seed,
            _ => 0,
        };
        for (place, change) in pending.iter().enumerate() {
            let kept = match keep {
                Keep::None => false,
                Keep::All => true,
                Keep::Random(_) => split_mix(&mut coins) % 2 == 0,
                Keep::Chosen(bits) => place < 64 && bits >> place & 1 == 1,
            };
            if kept {
                apply(change, &mut self.durable, &mut self.folders, true);
            }
        }
        for folder in self.folders.values_mut() {
            folder.entries = folder.durable.clone();
        }
        let named: BTreeSet<u64> =
            self.folders.values().flat_map(|folder| folder.entries.values().copied()).collect();
        self.durable.retain(|inode, _| named.contains(inode));
        self.files = self.durable.clone();
    }

    fn file(&self, inode: u64) -> io::Result<&Node> {
        self.files.get(&inode).ok_or_else(|| failure(libc::ESTALE))
    }

    fn stamp(&self) -> Duration {
        let nanos = self.now.as_nanos() / TICK_NS * TICK_NS;
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    fn touch(&mut self, inode: u64, modified: bool) -> io::Result<()> {
        let stamp = self.stamp();
        let node = self.files.get_mut(&inode).ok_or_else(|| failure(libc::ESTALE))?;
        node.changed = stamp;
        if modified {
            node.modified = stamp;
        }
        Ok(())
    }

    fn edit(&mut self, folder: &Path, edits: Vec<(OsString, Option<u64>)>) {
        let stamp = self.stamp();
        if let Some(folder) = self.folders.get_mut(folder) {
            folder.changed = stamp;
        }
        self.change(Change::Entries { folder: folder.to_owned(), edits });
    }

    fn change(&mut self, change: Change) {
        apply(&change, &mut self.files, &mut self.folders, false);
        self.pending.push(change);
    }

    fn make_durable(&mut self, which: impl Fn(&Change) -> bool) {
        let (durable, pending): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.pending).into_iter().partition(which);
        self.pending = pending;
        for change in &durable {
            apply(change, &mut self.durable, &mut self.folders, true);
            // The stamps go with whatever else of the file is made durable.
            let Some(inode) = change.inode() else { continue };
            let layers = (self.files.get(&inode), self.durable.get_mut(&inode));
            if let (Some(now), Some(node)) = layers {
                (node.modified, node.changed) = (now.modified, now.changed);
            }
        }
    }
}

impl Change {
    fn inode(&self) -> Option<u64> {
        match self {
            Change::Write { inode, .. }
            | Change::Empty { inode }
            | Change::Rights { inode, .. } => Some(*inode),
            Change::Entries { .. } => None,
        }
    }
}

fn apply(
    change: &Change,
    files: &mut BTreeMap<u64, Node>,
    folders: &mut BTreeMap<PathBuf, Folder>,
    durable: bool,
) {
    if let Change::Entries { folder, edits } = change {
        let Some(folder) = folders.get_mut(folder) else { return };
        let entries = if durable { &mut folder.durable } else { &mut folder.entries };
        for (name, inode) in edits {
            match inode {
                Some(inode) => entries.insert(name.clone(), *inode),
                None => entries.remove(name),
            };
        }
        return;
    }
    let Some(node) = change.inode().and_then(|inode| files.get_mut(&inode)) else { return };
    match change {
        Change::Write { offset, bytes, .. } => {
            let end = offset + bytes.len();
            if node.content.len() < end {
                node.content.resize(end, 0);
            }
            let place = node.content.iter_mut().skip(*offset);
            place.zip(bytes).for_each(|(to, from)| *to = *from);
        }
        Change::Empty { .. } => node.content.clear(),
        Change::Rights { mode, user, group, .. } => {
            (node.mode, node.user, node.group) = (*mode, *user, *group);
        }
        Change::Entries { .. } => {}
    }
}

fn nanos(time: Duration) -> i128 {
    i128::try_from(time.as_nanos()).unwrap_or(i128::MAX)
}

/// SplitMix64 (Steele, Lea and Flood 2014).
pub(super) fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut number = *state;
    number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}
