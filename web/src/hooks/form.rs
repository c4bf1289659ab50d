//! Drafts: what a form holds until it is sent.

use std::rc::Rc;

use yew::prelude::*;

pub use crate::drafts::filled;

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

/// A whole form's drafts in one reducer: two fields written between two renders both stay.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft<T>(pub T);

/// Which text of a draft.
pub type Slot<T> = fn(&mut T) -> &mut String;

impl<T: Clone + 'static> Reducible for Draft<T> {
    type Action = (Slot<T>, String);

    fn reduce(self: Rc<Self>, (slot, text): Self::Action) -> Rc<Self> {
        let mut next = (*self).clone();
        *slot(&mut next.0) = text;
        Rc::new(next)
    }
}

/// Writes what is typed into one text of a draft.
pub fn write<T: Clone + 'static>(
    draft: &UseReducerHandle<Draft<T>>,
    slot: Slot<T>,
) -> Callback<String> {
    let dispatch = draft.dispatcher();
    Callback::from(move |text| dispatch.dispatch((slot, text)))
}
