//! Counts the instructions of calls. Instructions are the same on a busy machine and an idle one,
//! which times are not.
//!
//! `tests/cost/cost.c` makes the calls through the C interface; callgrind counts what happens
//! inside each of its functions `cost_*`.

use std::path::PathBuf;

use crate::call::Call;
use crate::library::{self, Library};
use crate::{Result, compiler, place};

/// Has the C library copy by vectors, whatever the length. Otherwise it copies what is long with
/// one instruction, which callgrind counts once for each byte: then what a list costs depends on
/// where the heap happens to have room, and with that on the random seeds of hash tables. So the
/// counts of two runs differ by less than 1 %.
const TUNABLES: &str = "glibc.cpu.x86_rep_movsb_threshold=1000000000:\
    glibc.cpu.x86_rep_stosb_threshold=1000000000";

/// The program that makes the calls, and the library it goes with.
pub(crate) struct Counter {
    program: PathBuf,
    library: Library,
    folder: PathBuf,
}

/// What one call of a kind costs.
#[derive(Debug, PartialEq)]
pub(crate) struct Count {
    pub(crate) kind: String,
    pub(crate) instructions: u64,
}

impl Counter {
    /// Builds the library as it is shipped, and the program.
    pub(crate) fn build() -> Result<Counter> {
        let library = library::release()?;
        let folder = place::scratch("cost")?;
        let source = place::root().join("tests/cost/cost.c");
        let program = compiler::compile(&source, &library, &folder)?;
        Ok(Counter { program, library, folder })
    }

    /// The program itself with the words of a line, not counted.
    pub(crate) fn call(&self, words: &str) -> Call {
        self.started(Call::new(self.program.display().to_string())).words(words)
    }

    /// The counts of all calls that the program makes when it is started with the words of a line.
    pub(crate) fn counts(&self, words: &str) -> Result<Vec<Count>> {
        let file = words.replace(' ', "-");
        self.started(Call::new("valgrind"))
            // The linker's work at a function's first call is not the function's.
            .variable("LD_BIND_NOW", "1")
            .variable("GLIBC_TUNABLES", TUNABLES)
            .words("--tool=callgrind --instr-atstart=no --collect-atstart=no")
            .arg("--toggle-collect=cost_*")
            .arg(format!("--callgrind-out-file={file}"))
            .path(&self.program)
            .words(words)
            .run()?;
        // The program has the counts written after each kind, into files numbered from 1.
        let files = (1..).map(|number| self.folder.join(format!("{file}.{number}")));
        files.take_while(|path| path.exists()).map(|path| read(&place::read(&path)?)).collect()
    }

    fn started(&self, call: Call) -> Call {
        let libraries = self.library.folder.display().to_string();
        call.folder(&self.folder).variable("LD_LIBRARY_PATH", libraries)
    }
}

/// The count in a file that callgrind wrote, which the program labels "KIND CALLS".
fn read(text: &str) -> Result<Count> {
    let value = |name: &str| text.lines().find_map(|line| line.strip_prefix(name));
    let label = value("desc: Trigger: Client Request: ").and_then(|label| label.split_once(' '));
    let (kind, calls) = label.ok_or("callgrind wrote a file without a label")?;
    let number = |text: Option<&str>| text.and_then(|text| text.trim().parse::<u64>().ok());
    let average = number(value("summary: "))
        .zip(number(Some(calls)))
        .and_then(|(sum, calls)| sum.checked_div(calls));
    let instructions = average.ok_or_else(|| format!("callgrind gives no count of {kind}"))?;
    Ok(Count { kind: kind.to_owned(), instructions })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_the_average_of_the_calls() {
        let text = "desc: Trigger: Client Request: add 200\nfn=(1)\nsummary: 5000\n";
        assert_eq!(read(text), Ok(Count { kind: "add".to_owned(), instructions: 25 }));
    }

    #[test]
    fn a_file_without_a_count_is_refused() {
        assert!(read("desc: Trigger: Program termination\nsummary: 5000\n").is_err());
        assert!(read("desc: Trigger: Client Request: add 200\n").is_err());
        assert!(read("desc: Trigger: Client Request: add 0\nsummary: 5000\n").is_err());
    }
}
