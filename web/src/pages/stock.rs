//! The blocks on this device: what is left of them, handing them over, taking others, asking for more.

use crdt_model::money::Money;
use yew::prelude::*;

use crate::components::{Amount, Button, Chip, Empty, Failed, Glyph, Look, Notice, Skeleton, Tone};
use crate::hooks::form::set;
use crate::hooks::{Load, use_app, use_query};
use crate::protocol::{Answer, HandedEnd, HandedView, Query, SellerView, StockBlock, StockView};

mod ask;
mod give;
mod take;

pub use ask::AskDialog;
pub use take::{Offers, TakePage};

#[component]
pub fn StockPage() -> Html {
    let app = use_app();
    let words = app.words();
    let load = use_query(Some(Query::Stock));
    match &load {
        Load::Waiting => {
            html! { <><div class="page-head"><h1>{ words.stock() }</h1></div><Skeleton /></> }
        }
        Load::Failed(failure) => html! { <Failed failure={failure.clone()} /> },
        Load::Ready(answer) => match &**answer {
            Answer::Stock(view) => html! { <Stock view={view.clone()} /> },
            _ => Html::default(),
        },
    }
}

/// What is being done.
#[derive(Clone, PartialEq)]
enum Doing {
    Ask,
    Take,
    Give(StockBlock),
    ShowCode(StockBlock),
}

#[derive(Properties, PartialEq)]
struct StockProps {
    view: StockView,
}

#[component]
fn Stock(props: &StockProps) -> Html {
    let app = use_app();
    let words = app.words();
    let doing = use_state(|| None::<Doing>);
    let view = &props.view;
    let close = set(&doing, None);
    let sellable = view.blocks.iter().filter(|block| block.leaving.is_none());
    let left: u64 = sellable.clone().map(|block| u64::from(block.left)).sum();
    let worth: Money = sellable.map(value).sum();
    let dialog = match &*doing {
        None => Html::default(),
        Some(Doing::Ask) => html! {
            <AskDialog packages={view.packages.clone()} onclose={close.clone()} />
        },
        Some(Doing::Take) => html! { <take::TakeDialog onclose={close.clone()} /> },
        Some(Doing::Give(block)) => html! {
            <give::GiveDialog block={block.clone()} sellers={sellers_at(view, block)} onclose={close.clone()} />
        },
        // The block as it is now: the code stands in it once it was given.
        Some(Doing::ShowCode(block)) => {
            let now = view.blocks.iter().find(|now| now.block == block.block);
            html! {
                if let Some(block) = now { <give::CodeDialog block={block.clone()} onclose={close.clone()} /> }
            }
        }
    };
    html! {
        <>
            <div class="page-head">
                <h1>{ words.stock() }</h1>
                <div class="actions">
                    <Button label={words.take_by_code()} glyph={Glyph::Download} onclick={set(&doing, Some(Doing::Take))} />
                    <Button label={words.ask_for_stock()} glyph={Glyph::Plus} onclick={set(&doing, Some(Doing::Ask))} />
                </div>
            </div>
            <Offers offers={view.offered.clone()} title={words.offered_to_you()} />
            <take::Waiting taken={view.taken.clone()} />
            if view.blocks.is_empty() {
                <Empty glyph={Glyph::Layers} title={words.stock_empty()} hint={words.sell_empty_hint()} />
            } else {
                <p class="summary" data-testid="stock-left">{ words.stock_left(left) }{ " · " }<Amount amount={worth} /></p>
                <ul class="rows" data-testid="stock-blocks">
                    { for view.blocks.iter().map(|block| html! {
                        <BlockRow key={block.block.to_string()} block={block.clone()}
                            ongive={set(&doing, Some(Doing::Give(block.clone())))} oncode={set(&doing, Some(Doing::ShowCode(block.clone())))} />
                    }) }
                </ul>
            }
            <Handed handed={view.handed.clone()} />
            <ask::OwnAsks asks={view.asks.clone()} />
            { dialog }
        </>
    }
}

fn sellers_at(view: &StockView, block: &StockBlock) -> Vec<SellerView> {
    view.sellers
        .iter()
        .find(|(site, _)| *site == block.site)
        .map(|(_, sellers)| sellers.clone())
        .unwrap_or_default()
}

pub(super) fn value(block: &StockBlock) -> Money {
    Money::from_minor(block.price.minor().saturating_mul(i64::from(block.left)))
}

#[derive(Properties, PartialEq)]
struct BlockRowProps {
    block: StockBlock,
    ongive: Callback<()>,
    oncode: Callback<()>,
}

#[component]
fn BlockRow(props: &BlockRowProps) -> Html {
    let app = use_app();
    let words = app.words();
    let block = &props.block;
    let action = match &block.leaving {
        None => html! {
            <Button label={words.hand_over()} look={Look::Quiet} onclick={props.ongive.clone()} />
        },
        Some(leaving) => html! {
            <>
                <Chip tone={Tone::Attention} testid="leaving" label={match &leaving.to {
                    Some(name) => words.leaving_to(name),
                    None => words.leaving_to_office().to_string(),
                }} />
                if leaving.given.is_some() { <Button label={words.show_hand_over()} glyph={Glyph::QrCode} onclick={props.oncode.clone()} /> }
            </>
        },
    };
    html! {
        <li class="row row-block" data-testid="stock-block">
            <span class="row-main">
                <strong>{ &block.package_name }</strong>
                <span class="muted">
                    { &block.site_name }
                    if let Some(code) = &block.first_code { { format!(" · {}", words.first_code(code)) } }
                    if let Some(since) = block.since { { format!(" · {}", words.since(&app.when(since))) } }
                </span>
                <progress class="progress" max={block.count.to_string()} value={block.left.to_string()} aria-hidden="true"></progress>
            </span>
            <span class="row-end">
                <Amount amount={block.price} />
                <span class="muted">{ words.left_of(block.count, block.left) }</span>
            </span>
            { action }
        </li>
    }
}

#[derive(Properties, PartialEq)]
struct HandedProps {
    handed: Vec<HandedView>,
}

/// What left this device lately, and with whom it is.
#[component]
fn Handed(props: &HandedProps) -> Html {
    let app = use_app();
    let words = app.words();
    if props.handed.is_empty() {
        return Html::default();
    }
    html! {
        <section class="card-box" data-testid="handed">
            <h2>{ words.handed_over() }</h2>
            <ul class="rows">
                { for props.handed.iter().map(|handed| {
                    let (tone, label) = match &handed.end {
                        HandedEnd::Taken { by } => (Tone::Safe, words.taken_by(by)),
                        HandedEnd::Overtaken => (Tone::Attention, words.hand_over_overtaken().to_string()),
                        HandedEnd::NotAllowed => (Tone::Attention, words.hand_over_not_allowed().to_string()),
                    };
                    let to = handed.to.clone().unwrap_or_else(|| words.back_to_office().to_string());
                    html! {
                        <li class="row row-block" key={handed.given.to_string()}>
                            <span class="row-main">
                                <Counted left={handed.left} package_name={handed.package_name.clone()} price={handed.price} />
                                <span class="muted">{ format!("{to} · {}", app.when(handed.at)) }</span>
                            </span>
                            <Chip {tone} {label} />
                        </li>
                    }
                }) }
            </ul>
        </section>
    }
}

/// What both sides see of a hand-over: how many, of what, worth how much.
#[derive(Properties, PartialEq)]
pub(super) struct CountedProps {
    pub left: u32,
    pub package_name: AttrValue,
    pub price: Money,
}

#[component]
pub(super) fn Counted(props: &CountedProps) -> Html {
    let words = use_app().words();
    let worth = Money::from_minor(props.price.minor().saturating_mul(i64::from(props.left)));
    html! {
        <strong>{ words.vouchers_of(props.left, &props.package_name) }{ " · " }<Amount amount={worth} /></strong>
    }
}

/// When the codes move, said where somebody waits for it.
#[component]
pub(super) fn WhenBothOnline() -> Html {
    let words = use_app().words();
    html! { <Notice tone={Tone::Plain}>{ words.moves_when_both_online() }</Notice> }
}
