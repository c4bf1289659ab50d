//! The sync pill: what is safe and what is not, in words; the shape and the colour repeat them.

use gloo_timers::callback::Interval;
use yew::prelude::*;
use yew_router::prelude::*;

use crate::components::Tone;
use crate::components::status::shape;
use crate::format;
use crate::hooks::{App, browser, use_app};
use crate::protocol::{ShutOut, SyncPill};
use crate::route::Route;

/// Ages are told in minutes.
const TICK_MILLIS: u32 = 20_000;

pub fn pill_tone(pill: Option<&SyncPill>) -> Tone {
    match pill {
        None => Tone::Plain,
        Some(pill) if pill.needs_you > 0 || pill.shut_out.is_some() => Tone::Danger,
        Some(pill) if pill.pending > 0 || pill.store_warning.is_some() => Tone::Attention,
        Some(pill) if pill.is_fetching => Tone::Plain,
        Some(pill) if !pill.online => Tone::Attention,
        Some(_) => Tone::Safe,
    }
}

pub fn pill_text(app: &App) -> String {
    let words = app.words();
    let Some(pill) = &app.state.pill else {
        return words.pill_starting().into();
    };
    if let Some(why) = pill.shut_out {
        match why {
            ShutOut::SignedOut | ShutOut::PasswordRefused => words.pill_signed_out().into(),
            ShutOut::DeviceRefused => words.pill_device_refused().into(),
        }
    } else if pill.needs_you > 0 {
        words.pill_needs_you(pill.needs_you)
    } else if pill.pending > 0 {
        let now = app.now();
        let age = format::age(words, pill.oldest_pending_at.unwrap_or(now), now);
        words.pill_here(&age, pill.pending, browser::device_word())
    } else if pill.is_fetching {
        words.pill_fetching().into()
    } else {
        let when = pill.safe_at.map(|at| app.when_short(at));
        match (pill.online, when) {
            (true, Some(when)) => words.pill_safe(&when),
            (true, None) => words.pill_safe_never().into(),
            (false, Some(when)) => words.pill_offline(&when),
            (false, None) => words.pill_offline_never().into(),
        }
    }
}

#[component]
pub fn Pill() -> Html {
    let app = use_app();
    let tick = use_force_update();
    use_effect_with((), move |()| {
        let timer = Interval::new(TICK_MILLIS, move || tick.force_update());
        move || drop(timer)
    });
    let tone = pill_tone(app.state.pill.as_ref());
    // Read out when it becomes another state, not when a clock moves on.
    let state = app.state.pill.as_ref().map(|pill| {
        let link = (pill.online, pill.is_fetching, pill.shut_out);
        (link, pill.pending, pill.needs_you)
    });
    let told = use_memo((state, app.state.lang), |_| pill_text(&app));
    html! {
        <>
        <span class="sr-only" role="status">{ (*told).clone() }</span>
        <span class={classes!("pill", tone.class())} data-testid="sync-pill">
            <Link<Route> to={Route::Sync}>
                <span class="shape" aria-hidden="true">{ shape(tone) }</span><span>{ pill_text(&app) }</span>
            </Link<Route>>
        </span>
        </>
    }
}
