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
    let app = use_app();
    let (zone, clock) = (app.zone(), app.clock());
    let today = zone.start_of_day(app.now());
    let seen = use_state_eq(|| today);
    use_effect_with((zone, clock), move |(zone, clock)| {
        let (zone, clock) = (zone.clone(), *clock);
        // A page that slept ticks again when it wakes.
        let timer = Interval::new(TICK_MILLIS, move || {
            seen.set(zone.start_of_day(clock.present(browser::now())));
        });
        move || drop(timer)
    });
    today
}
