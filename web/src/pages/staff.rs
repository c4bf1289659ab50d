//! The people who work here: search and filters (their state is the address), the list, open invitations.

use std::rc::Rc;

use crdt_model::capability::{Capability, Grant, Role, Scope};
use crdt_model::ids::{PersonId, SiteId};
use serde::{Deserialize, Serialize};
use yew::prelude::*;

use crate::components::badge::role_name;
use crate::components::{
    Button, Chip, Empty, Failed, FewRows, Field, Glyph, Look, RoleBadge, Select, Skeleton, Table,
    Tap, Tone, with_first,
};
use crate::hooks::{App, Load, use_app, use_filters, use_query};
use crate::protocol::{Answer, Query, StaffView};
use crate::route::Route;

mod invites;

/// `Agent · Mwenge`, or the role alone for the whole organisation.
pub fn grant_name(app: &App, grant: Grant) -> String {
    let words = app.words();
    let role = role_name(words, grant.role);
    match place_of(app, grant) {
        Some(site) => words.role_at(role, &site),
        None => role.to_string(),
    }
}

/// The name of the site a role is limited to.
pub fn place_of(app: &App, grant: Grant) -> Option<String> {
    match grant.scope {
        Scope::Organisation => None,
        Scope::Site(site) => app.site_name(site),
    }
}

/// The filters as the address has them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Filters {
    #[serde(skip_serializing_if = "String::is_empty")]
    q: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    role: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    site: String,
    /// `active`, `inactive`, or both.
    #[serde(skip_serializing_if = "String::is_empty")]
    state: String,
}

impl Filters {
    fn keeps(&self, app: &App, person: &StaffView) -> bool {
        let state = match self.state.as_str() {
            "active" => person.active,
            "inactive" => !person.active,
            _ => true,
        };
        let role = Role::from_code(&self.role)
            .is_none_or(|role| person.grants.iter().any(|grant| grant.role == role));
        let site = self.site.parse::<SiteId>().map_or(true, |site| {
            person.grants.iter().any(|grant| grant.scope.covers(site))
        });
        state && role && site && self.finds(app, person)
    }

    /// By name, phone, or a role's word.
    fn finds(&self, app: &App, person: &StaffView) -> bool {
        let wanted = self.q.trim().to_lowercase();
        if wanted.is_empty() || person.name.to_lowercase().contains(&wanted) {
            return true;
        }
        let digits: String = wanted.chars().filter(char::is_ascii_digit).collect();
        // 0712… is written +255712… in the record.
        let digits = digits.trim_start_matches('0');
        let by_phone = digits.len() >= 3
            && person
                .phone
                .as_ref()
                .is_some_and(|phone| phone.contains(digits));
        by_phone
            || person
                .grants
                .iter()
                .any(|grant| grant_name(app, *grant).to_lowercase().contains(&wanted))
    }
}

#[component]
pub fn StaffPage() -> Html {
    let app = use_app();
    let words = app.words();
    let filters = use_filters::<Filters>(Route::Staff);
    let load = use_query(Some(Query::Staff));
    let may_add = app
        .session()
        .is_some_and(|session| session.may(Capability::StaffManage));
    let roles = Role::ALL
        .map(|role| (role.code().into(), role_name(words, role).into()))
        .to_vec();
    let sites: Vec<(AttrValue, AttrValue)> = app
        .session()
        .map(|session| {
            let all = session.sites.iter().chain(&session.closed_sites);
            all.map(|site| (site.id.to_string().into(), site.name.clone().into()))
                .collect()
        })
        .unwrap_or_default();
    let states = vec![
        ("active".into(), words.active_only().into()),
        ("inactive".into(), words.inactive_only().into()),
    ];
    let mut everybody: Vec<StaffView> = Vec::new();
    let body = match &load {
        Load::Waiting => html! { <Skeleton /> },
        Load::Failed(failure) => html! { <Failed failure={failure.clone()} /> },
        Load::Ready(answer) => match &**answer {
            Answer::Staff(people) => {
                everybody.clone_from(people);
                let found: Vec<Rc<StaffView>> = people
                    .iter()
                    .filter(|person| filters.keeps(&app, person))
                    .map(|person| Rc::new(person.clone()))
                    .collect();
                let is_none = found.is_empty();
                html! {
                    <>
                        <p class="summary" role="status" data-testid="staff-count">{ words.people_count(count(found.len())) }</p>
                        if !is_none { <FewRows<People> class="list-staff" label={words.staff()} testid="staff" rows={found} /> }
                        if is_none {
                            <Empty glyph={Glyph::Search} title={words.staff_none_match()}><Button label={words.clear_filters()} onclick={filters.clear()} /></Empty>
                        } else if people.len() < 2 {
                            <Empty glyph={Glyph::Users} title={words.staff_empty()} hint={words.staff_empty_hint()} />
                        }
                    </>
                }
            }
            _ => Html::default(),
        },
    };
    let name_of = move |id: PersonId| {
        let found = everybody.iter().find(|person| person.person == id);
        found.map(|person| person.name.clone())
    };
    html! {
        <>
            <div class="page-head">
                <h1>{ words.staff() }</h1>
                if may_add { <Tap to={Route::NewPerson} label={words.add_person()} glyph={Glyph::Plus} look={Look::Primary} /> }
            </div>
            <div class="filters" role="search">
                <Field id="staff-search" kind="search" label={words.search_staff()} inside_label=true value={filters.q.clone()}
                    oninput={filters.change(|filters, text| filters.q = text)} />
                <Select id="staff-role" label={words.role()} hidden_label=true value={filters.role.clone()}
                    options={with_first(words.all_roles(), roles)} onchange={filters.change(|filters, role| filters.role = role)} />
                <Select id="staff-site" label={words.site()} hidden_label=true value={filters.site.clone()}
                    options={with_first(words.all_sites(), sites)} onchange={filters.change(|filters, site| filters.site = site)} />
                <Select id="staff-state" label={words.state()} hidden_label=true value={filters.state.clone()}
                    options={with_first(words.active_and_inactive(), states)} onchange={filters.change(|filters, state| filters.state = state)} />
            </div>
            { body }
            if may_add { <invites::OpenInvites {name_of} /> }
        </>
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// The people, for [`FewRows`].
#[derive(PartialEq)]
struct People;

impl Table for People {
    type Row = StaffView;

    fn key(person: &StaffView) -> String {
        person.person.to_string()
    }

    fn route(person: &StaffView) -> Option<Route> {
        Some(Route::Person {
            person: person.person,
        })
    }

    fn head(app: &App) -> Html {
        let words = app.words();
        html! {
            <><span>{ words.name() }</span><span>{ words.roles() }</span><span>{ words.phone() }</span><span>{ words.state() }</span></>
        }
    }

    fn cells(app: &App, person: &StaffView) -> Html {
        let words = app.words();
        html! {
            <>
                <strong class="staff-name">{ &person.name }{ if person.is_me { format!(" ({})", words.you()) } else { String::new() } }</strong>
                <span class="staff-roles badges">
                    { for person.grants.iter().map(|grant| html! {
                        <RoleBadge key={grant.to_string()} role={grant.role} at={place_of(app, *grant).map(AttrValue::from)} />
                    }) }
                    if person.grants.is_empty() { <span class="muted">{ words.no_roles() }</span> }
                </span>
                <span class="staff-phone">{ person.phone.clone().unwrap_or_default() }</span>
                <span class="staff-state">
                    if person.active { <Chip tone={Tone::Safe} label={words.active()} /> }
                    else { <Chip tone={Tone::Plain} label={words.inactive()} /> }
                </span>
            </>
        }
    }
}
