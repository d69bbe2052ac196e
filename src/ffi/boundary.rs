//! The guard around every exported function: outputs are cleared first, panics end here, and a
//! failure becomes a status and an error object.
//!
//! A caught panic prints nothing. The hook that silences it is installed once for the copy of the
//! standard library that this library is linked with: a C program shares it with nobody, and in a
//! Rust program panics outside these functions still reach the hook that was there before.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::{Once, OnceLock};

use super::error::ErrorObject;
use super::handle::{CursorHandle, StoreHandle};
use super::status::{NANOSTORE_OK, Status};
use super::text::{Inputs, Output};
use crate::error::{Error, ErrorKind, Result};
use crate::store::{Cursor, Store};

type Hook = Box<dyn Fn(&PanicHookInfo<'_>) + Send + Sync>;

static SILENCED: Once = Once::new();
static OUTER: OnceLock<Hook> = OnceLock::new();

thread_local! {
    /// Whether this thread is inside a guarded function.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
    /// Where the panic that is being caught began.
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

fn hook(info: &PanicHookInfo<'_>) {
    if GUARDED.get() {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        // During the end of a thread there may be no place to keep it: it is then left out.
        let _ = PLACE.try_with(|kept| kept.replace(place));
    } else if let Some(outer) = OUTER.get() {
        outer(info);
    }
}

fn silence() {
    // The hook cannot be changed while a panic unwinds; a later call installs it.
    if SILENCED.is_completed() || std::thread::panicking() {
        return;
    }
    SILENCED.call_once(|| {
        let _ = OUTER.set(std::panic::take_hook());
        // A plain function needs no memory, so nothing is left when the process ends.
        std::panic::set_hook(Box::new(hook));
    });
}

/// Runs `body`; a panic in it becomes an error.
pub(super) fn guarded<T>(body: impl FnOnce() -> T) -> Result<T> {
    silence();
    let outer = GUARDED.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(body)).map_err(caught);
    GUARDED.set(outer);
    outcome
}

#[cold]
fn caught(payload: Box<dyn Any + Send>) -> Error {
    let place = PLACE.try_with(RefCell::take).unwrap_or_default();
    let said = match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
        (Some(text), _) => (*text).to_owned(),
        (None, Some(text)) => text.clone(),
        (None, None) => "no message".to_owned(),
    };
    // What a panic carries may panic itself when it is dropped; then it is left where it is.
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(second);
    }
    // Where it was met for another thread, the place stayed there.
    let place = if place.is_empty() { place } else { format!(" ({place})") };
    Error::new(ErrorKind::Panic, format!("a defect of the library was caught: {said}{place}"))
        .hint("report it; close the store, it takes no more writes")
}

/// Guards a function that cannot fail: it answers `otherwise` should it panic.
pub(super) fn plain<T>(otherwise: T, body: impl FnOnce() -> T) -> T {
    guarded(body).unwrap_or(otherwise)
}

/// Guards a function that returns a status: clears the outputs, runs `body`, fills the outputs.
///
/// # Safety
/// `out` and `error_out` are NULL or point to writable memory for their type.
pub(super) unsafe fn call<T: Output>(
    op: &'static str,
    out: *mut T::Slot,
    error_out: *mut *mut ErrorObject,
    body: impl FnOnce(&mut Inputs) -> Result<T>,
) -> Status {
    // SAFETY: both are NULL or writable, as the caller says.
    unsafe {
        write(out, T::CLEARED);
        write(error_out, std::ptr::null_mut());
    }
    let outcome = guarded(|| {
        let result = body(&mut Inputs::new())?;
        // Nothing is built for a caller who does not want it.
        if out.is_null() { Ok(T::CLEARED) } else { result.into_slot() }
    });
    match outcome.and_then(|result| result) {
        Ok(slot) => {
            // SAFETY: `out` is NULL or writable, as the caller says.
            unsafe { write(out, slot) };
            NANOSTORE_OK
        }
        Err(error) => {
            let error = error.op(op);
            let status = error.kind().status();
            if !error_out.is_null() {
                let object = Box::into_raw(Box::new(ErrorObject::new(&error)));
                // SAFETY: `error_out` is writable, as the caller says.
                unsafe { write(error_out, object) };
            }
            status
        }
    }
}

/// Guards a function on a store. A panic in it closes the store for writing, because a write may
/// have been left half done.
///
/// # Safety
/// As for [`call`]; `store` is NULL or a handle that is not closed yet.
pub(super) unsafe fn store_call<T: Output>(
    op: &'static str,
    store: *mut StoreHandle,
    out: *mut T::Slot,
    error_out: *mut *mut ErrorObject,
    body: impl FnOnce(&Store, &mut Inputs) -> Result<T>,
) -> Status {
    // SAFETY: the caller says the same of all pointers.
    unsafe {
        call(op, out, error_out, |inputs| {
            let store = StoreHandle::store(store)?;
            guarded(|| body(store, inputs)).unwrap_or_else(|panic| {
                // Should this panic too, the first panic is still the one to report.
                let _ = guarded(|| store.poison());
                Err(panic)
            })
        })
    }
}

/// Guards a function on a cursor. A panic in it ends the cursor.
///
/// # Safety
/// As for [`call`]; `cursor` is NULL or a cursor that is not closed yet.
pub(super) unsafe fn cursor_call<T: Output>(
    op: &'static str,
    cursor: *mut CursorHandle,
    out: *mut T::Slot,
    error_out: *mut *mut ErrorObject,
    body: impl FnOnce(&mut Cursor) -> Result<T>,
) -> Status {
    // SAFETY: the caller says the same of all pointers.
    unsafe { call(op, out, error_out, |_| body(&mut *CursorHandle::cursor(cursor)?)) }
}

/// Writes to an output unless the caller left it out.
///
/// # Safety
/// `out` is NULL or points to writable memory for a `T`.
unsafe fn write<T>(out: *mut T, value: T) {
    if !out.is_null() {
        // SAFETY: it is writable, as the caller says; what was there needs no drop.
        unsafe { out.write(value) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::c_char;
    use std::process::Command;

    struct PanicsWhenDropped;

    impl Drop for PanicsWhenDropped {
        fn drop(&mut self) {
            panic!("secret of the payload");
        }
    }

    #[test]
    fn a_panic_becomes_an_error_that_tells_what_and_where() {
        let error = guarded::<()>(|| panic!("number {}", 7)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Panic);
        assert!(error.message().contains("number 7 (src/ffi/boundary.rs:"), "{error}");
    }

    #[test]
    fn a_payload_that_panics_when_dropped_is_contained() {
        let body = || std::panic::panic_any(PanicsWhenDropped);
        let error = guarded::<()>(body).unwrap_err();
        assert!(error.message().contains("no message"), "{error}");
    }

    #[test]
    fn a_guard_inside_a_guard_leaves_the_outer_one_in_force() {
        let outcome = guarded(|| {
            guarded::<()>(|| panic!("inner")).unwrap_err();
            assert!(GUARDED.get());
        });
        assert!(outcome.is_ok());
        assert!(!GUARDED.get());
    }

    #[test]
    fn a_function_that_cannot_fail_answers_its_default_on_a_panic() {
        assert_eq!(plain(7, || panic!("gone")), 7);
    }

    #[test]
    fn a_panic_in_a_call_leaves_no_output_and_one_error() {
        let mut out: *mut c_char = std::ptr::dangling_mut();
        let mut error: *mut ErrorObject = std::ptr::dangling_mut();
        // SAFETY: both outputs are variables of this test.
        let status = unsafe { call::<String>("probe", &mut out, &mut error, |_| panic!("gone")) };
        assert_eq!(status, ErrorKind::Panic.status());
        assert!(out.is_null());
        // SAFETY: the call failed, so it made an error object.
        unsafe { super::super::error::nanostore_error_free(error) };
    }

    /// Run by the next test in a process of its own; does no harm here.
    #[test]
    fn a_child_process_panics_in_guards() {
        assert!(guarded::<()>(|| panic!("secret of the guard")).is_err());
        assert!(guarded::<()>(|| std::panic::panic_any(PanicsWhenDropped)).is_err());
    }

    #[test]
    fn a_caught_panic_prints_nothing() {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--nocapture", "--test-threads=1"])
            .arg("ffi::boundary::tests::a_child_process_panics_in_guards")
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains("1 passed"), "{text}");
        assert!(!text.contains("secret") && !text.contains("panicked"), "{text}");
    }
}
