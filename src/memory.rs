//! Hints about memory: to the processor, what is looked at soon; to the system, what gets big.

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

/// How large the system's large pages are, where they are used without being asked for by size.
#[cfg(target_os = "linux")]
const LARGE_PAGE: usize = 2 << 20;

/// An empty buffer with room for so many bytes; none where there is not that much memory.
///
/// What of it lies in whole large pages is to come in those: whoever fills a new buffer is
/// interrupted at each page, and small ones have 4 KiB.
pub(crate) fn buffer(capacity: usize) -> Option<Vec<u8>> {
    let mut buffer = Vec::new();
    buffer.try_reserve_exact(capacity).ok()?;
    #[cfg(target_os = "linux")]
    prefer_large_pages(&buffer);
    Some(buffer)
}

/// An empty text with room for as many bytes as are expected, in such a buffer; without room where
/// there is not that much memory, since there may be enough for what really comes.
pub(crate) fn text(bytes_expected: usize) -> String {
    String::from_utf8(buffer(bytes_expected).unwrap_or_default()).unwrap_or_default()
}

#[cfg(target_os = "linux")]
#[allow(unsafe_code, reason = "a hint, 1.4 times as fast in long lists (docs/design.md)")]
fn prefer_large_pages(buffer: &Vec<u8>) {
    let start = buffer.as_ptr() as usize;
    let first = start.next_multiple_of(LARGE_PAGE);
    let length = (start + buffer.capacity()).saturating_sub(first) / LARGE_PAGE * LARGE_PAGE;
    if length > 0 {
        let first = buffer.as_ptr().wrapping_add(first - start).cast_mut().cast();
        // SAFETY: the range lies within the memory of the buffer, and the hint changes nothing of
        // what is in it. Where the system does not know it, it says so and does nothing.
        unsafe { libc::madvise(first, length, libc::MADV_HUGEPAGE) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_has_the_room_that_is_asked_for() {
        for capacity in [0, 1, 4096, (4 << 20) - 1, 4 << 20, 9_999_999] {
            let mut buffer = buffer(capacity).unwrap();
            assert!(buffer.is_empty() && buffer.capacity() >= capacity);
            buffer.resize(capacity, 7);
            assert!(buffer.iter().all(|&byte| byte == 7));
        }
        assert_eq!(buffer(usize::MAX), None);
        assert_eq!(text(usize::MAX).capacity(), 0);
        assert!(text(9_999_999).capacity() >= 9_999_999);
    }
}
