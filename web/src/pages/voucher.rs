//! One voucher and its story: made, held, sold, judged.

use crdt_model::fact::VoucherRef;
use crdt_model::ids::BlockId;
use yew::prelude::*;
use yew_router::prelude::*;

use super::voucher_list::{state_name, state_tone};
use super::vouchers::holder_text;
use crate::components::{
    Amount, Chip, Code, Empty, Failed, Glyph, Icon, Look, Notice, Skeleton, Tap, Tone,
};
use crate::format;
use crate::hooks::{App, Load, use_app, use_query};
use crate::protocol::{Answer, HolderView, Query, VoucherSale, VoucherStory};
use crate::route::Route;

#[derive(Properties, PartialEq)]
pub struct VoucherPageProps {
    pub block: BlockId,
    pub index: u32,
}

#[component]
pub fn VoucherPage(props: &VoucherPageProps) -> Html {
    let app = use_app();
    let words = app.words();
    let voucher = VoucherRef {
        block: props.block,
        index: props.index,
    };
    let load = use_query(Some(Query::Voucher { voucher }));
    let body = match &load {
        Load::Waiting => html! { <Skeleton rows=3 /> },
        Load::Failed(failure) => html! { <Failed failure={failure.clone()} /> },
        Load::Ready(answer) => match &**answer {
            Answer::Voucher(Some(story)) => told(&app, story),
            _ => html! {
                <Empty is_page=true glyph={Glyph::Ticket} title={words.voucher_not_found()} hint={words.voucher_not_found_hint()}>
                    <Tap to={Route::VoucherList} label={words.all_vouchers()} />
                </Empty>
            },
        },
    };
    html! {
        <div class="narrow">
            <div class="page-head"><Tap to={Route::VoucherList} label={words.all_vouchers()} glyph={Glyph::ArrowLeft} look={Look::Quiet} /></div>
            { body }
        </div>
    }
}

fn told(app: &App, story: &VoucherStory) -> Html {
    let words = app.words();
    let row = &story.row;
    let terms = story
        .package
        .as_ref()
        .map(|package| format::validity_sentence(words, package));
    html! {
        <>
            <section class="card-box voucher-card" data-testid="voucher">
                <h1>
                    if let Some(code) = &row.code { <Code code={code.clone()} large=true /> }
                    else { { words.hidden_code() } }
                </h1>
                <p><Chip tone={state_tone(row.state)} label={state_name(words, row.state)} testid="voucher-state" /></p>
                <p><strong>{ &row.package_name }</strong>{ " · " }<Amount amount={row.price} />{ " · " }{ &story.site_name }</p>
                if let Some(terms) = terms { <p class="muted">{ terms }</p> }
            </section>
            if story.duplicate { <Notice tone={Tone::Attention}>{ words.voucher_duplicate() }</Notice> }
            if story.is_taken { <Notice tone={Tone::Attention}>{ words.voucher_taken() }</Notice> }
            <section class="card-box">
                <h2>{ words.voucher_story() }</h2>
                <ol class="rows story" data-testid="voucher-story">
                    <li class="row">
                        <Icon glyph={Glyph::Ticket} />
                        <span class="row-main"><strong>{ words.voucher_made(&row.batch_label) }</strong><span class="muted">{ app.when(story.made_at) }</span></span>
                    </li>
                    if row.holder != HolderView::Office {
                        <li class="row">
                            <Icon glyph={Glyph::Users} />
                            <span class="row-main">
                                <strong>{ holder_text(words, &row.holder) }</strong>
                                if let Some(at) = story.held_since { <span class="muted">{ app.when(at) }</span> }
                            </span>
                        </li>
                    }
                    { for story.sales.iter().enumerate().map(|(at, sale)| sold(app, sale, at == 0, story.sales.len() > 1)) }
                    if story.sold_elsewhere {
                        <li class="row"><Icon glyph={Glyph::HandCoins} /><span class="row-main"><strong>{ words.voucher_sold_elsewhere() }</strong></span></li>
                    }
                </ol>
                if story.sales.is_empty() && !story.sold_elsewhere && !story.is_taken && !story.duplicate {
                    <p class="muted">{ words.voucher_unused_hint() }</p>
                }
            </section>
        </>
    }
}

fn sold(app: &App, sale: &VoucherSale, is_first: bool, is_double: bool) -> Html {
    let words = app.words();
    let title = if sale.receipt.is_empty() {
        words.voucher_replaced_by(&sale.person_name)
    } else {
        words.voucher_sold_by(&sale.person_name)
    };
    let inside = html! {
        <>
            <Icon glyph={Glyph::HandCoins} />
            <span class="row-main">
                <strong>{ title }</strong>
                <span class="muted">{ app.when(sale.at) }{ if sale.receipt.is_empty() { String::new() } else { format!(" · {}", sale.receipt) } }</span>
                if is_double && is_first { <span class="tone-safe">{ words.voucher_stands() }</span> }
                else if is_double { <span class="tone-danger">{ words.voucher_falls() }</span> }
            </span>
            if sale.is_here { <Icon glyph={Glyph::ChevronRight} /> }
        </>
    };
    html! {
        <li key={sale.sale.to_string()}>
            if sale.is_here { <Link<Route> to={Route::Sale { sale: sale.sale }} classes="row">{ inside }</Link<Route>> }
            else { <div class="row">{ inside }</div> }
        </li>
    }
}
