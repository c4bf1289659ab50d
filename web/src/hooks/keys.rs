//! The keyboard: `/` for search, `g` then a letter for a screen, `n` for a new one, Ctrl-K for the palette, `?` for
//! these keys.

use gloo_events::{EventListener, EventListenerOptions};
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent, window};
use yew::prelude::*;

use super::browser;
use crate::route::Route;

/// What a key asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Wish {
    Palette,
    /// The sheet of keys.
    Help,
    /// A new one of what is on screen.
    New,
    Go(Route),
}

/// The letters after `g`.
pub const SCREENS: [(&str, Route); 12] = [
    ("h", Route::Home),
    ("d", Route::Day),
    ("l", Route::VoucherList),
    ("t", Route::Sell),
    ("m", Route::Stock),
    ("s", Route::Sales),
    ("c", Route::Clients),
    ("v", Route::Vouchers),
    ("p", Route::Staff),
    ("k", Route::Packages),
    ("w", Route::Sites),
    ("y", Route::Sync),
];

#[hook]
pub fn use_keys(wish: Callback<Wish>) {
    let after_g = use_mut_ref(|| false);
    use_effect_with(wish, move |wish| {
        let wish = wish.clone();
        let document = window().and_then(|window| window.document());
        let listener = document.map(|document| {
            let options = EventListenerOptions::enable_prevent_default();
            EventListener::new_with_options(&document, "keydown", options, move |event| {
                let Some(event) = event.dyn_ref::<KeyboardEvent>() else {
                    return;
                };
                let key = event.key();
                if (event.ctrl_key() || event.meta_key()) && key.eq_ignore_ascii_case("k") {
                    event.prevent_default();
                    wish.emit(Wish::Palette);
                    return;
                }
                if event.ctrl_key() || event.meta_key() || event.alt_key() || is_typing(event) {
                    after_g.replace(false);
                    return;
                }
                if after_g.replace(key == "g") {
                    if let Some((_, route)) = SCREENS.iter().find(|(letter, _)| *letter == key) {
                        event.prevent_default();
                        wish.emit(Wish::Go(*route));
                    }
                    return;
                }
                let wished = match key.as_str() {
                    "/" => {
                        event.prevent_default();
                        browser::focus("main input[type=search]");
                        return;
                    }
                    "?" => Wish::Help,
                    "n" => Wish::New,
                    _ => return,
                };
                event.prevent_default();
                wish.emit(wished);
            })
        });
        move || drop(listener)
    });
}

/// In a field, letters are letters; in a dialog, they are not for the page behind it.
fn is_typing(event: &KeyboardEvent) -> bool {
    let element = event
        .target()
        .and_then(|target| target.dyn_into::<HtmlElement>().ok());
    element.is_some_and(|element| {
        matches!(element.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT")
            || element
                .closest("dialog")
                .is_ok_and(|dialog| dialog.is_some())
    })
}
