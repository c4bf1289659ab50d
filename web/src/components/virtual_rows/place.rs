//! Where the list lies in the window, and bringing the window to where the book says.

use std::cell::RefCell;

use wasm_bindgen::JsCast;
use web_sys::{FocusOptions, HtmlElement, window};
use yew::NodeRef;

use super::List;
use super::book::Book;
use crate::virtual_list::Layout;

/// The layout as the browser has it now.
pub(super) fn layout<L: List>(book: &RefCell<Book<L>>, node: &NodeRef) -> Option<Layout> {
    let count = book.borrow().count.filter(|count| *count > 0)?;
    let list = node.cast::<HtmlElement>()?;
    let place = list.get_bounding_client_rect();
    let window = window()?.inner_height().ok()?.as_f64()?;
    Some(Layout {
        count,
        row: place.height() / f64::from(count),
        top: place.top(),
        window,
        covered_above: bottom_of(".topbar") + height_of(&list, ".list-head"),
        covered_below: (window - top_of(".bottombar")).max(0.0),
    })
}

fn found(selector: &str) -> Option<web_sys::DomRect> {
    let element = window()?.document()?.query_selector(selector).ok()??;
    let place = element.get_bounding_client_rect();
    // What is not displayed covers nothing.
    (place.height() > 0.0).then_some(place)
}

fn bottom_of(selector: &str) -> f64 {
    found(selector).map_or(0.0, |place| place.bottom())
}

fn top_of(selector: &str) -> f64 {
    found(selector).map_or(f64::MAX, |place| place.top())
}

fn height_of(list: &HtmlElement, selector: &str) -> f64 {
    list.parent_element()
        .and_then(|parent| parent.query_selector(selector).ok().flatten())
        .map_or(0.0, |head| head.get_bounding_client_rect().height())
}

/// What a look at the screen comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// It is as it should be.
    Same,
    /// Other rows should be on screen, and none of them is here.
    Waits,
    /// Other rows must be rendered.
    Others,
}

/// Takes in what is on screen.
pub(super) fn look<L: List>(book: &RefCell<Book<L>>, node: &NodeRef) -> Look {
    let Some(layout) = layout(book, node) else {
        return Look::Same;
    };
    let (is_new, is_waiting, has_others) = {
        let mut book = book.borrow_mut();
        let first = layout.seen().first;
        // Where it stays, it goes on the way that it went.
        if first != book.seen_first {
            book.goes_up = first < book.seen_first;
        }
        book.seen_first = first;
        let span = layout.rendered(book.goes_up);
        let is_new = book.span != span;
        book.span = span;
        (is_new, book.is_waiting(), book.would_show_others())
    };
    mark(node, is_waiting);
    match (has_others, is_new) {
        (true, _) => Look::Others,
        (false, true) => Look::Waits,
        (false, false) => Look::Same,
    }
}

/// Where rows are on their way, the list draws bones in their place by its style alone: as rows of their own they would cost
/// a second render of every one.
fn mark(node: &NodeRef, is_waiting: bool) {
    if let Some(list) = node.cast::<HtmlElement>()
        && list.has_attribute("aria-busy") != is_waiting
    {
        // They fail only for names that are not allowed.
        let _ = if is_waiting {
            list.set_attribute("aria-busy", "true")
        } else {
            list.remove_attribute("aria-busy")
        };
    }
}

/// Height and offset of the list. Our policy allows no style in markup, so the numbers go in by the object model. Within the
/// render: what comes after a render that takes long, Yew puts off until rows at the offset of those before were painted.
pub(super) fn lay(node: &NodeRef, count: u32, first: u32) {
    if let Some(list) = node.cast::<HtmlElement>() {
        let style = list.style();
        // They fail only for names that are not allowed.
        let _ = style.set_property("--count", &count.to_string());
        let _ = style.set_property("--first", &first.to_string());
    }
}

/// After a render: the place on screen and the focus; at the first also what [`lay`] found no list for. Answers whether to
/// render again.
pub(super) fn settle<L: List>(book: &RefCell<Book<L>>, node: &NodeRef) -> bool {
    let Some(list) = node.cast::<HtmlElement>() else {
        return false;
    };
    {
        let book = book.borrow();
        lay(node, book.count.unwrap_or(0), book.shown.first);
    }
    let pushed_down = std::mem::take(&mut book.borrow_mut().pushed_down);
    if pushed_down != 0
        && let Some(layout) = layout(book, node)
    {
        #[expect(
            clippy::cast_precision_loss,
            reason = "as many rows as one list has are exact"
        )]
        scroll_by(pushed_down as f64 * layout.row);
    }
    let has_others = look(book, node) == Look::Others;
    let (wants_focus, active, span) = {
        let book = book.borrow();
        (book.wants_focus, book.active, book.span)
    };
    if wants_focus {
        let row = format!("[aria-posinset=\"{}\"] > .list-row", active + 1);
        if focus(&list, &row) {
            book.borrow_mut().wants_focus = false;
        } else if span.contains(active) {
            // While the row is on its way the list itself hears the keys.
            focus(&list, ".list-rows");
        }
    }
    has_others
}

fn focus(list: &HtmlElement, selector: &str) -> bool {
    let found = list.query_selector(selector).ok().flatten();
    let Some(found) = found.and_then(|found| found.dyn_into::<HtmlElement>().ok()) else {
        return false;
    };
    let options = FocusOptions::new();
    options.set_prevent_scroll(true);
    found.focus_with_options(&options).is_ok()
}

pub(super) fn scroll_by(pixels: f64) {
    if let Some(window) = window()
        && pixels != 0.0
    {
        window.scroll_by_with_x_and_y(0.0, pixels);
    }
}
