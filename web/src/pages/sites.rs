//! Sites: search and filter (their state is the address), and the list.

use crdt_model::capability::{Capability, Scope};
use crdt_model::phone::Phone;
use serde::{Deserialize, Serialize};
use yew::prelude::*;
use yew_router::prelude::*;

use crate::components::{
    Button, Chip, Empty, Failed, Field, Glyph, Icon, Look, Select, Skeleton, Tap, Tone,
};
use crate::hooks::{Load, use_app, use_filters, use_query};
use crate::protocol::{Answer, Query, Session, SiteRow};
use crate::route::Route;

/// Sites are added for the whole organisation.
pub fn may_add(session: &Session) -> bool {
    session.grants.iter().any(|grant| {
        grant.scope == Scope::Organisation
            && grant.role.capabilities().contains(&Capability::SitesManage)
    })
}

/// The filters as the address has them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Filters {
    #[serde(skip_serializing_if = "String::is_empty")]
    q: String,
    /// `active`, `inactive`, or both.
    #[serde(skip_serializing_if = "String::is_empty")]
    state: String,
}

impl Filters {
    fn keeps(&self, row: &SiteRow) -> bool {
        let site = &row.site;
        let state = match self.state.as_str() {
            "active" => site.active,
            "inactive" => !site.active,
            _ => true,
        };
        let wanted = self.q.trim().to_lowercase();
        let texts = [
            Some(site.name.as_str()),
            site.place.as_deref(),
            site.zone.as_deref(),
            site.contact.as_deref(),
            site.phone.as_ref().map(Phone::as_str),
        ];
        state
            && texts
                .into_iter()
                .flatten()
                .any(|text| text.to_lowercase().contains(&wanted))
    }
}

#[component]
pub fn SitesPage() -> Html {
    let app = use_app();
    let words = app.words();
    let filters = use_filters::<Filters>(Route::Sites);
    let load = use_query(Some(Query::Sites));
    let can_add = app.session().is_some_and(|session| may_add(&session));
    let states = vec![
        ("".into(), words.active_and_inactive().into()),
        ("active".into(), words.active_only().into()),
        ("inactive".into(), words.inactive_only().into()),
    ];
    let body = match &load {
        Load::Waiting => html! { <Skeleton /> },
        Load::Failed(failure) => html! { <Failed failure={failure.clone()} /> },
        Load::Ready(answer) => match &**answer {
            Answer::Sites(sites) if sites.is_empty() => html! {
                <Empty glyph={Glyph::MapPin} title={words.sites_empty()} hint={words.sites_empty_hint()}>
                    if can_add { <Tap to={Route::NewSite} label={words.add_site()} glyph={Glyph::Plus} look={Look::Primary} /> }
                </Empty>
            },
            Answer::Sites(sites) => {
                let found: Vec<&SiteRow> = sites.iter().filter(|row| filters.keeps(row)).collect();
                let count = u64::try_from(found.len()).unwrap_or(u64::MAX);
                html! {
                    <>
                        <p class="summary" role="status" data-testid="sites-count">{ words.sites_count(count) }</p>
                        <ul class="rows" data-testid="sites">
                            { for found.iter().map(|row| html! { <Row key={row.site.id.to_string()} row={(*row).clone()} /> }) }
                        </ul>
                        if found.is_empty() {
                            <Empty glyph={Glyph::Search} title={words.sites_none_match()}><Button label={words.clear_filters()} onclick={filters.clear()} /></Empty>
                        }
                    </>
                }
            }
            _ => Html::default(),
        },
    };
    html! {
        <>
            <div class="page-head">
                <h1>{ words.sites() }</h1>
                if can_add { <Tap to={Route::NewSite} label={words.add_site()} glyph={Glyph::Plus} look={Look::Primary} /> }
            </div>
            <div class="filters" role="search">
                <Field id="sites-search" kind="search" label={words.search_sites()} inside_label=true value={filters.q.clone()}
                    oninput={filters.change(|filters, text| filters.q = text)} />
                <Select id="sites-state" label={words.state()} hidden_label=true value={filters.state.clone()}
                    options={states} onchange={filters.change(|filters, state| filters.state = state)} />
            </div>
            { body }
        </>
    }
}

#[derive(Properties, PartialEq)]
struct RowProps {
    row: SiteRow,
}

#[component]
fn Row(props: &RowProps) -> Html {
    let words = use_app().words();
    let row = &props.row;
    let site = &row.site;
    let place: Vec<&str> = [site.place.as_deref(), site.zone.as_deref()]
        .into_iter()
        .flatten()
        .collect();
    html! {
        <li>
            <Link<Route> to={Route::Site { site: site.id }} classes="row">
                <span class="row-main">
                    <strong>{ &site.name }</strong>
                    if !place.is_empty() { <span class="muted">{ place.join(", ") }</span> }
                    <span class="muted">
                        { [words.people_count(row.staff), words.routers_count(row.routers), words.access_points_count(row.access_points)].join(" · ") }
                    </span>
                </span>
                if site.active { <Chip tone={Tone::Safe} label={words.active()} /> }
                else { <Chip tone={Tone::Plain} label={words.inactive_site()} /> }
                <Icon glyph={Glyph::ChevronRight} />
            </Link<Route>>
        </li>
    }
}
