//! One package: add or edit.

use crdt_model::document::Scalar;
use crdt_model::ids::PackageId;
use crdt_model::package::{
    Connection, DESCRIPTION_LENGTH_MAX, LOW_STOCK, LOW_STOCK_MAX, Package, PackageEdit,
    SHARED_USERS_MAX, Unit,
};
use yew::prelude::*;
use yew_router::prelude::*;

use crate::components::contested::plainly;
use crate::components::failure::FailureNote;
use crate::components::{
    Button, Chip, ContestedNote, Empty, Failed, Field, Glyph, Look, MoneyField, Select, Skeleton,
    Tap, Tone,
};
use crate::drafts::package::{LIMIT_MAX, PackageDraft, USE_WITHIN_DAYS_MAX};
use crate::format;
use crate::hooks::form::{Draft, submit, write};
use crate::hooks::{Act, App, Load, use_act, use_app, use_query};
use crate::i18n::{Words, grouped};
use crate::protocol::{Answer, Order, Query};
use crate::route::Route;

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
    // What the person saw: only what differs from it is written.
    let before = use_state(|| old.cloned());
    let draft = use_reducer(|| Draft(PackageDraft::of(old, currency)));
    let is_checked = use_state(|| false);

    let read = draft.0.read(before.as_ref(), currency);
    let details = read.details();
    let onsubmit = {
        let (app, act, is_checked) = (app.clone(), act.clone(), is_checked.clone());
        let (details, before) = (details.clone(), (*before).clone());
        let id = props.package.as_ref().map(|package| package.id);
        submit(move || {
            is_checked.set(true);
            let Some(details) = details.clone() else {
                return;
            };
            let order = match (id, &before) {
                (Some(package), Some(before)) => Order::EditPackage {
                    package,
                    edits: details.edits_from(before),
                },
                _ => Order::AddPackage(details),
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
        let (app, act, package) = (app.clone(), act.clone(), package.clone());
        Callback::from(move |()| set_active(&app, &act, &package))
    });
    let checked = |problem: Option<String>| problem.filter(|_| *is_checked);
    let bad_number = |is_bad: bool, min: &str, max: u64| {
        checked(is_bad.then(|| words.fail_number(&grouped(max), min)))
    };
    let bad_limit = |is_bad: bool| checked(is_bad.then(|| words.fail_decimal(&grouped(LIMIT_MAX))));
    let bad_speed = |is_bad: bool| checked(is_bad.then(|| words.fail_speed().to_string()));
    let units = Unit::ALL
        .map(|unit| (unit.code().into(), unit_name(words, unit).into()))
        .to_vec();
    let kinds = Connection::ALL
        .map(|kind| (kind.code().into(), format::connection(words, kind).into()))
        .to_vec();
    let field = &draft.0;
    html! {
        <form class="form" {onsubmit} novalidate=true>
            if let Some(package) = &props.package {
                <p>
                    if package.active { <Chip tone={Tone::Safe} label={words.on_sale()} /> } else { <Chip tone={Tone::Plain} label={words.not_on_sale()} /> }
                </p>
                { for package.contested.iter().map(|field| html! {
                    <ContestedNote key={field.key.clone()} field={field.clone()} label={field_name(words, field.field())}
                        say={let app = app.clone(); let name = field.field().to_string(); Callback::from(move |value| say(&app, &name, &value))} />
                }) }
            }
            <Field id="name" label={words.name()} hint={words.package_name_hint()} value={field.name.clone()} oninput={write(&draft, |draft| &mut draft.name)} autofocus={props.package.is_none()}
                error={checked(read.name.is_none().then(|| if field.name.trim().is_empty() { words.fail_needed().to_string() } else { words.fail_name("60") }))} />
            <MoneyField id="price" label={words.price()} hint={words.price_hint()} {currency} value={field.price.clone()} oninput={write(&draft, |draft| &mut draft.price)}
                error={checked(read.price.is_none().then(|| words.fail_amount().to_string()))} />
            <fieldset>
                <legend class="field-label">{ words.validity() }</legend>
                <div class="pair">
                    <Field id="validity-count" label={words.validity_count()} inputmode="numeric" value={field.count.clone()} oninput={write(&draft, |draft| &mut draft.count)}
                        error={bad_number(read.count.is_none(), "1", 1_000)} />
                    <Select id="validity-unit" label={words.validity_unit()} value={field.unit.clone()} options={units} onchange={write(&draft, |draft| &mut draft.unit)} />
                </div>
            </fieldset>
            <Field id="within" label={words.use_within_days()} optional=true inputmode="numeric" value={field.within.clone()} oninput={write(&draft, |draft| &mut draft.within)}
                error={bad_number(read.within.is_none(), "1", u64::from(USE_WITHIN_DAYS_MAX))} />
            <div class="pair">
                <Field id="quota" label={words.quota_gb()} optional=true inputmode="decimal" value={field.quota.clone()} oninput={write(&draft, |draft| &mut draft.quota)}
                    error={bad_limit(read.quota.is_none())} />
                <Field id="uptime" label={words.uptime_hours()} optional=true inputmode="decimal" value={field.uptime.clone()} oninput={write(&draft, |draft| &mut draft.uptime)}
                    error={bad_limit(read.uptime.is_none())} />
            </div>
            <div class="pair">
                <Field id="download" label={words.download_mbit()} optional=true inputmode="decimal" value={field.download.clone()} oninput={write(&draft, |draft| &mut draft.download)}
                    error={bad_speed(read.download.is_none())} />
                <Field id="upload" label={words.upload_mbit()} optional=true inputmode="decimal" value={field.upload.clone()} oninput={write(&draft, |draft| &mut draft.upload)}
                    error={bad_speed(read.upload.is_none())} />
            </div>
            <div class="pair">
                <Select id="kind" label={words.connection()} value={field.kind.clone()} options={kinds} onchange={write(&draft, |draft| &mut draft.kind)} />
                <Field id="devices" label={words.devices_label()} optional=true inputmode="numeric" value={field.devices.clone()} oninput={write(&draft, |draft| &mut draft.devices)}
                    error={bad_number(read.devices.is_none(), "1", u64::from(SHARED_USERS_MAX))} />
            </div>
            <Field id="low-stock" label={words.low_stock_label()} hint={words.low_stock_hint(LOW_STOCK)} optional=true inputmode="numeric" value={field.low_stock.clone()} oninput={write(&draft, |draft| &mut draft.low_stock)}
                error={bad_number(read.low_stock.is_none(), "0", u64::from(LOW_STOCK_MAX))} />
            <Field id="description" label={words.description()} optional=true value={field.description.clone()} oninput={write(&draft, |draft| &mut draft.description)}
                error={checked(read.description.is_none().then(|| words.fail_description(&DESCRIPTION_LENGTH_MAX.to_string())))} />
            if let Some(details) = &details { <p class="summary" data-testid="terms" aria-live="polite">{ format::terms(words, details).join(" · ") }</p> }
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

/// Takes a package off sale, or back, with a way to undo it.
fn set_active(app: &App, act: &Act, package: &Package) {
    let words = app.words();
    let order = |active| Order::SetPackageActive {
        package: package.id,
        active,
    };
    let name = &package.details.name;
    let text = if package.active {
        words.package_off_sale(name)
    } else {
        words.package_back_on_sale(name)
    };
    let (undo_act, undo) = (act.clone(), order(package.active));
    let undo = Callback::from(move |()| undo_act.undo(undo.clone()));
    let app = app.clone();
    act.order(order(!package.active), move |_| {
        app.toast_with_undo(text.clone(), undo.clone());
    });
}

/// A field of the record, as the form calls it.
fn field_name(words: Words, field: &str) -> &'static str {
    match field {
        "price" => words.price(),
        "validity_count" => words.validity(),
        "validity_unit" => words.validity_unit(),
        "uptime_limit_seconds" => words.uptime_hours(),
        "quota_bytes" => words.quota_gb(),
        "use_within_days" => words.use_within_days(),
        "description" => words.description(),
        "download_kbps" => words.download_mbit(),
        "upload_kbps" => words.upload_mbit(),
        "shared_users" => words.devices_label(),
        "kind" => words.connection(),
        "low_stock" => words.low_stock_label(),
        "active" => words.on_sale(),
        _ => words.name(),
    }
}

/// A value of a field, as the package's sentence says it.
fn say(app: &App, field: &str, value: &Scalar) -> String {
    let words = app.words();
    match PackageEdit::read(field, value) {
        Some(PackageEdit::Price(price)) => app.money(price),
        Some(PackageEdit::ValidityUnit(unit)) => unit_name(words, unit).into(),
        Some(PackageEdit::Kind(kind)) => format::connection(words, kind).into(),
        Some(PackageEdit::UptimeLimit(Some(seconds))) => format::seconds(words, seconds),
        Some(PackageEdit::Quota(Some(bytes))) => format::volume(bytes),
        Some(PackageEdit::Download(Some(kbps)) | PackageEdit::Upload(Some(kbps))) => {
            format::speed(kbps)
        }
        _ => plainly(words, value),
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
