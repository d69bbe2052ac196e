//! The store that is kept nowhere: nothing to load, nothing to write, nobody else to change it.

use std::time::Duration;

use super::{Description, Exclusive, Loaded, Storage};
use crate::error::{Error, ErrorKind, Result};
use crate::file::turns::Turns;

/// A store in memory.
#[derive(Default)]
pub(crate) struct Memory {
    turns: Turns,
}

impl Storage for Memory {
    fn description(&self) -> Description {
        Description { engine: "memory", path: None, file_system: None, read_only: false }
    }

    fn changed(&self) -> Result<bool> {
        Ok(false)
    }

    fn load(&self, _timeout: Duration) -> Result<Loaded> {
        Ok(Loaded::default())
    }

    fn lock(&self, timeout: Duration) -> Result<Box<dyn Exclusive + '_>> {
        if self.turns.enter(timeout) {
            return Ok(Box::new(Held(self)));
        }
        Err(Error::new(
            ErrorKind::Timeout,
            format!("another thread was writing for more than {} ms", timeout.as_millis()),
        )
        .named("LOCK_TIMEOUT")
        .hint("try again, or open with a larger lock_timeout_ms"))
    }
}

struct Held<'a>(&'a Memory);

impl Exclusive for Held<'_> {
    fn changed(&self) -> Result<bool> {
        Ok(false)
    }

    fn load(&mut self) -> Result<Loaded> {
        Ok(Loaded::default())
    }

    fn replace(&mut self, _commit: u64, _image: &mut dyn FnMut() -> Result<Vec<u8>>) -> Result<()> {
        Ok(())
    }

    fn reserve(&mut self, _commit: u64) -> Result<()> {
        Ok(())
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.turns.leave();
    }
}
