//! Batches and their blocks: who holds what, lease and forced recall.

use crdt_model::capability::Capability;
use crdt_model::ids::SiteId;
use yew::prelude::*;

use super::import::undo::{BatchUndo, Unfinished};
use crate::components::failure::FailureNote;
use crate::components::{
    Amount, Button, Chip, Dialog, Empty, Failed, Field, Glyph, Look, Notice, Select, Skeleton, Tap,
    Tone,
};
use crate::hooks::form::{bind, filled, set, submit};
use crate::hooks::{Load, use_act, use_app, use_query};
use crate::i18n::Words;
use crate::protocol::{Answer, BatchView, BlockView, HolderView, Order, Query, SellerView};
use crate::route::Route;

/// What is being done with a block.
#[derive(Clone, PartialEq)]
enum Doing {
    Lease(BlockView),
    Recall(BlockView),
}

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
            Answer::Vouchers(view) if view.batches.is_empty() && view.unfinished.is_empty() => {
                html! {
                    <Empty glyph={Glyph::Ticket} title={words.vouchers_empty()} hint={words.vouchers_empty_hint()}>{ import.clone() }</Empty>
                }
            }
            Answer::Vouchers(view) => html! {
                <>
                { for view.unfinished.iter().map(|found| html! {
                    <Unfinished key={found.batch.to_string()} {site} found={found.clone()} />
                }) }
                { for view.batches.iter().map(|batch| html! {
                    <Batch key={batch.batch.to_string()} {site} batch={batch.clone()} sellers={view.sellers.clone()} />
                }) }
                </>
            },
            _ => Html::default(),
        },
    };
    html! { <><div class="page-head"><h1>{ words.vouchers() }</h1>{ import }</div>{ body }</> }
}

#[derive(Properties, PartialEq)]
struct BatchProps {
    site: SiteId,
    batch: BatchView,
    sellers: Vec<SellerView>,
}

#[component]
fn Batch(props: &BatchProps) -> Html {
    let app = use_app();
    let words = app.words();
    let doing = use_state(|| None::<Doing>);
    let batch = &props.batch;
    let may_lease = app
        .session()
        .is_some_and(|session| session.may_at(Capability::VouchersLease, props.site));
    let unused: u64 = batch
        .blocks
        .iter()
        .map(|block| u64::from(block.unused))
        .sum();
    let close = set(&doing, None);
    let dialog = match &*doing {
        None => Html::default(),
        Some(Doing::Lease(block)) => html! {
            <LeaseDialog site={props.site} block={block.clone()} sellers={props.sellers.clone()} onclose={close} />
        },
        Some(Doing::Recall(block)) => html! {
            <RecallDialog site={props.site} block={block.clone()} sellers={props.sellers.clone()} onclose={close} />
        },
    };
    html! {
        <section class="card-box" data-testid="batch">
            <div class="section-head">
                <div>
                    <h2>{ &batch.label }</h2>
                    <p class="muted">
                        { format!("{} · ", batch.package_name) }<Amount amount={batch.price} />
                        { format!(" · {} · {} · {}", words.blocks_count(u64::try_from(batch.blocks.len()).unwrap_or(0)), words.unused_count(unused), app.when(batch.made_at)) }
                        if let Some(day) = batch.made_on { { format!(" · {}", words.batch_made_on(&crate::format::date(words, day, crate::hooks::browser::now(), &app.zone()))) } }
                    </p>
                </div>
                <BatchUndo site={props.site} batch={batch.clone()} />
            </div>
            <ul class="rows">
                { for batch.blocks.iter().map(|block| {
                    let is_free = block.holder == HolderView::Office;
                    let next = if is_free { Doing::Lease(block.clone()) } else { Doing::Recall(block.clone()) };
                    let onclick = set(&doing, Some(next));
                    html! {
                        <li class="row row-block" key={block.block.to_string()} data-testid="block">
                            <span class="row-main">
                                <strong>{ words.block_of(block_name(block)) }</strong>
                                <span class="muted">{ counts(words, block) }</span>
                            </span>
                            <Chip tone={holder_tone(&block.holder)} label={holder_text(words, &block.holder)} testid="holder" />
                            if may_lease && is_free { <Button label={words.lease()} {onclick} /> }
                            else if may_lease { <Button label={words.recall()} look={Look::Quiet} {onclick} /> }
                        </li>
                    }
                }) }
            </ul>
            { dialog }
        </section>
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

fn holder_text(words: Words, holder: &HolderView) -> String {
    match holder {
        HolderView::Office => words.holder_office().to_string(),
        HolderView::Asked { name } => words.holder_asked(name),
        HolderView::Waiting { name, .. } => words.holder_waiting(name),
        HolderView::Leased { name, .. } => words.holder_leased(name),
    }
}

const fn holder_tone(holder: &HolderView) -> Tone {
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

#[derive(Properties, PartialEq)]
struct BlockDialogProps {
    site: SiteId,
    block: BlockView,
    sellers: Vec<SellerView>,
    onclose: Callback<()>,
}

fn seller_options(first: &'static str, sellers: &[SellerView]) -> Vec<(AttrValue, AttrValue)> {
    let mut options: Vec<(AttrValue, AttrValue)> = vec![("".into(), first.into())];
    options.extend(
        sellers
            .iter()
            .map(|seller| (seller.person.to_string().into(), seller.name.clone().into())),
    );
    options
}

#[component]
fn LeaseDialog(props: &BlockDialogProps) -> Html {
    let app = use_app();
    let words = app.words();
    let act = use_act();
    let to = use_state(String::new);
    let is_checked = use_state(|| false);
    let seller = props
        .sellers
        .iter()
        .find(|seller| seller.person.to_string() == *to)
        .cloned();
    let is_missing = seller.is_none();
    let onsubmit = {
        let (app, act, is_checked, onclose) = (
            app.clone(),
            act.clone(),
            is_checked.clone(),
            props.onclose.clone(),
        );
        let (site, block) = (props.site, props.block.block);
        submit(move || {
            is_checked.set(true);
            let Some(seller) = seller.clone() else { return };
            let (app, onclose) = (app.clone(), onclose.clone());
            act.order(
                Order::LeaseBlock {
                    site,
                    block,
                    to: seller.person,
                },
                move |_| {
                    app.toast(app.words().lease_done(&seller.name));
                    onclose.emit(());
                },
            );
        })
    };
    html! {
        <Dialog title={words.lease_title(block_name(&props.block))} onclose={props.onclose.clone()}>
            if props.sellers.is_empty() { <Notice tone={Tone::Attention}>{ words.no_sellers() }</Notice> }
            else {
                <form class="form" {onsubmit} novalidate=true>
                    <Select id="lease-to" label={words.lease_to()} hint={words.lease_hint()} value={(*to).clone()} onchange={bind(&to)}
                        options={seller_options(words.choose_person(), &props.sellers)} error={(*is_checked && is_missing).then(|| words.fail_needed())} />
                    <FailureNote failure={act.failure.clone()} />
                    <div class="actions"><Button label={words.lease_block()} look={Look::Primary} submit=true busy={act.is_busy} /></div>
                </form>
            }
        </Dialog>
    }
}

/// It cannot be undone, so the consequence is named first.
#[component]
fn RecallDialog(props: &BlockDialogProps) -> Html {
    let app = use_app();
    let words = app.words();
    let act = use_act();
    let to = use_state(String::new);
    let reason = use_state(String::new);
    let is_checked = use_state(|| false);
    let name = holder_name(&props.block.holder);
    let person = props
        .sellers
        .iter()
        .find(|seller| seller.person.to_string() == *to)
        .map(|seller| seller.person);
    let is_missing = reason.trim().is_empty();
    let onsubmit = {
        let (app, act, is_checked, onclose) = (
            app.clone(),
            act.clone(),
            is_checked.clone(),
            props.onclose.clone(),
        );
        let (site, block, reason) = (props.site, props.block.block, filled(&reason));
        submit(move || {
            is_checked.set(true);
            let Some(reason) = reason.clone() else { return };
            let (app, onclose) = (app.clone(), onclose.clone());
            act.order(
                Order::RecallBlock {
                    site,
                    block,
                    to: person,
                    reason,
                },
                move |_| {
                    app.toast(app.words().recall_done());
                    onclose.emit(());
                },
            );
        })
    };
    html! {
        <Dialog title={words.recall_title(block_name(&props.block), name)} onclose={props.onclose.clone()}>
            <form class="form" {onsubmit} novalidate=true>
                <Notice tone={Tone::Attention}>{ words.recall_consequence(name) }</Notice>
                <Select id="recall-to" label={words.recall_to()} value={(*to).clone()} onchange={bind(&to)}
                    options={seller_options(words.recall_to_office(), &props.sellers)} />
                <Field id="recall-reason" label={words.reason()} value={(*reason).clone()} oninput={bind(&reason)}
                    error={(*is_checked && is_missing).then(|| words.fail_reason())} />
                <FailureNote failure={act.failure.clone()} />
                <div class="actions">
                    <Button label={words.recall_block()} look={Look::Danger} submit=true busy={act.is_busy} />
                    <Button label={words.cancel()} look={Look::Quiet} onclick={props.onclose.clone()} />
                </div>
            </form>
        </Dialog>
    }
}
