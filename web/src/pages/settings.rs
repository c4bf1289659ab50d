//! Settings: the organisation, this device's language and look, and the owner's copy of everything.

use crdt_model::capability::Capability;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use super::set_up::zones;
use super::shell::{LanguageChoice, ThemeChoice};
use crate::components::failure::FailureNote;
use crate::components::{Button, Field, Glyph, Look, Notice, Select, Tone};
use crate::hooks::download::fetch_file;
use crate::hooks::form::{bind, submit};
use crate::hooks::{browser, use_act, use_app};
use crate::i18n::grouped;
use crate::protocol::{Answer, Failure, Order, Request};

#[component]
pub fn SettingsPage() -> Html {
    let app = use_app();
    let words = app.words();
    let Some(session) = app.session() else {
        return Html::default();
    };
    let manages = session.may(Capability::SettingsManage);
    // A change from elsewhere begins the form anew.
    let version = format!("{}\n{}", session.organisation, session.timezone);
    html! {
        <>
            <div class="page-head"><h1>{ words.settings() }</h1></div>
            if manages { <Organisation key={version} /> }
            <section class="settings-part" aria-labelledby="settings-device">
                <h2 id="settings-device">{ words.settings_device() }</h2>
                <p class="field-label" aria-hidden="true">{ words.language() }</p>
                <LanguageChoice />
                <p class="field-label" aria-hidden="true">{ words.theme() }</p>
                <ThemeChoice />
            </section>
            if session.may(Capability::ExportAll) { <Export /> }
            if manages {
                <section class="settings-part" aria-labelledby="settings-backup">
                    <h2 id="settings-backup">{ words.settings_backup() }</h2>
                    <p>{ words.settings_backup_hint() }</p>
                    <p><code>{ "viornet backup FILE" }</code></p>
                </section>
            }
        </>
    }
}

#[component]
fn Organisation() -> Html {
    let app = use_app();
    let words = app.words();
    let act = use_act();
    let session = app.session();
    let (old_name, old_zone, currency) = session.map_or_else(Default::default, |session| {
        (
            session.organisation.clone(),
            session.timezone.clone(),
            session.currency.code(),
        )
    });
    let name = use_state(|| old_name.clone());
    let zone = use_state(|| old_zone.clone());
    let is_checked = use_state(|| false);
    let is_same = name.trim() == old_name && *zone == old_zone;
    let onsubmit = {
        let (app, act, is_checked) = (app.clone(), act.clone(), is_checked.clone());
        let (name, timezone) = (name.trim().to_string(), (*zone).clone());
        submit(move || {
            is_checked.set(true);
            if name.is_empty() || is_same {
                return;
            }
            let order = Order::SetProfile {
                name: name.clone(),
                timezone: timezone.clone(),
            };
            let app = app.clone();
            act.order(order, move |_| app.toast(app.words().saved()));
        })
    };
    let mut choices = zones();
    if !choices.contains(&old_zone) {
        choices.push(old_zone.clone());
    }
    let options: Vec<(AttrValue, AttrValue)> = choices
        .into_iter()
        .map(|zone| (zone.clone().into(), zone.replace('_', " ").into()))
        .collect();
    let missing = (*is_checked && name.trim().is_empty()).then(|| words.fail_needed());
    html! {
        <section class="settings-part" aria-labelledby="settings-organisation">
            <h2 id="settings-organisation">{ words.settings_organisation() }</h2>
            <form class="form" {onsubmit} novalidate=true>
                <Field id="organisation" label={words.organisation()} value={(*name).clone()} oninput={bind(&name)} error={missing} />
                <Select id="timezone" label={words.timezone()} hint={words.settings_timezone_hint()} value={(*zone).clone()}
                    onchange={bind(&zone)} {options} />
                <p><span class="field-label">{ words.currency() }</span>{ " " }<strong data-testid="currency">{ currency }</strong>{ " " }
                    <span class="muted">{ words.settings_currency_hint() }</span></p>
                <FailureNote failure={act.failure.clone()} />
                <div class="actions">
                    <Button label={words.save()} look={Look::Primary} submit=true busy={act.is_busy} disabled={is_same} />
                </div>
            </form>
        </section>
    }
}

/// How far a download is.
#[derive(Clone, PartialEq)]
enum Step {
    Idle,
    Running { kilobytes: u64 },
    Done,
    Failed(Failure),
}

#[component]
fn Export() -> Html {
    let app = use_app();
    let words = app.words();
    let step = use_state(|| Step::Idle);
    let is_running = matches!(*step, Step::Running { .. });
    let onclick = {
        let (app, step) = (app.clone(), step.clone());
        Callback::from(move |()| {
            let Some(worker) = app.worker.clone() else {
                return;
            };
            step.set(Step::Running { kilobytes: 0 });
            let step = step.clone();
            spawn_local(async move {
                let so_far = {
                    let step = step.clone();
                    move |bytes: u64| {
                        step.set(Step::Running {
                            kilobytes: bytes.div_ceil(1_000),
                        });
                    }
                };
                let outcome = match worker.call(Request::ExportAccess).await {
                    Ok(Answer::Access { token }) => {
                        let name = format!("viornet-{}.zip", browser::now().as_seconds());
                        fetch_file("/api/export", &token, &name, so_far).await
                    }
                    Ok(_) => Err(Failure::Unexpected),
                    Err(failure) => Err(failure),
                };
                step.set(match outcome {
                    Ok(()) => Step::Done,
                    Err(failure) => Step::Failed(failure),
                });
            });
        })
    };
    let is_online = app.is_online();
    html! {
        <section class="settings-part" aria-labelledby="settings-export">
            <h2 id="settings-export">{ words.export_everything() }</h2>
            <p>{ words.export_hint() }</p>
            if !is_online && !is_running { <Notice tone={Tone::Plain} testid="export-offline">{ words.export_offline() }</Notice> }
            <div class="actions">
                <Button label={words.export_everything()} glyph={Glyph::Download} busy={is_running} disabled={!is_online} {onclick} testid="export" />
            </div>
            <p role="status" data-testid="export-step">
                { match &*step {
                    Step::Running { kilobytes } => words.export_running(&grouped(*kilobytes)),
                    Step::Done => words.export_done().into(),
                    Step::Idle | Step::Failed(_) => String::new(),
                } }
            </p>
            if let Step::Failed(failure) = &*step { <FailureNote failure={Some(failure.clone())} /> }
        </section>
    }
}
