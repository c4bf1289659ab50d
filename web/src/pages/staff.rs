//! The people who work here.

use crdt_model::capability::{Grant, Role, Scope};
use yew::prelude::*;
use yew_router::prelude::*;

use crate::components::{Chip, Empty, Failed, Glyph, Icon, Look, Skeleton, Tap, Tone};
use crate::hooks::{App, Load, use_app, use_query};
use crate::i18n::Words;
use crate::protocol::{Answer, Query, StaffView};
use crate::route::Route;

pub fn role_name(words: Words, role: Role) -> &'static str {
    match role {
        Role::SuperAdmin => words.role_super_admin(),
        Role::Owner => words.role_owner(),
        Role::Admin => words.role_admin(),
        Role::Manager => words.role_manager(),
        Role::Finance => words.role_finance(),
        Role::Marketing => words.role_marketing(),
        Role::Sales => words.role_sales(),
        Role::Technical => words.role_technical(),
        Role::RecoveryAgent => words.role_recovery_agent(),
        Role::Agent => words.role_agent(),
        Role::Reseller => words.role_reseller(),
    }
}

/// `Agent · Mwenge`, or the role alone for the whole organisation.
pub fn grant_name(app: &App, grant: Grant) -> String {
    let words = app.words();
    let role = role_name(words, grant.role);
    match grant.scope {
        Scope::Organisation => role.to_string(),
        Scope::Site(site) => match app.site_name(site) {
            Some(name) => words.role_at(role, &name),
            None => role.to_string(),
        },
    }
}

#[component]
pub fn StaffPage() -> Html {
    let words = use_app().words();
    let load = use_query(Some(Query::Staff));
    let body = match &load {
        Load::Waiting => html! { <Skeleton /> },
        Load::Failed(failure) => html! { <Failed failure={failure.clone()} /> },
        Load::Ready(answer) => match &**answer {
            Answer::Staff(people) => html! {
                <>
                    <ul class="rows" data-testid="staff">
                        { for people.iter().map(|person| html! { <PersonRow key={person.person.to_string()} person={person.clone()} /> }) }
                    </ul>
                    if people.len() < 2 {
                        <Empty glyph={Glyph::Users} title={words.staff_empty()} hint={words.staff_empty_hint()} />
                    }
                </>
            },
            _ => Html::default(),
        },
    };
    html! {
        <>
            <div class="page-head">
                <h1>{ words.staff() }</h1>
                <Tap to={Route::NewPerson} label={words.add_person()} glyph={Glyph::Plus} look={Look::Primary} />
            </div>
            { body }
        </>
    }
}

#[derive(Properties, PartialEq)]
struct PersonRowProps {
    person: StaffView,
}

#[component]
fn PersonRow(props: &PersonRowProps) -> Html {
    let app = use_app();
    let words = app.words();
    let person = &props.person;
    let roles: Vec<String> = person
        .grants
        .iter()
        .map(|grant| grant_name(&app, *grant))
        .collect();
    html! {
        <li>
            <Link<Route> to={Route::Person { person: person.person }} classes="row">
                <span class="row-main">
                    <strong>{ &person.name }{ if person.is_me { format!(" ({})", words.you()) } else { String::new() } }</strong>
                    <span class="muted">{ if roles.is_empty() { words.no_roles().to_string() } else { roles.join(", ") } }</span>
                </span>
                if !person.active { <Chip tone={Tone::Plain} label={words.inactive()} /> }
                <Icon glyph={Glyph::ChevronRight} />
            </Link<Route>>
        </li>
    }
}
