//! Text across the boundary: in, checked for NULL, UTF-8 and length; out, owned by the caller.
//!
//! What the text means is not known here.

use std::ffi::{CString, OsStr, c_char};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr::null_mut;

use super::handle::{CursorHandle, StoreHandle};
use crate::error::{Error, ErrorKind, Result};
use crate::model::json::utf8;
use crate::store::{Cursor, Store};

/// What all texts of one call may hold together.
pub(super) const INPUT_BYTES_MAX: usize = 256 << 20;

/// The error for an argument that must not be NULL.
#[cold]
pub(super) fn null(argument: &'static str) -> Error {
    Error::invalid(format!("{argument} is NULL")).named("NULL_ARGUMENT").field(argument)
}

/// Takes the texts of one call and counts what they hold together.
pub(super) struct Inputs {
    left: usize,
}

impl Inputs {
    /// Begins a call.
    pub(super) fn new() -> Inputs {
        Inputs { left: INPUT_BYTES_MAX }
    }

    /// Takes a text that must be there.
    ///
    /// # Safety
    /// `text` is NULL or ends in NUL and stays as it is until `'a` ends.
    pub(super) unsafe fn text<'a>(
        &mut self,
        argument: &'static str,
        text: *const c_char,
    ) -> Result<&'a str> {
        // SAFETY: as the caller says.
        let text = unsafe { self.bytes(argument, text) }?;
        utf8(text).map_err(|error| error.in_text(argument).field(argument))
    }

    /// Takes a text that may be left out.
    ///
    /// # Safety
    /// As for [`Inputs::text`].
    pub(super) unsafe fn optional<'a>(
        &mut self,
        argument: &'static str,
        text: *const c_char,
    ) -> Result<Option<&'a str>> {
        if text.is_null() {
            return Ok(None);
        }
        // SAFETY: as the caller says.
        unsafe { self.text(argument, text) }.map(Some)
    }

    /// Takes a path, which is bytes to the operating system and need not be UTF-8.
    ///
    /// # Safety
    /// As for [`Inputs::text`].
    pub(super) unsafe fn path<'a>(
        &mut self,
        argument: &'static str,
        path: *const c_char,
    ) -> Result<&'a Path> {
        // SAFETY: as the caller says.
        let bytes = unsafe { self.bytes(argument, path) }?;
        Ok(Path::new(OsStr::from_bytes(bytes)))
    }

    /// # Safety
    /// As for [`Inputs::text`].
    unsafe fn bytes<'a>(
        &mut self,
        argument: &'static str,
        text: *const c_char,
    ) -> Result<&'a [u8]> {
        if text.is_null() {
            return Err(null(argument));
        }
        // SAFETY: the text ends in NUL, and no more than one byte over the limit is looked at.
        let length = unsafe { libc::strnlen(text, self.left + 1) };
        self.left = self.left.checked_sub(length).ok_or_else(|| too_long(argument))?;
        // SAFETY: that many bytes were just read, and they stay as they are until `'a` ends.
        Ok(unsafe { std::slice::from_raw_parts(text.cast(), length) })
    }
}

#[cold]
fn too_long(argument: &'static str) -> Error {
    Error::new(
        ErrorKind::Limit,
        format!("{argument} takes the texts of this call over {INPUT_BYTES_MAX} bytes"),
    )
    .named("INPUT_BYTES")
    .field(argument)
    .expected(format!("at most {INPUT_BYTES_MAX} bytes in all texts of a call"))
    .hint("split the work into several calls")
}

/// A result that can be put into an output of a C function.
pub(super) trait Output: Sized {
    /// What the output of the C function is.
    type Slot;
    /// What the output holds unless the call succeeds.
    const CLEARED: Self::Slot;
    /// Makes the C value, which the caller then owns.
    fn into_slot(self) -> Result<Self::Slot>;
}

impl Output for () {
    type Slot = ();
    const CLEARED: () = ();
    fn into_slot(self) -> Result<()> {
        Ok(())
    }
}

impl Output for i64 {
    type Slot = i64;
    const CLEARED: i64 = 0;
    fn into_slot(self) -> Result<i64> {
        Ok(self)
    }
}

impl Output for String {
    type Slot = *mut c_char;
    const CLEARED: *mut c_char = null_mut();
    fn into_slot(self) -> Result<*mut c_char> {
        // JSON has no NUL in it; only a text taken out of JSON can. `CString::new` looks for one so
        // slowly that it took a seventh of the time of a page.
        if memchr::memchr(0, self.as_bytes()).is_some() {
            return Err(nul_in_text());
        }
        // SAFETY: there is no NUL in it, as was just seen.
        Ok(unsafe { CString::from_vec_unchecked(self.into_bytes()) }.into_raw())
    }
}

#[cold]
fn nul_in_text() -> Error {
    Error::new(ErrorKind::Unsupported, "the text holds U+0000, which would end it in C")
        .named("NUL_IN_TEXT")
        .hint("take the JSON value that contains it instead")
}

impl Output for Option<String> {
    type Slot = *mut c_char;
    const CLEARED: *mut c_char = null_mut();
    fn into_slot(self) -> Result<*mut c_char> {
        self.map_or(Ok(null_mut()), String::into_slot)
    }
}

impl Output for Store {
    type Slot = *mut StoreHandle;
    const CLEARED: *mut StoreHandle = null_mut();
    fn into_slot(self) -> Result<*mut StoreHandle> {
        Ok(Box::into_raw(Box::new(StoreHandle::new(self))))
    }
}

impl Output for Cursor {
    type Slot = *mut CursorHandle;
    const CLEARED: *mut CursorHandle = null_mut();
    fn into_slot(self) -> Result<*mut CursorHandle> {
        Ok(Box::into_raw(Box::new(CursorHandle::new(self))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(bytes: &[u8]) -> Result<&str> {
        let terminated = bytes.last() == Some(&0);
        assert!(terminated);
        // SAFETY: the bytes end in NUL and outlive the result.
        unsafe { Inputs::new().text("document_json", bytes.as_ptr().cast()) }
    }

    #[test]
    fn text_is_taken_up_to_its_nul() {
        assert_eq!(take("br\u{f8}d\0rest\0".as_bytes()).unwrap(), "br\u{f8}d");
    }

    #[test]
    fn text_that_is_not_utf8_is_refused_with_its_argument_and_place() {
        let error = take(b"ab\n\xff\0").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert_eq!(error.field_path(), Some("document_json"));
        assert!(error.message().starts_with("document_json, line 2, column 1: "), "{error}");
        assert_eq!(error.position(), Some((2, 1)));
    }

    #[test]
    fn a_path_may_be_any_bytes() {
        // SAFETY: the literal ends in NUL.
        let path = unsafe { Inputs::new().path("path", c"a\xffb".as_ptr()) }.unwrap();
        assert_eq!(path.as_os_str().as_bytes(), b"a\xffb");
    }

    #[test]
    fn the_texts_of_one_call_share_one_limit() {
        let mut inputs = Inputs { left: 5 };
        // SAFETY: the literals end in NUL.
        unsafe {
            assert_eq!(inputs.text("id", c"abc".as_ptr()).unwrap(), "abc");
            assert_eq!(inputs.text("id", c"de".as_ptr()).unwrap(), "de");
            assert_eq!(inputs.text("id", c"".as_ptr()).unwrap(), "");
            let error = inputs.text("patch_json", c"f".as_ptr()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Limit);
            assert_eq!(error.field_path(), Some("patch_json"));
        }
    }

    #[test]
    fn a_text_with_a_nul_inside_is_not_cut_short() {
        let error = String::from("a\0b").into_slot().unwrap_err();
        assert_eq!(error.name(), "NUL_IN_TEXT");
    }
}
