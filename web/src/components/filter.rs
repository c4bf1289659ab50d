//! What narrows a list: the choices of a select with "all" in front, and chips of which one is on.

use yew::prelude::*;

use crate::i18n::grouped;

/// The choices of a filter: first the words for no filter at all.
pub fn with_first(
    first: &'static str,
    rest: impl IntoIterator<Item = (AttrValue, AttrValue)>,
) -> Vec<(AttrValue, AttrValue)> {
    let mut options: Vec<(AttrValue, AttrValue)> = vec![("".into(), first.into())];
    options.extend(rest);
    options
}

/// One chip: what the address calls it, its words, and how many rows it would leave where that is known.
#[derive(Debug, Clone, PartialEq)]
pub struct FilterChip {
    pub code: &'static str,
    pub name: &'static str,
    pub count: Option<u32>,
}

#[derive(Properties, PartialEq)]
pub struct FilterChipsProps {
    /// For screen readers.
    pub label: AttrValue,
    pub chips: Vec<FilterChip>,
    pub chosen: AttrValue,
    pub onchoose: Callback<String>,
}

#[component]
pub fn FilterChips(props: &FilterChipsProps) -> Html {
    let chip = |chip: &FilterChip| {
        let onclick = {
            let (onchoose, code) = (props.onchoose.clone(), chip.code);
            Callback::from(move |_: MouseEvent| onchoose.emit(code.to_string()))
        };
        html! {
            <button type="button" class="filter-chip" aria-pressed={if props.chosen == chip.code { "true" } else { "false" }} {onclick}>
                { chip.name }
                if let Some(count) = chip.count { <span class="filter-count">{ grouped(u64::from(count)) }</span> }
            </button>
        }
    };
    html! {
        <div class="filter-chips" role="group" aria-label={&props.label}>
            { for props.chips.iter().map(chip) }
        </div>
    }
}
