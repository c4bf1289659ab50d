//! Clients: search and filters (their state is the address), and the list.

pub mod edit;
pub mod import;
pub mod one;

use crdt_model::client::Standing;
use crdt_model::client::index::{ClientFilter, ClientSort};
use serde::{Deserialize, Serialize};
use yew::prelude::*;

use crate::components::{
    Button, Empty, Field, FilterChip, FilterChips, Glyph, List, Look, Page, Pages, Select, Table,
    Tap, Tone, VirtualRows, chip, use_pages, with_first,
};
use crate::format;
use crate::hooks::{App, use_app, use_filters};
use crate::i18n::Words;
use crate::protocol::{Answer, ClientView, ClientsView, Query};
use crate::route::Route;

/// What the address says after `?`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Filters {
    #[serde(skip_serializing_if = "String::is_empty")]
    q: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    site: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    agent: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    state: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    sort: String,
}

impl Filters {
    fn to_filter(&self, app: &App) -> ClientFilter {
        ClientFilter {
            site: self.site.parse().ok(),
            owner: self.agent.parse().ok(),
            standing: STANDINGS
                .into_iter()
                .find(|standing| standing_code(*standing) == self.state),
            search: self.q.trim().to_string(),
            sort: ClientSort::ALL
                .into_iter()
                .find(|sort| sort_code(*sort) == self.sort)
                .unwrap_or_default(),
            today: app.zone().today(app.now()),
        }
    }
}

/// The list of clients, for [`VirtualRows`].
#[derive(Debug, Clone, PartialEq)]
struct ClientList(ClientFilter);

impl List for ClientList {
    type Figures = ClientsView;

    fn query(&self, offset: u32, limit: u32) -> Query {
        Query::Clients {
            filter: self.0.clone(),
            offset,
            limit,
        }
    }

    fn page(answer: Answer) -> Option<Page<Self>> {
        let Answer::Clients(view) = answer else {
            return None;
        };
        let mut figures = view.open();
        Some(Page {
            count: figures.count,
            rows: std::mem::take(&mut figures.rows),
            figures,
        })
    }
}

impl Table for ClientList {
    type Row = ClientView;

    fn key(client: &ClientView) -> String {
        client.id.to_string()
    }

    fn route(client: &ClientView) -> Option<Route> {
        Some(Route::Client { client: client.id })
    }

    fn head(app: &App) -> Html {
        let words = app.words();
        html! {
            <>
                <span>{ words.name() }</span><span>{ words.phone() }</span><span>{ words.site() }</span>
                <span>{ words.latest_purchase() }</span><span>{ words.expires_on() }</span><span>{ words.state() }</span>
            </>
        }
    }

    fn cells(app: &App, client: &ClientView) -> Html {
        let words = app.words();
        let today = app.zone().today(app.now());
        let phone = client
            .phone
            .as_ref()
            .map(|phone| format::phone(phone, app.currency()));
        html! {
            <>
                <strong class="client-name">{ &client.name }</strong>
                <span class="client-phone">{ phone }</span>
                <span class="client-site">{ app.site_name(client.site) }</span>
                <span class="client-bought">{ client.last_purchase.map(|at| app.when_short(at)) }</span>
                <span class="client-until">{ client.expires_on.map(|date| words.until(&format::day(words, date, today))) }</span>
                <span class="client-state">{ standing_chip(words, client.standing(today)) }</span>
            </>
        }
    }
}

/// What can be asked for, beside all.
const STANDINGS: [Standing; 4] = [
    Standing::Expiring,
    Standing::Expired,
    Standing::Running,
    Standing::Off,
];

const fn standing_code(standing: Standing) -> &'static str {
    match standing {
        Standing::Open => "open",
        Standing::Running => "running",
        Standing::Expiring => "expiring",
        Standing::Expired => "expired",
        Standing::Off => "off",
    }
}

const fn sort_code(sort: ClientSort) -> &'static str {
    match sort {
        ClientSort::Name => "",
        ClientSort::Expiry => "expiry",
        ClientSort::LastPurchase => "bought",
        ClientSort::Newest => "newest",
    }
}

fn sort_name(words: Words, sort: ClientSort) -> &'static str {
    match sort {
        ClientSort::Name => words.sort_name(),
        ClientSort::Expiry => words.sort_expiry(),
        ClientSort::LastPurchase => words.sort_last_purchase(),
        ClientSort::Newest => words.sort_newest(),
    }
}

fn standing_name(words: Words, standing: Standing) -> &'static str {
    match standing {
        Standing::Open => words.client_open(),
        Standing::Running => words.client_running(),
        Standing::Expiring => words.client_expiring(),
        Standing::Expired => words.client_expired(),
        Standing::Off => words.client_off(),
    }
}

/// How the service stands, in words; nothing where nothing ends.
pub fn standing_chip(words: Words, standing: Standing) -> Html {
    let tone = match standing {
        Standing::Open => return Html::default(),
        Standing::Running => Tone::Safe,
        Standing::Expiring => Tone::Attention,
        Standing::Expired => Tone::Danger,
        Standing::Off => Tone::Plain,
    };
    chip(
        tone,
        standing_name(words, standing),
        Some("standing".into()),
    )
}

#[component]
pub fn ClientsPage() -> Html {
    let app = use_app();
    let words = app.words();
    let filters = use_filters::<Filters>(Route::Clients);
    let Pages { figures, hear } = use_pages::<ClientList>();
    let view = figures.as_deref();
    let sites: Vec<(AttrValue, AttrValue)> = app.session().map_or_else(Vec::new, |session| {
        session
            .sites
            .iter()
            .map(|site| (site.id.to_string().into(), site.name.clone().into()))
            .collect()
    });
    let owners: Vec<(AttrValue, AttrValue)> = view.map_or_else(Vec::new, |view| {
        view.owners
            .iter()
            .map(|(id, name)| (id.to_string().into(), name.clone().into()))
            .collect()
    });
    let filter_chip = |code, name| FilterChip {
        code,
        name,
        count: None,
    };
    let mut chips = vec![filter_chip("", words.all_clients())];
    chips.extend(
        STANDINGS
            .map(|standing| filter_chip(standing_code(standing), standing_name(words, standing))),
    );
    let sorts = ClientSort::ALL
        .map(|sort| (sort_code(sort).into(), sort_name(words, sort).into()))
        .to_vec();
    let may_import = app
        .session()
        .is_some_and(|session| Route::ImportClients.is_open_to(&session));
    let add = html! { <Tap to={Route::NewClient} label={words.register_client()} glyph={Glyph::Plus} look={Look::Primary} /> };
    let empty = if filters.is_clear() {
        html! { <Empty glyph={Glyph::User} title={words.clients_empty()} hint={words.clients_empty_hint()}>{ add.clone() }</Empty> }
    } else {
        html! {
            <Empty glyph={Glyph::Search} title={words.clients_none_match()}>
                <Button label={words.clear_filters()} onclick={filters.clear()} />
            </Empty>
        }
    };
    let list = ClientList(filters.to_filter(&app));
    html! {
        <>
            <div class="page-head"><h1>{ words.clients() }</h1><div class="actions">
                if may_import { <Tap to={Route::ImportClients} label={words.import_clients()} glyph={Glyph::Upload} look={Look::Plain} /> }
                { add }
            </div></div>
            <div class="filters" role="search">
                <Field id="clients-search" kind="search" label={words.search_clients()} inside_label=true value={filters.q.clone()}
                    oninput={filters.change(|filters, text| filters.q = text)} />
                if sites.len() > 1 || !filters.site.is_empty() {
                    <Select id="site" label={words.site()} hidden_label=true value={filters.site.clone()}
                        options={with_first(words.all_sites(), sites)} onchange={filters.change(|filters, site| filters.site = site)} />
                }
                if owners.len() > 1 || !filters.agent.is_empty() {
                    <Select id="agent" label={words.agent()} hidden_label=true value={filters.agent.clone()}
                        options={with_first(words.all_agents(), owners)} onchange={filters.change(|filters, agent| filters.agent = agent)} />
                }
                <Select id="sort" label={words.sort_by()} hidden_label=true value={filters.sort.clone()}
                    options={sorts} onchange={filters.change(|filters, sort| filters.sort = sort)} />
            </div>
            <FilterChips label={words.state()} {chips} chosen={filters.state.clone()} onchoose={filters.change(|filters, state| filters.state = state)} />
            if let Some(view) = view.filter(|view| view.count > 0) {
                <p class="summary" role="status" data-testid="clients-count">{ words.clients_count(view.count) }</p>
            }
            <VirtualRows<ClientList> class="list-clients" label={words.clients()} testid="clients" {list} {hear} {empty} />
        </>
    }
}
