//! The one status chip: a shape, a word, and a colour that only repeats them.

use yew::prelude::*;

use super::states::Tone;
use crate::hooks::{browser, use_app};
use crate::i18n::Words;
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
    chip(props.tone, props.label.clone(), props.testid.clone())
}

/// The same without a component around it: for the rows of long lists.
pub fn chip(tone: Tone, label: impl Into<AttrValue>, testid: Option<AttrValue>) -> Html {
    html! {
        <span class={classes!("chip", tone.class())} data-testid={testid}>
            <span class="shape" aria-hidden="true">{ shape(tone) }</span>{ label.into() }
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
    safety_chip(use_app().words(), props.safety)
}

/// The same without a component around it: for the rows of long lists.
pub fn safety_chip(words: Words, safety: Safety) -> Html {
    let (tone, label) = match safety {
        Safety::OnThisDevice => (Tone::Attention, words.safety_here(browser::device_word())),
        Safety::SafeOnServer => (Tone::Safe, words.safety_server().to_string()),
        Safety::NeedsYou => (Tone::Danger, words.safety_needs_you().to_string()),
    };
    chip(tone, label, Some("safety".into()))
}
