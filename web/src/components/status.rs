//! The one status chip: a shape, a word, and a colour that only repeats them.

use yew::prelude::*;

use super::states::Tone;
use crate::hooks::{browser, use_app};
use crate::protocol::Safety;

#[derive(Properties, PartialEq)]
pub struct ChipProps {
    pub tone: Tone,
    pub label: AttrValue,
    #[prop_or_default]
    pub testid: Option<AttrValue>,
}

#[component]
pub fn Chip(props: &ChipProps) -> Html {
    html! {
        <span class={classes!("chip", props.tone.class())} data-testid={props.testid.clone()}>
            <span class="shape" aria-hidden="true">{ shape(props.tone) }</span>{ &props.label }
        </span>
    }
}

/// Round is safe, a triangle waits, a square needs somebody.
pub const fn shape(tone: Tone) -> &'static str {
    match tone {
        Tone::Safe => "●",
        Tone::Attention => "▲",
        Tone::Danger => "■",
        Tone::Plain => "○",
    }
}

#[derive(Properties, PartialEq)]
pub struct SafetyChipProps {
    pub safety: Safety,
}

/// Where a sale is, in words.
#[component]
pub fn SafetyChip(props: &SafetyChipProps) -> Html {
    let words = use_app().words();
    let (tone, label) = match props.safety {
        Safety::OnThisDevice => (Tone::Attention, words.safety_here(browser::device_word())),
        Safety::SafeOnServer => (Tone::Safe, words.safety_server().to_string()),
        Safety::NeedsYou => (Tone::Danger, words.safety_needs_you().to_string()),
    };
    html! { <Chip {tone} {label} testid="safety" /> }
}
