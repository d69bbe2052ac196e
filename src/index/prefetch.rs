//! Asking memory for what is looked at soon.

/// Asks memory for `value` without waiting for it: so many answers are on their way at once.
///
/// A load that is merely made early does the same for a few values only: the processor cannot go
/// far beyond the oldest load that it waits for.
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code, reason = "a hint, 1.3 times as fast in lists of all IDs (docs/design.md)")]
#[inline(always)]
pub(crate) fn prefetch<T: Copy>(value: &T) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: a hint for an address that a reference vouches for; it reads and changes nothing.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(value).cast()) };
}

/// Loads `value` early, where no stable instruction asks for it.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
pub(crate) fn prefetch<T: Copy>(value: &T) {
    std::hint::black_box(*value);
}
