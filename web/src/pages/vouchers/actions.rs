//! Leasing and recalling blocks, one or several at once.

use crdt_model::ids::{BlockId, PersonId, SiteId};
use yew::prelude::*;

use crate::components::failure::FailureNote;
use crate::components::{Button, Dialog, Field, Look, Notice, Select, Tone};
use crate::hooks::form::{bind, filled, submit};
use crate::hooks::{use_act, use_app};
use crate::protocol::{Order, SellerView};

/// The blocks an act is about: what to call them, and whose they are.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen {
    pub blocks: Vec<BlockId>,
    /// Of a single block.
    pub name: String,
    /// Who holds them, for the consequence.
    pub holder: String,
}

#[derive(Properties, PartialEq)]
pub struct ChosenProps {
    pub site: SiteId,
    pub chosen: Chosen,
    pub sellers: Vec<SellerView>,
    #[prop_or_default]
    pub to: Option<PersonId>,
    pub onclose: Callback<()>,
}

fn seller_options(first: &'static str, sellers: &[SellerView]) -> Vec<(AttrValue, AttrValue)> {
    let mut options: Vec<(AttrValue, AttrValue)> = vec![("".into(), first.into())];
    options.extend(
        sellers
            .iter()
            .map(|seller| (seller.person.to_string().into(), seller.name.clone().into())),
    );
    options
}

fn number(chosen: &Chosen) -> u64 {
    u64::try_from(chosen.blocks.len()).unwrap_or(u64::MAX)
}

#[component]
pub fn LeaseDialog(props: &ChosenProps) -> Html {
    let app = use_app();
    let words = app.words();
    let act = use_act();
    let to = {
        let first = props.to.map(|to| to.to_string()).unwrap_or_default();
        use_state(move || first)
    };
    let is_checked = use_state(|| false);
    let chosen = &props.chosen;
    let seller = props
        .sellers
        .iter()
        .find(|seller| seller.person.to_string() == *to)
        .cloned();
    let is_missing = seller.is_none();
    let onsubmit = {
        let (app, act, is_checked, onclose) = (
            app.clone(),
            act.clone(),
            is_checked.clone(),
            props.onclose.clone(),
        );
        let (site, blocks) = (props.site, chosen.blocks.clone());
        submit(move || {
            is_checked.set(true);
            let Some(seller) = seller.clone() else { return };
            let (app, onclose) = (app.clone(), onclose.clone());
            let order = Order::LeaseBlocks {
                site,
                blocks: blocks.clone(),
                to: seller.person,
            };
            act.order(order, move |_| {
                app.toast(app.words().lease_done(&seller.name));
                onclose.emit(());
            });
        })
    };
    let title = match number(chosen) {
        1 => words.lease_title(&chosen.name),
        count => words.lease_blocks(count),
    };
    html! {
        <Dialog {title} onclose={props.onclose.clone()}>
            if props.sellers.is_empty() { <Notice tone={Tone::Attention}>{ words.no_sellers() }</Notice> }
            else {
                <form class="form" {onsubmit} novalidate=true>
                    <Select id="lease-to" label={words.lease_to()} hint={words.lease_hint()} value={(*to).clone()} onchange={bind(&to)}
                        options={seller_options(words.choose_person(), &props.sellers)} error={(*is_checked && is_missing).then(|| words.fail_needed())} />
                    <FailureNote failure={act.failure.clone()} />
                    <div class="actions"><Button label={words.lease_block()} look={Look::Primary} submit=true busy={act.is_busy} /></div>
                </form>
            }
        </Dialog>
    }
}

/// It cannot be undone, so the consequence is named first.
#[component]
pub fn RecallDialog(props: &ChosenProps) -> Html {
    let app = use_app();
    let words = app.words();
    let act = use_act();
    let to = use_state(String::new);
    let reason = use_state(String::new);
    let is_checked = use_state(|| false);
    let chosen = &props.chosen;
    let person = props
        .sellers
        .iter()
        .find(|seller| seller.person.to_string() == *to)
        .map(|seller| seller.person);
    let is_missing = reason.trim().is_empty();
    let onsubmit = {
        let (app, act, is_checked, onclose) = (
            app.clone(),
            act.clone(),
            is_checked.clone(),
            props.onclose.clone(),
        );
        let (site, blocks, reason) = (props.site, chosen.blocks.clone(), filled(&reason));
        submit(move || {
            is_checked.set(true);
            let Some(reason) = reason.clone() else { return };
            let (app, onclose) = (app.clone(), onclose.clone());
            let order = Order::RecallBlocks {
                site,
                blocks: blocks.clone(),
                to: person,
                reason,
            };
            act.order(order, move |_| {
                app.toast(app.words().recall_done());
                onclose.emit(());
            });
        })
    };
    let title = match number(chosen) {
        1 => words.recall_title(&chosen.name, &chosen.holder),
        count => words.recall_blocks(count, &chosen.holder),
    };
    html! {
        <Dialog {title} onclose={props.onclose.clone()}>
            <form class="form" {onsubmit} novalidate=true>
                <Notice tone={Tone::Attention}>{ words.recall_consequence(&chosen.holder) }</Notice>
                <Select id="recall-to" label={words.recall_to()} value={(*to).clone()} onchange={bind(&to)}
                    options={seller_options(words.recall_to_office(), &props.sellers)} />
                <Field id="recall-reason" label={words.reason()} value={(*reason).clone()} oninput={bind(&reason)}
                    error={(*is_checked && is_missing).then(|| words.fail_reason())} />
                <FailureNote failure={act.failure.clone()} />
                <div class="actions">
                    <Button label={words.recall_block()} look={Look::Danger} submit=true busy={act.is_busy} />
                    <Button label={words.cancel()} look={Look::Quiet} onclick={props.onclose.clone()} />
                </div>
            </form>
        </Dialog>
    }
}
