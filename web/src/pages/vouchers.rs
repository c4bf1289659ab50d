//! Batches and their blocks: who holds what since when, what waits for the office, lease and forced recall.

use std::collections::BTreeSet;

use crdt_model::capability::Capability;
use crdt_model::ids::{BlockId, PersonId, SiteId};
use crdt_model::money::Money;
use serde::{Deserialize, Serialize};
use yew::prelude::*;
use yew_router::prelude::*;

use super::import::undo::{BatchUndo, Unfinished};
use crate::components::{
    Amount, Button, Chip, Empty, Failed, Glyph, Look, Select, Skeleton, Tap, Tone, with_first,
};
use crate::hooks::form::set;
use crate::hooks::{Load, use_app, use_filters, use_query};
use crate::i18n::Words;
use crate::pages::stock::Offers;
use crate::protocol::{Answer, BatchView, BlockView, HolderView, LeavingTo, Query, VouchersView};
use crate::route::Route;

mod actions;
mod block;
mod needs;

use actions::{Chosen, LeaseDialog, RecallDialog};
pub use block::BlockPage;

/// What stands for the office in the filter of holders.
const OFFICE: &str = "office";

#[component]
pub fn VouchersPage() -> Html {
    let app = use_app();
    let words = app.words();
    let site = app.site();
    let load = use_query(site.map(|site| Query::Vouchers { site }));
    let may_import = app
        .session()
        .is_some_and(|session| Route::Import.is_open_to(&session));
    let import = html! {
        if may_import { <Tap to={Route::Import} label={words.import_vouchers()} glyph={Glyph::Upload} look={Look::Primary} /> }
    };
    let body = match (&load, site) {
        (_, None) => {
            html! { <Empty glyph={Glyph::MapPin} title={words.no_site()} hint={words.no_site_hint()} /> }
        }
        (Load::Waiting, _) => html! { <Skeleton /> },
        (Load::Failed(failure), _) => html! { <Failed failure={failure.clone()} /> },
        (Load::Ready(answer), Some(site)) => match &**answer {
            Answer::Vouchers(view) => html! {
                <>
                { for view.unfinished.iter().map(|found| html! {
                    <Unfinished key={found.batch.to_string()} {site} found={found.clone()} />
                }) }
                <Blocks key={site.to_string()} {site} view={(**view).clone()} />
                if view.batches.is_empty() && view.unfinished.is_empty() {
                    <Empty glyph={Glyph::Ticket} title={words.vouchers_empty()} hint={words.vouchers_empty_hint()}>{ import.clone() }</Empty>
                }
                </>
            },
            _ => Html::default(),
        },
    };
    html! { <><div class="page-head"><h1>{ words.vouchers() }</h1><div class="head-actions"><Tap to={Route::VoucherList} label={words.all_vouchers()} glyph={Glyph::Search} />{ import }</div></div>{ body }</> }
}

/// The filters as the address has them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Filters {
    #[serde(skip_serializing_if = "String::is_empty")]
    holder: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    package: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    state: String,
}

impl Filters {
    fn admits(&self, batch: &BatchView, block: &BlockView) -> bool {
        let holder = match self.holder.as_str() {
            "" => true,
            OFFICE => block.holder == HolderView::Office,
            person => block
                .holder
                .person()
                .is_some_and(|holder| holder.to_string() == person),
        };
        let state = match self.state.as_str() {
            "unused" => block.unused > 0,
            "empty" => block.unused == 0,
            "leaving" => block.leaving.is_some(),
            _ => true,
        };
        let package = self.package.is_empty() || batch.package.to_string() == self.package;
        holder && state && package
    }
}

/// What is being done with the chosen blocks.
#[derive(Clone, PartialEq)]
enum Doing {
    Lease(Chosen),
    Recall(Chosen),
}

#[derive(Properties, PartialEq)]
struct BlocksProps {
    site: SiteId,
    view: VouchersView,
}

#[component]
fn Blocks(props: &BlocksProps) -> Html {
    let app = use_app();
    let words = app.words();
    let filters = use_filters::<Filters>(Route::Vouchers);
    let doing = use_state(|| None::<Doing>);
    let marked = use_state(BTreeSet::<BlockId>::new);
    // Whose ask is being answered: the next lease goes to them.
    let answering = use_state(|| None::<PersonId>);
    let view = &props.view;
    let may_lease = app
        .session()
        .is_some_and(|session| session.may_at(Capability::VouchersLease, props.site));
    let onanswer = {
        let (answering, filters) = (answering.clone(), filters.clone());
        Callback::from(move |ask: crate::protocol::AskView| {
            answering.set(Some(ask.person));
            filters.set(Filters {
                holder: OFFICE.into(),
                package: ask.package.to_string(),
                state: "unused".into(),
            });
        })
    };
    let close = {
        let (doing, marked, answering) = (doing.clone(), marked.clone(), answering.clone());
        Callback::from(move |()| {
            answering.set(None);
            doing.set(None);
            marked.set(BTreeSet::new());
        })
    };
    let mark = {
        let marked = marked.clone();
        Callback::from(move |block: BlockId| {
            let mut next = (*marked).clone();
            if !next.remove(&block) {
                next.insert(block);
            }
            marked.set(next);
        })
    };
    let do_with = {
        let doing = doing.clone();
        Callback::from(move |what: Doing| doing.set(Some(what)))
    };
    let is_filtered = !filters.is_clear();
    let batches: Vec<BatchView> = view
        .batches
        .iter()
        .filter_map(|batch| {
            let mut shown = batch.clone();
            shown.blocks.retain(|block| filters.admits(batch, block));
            // A batch that was undone has none.
            (!shown.blocks.is_empty() || !is_filtered).then_some(shown)
        })
        .collect();
    let dialog = match &*doing {
        None => Html::default(),
        Some(Doing::Lease(chosen)) => html! {
            <LeaseDialog site={props.site} chosen={chosen.clone()} sellers={view.sellers.clone()} to={*answering} onclose={close} />
        },
        Some(Doing::Recall(chosen)) => html! {
            <RecallDialog site={props.site} chosen={chosen.clone()} sellers={view.sellers.clone()} onclose={close} />
        },
    };
    // What waits for the office is there before the first batch is.
    if view.batches.is_empty() {
        return html! {
            <>
                <needs::Asks asks={view.asks.clone()} />
                <Offers offers={view.returns.clone()} title={words.returns_title()} />
            </>
        };
    }
    html! {
        <>
            <needs::Asks asks={view.asks.clone()} {onanswer} />
            <Offers offers={view.returns.clone()} title={words.returns_title()} />
            <needs::RunningLow low={view.low.clone()} />
            <needs::Holdings holdings={view.holdings.clone()} onchoose={filters.change(|filters, holder| filters.holder = holder)} />
            <div class="filters">
                <Select id="holder-filter" label={words.holder()} hidden_label=true value={filters.holder.clone()} options={holders(words, view)}
                    onchange={filters.change(|filters, holder| filters.holder = holder)} />
                <Select id="package-filter" label={words.package()} hidden_label=true value={filters.package.clone()} options={packages(words, view)}
                    onchange={filters.change(|filters, package| filters.package = package)} />
                <Select id="state-filter" label={words.state()} hidden_label=true value={filters.state.clone()} options={states(words)}
                    onchange={filters.change(|filters, state| filters.state = state)} />
            </div>
            if batches.is_empty() && is_filtered {
                <Empty glyph={Glyph::Search} title={words.blocks_none_match()}>
                    <Button label={words.clear_filters()} onclick={filters.clear()} />
                </Empty>
            }
            { for batches.iter().map(|batch| html! {
                <Batch key={batch.batch.to_string()} site={props.site} batch={batch.clone()} {may_lease} marked={(*marked).clone()} onmark={mark.clone()} ondo={do_with.clone()} />
            }) }
            <MarkedBar view={view.clone()} marked={(*marked).clone()} ondo={do_with.clone()} onclear={set(&marked, BTreeSet::new())} />
            { dialog }
        </>
    }
}

fn holders(words: Words, view: &VouchersView) -> Vec<(AttrValue, AttrValue)> {
    let people = view.holdings.iter().filter_map(|holding| {
        let person = holding.person?;
        Some((person.to_string().into(), holding.name.clone().into()))
    });
    let office = (OFFICE.into(), words.holder_office().into());
    with_first(words.all_holders(), std::iter::once(office).chain(people))
}

fn packages(words: Words, view: &VouchersView) -> Vec<(AttrValue, AttrValue)> {
    let known: BTreeSet<(String, String)> = view
        .batches
        .iter()
        .map(|batch| (batch.package_name.clone(), batch.package.to_string()))
        .collect();
    with_first(
        words.all_packages(),
        known.into_iter().map(|(name, id)| (id.into(), name.into())),
    )
}

fn states(words: Words) -> Vec<(AttrValue, AttrValue)> {
    let states = [
        ("unused", words.blocks_with_unused()),
        ("empty", words.blocks_empty()),
        ("leaving", words.blocks_leaving()),
    ];
    with_first(
        words.all_blocks(),
        states.map(|(code, label)| (code.into(), label.into())),
    )
}

#[derive(Properties, PartialEq)]
struct BatchProps {
    site: SiteId,
    batch: BatchView,
    may_lease: bool,
    marked: BTreeSet<BlockId>,
    onmark: Callback<BlockId>,
    ondo: Callback<Doing>,
}

#[component]
fn Batch(props: &BatchProps) -> Html {
    let app = use_app();
    let words = app.words();
    let batch = &props.batch;
    let sum = |of: fn(&BlockView) -> u32| -> u64 {
        batch.blocks.iter().map(|block| u64::from(of(block))).sum()
    };
    let unused = sum(|block| block.unused);
    let worth = i64::try_from(unused).unwrap_or(i64::MAX);
    let worth = Money::from_minor(batch.price.minor().saturating_mul(worth));
    let mut totals = vec![
        words.blocks_count(u64::try_from(batch.blocks.len()).unwrap_or(0)),
        words.vouchers_count(sum(|block| block.count)),
        words.unused_count(unused),
        words.sold_count(sum(|block| block.sold)),
    ];
    let void = sum(|block| block.void);
    if void > 0 {
        totals.push(words.void_count(void));
    }
    html! {
        <section class="card-box" data-testid="batch">
            <div class="section-head">
                <div>
                    <h2>{ &batch.label }</h2>
                    <p class="muted">
                        { format!("{} · ", batch.package_name) }<Amount amount={batch.price} />
                        { format!(" · {} · {}", totals.join(" · "), app.when(batch.made_at)) }
                        if let Some(day) = batch.made_on { { format!(" · {}", words.batch_made_on(&crate::format::date(words, day, app.now(), &app.zone()))) } }
                    </p>
                    <p>{ words.unsold_worth() }{ " " }<Amount amount={worth} testid="batch-worth" /></p>
                </div>
                <BatchUndo site={props.site} batch={batch.clone()} />
            </div>
            if !batch.blocks.is_empty() {
                <div class="block-head" aria-hidden="true">
                    <span></span><span>{ words.block() }</span><span>{ words.vouchers() }</span><span>{ words.holder() }</span><span>{ words.held_since() }</span>
                </div>
            }
            <ul class="rows">
                { for batch.blocks.iter().map(|block| html! {
                    <BlockRow key={block.block.to_string()} block={block.clone()} may_lease={props.may_lease}
                        is_marked={props.marked.contains(&block.block)} onmark={props.onmark.clone()} ondo={props.ondo.clone()} />
                }) }
            </ul>
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct BlockRowProps {
    block: BlockView,
    may_lease: bool,
    is_marked: bool,
    onmark: Callback<BlockId>,
    ondo: Callback<Doing>,
}

#[component]
fn BlockRow(props: &BlockRowProps) -> Html {
    let app = use_app();
    let words = app.words();
    let block = &props.block;
    let is_free = block.holder == HolderView::Office;
    let chosen = Chosen {
        blocks: vec![block.block],
        name: block_name(block).to_string(),
        holder: holder_name(&block.holder).to_string(),
    };
    let what = if is_free {
        Doing::Lease(chosen)
    } else {
        Doing::Recall(chosen)
    };
    let onclick = {
        let ondo = props.ondo.clone();
        Callback::from(move |()| ondo.emit(what.clone()))
    };
    let onchange = {
        let (onmark, id) = (props.onmark.clone(), block.block);
        Callback::from(move |_: Event| onmark.emit(id))
    };
    html! {
        <li class="row row-block" data-testid="block">
            if props.may_lease {
                <label class="row-mark">
                    <input type="checkbox" class="checkbox" checked={props.is_marked} {onchange} aria-label={words.choose_block(block_name(block))} />
                </label>
            }
            <span class="row-main">
                <Link<Route> to={Route::Block { block: block.block }} classes="block-name"><strong>{ words.block_of(block_name(block)) }</strong></Link<Route>>
                <span class="muted">{ counts(words, block) }</span>
            </span>
            <span class="row-end">
                <span class="block-holder">
                    <Chip tone={holder_tone(&block.holder)} label={holder_text(words, &block.holder)} testid="holder" />
                    { for block.leaving.iter().map(|to| html! { <Chip tone={Tone::Attention} label={leaving_text(words, to)} testid="leaving" /> }) }
                </span>
                { for block.held_since.iter().map(|since| html! { <span class="block-since muted">{ words.since(&app.when(*since)) }</span> }) }
            </span>
            if props.may_lease && is_free { <Button label={words.lease()} {onclick} /> }
            else if props.may_lease { <Button label={words.recall()} look={Look::Quiet} {onclick} /> }
        </li>
    }
}

#[derive(Properties, PartialEq)]
struct MarkedProps {
    view: VouchersView,
    marked: BTreeSet<BlockId>,
    ondo: Callback<Doing>,
    onclear: Callback<()>,
}

/// What can be done with all marked blocks at once.
#[component]
fn MarkedBar(props: &MarkedProps) -> Html {
    let words = use_app().words();
    if props.marked.is_empty() {
        return Html::default();
    }
    let blocks = || {
        props
            .view
            .batches
            .iter()
            .flat_map(|batch| &batch.blocks)
            .filter(|block| props.marked.contains(&block.block))
    };
    let chosen = |is_wanted: fn(&&BlockView) -> bool| {
        let wanted: Vec<&BlockView> = blocks().filter(is_wanted).collect();
        let names: BTreeSet<&str> = wanted
            .iter()
            .map(|block| holder_name(&block.holder))
            .collect();
        let holder: Vec<&str> = names.into_iter().collect();
        Chosen {
            blocks: wanted.iter().map(|block| block.block).collect(),
            name: wanted
                .first()
                .map(|block| block_name(block).to_string())
                .unwrap_or_default(),
            holder: holder.join(", "),
        }
    };
    let (free, held) = (
        chosen(|block| block.holder == HolderView::Office),
        chosen(|block| block.holder != HolderView::Office),
    );
    let count = |chosen: &Chosen| u64::try_from(chosen.blocks.len()).unwrap_or(0);
    let button = |what: Doing, label: String, look: Look, is_shown: bool| {
        let ondo = props.ondo.clone();
        let onclick = Callback::from(move |()| ondo.emit(what.clone()));
        html! { if is_shown { <Button {label} {look} {onclick} /> } }
    };
    html! {
        <div class="marked-bar" role="region" aria-label={words.marked_blocks()} data-testid="marked">
            { button(Doing::Lease(free.clone()), words.lease_blocks(count(&free)), Look::Primary, count(&free) > 0) }
            { button(Doing::Recall(held.clone()), words.recall_blocks_short(count(&held)), Look::Danger, count(&held) > 0) }
            <Button label={words.clear_marks()} look={Look::Quiet} onclick={props.onclear.clone()} />
        </div>
    }
}

fn block_name(block: &BlockView) -> &str {
    block.first_code.as_deref().unwrap_or("…")
}

fn counts(words: Words, block: &BlockView) -> String {
    let mut parts = vec![
        words.vouchers_count(block.count),
        words.unused_count(block.unused),
        words.sold_count(block.sold),
    ];
    if block.double_sold > 0 {
        parts.push(words.double_sold_count(block.double_sold));
    }
    if block.void > 0 {
        parts.push(words.void_count(block.void));
    }
    parts.join(" · ")
}

pub fn holder_text(words: Words, holder: &HolderView) -> String {
    match holder {
        HolderView::Office => words.holder_office().to_string(),
        HolderView::Asked { name } => words.holder_asked(name),
        HolderView::Waiting { name, .. } => words.holder_waiting(name),
        HolderView::Leased { name, .. } => words.holder_leased(name),
    }
}

fn leaving_text(words: Words, to: &LeavingTo) -> String {
    match to {
        LeavingTo::Office => words.leaving_to_office().to_string(),
        LeavingTo::Person(name) => words.leaving_to(name),
    }
}

pub const fn holder_tone(holder: &HolderView) -> Tone {
    match holder {
        HolderView::Office => Tone::Plain,
        HolderView::Asked { .. } | HolderView::Waiting { .. } => Tone::Attention,
        HolderView::Leased { .. } => Tone::Safe,
    }
}

fn holder_name(holder: &HolderView) -> &str {
    match holder {
        HolderView::Office => "",
        HolderView::Asked { name }
        | HolderView::Waiting { name, .. }
        | HolderView::Leased { name, .. } => name,
    }
}
