//! Routers, access points and areas of a site: lists, and the form of one.

use crdt_model::fixture::{Fixture, FixtureDetails, FixtureKind};
use crdt_model::ids::SiteId;
use yew::prelude::*;

use crate::components::failure::FailureNote;
use crate::components::{Button, Chip, Dialog, Field, Glyph, Look, Tone};
use crate::hooks::form::{bind, filled, set, submit};
use crate::hooks::{use_act, use_app};
use crate::i18n::Words;
use crate::protocol::{Order, SiteView};

fn title(words: Words, kind: FixtureKind) -> &'static str {
    match kind {
        FixtureKind::Router => words.routers(),
        FixtureKind::AccessPoint => words.access_points(),
        FixtureKind::Area => words.areas(),
    }
}

fn add(words: Words, kind: FixtureKind) -> &'static str {
    match kind {
        FixtureKind::Router => words.add_router(),
        FixtureKind::AccessPoint => words.add_access_point(),
        FixtureKind::Area => words.add_area(),
    }
}

#[derive(Properties, PartialEq)]
pub struct FixturesProps {
    pub view: SiteView,
    pub kind: FixtureKind,
}

/// What is open.
#[derive(Clone, PartialEq)]
enum Open {
    Nothing,
    New,
    Edit(Fixture),
}

#[component]
pub fn Fixtures(props: &FixturesProps) -> Html {
    let words = use_app().words();
    let open = use_state(|| Open::Nothing);
    let (kind, site) = (props.kind, props.view.site.id);
    let can_edit = props.view.can_edit;
    let found = props
        .view
        .fixtures
        .iter()
        .filter(|fixture| fixture.id.kind() == kind);
    let close = set(&open, Open::Nothing);
    html! {
        <section class="card-box" data-testid={kind.noun()}>
            <h2>{ title(words, kind) }</h2>
            if found.clone().next().is_none() { <p class="muted">{ words.nothing_here_yet() }</p> }
            <ul class="rows">
                { for found.map(|fixture| html! {
                    <li class="row" key={fixture.id.to_string()}>
                        <span class="row-main">
                            <strong>{ &fixture.details.name }</strong>
                            <span class="muted">{ summary(&fixture.details) }</span>
                            if let Some(note) = &fixture.details.note { <span class="muted">{ note }</span> }
                        </span>
                        if !fixture.active { <Chip tone={Tone::Plain} label={words.not_in_use()} /> }
                        if can_edit {
                            <Button label={words.edit_thing(&fixture.details.name)} glyph={Glyph::Pencil} icon_only=true look={Look::Quiet}
                                onclick={set(&open, Open::Edit(fixture.clone()))} />
                        }
                    </li>
                }) }
            </ul>
            if kind == FixtureKind::Router { <p class="muted">{ words.no_router_secrets() }</p> }
            if can_edit {
                <Button label={add(words, kind)} glyph={Glyph::Plus} look={Look::Quiet} onclick={set(&open, Open::New)} />
            }
            if *open != Open::Nothing {
                <FixtureForm {site} {kind} fixture={match &*open { Open::Edit(fixture) => Some(fixture.clone()), _ => None }} onclose={close} />
            }
        </section>
    }
}

/// `hEX S · 10.5.50.1 · HG10…`
fn summary(details: &FixtureDetails) -> String {
    let texts = [
        &details.model,
        &details.address,
        &details.serial,
        &details.place,
    ];
    let texts: Vec<&str> = texts.into_iter().flatten().map(String::as_str).collect();
    texts.join(" · ")
}

#[derive(Properties, PartialEq)]
struct FixtureFormProps {
    site: SiteId,
    kind: FixtureKind,
    /// As it was when the form was opened; `None`: a new one.
    fixture: Option<Fixture>,
    onclose: Callback<()>,
}

#[component]
fn FixtureForm(props: &FixtureFormProps) -> Html {
    let app = use_app();
    let words = app.words();
    let act = use_act();
    let (site, kind) = (props.site, props.kind);
    let before = use_state(|| props.fixture.clone());
    let old = before
        .as_ref()
        .map(|fixture| fixture.details.clone())
        .unwrap_or_default();
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let name = use_state(|| old.name.clone());
    let model = use_state(|| text(&old.model));
    let address = use_state(|| text(&old.address));
    let serial = use_state(|| text(&old.serial));
    let place = use_state(|| text(&old.place));
    let note = use_state(|| text(&old.note));
    let is_checked = use_state(|| false);
    let details = FixtureDetails {
        name: name.trim().to_string(),
        model: filled(&model),
        address: filled(&address),
        serial: filled(&serial),
        place: filled(&place),
        note: filled(&note),
    };
    let onsubmit = {
        let (app, act, is_checked) = (app.clone(), act.clone(), is_checked.clone());
        let (before, onclose) = (before.clone(), props.onclose.clone());
        submit(move || {
            is_checked.set(true);
            if details.name.is_empty() {
                return;
            }
            let order = match &*before {
                Some(before) => Order::EditFixture {
                    site,
                    fixture: before.id,
                    from: before.details.clone(),
                    to: details.clone(),
                },
                None => Order::AddFixture {
                    site,
                    kind,
                    details: details.clone(),
                },
            };
            let (app, onclose) = (app.clone(), onclose.clone());
            act.order(order, move |_| {
                app.toast(app.words().saved());
                onclose.emit(());
            });
        })
    };
    let set_active = {
        let (app, act, before, onclose) = (
            app.clone(),
            act.clone(),
            before.clone(),
            props.onclose.clone(),
        );
        Callback::from(move |()| {
            let Some(Fixture {
                id: fixture,
                active,
                ..
            }) = (*before).clone()
            else {
                return;
            };
            let order = move |active| Order::SetFixtureActive {
                site,
                fixture,
                active,
            };
            let (app, back, onclose) = (app.clone(), act.clone(), onclose.clone());
            act.order(order(!active), move |_| {
                let back = back.clone();
                let undo = Callback::from(move |()| back.undo(order(active)));
                app.toast_with_undo(app.words().saved(), undo);
                onclose.emit(());
            });
        })
    };
    let has = |field: &str| kind.fields().contains(&field);
    let title = match &*before {
        Some(fixture) => words.edit_thing(&fixture.details.name),
        None => add(words, kind).to_string(),
    };
    html! {
        <Dialog {title} onclose={props.onclose.clone()}>
            <form class="form" {onsubmit} novalidate=true>
                <Field id="fixture-name" label={words.name()} value={(*name).clone()} oninput={bind(&name)} autofocus=true
                    error={(*is_checked && name.trim().is_empty()).then(|| words.fail_needed())} />
                if has("model") { <Field id="fixture-model" label={words.model()} value={(*model).clone()} oninput={bind(&model)} optional=true /> }
                if has("address") {
                    <Field id="fixture-address" label={words.network_address()} value={(*address).clone()} oninput={bind(&address)} optional=true />
                }
                if has("serial") { <Field id="fixture-serial" label={words.serial()} value={(*serial).clone()} oninput={bind(&serial)} optional=true /> }
                if has("place") { <Field id="fixture-place" label={words.place()} value={(*place).clone()} oninput={bind(&place)} optional=true /> }
                <Field id="fixture-note" label={words.note()} value={(*note).clone()} oninput={bind(&note)} optional=true />
                <FailureNote failure={act.failure.clone()} />
                <div class="actions">
                    <Button label={words.save()} look={Look::Primary} submit=true busy={act.is_busy} />
                    if let Some(fixture) = &*before {
                        <Button label={if fixture.active { words.take_out_of_use() } else { words.put_into_use() }} look={Look::Quiet}
                            busy={act.is_busy} onclick={set_active} />
                    }
                </div>
            </form>
        </Dialog>
    }
}
