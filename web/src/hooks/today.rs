//! The day of the organisation, on screens that stay open over midnight.

use crdt_model::time::Timestamp;
use gloo_timers::callback::Interval;
use yew::prelude::*;

use super::{browser, use_app};

/// A screen is at most so late to begin the new day.
const TICK_MILLIS: u32 = 20_000;

/// Midnight before now, where the organisation is. The same until the next one, when the component renders anew.
#[hook]
pub fn use_today() -> Timestamp {
    let zone = use_app().zone();
    let today = zone.start_of_day(browser::now());
    let seen = use_state_eq(|| today);
    use_effect_with(zone, move |zone| {
        let zone = zone.clone();
        // A page that slept ticks again when it wakes.
        let timer = Interval::new(TICK_MILLIS, move || {
            seen.set(zone.start_of_day(browser::now()));
        });
        move || drop(timer)
    });
    today
}
