//! What a person may do, and where: roles, each for the organisation or for a site.

use crdt_model::capability::{Grant, Role, Scope};
use yew::prelude::*;

use crate::components::badge::role_name;
use crate::components::failure::FailureNote;
use crate::components::{Button, Dialog, Glyph, Look, RoleBadge, Select};
use crate::hooks::form::{bind, set, submit};
use crate::hooks::{App, use_act, use_app};
use crate::pages::staff::{grant_name, place_of};
use crate::protocol::{Order, PersonView};

/// The value of "whole organisation" among the sites.
const EVERYWHERE: &str = "*";

pub fn grant_of(role: &str, place: &str) -> Option<Grant> {
    let scope = match place {
        EVERYWHERE => Scope::Organisation,
        site => Scope::Site(site.parse().ok()?),
    };
    Some(Grant {
        role: Role::from_code(role)?,
        scope,
    })
}

fn place_value(scope: Scope) -> String {
    match scope {
        Scope::Organisation => EVERYWHERE.into(),
        Scope::Site(site) => site.to_string(),
    }
}

/// The role most people here have, where the person works now, if one may give it there.
pub fn first_choice(app: &App, grantable: &[Grant]) -> (String, String) {
    let here = app.site().map(Scope::Site);
    let rank = |grant: &&Grant| (grant.role != Role::Agent, Some(grant.scope) != here);
    grantable
        .iter()
        .min_by_key(rank)
        .map(|grant| (grant.role.code().to_string(), place_value(grant.scope)))
        .unwrap_or_default()
}

#[derive(Properties, PartialEq)]
pub struct RoleFieldsProps {
    pub grantable: Vec<Grant>,
    pub role: String,
    pub place: String,
    pub onrole: Callback<String>,
    pub onplace: Callback<String>,
}

/// Only roles that one may give are offered, and only places where one may give the chosen one.
#[component]
pub fn RoleFields(props: &RoleFieldsProps) -> Html {
    let app = use_app();
    let words = app.words();
    let roles: Vec<(AttrValue, AttrValue)> = Role::ALL
        .into_iter()
        .filter(|role| props.grantable.iter().any(|grant| grant.role == *role))
        .map(|role| (role.code().into(), role_name(words, role).into()))
        .collect();
    let of_role = |code: &str| {
        let role = Role::from_code(code);
        let scopes = props
            .grantable
            .iter()
            .filter(move |grant| Some(grant.role) == role);
        scopes.map(|grant| grant.scope).collect::<Vec<_>>()
    };
    let scopes = of_role(&props.role);
    let mut places: Vec<(AttrValue, AttrValue)> = scopes
        .iter()
        .filter_map(|scope| match scope {
            Scope::Organisation => None,
            Scope::Site(site) => Some((site.to_string().into(), app.site_name(*site)?.into())),
        })
        .collect();
    if scopes.contains(&Scope::Organisation) {
        places.push((EVERYWHERE.into(), words.whole_organisation().into()));
    }
    // Another role may not be given at the same place.
    let onrole = {
        let (onrole, onplace, place) = (
            props.onrole.clone(),
            props.onplace.clone(),
            props.place.clone(),
        );
        let grantable = props.grantable.clone();
        Callback::from(move |code: String| {
            let role = Role::from_code(&code);
            let mut scopes = grantable
                .iter()
                .filter(|grant| Some(grant.role) == role)
                .map(|grant| place_value(grant.scope));
            if !scopes.clone().any(|scope| scope == place)
                && let Some(first) = scopes.next()
            {
                onplace.emit(first);
            }
            onrole.emit(code);
        })
    };
    html! {
        <div class="pair">
            <Select id="role" label={words.role()} value={props.role.clone()} options={roles} onchange={onrole} />
            <Select id="place" label={words.role_where()} value={props.place.clone()} options={places} onchange={props.onplace.clone()} />
        </div>
    }
}

#[derive(Properties, PartialEq)]
pub struct RolesProps {
    pub view: PersonView,
}

#[component]
pub fn Roles(props: &RolesProps) -> Html {
    let app = use_app();
    let words = app.words();
    let act = use_act();
    let is_adding = use_state(|| false);
    let person = &props.view.staff;
    let id = person.person;
    // What is brought back comes on top of what is given by then.
    let given = use_mut_ref(Vec::new);
    given.borrow_mut().clone_from(&person.grants);
    let remove = |grant: Grant| {
        let (app, act, all, given) = (
            app.clone(),
            act.clone(),
            person.grants.clone(),
            given.clone(),
        );
        Callback::from(move |()| {
            let order = move |grants| Order::SetGrants { person: id, grants };
            let left = all.iter().copied().filter(|known| *known != grant);
            let (app, back, given) = (app.clone(), act.clone(), given.clone());
            act.order(order(left.collect()), move |_| {
                let (back, given) = (back.clone(), given.clone());
                let undo = Callback::from(move |()| {
                    let mut grants = given.borrow().clone();
                    grants.retain(|known| *known != grant);
                    grants.push(grant);
                    back.undo(order(grants));
                });
                app.toast_with_undo(app.words().role_removed(), undo);
            });
        })
    };
    let may_remove =
        |grant: &Grant| person.can_manage && !person.is_me && props.view.grantable.contains(grant);
    html! {
        <section class="card-box">
            <h2>{ words.roles() }</h2>
            <FailureNote failure={act.failure.clone()} />
            <ul class="rows" data-testid="roles">
                { for person.grants.iter().map(|grant| html! {
                    <li class="row" key={grant.to_string()}>
                        <span class="row-main"><span><RoleBadge role={grant.role} at={place_of(&app, *grant).map(AttrValue::from)} /></span></span>
                        if may_remove(grant) {
                            <Button label={words.remove_role(&grant_name(&app, *grant))} glyph={Glyph::X} icon_only=true look={Look::Quiet}
                                busy={act.is_busy} onclick={remove(*grant)} />
                        }
                    </li>
                }) }
            </ul>
            if person.grants.is_empty() { <p class="muted">{ words.no_roles() }</p> }
            if person.can_manage && !props.view.grantable.is_empty() {
                <Button label={words.add_role()} glyph={Glyph::Plus} look={Look::Quiet} onclick={set(&is_adding, true)} />
            }
            if *is_adding { <AddRole view={props.view.clone()} onclose={set(&is_adding, false)} /> }
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct AddRoleProps {
    view: PersonView,
    onclose: Callback<()>,
}

#[component]
fn AddRole(props: &AddRoleProps) -> Html {
    let app = use_app();
    let words = app.words();
    let act = use_act();
    let grantable = &props.view.grantable;
    let first = first_choice(&app, grantable);
    let role = use_state(|| first.0.clone());
    let place = use_state(|| first.1.clone());
    let onsubmit = {
        let (act, person, onclose) = (act.clone(), props.view.staff.clone(), props.onclose.clone());
        let grant = grant_of(&role, &place);
        submit(move || {
            let Some(grant) = grant else { return };
            let mut grants = person.grants.clone();
            if !grants.contains(&grant) {
                grants.push(grant);
            }
            let onclose = onclose.clone();
            let order = Order::SetGrants {
                person: person.person,
                grants,
            };
            act.order(order, move |_| onclose.emit(()));
        })
    };
    html! {
        <Dialog title={words.add_role()} onclose={props.onclose.clone()}>
            <form class="form" {onsubmit} novalidate=true>
                <RoleFields grantable={grantable.clone()} role={(*role).clone()} place={(*place).clone()} onrole={bind(&role)} onplace={bind(&place)} />
                <FailureNote failure={act.failure.clone()} />
                <div class="actions"><Button label={words.add_role()} look={Look::Primary} submit=true busy={act.is_busy} /></div>
            </form>
        </Dialog>
    }
}
