//! What a call costs: processor time and memory of this thread.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

const BYTES_MAX: usize = 32 << 20;
/// Unoptimised code is slower by about this factor.
const NANOS_MAX: u64 = if cfg!(debug_assertions) {
    150_000_000
} else {
    10_000_000
};

thread_local! {
    static NOW: Cell<usize> = const { Cell::new(0) };
    static PEAK: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn grow(bytes: usize) {
    let now = NOW.get().wrapping_add(bytes);
    NOW.set(now);
    // What was freed here but made elsewhere can make the sum negative.
    if now < usize::MAX / 2 {
        PEAK.set(PEAK.get().max(now));
    }
}

#[expect(
    unsafe_code,
    reason = "the only way to count allocations; it does as the system does"
)]
// SAFETY: every call is handed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grow(layout.size());
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        NOW.set(NOW.get().wrapping_sub(layout.size()));
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// Nanoseconds that this thread has been on a processor; other work on the machine does not count.
fn on_processor() -> Option<u64> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    stat.split(' ').next()?.parse().ok()
}

/// Calls, and says how much memory that took at most and how long it was on a processor.
pub fn measured<T>(call: impl FnOnce() -> T) -> (T, usize, u64) {
    let before = NOW.get();
    PEAK.set(before);
    let began = on_processor();
    let result = call();
    let nanos = on_processor()
        .zip(began)
        .map_or(0, |(end, began)| end - began);
    (result, PEAK.get().wrapping_sub(before), nanos)
}

/// Calls, and fails if that cost too much.
pub fn cheaply<T>(call: impl FnOnce() -> T) -> T {
    let (result, bytes, nanos) = measured(call);
    assert!(bytes < BYTES_MAX, "{bytes} bytes");
    assert!(nanos < NANOS_MAX, "{nanos} ns");
    result
}
