//! A voucher code: large, selectable, in groups that are only seen.

use yew::prelude::*;

use crate::format::code_groups;

#[derive(Properties, PartialEq)]
pub struct CodeProps {
    pub code: AttrValue,
    #[prop_or_default]
    pub large: bool,
}

#[component]
pub fn Code(props: &CodeProps) -> Html {
    // No blank between the groups: what is copied is the code itself.
    let groups = code_groups(&props.code)
        .into_iter()
        .map(|group| html! { <span>{ group.to_string() }</span> });
    html! {
        <span class={classes!("code", props.large.then_some("code-large"))} translate="no" data-testid="code">
            { for groups }
        </span>
    }
}
