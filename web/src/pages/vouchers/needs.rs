//! What waits for the office at a site: asks, returns, who runs low; and what each person holds.

use yew::prelude::*;

use crate::components::failure::FailureNote;
use crate::components::{Amount, Button, Dialog, Field, Look};
use crate::hooks::form::{bind, filled, set, submit};
use crate::hooks::{use_act, use_app};
use crate::protocol::{AskView, HoldingView, LowView, Order};

#[derive(Properties, PartialEq)]
pub struct AsksProps {
    pub asks: Vec<AskView>,
    /// Shows the free blocks of the package, ready to be leased to who asked; none where there are no blocks.
    #[prop_or_default]
    pub onanswer: Option<Callback<AskView>>,
}

#[component]
pub fn Asks(props: &AsksProps) -> Html {
    let app = use_app();
    let words = app.words();
    let declining = use_state(|| None::<AskView>);
    if props.asks.is_empty() {
        return Html::default();
    }
    let close = set(&declining, None);
    html! {
        <section class="card-box" data-testid="asks">
            <h2>{ words.asks_title() }</h2>
            <ul class="rows">
                { for props.asks.iter().map(|ask| {
                    let onanswer = props.onanswer.clone().map(|onanswer| { let ask = ask.clone(); Callback::from(move |()| onanswer.emit(ask.clone())) });
                    html! {
                        <li class="row row-block" key={ask.ask.to_string()} data-testid="ask">
                            <span class="row-main">
                                <strong>{ words.ask_of(&ask.person_name, &words.vouchers_of(ask.quantity, &ask.package_name)) }</strong>
                                <span class="muted">{ app.when(ask.at) }{ for ask.note.iter().map(|note| html! { { format!(" · {note}") } }) }</span>
                            </span>
                            if let Some(onanswer) = onanswer { <Button label={words.find_block()} onclick={onanswer} /> }
                            <Button label={words.decline()} look={Look::Quiet} onclick={set(&declining, Some(ask.clone()))} />
                        </li>
                    }
                }) }
            </ul>
            if let Some(ask) = &*declining { <DeclineDialog ask={ask.clone()} onclose={close} /> }
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct DeclineProps {
    ask: AskView,
    onclose: Callback<()>,
}

#[component]
fn DeclineDialog(props: &DeclineProps) -> Html {
    let app = use_app();
    let words = app.words();
    let act = use_act();
    let reason = use_state(String::new);
    let is_checked = use_state(|| false);
    let is_missing = reason.trim().is_empty();
    let onsubmit = {
        let (act, is_checked, onclose) = (act.clone(), is_checked.clone(), props.onclose.clone());
        let (till, ask, reason) = (props.ask.till, props.ask.ask, filled(&reason));
        submit(move || {
            is_checked.set(true);
            let Some(reason) = reason.clone() else { return };
            let onclose = onclose.clone();
            act.order(Order::DeclineAsk { till, ask, reason }, move |_| {
                onclose.emit(())
            });
        })
    };
    html! {
        <Dialog title={words.decline_ask_title(&props.ask.person_name)} onclose={props.onclose.clone()}>
            <form class="form" {onsubmit} novalidate=true>
                <Field id="decline-ask-reason" label={words.reason()} value={(*reason).clone()} oninput={bind(&reason)} autofocus=true
                    error={(*is_checked && is_missing).then(|| words.fail_reason())} />
                <FailureNote failure={act.failure.clone()} />
                <div class="actions">
                    <Button label={words.decline()} look={Look::Danger} submit=true busy={act.is_busy} />
                    <Button label={words.cancel()} look={Look::Quiet} onclick={props.onclose.clone()} />
                </div>
            </form>
        </Dialog>
    }
}

#[derive(Properties, PartialEq)]
pub struct LowProps {
    pub low: Vec<LowView>,
}

#[component]
pub fn RunningLow(props: &LowProps) -> Html {
    let words = use_app().words();
    if props.low.is_empty() {
        return Html::default();
    }
    html! {
        <details class="card-box" data-testid="low" open={props.low.len() <= 6}>
            <summary>{ words.running_low(u64::try_from(props.low.len()).unwrap_or(0)) }</summary>
            <ul class="rows">
                { for props.low.iter().map(|low| html! {
                    <li class="row" key={format!("{}{}", low.person, low.package)}>
                        <span class="row-main"><strong>{ &low.name }</strong><span class="muted">{ &low.package_name }</span></span>
                        <span class="row-end">{ if low.left == 0 { words.none_left().to_string() } else { words.left(low.left) } }</span>
                    </li>
                }) }
            </ul>
        </details>
    }
}

#[derive(Properties, PartialEq)]
pub struct HoldingsProps {
    pub holdings: Vec<HoldingView>,
    /// Filters by a person, or the office.
    pub onchoose: Callback<String>,
}

/// Who holds what.
#[component]
pub fn Holdings(props: &HoldingsProps) -> Html {
    let words = use_app().words();
    html! {
        <details class="card-box" data-testid="holdings">
            <summary>{ words.who_holds_what() }</summary>
            <ul class="rows">
                { for props.holdings.iter().map(|holding| {
                    let id = holding.person.map_or_else(|| super::OFFICE.to_string(), |person| person.to_string());
                    let name = if holding.person.is_some() { holding.name.clone() } else { words.holder_office().to_string() };
                    let packages: Vec<String> = holding.packages.iter().map(|(name, left)| format!("{name}: {left}")).collect();
                    let onclick = { let (onchoose, id) = (props.onchoose.clone(), id.clone()); move |_: MouseEvent| onchoose.emit(id.clone()) };
                    html! {
                        <li key={id}>
                            <button type="button" class="row" {onclick}>
                                <span class="row-main">
                                    <strong>{ name }</strong>
                                    <span class="muted">{ format!("{} · {}", words.blocks_count(holding.blocks), packages.join(" · ")) }</span>
                                </span>
                                <span class="row-end"><span>{ words.unused_count(holding.left) }</span><Amount amount={holding.value} /></span>
                            </button>
                        </li>
                    }
                }) }
            </ul>
        </details>
    }
}
