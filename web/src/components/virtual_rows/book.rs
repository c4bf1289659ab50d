//! The pages that are here, those that were asked for, and the place the person is at.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::{FIRST_ROWS, List};
use crate::protocol::{Answer, Failure, Query};
use crate::virtual_list::{PAGE, Span};

/// Pages kept: what one scrolls back to at once. The rest is asked for again.
const PAGES_MAX: usize = 12;
/// A view lies on two pages at most; more questions at once would make the one that is needed wait.
const ASKED_MAX: usize = 2;

struct Known<L: List> {
    rows: Vec<Rc<L::Row>>,
    is_fresh: bool,
}

pub(super) struct Book<L: List> {
    list: Option<L>,
    revision: u32,
    /// Grows with every new question; an answer to an older one is not taken in.
    turn: u32,
    pages: BTreeMap<u32, Known<L>>,
    asked: BTreeSet<u32>,
    /// Not asked for again until something changes.
    failed: BTreeSet<u32>,
    pub(super) count: Option<u32>,
    pub(super) failure: Option<Failure>,
    /// What should be rendered.
    pub(super) span: Span,
    /// What is: those of `span` that are here. As long as none of them is, it stays what it was, out of view.
    pub(super) shown: Span,
    pub(super) seen_first: u32,
    /// The way of the last scroll.
    pub(super) goes_up: bool,
    /// Where the keyboard is.
    pub(super) active: u32,
    /// The keyboard moved, and the row has not got the focus yet.
    pub(super) wants_focus: bool,
    /// Rows that came in above the place on screen, to be scrolled by.
    pub(super) pushed_down: i64,
    is_closed: bool,
}

impl<L: List> Default for Book<L> {
    fn default() -> Self {
        Self {
            list: None,
            revision: 0,
            turn: 0,
            pages: BTreeMap::new(),
            asked: BTreeSet::new(),
            failed: BTreeSet::new(),
            count: None,
            failure: None,
            span: Span {
                first: 0,
                end: FIRST_ROWS,
            },
            shown: Span::default(),
            seen_first: 0,
            goes_up: false,
            active: 0,
            wants_focus: false,
            pushed_down: 0,
            is_closed: false,
        }
    }
}

/// What an answer came to.
pub(super) struct Taken<L: List> {
    /// What stands above the list.
    pub(super) figures: Option<L::Figures>,
    /// Something on screen may look otherwise now.
    pub(super) is_seen: bool,
}

/// The pages of what is rendered, then those beside them: a scroll finds them here.
fn with_neighbours(span: Span, count: u32) -> Vec<u32> {
    let pages = span.pages();
    let before = pages.start.checked_sub(1);
    let after = (pages.end * PAGE < count).then_some(pages.end);
    pages.chain(after).chain(before).collect()
}

impl<L: List> Book<L> {
    /// With the keyboard at a row where somebody was before.
    pub(super) fn at(row: Option<u32>) -> Self {
        Self {
            active: row.unwrap_or(0),
            wants_focus: row.is_some(),
            ..Self::default()
        }
    }

    /// Another list, or the same one when something changed. What is known stays on screen until the answer is here.
    pub(super) fn turn_to(&mut self, list: &L, revision: u32) {
        let is_same = self.list.as_ref() == Some(list);
        if is_same && self.revision == revision {
            return;
        }
        if !is_same {
            if self.list.is_some() {
                self.active = 0;
            }
            self.list = Some(list.clone());
        }
        self.revision = revision;
        self.turn = self.turn.wrapping_add(1);
        self.asked.clear();
        self.failed.clear();
        for page in self.pages.values_mut() {
            page.is_fresh = false;
        }
    }

    pub(super) fn close(&mut self) {
        self.is_closed = true;
    }

    pub(super) fn is_at(&self, turn: u32) -> bool {
        !self.is_closed && self.turn == turn
    }

    pub(super) fn query(&self, page: u32) -> Option<Query> {
        self.list.as_ref().map(|list| list.query(page * PAGE, PAGE))
    }

    /// The pages to ask for now; they count as asked.
    pub(super) fn wanted(&mut self) -> (u32, Vec<u32>) {
        // With nothing known, the first page says how many rows there are.
        let pages = match self.count {
            None | Some(0) => vec![0],
            Some(count) => with_neighbours(self.span, count),
        };
        let wanted: Vec<u32> = pages
            .into_iter()
            .filter(|page| !self.pages.get(page).is_some_and(|page| page.is_fresh))
            .filter(|page| !self.asked.contains(page) && !self.failed.contains(page))
            .take(ASKED_MAX.saturating_sub(self.asked.len()))
            .collect();
        self.asked.extend(wanted.iter().copied());
        (self.turn, wanted)
    }

    pub(super) fn take_in(&mut self, number: u32, result: Result<Answer, Failure>) -> Taken<L> {
        let unread = Taken {
            figures: None,
            is_seen: true,
        };
        self.asked.remove(&number);
        let answer = match result {
            Ok(answer) => answer,
            Err(failure) => {
                // A failure does not hide what is known.
                self.failed.insert(number);
                self.failure = Some(failure);
                return unread;
            }
        };
        let Some(page) = L::page(answer) else {
            return unread;
        };
        let count = page.count;
        let rows: Vec<Rc<L::Row>> = page.rows.into_iter().map(Rc::new).collect();
        let shift = self.shift(number, &rows);
        if self.pages.values().all(|page| !page.is_fresh) {
            // The first answer of this turn: pages out of view are of another time.
            let kept = self.span.pages();
            self.pages.retain(|page, _| kept.contains(page));
        }
        let is_seen = shift != 0
            || self.failure.is_some()
            || self.count != Some(count)
            || self.span.pages().contains(&number);
        self.failure = None;
        self.count = Some(count);
        self.pages.insert(
            number,
            Known {
                rows,
                is_fresh: true,
            },
        );
        if shift != 0 {
            self.pushed_down += shift;
            let active = (i64::from(self.active) + shift).clamp(0, i64::from(count.max(1)) - 1);
            self.active = u32::try_from(active).unwrap_or(0);
        }
        self.active = self.active.min(count.saturating_sub(1));
        self.forget_far_pages(number);
        Taken {
            figures: Some(page.figures),
            is_seen,
        }
    }

    /// How far the first row on screen was moved by what came in above it. Only who has scrolled keeps the place:
    /// at the top one waits for what is new.
    fn shift(&self, number: u32, rows: &[Rc<L::Row>]) -> i64 {
        if self.seen_first == 0 {
            return 0;
        }
        let Some(anchor) = self.row(self.seen_first) else {
            return 0;
        };
        let key = L::key(&anchor);
        let found = rows.iter().position(|row| L::key(row) == key);
        found.map_or(0, |at| {
            let index = i64::from(number) * i64::from(PAGE) + i64::try_from(at).unwrap_or(0);
            index - i64::from(self.seen_first)
        })
    }

    fn forget_far_pages(&mut self, near: u32) {
        while self.pages.len() > PAGES_MAX {
            let far = self
                .pages
                .keys()
                .copied()
                .max_by_key(|page| page.abs_diff(near));
            let Some(far) = far else { return };
            self.pages.remove(&far);
        }
    }

    pub(super) fn row(&self, index: u32) -> Option<Rc<L::Row>> {
        let page = self.pages.get(&(index / PAGE))?;
        page.rows.get((index % PAGE) as usize).cloned()
    }

    fn is_here(&self, index: u32) -> bool {
        let page = self.pages.get(&(index / PAGE));
        page.is_some_and(|page| (index % PAGE) < u32::try_from(page.rows.len()).unwrap_or(0))
    }

    /// What a render would show.
    fn showing(&self) -> Span {
        self.wanted_now()
            .shown(self.shown, |index| self.is_here(index))
    }

    /// What should be rendered, within the list.
    fn wanted_now(&self) -> Span {
        Span {
            end: self.span.end.min(self.count.unwrap_or(0)),
            ..self.span
        }
    }

    /// Whether a render would show other rows than the one before.
    pub(super) fn would_show_others(&self) -> bool {
        self.showing() != self.shown
    }

    /// The rows to render now.
    pub(super) fn show(&mut self) -> Span {
        self.shown = self.showing();
        self.shown
    }

    /// Whether rows that should be rendered are on their way.
    pub(super) fn is_waiting(&self) -> bool {
        let wanted = self.wanted_now();
        wanted.there(|index| self.is_here(index)) != wanted
    }

    /// The row at which Tab enters.
    pub(super) fn tab_stop(&self) -> u32 {
        self.shown.tab_stop(self.active, self.seen_first)
    }

    /// The keyboard goes to a row.
    pub(super) fn go(&mut self, to: u32) {
        self.active = to;
        self.wants_focus = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_rendered_is_asked_for_before_its_neighbours() {
        let span = |first, end| Span { first, end };
        assert_eq!(with_neighbours(span(0, 30), 20), [0]);
        assert_eq!(with_neighbours(span(0, 30), 1000), [0, 1]);
        assert_eq!(with_neighbours(span(140, 160), 1000), [2, 3, 4, 1]);
        assert_eq!(with_neighbours(span(960, 1000), 1000), [19, 18]);
    }
}
