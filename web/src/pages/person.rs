//! One member of staff: roles, invitation, active or not; and adding one.

use crdt_model::capability::{Grant, Role, Scope};
use crdt_model::ids::PersonId;
use crdt_model::time::Timestamp;
use yew::prelude::*;
use yew_router::prelude::*;

use super::staff::{grant_name, role_name};
use crate::components::failure::FailureNote;
use crate::components::{
    Button, Chip, Dialog, Empty, Failed, Field, Glyph, Look, Notice, Qr, Select, Skeleton, Tap,
    Tone,
};
use crate::hooks::form::{bind, filled, set, submit};
use crate::hooks::{App, Load, browser, use_act, use_app, use_query};
use crate::protocol::{Answer, Order, Query, Request, StaffView};
use crate::route::Route;

fn staff_of(load: &Load) -> Option<Vec<StaffView>> {
    match load {
        Load::Ready(answer) => match &**answer {
            Answer::Staff(people) => Some(people.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// The value of "whole organisation" among the sites.
const EVERYWHERE: &str = "*";

fn scope_of(value: &str) -> Option<Scope> {
    if value == EVERYWHERE {
        Some(Scope::Organisation)
    } else {
        value.parse().ok().map(Scope::Site)
    }
}

fn grant_of(role: &str, place: &str) -> Option<Grant> {
    Some(Grant {
        role: Role::from_code(role)?,
        scope: scope_of(place)?,
    })
}

/// The role most people here have, where the person works now.
fn first_choice(app: &App, grantable: &[Role]) -> (String, String) {
    let role = if grantable.contains(&Role::Agent) {
        Some(Role::Agent)
    } else {
        grantable.first().copied()
    };
    let place = app
        .site()
        .map_or_else(|| EVERYWHERE.to_string(), |site| site.to_string());
    (
        role.map(|role| role.code().to_string()).unwrap_or_default(),
        place,
    )
}

#[derive(Properties, PartialEq)]
struct RoleFieldsProps {
    grantable: Vec<Role>,
    role: String,
    place: String,
    onrole: Callback<String>,
    onplace: Callback<String>,
}

#[component]
fn RoleFields(props: &RoleFieldsProps) -> Html {
    let app = use_app();
    let words = app.words();
    let roles = props
        .grantable
        .iter()
        .map(|role| (role.code().into(), role_name(words, *role).into()))
        .collect::<Vec<_>>();
    let mut places: Vec<(AttrValue, AttrValue)> = Vec::new();
    if let Some(session) = app.session() {
        places.extend(
            session
                .sites
                .iter()
                .map(|site| (site.id.to_string().into(), site.name.clone().into())),
        );
    }
    places.push((EVERYWHERE.into(), words.whole_organisation().into()));
    html! {
        <div class="pair">
            <Select id="role" label={words.role()} value={props.role.clone()} options={roles} onchange={props.onrole.clone()} />
            <Select id="place" label={words.role_where()} value={props.place.clone()} options={places} onchange={props.onplace.clone()} />
        </div>
    }
}

#[component]
pub fn NewPersonPage() -> Html {
    let words = use_app().words();
    let load = use_query(Some(Query::Staff));
    let grantable = staff_of(&load)
        .and_then(|people| people.into_iter().find(|person| person.is_me))
        .map(|me| me.grantable);
    html! {
        <div class="narrow">
            <div class="page-head">
                <h1>{ words.add_person() }</h1>
                <Tap to={Route::Staff} label={words.staff()} glyph={Glyph::ArrowLeft} look={Look::Quiet} />
            </div>
            if let Load::Failed(failure) = &load { <Failed failure={failure.clone()} /> }
            else if let Some(grantable) = grantable { <NewPerson {grantable} /> }
            else { <Skeleton rows=3 /> }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct NewPersonProps {
    grantable: Vec<Role>,
}

#[component]
fn NewPerson(props: &NewPersonProps) -> Html {
    let app = use_app();
    let words = app.words();
    let navigator = use_navigator();
    let act = use_act();
    let first = first_choice(&app, &props.grantable);
    let name = use_state(String::new);
    let role = use_state(|| first.0.clone());
    let place = use_state(|| first.1.clone());
    let is_checked = use_state(|| false);
    let onsubmit = {
        let (app, act, is_checked) = (app.clone(), act.clone(), is_checked.clone());
        let grants: Vec<Grant> = grant_of(&role, &place).into_iter().collect();
        let name = filled(&name);
        submit(move || {
            is_checked.set(true);
            let Some(name) = name.clone() else { return };
            let (app, navigator) = (app.clone(), navigator.clone());
            act.order(
                Order::AddStaff {
                    name: name.clone(),
                    grants: grants.clone(),
                },
                move |answer| {
                    app.toast(app.words().person_added(&name));
                    let id = match answer {
                        Answer::Made { id } => id.parse().ok(),
                        _ => None,
                    };
                    if let Some(navigator) = &navigator {
                        navigator.push(&id.map_or(Route::Staff, |person| Route::Person { person }));
                    }
                },
            );
        })
    };
    html! {
        <form class="form" {onsubmit} novalidate=true>
            <Field id="name" label={words.name()} value={(*name).clone()} oninput={bind(&name)} autofocus=true
                error={(*is_checked && name.trim().is_empty()).then(|| words.fail_needed())} />
            <RoleFields grantable={props.grantable.clone()} role={(*role).clone()} place={(*place).clone()} onrole={bind(&role)} onplace={bind(&place)} />
            <FailureNote failure={act.failure.clone()} />
            <div class="actions actions-bottom"><Button label={words.add_person()} look={Look::Primary} submit=true busy={act.is_busy} /></div>
        </form>
    }
}

#[derive(Properties, PartialEq)]
pub struct PersonPageProps {
    pub person: PersonId,
}

#[component]
pub fn PersonPage(props: &PersonPageProps) -> Html {
    let words = use_app().words();
    let load = use_query(Some(Query::Staff));
    let person = staff_of(&load).map(|people| {
        people
            .into_iter()
            .find(|person| person.person == props.person)
    });
    html! {
        <div class="narrow">
            <div class="page-head"><Tap to={Route::Staff} label={words.staff()} glyph={Glyph::ArrowLeft} look={Look::Quiet} /></div>
            if let Load::Failed(failure) = &load { <Failed failure={failure.clone()} /> }
            else if let Some(Some(person)) = person { <Person {person} /> }
            else if person.is_some() { <Empty glyph={Glyph::Users} title={words.person_not_found()} /> }
            else { <Skeleton rows=3 /> }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct PersonProps {
    person: StaffView,
}

#[component]
fn Person(props: &PersonProps) -> Html {
    let app = use_app();
    let words = app.words();
    let act = use_act();
    let is_adding = use_state(|| false);
    let is_deactivating = use_state(|| false);
    let person = &props.person;
    let id = person.person;
    let remove = |grant: Grant| {
        let (app, act, all) = (app.clone(), act.clone(), person.grants.clone());
        Callback::from(move |()| {
            let left = all
                .iter()
                .copied()
                .filter(|known| *known != grant)
                .collect();
            let (app, undo_act, all) = (app.clone(), act.clone(), all.clone());
            act.order(
                Order::SetGrants {
                    person: id,
                    grants: left,
                },
                move |_| {
                    let (undo_act, all) = (undo_act.clone(), all.clone());
                    let undo = Callback::from(move |()| {
                        undo_act.order(
                            Order::SetGrants {
                                person: id,
                                grants: all.clone(),
                            },
                            |_| {},
                        );
                    });
                    app.toast_with_undo(app.words().role_removed(), undo);
                },
            );
        })
    };
    let set_active = {
        let (app, act, name, is_open) = (
            app.clone(),
            act.clone(),
            person.name.clone(),
            is_deactivating.clone(),
        );
        Callback::from(move |active: bool| {
            let (app, name, is_open) = (app.clone(), name.clone(), is_open.clone());
            act.order(Order::SetStaffActive { person: id, active }, move |_| {
                let words = app.words();
                app.toast(if active {
                    words.activated(&name)
                } else {
                    words.deactivated(&name)
                });
                is_open.set(false);
            });
        })
    };
    let activate = {
        let set_active = set_active.clone();
        Callback::from(move |()| set_active.emit(true))
    };
    let deactivate = Callback::from(move |()| set_active.emit(false));
    html! {
        <>
            <div class="page-head">
                <h1>{ &person.name }</h1>
                if !person.active { <Chip tone={Tone::Plain} label={words.inactive()} /> }
            </div>
            <FailureNote failure={act.failure.clone()} />
            <section class="card-box">
                <h2>{ words.roles() }</h2>
                <ul class="rows" data-testid="roles">
                    { for person.grants.iter().map(|grant| {
                        let name = grant_name(&app, *grant);
                        html! {
                            <li class="row" key={grant.to_string()}>
                                <span class="row-main">{ &name }</span>
                                if person.can_manage && !person.is_me {
                                    <Button label={words.remove_role(&name)} glyph={Glyph::X} icon_only=true look={Look::Quiet} onclick={remove(*grant)} />
                                }
                            </li>
                        }
                    }) }
                </ul>
                if person.grants.is_empty() { <p class="muted">{ words.no_roles() }</p> }
                if person.can_manage {
                    <Button label={words.add_role()} glyph={Glyph::Plus} look={Look::Quiet} onclick={set(&is_adding, true)} />
                }
            </section>
            if person.can_manage && !person.is_me {
                if person.active { <Invite person={id} name={person.name.clone()} /> }
                <div class="actions">
                    if person.active { <Button label={words.deactivate()} look={Look::Quiet} onclick={set(&is_deactivating, true)} /> }
                    else { <Button label={words.activate()} busy={act.is_busy} onclick={activate} /> }
                </div>
            }
            if *is_adding { <AddRole person={person.clone()} onclose={set(&is_adding, false)} /> }
            if *is_deactivating {
                <Dialog title={words.deactivate_title(&person.name)} onclose={set(&is_deactivating, false)}>
                    <p>{ words.deactivate_consequence(&person.name) }</p>
                    <FailureNote failure={act.failure.clone()} />
                    <div class="actions">
                        <Button label={words.deactivate()} look={Look::Danger} busy={act.is_busy} onclick={deactivate} />
                        <Button label={words.cancel()} look={Look::Quiet} onclick={set(&is_deactivating, false)} />
                    </div>
                </Dialog>
            }
        </>
    }
}

#[derive(Properties, PartialEq)]
struct AddRoleProps {
    person: StaffView,
    onclose: Callback<()>,
}

#[component]
fn AddRole(props: &AddRoleProps) -> Html {
    let app = use_app();
    let words = app.words();
    let act = use_act();
    let first = first_choice(&app, &props.person.grantable);
    let role = use_state(|| first.0.clone());
    let place = use_state(|| first.1.clone());
    let onsubmit = {
        let (act, person, onclose) = (act.clone(), props.person.clone(), props.onclose.clone());
        let grant = grant_of(&role, &place);
        submit(move || {
            let Some(grant) = grant else { return };
            let mut grants = person.grants.clone();
            if !grants.contains(&grant) {
                grants.push(grant);
            }
            let onclose = onclose.clone();
            act.order(
                Order::SetGrants {
                    person: person.person,
                    grants,
                },
                move |_| onclose.emit(()),
            );
        })
    };
    html! {
        <Dialog title={words.add_role()} onclose={props.onclose.clone()}>
            <form class="form" {onsubmit} novalidate=true>
                <RoleFields grantable={props.person.grantable.clone()} role={(*role).clone()} place={(*place).clone()} onrole={bind(&role)} onplace={bind(&place)} />
                <FailureNote failure={act.failure.clone()} />
                <div class="actions"><Button label={words.add_role()} look={Look::Primary} submit=true busy={act.is_busy} /></div>
            </form>
        </Dialog>
    }
}

#[derive(Properties, PartialEq)]
struct InviteProps {
    person: PersonId,
    name: String,
}

/// A one-time link, to be sent or scanned.
#[component]
fn Invite(props: &InviteProps) -> Html {
    let app = use_app();
    let words = app.words();
    let act = use_act();
    let link = use_state(|| None::<(String, Timestamp)>);
    let ask = {
        let (act, link, person) = (act.clone(), link.clone(), props.person);
        Callback::from(move |()| {
            let link = link.clone();
            act.run(Request::Invite { person }, move |answer| {
                if let Answer::InviteLink { path, expires_at } = answer {
                    link.set(Some((format!("{}{path}", browser::origin()), expires_at)));
                }
            });
        })
    };
    let Some((address, expires_at)) = (*link).clone() else {
        return html! {
            <>
                <FailureNote failure={act.failure.clone()} />
                <div class="actions"><Button label={words.invite_link()} glyph={Glyph::Link} look={Look::Primary} busy={act.is_busy} onclick={ask} /></div>
            </>
        };
    };
    let copy = {
        let (app, address) = (app.clone(), address.clone());
        Callback::from(move |()| {
            browser::copy(&address);
            app.toast(app.words().copied());
        })
    };
    let share = {
        let address = address.clone();
        Callback::from(move |()| browser::share(&address))
    };
    html! {
        <section class="card-box invite">
            <h2>{ words.invite_made(&props.name) }</h2>
            <Notice tone={Tone::Plain}>{ words.invite_hint(&app.when(expires_at)) }</Notice>
            <Qr text={address.clone()} label={words.invite_qr()} />
            <p class="link-text" data-testid="invite-link" translate="no">{ &address }</p>
            <div class="actions">
                <Button label={words.copy()} glyph={Glyph::Copy} onclick={copy} />
                if browser::can_share() { <Button label={words.share()} glyph={Glyph::Share2} onclick={share} /> }
            </div>
        </section>
    }
}
