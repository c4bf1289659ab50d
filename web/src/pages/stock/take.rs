//! Taking a block: one that was offered, or one of which only the code is known.

use crdt_model::hand_over::HandOverCode;
use yew::prelude::*;
use yew_router::prelude::*;

use super::{Counted, WhenBothOnline};
use crate::components::failure::FailureNote;
use crate::components::{Button, Chip, Dialog, Field, Look, Tone};
use crate::hooks::form::{bind, submit};
use crate::hooks::{browser, use_act, use_app};
use crate::protocol::{OfferView, Order, TakenView};
use crate::route::Route;

#[derive(Properties, PartialEq)]
pub struct OffersProps {
    pub offers: Vec<OfferView>,
    pub title: AttrValue,
}

#[component]
pub fn Offers(props: &OffersProps) -> Html {
    if props.offers.is_empty() {
        return Html::default();
    }
    html! {
        <section class="card-box" data-testid="offers">
            <h2>{ &props.title }</h2>
            <ul class="rows">
                { for props.offers.iter().map(|offer| html! { <OfferRow key={offer.given.to_string()} offer={offer.clone()} /> }) }
            </ul>
            <WhenBothOnline />
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct OfferRowProps {
    offer: OfferView,
}

#[component]
fn OfferRow(props: &OfferRowProps) -> Html {
    let app = use_app();
    let words = app.words();
    let act = use_act();
    let offer = &props.offer;
    let onclick = {
        let (act, app, from) = (act.clone(), app.clone(), offer.from);
        let code = offer.code.parse::<HandOverCode>();
        Callback::from(move |()| {
            let Ok(code) = code else { return };
            let (app, from) = (app.clone(), Some(from));
            act.order(Order::TakeBlock { code, from }, move |_| {
                app.toast(app.words().hand_over_taken());
            });
        })
    };
    html! {
        <li class="row row-block" data-testid="offer">
            <span class="row-main">
                <Counted left={offer.left} package_name={offer.package_name.clone()} price={offer.price} />
                <span class="muted">{ format!("{} · {} · {}", words.offer_from(&offer.from_name), offer.site_name, app.when(offer.at)) }</span>
                <FailureNote failure={act.failure.clone()} />
            </span>
            if offer.is_taken { <Chip tone={Tone::Attention} label={words.taken_waiting()} testid="taken" /> }
            else {
                <Button label={if offer.is_return { words.confirm_return() } else { words.take_block() }} look={Look::Primary} {onclick} busy={act.is_busy} />
            }
        </li>
    }
}

#[derive(Properties, PartialEq)]
pub struct WaitingProps {
    pub taken: Vec<TakenView>,
}

/// Taken by code, with nothing heard of the other side.
#[component]
pub fn Waiting(props: &WaitingProps) -> Html {
    let app = use_app();
    let words = app.words();
    if props.taken.is_empty() {
        return Html::default();
    }
    html! {
        <section class="card-box" data-testid="taken-waiting">
            <h2>{ words.taken_by_you() }</h2>
            <ul class="rows">
                { for props.taken.iter().map(|taken| html! {
                    <li class="row" key={taken.code.clone()}>
                        <span class="row-main">
                            <strong>{ &taken.code }</strong>
                            <span class="muted">{ format!("{} · {}", taken.site_name, app.when(taken.at)) }</span>
                        </span>
                        <Chip tone={Tone::Attention} label={words.taken_waiting()} />
                    </li>
                }) }
            </ul>
            <WhenBothOnline />
        </section>
    }
}

#[derive(Properties, PartialEq)]
pub struct TakeDialogProps {
    pub onclose: Callback<()>,
    #[prop_or_default]
    pub code: String,
}

#[component]
pub fn TakeDialog(props: &TakeDialogProps) -> Html {
    let app = use_app();
    let words = app.words();
    let act = use_act();
    let typed = {
        let first = props.code.clone();
        use_state(move || first)
    };
    let is_checked = use_state(|| false);
    let code = typed.parse::<HandOverCode>();
    let onsubmit = {
        let (app, act, is_checked, onclose) = (
            app.clone(),
            act.clone(),
            is_checked.clone(),
            props.onclose.clone(),
        );
        submit(move || {
            is_checked.set(true);
            let Ok(code) = code else { return };
            let (app, onclose) = (app.clone(), onclose.clone());
            act.order(Order::TakeBlock { code, from: None }, move |_| {
                app.toast(app.words().hand_over_taken());
                onclose.emit(());
            });
        })
    };
    html! {
        <Dialog title={words.take_title()} onclose={props.onclose.clone()}>
            <form class="form" {onsubmit} novalidate=true>
                <Field id="take-code" label={words.hand_over_code()} hint={words.take_hint()} value={(*typed).clone()} oninput={bind(&typed)}
                    autofocus=true error={(*is_checked && code.is_err()).then(|| words.fail_hand_over_code())} />
                <WhenBothOnline />
                <FailureNote failure={act.failure.clone()} />
                <div class="actions">
                    <Button label={words.take_block()} look={Look::Primary} submit=true busy={act.is_busy} />
                    <Button label={words.cancel()} look={Look::Quiet} onclick={props.onclose.clone()} />
                </div>
            </form>
        </Dialog>
    }
}

/// What the code as a picture opens: the stock, with the code filled in.
#[component]
pub fn TakePage() -> Html {
    let navigator = use_navigator();
    let code = browser::fragment().unwrap_or_default();
    let onclose = Callback::from(move |()| {
        if let Some(navigator) = &navigator {
            navigator.replace(&Route::Stock);
        }
    });
    html! { <><super::StockPage /><TakeDialog {code} {onclose} /></> }
}
