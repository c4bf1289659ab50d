//! An amount: tabular figures, the currency small.

use crdt_model::money::{Currency, Money};
use yew::prelude::*;

use crate::format::{digits, symbol};
use crate::hooks::use_app;

#[derive(Properties, PartialEq)]
pub struct AmountProps {
    pub amount: Money,
    #[prop_or_default]
    pub class: Classes,
    #[prop_or_default]
    pub testid: Option<AttrValue>,
}

#[component]
pub fn Amount(props: &AmountProps) -> Html {
    let currency = use_app().currency();
    html! {
        <span class={classes!("amount", props.class.clone())} data-testid={props.testid.clone()}>
            { figures(props.amount, currency) }
        </span>
    }
}

/// What stands in an element of the class `amount`: for the rows of long lists, where a component each costs more than the rest.
pub fn figures(amount: Money, currency: Currency) -> Html {
    html! { <><small>{ symbol(currency) }</small>{ "\u{a0}" }{ digits(amount, currency) }</> }
}
