//! The one error type of the library: a kind, what a person needs to know, and a source.
//!
//! Each [`ErrorKind`] is one C status, numbered here and never renumbered. A finer cause goes into
//! the error's `name`, never into a new kind. Messages are lower case, name the thing, say what was
//! expected and what was found, and then the way out. Of documents they quote the title and values
//! of dimensions, cut short, where a person has to know which one is meant; nothing else.

mod spelling;

use std::fmt;

use serde::Serialize;

pub(crate) use spelling::{nearest, shown};

/// Names in one error at most.
pub(crate) const CANDIDATES_MAX: usize = 40;

/// The result of everything in this library that can fail.
pub type Result<T> = std::result::Result<T, Error>;

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $status:literal, $name:literal;)*) => {
        /// What kind of failure an [`Error`] is; one to one with the C statuses.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorKind {
            $($(#[$doc])* $variant,)*
        }

        impl ErrorKind {
            /// Every kind, in the order of the statuses.
            pub const ALL: &'static [ErrorKind] = &[$(ErrorKind::$variant,)*];

            /// The number of this kind in the C interface.
            pub const fn status(self) -> i32 {
                match self {
                    $(ErrorKind::$variant => $status,)*
                }
            }

            /// The name of this kind, in capitals, as in the C constant without its prefix.
            pub const fn name(self) -> &'static str {
                match self {
                    $(ErrorKind::$variant => $name,)*
                }
            }
        }
    };
}

kinds! {
    /// A defect of this library.
    Internal = 1, "INTERNAL";
    /// An argument, a document, a query or an option is not what the call takes.
    Invalid = 2, "INVALID";
    /// No document, member or file of that name.
    NotFound = 3, "NOTFOUND";
    /// The document, key or file is there already.
    Exists = 4, "EXISTS";
    /// More than one document answers to the given ID.
    Ambiguous = 5, "AMBIGUOUS";
    /// The document is not the one, or not at the revision, that the caller expected.
    Conflict = 6, "CONFLICT";
    /// The write would break a rule of the schema or of the tree.
    Constraint = 7, "CONSTRAINT";
    /// The store, the file or the medium can only be read.
    ReadOnly = 8, "READONLY";
    /// Something else is using what the call needs.
    Busy = 9, "BUSY";
    /// The lock was not to be had in `lock_timeout_ms`.
    Timeout = 10, "TIMEOUT";
    /// The caller cancelled the work.
    Cancelled = 11, "CANCELLED";
    /// The operating system reported an error.
    Io = 12, "IO";
    /// The disk or the quota is full.
    NoSpace = 13, "NOSPACE";
    /// The rights for this file or folder are missing.
    Permission = 14, "PERMISSION";
    /// The data file cannot be understood.
    Corrupt = 15, "CORRUPT";
    /// The file was written by a newer version of this library.
    TooNew = 16, "TOONEW";
    /// This version of the library cannot do that.
    Unsupported = 17, "UNSUPPORTED";
    /// A size, a depth or a number is over its limit.
    Limit = 18, "LIMIT";
    /// The call was made in a way the interface forbids.
    Misuse = 19, "MISUSE";
    /// The handle was made before a fork, by the parent process.
    Forked = 20, "FORKED";
    /// The handle is closed.
    Closed = 21, "CLOSED";
    /// A panic was caught at the C boundary.
    Panic = 22, "PANIC";
    /// The document has children, and `cascade` was not given.
    HasChildren = 23, "HAS_CHILDREN";
    /// The schema given does not go with the stored one, by their versions.
    SchemaMismatch = 24, "SCHEMA_MISMATCH";
    /// The write may or may not have reached the disk.
    UnknownOutcome = 25, "UNKNOWN_OUTCOME";
}

/// Why a call failed.
///
/// [`Error::to_json`] gives all of it as a JSON object; [`fmt::Display`] gives the message.
pub struct Error(Box<Details>);

#[derive(Debug, Serialize)]
struct Details {
    status: i32,
    name: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    op: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actual: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    candidates: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sys_errno: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    #[serde(skip)]
    kind: ErrorKind,
    #[serde(skip)]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// Makes an error of `kind`, named like its kind.
    #[cold]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        Error(Box::new(Details {
            status: kind.status(),
            name: kind.name(),
            message: message.into(),
            op: None,
            id: None,
            field: None,
            path: None,
            line: None,
            column: None,
            expected: None,
            actual: None,
            candidates: Vec::new(),
            sys_errno: None,
            hint: None,
            kind,
            source: None,
        }))
    }

    /// Makes an error for input that is not what the call takes.
    pub fn invalid(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Invalid, message)
    }

    /// Gives the finer cause a name of its own, in capitals.
    #[must_use]
    pub fn named(mut self, name: &'static str) -> Error {
        self.0.name = name;
        self
    }

    /// Names the operation that failed, unless one is named already.
    #[must_use]
    pub fn op(mut self, op: &'static str) -> Error {
        self.0.op.get_or_insert(op);
        self
    }

    /// Names the document as the caller did.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Error {
        self.0.id = Some(id.into());
        self
    }

    /// Names the member at fault, as a dotted path.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>) -> Error {
        self.0.field = Some(field.into());
        self
    }

    /// Puts `outer` before the dotted path of the member at fault.
    #[must_use]
    pub fn within(mut self, outer: &str) -> Error {
        self.0.field = Some(match self.0.field.take() {
            Some(inner) => format!("{outer}.{inner}"),
            None => outer.to_owned(),
        });
        self
    }

    /// Names the file.
    #[must_use]
    pub fn path(mut self, path: &std::path::Path) -> Error {
        self.0.path = Some(path.to_string_lossy().into_owned());
        self
    }

    /// Gives the place in the text, both counted from 1; columns count characters.
    #[must_use]
    pub fn at(mut self, line: u64, column: u64) -> Error {
        self.0.line = Some(line);
        self.0.column = Some(column);
        self
    }

    /// Puts before the message which text the error is about, and where in it: a program may show
    /// nothing but the message.
    #[must_use]
    pub(crate) fn in_text(mut self, text: &str) -> Error {
        let place = match self.position() {
            Some((line, column)) => format!("{text}, line {line}, column {column}"),
            None => text.to_owned(),
        };
        self.0.message = format!("{place}: {}", self.0.message);
        self
    }

    /// Names the argument of a call whose JSON is at fault, unless a member of it is named.
    #[must_use]
    pub(crate) fn in_argument(self, name: &'static str) -> Error {
        if self.position().is_none() && self.0.field.is_some() { self } else { self.in_text(name) }
    }

    /// Says what was expected.
    #[must_use]
    pub fn expected(mut self, expected: impl Into<String>) -> Error {
        self.0.expected = Some(expected.into());
        self
    }

    /// Says what was found.
    #[must_use]
    pub fn actual(mut self, actual: impl Into<String>) -> Error {
        self.0.actual = Some(actual.into());
        self
    }

    /// Lists what would have been understood.
    #[must_use]
    pub fn candidates(mut self, candidates: Vec<String>) -> Error {
        self.0.candidates = candidates;
        self
    }

    /// Lists the `known` names that would have been understood in the place of `name`; the hint is
    /// the nearest of them, where one is near.
    #[must_use]
    pub(crate) fn known(mut self, name: &str, mut known: Vec<String>) -> Error {
        let close = nearest(name, &known).map(|close| format!("did you mean '{close}'?"));
        self.0.hint = close.or(self.0.hint);
        known.truncate(CANDIDATES_MAX);
        self.candidates(known)
    }

    /// Tells the way out.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Error {
        self.0.hint = Some(hint.into());
        self
    }

    /// Tells the way out, unless something nearer is known.
    #[must_use]
    pub(crate) fn or_hint(mut self, hint: &str) -> Error {
        self.0.hint.get_or_insert_with(|| hint.to_owned());
        self
    }

    /// Names the operation of a batch that failed, by its index, unless line and column do.
    #[must_use]
    pub(crate) fn in_operation(mut self, index: usize) -> Error {
        if self.position().is_none() {
            self.0.message = format!("operation {index}: {}", self.0.message);
        }
        self.within(&index.to_string())
    }

    /// Makes an error from what the operating system said of `path` while doing `what`
    /// (a verb in the infinitive: "open", "rename").
    pub fn io(what: &str, path: &std::path::Path, source: std::io::Error) -> Error {
        let errno = source.raw_os_error();
        let (kind, name) = match errno {
            Some(libc::ENOSPC) => (ErrorKind::NoSpace, "NOSPACE"),
            Some(libc::EDQUOT) => (ErrorKind::NoSpace, "QUOTA"),
            Some(libc::EFBIG) => (ErrorKind::NoSpace, "FILE_TOO_BIG"),
            Some(libc::EACCES) => (ErrorKind::Permission, "PERMISSION"),
            Some(libc::EPERM) => (ErrorKind::Permission, "NOT_PERMITTED"),
            Some(libc::EROFS) => (ErrorKind::ReadOnly, "READONLY_FILE_SYSTEM"),
            Some(libc::EMFILE | libc::ENFILE) => (ErrorKind::Io, "TOO_MANY_FILES"),
            Some(libc::ENOENT) => (ErrorKind::NotFound, "NO_SUCH_FILE"),
            Some(libc::ELOOP) => (ErrorKind::Invalid, "SYMLINK_LOOP"),
            Some(libc::ENAMETOOLONG) => (ErrorKind::Invalid, "NAME_TOO_LONG"),
            Some(libc::ENOTDIR) => (ErrorKind::Invalid, "NOT_A_DIRECTORY"),
            _ => (ErrorKind::Io, "IO"),
        };
        let mut error =
            Error::new(kind, format!("cannot {what} {}: {source}", path.display())).named(name);
        error.0.path = Some(path.to_string_lossy().into_owned());
        error.0.sys_errno = errno;
        error.0.source = Some(Box::new(source));
        error
    }

    /// Adds the system's error number.
    pub(crate) fn with_errno(mut self, errno: Option<i32>) -> Error {
        self.0.sys_errno = errno;
        self
    }

    /// The kind of failure.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The name of the cause: that of the kind, or a finer one.
    pub fn name(&self) -> &'static str {
        self.0.name
    }

    /// One line for a person.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The member at fault as a dotted path, where one is.
    pub fn field_path(&self) -> Option<&str> {
        self.0.field.as_deref()
    }

    /// The place in the text, as (line, column), where there is one.
    pub fn position(&self) -> Option<(u64, u64)> {
        Some((self.0.line?, self.0.column?))
    }

    /// The `errno` behind the error, where there is one.
    pub fn sys_errno(&self) -> Option<i32> {
        self.0.sys_errno
    }

    /// Everything known of the error, as a JSON object with the members `status`, `name`,
    /// `message` and, where known, `op`, `id`, `field`, `path`, `line`, `column`, `expected`,
    /// `actual`, `candidates`, `sys_errno` and `hint`.
    pub fn to_json(&self) -> String {
        serde_json::to_string(&*self.0).unwrap_or_default()
    }

    /// Replaces the kind, keeping what else is known.
    #[must_use]
    pub fn with_kind(mut self, kind: ErrorKind) -> Error {
        self.0.kind = kind;
        self.0.status = kind.status();
        self.0.name = kind.name();
        self
    }

    /// Replaces the message, keeping what else is known.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<String>) -> Error {
        self.0.message = message.into();
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_json())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|source| &**source as &(dyn std::error::Error + 'static))
    }
}
