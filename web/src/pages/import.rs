//! Importing vouchers: choose a file, see what it holds line by line, say what it is sold as.

use std::rc::Rc;

use crdt_model::import::{RefusedReason, VoucherFile, VoucherRow};
use crdt_model::package::Package;
use crdt_model::voucher::{CODES_PER_BLOCK_MAX, Code as VoucherCode};
use js_sys::Uint8Array;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::HtmlInputElement;
use yew::prelude::*;
use yew_router::prelude::*;

use crate::components::failure::{FailureNote, column};
use crate::components::{
    Button, Code, Field, Glyph, Icon, Look, MoneyField, Notice, Select, Skeleton, Tap, Tone,
};
use crate::format::digits;
use crate::hooks::form::{bind, filled, submit};
use crate::hooks::{Load, use_act, use_app, use_query};
use crate::i18n::{Words, grouped};
use crate::protocol::{Answer, Order, Query, Request};
use crate::route::Route;

/// So many bad rows are listed at once; a file of nothing else is the wrong file.
const BAD_SHOWN: usize = 200;
const GOOD_SHOWN: usize = 5;
/// What one agent sells in a day or two.
const BLOCK_SIZE: &str = "50";

#[component]
pub fn ImportPage() -> Html {
    let app = use_app();
    let words = app.words();
    let act = use_act();
    let file = use_state(|| None::<(String, Rc<VoucherFile>)>);
    let packages = use_query(Some(Query::Packages));
    let onchange = {
        let (act, file) = (act.clone(), file.clone());
        Callback::from(move |event: Event| {
            let input: HtmlInputElement = event.target_unchecked_into();
            let Some(chosen) = input.files().and_then(|files| files.get(0)) else {
                return;
            };
            // Chosen again after an edit, the same file is read again.
            let (act, file, name) = (act.clone(), file.clone(), chosen.name());
            spawn_local(async move {
                let Ok(buffer) = JsFuture::from(chosen.array_buffer()).await else {
                    return;
                };
                input.set_value("");
                let bytes = Uint8Array::new(&buffer).to_vec();
                act.run(Request::ReadVouchers { bytes }, move |answer| {
                    if let Answer::VoucherFile(read) = answer {
                        file.set(Some((name.clone(), Rc::new(read))));
                    }
                });
            });
        })
    };
    let packages: Vec<Package> = match &packages {
        Load::Waiting => return html! { <><h1>{ words.import_title() }</h1><Skeleton /></> },
        Load::Ready(answer) => match &**answer {
            Answer::Packages(view) => view
                .packages
                .iter()
                .filter(|package| package.active)
                .cloned()
                .collect(),
            _ => Vec::new(),
        },
        Load::Failed(_) => Vec::new(),
    };
    html! {
        <div class="narrow">
            <div class="page-head">
                <h1>{ words.import_title() }</h1>
                <Tap to={Route::Vouchers} label={words.vouchers()} glyph={Glyph::ArrowLeft} look={Look::Quiet} />
            </div>
            if packages.is_empty() {
                <Notice tone={Tone::Attention}><p>{ words.import_no_package() }</p><Tap to={Route::Packages} label={words.packages()} /></Notice>
            }
            <div class="field">
                <label class={classes!(if file.is_some() { Look::Plain.class() } else { Look::Primary.class() }, "file-button")} for="file">
                    <Icon glyph={Glyph::Upload} />
                    <span>{ if file.is_some() { words.other_file() } else { words.choose_file() } }</span>
                </label>
                <input id="file" class="file-input" type="file" accept=".csv,.txt,text/csv,text/plain" aria-label={words.import_file()} {onchange} />
                <p class="field-hint">{ words.import_file_hint() }</p>
            </div>
            if act.is_busy { <p role="status">{ words.import_reading() }</p> }
            <FailureNote failure={act.failure.clone()} />
            if let Some((name, file)) = (*file).clone() {
                <Preview key={name.as_str()} name={name.clone()} {file} {packages} />
            }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct PreviewProps {
    name: String,
    file: Rc<VoucherFile>,
    packages: Vec<Package>,
}

#[component]
fn Preview(props: &PreviewProps) -> Html {
    let app = use_app();
    let words = app.words();
    let currency = app.currency();
    let navigator = use_navigator();
    let act = use_act();
    let profile = use_state(|| None::<String>);
    let package = use_state(String::new);
    let price = use_state(String::new);
    let label = {
        let name = props
            .name
            .rsplit_once('.')
            .map_or(props.name.as_str(), |(stem, _)| stem)
            .to_string();
        use_state(move || name)
    };
    let block_size = use_state(|| BLOCK_SIZE.to_string());
    let is_checked = use_state(|| false);

    let rows: Vec<&VoucherRow> = props
        .file
        .rows
        .iter()
        .filter(|row| profile.as_ref().is_none_or(|wanted| row.profile == *wanted))
        .collect();
    let count = u64::try_from(rows.len()).unwrap_or(0);
    let chosen = props
        .packages
        .iter()
        .find(|known| known.id.to_string() == *package)
        .cloned();
    let amount = currency.parse(&price).ok();
    let size = block_size
        .trim()
        .parse::<u32>()
        .ok()
        .filter(|size| (1..=CODES_PER_BLOCK_MAX).contains(&(*size as usize)));
    let checked = |problem: Option<String>| problem.filter(|_| *is_checked);
    let choose_package = {
        let (package, price, packages) = (package.clone(), price.clone(), props.packages.clone());
        Callback::from(move |id: String| {
            if let Some(known) = packages.iter().find(|known| known.id.to_string() == id) {
                price.set(digits(known.details.price, currency));
            }
            package.set(id);
        })
    };
    let onsubmit = {
        let (app, act, is_checked) = (app.clone(), act.clone(), is_checked.clone());
        let codes: Vec<VoucherCode> = rows
            .iter()
            .map(|row| VoucherCode {
                username: row.username.clone(),
                password: row.password.clone(),
            })
            .collect();
        let order = (|| {
            Some(Order::ImportBatch {
                site: app.site()?,
                label: filled(&label)?,
                package: chosen.as_ref()?.id,
                price: amount?,
                codes: Some(codes).filter(|codes| !codes.is_empty())?,
                block_size: size?,
            })
        })();
        submit(move || {
            is_checked.set(true);
            let Some(order) = order.clone() else { return };
            let (app, navigator) = (app.clone(), navigator.clone());
            act.order(order, move |_| {
                app.toast(app.words().import_done(count));
                if let Some(navigator) = &navigator {
                    navigator.push(&Route::Vouchers);
                }
            });
        })
    };
    let mut options: Vec<(AttrValue, AttrValue)> =
        vec![("".into(), words.choose_package_option().into())];
    options.extend(props.packages.iter().map(|known| {
        (
            known.id.to_string().into(),
            format!(
                "{} · {}",
                known.details.name,
                app.money(known.details.price)
            )
            .into(),
        )
    }));
    let profiles = profiles(&props.file.rows);
    let made = size.zip(amount).map(|(size, amount)| {
        let value = crdt_model::money::Money::from_minor(
            amount
                .minor()
                .saturating_mul(i64::try_from(count).unwrap_or(0)),
        );
        words.import_makes(&app.money(value), count.div_ceil(u64::from(size)))
    });
    html! {
        <>
            <BadRows file={props.file.clone()} />
            <Notice tone={if rows.is_empty() { Tone::Attention } else { Tone::Safe }} testid="import-good">{ words.import_good(count) }</Notice>
            if !rows.is_empty() {
                <section class="card-box">
                    <h2>{ words.import_preview() }</h2>
                    <ul class="rows">
                        { for rows.iter().take(GOOD_SHOWN).map(|row| html! {
                            <li class="row"><span class="row-main"><Code code={row.username.clone()} /></span><span class="muted">{ &row.profile }</span></li>
                        }) }
                    </ul>
                </section>
                <form class="form" {onsubmit} novalidate=true>
                    if profiles.len() > 1 {
                        <Select id="profile" label={words.import_which()} value={profile_value(profile.as_ref())} onchange={
                            let profile = profile.clone();
                            Callback::from(move |value: String| profile.set(value.strip_prefix('=').map(String::from)))
                        } options={profile_options(words, &profiles, props.file.rows.len())} />
                    }
                    <Select id="package" label={words.package()} value={(*package).clone()} onchange={choose_package} {options}
                        error={checked(chosen.is_none().then(|| words.fail_needed().to_string()))} />
                    <div class="pair">
                        <MoneyField id="price" label={words.price()} {currency} value={(*price).clone()} oninput={bind(&price)}
                            error={checked(amount.is_none().then(|| words.fail_amount().to_string()))} />
                        <Field id="block-size" label={words.block_size()} hint={words.block_size_hint()} inputmode="numeric" value={(*block_size).clone()} oninput={bind(&block_size)}
                            error={checked(size.is_none().then(|| words.fail_number(&grouped(CODES_PER_BLOCK_MAX as u64), "1")))} />
                    </div>
                    <Field id="label" label={words.batch_name()} value={(*label).clone()} oninput={bind(&label)}
                        error={checked(label.trim().is_empty().then(|| words.fail_needed().to_string()))} />
                    if let Some(made) = made { <p class="summary">{ made }</p> }
                    <FailureNote failure={act.failure.clone()} />
                    <div class="actions actions-bottom"><Button label={words.import_button(count)} look={Look::Primary} submit=true busy={act.is_busy} /></div>
                </form>
            }
        </>
    }
}

#[derive(Properties, PartialEq)]
struct BadRowsProps {
    file: Rc<VoucherFile>,
}

/// Every row that is not taken, by its line and why.
#[component]
fn BadRows(props: &BadRowsProps) -> Html {
    let words = use_app().words();
    let refused = &props.file.refused;
    if refused.is_empty() {
        return Html::default();
    }
    html! {
        <details class="card-box" open=true data-testid="import-bad">
            <summary>{ words.import_bad(u64::try_from(refused.len()).unwrap_or(0)) }</summary>
            <ul class="rows">
                { for refused.iter().take(BAD_SHOWN).map(|row| html! {
                    <li class="row" key={row.line}>
                        <span class="row-main">
                            <span><strong>{ words.import_line(&row.line.to_string()) }</strong>{ ": " }{ reason(words, &row.reason) }</span>
                            <code class="raw">{ &row.raw }</code>
                        </span>
                    </li>
                }) }
            </ul>
        </details>
    }
}

fn reason(words: Words, reason: &RefusedReason) -> String {
    match reason {
        RefusedReason::EmptyCode => words.bad_empty_code().into(),
        RefusedReason::TwiceInFile { first_line } => words.bad_twice(&first_line.to_string()),
        RefusedReason::BadQuotes => words.bad_quotes().into(),
        RefusedReason::TooManyColumns { found, expected }
        | RefusedReason::TooFewColumns { found, expected } => {
            words.bad_columns(&expected.to_string(), &found.to_string())
        }
        RefusedReason::ControlCharacter { column: which } => {
            words.bad_control(column(words, *which))
        }
        RefusedReason::BlankAround { column: which } => words.bad_blank(column(words, *which)),
        RefusedReason::TooLong { column: which, .. } => words.bad_long(column(words, *which)),
        RefusedReason::UnreadableLimit { column: which } => {
            words.bad_unreadable(column(words, *which))
        }
        RefusedReason::LimitOutOfRange { column: which } => words.bad_range(column(words, *which)),
        RefusedReason::RoundedBySpreadsheet { column: which } => {
            words.bad_rounded(column(words, *which))
        }
        RefusedReason::CodeAndUsernameDiffer => words.bad_differ().into(),
        RefusedReason::DeviceAddress => words.bad_device().into(),
        RefusedReason::AlreadyUsed { until } => words.bad_used(until),
        RefusedReason::RunOut => words.bad_run_out().into(),
    }
}

/// The profiles of a file with how many vouchers each has, in the order they first appear.
fn profiles(rows: &[VoucherRow]) -> Vec<(String, u64)> {
    let mut profiles: Vec<(String, u64)> = Vec::new();
    for row in rows {
        match profiles.iter_mut().find(|(name, _)| *name == row.profile) {
            Some((_, count)) => *count += 1,
            None => profiles.push((row.profile.clone(), 1)),
        }
    }
    profiles
}

/// A profile can be empty, so a chosen one is marked.
fn profile_value(profile: Option<&String>) -> String {
    profile
        .map(|profile| format!("={profile}"))
        .unwrap_or_default()
}

fn profile_options(
    words: Words,
    profiles: &[(String, u64)],
    all: usize,
) -> Vec<(AttrValue, AttrValue)> {
    let mut options: Vec<(AttrValue, AttrValue)> = vec![(
        "".into(),
        words
            .import_all_profiles(u64::try_from(all).unwrap_or(0))
            .into(),
    )];
    options.extend(profiles.iter().map(|(profile, count)| {
        let name = if profile.is_empty() {
            words.import_no_profile()
        } else {
            profile.as_str()
        };
        (
            profile_value(Some(profile)).into(),
            words.import_profile(*count, name).into(),
        )
    }));
    options
}
