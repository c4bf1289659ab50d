//! Where somebody was on a screen, for each entry of the browser's history: who comes back from a row goes on there.
//! A browser that does not name its entries starts every screen at its top.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use gloo_events::EventListener;
use gloo_timers::callback::Interval;
use js_sys::Reflect;
use web_sys::{ScrollRestoration, window};
use yew::prelude::*;

use super::browser;
use crate::route::Route;

/// A screen grows to its height as its answers come in; until then the place is out of reach.
const TRY_MILLIS: u32 = 30;
const TRIES_MAX: u32 = 100;

#[derive(Clone, Copy, Default)]
struct Place {
    /// Pixels scrolled.
    top: f64,
    /// Where the keyboard was in a list.
    row: Option<u32>,
}

thread_local! {
    static PLACES: RefCell<BTreeMap<String, Place>> = const { RefCell::new(BTreeMap::new()) };
    /// What is scrolled by ourselves is not what somebody wants kept.
    static IS_RETURNING: Cell<bool> = const { Cell::new(false) };
}

/// The name of the entry of the history we are at: `navigation.currentEntry.key`.
fn entry() -> Option<String> {
    let navigation = Reflect::get(window()?.as_ref(), &"navigation".into()).ok()?;
    let entry = Reflect::get(&navigation, &"currentEntry".into()).ok()?;
    Reflect::get(&entry, &"key".into()).ok()?.as_string()
}

fn here() -> Option<Place> {
    let entry = entry()?;
    PLACES.with_borrow(|places| places.get(&entry).copied())
}

fn keep(edit: impl FnOnce(&mut Place)) {
    if let Some(entry) = entry() {
        PLACES.with_borrow_mut(|places| edit(places.entry(entry).or_default()));
    }
}

/// The row of the list on this screen that the keyboard was at, when this entry was left.
pub fn row() -> Option<u32> {
    here()?.row
}

pub fn keep_row(row: u32) {
    keep(|place| place.row = Some(row));
}

fn top() -> f64 {
    window()
        .and_then(|window| window.scroll_y().ok())
        .unwrap_or(0.0)
}

fn scroll_to(top: f64) {
    if let Some(window) = window() {
        window.scroll_to_with_x_and_y(0.0, top);
    }
}

/// A new screen is read from its beginning, one that is come back to from where it was left.
#[hook]
pub fn use_place(route: Route) {
    use_effect_with((), |()| {
        let listener = window().map(|window| {
            if let Ok(history) = window.history() {
                // The browser's own way knows nothing of rows that are still on their way.
                let _ = history.set_scroll_restoration(ScrollRestoration::Manual);
            }
            EventListener::new(&window, "scroll", |_| {
                if !IS_RETURNING.get() {
                    keep(|place| place.top = top());
                }
            })
        });
        move || drop(listener)
    });
    // The first screen keeps the focus that the page itself chose.
    let is_first = use_mut_ref(|| true);
    use_effect_with(route, move |_| {
        let timer = if is_first.replace(false) {
            None
        } else {
            browser::focus("#main");
            arrive()
        };
        move || {
            IS_RETURNING.set(false);
            drop(timer);
        }
    });
}

fn arrive() -> Option<Interval> {
    let Some(place) = here().filter(|place| place.top > 0.0) else {
        scroll_to(0.0);
        return None;
    };
    IS_RETURNING.set(true);
    let (tries, last) = (Cell::new(0), Cell::new(None::<f64>));
    Some(Interval::new(TRY_MILLIS, move || {
        if !IS_RETURNING.get() {
            return;
        }
        // Somebody scrolls already.
        let is_moved = last.get().is_some_and(|last| (top() - last).abs() > 1.0);
        if !is_moved {
            scroll_to(place.top);
        }
        last.set(Some(top()));
        tries.set(tries.get() + 1);
        if is_moved || (top() - place.top).abs() < 1.0 || tries.get() >= TRIES_MAX {
            IS_RETURNING.set(false);
        }
    }))
}
