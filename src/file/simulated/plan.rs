//! What can be planned for a simulated disk, and what it logs.

/// A kind of operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Call {
    /// Opening a folder.
    OpenFolder,
    /// Asking whether a folder can be written.
    Access,
    /// Reading the names in a folder.
    Entries,
    /// Opening an existing file.
    Open,
    /// Making a file.
    Create,
    /// Asking what a file is like.
    Metadata,
    /// Reading from a file.
    Read,
    /// Writing to a file.
    Write,
    /// Setting owner or mode.
    SetRights,
    /// Making a file durable.
    Sync,
    /// Renaming a file.
    Rename,
    /// Removing a file.
    Remove,
    /// Making the entries of a folder durable.
    SyncFolder,
    /// Trying to take a lock.
    Lock,
}

impl Call {
    /// Every kind.
    pub const ALL: [Call; 14] = [
        Call::OpenFolder,
        Call::Access,
        Call::Entries,
        Call::Open,
        Call::Create,
        Call::Metadata,
        Call::Read,
        Call::Write,
        Call::SetRights,
        Call::Sync,
        Call::Rename,
        Call::Remove,
        Call::SyncFolder,
        Call::Lock,
    ];
}

/// One operation that was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// The process that did it.
    pub process: u64,
    /// What it did.
    pub call: Call,
    /// To which name.
    pub name: String,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The operation fails with this errno, and does nothing.
    Error(i32),
    /// A write gets only this many bytes through; other operations are untouched.
    Short(usize),
    /// The process dies before the operation.
    Kill,
    /// The power goes before the operation; everything fails until the reboot.
    PowerCut,
}

/// When something goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Only operations of this kind count; None: all do.
    pub call: Option<Call>,
    /// It happens at the n-th operation from now on; the next one is the first.
    pub nth: u64,
    /// It happens at all later ones too.
    pub sticky: bool,
    /// What happens.
    pub effect: Effect,
}

/// Which changes that were not synced survive a power cut. What was synced always does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// None of them.
    None,
    /// All of them.
    All,
    /// Each one by the toss of a coin, from this seed.
    Random(u64),
    /// Those whose bit is set, the oldest being bit 0.
    Chosen(u64),
}

/// What a bad disk pretends to have done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// Syncing files.
    Sync,
    /// Syncing folders.
    SyncFolder,
}
