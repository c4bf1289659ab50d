//! Parting with a block: to whom, what that means, and the code that the other side states.

use yew::prelude::*;

use super::{Counted, WhenBothOnline};
use crate::components::failure::FailureNote;
use crate::components::{Button, Code, Dialog, Look, Notice, Qr, Select, Tone};
use crate::hooks::form::{bind, submit};
use crate::hooks::{browser, use_act, use_app};
use crate::protocol::{Order, SellerView, StockBlock};

/// What stands for the office in the list of people.
const OFFICE: &str = "office";

#[derive(Properties, PartialEq)]
pub struct GiveProps {
    pub block: StockBlock,
    pub sellers: Vec<SellerView>,
    pub onclose: Callback<()>,
}

/// It stops selling at once, so the consequence is named first.
#[component]
pub fn GiveDialog(props: &GiveProps) -> Html {
    let app = use_app();
    let words = app.words();
    let act = use_act();
    let to = use_state(String::new);
    let is_checked = use_state(|| false);
    let block = &props.block;
    let seller = props
        .sellers
        .iter()
        .find(|seller| seller.person.to_string() == *to)
        .cloned();
    let is_missing = seller.is_none() && *to != OFFICE;
    let mut options: Vec<(AttrValue, AttrValue)> = vec![
        ("".into(), words.choose_person().into()),
        (OFFICE.into(), words.back_to_office().into()),
    ];
    options.extend(
        props
            .sellers
            .iter()
            .map(|seller| (seller.person.to_string().into(), seller.name.clone().into())),
    );
    let onsubmit = {
        let (act, is_checked, onclose, block) = (
            act.clone(),
            is_checked.clone(),
            props.onclose.clone(),
            block.block,
        );
        let app = app.clone();
        submit(move || {
            is_checked.set(true);
            if is_missing {
                return;
            }
            let to = seller.as_ref().map(|seller| seller.person);
            let (app, onclose) = (app.clone(), onclose.clone());
            act.order(Order::GiveBlock { block, to }, move |_| {
                app.toast(app.words().hand_over_given());
                onclose.emit(());
            });
        })
    };
    html! {
        <Dialog title={words.hand_over_title()} onclose={props.onclose.clone()}>
            <form class="form" {onsubmit} novalidate=true>
                <p><Counted left={block.left} package_name={block.package_name.clone()} price={block.price} /></p>
                <Select id="give-to" label={words.hand_over_to()} value={(*to).clone()} onchange={bind(&to)} {options}
                    error={(*is_checked && is_missing).then(|| words.fail_needed())} />
                <Notice tone={Tone::Attention}>{ words.hand_over_consequence() }</Notice>
                <FailureNote failure={act.failure.clone()} />
                <div class="actions">
                    <Button label={words.hand_over_block()} look={Look::Primary} submit=true busy={act.is_busy} />
                    <Button label={words.cancel()} look={Look::Quiet} onclick={props.onclose.clone()} />
                </div>
            </form>
        </Dialog>
    }
}

#[derive(Properties, PartialEq)]
pub struct CodeDialogProps {
    pub block: StockBlock,
    pub onclose: Callback<()>,
}

/// For a taker without signal: typed, or read by any camera, which opens the app with the code filled in.
#[component]
pub fn CodeDialog(props: &CodeDialogProps) -> Html {
    let app = use_app();
    let words = app.words();
    let act = use_act();
    let Some(leaving) = &props.block.leaving else {
        return Html::default();
    };
    let withdraw = {
        let (act, app, given) = (act.clone(), app.clone(), leaving.given);
        Callback::from(move |()| {
            let Some(given) = given else { return };
            let app = app.clone();
            act.order(Order::WithdrawHandOver { given }, move |_| {
                app.toast(app.words().hand_over_withdrawing());
            });
        })
    };
    let title = match &leaving.to {
        Some(name) => words.leaving_to(name),
        None => words.leaving_to_office().to_string(),
    };
    html! {
        <Dialog {title} onclose={props.onclose.clone()}>
            <p><Counted left={props.block.left} package_name={props.block.package_name.clone()} price={props.block.price} /></p>
            <p>{ match &leaving.to {
                Some(name) => words.hand_over_code_hint(name),
                None => words.hand_over_code_office_hint().to_string(),
            } }</p>
            <p class="hand-over-code" data-testid="hand-over-code"><Code code={leaving.code.clone()} large=true /></p>
            <div class="invite"><Qr text={format!("{}/stock/take#{}", browser::origin(), leaving.code)} label={words.code_qr()} /></div>
            <WhenBothOnline />
            <FailureNote failure={act.failure.clone()} />
            if leaving.is_withdrawing { <Notice tone={Tone::Attention}>{ words.withdraw_waits() }</Notice> }
            else {
                <div class="actions"><Button label={words.withdraw_hand_over()} look={Look::Quiet} onclick={withdraw} busy={act.is_busy} /></div>
            }
        </Dialog>
    }
}
