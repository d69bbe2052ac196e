//! The numbers that every call of the C interface returns.
//!
//! Numbers are added at the end and never change; `error.rs` holds the same numbers as kinds. A
//! finer cause goes into the error's `name`, never into a new number.

use std::ffi::CStr;

/// What a call returns: `NANOSTORE_OK`, or one of the other statuses. More may be added in later
/// versions: treat a number that you do not know like `NANOSTORE_INTERNAL`.
pub type Status = i32;

/// The call succeeded. Its outputs are set.
pub const NANOSTORE_OK: Status = 0;
/// A defect of this library. Nothing changed; please report it.
pub const NANOSTORE_INTERNAL: Status = 1;
/// An argument, a document, a query or an option is not what the call takes.
pub const NANOSTORE_INVALID: Status = 2;
/// No document, member or file of that name.
pub const NANOSTORE_NOTFOUND: Status = 3;
/// The document, the key or the file is there already.
pub const NANOSTORE_EXISTS: Status = 4;
/// More than one document answers to the given ID; `candidates` of the error lists them.
pub const NANOSTORE_AMBIGUOUS: Status = 5;
/// The document is not at the revision that the call expected, or the ID leads to another document
/// than that; `actual` of the error tells it.
pub const NANOSTORE_CONFLICT: Status = 6;
/// The write would break a rule of the schema or of the tree of documents.
pub const NANOSTORE_CONSTRAINT: Status = 7;
/// The store, the file or the medium can only be read.
pub const NANOSTORE_READONLY: Status = 8;
/// Something else is using what the call needs.
pub const NANOSTORE_BUSY: Status = 9;
/// The lock of the store was not to be had within `lock_timeout_ms`.
pub const NANOSTORE_TIMEOUT: Status = 10;
/// The caller cancelled the work.
pub const NANOSTORE_CANCELLED: Status = 11;
/// The operating system reported an error; `sys_errno` of the error tells which.
pub const NANOSTORE_IO: Status = 12;
/// The disk or the quota is full.
pub const NANOSTORE_NOSPACE: Status = 13;
/// The rights for the file or its folder are missing.
pub const NANOSTORE_PERMISSION: Status = 14;
/// The data file cannot be understood; `line` and `column` of the error tell where. It is never
/// overwritten while it is so.
pub const NANOSTORE_CORRUPT: Status = 15;
/// The file was written by a newer version of this library.
pub const NANOSTORE_TOONEW: Status = 16;
/// This version of the library cannot do that.
pub const NANOSTORE_UNSUPPORTED: Status = 17;
/// A size, a depth or a number is over its limit.
pub const NANOSTORE_LIMIT: Status = 18;
/// The call was made in a way that the interface forbids, such as one cursor in two threads.
pub const NANOSTORE_MISUSE: Status = 19;
/// The handle was made before a fork by the parent process. Open the store anew in the child.
pub const NANOSTORE_FORKED: Status = 20;
/// The handle is closed.
pub const NANOSTORE_CLOSED: Status = 21;
/// A defect of this library was caught before it could harm the program. The store takes no more
/// writes in this process until its last handle is closed.
pub const NANOSTORE_PANIC: Status = 22;
/// The document has children, and `"cascade":true` was not given.
pub const NANOSTORE_HAS_CHILDREN: Status = 23;
/// The schema given and the stored one carry the same `schema_version` and differ, or only the
/// stored one carries one.
pub const NANOSTORE_SCHEMA_MISMATCH: Status = 24;
/// The write may or may not have reached the disk: the disk refused to confirm it. Read the
/// document again before you decide what to do.
pub const NANOSTORE_UNKNOWN_OUTCOME: Status = 25;

/// Every status with its name.
pub(super) const NAMES: &[(Status, &CStr)] = &[
    (NANOSTORE_OK, c"OK"),
    (NANOSTORE_INTERNAL, c"INTERNAL"),
    (NANOSTORE_INVALID, c"INVALID"),
    (NANOSTORE_NOTFOUND, c"NOTFOUND"),
    (NANOSTORE_EXISTS, c"EXISTS"),
    (NANOSTORE_AMBIGUOUS, c"AMBIGUOUS"),
    (NANOSTORE_CONFLICT, c"CONFLICT"),
    (NANOSTORE_CONSTRAINT, c"CONSTRAINT"),
    (NANOSTORE_READONLY, c"READONLY"),
    (NANOSTORE_BUSY, c"BUSY"),
    (NANOSTORE_TIMEOUT, c"TIMEOUT"),
    (NANOSTORE_CANCELLED, c"CANCELLED"),
    (NANOSTORE_IO, c"IO"),
    (NANOSTORE_NOSPACE, c"NOSPACE"),
    (NANOSTORE_PERMISSION, c"PERMISSION"),
    (NANOSTORE_CORRUPT, c"CORRUPT"),
    (NANOSTORE_TOONEW, c"TOONEW"),
    (NANOSTORE_UNSUPPORTED, c"UNSUPPORTED"),
    (NANOSTORE_LIMIT, c"LIMIT"),
    (NANOSTORE_MISUSE, c"MISUSE"),
    (NANOSTORE_FORKED, c"FORKED"),
    (NANOSTORE_CLOSED, c"CLOSED"),
    (NANOSTORE_PANIC, c"PANIC"),
    (NANOSTORE_HAS_CHILDREN, c"HAS_CHILDREN"),
    (NANOSTORE_SCHEMA_MISMATCH, c"SCHEMA_MISMATCH"),
    (NANOSTORE_UNKNOWN_OUTCOME, c"UNKNOWN_OUTCOME"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn every_kind_of_error_is_a_status_of_the_same_number_and_name() {
        let kinds: Vec<(Status, &str)> =
            ErrorKind::ALL.iter().map(|kind| (kind.status(), kind.name())).collect();
        let statuses: Vec<(Status, &str)> =
            NAMES.iter().skip(1).map(|(status, name)| (*status, name.to_str().unwrap())).collect();
        assert_eq!(statuses, kinds);
    }

    #[test]
    fn statuses_are_numbered_from_zero_without_holes() {
        for (place, (status, _)) in NAMES.iter().enumerate() {
            assert_eq!(usize::try_from(*status).unwrap(), place);
        }
    }
}
