//! The message that comes and goes, read out by screen readers.

use gloo_timers::callback::Timeout;
use yew::prelude::*;

use super::button::{Button, Look};
use super::icon::{Glyph, Icon};
use crate::hooks::{AppAction, use_app};

/// Long enough to read twelve words and to reach "Undo".
const SHOWN_MILLIS: u32 = 6_000;

#[component]
pub fn ToastRegion() -> Html {
    let app = use_app();
    let toast = app.state.toast.clone();
    {
        let state = app.state.clone();
        use_effect_with(toast.as_ref().map(|toast| toast.id), move |id| {
            let timer = id.map(|id| {
                Timeout::new(SHOWN_MILLIS, move || {
                    state.dispatch(AppAction::ToastGone(id))
                })
            });
            move || drop(timer)
        });
    }
    html! {
        <div class="toasts" role="status" aria-live="polite">
            if let Some(toast) = toast {
                <div class="toast-card" key={toast.id}>
                    <Icon glyph={Glyph::Check} />
                    <span>{ &toast.text }</span>
                    if let Some(undo) = toast.undo {
                        <Button label={app.words().undo()} look={Look::Quiet} glyph={Glyph::Undo2} onclick={undo} />
                    }
                </div>
            }
        </div>
    }
}
