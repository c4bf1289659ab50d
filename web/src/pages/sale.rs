//! One sale, with its receipt and whatever was judged about it.

use std::rc::Rc;

use crdt_model::ids::IntentId;
use yew::prelude::*;

use super::receipt::{Receipt, ReceiptActions};
use crate::components::failure::FailureNote;
use crate::components::{Button, Empty, Failed, Glyph, Look, Notice, Skeleton, Tap, Tone};
use crate::format;
use crate::hooks::{Load, use_act, use_app, use_query};
use crate::protocol::{Answer, Order, Query, SaleView};
use crate::route::Route;

#[derive(Properties, PartialEq)]
pub struct SalePageProps {
    pub sale: IntentId,
}

#[component]
pub fn SalePage(props: &SalePageProps) -> Html {
    let words = use_app().words();
    let load = use_query(Some(Query::Sale { sale: props.sale }));
    let body = match &load {
        Load::Waiting => html! { <Skeleton rows=3 /> },
        Load::Failed(failure) => html! { <Failed failure={failure.clone()} /> },
        Load::Ready(answer) => match &**answer {
            Answer::Sale(Some(sale)) => {
                let sale = Rc::new(sale.clone());
                html! {
                    <>
                        <DoubleSaleTold sale={sale.clone()} />
                        if sale.after_recall {
                            <Notice tone={Tone::Attention} testid="after-recall">
                                <p><strong>{ words.after_recall() }</strong></p><p>{ words.after_recall_hint() }</p>
                            </Notice>
                        }
                        <Receipt sale={sale.clone()} />
                        <ReceiptActions {sale} />
                    </>
                }
            }
            _ => html! { <NoSuchSale /> },
        },
    };
    html! {
        <div class="receipt-page">
            <div class="page-head no-print"><Tap to={Route::Sales} label={words.sales()} glyph={Glyph::ArrowLeft} look={Look::Quiet} /></div>
            <h1 class="sr-only">{ words.receipt() }</h1>
            { body }
        </div>
    }
}

#[component]
pub fn NoSuchSale() -> Html {
    let words = use_app().words();
    html! {
        <Empty glyph={Glyph::ReceiptText} title={words.sale_not_found()} hint={words.sale_not_found_hint()}>
            <Tap to={Route::Sales} label={words.sales()} />
        </Empty>
    }
}

#[derive(Properties, PartialEq)]
pub struct DoubleSaleProps {
    pub sale: Rc<SaleView>,
}

/// A double sale, told: who, when, whose stands, and what the other client can have.
#[component]
pub fn DoubleSaleTold(props: &DoubleSaleProps) -> Html {
    let app = use_app();
    let words = app.words();
    let act = use_act();
    let sale = &props.sale;
    let Some(double) = &sale.double_sale else {
        return Html::default();
    };
    let code = double.code.as_ref().map(|code| code.username.clone());
    let zone = app.zone();
    let time = |at| format::when_short(words, at, app.now(), &zone);
    let (first, second) = (&double.standing_by, &double.other_by);
    let (first_time, second_time) = (time(double.standing_at), time(double.other_at));
    let told = match code {
        Some(code) => words.double_sale_told(&code, first, &first_time, second, &second_time),
        // The block has gone to somebody else, and its codes with it.
        None => words.double_sale_told_codeless(first, &first_time, second, &second_time),
    };
    let replace = {
        let (app, act, id) = (app.clone(), act.clone(), sale.id);
        Callback::from(move |()| {
            let app = app.clone();
            act.order(Order::Replace { sale: id }, move |_| {
                app.toast(app.words().replacement_given())
            });
        })
    };
    let tone = if double.replaced {
        Tone::Plain
    } else {
        Tone::Danger
    };
    html! {
        <div class="no-print">
            <Notice {tone} testid="double-sale">
                <p>{ told }</p>
                <p>{ match (double.is_replacement_held, double.replaced) {
                    (true, _) => words.replacement_waits().to_string(),
                    (false, true) => words.double_sale_replaced(&double.other_by),
                    (false, false) => words.double_sale_client(&double.other_by),
                } }</p>
                if double.can_replace && !double.replaced {
                    <Button label={words.give_replacement()} glyph={Glyph::Ticket} look={Look::Primary} busy={act.is_busy} onclick={replace} />
                }
                <FailureNote failure={act.failure.clone()} />
            </Notice>
        </div>
    }
}
