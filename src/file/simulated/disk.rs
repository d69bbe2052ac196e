//! The processes of a simulated disk: who is alive, who holds which lock, what is to go wrong.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io;
use std::ops::Range;
use std::time::Duration;

use super::layers::{Layers, failure, split_mix};
use super::plan::{Call, Effect, Fault, Keep, Operation};
use crate::file::LockMode;

/// The range that stands for the lock of the whole file.
pub(super) const WHOLE: Range<u64> = u64::MAX - 1..u64::MAX;

const OPERATION_TIME: Duration = Duration::from_micros(1);

/// Who does something: a process, since which reboot, and by which descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Actor {
    process: u64,
    epoch: u64,
    descriptor: u64,
}

struct Lock {
    actor: Actor,
    inode: u64,
    byte: u64,
    mode: LockMode,
}

/// Everything about a disk and its processes.
pub(super) struct State {
    pub(super) layers: Layers,
    locks: Vec<Lock>,
    numbers: u64,
    epoch: u64,
    dead: BTreeSet<u64>,
    off: bool,
    faults: Vec<Fault>,
    log: Vec<Operation>,
    random: u64,
}

impl State {
    /// The processes of a disk nobody has used yet.
    pub(super) fn new(layers: Layers) -> State {
        State {
            layers,
            locks: Vec::new(),
            numbers: 0,
            epoch: 0,
            dead: BTreeSet::new(),
            off: false,
            faults: Vec::new(),
            log: Vec::new(),
            random: 0,
        }
    }

    pub(super) fn reboot(&mut self, keep: Keep) {
        self.layers.cut(keep);
        self.locks.clear();
        self.faults.clear();
        self.dead.clear();
        self.off = false;
        self.epoch += 1;
    }

    fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    pub(super) fn new_process(&mut self) -> u64 {
        self.number()
    }

    /// A process with no file open.
    pub(super) fn actor(&self, process: u64) -> Actor {
        Actor { process, epoch: self.epoch, descriptor: 0 }
    }

    /// A new descriptor of the same process.
    pub(super) fn open(&mut self, by: Actor) -> Actor {
        Actor { descriptor: self.number(), ..by }
    }

    pub(super) fn close(&mut self, actor: Actor) {
        self.locks.retain(|lock| lock.actor != actor);
    }

    pub(super) fn kill(&mut self, process: u64) {
        self.dead.insert(process);
        self.locks.retain(|lock| lock.actor.process != process);
    }

    pub(super) fn plan(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    pub(super) fn forget_faults(&mut self) {
        self.faults.clear();
    }

    pub(super) fn operations(&self) -> Vec<Operation> {
        self.log.clone()
    }

    pub(super) fn clear_operations(&mut self) {
        self.log.clear();
    }

    pub(super) fn random(&mut self) -> u64 {
        split_mix(&mut self.random)
    }

    /// Logs an operation and lets the planned faults happen; the result is how many bytes of a
    /// write get through, where not all do.
    pub(super) fn begin(
        &mut self,
        actor: Actor,
        call: Call,
        name: &OsStr,
    ) -> io::Result<Option<usize>> {
        if self.off || actor.epoch != self.epoch || self.dead.contains(&actor.process) {
            return Err(failure(libc::EIO));
        }
        self.layers.advance(OPERATION_TIME);
        let name = name.to_string_lossy().into_owned();
        self.log.push(Operation { process: actor.process, call, name });
        match self.fault(call) {
            None => Ok(None),
            Some(Effect::Short(bytes)) => Ok(Some(bytes)),
            Some(Effect::Error(errno)) => Err(failure(errno)),
            Some(Effect::Kill) => {
                self.kill(actor.process);
                Err(failure(libc::EIO))
            }
            Some(Effect::PowerCut) => {
                self.off = true;
                Err(failure(libc::EIO))
            }
        }
    }

    fn fault(&mut self, call: Call) -> Option<Effect> {
        let mut effect = None;
        self.faults.retain_mut(|fault| {
            if fault.call.is_some_and(|only| only != call) {
                return true;
            }
            fault.nth = fault.nth.saturating_sub(1);
            if fault.nth == 0 {
                effect.get_or_insert(fault.effect);
            }
            fault.nth > 0 || fault.sticky
        });
        effect
    }

    pub(super) fn try_lock(
        &mut self,
        actor: Actor,
        inode: u64,
        mode: LockMode,
        range: Range<u64>,
    ) -> bool {
        let refused = self.locks.iter().any(|lock| {
            lock.inode == inode
                && lock.actor != actor
                && range.contains(&lock.byte)
                && (lock.mode == LockMode::Exclusive || mode == LockMode::Exclusive)
        });
        if !refused {
            self.unlock(actor, inode, range.clone());
            self.locks.extend(range.map(|byte| Lock { actor, inode, byte, mode }));
        }
        !refused
    }

    pub(super) fn unlock(&mut self, actor: Actor, inode: u64, range: Range<u64>) {
        self.locks.retain(|lock| {
            lock.actor != actor || lock.inode != inode || !range.contains(&lock.byte)
        });
    }
}
