//! The blocks on this device.

use crdt_model::money::Money;
use yew::prelude::*;

use crate::components::{Amount, Empty, Failed, Glyph, Skeleton};
use crate::hooks::{Load, use_app, use_query};
use crate::protocol::{Answer, Query, StockBlock};

#[component]
pub fn StockPage() -> Html {
    let app = use_app();
    let words = app.words();
    let load = use_query(Some(Query::Stock));
    let body = match &load {
        Load::Waiting => html! { <Skeleton /> },
        Load::Failed(failure) => html! { <Failed failure={failure.clone()} /> },
        Load::Ready(answer) => match &**answer {
            Answer::Stock(view) if view.blocks.is_empty() => html! {
                <Empty glyph={Glyph::Layers} title={words.stock_empty()} hint={words.sell_empty_hint()} />
            },
            Answer::Stock(view) => {
                let left: u64 = view.blocks.iter().map(|block| u64::from(block.left)).sum();
                let value: Money = view.blocks.iter().map(value).sum();
                html! {
                    <>
                        <p class="summary" data-testid="stock-left">{ words.stock_left(left) }{ " · " }<Amount amount={value} /></p>
                        <ul class="rows">{ for view.blocks.iter().map(|block| html! { <BlockRow key={block.block.to_string()} block={block.clone()} /> }) }</ul>
                    </>
                }
            }
            _ => Html::default(),
        },
    };
    html! { <><div class="page-head"><h1>{ words.stock() }</h1></div>{ body }</> }
}

fn value(block: &StockBlock) -> Money {
    Money::from_minor(block.price.minor().saturating_mul(i64::from(block.left)))
}

#[derive(Properties, PartialEq)]
struct BlockRowProps {
    block: StockBlock,
}

#[component]
fn BlockRow(props: &BlockRowProps) -> Html {
    let words = use_app().words();
    let block = &props.block;
    html! {
        <li class="row row-stock">
            <span class="row-main">
                <strong>{ &block.package_name }</strong>
                <span class="muted">
                    { &block.site_name }
                    if let Some(code) = &block.first_code { { format!(" · {}", words.first_code(code)) } }
                </span>
                <progress class="progress" max={block.count.to_string()} value={block.left.to_string()} aria-hidden="true"></progress>
            </span>
            <span class="row-end">
                <Amount amount={block.price} />
                <span class="muted">{ words.left_of(block.count, block.left) }</span>
            </span>
        </li>
    }
}
