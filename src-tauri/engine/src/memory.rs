//! Counts what each thread of a test holds, so that a bound on memory is measured and not believed.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    /// Bytes that this thread took less those that it gave back, and the most of it since the last look.
    static HELD: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

fn count(bytes: isize) {
    // A thread that ends may still give memory back when its counters are gone.
    let _ = HELD.try_with(|held| {
        held.set(held.get() + bytes);
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(held.get())));
    });
}

fn signed(bytes: usize) -> isize {
    isize::try_from(bytes).unwrap_or(isize::MAX)
}

#[allow(unsafe_code)]
// SAFETY: everything is the system's; here it is only counted, without taking memory.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(signed(layout.size()));
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(signed(layout.size()));
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        count(-signed(layout.size()));
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(signed(size) - signed(layout.size()));
        unsafe { System.realloc(at, layout, size) }
    }
}

/// What this thread held when a measurement began.
pub(crate) struct Began(isize);

/// Measures from here on.
pub(crate) fn begin() -> Began {
    let held = HELD.get();
    PEAK.set(held);
    Began(held)
}

impl Began {
    /// The most bytes that this thread held beyond what it held at the beginning.
    pub fn peak(&self) -> usize {
        usize::try_from(PEAK.get() - self.0).unwrap_or(0)
    }
}

#[test]
fn what_is_taken_counts_until_it_is_given_back() {
    let began = begin();
    let some = vec![0u8; 1 << 20];
    drop(some);
    let more = vec![1u8; 3 << 20];
    assert!((3 << 20..4 << 20).contains(&began.peak()), "{} after {}", began.peak(), more.len());
}
