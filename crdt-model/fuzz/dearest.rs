//! What the dearest input cost, for the row of its target.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

static KIBIBYTES: AtomicUsize = AtomicUsize::new(0);
static MICROSECONDS: AtomicU64 = AtomicU64::new(0);

/// Whatever costs more than all before it is told; the last line of these holds what was the most.
pub fn tell((bytes, nanos): (usize, u64)) {
    let (kibibytes, microseconds) = (bytes >> 10, nanos / 1_000);
    let most = KIBIBYTES.fetch_max(kibibytes, Ordering::Relaxed);
    let longest = MICROSECONDS.fetch_max(microseconds, Ordering::Relaxed);
    if kibibytes > most || microseconds > longest {
        let (most, longest) = (most.max(kibibytes), longest.max(microseconds));
        eprintln!("dearest: {most} KiB, {longest} us");
    }
}
