//! Asking for vouchers, and what came of it.

use crdt_model::ids::PackageId;
use yew::prelude::*;

use crate::components::failure::FailureNote;
use crate::components::{Button, Chip, Dialog, Field, Look, Select, Tone};
use crate::hooks::form::{bind, filled, submit};
use crate::hooks::{use_act, use_app};
use crate::protocol::{AskEndView, AskView, Order, PackageChoice};

#[derive(Properties, PartialEq)]
pub struct AskDialogProps {
    pub packages: Vec<PackageChoice>,
    #[prop_or_default]
    pub package: Option<PackageId>,
    pub onclose: Callback<()>,
}

#[component]
pub fn AskDialog(props: &AskDialogProps) -> Html {
    let app = use_app();
    let words = app.words();
    let act = use_act();
    let package = {
        let first = props.package.map(|id| id.to_string()).unwrap_or_default();
        use_state(move || first)
    };
    let quantity = use_state(|| "20".to_string());
    let note = use_state(String::new);
    let is_checked = use_state(|| false);
    let chosen = props
        .packages
        .iter()
        .find(|choice| choice.package.to_string() == *package)
        .map(|choice| choice.package);
    let number = quantity.trim().parse::<u32>().ok();
    let number = number.filter(|number| (1..=crdt_model::stock_ask::QUANTITY_MAX).contains(number));
    let mut options: Vec<(AttrValue, AttrValue)> =
        vec![("".into(), words.choose_package_option().into())];
    options.extend(props.packages.iter().map(|choice| {
        (
            choice.package.to_string().into(),
            choice.name.clone().into(),
        )
    }));
    let onsubmit = {
        let (app, act, is_checked, onclose) = (
            app.clone(),
            act.clone(),
            is_checked.clone(),
            props.onclose.clone(),
        );
        let (site, note) = (app.site(), filled(&note));
        submit(move || {
            is_checked.set(true);
            let (Some(site), Some(package), Some(quantity)) = (site, chosen, number) else {
                return;
            };
            let (app, onclose) = (app.clone(), onclose.clone());
            let order = Order::AskForStock {
                site,
                package,
                quantity,
                note: note.clone(),
            };
            act.order(order, move |_| {
                app.toast(app.words().asked_for_stock());
                onclose.emit(());
            });
        })
    };
    let is_wrong = |wrong: bool| *is_checked && wrong;
    html! {
        <Dialog title={words.ask_for_stock()} onclose={props.onclose.clone()}>
            <form class="form" {onsubmit} novalidate=true>
                <Select id="ask-package" label={words.package()} value={(*package).clone()} onchange={bind(&package)} {options}
                    error={is_wrong(chosen.is_none()).then(|| words.fail_needed())} />
                <Field id="ask-quantity" label={words.how_many()} inputmode="numeric" value={(*quantity).clone()} oninput={bind(&quantity)}
                    error={is_wrong(number.is_none()).then(|| words.fail_number("10,000", "1"))} />
                <Field id="ask-note" label={words.note()} optional=true value={(*note).clone()} oninput={bind(&note)} />
                <p class="muted">{ words.ask_hint() }</p>
                <FailureNote failure={act.failure.clone()} />
                <div class="actions">
                    <Button label={words.ask_for_stock()} look={Look::Primary} submit=true busy={act.is_busy} />
                    <Button label={words.cancel()} look={Look::Quiet} onclick={props.onclose.clone()} />
                </div>
            </form>
        </Dialog>
    }
}

#[derive(Properties, PartialEq)]
pub struct OwnAsksProps {
    pub asks: Vec<AskView>,
}

#[component]
pub fn OwnAsks(props: &OwnAsksProps) -> Html {
    let words = use_app().words();
    if props.asks.is_empty() {
        return Html::default();
    }
    html! {
        <section class="card-box" data-testid="own-asks">
            <h2>{ words.your_asks() }</h2>
            <ul class="rows">
                { for props.asks.iter().map(|ask| html! { <OwnAsk key={ask.ask.to_string()} ask={ask.clone()} /> }) }
            </ul>
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct OwnAskProps {
    ask: AskView,
}

#[component]
fn OwnAsk(props: &OwnAskProps) -> Html {
    let app = use_app();
    let words = app.words();
    let act = use_act();
    let ask = &props.ask;
    let onclick = {
        let (act, site, ask) = (act.clone(), ask.site, ask.ask);
        Callback::from(move |()| act.order(Order::WithdrawAsk { site, ask }, |_| {}))
    };
    let state = match &ask.ended {
        None => html! {
            <>
                <Chip tone={Tone::Attention} label={words.ask_open()} testid="ask-state" />
                <Button label={words.withdraw_ask()} look={Look::Quiet} {onclick} busy={act.is_busy} />
            </>
        },
        Some(AskEndView::Met) => {
            html! { <Chip tone={Tone::Safe} label={words.ask_met()} testid="ask-state" /> }
        }
        Some(AskEndView::Withdrawn) => Html::default(),
        Some(AskEndView::Declined { .. }) => {
            html! { <Chip tone={Tone::Danger} label={words.ask_declined()} testid="ask-state" /> }
        }
    };
    html! {
        <li class="row row-block" data-testid="own-ask">
            <span class="row-main">
                <strong>{ words.vouchers_of(ask.quantity, &ask.package_name) }</strong>
                <span class="muted">{ format!("{} · {}", ask.site_name, app.when(ask.at)) }</span>
                if let Some(note) = &ask.note { <span class="muted">{ note }</span> }
                if let Some(AskEndView::Declined { by, reason }) = &ask.ended { <span>{ words.declined_by_because(by, reason) }</span> }
                <FailureNote failure={act.failure.clone()} />
            </span>
            { state }
        </li>
    }
}
