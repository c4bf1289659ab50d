//! A field that several people wrote at the same time: what stands, what else was written, one tap to choose.

use crdt_model::contested::Contested;
use crdt_model::document::Scalar;
use yew::prelude::*;

use super::button::{Button, Look};
use super::failure::FailureNote;
use super::states::{Notice, Tone};
use crate::hooks::{use_act, use_app};
use crate::i18n::Words;
use crate::protocol::Order;

#[derive(Properties, PartialEq)]
pub struct ContestedNoteProps {
    pub field: Contested,
    /// The field's name in words.
    pub label: AttrValue,
    /// How a value is shown; without it, as it is written.
    #[prop_or_default]
    pub say: Option<Callback<Scalar, String>>,
    /// May the person choose? Otherwise they only see it.
    #[prop_or(true)]
    pub can_choose: bool,
}

#[component]
pub fn ContestedNote(props: &ContestedNoteProps) -> Html {
    let app = use_app();
    let words = app.words();
    let act = use_act();
    let field = &props.field;
    let say = |value: &Scalar| match &props.say {
        Some(say) => say.emit(value.clone()),
        None => plainly(words, value),
    };
    let choose = |value: &Scalar| {
        let (app, act, shown) = (app.clone(), act.clone(), say(value));
        let order = Order::SettleField {
            document: field.document,
            key: field.key.clone(),
            value: value.clone(),
        };
        Callback::from(move |()| {
            let (app, shown) = (app.clone(), shown.clone());
            act.order(order.clone(), move |_| {
                app.toast(app.words().contested_settled(&shown));
            });
        })
    };
    let standing = say(&field.value);
    html! {
        <Notice tone={Tone::Attention} testid="contested">
            <p>{ words.contested_now(&props.label, &standing) }</p>
            { for field.others.iter().map(|other| html! { <p>{ words.contested_also(&say(other)) }</p> }) }
            <FailureNote failure={act.failure.clone()} />
            if props.can_choose {
                <div class="actions">
                    <Button label={words.contested_keep(&standing)} busy={act.is_busy} onclick={choose(&field.value)} />
                    { for field.others.iter().map(|other| html! {
                        <Button look={Look::Quiet} label={words.contested_take(&say(other))} busy={act.is_busy} onclick={choose(other)} />
                    }) }
                </div>
            }
        </Notice>
    }
}

/// A value as it is written.
pub fn plainly(words: Words, value: &Scalar) -> String {
    match value {
        Scalar::Text(text) if !text.is_empty() => text.clone(),
        Scalar::Int(number) => number.to_string(),
        Scalar::Bool(true) => words.yes().into(),
        Scalar::Bool(false) => words.no().into(),
        Scalar::Null | Scalar::Text(_) | Scalar::Bytes(_) => words.nothing_written().into(),
    }
}
