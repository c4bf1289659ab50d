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

/// Takes in what is on screen; answers whether other rows must be rendered.
pub(super) fn look<L: List>(book: &RefCell<Book<L>>, node: &NodeRef) -> bool {
    let Some(layout) = layout(book, node) else {
        return false;
    };
    let mut book = book.borrow_mut();
    book.seen_first = layout.seen().first;
    let span = layout.rendered();
    let is_new = book.span != span;
    book.span = span;
    is_new
}

/// After a render: height and offset of the list, the place on screen, the focus. Our policy allows no style in
/// markup, so the numbers go in by the object model. Answers whether to render again.
pub(super) fn settle<L: List>(book: &RefCell<Book<L>>, node: &NodeRef) -> bool {
    let Some(list) = node.cast::<HtmlElement>() else {
        return false;
    };
    {
        let book = book.borrow();
        let style = list.style();
        let count = book.count.unwrap_or(0);
        // They fail only for names that are not allowed.
        let _ = style.set_property("--count", &count.to_string());
        let _ = style.set_property("--first", &book.span.first.to_string());
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
    let is_new = look(book, node);
    if book.borrow().wants_focus {
        let (active, is_here) = {
            let book = book.borrow();
            (book.active, book.row(book.active).is_some())
        };
        let selector = format!("[aria-posinset=\"{}\"] > .list-row", active + 1);
        let row = list.query_selector(&selector).ok().flatten();
        if let Some(row) = row.and_then(|row| row.dyn_into::<HtmlElement>().ok()) {
            // A row that is on its way holds the focus until it is here.
            let options = FocusOptions::new();
            options.set_prevent_scroll(true);
            let _ = row.focus_with_options(&options);
            book.borrow_mut().wants_focus = !is_here;
        }
    }
    is_new
}

pub(super) fn scroll_by(pixels: f64) {
    if let Some(window) = window()
        && pixels != 0.0
    {
        window.scroll_by_with_x_and_y(0.0, pixels);
    }
}
