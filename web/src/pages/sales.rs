//! Sales: search and filters (their state is the address), totals, cash by agent, the list.

use std::rc::Rc;

use crdt_model::fact::PaymentMethod;
use crdt_model::ids::PersonId;
use crdt_model::time::Timestamp;
use serde::{Deserialize, Serialize};
use yew::prelude::*;

use crate::components::{
    Amount, Button, Empty, FewRows, Field, Glyph, List, Look, Page, Pages, Select, Table, Tap,
    Tone, VirtualRows, chip, figures, icon, safety_chip, use_pages, with_first,
};
use crate::hooks::{App, use_app, use_filters, use_today};
use crate::i18n::Words;
use crate::protocol::{Answer, Query, SaleView, SalesFilter, SalesView};
use crate::route::Route;

const DAY_MILLIS: i64 = 86_400_000;

pub fn method_name(words: Words, method: PaymentMethod) -> &'static str {
    match method {
        PaymentMethod::Cash => words.cash(),
        PaymentMethod::Mpesa => words.mpesa(),
        PaymentMethod::Bank => words.bank(),
        PaymentMethod::Card => words.card(),
        PaymentMethod::Other => words.other_method(),
    }
}

pub const fn method_glyph(method: PaymentMethod) -> Glyph {
    match method {
        PaymentMethod::Cash => Glyph::Banknote,
        PaymentMethod::Mpesa => Glyph::Smartphone,
        PaymentMethod::Bank => Glyph::Landmark,
        PaymentMethod::Card => Glyph::CreditCard,
        PaymentMethod::Other => Glyph::Ellipsis,
    }
}

/// The filters as the address has them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Filters {
    #[serde(skip_serializing_if = "String::is_empty")]
    q: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    method: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    period: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    person: String,
}

impl Filters {
    fn to_filter(&self, midnight: Timestamp) -> SalesFilter {
        let from = match self.period.as_str() {
            "today" => Some(midnight),
            "week" => Some(midnight.plus_millis(-6 * DAY_MILLIS)),
            "month" => Some(midnight.plus_millis(-29 * DAY_MILLIS)),
            _ => None,
        };
        SalesFilter {
            site: None,
            person: self.person.parse::<PersonId>().ok(),
            method: PaymentMethod::ALL
                .into_iter()
                .find(|method| method.code() == self.method),
            search: self.q.trim().to_string(),
            from,
            until: None,
        }
    }
}

/// The list of sales, for [`VirtualRows`].
#[derive(Debug, Clone, PartialEq)]
struct SalesList(SalesFilter);

impl List for SalesList {
    type Figures = SalesView;

    fn query(&self, offset: u32, limit: u32) -> Query {
        Query::Sales {
            filter: self.0.clone(),
            offset,
            limit,
        }
    }

    fn page(answer: Answer) -> Option<Page<Self>> {
        let Answer::Sales(mut figures) = answer else {
            return None;
        };
        Some(Page {
            count: figures.count,
            rows: std::mem::take(&mut figures.rows),
            figures,
        })
    }
}

impl Table for SalesList {
    type Row = SaleView;

    fn key(sale: &SaleView) -> String {
        sale.id.to_string()
    }

    fn route(sale: &SaleView) -> Option<Route> {
        Some(Route::Sale { sale: sale.id })
    }

    fn head(app: &App) -> Html {
        let words = app.words();
        html! {
            <>
                <span>{ words.time() }</span><span>{ words.receipt() }</span><span>{ words.agent() }</span><span>{ words.package() }</span>
                <span>{ words.client() }</span><span>{ words.method() }</span><span class="right">{ words.total() }</span><span>{ words.state() }</span>
            </>
        }
    }

    fn cells(app: &App, sale: &SaleView) -> Html {
        let words = app.words();
        let is_double = sale.double_sale.is_some();
        html! {
            <>
                <span class="sale-time">{ app.when(sale.at) }</span>
                <span class="sale-receipt">{ &sale.receipt }</span>
                <span class="sale-person">{ &sale.person_name }</span>
                <span class="sale-what">{ packages_of(sale) }</span>
                <span class={classes!("sale-client", is_double.then_some("beside-double"))}>{ sale.client.as_ref().map_or_else(|| words.walk_in().to_string(), |client| client.name.clone()) }</span>
                <span class="sale-method">{ icon(method_glyph(sale.method)) }<span>{ method_name(words, sale.method) }</span></span>
                <span class="amount sale-total">{ figures(sale.total, app.currency()) }</span>
                <span class={classes!("sale-state", is_double.then_some("sale-double"))}>
                    if is_double { { chip(Tone::Danger, words.double_sold(), None) } }
                    { safety_chip(words, sale.safety) }
                </span>
            </>
        }
    }
}

#[component]
pub fn SalesPage() -> Html {
    let app = use_app();
    let words = app.words();
    let filters = use_filters::<Filters>(Route::Sales);
    let today = use_today();
    let Pages { figures, hear } = use_pages::<SalesList>();
    let view = figures.as_deref();
    let agents: Vec<(AttrValue, AttrValue)> = view.map_or_else(Vec::new, |view| {
        view.sellers
            .iter()
            .map(|(person, name)| (person.to_string().into(), name.clone().into()))
            .collect()
    });
    let periods = vec![
        ("today".into(), words.period_today().into()),
        ("week".into(), words.period_week().into()),
        ("month".into(), words.period_month().into()),
    ];
    let methods = PaymentMethod::ALL
        .map(|method| (method.code().into(), method_name(words, method).into()))
        .to_vec();
    let empty = if filters.is_clear() {
        html! { <Empty glyph={Glyph::ReceiptText} title={words.sales_empty()} hint={words.sales_empty_hint()} /> }
    } else {
        html! {
            <Empty glyph={Glyph::Search} title={words.sales_none_match()}>
                <Button label={words.clear_filters()} onclick={filters.clear()} />
            </Empty>
        }
    };
    let may_sell = app
        .session()
        .is_some_and(|session| Route::Sell.is_open_to(&session));
    html! {
        <>
            <div class="page-head">
                <h1>{ words.sales() }</h1>
                if may_sell { <Tap class="desk-only" to={Route::Sell} label={words.sell()} glyph={Glyph::HandCoins} look={Look::Primary} /> }
            </div>
            <div class="filters" role="search">
                <Field id="sales-search" kind="search" label={words.search_sales()} inside_label=true value={filters.q.clone()}
                    oninput={filters.change(|filters, text| filters.q = text)} />
                <Select id="period" label={words.period()} hidden_label=true value={filters.period.clone()}
                    options={with_first(words.period_all(), periods)} onchange={filters.change(|filters, period| filters.period = period)} />
                <Select id="method" label={words.method()} hidden_label=true value={filters.method.clone()}
                    options={with_first(words.all_methods(), methods)} onchange={filters.change(|filters, method| filters.method = method)} />
                if agents.len() > 1 || !(agents.is_empty() || filters.person.is_empty()) {
                    <Select id="agent" label={words.agent()} hidden_label=true value={filters.person.clone()}
                        options={with_first(words.all_agents(), agents)} onchange={filters.change(|filters, person| filters.person = person)} />
                }
            </div>
            if let Some(view) = view.filter(|view| view.count > 0) { <Totals view={view.clone()} /> }
            <VirtualRows<SalesList> class="list-sales" label={words.sales()} testid="sales" list={SalesList(filters.to_filter(today))} {hear} {empty} />
        </>
    }
}

#[derive(Properties, PartialEq)]
struct TotalsProps {
    view: SalesView,
}

#[component]
fn Totals(props: &TotalsProps) -> Html {
    let words = use_app().words();
    let view = &props.view;
    html! {
        <>
            <p class="summary" role="status">
                <span data-testid="sales-count">{ words.sales_count(view.count) }</span>{ " · " }<Amount amount={view.revenue} testid="sales-revenue" />
            </p>
            if !view.cash.is_empty() {
                <details class="card-box" open=true>
                    <summary>{ words.cash_by_agent() }</summary>
                    <ul class="rows" data-testid="cash-by-agent">
                        { for view.cash.iter().map(|row| html! {
                            <li class="row" key={row.person.to_string()}>
                                <span class="row-main"><strong>{ &row.name }</strong><span class="muted">{ words.sales_count(row.sales) }</span></span>
                                <span class="row-end">
                                    <span>{ words.cash() }{ " " }<Amount amount={row.cash} /></span>
                                    <span class="muted">{ words.total() }{ " " }<Amount amount={row.total} /></span>
                                </span>
                            </li>
                        }) }
                    </ul>
                </details>
            }
        </>
    }
}

#[derive(Properties, PartialEq)]
pub struct SaleRowsProps {
    pub sales: Vec<SaleView>,
}

/// A few sales, looking like the list of all of them.
#[component]
pub fn SaleRows(props: &SaleRowsProps) -> Html {
    let words = use_app().words();
    let rows: Vec<Rc<SaleView>> = props.sales.iter().cloned().map(Rc::new).collect();
    html! { <FewRows<SalesList> class="list-sales" label={words.latest_sales()} {rows} /> }
}

/// `1 Week`, or `3 × 1 Week`.
pub fn packages_of(sale: &SaleView) -> String {
    let mut names: Vec<(String, u32)> = Vec::new();
    for line in &sale.lines {
        let name = line
            .package
            .as_ref()
            .map_or_else(|| "?".to_string(), |package| package.details.name.clone());
        match names.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count += 1,
            None => names.push((name, 1)),
        }
    }
    let texts: Vec<String> = names
        .into_iter()
        .map(|(name, count)| {
            if count > 1 {
                format!("{count} × {name}")
            } else {
                name
            }
        })
        .collect();
    texts.join(", ")
}
