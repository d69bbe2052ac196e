//! A repository with a store in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use nanostore::Store;

use crate::universe::TestFolder;

/// The name of the store's file.
pub(crate) const NAME: &str = "todos.json";

/// A working tree on the branch `main`.
pub(crate) struct Repository {
    root: TestFolder,
}

impl Repository {
    /// One with a closed store of `count` documents in it, which is committed.
    pub(crate) fn new(form: &str, count: usize) -> Repository {
        let repository = Repository { root: TestFolder::new("git") };
        repository.git("init -q -b main");
        fs::write(repository.folder().join(".gitignore"), "*.lock\n*.wal\n")
            .expect("it is written");
        let options = format!(r#"{{"format":"{form}","uuid_seed":1}}"#);
        let store = Store::open(&repository.path(), Some(&options)).expect("it opens");
        let adds = (0..count).map(|number| {
            format!(r#"{{"op":"add","document":{{"key":"k{number}","title":"title {number}"}}}}"#)
        });
        let adds: Vec<String> = adds.collect();
        store.apply(&format!("[{}]", adds.join(",")), None).expect("they are added");
        store.close().expect("it closes");
        repository.git("add .");
        repository.git("commit -qm first");
        repository
    }

    /// Another clone of it.
    pub(crate) fn clone_it(&self) -> Repository {
        let other = Repository { root: TestFolder::new("git") };
        let from = self.folder().display();
        other.git(&format!("clone -q {from} ."));
        other
    }

    pub(crate) fn folder(&self) -> &Path {
        self.root.path()
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder().join(NAME)
    }

    pub(crate) fn open(&self) -> Store {
        Store::open(&self.path(), None).expect("the store opens")
    }

    pub(crate) fn read(&self) -> String {
        fs::read_to_string(self.path()).expect("the file is there")
    }

    pub(crate) fn write(&self, text: &str) {
        fs::write(self.path(), text).expect("the file can be written");
    }

    /// Writes another file of the working tree.
    pub(crate) fn write_to(&self, name: &str, text: &str) {
        fs::write(self.folder().join(name), text).expect("the file can be written");
    }

    /// Sets a setting of this repository.
    pub(crate) fn set(&self, name: &str, value: &str) {
        let set = self.command().args(["config", name, value]).status();
        assert!(set.expect("git can be called").success(), "{name}");
    }

    /// Calls git, which must succeed, and gives what it prints.
    pub(crate) fn git(&self, words: &str) -> String {
        let output = self.try_git(words);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {words}: {errors}");
        String::from_utf8(output.stdout).expect("git prints text")
    }

    /// Calls git, without what the person who runs the tests has set.
    pub(crate) fn try_git(&self, words: &str) -> Output {
        self.command().args(words.split(' ')).output().expect("git can be called")
    }

    fn command(&self) -> Command {
        let mut command = Command::new("git");
        command.current_dir(self.folder());
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "Ana").env(format!("GIT_{who}_EMAIL"), "ana@x");
        }
        command
    }

    /// The lines that a diff of the store's file adds and takes out.
    pub(crate) fn numstat(&self) -> (usize, usize) {
        let printed = self.git(&format!("diff --numstat -- {NAME}"));
        let mut numbers =
            printed.split_whitespace().take(2).map(|it| it.parse().expect("a number"));
        (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
    }
}
