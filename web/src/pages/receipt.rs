//! What the client takes along, right after the sale.

use std::rc::Rc;

use crdt_model::ids::IntentId;
use yew::prelude::*;

use super::sale::{DoubleSaleTold, NoSuchSale};
use super::sales::method_name;
use crate::components::{
    Amount, Button, Code, Failed, Glyph, Icon, Look, Notice, Qr, SafetyChip, Skeleton, Tap, Tone,
};
use crate::format;
use crate::hooks::{App, Load, browser, use_app, use_query};
use crate::protocol::{Answer, Query, SaleLineView, SaleView};
use crate::route::Route;

#[derive(Properties, PartialEq)]
pub struct ReceiptPageProps {
    pub sale: IntentId,
}

#[component]
pub fn ReceiptPage(props: &ReceiptPageProps) -> Html {
    let app = use_app();
    let words = app.words();
    let load = use_query(Some(Query::Sale { sale: props.sale }));
    // The answer to the tap is shown at once; the query then keeps it up to date.
    let fresh = app
        .state
        .last_sale
        .clone()
        .filter(|sale| sale.id == props.sale);
    let sale = match &load {
        Load::Ready(answer) => match &**answer {
            Answer::Sale(Some(sale)) => {
                // Which of the stores took it, only the answer to the tap knows.
                let warning = fresh.and_then(|fresh| fresh.warning);
                Some(Rc::new(SaleView {
                    warning,
                    ..sale.clone()
                }))
            }
            _ => fresh,
        },
        Load::Failed(failure) if fresh.is_none() => {
            return html! { <Failed failure={failure.clone()} /> };
        }
        Load::Waiting if fresh.is_none() => return html! { <Skeleton rows=3 /> },
        Load::Failed(_) | Load::Waiting => fresh,
    };
    let Some(sale) = sale else {
        return html! { <NoSuchSale /> };
    };
    html! {
        <div class="receipt-page">
            <h1 class="sold"><Icon glyph={Glyph::Check} />{ words.sold() }</h1>
            <Receipt sale={sale.clone()} />
            <DoubleSaleTold sale={sale.clone()} />
            <ReceiptActions sale={sale.clone()} />
            <div class="actionbar no-print">
                <Tap to={Route::Sell} label={words.sell_again()} look={Look::Primary} />
                <Tap to={Route::Sales} label={words.done()} look={Look::Quiet} />
            </div>
        </div>
    }
}

#[derive(Properties, PartialEq)]
pub struct ReceiptProps {
    pub sale: Rc<SaleView>,
}

/// The receipt as it is on screen and printed; paper has the date, since nobody reads it today only.
#[component]
pub fn Receipt(props: &ReceiptProps) -> Html {
    let app = use_app();
    let words = app.words();
    let sale = &props.sale;
    let organisation = app
        .session()
        .map(|session| session.organisation.clone())
        .unwrap_or_default();
    html! {
        <article class="receipt" aria-label={words.receipt()} data-testid="receipt">
            <header class="receipt-head">
                <p class="print-only"><strong>{ organisation }</strong></p>
                <p class="receipt-total"><Amount amount={sale.total} testid="receipt-total" /><span>{ method_name(words, sale.method) }</span></p>
            </header>
            { for sale.lines.iter().enumerate().map(|(at, line)| html! {
                <ReceiptLine key={at} line={line.clone()} is_alone={sale.lines.len() == 1} />
            }) }
            <footer class="receipt-foot">
                <p><span data-testid="receipt-number">{ &sale.receipt }</span><span class="no-print">{ " · " }{ app.when(sale.at) }</span></p>
                <p class="print-only" data-testid="receipt-date">{ app.when_for_good(sale.at) }</p>
                <p class="muted">{ format!("{} · {}", sale.site_name, sale.person_name) }</p>
                if let Some(client) = &sale.client { <p>{ format!("{}: {}", words.client(), client.name) }</p> }
                if let Some(reference) = &sale.reference { <p>{ format!("{}: {reference}", words.reference()) }</p> }
                <p class="no-print"><SafetyChip safety={sale.safety} /></p>
            </footer>
            if let Some(warning) = sale.warning {
                <div class="no-print"><Notice tone={Tone::Attention}>{ super::sync::warning(words, warning) }</Notice></div>
            }
        </article>
    }
}

#[derive(Properties, PartialEq)]
struct LineProps {
    line: SaleLineView,
    /// With several vouchers, the QR codes would fill the screen.
    is_alone: bool,
}

#[component]
fn ReceiptLine(props: &LineProps) -> Html {
    let words = use_app().words();
    let line = &props.line;
    let terms = line
        .package
        .as_ref()
        .map(|package| format::validity_sentence(words, package));
    let code = line.replacement.as_ref().or(line.code.as_ref());
    html! {
        <section class="receipt-line">
            if let Some(package) = &line.package { <h2>{ &package.details.name }</h2> }
            if let (Some(old), Some(_)) = (&line.code, &line.replacement) {
                <p class="muted"><s>{ &old.username }</s>{ " " }{ words.code_replaced() }</p>
            }
            if let Some(code) = code {
                if let Some(password) = &code.password {
                    <dl class="credentials">
                        <div><dt>{ words.username() }</dt><dd><Code code={code.username.clone()} large=true /></dd></div>
                        <div><dt>{ words.password() }</dt><dd><Code code={password.clone()} large=true /></dd></div>
                    </dl>
                } else {
                    <Code code={code.username.clone()} large=true />
                }
                <div class={classes!("receipt-qr", (!props.is_alone).then_some("print-only"))}>
                    <Qr text={code.username.clone()} label={words.code_qr()} />
                </div>
            } else {
                <p class="muted">{ words.code_not_here() }</p>
            }
            if let Some(terms) = terms { <p class="receipt-terms">{ terms }</p> }
        </section>
    }
}

/// Print, share, copy.
#[component]
pub fn ReceiptActions(props: &ReceiptProps) -> Html {
    let app = use_app();
    let words = app.words();
    let text = share_text(&app, &props.sale);
    let copy = {
        let (app, text) = (app.clone(), text.clone());
        Callback::from(move |()| app.copy(text.clone()))
    };
    html! {
        <div class="actions receipt-actions no-print">
            <Button label={words.print()} glyph={Glyph::Printer} onclick={|()| browser::print()} />
            if browser::can_share() {
                <Button label={words.share()} glyph={Glyph::Share2} onclick={move |()| browser::share(&text)} />
            }
            <Button label={words.copy()} glyph={Glyph::Copy} onclick={copy} />
        </div>
    }
}

/// The receipt as a message.
fn share_text(app: &App, sale: &SaleView) -> String {
    let words = app.words();
    let mut lines = vec![
        app.session()
            .map(|session| session.organisation.clone())
            .unwrap_or_default(),
    ];
    for line in &sale.lines {
        if let Some(package) = &line.package {
            lines.push(package.details.name.clone());
        }
        if let Some(code) = line.replacement.as_ref().or(line.code.as_ref()) {
            match &code.password {
                Some(password) => {
                    lines.push(format!("{}: {}", words.username(), code.username));
                    lines.push(format!("{}: {password}", words.password()));
                }
                None => lines.push(format!("{}: {}", words.voucher_code(), code.username)),
            }
        }
        if let Some(package) = &line.package {
            lines.push(format::validity_sentence(words, package));
        }
    }
    lines.push(format!(
        "{} · {} · {}",
        app.money(sale.total),
        sale.receipt,
        app.when_for_good(sale.at)
    ));
    lines.join("\n")
}
