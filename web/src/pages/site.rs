//! One site: what it is, who works there, what stands there; and adding one.

use crdt_model::contested::Contested;
use crdt_model::fixture::{FixtureId, FixtureKind};
use crdt_model::ids::SiteId;
use crdt_model::site::SiteDetails;
use yew::prelude::*;
use yew_router::prelude::*;

use crate::components::failure::FailureNote;
use crate::components::{
    Button, Chip, ContestedNote, Empty, Failed, Glyph, Icon, Look, RoleBadge, Skeleton, Tap, Tone,
};
use crate::hooks::form::set;
use crate::hooks::{App, Load, use_act, use_app, use_query};
use crate::protocol::{Answer, Order, Query, SiteView};
use crate::route::Route;

mod fixtures;
mod form;

#[component]
pub fn NewSitePage() -> Html {
    let app = use_app();
    let words = app.words();
    let navigator = use_navigator();
    let act = use_act();
    let onsave = {
        let (app, act) = (app.clone(), act.clone());
        Callback::from(move |details: SiteDetails| {
            let (app, navigator) = (app.clone(), navigator.clone());
            act.order(Order::NewSite(details), move |answer| {
                app.toast(app.words().site_added());
                let id = match answer {
                    Answer::Made { id } => id.parse().ok(),
                    _ => None,
                };
                if let Some(navigator) = &navigator {
                    navigator.push(&id.map_or(Route::Sites, |site| Route::Site { site }));
                }
            });
        })
    };
    html! {
        <div class="narrow">
            <div class="page-head">
                <h1>{ words.add_site() }</h1>
                <Tap to={Route::Sites} label={words.sites()} glyph={Glyph::ArrowLeft} look={Look::Quiet} />
            </div>
            <form::SiteForm label={words.add_site()} busy={act.is_busy} failure={act.failure.clone()} {onsave} />
        </div>
    }
}

#[derive(Properties, PartialEq)]
pub struct SitePageProps {
    pub site: SiteId,
}

#[component]
pub fn SitePage(props: &SitePageProps) -> Html {
    let words = use_app().words();
    let load = use_query(Some(Query::Site { site: props.site }));
    let body = match &load {
        Load::Waiting => html! { <Skeleton rows=3 /> },
        Load::Failed(failure) => html! { <Failed failure={failure.clone()} /> },
        Load::Ready(answer) => match &**answer {
            Answer::Site(Some(view)) => html! { <Site view={(**view).clone()} /> },
            _ => html! { <Empty glyph={Glyph::MapPin} title={words.fail_no_site()} /> },
        },
    };
    html! {
        <div class="narrow">
            <div class="page-head"><Tap to={Route::Sites} label={words.sites()} glyph={Glyph::ArrowLeft} look={Look::Quiet} /></div>
            { body }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct SiteProps {
    view: SiteView,
}

#[component]
fn Site(props: &SiteProps) -> Html {
    let app = use_app();
    let words = app.words();
    let is_editing = use_state(|| false);
    let view = &props.view;
    let site = &view.site;
    html! {
        <>
            <div class="page-head">
                <h1>{ &site.name }</h1>
                if site.active { <Chip tone={Tone::Safe} label={words.active()} testid="standing" /> }
                else { <Chip tone={Tone::Plain} label={words.inactive_site()} testid="standing" /> }
                if view.can_edit && !*is_editing {
                    <Button label={words.edit()} glyph={Glyph::Pencil} onclick={set(&is_editing, true)} />
                }
            </div>
            { for view.contested.iter().map(|field| html! {
                <ContestedNote key={field.key.clone()} field={field.clone()} label={field_name(&app, view, field)} can_choose={view.can_edit} />
            }) }
            if *is_editing { <Edit view={view.clone()} onclose={set(&is_editing, false)} /> }
            else { <Details view={view.clone()} /> }
            <section class="card-box">
                <h2>{ words.responsible() }</h2>
                if view.staff.is_empty() { <p class="muted">{ words.responsible_empty() }</p> }
                <ul class="rows" data-testid="site-staff">
                    { for view.staff.iter().map(|person| html! {
                        <li class="row" key={person.person.to_string()}>
                            <span class="row-main">
                                <strong>{ &person.name }</strong>
                                <span class="badges">{ for person.roles.iter().map(|role| html! { <RoleBadge key={role.code()} role={*role} /> }) }</span>
                            </span>
                        </li>
                    }) }
                </ul>
            </section>
            if view.sees_office {
                { for FixtureKind::ALL.map(|kind| html! { <fixtures::Fixtures key={kind.noun()} view={view.clone()} {kind} /> }) }
            }
            if view.can_edit { <Standing view={view.clone()} /> }
        </>
    }
}

fn field_name(app: &App, view: &SiteView, field: &Contested) -> String {
    let words = app.words();
    let name = match field.field() {
        "name" => words.name(),
        "place" => words.place(),
        "zone" => words.zone(),
        "contact" => words.contact_person(),
        "phone" => words.phone(),
        "active" => words.active(),
        "latitude" => words.latitude(),
        "longitude" => words.longitude(),
        "notes" | "note" => words.note(),
        "model" => words.model(),
        "address" => words.network_address(),
        "serial" => words.serial(),
        other => other,
    };
    let fixture = field
        .key
        .rsplit_once('/')
        .and_then(|(id, _)| FixtureId::from_prefix(id))
        .and_then(|id| view.fixtures.iter().find(|fixture| fixture.id == id));
    match fixture {
        Some(fixture) => format!("{} · {name}", fixture.details.name),
        None => name.to_string(),
    }
}

#[component]
fn Details(props: &SiteProps) -> Html {
    let words = use_app().words();
    let details = &props.view.details;
    let line = |label: &str, text: Option<&String>| {
        text.map(|text| html! { <><dt>{ label }</dt><dd>{ text }</dd></> })
    };
    let is_empty = *details
        == SiteDetails {
            name: details.name.clone(),
            ..SiteDetails::default()
        };
    html! {
        <section class="card-box" data-testid="site-details">
            if is_empty { <p class="muted">{ words.site_no_details() }</p> }
            <dl class="facts">
                { for line(words.place(), details.place.as_ref()) }
                { for line(words.zone(), details.zone.as_ref()) }
                { for line(words.contact_person(), details.contact.as_ref()) }
                if let Some(phone) = &details.phone {
                    <dt>{ words.phone() }</dt><dd><a class="link-line" href={format!("tel:{phone}")}>{ phone.to_string() }</a></dd>
                }
                if let Some(position) = details.position {
                    <dt>{ words.position() }</dt>
                    <dd>
                        { format!("{}, {} ", position.latitude_text(), position.longitude_text()) }
                        <a class="link-line" target="_blank" rel="noopener noreferrer" data-testid="map-link" href={format!(
                            "https://www.openstreetmap.org/?mlat={lat}&mlon={lon}#map=17/{lat}/{lon}",
                            lat = position.latitude_text(), lon = position.longitude_text(),
                        )}>{ words.open_map() }</a>
                    </dd>
                }
                { for line(words.note(), details.notes.as_ref()) }
            </dl>
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct EditProps {
    view: SiteView,
    onclose: Callback<()>,
}

#[component]
fn Edit(props: &EditProps) -> Html {
    let app = use_app();
    let words = app.words();
    let act = use_act();
    // What the form was opened with: a change that arrives meanwhile is not undone by saving.
    let before = use_state(|| props.view.details.clone());
    let onsave = {
        let (app, act, before, onclose) = (
            app.clone(),
            act.clone(),
            before.clone(),
            props.onclose.clone(),
        );
        let site = props.view.site.id;
        Callback::from(move |to: SiteDetails| {
            let (app, onclose) = (app.clone(), onclose.clone());
            let order = Order::EditSite {
                site,
                from: (*before).clone(),
                to,
            };
            act.order(order, move |_| {
                app.toast(app.words().saved());
                onclose.emit(());
            });
        })
    };
    html! {
        <section class="card-box">
            <form::SiteForm details={(*before).clone()} label={words.save()} busy={act.is_busy} failure={act.failure.clone()} {onsave} />
            <Button label={words.cancel()} look={Look::Quiet} onclick={props.onclose.clone()} />
        </section>
    }
}

/// Active or not. There is a way back, so nobody is asked twice.
#[component]
fn Standing(props: &SiteProps) -> Html {
    let app = use_app();
    let words = app.words();
    let act = use_act();
    let site = &props.view.site;
    let id = site.id;
    let set_active = |active: bool| {
        let (app, act, name) = (app.clone(), act.clone(), site.name.clone());
        Callback::from(move |()| {
            let (app, back, name) = (app.clone(), act.clone(), name.clone());
            let order = move |active| Order::SetSiteActive { site: id, active };
            act.order(order(active), move |_| {
                let back = back.clone();
                let undo = Callback::from(move |()| back.undo(order(!active)));
                let words = app.words();
                let text = match active {
                    true => words.activated_site(&name),
                    false => words.deactivated_site(&name),
                };
                app.toast_with_undo(text, undo);
            });
        })
    };
    html! {
        <section class="card-box">
            <FailureNote failure={act.failure.clone()} />
            if site.active {
                <p class="muted">{ words.deactivate_site_consequence() }</p>
                <div class="actions"><Button label={words.deactivate_site()} busy={act.is_busy} onclick={set_active(false)} /></div>
            } else {
                <p class="muted"><Icon glyph={Glyph::TriangleAlert} />{ words.fail_site_closed() }</p>
                <div class="actions"><Button label={words.activate_site()} look={Look::Primary} busy={act.is_busy} onclick={set_active(true)} /></div>
            }
        </section>
    }
}
