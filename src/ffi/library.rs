//! The functions about the library itself: its version, the names of statuses, freeing text.

use std::ffi::{CStr, CString, c_char};

use super::boundary::plain;
use super::status::{NAMES, Status};

/// The first number of the version that this header belongs to.
pub const NANOSTORE_VERSION_MAJOR: i32 = 0;
/// The second number of the version that this header belongs to.
pub const NANOSTORE_VERSION_MINOR: i32 = 1;
/// The third number of the version that this header belongs to.
pub const NANOSTORE_VERSION_PATCH: i32 = 0;
/// The version that this header belongs to as one number:
/// 1,000,000 x major + 1,000 x minor + patch.
pub const NANOSTORE_VERSION_NUMBER: i32 = 1000;

const VERSION: &CStr =
    match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
        Ok(text) => text,
        Err(_) => c"",
    };

const _: () = assert!(
    NANOSTORE_VERSION_NUMBER
        == NANOSTORE_VERSION_MAJOR * 1_000_000
            + NANOSTORE_VERSION_MINOR * 1_000
            + NANOSTORE_VERSION_PATCH
);

/// Gives the version of the library that the program runs with, such as "0.1.0".
///
/// - Ownership: the text is static; do not free it.
/// - Threads: any.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn nanostore_version() -> *const c_char {
    VERSION.as_ptr()
}

/// Gives the version of the library that the program runs with as one number, counted like
/// NANOSTORE_VERSION_NUMBER. A program that was compiled with a newer header than the library it
/// finds can tell:
///
/// ```text
/// if (nanostore_version_number() < NANOSTORE_VERSION_NUMBER) { ... }
/// ```
///
/// - Threads: any.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn nanostore_version_number() -> i32 {
    NANOSTORE_VERSION_NUMBER
}

/// Gives the name of a status without its prefix, such as "NOTFOUND" for NANOSTORE_NOTFOUND, and
/// "UNKNOWN" for a number that this version does not have.
///
/// - Ownership: the text is static; do not free it.
/// - Threads: any.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn nanostore_status_name(status: Status) -> *const c_char {
    NAMES.iter().find(|(number, _)| *number == status).map_or(c"UNKNOWN", |(_, name)| name).as_ptr()
}

/// Frees a text that a function of this library put into an output (`char **`).
///
/// Texts of type `const char *` are not yours and must not come here, nor may text from malloc,
/// and text from here must not go to free.
///
/// - NULL: does nothing.
/// - Threads: any, also another one than that of the call that gave the text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nanostore_string_free(text: *mut c_char) {
    plain((), || {
        if !text.is_null() {
            // SAFETY: a non-NULL text came from `CString::into_raw` in `text`, and the manual
            // asks that it be freed once and not be made longer or shorter.
            drop(unsafe { CString::from_raw(text) });
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(pointer: *const c_char) -> &'static str {
        // SAFETY: the functions tested here give static text.
        unsafe { CStr::from_ptr(pointer) }.to_str().unwrap()
    }

    #[test]
    fn each_number_of_the_version_is_that_of_the_package() {
        assert_eq!(text(nanostore_version()), env!("CARGO_PKG_VERSION"));
        assert_eq!(NANOSTORE_VERSION_MAJOR.to_string(), env!("CARGO_PKG_VERSION_MAJOR"));
        assert_eq!(NANOSTORE_VERSION_MINOR.to_string(), env!("CARGO_PKG_VERSION_MINOR"));
        assert_eq!(NANOSTORE_VERSION_PATCH.to_string(), env!("CARGO_PKG_VERSION_PATCH"));
        assert_eq!(nanostore_version_number(), NANOSTORE_VERSION_NUMBER);
    }

    #[test]
    fn a_status_has_a_name_and_an_unknown_number_says_so() {
        assert_eq!(text(nanostore_status_name(0)), "OK");
        assert_eq!(text(nanostore_status_name(25)), "UNKNOWN_OUTCOME");
        assert_eq!(text(nanostore_status_name(26)), "UNKNOWN");
        assert_eq!(text(nanostore_status_name(-1)), "UNKNOWN");
    }
}
