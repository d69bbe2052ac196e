//! The store that is kept nowhere: nothing to load, nothing to write, nobody else to change it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::{
    Change, Description, Exclusive, Image, Kept, LeftOver, Loaded, Position, Record, Size, Storage,
};
use crate::error::{Error, ErrorKind, Result};
use crate::file::turns::Turns;

/// A store in memory.
#[derive(Default)]
pub(crate) struct Memory {
    turns: Arc<Turns>,
}

impl Storage for Memory {
    fn description(&self) -> Description {
        Description { engine: "memory", path: None, file_system: None, read_only: false }
    }

    fn changed(&self) -> Result<Change> {
        Ok(Change::None)
    }

    fn records(&self) -> Result<Option<Vec<Record>>> {
        Ok(Some(Vec::new()))
    }

    fn load(&self, _timeout: Duration) -> Result<Loaded> {
        Ok(Loaded::default())
    }

    fn lock(&self, timeout: Duration) -> Result<Box<dyn Exclusive>> {
        if self.turns.enter(timeout) {
            return Ok(Box::new(Held(Arc::clone(&self.turns))));
        }
        Err(Error::new(
            ErrorKind::Timeout,
            format!("another thread was writing for more than {} ms", timeout.as_millis()),
        )
        .named("LOCK_TIMEOUT")
        .hint("try again, or open with a larger lock_timeout_ms"))
    }

    fn log_bytes(&self) -> u64 {
        0
    }

    fn enter(&self) {}

    fn leave(&self) -> bool {
        true
    }

    fn kept_aside(&self) -> Vec<PathBuf> {
        Vec::new()
    }
}

struct Held(Arc<Turns>);

impl Exclusive for Held {
    fn changed(&self) -> Result<Change> {
        Ok(Change::None)
    }

    fn records(&self) -> Result<Option<Vec<Record>>> {
        Ok(Some(Vec::new()))
    }

    fn load(&self) -> Result<Loaded> {
        Ok(Loaded::default())
    }

    fn replace(&self, _commit: u64, _image: &Image<'_>) -> Result<()> {
        Ok(())
    }

    fn rebase(&self, _commit: u64, _image: &Image<'_>, _left: Option<LeftOver>) -> Result<()> {
        Ok(())
    }

    fn withdraw(&self) {}

    fn keep(&self, _what: Kept<'_>) -> Result<()> {
        Ok(())
    }

    fn append(&self, _seq: u64, _time: &str, _operations: String, _synced: bool) -> Result<()> {
        Ok(())
    }

    fn position(&self) -> Position {
        Position::default()
    }

    fn is_synced(&self) -> bool {
        true
    }

    fn sync(&self) -> Result<()> {
        Ok(())
    }

    fn publish(&self, _position: Position, _durable: bool) -> Result<()> {
        Ok(())
    }

    fn size(&self) -> Size {
        Size::default()
    }

    fn poison(&self) {}

    fn reserve(&self, _commit: u64) -> Result<()> {
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.leave();
    }
}
