//! How long work takes: processor time for what does not wait, and the time on the wall for what
//! waits for the disk.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// A kind of work is repeated until it has taken so long, or as often as [`CALLS_MAX`].
pub const ENOUGH_NS: f64 = 150e6;
const CALLS_MAX: usize = 20_000;
/// What waits for the disk is repeated until it has taken so long, and at least so often.
pub const LONG: Duration = Duration::from_secs(1);
const WAITS_MIN: usize = 5;

/// The processor time of this process so far, in nanoseconds.
pub fn processor_ns() -> f64 {
    ns_of(libc::CLOCK_PROCESS_CPUTIME_ID)
}

/// The processor time of this thread so far, in nanoseconds.
pub fn thread_ns() -> f64 {
    ns_of(libc::CLOCK_THREAD_CPUTIME_ID)
}

fn ns_of(clock: libc::clockid_t) -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is valid for writes.
    let status = unsafe { libc::clock_gettime(clock, &mut time) };
    assert_eq!(status, 0, "a clock");
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

/// The processor time of one of many calls, in nanoseconds; each is told its number.
pub fn of_calls<T>(mut call: impl FnMut(usize) -> T) -> f64 {
    black_box(call(0));
    let start = processor_ns();
    let mut calls = 0;
    loop {
        calls += 1;
        black_box(call(calls));
        let spent = processor_ns() - start;
        // Looking at the clock is dear, so a batch follows that is as long as all before it.
        if spent >= ENOUGH_NS || calls >= CALLS_MAX {
            return spent / calls as f64;
        }
        let more = calls
            .min(CALLS_MAX - calls)
            .min(((ENOUGH_NS - spent) / spent.max(1.0) * calls as f64) as usize);
        for _ in 0..more {
            calls += 1;
            black_box(call(calls));
        }
    }
}

/// The times on the wall of so many calls, in microseconds, sorted; of fewer where they take long.
pub fn of_waits<T>(count: usize, mut call: impl FnMut(usize) -> T) -> Vec<f64> {
    let mut times = Vec::new();
    let begin = Instant::now();
    while times.len() < count && (times.len() < WAITS_MIN || begin.elapsed() < LONG) {
        let start = Instant::now();
        black_box(call(times.len()));
        times.push(start.elapsed().as_secs_f64() * 1e6);
    }
    times.sort_by(f64::total_cmp);
    times
}

/// The value that so many percent of the sorted ones lie below.
pub fn percentile(sorted: &[f64], percent: usize) -> f64 {
    sorted[(sorted.len() - 1) * percent / 100]
}
