//! How long something still holds, in words that keep up with the clock.

use crdt_model::time::Timestamp;
use gloo_timers::callback::Interval;
use yew::prelude::*;

use crate::format;
use crate::hooks::use_app;

/// Told in minutes at the finest.
const TICK_MILLIS: u32 = 20_000;

#[derive(Properties, PartialEq)]
pub struct TimeLeftProps {
    pub until: Timestamp,
}

#[component]
pub fn TimeLeft(props: &TimeLeftProps) -> Html {
    let app = use_app();
    let words = app.words();
    let tick = use_force_update();
    use_effect_with((), move |()| {
        let timer = Interval::new(TICK_MILLIS, move || tick.force_update());
        move || drop(timer)
    });
    let left = props.until.millis_since(app.now());
    html! {
        <span data-testid="time-left">
            { if left > 0 { words.time_left(&format::duration(words, left)) } else { words.time_over().to_string() } }
        </span>
    }
}
