//! The first start of a server, from its one-time link `/setup#token`.

use crdt_model::money::Currency;
use yew::prelude::*;
use yew_router::prelude::*;

use super::sign_in::Gate;
use crate::components::failure::FailureNote;
use crate::components::{Button, Field, Look, Notice, Select, Tone};
use crate::format;
use crate::hooks::form::{bind, submit};
use crate::hooks::{browser, use_act, use_app};
use crate::protocol::{Request, SetUp};
use crate::route::Route;

/// The server checks it again.
pub const PASSWORD_LENGTH_MIN: usize = 8;

const TIMEZONES: [&str; 5] = [
    "Africa/Dar_es_Salaam",
    "Africa/Nairobi",
    "Africa/Kampala",
    "Africa/Kigali",
    "Africa/Bujumbura",
];

#[component]
pub fn SetUpPage() -> Html {
    let app = use_app();
    let words = app.words();
    let navigator = use_navigator();
    let act = use_act();
    let token = use_memo((), |()| browser::fragment());
    let [organisation, site, owner, login, password] = [
        use_state(String::new),
        use_state(String::new),
        use_state(String::new),
        use_state(String::new),
        use_state(String::new),
    ];
    let zones = use_memo((), |()| zones());
    let timezone = {
        let first = zones[0].clone();
        use_state(move || first)
    };
    // Follows the zone until somebody chooses.
    let chosen_currency = use_state(|| None::<String>);
    let currency = (*chosen_currency)
        .clone()
        .unwrap_or_else(|| format::currency_of(&timezone).code().to_string());
    let is_checked = use_state(|| false);
    let missing = |text: &str| (*is_checked && text.trim().is_empty()).then(|| words.fail_needed());
    let weak = is_weak(&password);
    let onsubmit = {
        let (app, act, is_checked) = (app.clone(), act.clone(), is_checked.clone());
        let made = (*token).clone().and_then(|token| {
            let fields =
                [&organisation, &site, &owner, &login].map(|field| field.trim().to_string());
            let is_ready = fields.iter().all(|field| !field.is_empty()) && !weak;
            let [organisation, site, owner, login] = fields;
            is_ready.then(|| SetUp {
                token,
                organisation,
                currency: Currency::from_code(&currency).unwrap_or(Currency::Tzs),
                timezone: (*timezone).clone(),
                site,
                owner,
                login,
                password: (*password).clone(),
            })
        });
        submit(move || {
            is_checked.set(true);
            let Some(made) = made.clone() else { return };
            let (app, navigator) = (app.clone(), navigator.clone());
            act.run(Request::SetUp(made), move |answer| {
                app.enter(answer);
                if let Some(navigator) = &navigator {
                    navigator.replace(&Route::Home);
                }
            });
        })
    };
    if token.is_none() {
        return html! {
            <Gate title={words.setup_title()}><Notice tone={Tone::Attention}>{ words.setup_no_token() }</Notice></Gate>
        };
    }
    let currencies = Currency::ALL
        .map(|currency| (currency.code().into(), currency.code().into()))
        .to_vec();
    let choose_currency = {
        let chosen = chosen_currency.clone();
        Callback::from(move |code| chosen.set(Some(code)))
    };
    let timezones = zones
        .iter()
        .map(|zone| (zone.clone().into(), zone.replace('_', " ").into()))
        .collect::<Vec<_>>();
    html! {
        <Gate title={words.setup_title()}>
            <p class="muted">{ words.setup_intro() }</p>
            <form class="form" {onsubmit} novalidate=true>
                <h2>{ words.setup_business() }</h2>
                <Field id="organisation" label={words.organisation()} value={(*organisation).clone()} oninput={bind(&organisation)}
                    autocomplete="organization" autofocus=true error={missing(&organisation)} />
                <div class="pair">
                    <Select id="timezone" label={words.timezone()} value={(*timezone).clone()} onchange={bind(&timezone)} options={timezones} />
                    <Select id="currency" label={words.currency()} hint={words.currency_hint()} value={currency} onchange={choose_currency} options={currencies} />
                </div>
                <Field id="site" label={words.first_site()} hint={words.first_site_hint()} value={(*site).clone()} oninput={bind(&site)} error={missing(&site)} />
                <h2>{ words.setup_you() }</h2>
                <Field id="owner" label={words.your_name()} value={(*owner).clone()} oninput={bind(&owner)} autocomplete="name" error={missing(&owner)} />
                <Field id="login" label={words.login()} hint={words.login_hint()} value={(*login).clone()} oninput={bind(&login)}
                    autocomplete="username" error={missing(&login)} />
                <Field id="password" kind="password" label={words.password()} hint={words.password_new_hint()} value={(*password).clone()}
                    oninput={bind(&password)} autocomplete="new-password" error={(*is_checked && weak).then(|| words.fail_password_weak())} />
                <FailureNote failure={act.failure.clone()} />
                <Button label={words.create_organisation()} look={Look::Primary} class="btn-block" submit=true busy={act.is_busy} />
            </form>
        </Gate>
    }
}

pub fn is_weak(password: &str) -> bool {
    password.chars().count() < PASSWORD_LENGTH_MIN
}

/// Ours, with the browser's own first if it is one of them, last if it is another.
pub fn zones() -> Vec<String> {
    let mut zones: Vec<String> = TIMEZONES.map(String::from).to_vec();
    if let Some(own) = browser::browser_timezone() {
        match zones.iter().position(|zone| *zone == own) {
            Some(at) => zones.swap(0, at),
            None => zones.push(own),
        }
    }
    zones
}
