//! A scroll that is faster than anybody reads, as of a dragged scroll bar: each frame shows rows that are all others. Rendering
//! them each time would hold the scroll up, and they would be gone before they are read.

use std::cell::{Cell, RefCell};

use gloo_timers::callback::Timeout;

use crate::virtual_list::Span;

/// A jump so long after the one before is a jump alone.
const ALONE_MILLIS: f64 = 150.0;
/// So long after the latest jump the rows come all the same.
const REST_MILLIS: u32 = 80;

pub(super) struct Fling<F> {
    jumped_at: Cell<f64>,
    rest: RefCell<Option<Timeout>>,
    when_over: F,
}

impl<F: Fn() + Clone + 'static> Fling<F> {
    pub(super) const fn new(when_over: F) -> Self {
        Self {
            jumped_at: Cell::new(f64::MIN),
            rest: RefCell::new(None),
            when_over,
        }
    }

    /// Whether what is rendered gives way to what is on screen now; if not, `when_over` is called once that has come to
    /// rest. `at` is in milliseconds.
    pub(super) fn may_replace(&self, from: Span, to: Span, at: f64) -> bool {
        let is_alone = at - self.jumped_at.get() > ALONE_MILLIS;
        let is_jump = !from.meets(to);
        if is_jump {
            self.jumped_at.set(at);
        }
        let may = is_alone || !is_jump;
        let rest = (!may).then(|| Timeout::new(REST_MILLIS, self.when_over.clone()));
        // What was set before is taken back.
        self.rest.replace(rest);
        may
    }
}
