//! Drafts: what a form holds until it is sent.

use yew::prelude::*;

/// Writes what is typed into a draft.
pub fn bind(draft: &UseStateHandle<String>) -> Callback<String> {
    let draft = draft.clone();
    Callback::from(move |text| draft.set(text))
}

/// Sets a draft to a value, for buttons.
pub fn set<T: Clone + 'static>(draft: &UseStateHandle<T>, value: T) -> Callback<()> {
    let draft = draft.clone();
    Callback::from(move |()| draft.set(value.clone()))
}

/// A submit that stays on the page.
pub fn submit(act: impl Fn() + 'static) -> Callback<SubmitEvent> {
    Callback::from(move |event: SubmitEvent| {
        event.prevent_default();
        act();
    })
}

/// Trimmed; nothing when nothing is left.
pub fn filled(text: &str) -> Option<String> {
    Some(text.trim().to_string()).filter(|text| !text.is_empty())
}
