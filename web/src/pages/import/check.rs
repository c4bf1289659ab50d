//! The third step, the dry run: every row that is not taken and why, and exactly what will be made.

use std::rc::Rc;

use crdt_model::import::{RefusedKind, RefusedRow};
use crdt_model::package::Package;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use super::file::Progress;
use super::packages::{no_passwords, size};
use super::{Choices, Step, reasons};
use crate::components::failure::FailureNote;
use crate::components::{Amount, Button, Glyph, Look, Notice, Select, Skeleton, Tone};
use crate::format;
use crate::hooks::browser;
use crate::hooks::{App, use_act, use_app};
use crate::i18n::grouped;
use crate::protocol::{
    Answer, ImportCall, ImportChoices, ImportPlan, PlannedView, ReadFile, RefusedPage, Request,
};

const PAGE: u32 = 100;
/// So many rows of the downloaded list come at a time.
const LIST_PAGE: u32 = 2_000;
/// Batches listed one by one.
const BATCHES_SHOWN: usize = 60;

#[derive(Properties, PartialEq)]
pub struct CheckStepProps {
    pub read: Rc<ReadFile>,
    pub packages: Vec<Package>,
    pub choices: Choices,
    pub name: String,
    pub go: Callback<Step>,
}

#[component]
pub fn CheckStep(props: &CheckStepProps) -> Html {
    let app = use_app();
    let words = app.words();
    let plan_act = use_act();
    let act = use_act();
    let plan = use_state(|| None::<Rc<ImportPlan>>);
    let choices = parsed(&app, props);
    {
        let (plan, plan_act) = (plan.clone(), plan_act.clone());
        use_effect_with(choices.clone(), move |choices| {
            if let Some(choices) = choices.clone() {
                plan_act.choose(Request::Import(ImportCall::Plan(choices)), move |answer| {
                    if let Answer::ImportPlan(found) = answer {
                        plan.set(Some(Rc::new(found.open())));
                    }
                });
            }
        });
    }
    let save = {
        let (act, go, site) = (act.clone(), props.go.clone(), app.site());
        Callback::from(move |()| {
            let (Some(site), Some(choices)) = (site, choices.clone()) else {
                return;
            };
            let go = go.clone();
            let call = ImportCall::Save { site, choices };
            act.run(Request::Import(call), move |answer| {
                if let Answer::ImportSaved(saved) = answer {
                    go.emit(Step::Done(Rc::new(saved.open())));
                }
            });
        })
    };
    let back = {
        let (go, read) = (props.go.clone(), props.read.clone());
        Callback::from(move |()| go.emit(Step::Packages(read.clone())))
    };
    let body = match &*plan {
        None => html! { <Skeleton rows=3 /> },
        Some(plan) => html! {
            <>
                <section class="card-box" data-testid="import-plan">
                    <h2>{ words.import_will_make() }</h2>
                    <p class="summary">
                        { words.vouchers_count(plan.vouchers) }{ " · " }{ words.blocks_count(u64::from(plan.blocks)) }{ " · " }
                        { words.import_batches(u64::try_from(plan.batches.len()).unwrap_or(0)) }{ " · " }<Amount amount={plan.value} />
                    </p>
                    if !plan.new_packages.is_empty() { <p>{ words.import_new_packages(&plan.new_packages.join(", ")) }</p> }
                    if plan.left_out > 0 { <p class="muted">{ words.import_left_out(u64::from(plan.left_out)) }</p> }
                    <ul class="rows">
                        { for plan.batches.iter().take(BATCHES_SHOWN).map(|batch| planned(&app, batch, &props.packages)) }
                    </ul>
                    if plan.batches.len() > BATCHES_SHOWN { <p class="muted">{ words.import_more_batches(u64::try_from(plan.batches.len() - BATCHES_SHOWN).unwrap_or(0)) }</p> }
                </section>
                <FailureNote failure={act.failure.clone()} />
                if act.is_busy { <Progress /> }
                <div class="actions actions-bottom">
                    <Button label={words.import_button(u64::from(plan.vouchers))} look={Look::Primary} onclick={save} busy={act.is_busy} disabled={plan.vouchers == 0} testid="import-save" />
                    if !act.is_busy { <Button label={words.back()} look={Look::Quiet} onclick={back} /> }
                </div>
            </>
        },
    };
    html! {
        <>
            { no_passwords(words, &props.read) }
            if props.read.refused == 0 { <Notice tone={Tone::Safe}>{ words.import_all_taken() }</Notice> }
            else { <Refused read={props.read.clone()} name={props.name.clone()} /> }
            <FailureNote failure={plan_act.failure.clone()} />
            { body }
        </>
    }
}

fn parsed(app: &App, props: &CheckStepProps) -> Option<ImportChoices> {
    let currency = app.currency();
    let groups = props
        .read
        .groups
        .iter()
        .zip(&props.choices.groups)
        .map(|(group, draft)| draft.parsed(currency, group))
        .collect::<Option<Vec<_>>>()?;
    Some(ImportChoices {
        grouping: props.choices.grouping,
        block_size: size(&props.choices.block_size)?,
        groups,
    })
}

fn planned(app: &App, batch: &PlannedView, packages: &[Package]) -> Html {
    let words = app.words();
    let known = batch
        .package
        .and_then(|id| packages.iter().find(|package| package.id == id));
    let package = known.map_or(batch.package_name.as_str(), |known| &known.details.name);
    let made_on = batch
        .made_on
        .map(|day| words.batch_made_on(&format::date(words, day, app.now(), &app.zone())));
    html! {
        <li class="row">
            <span class="row-main">
                <strong>{ &batch.label }</strong>
                <span class="muted">
                    { package }{ " · " }<Amount amount={batch.price} />
                    { format!(" · {} · {}", words.vouchers_count(batch.vouchers), words.blocks_count(u64::from(batch.blocks))) }
                    if let Some(made_on) = made_on { { format!(" · {made_on}") } }
                </span>
            </span>
        </li>
    }
}

#[derive(Properties, PartialEq)]
struct RefusedProps {
    read: Rc<ReadFile>,
    name: String,
}

/// The rows that are not taken: by reason, page by page, or all as a file.
#[component]
fn Refused(props: &RefusedProps) -> Html {
    let app = use_app();
    let words = app.words();
    let act = use_act();
    let only = use_state(|| None::<RefusedKind>);
    let limit = use_state(|| PAGE);
    let page = use_state(|| None::<Rc<RefusedPage>>);
    {
        let (act, page) = (act.clone(), page.clone());
        use_effect_with((*only, *limit), move |(only, limit)| {
            let call = ImportCall::Refused {
                only: *only,
                offset: 0,
                limit: *limit,
            };
            act.choose(Request::Import(call), move |answer| {
                if let Answer::ImportRefused(found) = answer {
                    page.set(Some(Rc::new(found.open())));
                }
            });
        });
    }
    let kinds = &props.read.reasons;
    let mut options: Vec<(AttrValue, AttrValue)> = vec![(
        "".into(),
        words.refused_all(u64::from(props.read.refused)).into(),
    )];
    options.extend(kinds.iter().enumerate().map(|(at, (kind, count))| {
        let text = format!(
            "{} ({})",
            reasons::kind(words, *kind),
            grouped(u64::from(*count))
        );
        (at.to_string().into(), text.into())
    }));
    let chosen = only.and_then(|only| kinds.iter().position(|(kind, _)| *kind == only));
    let on_filter = {
        let (only, limit, kinds) = (only.clone(), limit.clone(), kinds.clone());
        Callback::from(move |value: String| {
            let at = value.parse::<usize>().ok();
            only.set(at.and_then(|at| kinds.get(at)).map(|(kind, _)| *kind));
            limit.set(PAGE);
        })
    };
    let more = {
        let limit = limit.clone();
        Callback::from(move |()| limit.set(limit.saturating_add(PAGE * 4)))
    };
    let on_download = {
        let (app, only, name) = (app.clone(), *only, props.name.clone());
        Callback::from(move |()| spawn_local(download(app.clone(), only, name.clone())))
    };
    html! {
        <section class="card-box" data-testid="import-bad">
            <h2>{ words.import_bad(u64::from(props.read.refused)) }</h2>
            <div class="pair">
                <Select id="reason" label={words.import_filter()} value={chosen.map(|at| at.to_string()).unwrap_or_default()} onchange={on_filter} {options} />
                <div class="field field-button"><Button label={words.import_download()} glyph={Glyph::Upload} onclick={on_download} testid="refused-download" /></div>
            </div>
            if let Some(page) = (*page).clone() {
                <ul class="rows">
                    { for page.rows.iter().map(|row| html! {
                        <li class="row" key={row.line}>
                            <span class="row-main">
                                <span><strong>{ words.import_line(&row.line.to_string()) }</strong>{ ": " }{ reasons::reason(words, &row.reason) }</span>
                                <code class="raw">{ &row.raw }</code>
                            </span>
                        </li>
                    }) }
                </ul>
                if u64::from(page.total) > page.rows.len() as u64 { <Button label={words.show_more()} look={Look::Quiet} onclick={more} /> }
            }
            <FailureNote failure={act.failure.clone()} />
        </section>
    }
}

/// All refused rows as a CSV, fetched page by page.
async fn download(app: App, only: Option<RefusedKind>, name: String) {
    let Some(worker) = app.worker.clone() else {
        return;
    };
    let mut rows: Vec<RefusedRow> = Vec::new();
    loop {
        let call = ImportCall::Refused {
            only,
            offset: u32::try_from(rows.len()).unwrap_or(u32::MAX),
            limit: LIST_PAGE,
        };
        let Ok(Answer::ImportRefused(page)) = worker.call(Request::Import(call)).await else {
            return app.toast(app.words().fail_unexpected());
        };
        let is_last = page.rows.is_empty();
        let page = page.open();
        rows.extend(page.rows);
        if is_last || rows.len() >= page.total as usize {
            break;
        }
    }
    let stem = name
        .rsplit_once('.')
        .map_or(name.as_str(), |(stem, _)| stem);
    let text = reasons::csv(app.words(), &rows);
    if browser::download(&format!("{stem}-refused.csv"), text.as_bytes()).is_err() {
        app.toast(app.words().fail_unexpected());
    }
}
