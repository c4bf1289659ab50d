//! Every voucher this device knows at the site: search by code, filters kept in the address, one row a voucher.

use crdt_model::ids::{BatchId, PackageId, PersonId, SiteId};
use crdt_model::voucher::VoucherState;
use serde::{Deserialize, Serialize};
use yew::prelude::*;

use super::vouchers::{holder_text, holder_tone};
use crate::components::status::shape;
use crate::components::{
    Amount, Button, Code, Empty, Field, FilterChip, FilterChips, Glyph, List, Look, Page, Pages,
    Select, Table, Tap, Tone, VirtualRows, chip, figures, use_pages, with_first,
};
use crate::hooks::{App, use_app, use_filters};
use crate::i18n::Words;
use crate::protocol::{Answer, HolderFilter, Query, VoucherFilter, VoucherListView, VoucherRow};
use crate::route::Route;

pub fn state_name(words: Words, state: VoucherState) -> &'static str {
    match state {
        VoucherState::Unused => words.voucher_state_unused(),
        VoucherState::Sold => words.voucher_state_sold(),
        VoucherState::DoubleSold => words.double_sold(),
        VoucherState::Void => words.voucher_state_void(),
    }
}

pub const fn state_tone(state: VoucherState) -> Tone {
    match state {
        VoucherState::Unused | VoucherState::Void => Tone::Plain,
        VoucherState::Sold => Tone::Safe,
        VoucherState::DoubleSold => Tone::Danger,
    }
}

const fn state_code(state: VoucherState) -> &'static str {
    match state {
        VoucherState::Unused => "unused",
        VoucherState::Sold => "sold",
        VoucherState::DoubleSold => "double",
        VoucherState::Void => "void",
    }
}

const STATES: [VoucherState; 4] = [
    VoucherState::Unused,
    VoucherState::Sold,
    VoucherState::DoubleSold,
    VoucherState::Void,
];

const OFFICE: &str = "office";

/// The filters as the address has them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Filters {
    #[serde(skip_serializing_if = "String::is_empty")]
    q: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    state: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    package: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    batch: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    holder: String,
}

impl Filters {
    fn to_filter(&self, site: Option<SiteId>) -> VoucherFilter {
        VoucherFilter {
            site,
            state: STATES
                .into_iter()
                .find(|state| state_code(*state) == self.state),
            package: self.package.parse::<PackageId>().ok(),
            batch: self.batch.parse::<BatchId>().ok(),
            holder: if self.holder == OFFICE {
                Some(HolderFilter::Office)
            } else {
                self.holder
                    .parse::<PersonId>()
                    .ok()
                    .map(HolderFilter::Person)
            },
            search: self.q.trim().to_string(),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
struct Vouchers(VoucherFilter);

impl List for Vouchers {
    type Figures = VoucherListView;

    fn query(&self, offset: u32, limit: u32) -> Query {
        Query::VoucherList {
            filter: self.0.clone(),
            offset,
            limit,
        }
    }

    fn page(answer: Answer) -> Option<Page<Self>> {
        let Answer::VoucherList(view) = answer else {
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

impl Table for Vouchers {
    type Row = VoucherRow;

    fn key(row: &VoucherRow) -> String {
        format!("{}-{}", row.voucher.block, row.voucher.index)
    }

    fn route(row: &VoucherRow) -> Option<Route> {
        Some(Route::Voucher {
            block: row.voucher.block,
            index: row.voucher.index,
        })
    }

    fn head(app: &App) -> Html {
        let words = app.words();
        html! {
            <>
                <span>{ words.voucher_code() }</span><span>{ words.package() }</span><span class="right">{ words.price() }</span>
                <span>{ words.batch() }</span><span>{ words.holder() }</span><span>{ words.state() }</span>
            </>
        }
    }

    fn cells(app: &App, row: &VoucherRow) -> Html {
        let words = app.words();
        html! {
            <>
                <span class="voucher-code">
                    if let Some(code) = &row.code { <Code code={code.clone()} /> }
                    else { <span class="muted">{ words.hidden_code() }</span> }
                </span>
                <span class="voucher-package">{ &row.package_name }</span>
                <span class="amount voucher-price right">{ figures(row.price, app.currency()) }</span>
                <span class="voucher-batch">{ &row.batch_label }</span>
                <span class={classes!("voucher-holder", holder_tone(&row.holder).class())}>
                    <span class="shape" aria-hidden="true">{ shape(holder_tone(&row.holder)) }</span>{ " " }{ holder_text(words, &row.holder) }
                </span>
                <span class="voucher-state">{ chip(state_tone(row.state), state_name(words, row.state), None) }</span>
            </>
        }
    }
}

#[component]
pub fn VoucherListPage() -> Html {
    let app = use_app();
    let words = app.words();
    let filters = use_filters::<Filters>(Route::VoucherList);
    let Pages { figures, hear } = use_pages::<Vouchers>();
    let view = figures.as_deref();
    let choices = view.map(|view| view.choices.clone()).unwrap_or_default();
    let packages: Vec<(AttrValue, AttrValue)> = choices
        .packages
        .iter()
        .map(|(id, name)| (id.to_string().into(), name.clone().into()))
        .collect();
    let batches: Vec<(AttrValue, AttrValue)> = choices
        .batches
        .iter()
        .map(|(id, label)| (id.to_string().into(), label.clone().into()))
        .collect();
    let mut holders: Vec<(AttrValue, AttrValue)> =
        vec![(OFFICE.into(), words.holder_office().into())];
    holders.extend(
        choices
            .people
            .iter()
            .map(|(id, name)| (id.to_string().into(), name.clone().into())),
    );
    let mut chips = vec![FilterChip {
        code: "",
        name: words.all_states(),
        count: None,
    }];
    chips.extend(choices.states.iter().map(|(state, count)| FilterChip {
        code: state_code(*state),
        name: state_name(words, *state),
        count: Some(*count),
    }));
    let empty = if filters.is_clear() {
        html! { <Empty glyph={Glyph::Ticket} title={words.vouchers_empty()} hint={words.vouchers_empty_hint()} /> }
    } else {
        html! {
            <Empty glyph={Glyph::Search} title={words.vouchers_none_match()}>
                <Button label={words.clear_filters()} onclick={filters.clear()} />
            </Empty>
        }
    };
    html! {
        <>
            <div class="page-head">
                <h1>{ words.all_vouchers() }</h1>
                <Tap to={Route::Vouchers} label={words.vouchers()} glyph={Glyph::ArrowLeft} look={Look::Quiet} />
            </div>
            <div class="filters" role="search">
                <Field id="voucher-search" kind="search" label={words.search_codes()} inside_label=true value={filters.q.clone()}
                    oninput={filters.change(|filters, text| filters.q = text)} />
                <Select id="voucher-package" label={words.package()} hidden_label=true value={filters.package.clone()}
                    options={with_first(words.all_packages(), packages)} onchange={filters.change(|filters, value| filters.package = value)} />
                <Select id="voucher-batch" label={words.batch()} hidden_label=true value={filters.batch.clone()}
                    options={with_first(words.all_batches(), batches)} onchange={filters.change(|filters, value| filters.batch = value)} />
                <Select id="voucher-holder" label={words.holder()} hidden_label=true value={filters.holder.clone()}
                    options={with_first(words.all_holders(), holders)} onchange={filters.change(|filters, value| filters.holder = value)} />
            </div>
            <FilterChips label={words.state()} {chips} chosen={filters.state.clone()} onchoose={filters.change(|filters, state| filters.state = state)} />
            <p class="summary" role="status">
                if let Some(view) = view {
                    <span data-testid="voucher-count">{ words.vouchers_count(view.count) }</span>
                    if let Some(value) = view.value { { " · " }<Amount amount={value} testid="voucher-value" /> }
                }
            </p>
            <VirtualRows<Vouchers> class="list-vouchers" label={words.all_vouchers()} testid="voucher-list"
                list={Vouchers(filters.to_filter(app.site()))} {hear} {empty} />
        </>
    }
}
