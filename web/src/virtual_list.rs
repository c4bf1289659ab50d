//! The arithmetic of a list that renders only what is seen: which rows, which pages of them, and where a key leads.
//! Pure; [`crate::components::virtual_rows`] brings the page to it.

/// Rows the worker is asked for at once: more than a tall screen shows, so that two pages fill any view.
pub const PAGE: u32 = 50;
/// Rows rendered beyond what is seen on the side to which a scroll goes: a frame or two pass until it is answered.
const AHEAD: u32 = 16;
/// And on the other side, where some lie under the bars.
const BEHIND: u32 = 4;
/// The first row moves in steps, so that not every frame of a scroll renders anew.
const STEP: u32 = 5;

/// Rows from `first` up to but not including `end`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Span {
    pub first: u32,
    pub end: u32,
}

impl Span {
    pub const fn contains(self, index: u32) -> bool {
        self.first <= index && index < self.end
    }

    pub const fn is_empty(self) -> bool {
        self.first >= self.end
    }

    /// The pages that these rows lie on.
    pub const fn pages(self) -> std::ops::Range<u32> {
        if self.is_empty() {
            return 0..0;
        }
        self.first / PAGE..(self.end - 1) / PAGE + 1
    }
}

impl Span {
    /// Those of the rows that are there, from the first of them as far as they lie side by side.
    #[must_use]
    pub fn there(self, is_there: impl Fn(u32) -> bool) -> Self {
        let first = (self.first..self.end).find(|index| is_there(*index));
        let first = first.unwrap_or(self.end);
        let end = (first..self.end).find(|index| !is_there(*index));
        Self {
            first,
            end: end.unwrap_or(self.end),
        }
    }

    /// What to render of these rows. Each is rendered when it is there, and once; as long as none is, what was rendered `before`
    /// stays, out of view.
    #[must_use]
    pub fn shown(self, before: Self, is_there: impl Fn(u32) -> bool) -> Self {
        let there = self.there(&is_there);
        if there.is_empty() {
            before.there(is_there)
        } else {
            there
        }
    }

    /// Where Tab enters rows that are rendered: at the one that the keyboard was at, else at the first that is seen.
    pub fn tab_stop(self, active: u32, seen_first: u32) -> u32 {
        let rows = [active, seen_first];
        let rendered = rows.into_iter().find(|row| self.contains(*row));
        rendered.unwrap_or(self.first)
    }
}

/// How a list lies in the window, in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Layout {
    pub count: u32,
    pub row: f64,
    /// From the upper edge of the window; negative once scrolled past.
    pub top: f64,
    pub window: f64,
    /// Covered by bars that stay in place.
    pub covered_above: f64,
    pub covered_below: f64,
}

impl Layout {
    /// The rows that lie whole between the bars.
    pub fn seen(&self) -> Span {
        if self.row <= 0.0 || self.count == 0 {
            return Span::default();
        }
        let first = ((self.covered_above - self.top) / self.row).ceil();
        let end = ((self.window - self.covered_below - self.top) / self.row).floor();
        let first = to_index(first).min(self.count - 1);
        Span {
            first,
            end: to_index(end).clamp(first + 1, self.count),
        }
    }

    /// The rows to render, for a list that is scrolled down or up.
    pub fn rendered(&self, goes_up: bool) -> Span {
        let (above, below) = if goes_up {
            (AHEAD, BEHIND)
        } else {
            (BEHIND, AHEAD)
        };
        let seen = self.seen();
        let first = seen.first.saturating_sub(above) / STEP * STEP;
        let end = (seen.end.saturating_add(below)).div_ceil(STEP) * STEP;
        Span {
            first,
            end: end.min(self.count),
        }
    }

    /// How far to scroll until the row lies between the bars.
    pub fn scroll_to(&self, index: u32) -> f64 {
        let top = self.top + f64::from(index) * self.row;
        let bottom = top + self.row;
        if top < self.covered_above {
            top - self.covered_above
        } else if bottom > self.window - self.covered_below {
            bottom - (self.window - self.covered_below)
        } else {
            0.0
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped; a list has fewer rows than pixels can be counted"
)]
fn to_index(rows: f64) -> u32 {
    rows.clamp(0.0, f64::from(u32::MAX / 2)) as u32
}

/// Where a key leads from a row; `None` for keys that are not the list's.
pub fn moved(from: u32, key: &str, screenful: u32, count: u32) -> Option<u32> {
    let last = count.checked_sub(1)?;
    let screenful = screenful.saturating_sub(1).max(1);
    let to = match key {
        "ArrowDown" => from.saturating_add(1),
        "ArrowUp" => from.saturating_sub(1),
        "PageDown" => from.saturating_add(screenful),
        "PageUp" => from.saturating_sub(screenful),
        "Home" => 0,
        "End" => last,
        _ => return None,
    };
    Some(to.min(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAYOUT: Layout = Layout {
        count: 100_000,
        row: 40.0,
        top: 200.0,
        window: 900.0,
        covered_above: 100.0,
        covered_below: 0.0,
    };

    #[test]
    fn only_what_is_seen_is_rendered() {
        assert_eq!(LAYOUT.seen(), Span { first: 0, end: 17 });
        assert_eq!(LAYOUT.rendered(false), Span { first: 0, end: 35 });
        let scrolled = Layout {
            top: 200.0 - 40_000.0,
            ..LAYOUT
        };
        assert_eq!(
            scrolled.seen(),
            Span {
                first: 998,
                end: 1017
            }
        );
        let down = scrolled.rendered(false);
        assert!(down.first <= 994 && down.end >= 1033);
        assert!(down.end - down.first < 50);
        let up = scrolled.rendered(true);
        assert!(up.first <= 982 && up.end >= 1021);
        assert!(up.end - up.first < 50);
    }

    const fn span(first: u32, end: u32) -> Span {
        Span { first, end }
    }

    #[test]
    fn rows_are_rendered_when_they_are_there_and_those_before_stay_until_then() {
        let before = span(0, 30);
        let wanted = span(90, 130);
        let pages = |pages: &'static [u32]| move |index: u32| pages.contains(&(index / PAGE));
        // None of its two pages is there: nothing is rendered, and nothing taken away.
        assert_eq!(wanted.shown(before, pages(&[0])), before);
        assert_eq!(wanted.shown(before, pages(&[0, 2])), span(100, 130));
        assert_eq!(wanted.shown(before, pages(&[0, 1])), span(90, 100));
        assert_eq!(wanted.shown(before, pages(&[0, 1, 2])), wanted);
        // What is forgotten cannot stay.
        assert!(wanted.shown(before, pages(&[])).is_empty());
        // With a gap between, those before it.
        assert_eq!(span(40, 160).there(pages(&[0, 1, 3])), span(40, 100));
    }

    #[test]
    fn tab_enters_at_a_row_that_is_rendered() {
        assert_eq!(span(100, 130).tab_stop(120, 110), 120);
        assert_eq!(span(100, 130).tab_stop(3, 110), 110);
        assert_eq!(span(100, 130).tab_stop(3, 95), 100);
    }

    #[test]
    fn the_end_of_the_list_is_the_end() {
        let short = Layout { count: 3, ..LAYOUT };
        assert_eq!(short.rendered(false), Span { first: 0, end: 3 });
        let beyond = Layout {
            top: -1e12,
            ..LAYOUT
        };
        assert_eq!(beyond.rendered(true).end, 100_000);
        let none = Layout { count: 0, ..LAYOUT };
        assert_eq!(none.rendered(false), Span { first: 0, end: 0 });
    }

    #[test]
    fn a_view_lies_on_two_pages_at_most() {
        for top in (0..10_000).step_by(7) {
            let layout = Layout {
                top: -f64::from(top),
                ..LAYOUT
            };
            for goes_up in [false, true] {
                assert!(layout.rendered(goes_up).pages().len() <= 2, "{top}");
            }
        }
    }

    #[test]
    fn keys_stay_inside_the_list() {
        assert_eq!(moved(0, "ArrowUp", 17, 100), Some(0));
        assert_eq!(moved(0, "ArrowDown", 17, 100), Some(1));
        assert_eq!(moved(90, "PageDown", 17, 100), Some(99));
        assert_eq!(moved(20, "PageUp", 17, 100), Some(4));
        assert_eq!(moved(5, "Home", 17, 100), Some(0));
        assert_eq!(moved(5, "End", 17, 100), Some(99));
        assert_eq!(moved(5, "a", 17, 100), None);
        assert_eq!(moved(0, "End", 17, 0), None);
    }

    #[test]
    fn a_row_is_brought_between_the_bars() {
        for index in [0, 3, 500, 99_999] {
            let mut layout = LAYOUT;
            layout.top -= layout.scroll_to(index);
            assert!(layout.seen().contains(index), "{index}");
            assert!(layout.scroll_to(index).abs() < 1e-6);
        }
    }
}
