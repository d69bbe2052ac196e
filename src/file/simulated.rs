//! A disk in memory that forgets what was not synced, fails on demand, and logs what was done.
//!
//! For this project's own tests (feature `testing`). Several [`SimulatedProcess`]es share one
//! [`SimulatedDisk`]; each change exists in a volatile layer at once and in a durable one once it
//! is synced, or as far as [`Keep`] lets it survive a [`SimulatedDisk::reboot`]. It knows no
//! symbolic links, no hard links, and no rights. Nothing here may be used outside tests.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::obstacle::Obstacle;
use super::{Directory, File, FileId, FileSystem, LockMode, Metadata, Open, Rename};

mod disk;
mod layers;
mod plan;

use disk::{Actor, State};
use layers::Layers;
pub use plan::{Call, Effect, Fault, Keep, Lie, Operation};

/// The user that owns every simulated file.
const USER: u32 = 1000;

/// A disk that outlives the processes using it.
#[derive(Clone)]
pub struct SimulatedDisk(Arc<Mutex<State>>);

impl Default for SimulatedDisk {
    fn default() -> SimulatedDisk {
        SimulatedDisk::new()
    }
}

impl SimulatedDisk {
    /// An empty disk with the folder `/`.
    pub fn new() -> SimulatedDisk {
        SimulatedDisk(Arc::new(Mutex::new(State::new(Layers::new()))))
    }

    /// A new process.
    pub fn process(&self) -> SimulatedProcess {
        let process = self.state().new_process();
        SimulatedProcess { disk: self.clone(), process }
    }

    /// Puts something in the way of replacing the file at `path`, or takes it away. The file itself
    /// stays as it is, but for the time of its last change where it gets an attribute.
    pub fn obstruct(&self, path: impl Into<PathBuf>, obstacle: Option<Obstacle>) {
        self.state().layers.obstruct(path.into(), obstacle);
    }

    /// Makes a folder, durably.
    pub fn make_folder(&self, path: impl Into<PathBuf>) {
        self.state().layers.make_folder(path.into());
    }

    /// A second disk with the same content, pending changes included, used by nobody.
    pub fn copy(&self) -> SimulatedDisk {
        SimulatedDisk(Arc::new(Mutex::new(State::new(self.state().layers.clone()))))
    }

    /// Lets something go wrong later; several faults may be planned.
    pub fn plan(&self, fault: Fault) {
        self.state().plan(fault);
    }

    /// Forgets the faults that have not happened yet.
    pub fn forget_faults(&self) {
        self.state().forget_faults();
    }

    /// From now on the disk only pretends to do this.
    pub fn lie(&self, lie: Lie) {
        self.state().layers.lie(lie);
    }

    /// How many changes a power cut might take.
    pub fn pending(&self) -> usize {
        self.state().layers.pending()
    }

    /// Cuts the power, decides what survives, and starts again. All processes are dead.
    pub fn reboot(&self, keep: Keep) {
        self.state().reboot(keep);
    }

    /// Everything that was done so far, in order.
    pub fn operations(&self) -> Vec<Operation> {
        self.state().operations()
    }

    /// Forgets what was done.
    pub fn clear_operations(&self) {
        self.state().clear_operations();
    }

    /// The content of a file as a person sees it now.
    pub fn read(&self, path: impl AsRef<Path>) -> Option<Vec<u8>> {
        self.state().layers.read_path(path.as_ref())
    }

    /// Writes a file in place as a person does, durably.
    pub fn write(&self, path: impl AsRef<Path>, bytes: &[u8]) {
        self.state().layers.write_path(path.as_ref(), bytes);
    }

    /// Lets a person write a file (None: remove it) once so much time has passed. Edits happen in
    /// the order in which they are planned.
    pub fn edit_later(&self, after: Duration, path: impl Into<PathBuf>, bytes: Option<&[u8]>) {
        self.state().layers.edit_later(after, path.into(), bytes.map(<[u8]>::to_vec));
    }

    /// The names in a folder, sorted.
    pub fn names(&self, folder: impl AsRef<Path>) -> Vec<OsString> {
        self.state().layers.names(folder.as_ref())
    }

    /// Lets time pass.
    pub fn advance(&self, time: Duration) {
        self.state().layers.advance(time);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One process using a [`SimulatedDisk`]; clones are the same process.
#[derive(Clone)]
pub struct SimulatedProcess {
    disk: SimulatedDisk,
    process: u64,
}

impl SimulatedProcess {
    /// Kills it: its locks are free, what it wrote stays, whatever it still tries fails.
    pub fn kill(&self) {
        self.disk.state().kill(self.process);
    }

    /// The number under which its operations are logged.
    pub fn number(&self) -> u64 {
        self.process
    }
}

impl FileSystem for SimulatedProcess {
    fn open_directory(&self, path: &Path) -> io::Result<Box<dyn Directory>> {
        let mut state = self.disk.state();
        let actor = state.actor(self.process);
        state.begin(actor, Call::OpenFolder, path.as_os_str())?;
        state.layers.check_folder(path)?;
        Ok(Box::new(SimulatedFolder { disk: self.disk.clone(), actor, path: path.to_owned() }))
    }

    fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        Ok(Path::new("/").join(path))
    }

    fn now(&self) -> Duration {
        self.disk.state().layers.now()
    }

    fn monotonic(&self) -> Duration {
        self.disk.state().layers.now()
    }

    fn sleep(&self, time: Duration) {
        self.disk.advance(time);
        // Another thread may play the process that is waited for.
        std::thread::yield_now();
    }

    fn random(&self) -> u64 {
        self.disk.state().random()
    }

    fn process(&self) -> (usize, u64) {
        (Arc::as_ptr(&self.disk.0).addr(), self.process)
    }
}

struct SimulatedFolder {
    disk: SimulatedDisk,
    actor: Actor,
    path: PathBuf,
}

impl Directory for SimulatedFolder {
    fn open(&self, name: &OsStr, how: Open) -> io::Result<Box<dyn File>> {
        let mut state = self.disk.state();
        let call = if matches!(how, Open::CreateNew { .. }) { Call::Create } else { Call::Open };
        state.begin(self.actor, call, name)?;
        let inode = match how {
            Open::CreateNew { mode } => state.layers.create(&self.path, name, mode)?,
            Open::Read | Open::ReadWrite => state.layers.find(&self.path, name)?,
        };
        let actor = state.open(self.actor);
        let (disk, name) = (self.disk.clone(), name.to_owned());
        Ok(Box::new(SimulatedFile { disk, actor, inode, name, writable: how != Open::Read }))
    }

    fn metadata(&self, name: &OsStr) -> io::Result<Metadata> {
        let mut state = self.disk.state();
        state.begin(self.actor, Call::Metadata, name)?;
        if name == "." {
            return state.layers.folder_metadata(&self.path);
        }
        let inode = state.layers.find(&self.path, name)?;
        state.layers.metadata(inode)
    }

    fn id(&self, name: &OsStr) -> io::Result<FileId> {
        self.metadata(name).map(|metadata| metadata.id)
    }

    fn rename(&self, from: &OsStr, to: &OsStr, how: Rename) -> io::Result<()> {
        let mut state = self.disk.state();
        state.begin(self.actor, Call::Rename, to)?;
        state.layers.rename(&self.path, from, to, how)
    }

    fn remove(&self, name: &OsStr) -> io::Result<()> {
        let mut state = self.disk.state();
        state.begin(self.actor, Call::Remove, name)?;
        state.layers.remove(&self.path, name)
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.disk.state();
        state.begin(self.actor, Call::SyncFolder, self.path.as_os_str())?;
        state.layers.sync_folder(&self.path);
        Ok(())
    }

    fn entries(&self) -> io::Result<Vec<OsString>> {
        let mut state = self.disk.state();
        state.begin(self.actor, Call::Entries, self.path.as_os_str())?;
        Ok(state.layers.names(&self.path))
    }

    fn check_writable(&self) -> io::Result<()> {
        self.disk.state().begin(self.actor, Call::Access, self.path.as_os_str()).map(drop)
    }

    fn obstacle(&self, name: &OsStr) -> io::Result<Option<Obstacle>> {
        let mut state = self.disk.state();
        state.begin(self.actor, Call::Metadata, name)?;
        Ok(state.layers.obstacle(&self.path, name))
    }

    fn is_removed(&self) -> bool {
        false
    }

    fn file_system_name(&self) -> &str {
        "simulated"
    }

    fn user(&self) -> u32 {
        USER
    }
}

struct SimulatedFile {
    disk: SimulatedDisk,
    actor: Actor,
    inode: u64,
    name: OsString,
    writable: bool,
}

impl SimulatedFile {
    /// Begins an operation; the second value is how many bytes of a write get through.
    fn begin(&self, call: Call) -> io::Result<(MutexGuard<'_, State>, Option<usize>)> {
        let mut state = self.disk.state();
        let short = state.begin(self.actor, call, &self.name)?;
        Ok((state, short))
    }

    fn begin_change(&self, call: Call) -> io::Result<(MutexGuard<'_, State>, Option<usize>)> {
        if !self.writable {
            return Err(io::Error::from_raw_os_error(libc::EBADF));
        }
        self.begin(call)
    }
}

impl File for SimulatedFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let (state, _) = self.begin(Call::Read)?;
        state.layers.read_at(self.inode, buffer, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        let (mut state, short) = self.begin_change(Call::Write)?;
        let bytes = short.and_then(|short| bytes.get(..short)).unwrap_or(bytes);
        state.layers.write_at(self.inode, bytes, offset)
    }

    fn sync_all(&self) -> io::Result<()> {
        self.begin(Call::Sync)?.0.layers.sync_file(self.inode);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.sync_all()
    }

    fn metadata(&self) -> io::Result<Metadata> {
        self.begin(Call::Metadata)?.0.layers.metadata(self.inode)
    }

    fn set_mode(&self, mode: u32) -> io::Result<()> {
        self.begin(Call::SetRights)?.0.layers.set_rights(self.inode, Some(mode), None)
    }

    fn set_owner(&self, user: Option<u32>, group: u32) -> io::Result<()> {
        self.begin(Call::SetRights)?.0.layers.set_rights(self.inode, None, Some((user, group)))
    }

    fn descriptor(&self) -> Option<i32> {
        None
    }

    fn try_lock(&self, mode: LockMode) -> io::Result<bool> {
        let (mut state, _) = self.begin(Call::Lock)?;
        Ok(state.try_lock(self.actor, self.inode, mode, disk::WHOLE))
    }

    fn unlock(&self) -> io::Result<()> {
        // Unlocking is no operation of the disk: it is never refused, and a crash is no nearer.
        self.disk.state().unlock(self.actor, self.inode, disk::WHOLE);
        Ok(())
    }

    fn try_lock_bytes(&self, mode: LockMode, start: u64, length: u64) -> io::Result<bool> {
        if mode == LockMode::Exclusive && !self.writable {
            return Err(io::Error::from_raw_os_error(libc::EBADF));
        }
        let (mut state, _) = self.begin(Call::Lock)?;
        let range = start..start.saturating_add(length);
        Ok(state.try_lock(self.actor, self.inode, mode, range))
    }

    fn unlock_bytes(&self, start: u64, length: u64) -> io::Result<()> {
        let range = start..start.saturating_add(length);
        self.disk.state().unlock(self.actor, self.inode, range);
        Ok(())
    }
}

impl Drop for SimulatedFile {
    fn drop(&mut self) {
        self.disk.state().close(self.actor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: Open = Open::CreateNew { mode: 0o600 };

    fn folder(process: &SimulatedProcess) -> Box<dyn Directory> {
        process.open_directory(Path::new("/")).unwrap()
    }

    fn name(text: &str) -> &OsStr {
        OsStr::new(text)
    }

    #[test]
    fn what_was_synced_survives_and_the_rest_only_as_chosen() {
        let disk = SimulatedDisk::new();
        let folder = folder(&disk.process());
        let file = folder.open(name("a"), NEW).unwrap();
        file.write_at(b"synced", 0).unwrap();
        file.sync_all().unwrap();
        assert_eq!(disk.pending(), 1, "the entry is not durable yet");
        folder.sync().unwrap();
        file.write_at(b"S", 0).unwrap();
        file.write_at(b"D", 5).unwrap();
        assert_eq!(disk.read("/a").unwrap(), b"SynceD");
        let survivor = |keep| {
            let copy = disk.copy();
            copy.reboot(keep);
            copy.read("/a").unwrap()
        };
        assert_eq!(survivor(Keep::None), b"synced");
        assert_eq!(survivor(Keep::All), b"SynceD");
        assert_eq!(survivor(Keep::Chosen(0b10)), b"synceD", "changes survive out of order");
    }

    #[test]
    fn a_synced_file_without_a_synced_entry_is_gone() {
        let disk = SimulatedDisk::new();
        let file = folder(&disk.process()).open(name("a"), NEW).unwrap();
        file.write_at(b"x", 0).unwrap();
        file.sync_all().unwrap();
        disk.reboot(Keep::None);
        assert_eq!(disk.read("/a"), None);
    }

    #[test]
    fn a_write_of_several_sectors_can_be_torn_between_them() {
        let disk = SimulatedDisk::new();
        let file = folder(&disk.process()).open(name("a"), NEW).unwrap();
        file.write_at(&[7; 1024], 0).unwrap();
        // The entry and the second sector.
        disk.reboot(Keep::Chosen(0b101));
        let content = disk.read("/a").unwrap();
        assert_eq!((content.len(), content[511], content[512]), (1024, 0, 7));
    }

    #[test]
    fn a_rename_happens_whole_or_not_at_all() {
        let disk = SimulatedDisk::new();
        let folder = folder(&disk.process());
        folder.open(name("a"), NEW).unwrap();
        folder.sync().unwrap();
        folder.rename(name("a"), name("b"), Rename::Replacing).unwrap();
        for (keep, left) in [(Keep::None, "a"), (Keep::All, "b")] {
            let copy = disk.copy();
            copy.reboot(keep);
            assert_eq!(copy.names("/"), [left]);
        }
    }

    #[test]
    fn faults_happen_when_planned_once_or_for_good() {
        let disk = SimulatedDisk::new();
        let file = folder(&disk.process()).open(name("a"), NEW).unwrap();
        let once = Fault {
            call: Some(Call::Write),
            nth: 2,
            sticky: false,
            effect: Effect::Error(libc::ENOSPC),
        };
        disk.plan(once);
        let write = || file.write_at(b"xyz", 0).map_err(|error| error.raw_os_error());
        assert_eq!((write(), write()), (Ok(3), Err(Some(libc::ENOSPC))));
        assert_eq!(write(), Ok(3));
        disk.plan(Fault { nth: 1, sticky: true, effect: Effect::Short(1), ..once });
        assert_eq!((write(), write()), (Ok(1), Ok(1)));
        disk.forget_faults();
        assert_eq!(write(), Ok(3));
    }

    #[test]
    fn after_a_power_cut_everything_fails_until_the_reboot() {
        let disk = SimulatedDisk::new();
        let process = disk.process();
        let folder = folder(&process);
        disk.plan(Fault { call: None, nth: 1, sticky: false, effect: Effect::PowerCut });
        assert!(folder.open(name("a"), NEW).is_err());
        assert!(disk.process().open_directory(Path::new("/")).is_err());
        disk.reboot(Keep::All);
        assert!(folder.entries().is_err(), "old descriptors stay dead");
        assert!(disk.process().open_directory(Path::new("/")).is_ok());
    }

    #[test]
    fn processes_exclude_each_other_and_the_dead_hold_nothing() {
        let disk = SimulatedDisk::new();
        let (first, second) = (disk.process(), disk.process());
        let one = folder(&first).open(name("a"), NEW).unwrap();
        let two = folder(&second).open(name("a"), Open::ReadWrite).unwrap();
        assert!(one.try_lock(LockMode::Shared).unwrap());
        assert!(two.try_lock(LockMode::Shared).unwrap());
        assert!(!two.try_lock(LockMode::Exclusive).unwrap());
        assert!(one.try_lock_bytes(LockMode::Exclusive, 5, 2).unwrap());
        assert!(!two.try_lock_bytes(LockMode::Exclusive, 6, 2).unwrap());
        first.kill();
        assert!(two.try_lock(LockMode::Exclusive).unwrap());
        assert!(two.try_lock_bytes(LockMode::Exclusive, 6, 2).unwrap());
        assert!(one.try_lock(LockMode::Shared).is_err());
    }
}
