//! What durable work costs beside what the disk asks for it, and catching up with other processes.

use crate::call::Call;
use crate::{Result, compiler, library, place};

/// Builds `tests/cost/durable.c` and runs it in the build output, which is on a disk.
pub(crate) fn run() -> Result<String> {
    let library = library::release()?;
    let folder = place::scratch("durable-cost")?;
    let program =
        compiler::compile(&place::root().join("tests/cost/durable.c"), &library, &folder)?;
    Call::new(program.display().to_string())
        .variable("LD_LIBRARY_PATH", library.folder.display().to_string())
        .folder(&folder)
        .run()
}
