//! One block: whose it is, what is left of it, everything that happened to it, its vouchers.

use crdt_model::capability::Capability;
use crdt_model::ids::BlockId;
use crdt_model::money::Money;
use crdt_model::voucher::VoucherState;
use yew::prelude::*;

use super::actions::{Chosen, LeaseDialog, RecallDialog};
use super::{block_name, counts, holder_name, holder_text, holder_tone, leaving_text};
use crate::components::{
    Amount, Button, Chip, Code, Empty, Failed, Glyph, Look, Skeleton, Tap, Tone,
};
use crate::hooks::form::set;
use crate::hooks::{Load, use_app, use_query};
use crate::i18n::Words;
use crate::pages::stock::Offers;
use crate::protocol::{Answer, BlockHappened, BlockPageView, HolderView, Query};
use crate::route::Route;

/// Vouchers a screenful shows.
const PAGE: usize = 100;

#[derive(Properties, PartialEq)]
pub struct BlockPageProps {
    pub block: BlockId,
}

#[component]
pub fn BlockPage(props: &BlockPageProps) -> Html {
    let words = use_app().words();
    let load = use_query(Some(Query::Block { block: props.block }));
    match &load {
        Load::Waiting => html! { <Skeleton rows=6 /> },
        Load::Failed(failure) => html! { <Failed failure={failure.clone()} /> },
        Load::Ready(answer) => match &**answer {
            Answer::Block(Some(view)) => html! { <Page view={(**view).clone()} /> },
            _ => html! {
                <Empty glyph={Glyph::Ticket} title={words.fail_no_block()}><Tap to={Route::Vouchers} label={words.vouchers()} /></Empty>
            },
        },
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Doing {
    Lease,
    Recall,
}

#[derive(Properties, PartialEq)]
struct PageProps {
    view: BlockPageView,
}

#[component]
fn Page(props: &PageProps) -> Html {
    let app = use_app();
    let words = app.words();
    let doing = use_state(|| None::<Doing>);
    let shown = use_state(|| PAGE);
    let (view, block) = (&props.view, &props.view.block);
    let may_lease = app
        .session()
        .is_some_and(|session| session.may_at(Capability::VouchersLease, view.site));
    let is_free = block.holder == HolderView::Office;
    let worth = Money::from_minor(view.price.minor().saturating_mul(i64::from(block.unused)));
    let chosen = Chosen {
        blocks: vec![block.block],
        name: block_name(block).to_string(),
        holder: holder_name(&block.holder).to_string(),
    };
    let close = set(&doing, None);
    html! {
        <>
            <div class="page-head">
                <h1>{ words.block_of(block_name(block)) }</h1>
                if may_lease {
                    <div class="actions">
                        if is_free { <Button label={words.lease()} look={Look::Primary} onclick={set(&doing, Some(Doing::Lease))} /> }
                        else { <Button label={words.recall()} look={Look::Danger} onclick={set(&doing, Some(Doing::Recall))} /> }
                    </div>
                }
            </div>
            <p class="muted">{ format!("{} · {} · {} · ", view.site_name, view.label, view.package_name) }<Amount amount={view.price} /></p>
            <p class="summary" data-testid="block-counts">{ counts(words, block) }{ " · " }<Amount amount={worth} /></p>
            <p>
                <Chip tone={holder_tone(&block.holder)} label={holder_text(words, &block.holder)} testid="holder" />
                { for block.held_since.iter().map(|since| html! { <span class="muted">{ format!(" {}", words.since(&app.when(*since))) }</span> }) }
                { for block.leaving.iter().map(|to| html! { <>{ " " }<Chip tone={Tone::Attention} label={leaving_text(words, to)} /></> }) }
            </p>
            <Offers offers={view.returning.clone().into_iter().collect::<Vec<_>>()} title={words.returns_title()} />
            <h2>{ words.block_history() }</h2>
            <ol class="rows timeline" data-testid="history">
                { for view.history.iter().map(|event| html! {
                    <li class="row"><span class="row-main">{ sentence(words, &event.what) }</span><span class="muted">{ app.when(event.at) }</span></li>
                }) }
            </ol>
            <h2>{ words.vouchers() }</h2>
            <ul class="rows" data-testid="block-vouchers">
                { for view.vouchers.iter().take(*shown).enumerate().map(|(index, (code, state))| html! {
                    <li class="row" key={index}>
                        <span class="row-main">
                            if let Some(code) = code { <Code code={code.clone()} /> } else { <span class="muted">{ words.code_not_here() }</span> }
                        </span>
                        <Chip tone={state_tone(*state)} label={state_text(words, *state)} />
                    </li>
                }) }
            </ul>
            if *shown < view.vouchers.len() { <div class="actions"><Button label={words.show_more()} onclick={set(&shown, *shown + PAGE)} /></div> }
            { match *doing {
                None => Html::default(),
                Some(Doing::Lease) => html! { <LeaseDialog site={view.site} {chosen} sellers={view.sellers.clone()} onclose={close} /> },
                Some(Doing::Recall) => html! { <RecallDialog site={view.site} {chosen} sellers={view.sellers.clone()} onclose={close} /> },
            } }
        </>
    }
}

fn state_text(words: Words, state: VoucherState) -> &'static str {
    match state {
        VoucherState::Unused => words.unused(),
        VoucherState::Sold => words.sold(),
        VoucherState::DoubleSold => words.double_sold(),
        VoucherState::Void => words.voided(),
    }
}

const fn state_tone(state: VoucherState) -> Tone {
    match state {
        VoucherState::Unused => Tone::Plain,
        VoucherState::Sold => Tone::Safe,
        VoucherState::DoubleSold => Tone::Danger,
        VoucherState::Void => Tone::Attention,
    }
}

/// One line of the history, as one would say it.
fn sentence(words: Words, what: &BlockHappened) -> String {
    let office = words.the_office();
    let or_office = |name: &Option<String>| name.clone().unwrap_or_else(|| office.to_string());
    match what {
        BlockHappened::Made { by } => words.history_made(by),
        BlockHappened::Leased { by, to } => words.history_leased(&or_office(by), to),
        BlockHappened::Reached { name } => words.history_reached(name),
        BlockHappened::Recalled { by, to, reason } => {
            words.history_recalled(&or_office(by), reason, &or_office(to))
        }
        BlockHappened::HandedOver {
            from,
            to,
            taken_by,
            left,
        } => match to {
            Some(to) => words.history_handed_over(*left, from, to),
            None => words.history_returned(*left, from, taken_by),
        },
        BlockHappened::Given { from, to, left } => words.history_given(*left, from, &or_office(to)),
        BlockHappened::Withdrawn { from } => words.history_withdrawn(from),
        BlockHappened::Overtaken { from } => words.history_overtaken(from),
        BlockHappened::NotAllowed { from, to } => words.history_not_allowed(from, to),
        BlockHappened::Moved { to } => words.history_moved(&or_office(to)),
    }
}
