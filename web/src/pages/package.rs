//! One package: add or edit.

use crdt_model::ids::PackageId;
use crdt_model::package::{Package, PackageDetails, Unit, Validity};
use yew::prelude::*;
use yew_router::prelude::*;

use crate::components::failure::FailureNote;
use crate::components::{
    Button, Chip, Empty, Failed, Field, Glyph, Look, MoneyField, Select, Skeleton, Tap, Tone,
};
use crate::format::digits;
use crate::hooks::form::{bind, filled, submit};
use crate::hooks::{Load, use_act, use_app, use_query};
use crate::i18n::Words;
use crate::protocol::{Answer, Order, Query};
use crate::route::Route;

const GB: u64 = 1_000_000_000;
const USE_WITHIN_DAYS_MAX: u32 = 3_650;
const LIMIT_MAX: u64 = 100_000;

#[derive(Properties, PartialEq)]
pub struct PackagePageProps {
    /// `None`: a new one.
    pub package: Option<PackageId>,
}

#[component]
pub fn PackagePage(props: &PackagePageProps) -> Html {
    let words = use_app().words();
    let load = use_query(props.package.map(|_| Query::Packages));
    let body = match (props.package, &load) {
        (None, _) => html! { <PackageForm package={None} /> },
        (_, Load::Waiting) => html! { <Skeleton rows=3 /> },
        (_, Load::Failed(failure)) => html! { <Failed failure={failure.clone()} /> },
        (Some(id), Load::Ready(answer)) => {
            let found = match &**answer {
                Answer::Packages(view) => view
                    .packages
                    .iter()
                    .find(|package| package.id == id)
                    .cloned(),
                _ => None,
            };
            match found {
                Some(package) => html! { <PackageForm package={Some(package)} /> },
                None => {
                    html! { <Empty glyph={Glyph::Package} title={words.package_not_found()} /> }
                }
            }
        }
    };
    html! {
        <div class="narrow">
            <div class="page-head">
                <h1>{ if props.package.is_some() { words.edit_package() } else { words.add_package() } }</h1>
                <Tap to={Route::Packages} label={words.packages()} glyph={Glyph::ArrowLeft} look={Look::Quiet} />
            </div>
            { body }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct PackageFormProps {
    package: Option<Package>,
}

#[component]
fn PackageForm(props: &PackageFormProps) -> Html {
    let app = use_app();
    let words = app.words();
    let currency = app.currency();
    let navigator = use_navigator();
    let act = use_act();
    let old = props.package.as_ref().map(|package| &package.details);
    let number = |value: Option<u64>| value.map(|value| value.to_string()).unwrap_or_default();
    let name = use_state(|| old.map(|old| old.name.clone()).unwrap_or_default());
    let price = use_state(|| {
        old.map(|old| digits(old.price, currency))
            .unwrap_or_default()
    });
    let count = use_state(|| old.map_or(1, |old| old.validity.count).to_string());
    let unit = use_state(|| {
        old.map_or(Unit::Week, |old| old.validity.unit)
            .code()
            .to_string()
    });
    let within =
        use_state(|| number(old.map_or(Some(90), |old| old.use_within_days.map(u64::from))));
    let quota = use_state(|| number(old.and_then(|old| old.quota_bytes).map(|bytes| bytes / GB)));
    let uptime = use_state(|| {
        number(
            old.and_then(|old| old.uptime_limit_seconds)
                .map(|seconds| seconds / 3_600),
        )
    });
    let is_checked = use_state(|| false);

    let amount = currency.parse(&price).ok();
    let validity = count
        .trim()
        .parse::<u32>()
        .ok()
        .filter(|count| (1..=1_000).contains(count));
    let days = optional::<u32>(&within, USE_WITHIN_DAYS_MAX);
    let gigabytes = optional::<u64>(&quota, LIMIT_MAX);
    let hours = optional::<u64>(&uptime, LIMIT_MAX);
    let details = (|| {
        Some(PackageDetails {
            name: filled(&name)?,
            price: amount?,
            validity: Validity {
                count: validity?,
                unit: Unit::from_code(&unit)?,
            },
            // An odd limit that this form cannot show stays as it is until somebody writes another.
            uptime_limit_seconds: keep(old.and_then(|old| old.uptime_limit_seconds), hours?, 3_600),
            quota_bytes: keep(old.and_then(|old| old.quota_bytes), gigabytes?, GB),
            use_within_days: days?,
        })
    })();
    let onsubmit = {
        let (app, act, is_checked) = (app.clone(), act.clone(), is_checked.clone());
        let (details, id) = (
            details.clone(),
            props.package.as_ref().map(|package| package.id),
        );
        submit(move || {
            is_checked.set(true);
            let Some(details) = details.clone() else {
                return;
            };
            let order = match id {
                Some(package) => Order::EditPackage { package, details },
                None => Order::AddPackage(details),
            };
            let (app, navigator) = (app.clone(), navigator.clone());
            act.order(order, move |_| {
                app.toast(app.words().package_saved());
                if let Some(navigator) = &navigator {
                    navigator.push(&Route::Packages);
                }
            });
        })
    };
    let set_active = props.package.as_ref().map(|package| {
        let (act, order) = (
            act.clone(),
            Order::SetPackageActive {
                package: package.id,
                active: !package.active,
            },
        );
        Callback::from(move |()| act.order(order.clone(), |_| {}))
    });
    let checked = |problem: Option<String>| problem.filter(|_| *is_checked);
    let bad_number = |is_bad: bool, min: &str, max: u64| {
        checked(is_bad.then(|| words.fail_number(&crate::i18n::grouped(max), min)))
    };
    let units = Unit::ALL
        .map(|unit| (unit.code().into(), unit_name(words, unit).into()))
        .to_vec();
    html! {
        <form class="form" {onsubmit} novalidate=true>
            if let Some(package) = &props.package {
                <p>
                    if package.active { <Chip tone={Tone::Safe} label={words.on_sale()} /> } else { <Chip tone={Tone::Plain} label={words.not_on_sale()} /> }
                    if package.contested { { " " }<Chip tone={Tone::Attention} label={words.contested()} /> }
                </p>
            }
            <Field id="name" label={words.name()} hint={words.package_name_hint()} value={(*name).clone()} oninput={bind(&name)} autofocus={props.package.is_none()}
                error={checked(name.trim().is_empty().then(|| words.fail_needed().to_string()))} />
            <MoneyField id="price" label={words.price()} hint={words.price_hint()} {currency} value={(*price).clone()} oninput={bind(&price)}
                error={checked(amount.is_none().then(|| words.fail_amount().to_string()))} />
            <fieldset>
                <legend class="field-label">{ words.validity() }</legend>
                <div class="pair">
                    <Field id="validity-count" label={words.validity_count()} inputmode="numeric" value={(*count).clone()} oninput={bind(&count)}
                        error={bad_number(validity.is_none(), "1", 1_000)} />
                    <Select id="validity-unit" label={words.validity_unit()} value={(*unit).clone()} options={units} onchange={bind(&unit)} />
                </div>
            </fieldset>
            <Field id="within" label={words.use_within_days()} optional=true inputmode="numeric" value={(*within).clone()} oninput={bind(&within)}
                error={bad_number(days.is_none(), "1", u64::from(USE_WITHIN_DAYS_MAX))} />
            <div class="pair">
                <Field id="quota" label={words.quota_gb()} optional=true inputmode="numeric" value={(*quota).clone()} oninput={bind(&quota)}
                    error={bad_number(gigabytes.is_none(), "1", LIMIT_MAX)} />
                <Field id="uptime" label={words.uptime_hours()} optional=true inputmode="numeric" value={(*uptime).clone()} oninput={bind(&uptime)}
                    error={bad_number(hours.is_none(), "1", LIMIT_MAX)} />
            </div>
            if let Some(details) = &details { <p class="summary" data-testid="terms">{ crate::format::terms(words, details).join(" · ") }</p> }
            <FailureNote failure={act.failure.clone()} />
            <div class="actions actions-bottom">
                <Button label={words.save()} look={Look::Primary} submit=true busy={act.is_busy} />
                if let (Some(package), Some(onclick)) = (&props.package, set_active) {
                    <Button label={if package.active { words.take_off_sale() } else { words.put_on_sale() }} look={Look::Quiet} {onclick} />
                }
            </div>
        </form>
    }
}

/// `Some(None)`: left empty; `None`: not a number from 1 to `max`.
fn optional<T: std::str::FromStr + PartialOrd + From<u8>>(text: &str, max: T) -> Option<Option<T>> {
    match filled(text) {
        None => Some(None),
        Some(text) => text
            .parse()
            .ok()
            .filter(|value| *value >= T::from(1) && *value <= max)
            .map(Some),
    }
}

fn keep(old: Option<u64>, typed: Option<u64>, scale: u64) -> Option<u64> {
    match old {
        Some(old) if typed == Some(old / scale) || typed.is_none() && old < scale => Some(old),
        _ => typed.map(|typed| typed.saturating_mul(scale)),
    }
}

fn unit_name(words: Words, unit: Unit) -> &'static str {
    match unit {
        Unit::Minute => words.unit_minutes(),
        Unit::Hour => words.unit_hours(),
        Unit::Day => words.unit_days(),
        Unit::Week => words.unit_weeks(),
        Unit::Month => words.unit_months(),
    }
}
